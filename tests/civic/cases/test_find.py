"""Finding: pages that neither repeat nor skip, searches that take any text, and citizens who see only their own."""

from datetime import UTC, datetime, timedelta

import pytest

from civic.cases.case import Actor, OpenedCase
from civic.cases.change import change_status
from civic.cases.cursor import read_cursor
from civic.cases.find import CaseFilters, find_by_receipt, list_cases, read_case
from civic.cases.open import open_case
from civic.cases.service import CaseService
from civic.cases.status import Status
from civic.people.citizens import name_citizen
from core.db import Database
from core.errors import BadInput, NotFound
from core.ids import new_id
from core.vault import vault_of
from tests.civic.cases.rows import CITY, NOW, conversation, draft


async def numbers(database: Database, **filters: object) -> list[str]:
    async with database.transaction() as tx:
        page = await list_cases(tx, CaseFilters(city_id=CITY, **filters), None, 100)  # type: ignore[arg-type]
    return [case.receipt_no for case in page.rows]


async def opened(database: Database, now: datetime = NOW, **values: object) -> OpenedCase:
    async with database.transaction() as tx:
        return await open_case(tx, draft(await conversation(tx), **values), now)


async def test_pages_cover_everything_once_even_within_one_instant(database: Database) -> None:
    at = datetime(2027, 1, 4, tzinfo=UTC)
    made = {(await opened(database, at + timedelta(seconds=number // 3))).id for number in range(10)}
    seen: list[object] = []
    cursor: str | None = None
    async with database.transaction() as tx:
        filters = CaseFilters(city_id=CITY, received_from=at, received_before=at + timedelta(days=1))
        while True:
            page = await list_cases(tx, filters, cursor, 3)
            seen += [case.id for case in page.rows]
            assert [c.received_at for c in page.rows] == sorted((c.received_at for c in page.rows), reverse=True)
            cursor = page.next_cursor
            if cursor is None:
                break
    assert len(seen) == 10
    assert set(seen) == made


@pytest.mark.parametrize("cursor", ["x", "한글", "MjAyNnx4", "e30", "MjAyNi0wMS0wMVQwMDowMDowMHw", "=" * 9, "\x00"])
def test_a_foreign_cursor_is_bad_input(cursor: str) -> None:
    with pytest.raises(BadInput):
        read_cursor(cursor)


async def test_filters_hold_together(database: Database) -> None:
    one = await opened(database, title="불법 광고물 100% 철거", category="illegal_ad", department_id="townscape")
    two = await opened(database, title="불법 광고물 50개", category="illegal_ad", department_id="road")
    async with database.transaction() as tx:
        actor = Actor.staff(new_id(), "agent")
        await change_status(tx, two.id, Status.IN_PROGRESS, actor, NOW, expected_version=1)
    assert await numbers(database, category="illegal_ad") == [two.receipt_no, one.receipt_no]
    assert await numbers(database, category="illegal_ad", department_id="townscape") == [one.receipt_no]
    assert await numbers(database, category="illegal_ad", statuses=(Status.IN_PROGRESS,)) == [two.receipt_no]
    assert await numbers(database, text="100%") == [one.receipt_no]
    assert await numbers(database, text="광고물 철거 불법") == [one.receipt_no]
    assert await numbers(database, text="0_개") == []
    assert await numbers(database, text="'; DROP TABLE cases; --") == []
    assert await numbers(database, receipt_no=one.receipt_no.lower()) == [one.receipt_no]
    assert await numbers(database, due_before=NOW) == []


async def test_a_case_is_read_by_number_and_by_id_within_its_city(database: Database) -> None:
    made = await opened(database)
    async with database.transaction() as tx:
        assert (await read_case(tx, CITY, made.receipt_no)).id == made.id
        assert (await read_case(tx, CITY, str(made.id))).id == made.id
        for reference in ("GP-2026-999999", str(new_id()), "nonsense"):
            with pytest.raises(NotFound):
                await read_case(tx, CITY, reference)
        with pytest.raises(NotFound):
            await read_case(tx, "paju", made.id)


async def test_a_citizen_sees_his_own_cases_and_nobody_elses(database: Database) -> None:
    desk = CaseService(database, CITY)
    async with database.transaction() as tx:
        mine, stranger = await conversation(tx), await conversation(tx)
        citizen = await name_citizen(tx, vault_of(tx), mine, CITY, "김민지", "010 2222 3333", NOW)
        also_mine = await conversation(tx, channel="telegram", citizen_id=citizen)
        made = await desk.open_case(tx, draft(mine, citizen_id=citizen), NOW)
        nobody = await desk.open_case(tx, draft(stranger), NOW)
    assert [case.id for case in await desk.of_conversation(mine)] == [made.id]
    assert [case.id for case in await desk.of_conversation(also_mine)] == [made.id]
    assert [case.id for case in await desk.of_conversation(stranger)] == [nobody.id]
    assert await desk.by_receipt(made.receipt_no, stranger) is None
    assert await desk.by_receipt("아무거나", mine) is None
    found = await desk.by_receipt(made.receipt_no, also_mine)
    assert found is not None and found.id == made.id
    assert await desk.public_events(made.id, stranger) == []
    assert [event.kind for event in await desk.public_events(made.id, mine)] == ["opened"]
    async with database.transaction() as tx:
        assert await find_by_receipt(tx, CITY, nobody.receipt_no) is not None
