"""Merging and its undo: nothing is lost, nobody is told twice, no rings, and the row comes back as it was."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import change
from civic.cases.case import Actor, Case
from civic.cases.find import events_of, read_case
from civic.cases.join import join, joined_cases, leave
from civic.cases.merge import merge, merged_into, unmerge
from civic.cases.notices import tell
from civic.cases.open import open_case
from civic.cases.split import Part, split
from civic.cases.status import CLOSED, Status
from civic.cases.tables import cases
from civic.conversations.tables import outbound
from civic.staff.tables import staff_notices
from core.db import Database
from core.errors import BadInput, Conflict, PreconditionFailed
from core.ids import new_id
from core.settings import Duplicates, read
from tests.civic.cases.rows import CITY, NOW, conversation, departments_of_city, draft

NEAR = Duplicates()
STAFF = Actor.staff(new_id(), "agent")
LATER = NOW + timedelta(hours=1)


async def filed(tx: AsyncConnection) -> Case:
    await departments_of_city(tx)
    opened = await open_case(tx, draft(await conversation(tx), body=f"서로 다른 글 {new_id()}"), NOW, near=NEAR)
    return await read_case(tx, CITY, opened.id)


async def merged(tx: AsyncConnection, case: Case, into: Case) -> tuple[Case, Case]:
    return await merge(tx, case.id, into.id, STAFF, LATER, versions=frozenset({case.version}), near=NEAR)


def but_version(case: Case) -> dict[str, Any]:
    return {name: value for name, value in asdict(case).items() if name not in ("version", "updated_at")}


_MOMENTS = st.none() | st.integers(1, 10_000).map(lambda minutes: NOW + timedelta(minutes=minutes))
_ROWS = st.fixed_dictionaries(
    {
        "status": st.sampled_from([one.value for one in Status if one not in CLOSED]),
        "department_id": st.sampled_from(["road", "parks"]),
        "progress_at": _MOMENTS,
        "warn_at": _MOMENTS,
        "review_at": _MOMENTS,
        "paused_at": _MOMENTS,
        "told_at": _MOMENTS,
        "mass_at": _MOMENTS,
        "warn_level": st.integers(0, 3),
        "extensions": st.integers(0, 2),
        "track": st.sampled_from(["instant", "long"]),
        "answer": st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
        "public_text": st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=_ROWS, joiners=st.integers(0, 3), others=st.integers(0, 2))
async def test_undo_restores_both_rows_exactly(
    database: Database, values: dict[str, Any], joiners: int, others: int
) -> None:
    async with database.transaction() as tx:
        case, into = await filed(tx), await filed(tx)
        for _ in range(joiners):
            await join(tx, case.id, await conversation(tx), NOW, near=NEAR)
        for _ in range(others):
            await join(tx, into.id, await conversation(tx), NOW, near=NEAR)
        await tx.execute(update(cases).where(cases.c.id == case.id).values(values))
        case, into = await read_case(tx, CITY, case.id), await read_case(tx, CITY, into.id)
        gone, target = await merged(tx, case, into)
        assert (gone.merged_into_id, gone.progress_at, gone.warn_at) == (into.id, None, None)
        assert target.joined == others + joiners + 1
        back, alone = await unmerge(tx, case.id, STAFF, LATER, versions=frozenset({gone.version}))
        assert but_version(back) == but_version(case)
        mass = {"mass_at": alone.mass_at}  # that five people stood behind it once is not undone
        assert but_version(alone) == {**but_version(into), **mass}
        assert back.version == case.version + 2


async def test_its_people_are_with_the_other_one_until_the_undo(database: Database) -> None:
    async with database.transaction() as tx:
        case, into = await filed(tx), await filed(tx)
        along, both = await conversation(tx), await conversation(tx)
        for thread in (along, both):
            await join(tx, case.id, thread, NOW, near=NEAR)
        await join(tx, into.id, both, NOW, near=NEAR)
        case = await read_case(tx, CITY, case.id)
        gone, target = await merged(tx, case, into)
        assert [one.id for one in await merged_into(tx, into.id)] == [case.id]
        await tell(tx, read().messaging, target, "in_progress", LATER)
        assert await tell(tx, read().messaging, gone, "in_progress", LATER) is None
        for each in (case.conversation_id, into.conversation_id, along, both):
            said = await tx.execute(select(outbound.c.id).where(outbound.c.conversation_id == each))
            assert len(said.all()) == 1
        newcomer = await conversation(tx)
        assert (await join(tx, case.id, newcomer, LATER, near=NEAR)).case.id == into.id
        gone, alone = await unmerge(tx, case.id, STAFF, LATER, versions=frozenset({gone.version}))
        assert (gone.joined, alone.joined) == (2, 2)
        assert {one.id for one in await joined_cases(tx, both)} == {case.id, into.id}
        assert [one.id for one in await joined_cases(tx, newcomer)] == [into.id]
        await leave(tx, into.id, newcomer, LATER)
        kinds = [line.kind for line in await events_of(tx, case.id)]
        assert kinds[-2:] == ["merged", "unmerged"]


async def test_there_are_no_rings_and_no_chains(database: Database) -> None:
    async with database.transaction() as tx:
        one, two, three = await filed(tx), await filed(tx), await filed(tx)
        with pytest.raises(BadInput):
            await merged(tx, one, one)
        with pytest.raises(PreconditionFailed):
            await merge(tx, one.id, two.id, STAFF, NOW, versions=frozenset({99}), near=NEAR)
        one, two = await merged(tx, one, two)
        for case, into in ((two, three), (two, one), (three, one), (one, three)):
            with pytest.raises(Conflict):
                await merged(tx, case, into)
        await merged(tx, three, two)
        with pytest.raises(Conflict):
            await unmerge(tx, two.id, STAFF, NOW, versions=frozenset({two.version}))


async def test_a_merged_case_refuses_every_change_but_the_undo(database: Database) -> None:
    async with database.transaction() as tx:
        case, into = await filed(tx), await filed(tx)
        case, into = await merged(tx, case, into)
        with pytest.raises(Conflict, match="합쳐진"):
            await change.change_status(tx, case.id, Status.IN_PROGRESS, STAFF, NOW, expected_version=case.version)
        with pytest.raises(Conflict, match="합쳐진"):
            await change.add_note(tx, case.id, "메모", STAFF, NOW, is_internal=True)
        with pytest.raises(Conflict, match="합쳐진"):
            await change.assign(tx, case.id, STAFF, NOW, expected_version=None, department_id="parks")


def part(title: str, days: int = 7) -> Part:
    deadline = draft(None).deadline
    return Part(title, f"{title} 이야기", "street_light", "parks", type(deadline)("days", days))


async def test_parts_have_the_first_receipt_and_close_before_the_whole(database: Database) -> None:
    async with database.transaction() as tx:
        whole = await filed(tx)
        whole, parts = await split(
            tx, whole.id, [part("가로등"), part("나무", 3)], STAFF, LATER, expected_version=whole.version
        )
        assert [one.receipt_no for one in parts] == [f"{whole.receipt_no}-1", f"{whole.receipt_no}-2"]
        assert {one.received_at for one in parts} == {whole.received_at}
        assert parts[0].due_at > parts[1].due_at > NOW
        assert (await read_case(tx, CITY, f"{whole.receipt_no}-2")).id == parts[1].id
        whole, more = await split(tx, whole.id, [part("의자")], STAFF, LATER, expected_version=whole.version)
        assert more[0].receipt_no == f"{whole.receipt_no}-3"
        with pytest.raises(Conflict, match="다시 나눌"):
            await split(tx, parts[0].id, [part("또")], STAFF, LATER, expected_version=None)
        with pytest.raises(Conflict, match="나눈 민원 3건"):
            await change.change_status(tx, whole.id, Status.ANSWERED, STAFF, LATER, expected_version=None, text="답변")
        for one in (*parts, *more):
            await change.change_status(tx, one.id, Status.ANSWERED, STAFF, LATER, expected_version=None, text="답변")
        told = await tx.execute(select(staff_notices.c.kind).where(staff_notices.c.case_id == whole.id))
        assert told.scalars().all() == ["case.children_closed"]
        done = await change.change_status(
            tx, whole.id, Status.ANSWERED, STAFF, LATER, expected_version=None, text="모두 마쳤습니다"
        )
        assert done.status is Status.ANSWERED


async def test_a_case_with_parts_is_not_merged(database: Database) -> None:
    async with database.transaction() as tx:
        whole, other = await filed(tx), await filed(tx)
        whole, parts = await split(tx, whole.id, [part("하나")], STAFF, NOW, expected_version=None)
        with pytest.raises(Conflict):
            await merged(tx, whole, other)
        with pytest.raises(Conflict, match="원래 민원"):
            await merged(tx, parts[0], whole)
        with pytest.raises(BadInput):
            await split(tx, other.id, [], STAFF, NOW, expected_version=None)
