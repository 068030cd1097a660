"""Ten complaints become one case with one officer and one matter; everybody hears the same, once; no race makes two."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.tables import air_matters
from civic.air.smell import reports
from civic.air.smell.gathering import Gathered, gather
from civic.air.smell.noting import WAITS, note_due
from civic.air.smell.tables import air_smell_clusters, air_smell_reports
from civic.cases import change
from civic.cases.case import Actor
from civic.cases.find import events_of, read_case
from civic.cases.join import joiners_of
from civic.cases.merge import merge, unmerge
from civic.cases.notices import tell
from civic.cases.status import Status
from civic.cases.tables import case_events, case_merges, cases
from civic.conversations.tables import conversations, outbound
from civic.people.service import name_citizen
from civic.routing.tables import staff_capacity
from civic.staff.tables import staff
from core.db import Database
from core.ids import new_id
from core.settings import Duplicates
from core.vault import vault_of
from tests.civic.air.smell.crowds import MINUTE, NOW, blow, complain, crowd, settings, town
from tests.civic.cases.rows import CITY, conversation

LATER = NOW + 20 * MINUTE
RULES = settings()


@pytest.fixture
async def tx(database: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction that is thrown away, so that each test finds an empty sky."""
    async with database.transaction() as made:
        yield made
        await made.rollback()


async def look(tx: AsyncConnection, now: Any = LATER, rules: Any = RULES) -> Gathered:
    return await gather(tx, rules, await town(tx), now)


async def clusters(tx: AsyncConnection) -> list[Any]:
    return list((await tx.execute(select(air_smell_clusters).order_by(air_smell_clusters.c.formed_at))).all())


async def texts(tx: AsyncConnection, thread: UUID) -> list[str]:
    """What was queued for a conversation."""
    found = await tx.execute(
        select(outbound.c.body).where(outbound.c.conversation_id == thread).order_by(outbound.c.seq)
    )
    return [row.body["text"] for row in found]


async def test_ten_complaints_become_one_case_and_nine_stay_alone(tx: AsyncConnection) -> None:
    await town(tx)
    nine = await crowd(tx, 9)
    assert (await look(tx)).formed == 0
    assert await clusters(tx) == []
    tenth = await complain(tx, NOW + 9 * MINUTE)
    assert (await look(tx)).formed == 1
    [cluster] = await clusters(tx)
    lead = await read_case(tx, CITY, cluster.case_id)
    assert lead.id == nine[0][1], "the eldest"
    into = await tx.execute(
        select(cases.c.merged_into_id).where(cases.c.id.in_([one[1] for one in [*nine[1:], tenth]]))
    )
    assert set(into.scalars()) == {lead.id}
    assert lead.joined == 9
    assert (cluster.people, cluster.reports, cluster.strongest, cluster.kind) == (10, 10, 3, "burning")
    assert (cluster.first_at, cluster.last_at) == (NOW, NOW + 9 * MINUTE)


async def test_everybody_is_told_the_number_once_and_no_name(tx: AsyncConnection) -> None:
    await town(tx)
    told = await crowd(tx, 10)
    assert set((await look(tx)).told) == {thread for _, _, thread in told}
    assert (await look(tx, LATER + MINUTE)).told == ()
    for _, _, thread in told:
        [said] = await texts(tx, thread)
        assert "모두 10분이" in said
        assert "견본공장" not in said


async def test_progress_and_answer_go_to_all_of_them(tx: AsyncConnection) -> None:
    await town(tx)
    told = [*await crowd(tx, 9), await complain(tx, NOW + 9 * MINUTE, is_tip=True)]
    await look(tx)
    [cluster] = await clusters(tx)
    head = Actor.staff(new_id(), "manager")
    for to, words in ((Status.IN_PROGRESS, ""), (Status.ANSWERED, "현장에서 소각을 멈추게 했습니다.")):
        after = await change.change_status(tx, cluster.case_id, to, head, LATER, expected_version=None, text=words)
        await tell(tx, RULES.messaging, after, to.value, LATER, text=words)
    answers = {(await texts(tx, thread))[-1].split("민원")[1] for _, _, thread in told}
    assert len(answers) == 1
    assert "현장에서 소각을 멈추게 했습니다." in answers.pop()


async def test_one_person_counts_once_however_often_he_writes(tx: AsyncConnection) -> None:
    await town(tx)
    thread = await conversation(tx)
    for minute in range(3):
        await complain(tx, NOW + minute * MINUTE, thread=thread)
    await crowd(tx, 8)
    assert (await look(tx)).formed == 0
    other = await conversation(tx)
    for one in (thread, other):
        await name_citizen(tx, vault_of(tx), one, CITY, "홍길동", "010-1234-5678", NOW)
    citizens = (await tx.execute(select(conversations.c.citizen_id).where(conversations.c.id == thread))).scalar_one()
    await tx.execute(update(conversations).where(conversations.c.id == other).values(citizen_id=citizens))
    await complain(tx, NOW, thread=other)
    assert (await look(tx)).formed == 0, "two conversations of one citizen"
    await complain(tx, NOW)
    assert (await look(tx)).formed == 1
    [cluster] = await clusters(tx)
    assert (cluster.people, cluster.reports) == (10, 13)


async def test_a_smell_of_yesterday_and_a_withdrawn_complaint_count_for_nothing(tx: AsyncConnection) -> None:
    await town(tx)
    told = await crowd(tx, 9)
    await complain(tx, NOW, is_now=False)
    assert (await look(tx)).formed == 0
    await complain(tx, NOW)
    _, case_id, thread = told[0]
    assert case_id is not None
    await change.withdraw(tx, case_id, thread, NOW)
    assert (await look(tx)).formed == 0


async def test_the_case_that_has_an_officer_leads_and_a_crowd_without_one_gets_one(tx: AsyncConnection) -> None:
    await town(tx)
    told = await crowd(tx, 10)
    officer = new_id()
    await tx.execute(
        insert(staff).values(
            id=officer, city_id=CITY, login="air", name="김담당", role="agent", department_id="parks",
            password_hash="-", is_active=True, created_at=NOW,
        )
    )  # fmt: skip
    third = told[2][1]
    assert third is not None
    await change.assign(tx, third, Actor.system(), NOW, expected_version=None, staff=(officer,))
    await look(tx)
    [cluster] = await clusters(tx)
    assert cluster.case_id == third
    await tx.execute(
        insert(staff_capacity).values(staff_id=officer, city_id=CITY, capacity=50, away_until=None, updated_at=NOW)
    )
    await tx.execute(update(cases).values(staff_id=None))
    for number in range(10):
        await complain(tx, NOW + number * MINUTE, east_m=9_000)
    await tx.execute(update(cases).values(staff_id=None))
    await look(tx)
    lead = await read_case(tx, CITY, (await clusters(tx))[-1].case_id)
    assert lead.staff_id == officer


async def test_a_late_complaint_joins_and_only_he_is_told(tx: AsyncConnection) -> None:
    await town(tx)
    told = await crowd(tx, 10)
    await look(tx)
    _, case_id, thread = await complain(tx, NOW + 60 * MINUTE, north_m=600)
    again = await complain(tx, NOW + 61 * MINUTE, thread=told[1][2])
    gathered = await look(tx, NOW + 70 * MINUTE)
    assert (gathered.formed, gathered.joined, gathered.told) == (0, 2, (thread,))
    [cluster] = await clusters(tx)
    assert case_id is not None
    assert again[1] is not None
    assert (await read_case(tx, CITY, case_id)).merged_into_id == cluster.case_id
    assert (cluster.people, cluster.reports, cluster.last_at) == (11, 12, NOW + 61 * MINUTE)
    assert "모두 11분이" in (await texts(tx, thread))[-1]


async def test_a_closed_case_takes_nobody_in_any_more(tx: AsyncConnection) -> None:
    await town(tx)
    await crowd(tx, 10)
    await look(tx)
    [cluster] = await clusters(tx)
    head = Actor.staff(new_id(), "manager")
    for to in (Status.IN_PROGRESS, Status.ANSWERED):
        await change.change_status(tx, cluster.case_id, to, head, LATER, expected_version=None, text="마쳤습니다.")
    await complain(tx, NOW + 60 * MINUTE)
    gathered = await look(tx, NOW + 70 * MINUTE)
    assert (gathered.formed, gathered.joined) == (0, 0)


async def test_a_crowd_without_any_name_gets_a_case_of_the_citys_own(tx: AsyncConnection) -> None:
    await town(tx)
    told = await crowd(tx, 10, is_tip=True)
    await look(tx)
    [cluster] = await clusters(tx)
    lead = await read_case(tx, CITY, cluster.case_id)
    assert (lead.conversation_id, lead.citizen_id, lead.joined, lead.category) == (None, None, 10, "odor")
    assert {one.conversation_id for one in await joiners_of(tx, lead.id)} == {thread for _, _, thread in told}
    assert "모두 10분이" in (await texts(tx, told[3][2]))[0]


async def test_fewer_than_five_are_never_numbered(tx: AsyncConnection) -> None:
    await town(tx)
    rules = settings(cluster={"people": 3})
    told = await crowd(tx, 4)
    await look(tx, LATER, rules)
    [said] = await texts(tx, told[0][2])
    assert "여러 분이" in said
    assert "4분" not in said


async def test_it_is_one_matter_from_the_first_message_and_the_wind_is_noted(tx: AsyncConnection) -> None:
    await town(tx)
    await blow(tx)
    await crowd(tx, 10, filed_at=NOW + 15 * MINUTE)
    await look(tx)
    [cluster] = await clusters(tx)
    matter = (await tx.execute(select(air_matters))).one()
    assert (matter.kind, matter.key, matter.first_message_at) == ("smell", f"smell:{cluster.id}", NOW)
    assert cluster.matter_id == matter.id
    notes = [one.text for one in await events_of(tx, cluster.case_id) if one.kind == "internal_note"]
    assert len(notes) == 1
    assert "남풍 3.0m/s (관측소 3곳)" in notes[0]
    assert "예: 견본공장(가상) · S1: 2.0km" in notes[0]
    assert "신뢰도 보통" in notes[0]
    assert "증거가 아닙니다" in notes[0]
    assert [one["stack"] for one in cluster.traced["possible"]] == ["S1"]
    await complain(tx, NOW + 40 * MINUTE)
    await look(tx, NOW + 45 * MINUTE)
    assert len((await tx.execute(select(air_matters))).all()) == 1


async def test_a_case_with_parts_stays_its_own_and_its_citizen_goes_along(tx: AsyncConnection) -> None:
    await town(tx)
    told = await crowd(tx, 10)
    other = await complain(tx, NOW, east_m=8_000, thread=await conversation(tx))
    fifth = told[5][1]
    assert fifth is not None
    assert other[1] is not None
    staff_actor = Actor.staff(new_id(), "agent")
    into = await read_case(tx, CITY, fifth)
    case = await read_case(tx, CITY, other[1])
    await merge(tx, case.id, into.id, staff_actor, NOW, versions=frozenset({case.version}), near=Duplicates())
    assert (await look(tx)).formed == 1
    [cluster] = await clusters(tx)
    after = await read_case(tx, CITY, fifth)
    assert after.merged_into_id is None
    assert told[5][2] in {one.conversation_id for one in await joiners_of(tx, cluster.case_id)}


async def test_staff_may_undo_what_the_house_merged(tx: AsyncConnection) -> None:
    await town(tx)
    told = await crowd(tx, 10)
    await look(tx)
    one = told[4][1]
    assert one is not None
    merged = await read_case(tx, CITY, one)
    who = (await tx.execute(select(case_merges.c.staff_id).where(case_merges.c.case_id == one))).scalar_one()
    assert who is None
    back, _ = await unmerge(tx, one, Actor.staff(new_id(), "agent"), LATER, versions=frozenset({merged.version}))
    assert back.merged_into_id is None
    assert (await look(tx, LATER + MINUTE)).joined == 0, "what staff took out stays out"


async def test_a_complaint_alone_gets_the_winds_word_when_its_hour_is_known(tx: AsyncConnection) -> None:
    await town(tx)
    id, case_id, _ = await complain(tx)
    air = RULES.air
    assert await note_due(tx, CITY, air, NOW + MINUTE) == 0, "no wind yet: it waits"
    await blow(tx)
    assert await note_due(tx, CITY, air, NOW + 50 * MINUTE) == 1
    assert await note_due(tx, CITY, air, NOW + 51 * MINUTE) == 0
    assert case_id is not None
    [note] = [one.text for one in await events_of(tx, case_id) if one.kind == "internal_note"]
    assert "예: 견본공장(가상)" in note
    assert "기온 21℃" in note
    report = await reports.one(tx, CITY, id)
    assert report is not None
    assert report.traced["possible"][0]["confidence"] == "fair"


async def test_a_wind_that_never_came_is_said_after_two_hours(tx: AsyncConnection) -> None:
    await town(tx)
    _, case_id, _ = await complain(tx)
    assert await note_due(tx, CITY, RULES.air, NOW + WAITS) == 1
    assert case_id is not None
    [note] = [one.text for one in await events_of(tx, case_id) if one.kind == "internal_note"]
    assert "말할 수 없음: 가까운 곳의 바람 관측값이 없습니다" in note


async def test_notes_of_the_wind_are_never_public(tx: AsyncConnection) -> None:
    await town(tx)
    await blow(tx)
    await crowd(tx, 10)
    await look(tx)
    found = await tx.execute(select(case_events.c.text).where(case_events.c.is_public))
    assert [one for one in found.scalars() if "견본" in one or "바람" in one] == []


async def test_two_processes_at_once_make_one_cluster(database: Database) -> None:
    async with database.transaction() as tx:
        book = await town(tx)
        await crowd(tx, 12)

    async def process() -> Gathered:
        async with database.transaction() as mine:
            return await gather(mine, RULES, book, LATER)

    try:
        found = await asyncio.gather(*(process() for _ in range(4)))
        assert sorted(one.formed for one in found) == [0, 0, 0, 1]
        async with database.transaction() as tx:
            assert len(await clusters(tx)) == 1
            assert len((await tx.execute(select(air_matters))).all()) == 1
            queued = await tx.execute(select(outbound.c.conversation_id).where(outbound.c.notice == "smell_gathered"))
            told = list(queued.scalars())
            assert (len(told), len(set(told))) == (12, 12)
    finally:
        async with database.transaction() as tx:
            await tx.execute(update(air_smell_reports).values(told_at=NOW - timedelta(days=9)))
            await tx.execute(update(air_smell_clusters).values(last_at=NOW - timedelta(days=9)))
