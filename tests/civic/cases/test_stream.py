"""The stream of histories: nothing is lost and nothing comes twice, whatever order transactions end in."""

from uuid import UUID

import pytest

from civic.cases.case import Actor
from civic.cases.change import add_note
from civic.cases.open import open_case
from civic.cases.stream import Batch, Place, Snapshot, after, here
from core.db import Database
from tests.civic.cases.rows import CITY, NOW, departments_of_city, draft


@pytest.fixture
async def case_id(database: Database) -> UUID:
    async with database.transaction() as tx:
        await departments_of_city(tx)
        return (await open_case(tx, draft(None), NOW)).id


async def note(tx: object, case_id: UUID, text: str) -> None:
    await add_note(tx, case_id, text, Actor.system(), NOW, is_internal=True)  # type: ignore[arg-type]


async def read(database: Database, place: Place, *, most: int = 500) -> Batch:
    async with database.reading() as tx:
        return await after(tx, CITY, place, most=most)


async def end(database: Database) -> Place:
    async with database.reading() as tx:
        return Place(await here(tx))


async def test_it_tells_what_was_committed_after_the_place(database: Database, case_id: UUID) -> None:
    place = await end(database)
    assert (await read(database, place)).rows == []
    async with database.transaction() as tx:
        await note(tx, case_id, "하나")
        await note(tx, case_id, "둘")
    batch = await read(database, place)
    assert [(row.case_id, row.kind, row.department_id) for row in batch.rows] == [
        (case_id, "internal_note", "road")
    ] * 2
    assert (await read(database, Place(batch.until))).rows == []


async def test_what_ends_late_is_not_lost(database: Database) -> None:
    """The lower number is committed after the higher one has been told."""
    async with database.transaction() as tx:
        slow, quick = [(await open_case(tx, draft(None), NOW)).id for _ in range(2)]
    place = await end(database)
    async with database.transaction() as late:
        await note(late, slow, "먼저 시작")
        async with database.transaction() as tx:
            await note(tx, quick, "먼저 끝")
        first = await read(database, place)
        assert [row.case_id for row in first.rows] == [quick]
    second = await read(database, Place(first.until))
    assert [row.case_id for row in second.rows] == [slow]
    assert second.rows[0].seq < first.rows[0].seq


async def test_pages_join_without_a_seam(database: Database, case_id: UUID) -> None:
    place = await end(database)
    async with database.transaction() as tx:
        for number in range(7):
            await note(tx, case_id, str(number))
    seen: list[int] = []
    while True:
        batch = await read(database, place, most=3)
        seen += [row.seq for row in batch.rows]
        async with database.transaction() as tx:  # what comes meanwhile waits for the next round
            await note(tx, case_id, "dazwischen")
        if batch.is_last:
            break
        place = Place(batch.since, batch.until, batch.rows[-1].seq)
    assert len(seen) == len(set(seen)) == 7
    rest = await read(database, Place(batch.until))
    assert len(rest.rows) == 3 and min(row.seq for row in rest.rows) > max(seen)


def test_a_place_survives_being_written_down() -> None:
    for said in ("1:1:", "100:120:100,105", "100:110:~105:120:107,111~42"):
        place = Place.read(said)
        assert place is not None and str(place) == said


@pytest.mark.parametrize(
    "said",
    [
        "",
        "1",
        "a:b:c",
        "5:3:",
        "1:2:9",
        "0:0:",
        "1:1:~",
        "1:1:~1:1:~x",
        "1:1:; DROP TABLE x",
        "1:1:\n",
        "9" * 4000,
        "١:١:",
    ],
)
def test_what_is_no_place_is_none(said: str) -> None:
    assert Place.read(said) is None


def test_a_snapshot_knows_what_had_ended() -> None:
    earlier, later = Snapshot(100, 110, frozenset({100, 105})), Snapshot(105, 112, frozenset({105}))
    assert [txid for txid in range(98, 112) if earlier.sees(txid)] == [98, 99, 101, 102, 103, 104, 106, 107, 108, 109]
    assert later.is_after(earlier) and not earlier.is_after(later) and not earlier.is_after(earlier)
    assert Snapshot(105, 110, frozenset({105})).is_after(earlier), "one ended and nothing began"
