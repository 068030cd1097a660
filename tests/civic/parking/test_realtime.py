"""Realtime numbers: judged by the house's rules, stored in order, withheld when they cannot be believed."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import RowMapping, select, update

from civic.parking.importing import import_lots
from civic.parking.realtime import Taken, take_realtime
from civic.parking.tables import parking_history, parking_lots, parking_quarantine, parking_realtime
from civic.staff.tables import staff_notices
from core.contracts.parking import ParkingRecord, RealtimeRecord
from core.db import Database
from core.parking_rules import Parking
from tests.civic.parking.lots import file_of, lot

NOW = datetime(2026, 10, 6, 3, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RULES = Parking()


@pytest.fixture
async def city_id(database: Database) -> AsyncIterator[str]:
    yield f"city-{uuid4().hex[:8]}"


async def lots(database: Database, city_id: str, *records: ParkingRecord, source: str = "test") -> None:
    file = file_of(*records)
    async with database.transaction() as tx:
        await import_lots(tx, city_id, source, file.records, file.report, NOW)


def says(number: int, free: int | None, at: datetime = NOW, **more: Any) -> RealtimeRecord:
    values = {"fetched_at": at, "updated_at": at, **more}
    return RealtimeRecord("test", f"P:{number}", free, **values)


async def take(
    database: Database,
    city_id: str,
    *records: RealtimeRecord,
    now: datetime | None = None,
    source: str = "test",
    rules: Parking = RULES,
) -> Taken:
    now = now or max(record.fetched_at for record in records)
    async with database.transaction() as tx:
        return await take_realtime(tx, city_id, source, records, now, rules)


async def rows(database: Database, city_id: str) -> dict[str, RowMapping]:
    joined = parking_realtime.join(parking_lots, parking_lots.c.id == parking_realtime.c.lot_id)
    query = select(parking_lots.c.uid, *parking_realtime.c).select_from(joined)
    async with database.transaction() as tx:
        found = await tx.execute(query.where(parking_realtime.c.city_id == city_id))
        return {row["uid"]: row for row in found.mappings()}


async def free(database: Database, city_id: str) -> dict[str, tuple[int | None, str]]:
    return {uid: (row["free"], row["reason"]) for uid, row in (await rows(database, city_id)).items()}


async def quarantined(database: Database, city_id: str, *, live: bool = True) -> Sequence[Any]:
    rows = parking_quarantine.c
    query = select(parking_quarantine).where(rows.city_id == city_id).order_by(rows.uid, rows.reason)
    if live:
        query = query.where(rows.lifted_at.is_(None))
    async with database.transaction() as tx:
        return (await tx.execute(query)).all()


async def notices(database: Database, city_id: str) -> list[str]:
    query = select(staff_notices.c.text_ko).where(staff_notices.c.city_id == city_id)
    async with database.transaction() as tx:
        return list((await tx.execute(query.order_by(staff_notices.c.created_at))).scalars())


async def history(database: Database, city_id: str) -> list[tuple[datetime, int]]:
    query = select(parking_history.c.at, parking_history.c.free).where(parking_history.c.city_id == city_id)
    async with database.transaction() as tx:
        return [(row.at, row.free) for row in await tx.execute(query.order_by(parking_history.c.at))]


async def test_a_believed_number_is_stored_with_the_moment_it_was_counted(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    taken = await take(database, city_id, says(1, 12, NOW, updated_at=NOW - MINUTE, capacity=40))
    row = (await rows(database, city_id))["P:1"]
    assert taken == Taken(stored=1)
    assert (row["free"], row["claimed"], row["capacity"], row["reason"]) == (12, 12, 40, "")
    assert (row["updated_at"], row["fetched_at"]) == (NOW - MINUTE, NOW)
    assert await history(database, city_id) == [(NOW - MINUTE, 12)]


async def test_an_unknown_uid_is_counted_and_named(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    taken = await take(database, city_id, says(1, 12), says(9, 3))
    assert (taken.stored, taken.unknown_uid, taken.unknown) == (1, 1, ("P:9",))


async def test_a_number_below_zero_or_above_the_capacity_is_told_to_nobody(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1), lot(2), lot(3), lot(4))
    taken = await take(database, city_id, says(1, -1), says(2, 51), says(3, 51, capacity=60), says(4, 50, capacity=40))
    assert await free(database, city_id) == {
        "P:1": (None, "negative"), "P:2": (None, "over_capacity"), "P:3": (51, ""), "P:4": (None, "over_capacity")
    }  # fmt: skip
    assert (taken.stored, taken.doubted) == (4, 3)
    assert [(row.uid, row.reason, row.value["free"]) for row in await quarantined(database, city_id)] == [
        ("P:1", "negative", -1), ("P:2", "over_capacity", 51), ("P:4", "over_capacity", 50)
    ]  # fmt: skip
    assert [free for _, free in await history(database, city_id)] == [51], "only what is believed is history"


async def test_a_few_bays_of_drift_are_put_on_the_bound_where_the_city_wants_it(
    database: Database, city_id: str
) -> None:
    await lots(database, city_id, lot(1), lot(2), lot(3))
    rules = Parking.model_validate({"doubts": {"drift_bays": 2}})
    await take(database, city_id, says(1, -2), says(2, 52), says(3, -3), rules=rules)
    assert await free(database, city_id) == {"P:1": (0, ""), "P:2": (50, ""), "P:3": (None, "negative")}


async def test_an_unlinked_lot_is_unknown_and_not_empty(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1), lot(2))
    await take(database, city_id, says(1, 50, is_linked=False), says(2, None, reason="no_count"))
    found = await rows(database, city_id)
    assert [(found[uid]["free"], found[uid]["is_linked"], found[uid]["reason"]) for uid in ("P:1", "P:2")] == [
        (None, False, "unlinked"), (None, True, "no_count")
    ]  # fmt: skip
    assert await quarantined(database, city_id) == [], "what a source does not know is no doubt of ours"


async def test_a_closed_lot_is_not_full_and_leaves_no_history(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    await take(database, city_id, says(1, 0, opening_status="CLOSED"))
    row = (await rows(database, city_id))["P:1"]
    assert (row["free"], row["opening_status"], row["reason"]) == (0, "CLOSED", "")
    assert await history(database, city_id) == []


async def test_an_older_number_does_not_replace_a_newer_one_but_is_history(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    await take(database, city_id, says(1, 12))
    taken = await take(database, city_id, says(1, 30, NOW - 20 * MINUTE), now=NOW + MINUTE)
    assert (taken.stored, taken.older) == (0, 1)
    assert await free(database, city_id) == {"P:1": (12, "")}
    assert await history(database, city_id) == [(NOW - 20 * MINUTE, 30), (NOW, 12)]


async def test_of_a_lot_told_twice_in_a_batch_the_later_count_stays(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    await take(database, city_id, says(1, 12), says(1, 30, NOW - MINUTE), now=NOW)
    assert await free(database, city_id) == {"P:1": (12, "")}


async def test_a_stamp_in_the_future_counts_as_fetched_and_does_not_block_later_numbers(
    database: Database, city_id: str
) -> None:
    await lots(database, city_id, lot(1), lot(2))
    taken = await take(database, city_id, says(1, 12, updated_at=NOW + 9 * HOUR), says(2, 12, updated_at=NOW + MINUTE))
    found = await rows(database, city_id)
    assert taken.ahead == 1
    assert (found["P:1"]["updated_at"], found["P:2"]["updated_at"]) == (NOW, NOW + MINUTE)
    await take(database, city_id, says(1, 13, NOW + 2 * MINUTE))
    assert (await free(database, city_id))["P:1"] == (13, "")


async def test_the_same_count_told_again_writes_nothing(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1), lot(2))
    await take(database, city_id, says(1, 12), says(2, 7, updated_at=None))
    again = NOW + 5 * MINUTE
    taken = await take(database, city_id, says(1, 12, again, updated_at=NOW), says(2, 7, again, updated_at=None))
    found = await rows(database, city_id)
    assert (taken.stored, taken.unchanged) == (1, 1)
    assert (found["P:1"]["updated_at"], found["P:2"]["updated_at"]) == (NOW, again), "without a stamp it is new"


async def test_a_lot_that_is_another_sources_lot_speaks_under_that_lot(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    await lots(database, city_id, lot(2), source="other")
    id_of: dict[str, UUID] = {}
    async with database.transaction() as tx:
        found = await tx.execute(select(parking_lots).where(parking_lots.c.city_id == city_id))
        id_of = {row.uid: row.id for row in found}
        same = update(parking_lots).where(parking_lots.c.id == id_of["P:1"]).values(same_as=id_of["P:2"])
        await tx.execute(same)
    await take(database, city_id, says(1, 12))
    assert await free(database, city_id) == {"P:2": (12, "")}

    def other(free: int, at: datetime) -> RealtimeRecord:
        return RealtimeRecord("other", "P:2", free, fetched_at=at, updated_at=at)

    taken = await take(database, city_id, other(3, NOW + MINUTE), source="other")
    assert (taken.beside, taken.stored) == (1, 0), "one number speaks for a lot while it is believed and young"
    await take(database, city_id, other(4, NOW + 31 * MINUTE), source="other")
    assert await free(database, city_id) == {"P:2": (4, "")}


async def test_history_keeps_one_count_a_lot_and_step(database: Database, city_id: str) -> None:
    await lots(database, city_id, lot(1))
    for minute in range(12):
        await take(database, city_id, says(1, 10 + minute, NOW + minute * MINUTE))
    assert [count for _, count in await history(database, city_id)] == [10, 15, 20]


async def test_odd_rows_do_not_lose_the_others(database: Database, city_id: str) -> None:
    await lots(database, city_id, *(lot(number) for number in range(1, 6)))
    taken = await take(
        database,
        city_id,
        says(1, 10**15),
        says(2, -(10**15), capacity=10**15),
        says(3, 7, updated_at=datetime(2026, 10, 6, 3)),  # noqa: DTZ001 - a source without a zone
        says(4, None, reason="why\0" + "y" * 500),
        RealtimeRecord("test", "P:\0", 3, fetched_at=NOW),
        RealtimeRecord("test", "P:" + "9" * 9000, 3, fetched_at=NOW),
        says(5, 7, free_by={"disabled": -1, "charging": 2, "family": 99}, capacity_by={"charging": 2}),
    )
    found = await rows(database, city_id)
    assert taken.stored == 5
    assert {uid: (row["free"], row["reason"][:10]) for uid, row in found.items()} == {
        "P:1": (None, "over_capac"),
        "P:2": (None, "negative"),
        "P:3": (7, ""),
        "P:4": (None, "why" + "y" * 7),
        "P:5": (7, ""),
    }
    assert found["P:5"]["free_by"] == {"charging": 2}
