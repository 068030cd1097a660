"""Reading lots for a feed: all that are offered, once each, in pages, with the numbers that are believed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from civic.parking.feeds import reading
from civic.parking.feeds.reading import Box, count, edition, stream
from civic.parking.importing import run_import
from civic.parking.search import Found
from civic.parking.tables import parking_lots, parking_realtime
from core.db import Database
from core.parking_rules import Numbers
from tests.civic.parking.lots import file_of, lot

CITY = "fed"
NOW = datetime(2026, 9, 30, 3, tzinfo=UTC)
RULES = Numbers()
LOTS = file_of(
    lot(1, name="하나"),
    lot(2, name="둘", type="ON_STREET", lat=37.7),
    lot(3, name="셋", lat=None, lon=None),
    lot(4, name="사라진 곳"),
    lot(5, name="겹친 곳"),
    lot(6, name="자전거", purpose="BIKE"),
)


@pytest.fixture(scope="module")
async def filled(database: Database, database_url: str) -> Database:
    await run_import(database_url, CITY, LOTS, NOW)
    await run_import(database_url, "elsewhere", file_of(lot(1, name="남의 곳")), NOW)
    async with database.transaction() as tx:
        lots = parking_lots.c
        rows = await tx.execute(select(lots.uid, lots.id).where(lots.city_id == CITY))
        ids: dict[str, Any] = {row.uid: row.id for row in rows}
        await tx.execute(update(parking_lots).where(lots.id == ids["P:4"]).values(gone_at=NOW))
        await tx.execute(update(parking_lots).where(lots.id == ids["P:5"]).values(same_as=ids["P:1"]))
        for uid, minutes in (("P:1", 5), ("P:2", 119), ("P:3", 121), ("P:4", 1)):
            at = NOW - timedelta(minutes=minutes)
            told = {"city_id": CITY, "source": "test", "free": 7, "updated_at": at, "fetched_at": at, "changed_at": at}
            await tx.execute(insert(parking_realtime).values(lot_id=ids[uid], **told))
    return database


@pytest.fixture(params=[1_000, 2, 1])
def page(request: pytest.FixtureRequest) -> Iterator[int]:
    before, reading.PAGE = reading.PAGE, request.param
    yield request.param
    reading.PAGE = before


async def read(database: Database, **wanted: Any) -> list[Found]:
    async with database.reading() as tx:
        return [one async for one in stream(tx, CITY, NOW, RULES, **wanted)]


async def names(database: Database, **wanted: Any) -> list[str]:
    return [one.lot.name for one in await read(database, **wanted)]


async def test_it_gives_each_offered_lot_once_whatever_the_page(filled: Database, page: int) -> None:
    assert sorted(await names(filled)) == ["둘", "셋", "자전거", "하나"]


async def test_it_goes_on_behind_the_last_of_the_page_before(filled: Database, page: int) -> None:
    whole = await read(filled)
    first = await read(filled, limit=3)
    rest = await read(filled, after=first[-1].lot.id)
    assert [one.lot.id for one in (*first, *rest)] == [one.lot.id for one in whole]
    assert [one.lot.id for one in await read(filled, skip=1, limit=2)] == [one.lot.id for one in whole[1:3]]


async def test_it_gives_what_is_asked_for(filled: Database, page: int) -> None:
    box = Box(37.59, 126.69, 37.61, 126.71)
    assert sorted(await names(filled, box=box, purpose="CAR")) == ["하나"]
    assert await names(filled, on_street=True) == ["둘"]
    assert sorted(await names(filled, on_street=False, purpose="CAR")) == ["셋", "하나"]
    assert await names(filled, limit=0) == []
    async with filled.reading() as tx:
        assert await count(tx, CITY) == 4
        assert await count(tx, CITY, on_street=False, purpose="CAR") == 2
        assert await count(tx, CITY, box=box) == 2


async def test_a_number_too_old_is_not_given(filled: Database) -> None:
    told = {one.lot.name: one.number for one in await read(filled)}
    given = {name: (number.standing, number.free) for name, number in told.items() if number}
    assert given == {"하나": ("fresh", 7), "둘": ("aged", 7), "셋": ("withdrawn", None)}
    assert told["자전거"] is None


async def test_an_edition_changes_with_lots_with_numbers_and_with_time(filled: Database) -> None:
    async def at(now: datetime) -> reading.Edition:
        async with filled.reading() as tx:
            return await edition(tx, CITY, now, RULES)

    before = await at(NOW)
    assert (before.lots, before.changed_at, before.counted_at) == (4, NOW, NOW - timedelta(minutes=1))
    assert before == await at(NOW + timedelta(seconds=30))
    assert await at(NOW + timedelta(minutes=2)) == replace(before, told=before.told - 1)
    async with filled.transaction() as tx:
        await tx.execute(update(parking_lots).where(parking_lots.c.uid == "P:6").values(updated_at=NOW + timedelta(1)))
    assert (await at(NOW)).changed_at == NOW + timedelta(1)


async def test_an_empty_city_has_an_edition_too(filled: Database) -> None:
    async with filled.reading() as tx:
        assert await edition(tx, "nobody", NOW, RULES) == reading.Edition(0, None, 0, None)
        assert [one async for one in stream(tx, "nobody", NOW, RULES)] == []
