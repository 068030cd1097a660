"""What the tests of messages to other systems share: a sender on a moved clock, subscriptions, what was heard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from standardwebhooks import Webhook

from bot.webhooks import WebhookSender
from civic.cases import change
from civic.cases.case import Actor
from civic.cases.open import open_case
from civic.cases.status import Status
from civic.webhooks import service as webhooks
from civic.webhooks.tables import webhook_deliveries, webhook_subscriptions
from core.clock import SetClock
from core.db import Database
from core.http import guarded_client
from core.ids import new_id
from core.settings import OutsideWorld, read
from tests.civic.cases.rows import CITY, draft
from tests.integrations.channels.kits import Call

STAFF = Actor.staff(new_id(), "manager")
SETTINGS = read().model_copy(update={"outside": OutsideWorld(allowed_hosts=["127.0.0.1"])})


def begin() -> SetClock:
    """The verifier looks at the real time, so these clocks begin there."""
    return SetClock(datetime.now(UTC).replace(microsecond=0))


@asynccontextmanager
async def sender_of(db: Database, clock: SetClock, owner: str = "one") -> AsyncIterator[WebhookSender]:
    http = guarded_client(SETTINGS.outside.allowed_hosts)
    try:
        yield WebhookSender(db, http, SETTINGS, clock, owner)
    finally:
        await http.aclose()


async def subscribed(db: Database, url: str, **more: Any) -> tuple[UUID, str]:
    async with db.transaction() as tx:
        new = webhooks.NewSubscription(city_id=CITY, url=url, allowed=["127.0.0.1"], **more)
        made, secret = await webhooks.add(tx, new, datetime.now(UTC))
    return made.id, secret


async def filed(db: Database, clock: SetClock, **values: Any) -> tuple[UUID, str]:
    async with db.transaction() as tx:
        opened = await open_case(tx, draft(None, **values), clock.now())
    return opened.id, opened.receipt_no


async def moved(db: Database, clock: SetClock, case_id: UUID, to: Status, words: str = "") -> None:
    async with db.transaction() as tx:
        await change.change_status(tx, case_id, to, STAFF, clock.now(), expected_version=None, text=words)


async def rows(db: Database) -> list[Any]:
    async with db.transaction() as tx:
        found = await tx.execute(select(webhook_deliveries).order_by(webhook_deliveries.c.seq))
        return list(found)


async def subscription(db: Database, made: UUID) -> Any:
    async with db.transaction() as tx:
        return (await tx.execute(select(webhook_subscriptions).where(webhook_subscriptions.c.id == made))).one()


def heard(call: Call, secret: str) -> dict[str, Any]:
    """What the receiver reads, by the scheme's own verifier. Raises WebhookVerificationError."""
    body: dict[str, Any] = Webhook(secret).verify(call.body, dict(call.headers))
    return body


def events(calls: list[Call]) -> list[tuple[str, str | None]]:
    bodies = [orjson.loads(call.body) for call in calls]
    return [(body["data"]["receipt_no"], body["data"]["event"]["to"]) for body in bodies]
