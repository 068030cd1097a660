"""What reached an officer is noted once; a rest pauses persons and nothing else."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations, inbound, outbound
from civic.guard import service as guard
from civic.guard.tables import guard_hits
from civic.people.tables import citizens
from civic.staff.tables import audit_log, staff_notices
from core.db import Database
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from core.settings import read
from tests.civic.cases.rows import CITY, NOW, conversation, said

OFFICER = new_id()
MESSAGING = read().messaging


async def held(tx: AsyncConnection) -> UUID:
    return await conversation(tx, owner="staff", staff_id=OFFICER)


async def heard(tx: AsyncConnection, thread: UUID, *texts: str) -> None:
    for text in texts:
        message = await said(tx, thread, text)
        await tx.execute(update(inbound).where(inbound.c.id == message).values(processed_at=NOW))


async def hits(tx: AsyncConnection, thread: UUID) -> list[tuple[int, list[str]]]:
    query = select(guard_hits.c.level, guard_hits.c.kinds).where(guard_hits.c.conversation_id == thread)
    return [(row.level, row.kinds) for row in await tx.execute(query.order_by(guard_hits.c.inbound_id))]


async def test_a_message_to_an_officer_is_noted_once_and_the_head_is_told_of_a_threat(database: Database) -> None:
    async with database.transaction() as tx:
        mine, bots = await held(tx), await conversation(tx)
        await heard(tx, mine, "안녕하세요", "시 발 뭐하는 거야", "찾아가서 죽여버리겠다")
        await heard(tx, bots, "씨발")
        for _ in range(2):
            await guard.watch(tx, CITY, NOW)
        assert await hits(tx, mine) == [(2, ["profanity"]), (3, ["threat"])]
        assert await hits(tx, bots) == []
        notices = await tx.execute(select(staff_notices).where(staff_notices.c.kind == "guard.threat"))
        assert "죽여" not in notices.one().text_ko
        listed = await guard.guarded(tx, CITY, NOW - timedelta(days=1), NOW)
        assert [(one.conversation_id, one.hits, one.level) for one in listed] == [(mine, 2, 3)]


async def test_the_twentieth_same_message_in_five_minutes_is_a_flood(database: Database) -> None:
    async with database.transaction() as tx:
        thread = await held(tx)
        await heard(tx, thread, *["왜 답이 없어요"] * 19)
        await guard.watch(tx, CITY, NOW)
        assert await hits(tx, thread) == []
        await heard(tx, thread, "왜 답이 없어요", "다른 이야기예요")
        await guard.watch(tx, CITY, NOW)
        assert await hits(tx, thread) == [(1, ["flood"])]


async def test_a_rest_frees_the_conversation_for_the_bot_and_ends_by_itself(database: Database) -> None:
    async with database.transaction() as tx:
        thread = await held(tx)
        until = await guard.rest(tx, MESSAGING, CITY, thread, NOW, hours=24, reason="반복된 욕설", by=OFFICER)
        assert until == NOW + timedelta(days=1)
        row = (await tx.execute(select(conversations).where(conversations.c.id == thread))).one()
        assert (row.owner, row.staff_id) == ("bot", None)
        with pytest.raises(Conflict):
            await guard.must_not_rest(tx, thread, until - timedelta(seconds=1))
        await guard.must_not_rest(tx, thread, until)
        with pytest.raises(Conflict):
            await guard.rest(tx, MESSAGING, CITY, thread, NOW, hours=1, reason="또", by=OFFICER)
        assert await guard.forget_reasons(tx, CITY, until) == 0
        again = await guard.rest(tx, MESSAGING, CITY, thread, until, hours=1, reason="또", by=OFFICER)
        assert await guard.forget_reasons(tx, CITY, until + timedelta(seconds=1)) == 1
        await guard.lift(tx, MESSAGING, CITY, thread, until, by=OFFICER)
        assert await guard.rest_of(tx, thread, again - timedelta(minutes=1)) is None
        with pytest.raises(NotFound):
            await guard.lift(tx, MESSAGING, CITY, thread, until, by=OFFICER)
        told = await tx.execute(select(outbound.c.id).where(outbound.c.conversation_id == thread))
        assert len(told.all()) == 3
        trail = select(audit_log.c.action).where(audit_log.c.object_id == str(thread))
        assert sorted((await tx.execute(trail)).scalars()) == ["guard.lifted", "guard.rested", "guard.rested"]


async def test_a_warning_pressed_twice_is_said_once(database: Database) -> None:
    async with database.transaction() as tx:
        thread = await held(tx)
        first = await guard.warn(tx, MESSAGING, CITY, thread, NOW, by=OFFICER)
        assert await guard.warn(tx, MESSAGING, CITY, thread, NOW, by=OFFICER) == first
        with pytest.raises(NotFound):
            await guard.warn(tx, MESSAGING, CITY, new_id(), NOW, by=OFFICER)


@pytest.mark.parametrize(("hours", "reason"), [(0, "까닭"), (169, "까닭"), (1, "  ")])
async def test_a_rest_has_a_reason_and_an_end_within_a_week(database: Database, hours: int, reason: str) -> None:
    async with database.transaction() as tx:
        with pytest.raises(BadInput):
            await guard.rest(tx, MESSAGING, CITY, await held(tx), NOW, hours=hours, reason=reason, by=OFFICER)


async def test_a_rest_holds_on_every_channel_of_the_person_and_on_nobody_elses(database: Database) -> None:
    async with database.transaction() as tx:
        citizen = new_id()
        await tx.execute(insert(citizens).values(id=citizen, city_id=CITY, created_at=NOW, updated_at=NOW))
        threads = [await conversation(tx, citizen_id=one) for one in (citizen, citizen, None)]
        await guard.rest(tx, MESSAGING, CITY, threads[0], NOW, hours=2, reason="욕설이 이어짐", by=OFFICER)
        until = [await guard.rest_of(tx, one, NOW) for one in threads]
        await guard.lift(tx, MESSAGING, CITY, threads[1], NOW, by=OFFICER)
        lifted = [await guard.rest_of(tx, one, NOW) for one in threads]
    assert until == [NOW + timedelta(hours=2)] * 2 + [None]
    assert lifted == [None] * 3
