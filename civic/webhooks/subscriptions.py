"""Subscriptions: made, changed, given a new secret, switched off; the secret is shown once and stored sealed."""

import base64
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.service import record_change
from civic.webhooks.address import checked_url
from civic.webhooks.tables import webhook_subscriptions as table
from core.errors import NotFound
from core.ids import new_id
from core.vault import vault_of

BOTH_VALID = timedelta(hours=24)
"""After a rotation the old secret signs beside the new one for this long (Standard Webhooks, "secret rotation")."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """`kinds`: none means all. `is_public_only`: hears only of what a citizen may read. Without its secret."""

    id: UUID
    city_id: str
    url: str
    kinds: list[str]
    department_id: str | None
    category: str | None
    is_public_only: bool
    description: str
    is_active: bool
    disabled_reason: str
    key_id: UUID | None
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


_COLUMNS = [table.c[name] for name in Subscription.__dataclass_fields__]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """`allowed`: hosts that may be inside. One of `staff_id` and `key_id` says who asked."""

    city_id: str
    url: str
    kinds: Collection[str] = ()
    department_id: str | None = None
    category: str | None = None
    is_public_only: bool = False
    description: str = ""
    allowed: Collection[str] = ()
    staff_id: UUID | None = None
    key_id: UUID | None = None


async def add(tx: AsyncConnection, new: NewSubscription, now: datetime) -> tuple[Subscription, str]:
    """The subscription and its secret (`whsec_…`), which nobody can read again. Raises BadInput for the address."""
    made, secret = new_id(), new_secret()
    await tx.execute(
        insert(table).values(
            id=made,
            city_id=new.city_id,
            url=checked_url(new.url, new.allowed),
            kinds=sorted(set(new.kinds)),
            department_id=new.department_id,
            category=new.category,
            is_public_only=new.is_public_only,
            description=new.description,
            is_active=True,
            secret=vault_of(tx).seal(secret, context(made)),
            key_id=new.key_id,
            created_at=now,
            updated_at=now,
        )
    )
    await _record(tx, new.city_id, made, "webhook.added", now, staff_id=new.staff_id, detail={"key": str(new.key_id)})
    return await read(tx, new.city_id, made), secret


async def read(tx: AsyncConnection, city_id: str, subscription_id: UUID, *, key_id: UUID | None = None) -> Subscription:
    """With `key_id` only that key's own. Raises NotFound."""
    wanted = [table.c.city_id == city_id, table.c.id == subscription_id]
    if key_id is not None:
        wanted.append(table.c.key_id == key_id)
    row = (await tx.execute(select(*_COLUMNS).where(*wanted))).one_or_none()
    if row is None:
        raise NotFound("구독을 찾을 수 없습니다.", "No such subscription.")
    return Subscription(**row._mapping)


async def listed(tx: AsyncConnection, city_id: str, *, key_id: UUID | None = None) -> list[Subscription]:
    wanted = [table.c.city_id == city_id]
    if key_id is not None:
        wanted.append(table.c.key_id == key_id)
    found = await tx.execute(select(*_COLUMNS).where(*wanted).order_by(table.c.created_at, table.c.id))
    return [Subscription(**row._mapping) for row in found]


async def change(
    tx: AsyncConnection,
    city_id: str,
    subscription_id: UUID,
    values: dict[str, Any],
    now: datetime,
    *,
    allowed: Collection[str] = (),
    staff_id: UUID | None = None,
) -> Subscription:
    """`values`: columns of the table. Switching it on again forgets why it was off. Raises NotFound, BadInput."""
    before = await read(tx, city_id, subscription_id)
    if "url" in values:
        values = {**values, "url": checked_url(values["url"], allowed)}
    if values.get("is_active"):
        values = {**values, "disabled_reason": "", "failing_since": None, "resting_until": None, "failures": 0}
    await tx.execute(update(table).where(table.c.id == before.id).values(**values, updated_at=now))
    shown = {name: value for name, value in values.items() if name in ("is_active", "kinds", "department_id")}
    await _record(tx, city_id, before.id, "webhook.changed", now, staff_id=staff_id, detail=shown)
    return await read(tx, city_id, subscription_id)


async def rotate(
    tx: AsyncConnection, city_id: str, subscription_id: UUID, now: datetime, *, staff_id: UUID | None
) -> tuple[Subscription, str]:
    """A new secret; the old one signs too until `BOTH_VALID` has passed. Raises NotFound."""
    before, secret = await read(tx, city_id, subscription_id), new_secret()
    await tx.execute(
        update(table)
        .where(table.c.id == before.id)
        .values(
            old_secret=table.c.secret,
            old_secret_until=now + BOTH_VALID,
            secret=vault_of(tx).seal(secret, context(before.id)),
            updated_at=now,
        )
    )
    await _record(tx, city_id, before.id, "webhook.rotated", now, staff_id=staff_id, detail={})
    return await read(tx, city_id, subscription_id), secret


async def switch_off(tx: AsyncConnection, city_id: str, subscription_id: UUID, reason: str, now: datetime) -> bool:
    """By the house itself, after 410 or a long failure. False when it was off already."""
    done = await tx.execute(
        update(table)
        .where(table.c.id == subscription_id, table.c.is_active)
        .values(is_active=False, disabled_reason=reason, updated_at=now)
    )
    if done.rowcount:
        await _record(tx, city_id, subscription_id, "webhook.disabled", now, staff_id=None, detail={"reason": reason})
    return bool(done.rowcount)


def new_secret() -> str:
    """32 random bytes, written as the scheme writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def context(subscription_id: UUID) -> str:
    return f"webhook_subscriptions.secret:{subscription_id}"


async def _record(
    tx: AsyncConnection,
    city_id: str,
    subscription_id: UUID,
    action: str,
    now: datetime,
    *,
    staff_id: UUID | None,
    detail: dict[str, Any],
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if staff_id else "system",
        actor_id=staff_id,
        action=action,
        object_kind="webhook",
        object_id=str(subscription_id),
        detail=detail,
        now=now,
    )
