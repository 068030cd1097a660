"""Messages to other systems, against a real server on the loopback: signature, order, retry, crash, replay, the end."""

import asyncio
import base64
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from standardwebhooks import Webhook, WebhookVerificationError

from civic.cases import change
from civic.cases.open import open_case
from civic.cases.status import Status
from civic.cases.tables import case_events
from civic.webhooks import service as webhooks
from civic.webhooks.tables import webhook_deliveries
from core.db import Database
from tests.bot.hearing import (
    STAFF,
    begin,
    events,
    filed,
    heard,
    moved,
    rows,
    sender_of,
    subscribed,
    subscription,
)
from tests.civic.cases.rows import CITY, departments_of_city, draft
from tests.integrations.channels.counterpart import Counterpart, serving
from tests.integrations.channels.kits import Answer, Call

PROCESS = Path(__file__).parent / "webhook_process.py"


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


async def test_a_change_is_told_signed_and_without_a_citizens_words(database: Database, ears: Counterpart) -> None:
    clock = begin()
    _, secret = await subscribed(database, ears.url + "/in", kinds=["status"])
    case_id, number = await filed(
        database, clock, title="홍길동입니다", body="010-1234-5678로 전화 주세요", place="구래동 1"
    )
    await moved(database, clock, case_id, Status.IN_PROGRESS)
    async with sender_of(database, clock) as sender:
        assert await sender.drain() == 1
    (call,) = ears.calls
    body = heard(call, secret)
    assert (call.method, call.path, body["type"], body["schema"]) == ("POST", "/in", "case.status", "sinmungo.case/1")
    assert call.headers["webhook-id"] == str((await rows(database))[0].id)
    data = body["data"]
    assert (data["receipt_no"], data["status"], data["department"]) == (number, "in_progress", "road")
    assert (data["category"], data["version"]) == ("street_light", 2)
    assert (data["event"]["from"], data["event"]["to"]) == ("received", "in_progress")
    assert set(data) == {
        *("receipt_no", "status", "department", "category", "received_at", "due_at", "closed_at", "version", "event")
    }
    assert not any(word in call.body.decode() for word in ("홍길동", "1234", "구래동"))


async def test_a_forged_or_changed_message_does_not_verify(database: Database, ears: Counterpart) -> None:
    clock = begin()
    _, secret = await subscribed(database, ears.url)
    await filed(database, clock)
    async with sender_of(database, clock) as sender:
        await sender.drain()
    call = ears.calls[0]
    with pytest.raises(WebhookVerificationError):
        heard(call, "whsec_" + base64.b64encode(b"another secret of 24 bytes").decode())
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(call.body.replace(b"received", b"answered"), dict(call.headers))


async def test_the_secret_is_stored_sealed(database: Database, ears: Counterpart) -> None:
    made, secret = await subscribed(database, ears.url)
    stored = (await subscription(database, made)).secret
    assert secret.encode() not in stored and base64.b64decode(secret[6:]) not in stored
    assert len(base64.b64decode(secret[6:])) == 32


async def test_a_rolled_back_change_is_told_nobody(database: Database, ears: Counterpart) -> None:
    clock = begin()
    await subscribed(database, ears.url)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as tx:
            await open_case(tx, draft(None), clock.now())
            raise ZeroDivisionError
    assert await rows(database) == []


async def test_only_what_was_asked_for_is_queued(database: Database, ears: Counterpart) -> None:
    clock = begin()
    wanted = {
        "three": (await subscribed(database, ears.url, kinds=["opened", "department", "internal_note"]))[0],
        "parks": (await subscribed(database, ears.url, department_id="parks", kinds=["opened", "department"]))[0],
        "notes": (await subscribed(database, ears.url, kinds=["internal_note"]))[0],
        "public": (await subscribed(database, ears.url, is_public_only=True))[0],
        "waste": (await subscribed(database, ears.url, category="waste"))[0],
    }
    case_id, _ = await filed(database, clock)
    async with database.transaction() as tx:
        await change.add_note(tx, case_id, "메모", STAFF, clock.now(), is_internal=True)
    async with database.transaction() as tx:
        await change.assign(tx, case_id, STAFF, clock.now(), expected_version=None, department_id="parks")
    names = {made: name for name, made in wanted.items()}
    got: dict[str, list[str]] = {}
    for row in await rows(database):
        got.setdefault(names[row.subscription_id], []).append(row.kind)
    assert got.pop("public")[0] == "opened"
    assert got == {
        "three": ["opened", "internal_note", "department"],
        "parks": ["department"],
        "notes": ["internal_note"],
    }
    async with database.transaction() as tx:
        lines = await tx.execute(select(case_events.c.id).where(case_events.c.is_public.is_(False)))
        hidden = set(lines.scalars())
    told = {row.event_id for row in await rows(database) if row.subscription_id == wanted["public"]}
    assert told and not told & hidden


async def test_a_failure_waits_longer_each_time_and_keeps_the_cases_order(
    database: Database, ears: Counterpart
) -> None:
    clock = begin()
    _, secret = await subscribed(database, ears.url, kinds=["status"])
    first, one = await filed(database, clock)
    await moved(database, clock, first, Status.IN_PROGRESS)
    await moved(database, clock, first, Status.ANSWERED, "고쳤습니다")
    second, two = await filed(database, clock)
    await moved(database, clock, second, Status.ASSIGNED)
    ears.script.extend([Answer(500, b"")])
    async with sender_of(database, clock) as sender:
        await sender.drain()
        assert {number for number, _ in events(ears.calls)} == {one, two}
        failed = next(row for row in await rows(database) if row.reason)
        assert (failed.status, failed.response_code, failed.reason) == ("queued", 500, "HTTP 500")
        assert failed.next_attempt_at == clock.now() + timedelta(seconds=5)
        clock.move(timedelta(seconds=4))
        before = len(ears.calls)
        waiting = events(ears.calls)
        await sender.drain()
        if failed.case_id == first:
            assert len(ears.calls) == before
            assert (one, "answered") not in waiting
        clock.move(timedelta(seconds=2))
        await sender.drain()
    taken = [call for call in ears.calls if call is not ears.calls[0]]
    assert [to for number, to in events(taken) if number == one] == ["in_progress", "answered"]
    assert {row.status for row in await rows(database)} == {"sent"}
    by_id: dict[str, set[bytes]] = {}
    for call in ears.calls:
        heard(call, secret)
        by_id.setdefault(call.headers["webhook-id"], set()).add(call.body)
    assert all(len(bodies) == 1 for bodies in by_id.values()), "a retry sends the same bytes"


async def test_the_waits_are_about_a_day_and_then_it_is_given_up(database: Database, ears: Counterpart) -> None:
    clock = begin()
    ears.answer = lambda call: Answer(503, b"")
    made, _ = await subscribed(database, ears.url)
    await filed(database, clock)
    began = clock.now()
    async with sender_of(database, clock) as sender:
        for _ in range(20):
            await sender.drain()
            (row,) = await rows(database)
            if row.status == "failed":
                break
            clock.move(row.next_attempt_at - clock.now())
    assert (row.status, row.attempts, row.response_code) == ("failed", 9, 503)
    assert timedelta(hours=20) < clock.now() - began < timedelta(hours=28)
    assert (await subscription(database, made)).is_active


async def test_several_processes_never_double(database: Database, ears: Counterpart) -> None:
    clock = begin()
    await subscribed(database, ears.url, kinds=["opened"])
    for _ in range(30):
        await filed(database, clock)
    async with (
        sender_of(database, clock, "a") as a,
        sender_of(database, clock, "b") as b,
        sender_of(database, clock, "c") as c,
    ):
        done = await asyncio.gather(a.drain(), b.drain(), c.drain())
    ids = [call.headers["webhook-id"] for call in ears.calls]
    assert len(ids) == len(set(ids)) == sum(done) == 30


async def test_what_a_dead_process_claimed_is_sent_by_another_under_the_same_id(
    database: Database, ears: Counterpart
) -> None:
    clock = begin()
    await subscribed(database, ears.url)
    await filed(database, clock)
    async with database.transaction() as tx:
        (claimed,) = await webhooks.claim(tx, CITY, "dead", clock.now(), 10)
    async with sender_of(database, clock) as sender:
        assert await sender.drain() == 0, "while the claim holds nobody else sends it"
        async with database.transaction() as tx:
            await tx.execute(update(webhook_deliveries).values(claimed_until=text("clock_timestamp() - interval '1s'")))
        assert await sender.drain() == 1
    assert ears.calls[0].headers["webhook-id"] == str(claimed.id)
    async with database.transaction() as tx:
        late = await webhooks.settle(
            tx, claimed, "dead", code=500, reason="HTTP 500", now=clock.now(), again_at=clock.now()
        )
    assert late is False, "the dead one's verdict comes too late to count"
    assert (await rows(database))[0].status == "sent"


@pytest.mark.crash
async def test_a_process_killed_between_the_answer_and_its_note_is_followed_by_one_repeat(
    database: Database, ears: Counterpart
) -> None:
    clock = begin()
    _, secret = await subscribed(database, ears.url, kinds=["opened"])
    await filed(database, clock)
    worker = await asyncio.create_subprocess_exec(sys.executable, str(PROCESS), database.url)

    def kill(call: Call) -> Answer:
        """The message is here; whoever brought it never learns of it."""
        worker.kill()
        return Answer(how="hang")

    ears.answer = kill
    assert await asyncio.wait_for(worker.wait(), 60) == -signal.SIGKILL
    (row,) = await rows(database)
    assert (row.status, row.attempts, len(ears.calls)) == ("queued", 0, 1)
    ears.answer = lambda call: Answer(200, b"")
    async with database.transaction() as tx:
        await tx.execute(update(webhook_deliveries).values(claimed_until=text("clock_timestamp() - interval '1s'")))
    async with sender_of(database, clock) as sender:
        assert await sender.drain() == 1
    first, again = ears.calls
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert first.body == again.body
    heard(again, secret)
