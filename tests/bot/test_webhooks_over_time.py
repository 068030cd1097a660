"""Messages to other systems over hours and days: the end of a receiver, replay, rotation, forgetting."""

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select, text, update
from standardwebhooks import WebhookVerificationError

from civic.cases.status import Status
from civic.staff.tables import staff_notices
from civic.webhooks import service as webhooks
from civic.webhooks.tables import webhook_subscriptions
from core.db import Database
from tests.bot.hearing import begin, filed, heard, moved, rows, sender_of, subscribed, subscription
from tests.civic.cases.rows import CITY, departments_of_city
from tests.integrations.channels.counterpart import Counterpart, serving
from tests.integrations.channels.kits import Answer


@pytest.fixture
async def ears() -> AsyncIterator[Counterpart]:
    async with serving(lambda call: Answer(200, b"")) as counterpart:
        yield counterpart


@pytest.fixture(autouse=True)
async def nobody_else(database: Database) -> None:
    async with database.transaction() as tx:
        await departments_of_city(tx)
        await tx.execute(text("DELETE FROM webhook_deliveries"))
        await tx.execute(text("DELETE FROM webhook_subscriptions"))


async def test_gone_switches_off_and_the_administrators_hear_of_it(database: Database, ears: Counterpart) -> None:
    clock = begin()
    made, _ = await subscribed(database, ears.url)
    await filed(database, clock)
    ears.script.append(Answer(410, b""))
    async with sender_of(database, clock) as sender:
        await sender.drain()
        await filed(database, clock)
        await sender.drain()
    assert len(ears.calls) == 1
    found = await subscription(database, made)
    assert (found.is_active, found.disabled_reason) == (False, "410 Gone")
    async with database.transaction() as tx:
        told = (
            await tx.execute(select(staff_notices.c.text_ko).where(staff_notices.c.kind == "webhook_off"))
        ).scalars()
        assert any("127.0.0.1" in one and "410" in one for one in told)


async def test_long_failure_switches_off_and_one_success_forgets_it(database: Database, ears: Counterpart) -> None:
    clock = begin()
    made, _ = await subscribed(database, ears.url, kinds=["opened"])
    ears.answer = lambda call: Answer(500, b"")
    async with sender_of(database, clock) as sender:
        await filed(database, clock)
        await sender.drain()
        clock.move(timedelta(hours=71))
        ears.script.append(Answer(204, b""))
        await sender.drain()
        assert (await subscription(database, made)).failing_since is None
        await filed(database, clock)
        await sender.drain()
        clock.move(timedelta(hours=72))
        await sender.drain()
    found = await subscription(database, made)
    assert (found.is_active, found.disabled_reason) == (False, "failing for 72 h: HTTP 500")


async def test_what_was_missed_while_off_comes_by_a_replay_in_order(database: Database, ears: Counterpart) -> None:
    clock = begin()
    made, secret = await subscribed(database, ears.url)
    clock.move(timedelta(minutes=4))
    case_id, number = await filed(database, clock)
    async with sender_of(database, clock) as sender:
        await sender.drain()
        async with database.transaction() as tx:
            await webhooks.change(tx, CITY, made, {"is_active": False}, clock.now())
        await moved(database, clock, case_id, Status.IN_PROGRESS)
        async with database.transaction() as tx:
            await webhooks.change(tx, CITY, made, {"is_active": True}, clock.now())
            since, until = clock.now() - timedelta(hours=1), clock.now() + timedelta(seconds=1)
            queued = await webhooks.replay(tx, CITY, made, clock.now(), since=since, until=until)
        await sender.drain()
    calls = [call for call in ears.calls if heard(call, secret)["data"]["receipt_no"] == number]
    mine = [orjson.loads(call.body)["type"] for call in calls]
    assert queued >= 2
    assert mine == ["case.opened", "case.opened", "case.status"]
    assert calls[0].headers["webhook-id"] == calls[1].headers["webhook-id"] != calls[2].headers["webhook-id"]
    assert calls[0].body == calls[1].body


async def test_both_secrets_sign_for_a_day_after_a_rotation(database: Database, ears: Counterpart) -> None:
    clock = begin()
    made, old = await subscribed(database, ears.url, kinds=["opened"])
    async with database.transaction() as tx:
        _, new = await webhooks.rotate(tx, CITY, made, clock.now(), staff_id=None)
    await filed(database, clock)
    async with sender_of(database, clock) as sender:
        await sender.drain()
        assert heard(ears.calls[0], old) == heard(ears.calls[0], new)
        async with database.transaction() as tx:
            await tx.execute(update(webhook_subscriptions).values(old_secret_until=clock.now()))
        await filed(database, clock)
        await sender.drain()
    heard(ears.calls[1], new)
    with pytest.raises(WebhookVerificationError):
        heard(ears.calls[1], old)


async def test_an_inside_address_is_never_called(database: Database) -> None:
    clock = begin()
    async with serving(lambda call: Answer(200, b"")) as inside:
        made, _ = await subscribed(database, "https://example.go.kr/")
        port = inside.url.rpartition(":")[2]
        async with database.transaction() as tx:
            await tx.execute(update(webhook_subscriptions).values(url=f"http://[::ffff:127.0.0.1]:{port}/"))
        await filed(database, clock)
        async with sender_of(database, clock) as sender:
            await sender.drain()
        assert inside.calls == []
    (row,) = await rows(database)
    assert (row.status, row.reason) == ("queued", "ConnectError")
    assert (await subscription(database, made)).failures == 1


async def test_a_receiver_that_never_ends_its_answer_costs_one_attempt(database: Database, ears: Counterpart) -> None:
    clock = begin()
    await subscribed(database, ears.url)
    await filed(database, clock)
    ears.script.append(Answer(200, b"", how="cut"))
    async with sender_of(database, clock) as sender:
        await sender.drain()
    (row,) = await rows(database)
    assert (row.status, row.attempts, row.response_code) == ("queued", 1, None)


async def test_ended_messages_are_forgotten_after_their_days(database: Database, ears: Counterpart) -> None:
    clock = begin()
    await subscribed(database, ears.url)
    await filed(database, clock)
    async with sender_of(database, clock) as sender:
        await sender.drain()
        clock.move(timedelta(days=29))
        await sender.forget()
        assert len(await rows(database)) == 1
        clock.move(timedelta(days=2))
        await sender.forget()
    assert await rows(database) == []
