"""Rows found to be one lot: one is shown with all ids and the number, and everything can be taken back."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from bot.parking.matching import LotMatching
from civic.parking.federation import same
from civic.parking.federation.proposing import Compared
from civic.parking.importing import import_lots
from civic.parking.realtime import take_realtime
from civic.parking.service import ParkingService
from civic.parking.tables import parking_lots, parking_realtime, parking_same
from civic.staff.tables import audit_log
from core.clock import SetClock
from core.contracts.channel import GeoPoint
from core.contracts.parking import ParkingRecord, ReadReport, RealtimeRecord
from core.db import Database
from core.errors import Conflict, NotFound, PreconditionFailed
from core.ids import new_id
from core.parking_rules import Matching, Parking
from tests.civic.cases.rows import NOW
from tests.civic.parking.lots import lot

CITY = "gimpo"
STAFF = new_id()
ANY = frozenset(range(1, 20))


class City:
    """A city with its matching job. `rich`: a lot of 시청 with all facts; `poor`: the same without a point."""

    def __init__(self, db: Database, **rules: Any) -> None:
        self.db = db
        self.clock = SetClock(NOW)
        self.job = LotMatching(db, CITY, Matching(**rules), self.clock)

    async def has(self, source: str, *records: ParkingRecord, gone: tuple[str, ...] = ()) -> Compared | None:
        self.clock.move(timedelta(seconds=1))
        report = ReadReport(source, "", len(records), len(records))
        async with self.db.transaction() as tx:
            await import_lots(tx, CITY, source, records, report, self.clock.now(), is_complete=False, gone=gone)
        return await self.job.compare()

    async def counts(self, source: str, uid: str, free: int) -> None:
        self.clock.move(timedelta(seconds=1))
        now = self.clock.now()
        async with self.db.transaction() as tx:
            await take_realtime(tx, CITY, source, [RealtimeRecord(source, uid, free, now, now)], now, Parking())

    async def pairs(self) -> dict[frozenset[str], Any]:
        """The stored pairs by the sources of their lots."""
        one, other = parking_lots.alias(), parking_lots.alias()
        query = (
            select(parking_same, one.c.source.label("a"), other.c.source.label("b"))
            .join(one, one.c.id == parking_same.c.one_id)
            .join(other, other.c.id == parking_same.c.other_id)
        )
        async with self.db.reading() as tx:
            return {frozenset((row.a, row.b)): row for row in await tx.execute(query)}

    async def decide(self, a: str, b: str, decision: same.Decision = "same") -> same.Pair:
        pair = (await self.pairs())[frozenset((a, b))]
        async with self.db.transaction() as tx:
            return await same.decide(tx, CITY, pair.id, decision, "현장", NOW, by=STAFF, versions=ANY)

    async def undo(self, a: str, b: str) -> same.Pair:
        pair = (await self.pairs())[frozenset((a, b))]
        async with self.db.transaction() as tx:
            return await same.undo(tx, CITY, pair.id, "잘못 이음", NOW, by=STAFF, versions=ANY)

    async def rows(self) -> dict[str, Any]:
        async with self.db.reading() as tx:
            return {row.source: row for row in await tx.execute(select(parking_lots))}

    async def behind(self) -> dict[str, str]:
        """Source of a row → source of the row that is shown for it."""
        rows = await self.rows()
        names = {row.id: row.source for row in rows.values()}
        return {row.source: names[row.same_as] for row in rows.values() if row.same_as}

    async def numbers(self) -> dict[str, int | None]:
        names = {row.id: row.source for row in (await self.rows()).values()}
        async with self.db.reading() as tx:
            return {names[row.lot_id]: row.free for row in await tx.execute(select(parking_realtime))}

    async def shown(self) -> list[tuple[str, int | None]]:
        found = await ParkingService(self.db, CITY).near(GeoPoint(37.6, 126.7), self.clock.now(), limit=9)
        return [(one.lot.source, one.number.free if one.number else None) for one in found]


@pytest.fixture
async def city(database: Database) -> City:
    async with database.transaction() as tx:
        await tx.execute(text("TRUNCATE parking_lots, parking_quarantine, parking_history, import_runs CASCADE"))
    return City(database)


POOR: dict[str, Any] = {"lat": None, "lon": None, "tariff": None, "opening_hours": None, "phone": ""}


async def test_a_row_of_numbers_joins_the_lot_of_its_number_and_name_and_its_number_is_told_there(city: City) -> None:
    await city.has("seoul", lot(2, name="가람 공영주차장(시)", **POOR))
    await city.counts("seoul", "P:2", 7)
    outcome = await city.has("national", lot(1))
    assert outcome == Compared(proposed=1, decided=1, settled=2)
    assert await city.behind() == {"seoul": "national"}
    assert (await city.rows())["national"].external_ids == ["P:1", "seoul:P:2"]
    assert await city.shown() == [("national", 7)]
    await city.counts("seoul", "P:2", 3)
    assert await city.shown() == [("national", 3)]


async def test_staff_take_back_what_the_rule_joined_and_it_is_not_joined_again(city: City) -> None:
    await city.has("seoul", lot(2, **POOR))
    await city.counts("seoul", "P:2", 7)
    await city.has("national", lot(1))
    assert (await city.pairs())[frozenset(("seoul", "national"))].decided_by is None
    await city.undo("seoul", "national")
    assert await city.behind() == {}
    assert (await city.rows())["national"].external_ids == ["P:1"]
    assert await city.numbers() == {"seoul": 7}
    await city.has("seoul", lot(2, capacity=51, **POOR))
    await city.has("national", lot(1, capacity=51))
    assert await city.behind() == {}
    assert (await city.pairs())[frozenset(("seoul", "national"))].state == "proposed"


async def test_the_rule_can_be_switched_off_and_more_of_it_on(database: Database, city: City) -> None:
    off = City(database, decides_unplaced=False)
    await off.has("seoul", lot(2, **POOR))
    assert await off.has("national", lot(1)) == Compared(proposed=1)
    async with database.transaction() as tx:
        await tx.execute(text("TRUNCATE parking_lots, import_runs CASCADE"))
    on = City(database, decides_sure=True)
    await on.has("one", lot(1))
    assert await on.has("two", lot(2)) == Compared(proposed=1, decided=1, settled=2)


async def test_rows_that_are_as_like_to_two_lots_are_left_to_staff(city: City) -> None:
    await city.has("national", lot(1))
    outcome = await city.has("seoul", lot(2, **POOR), lot(3, **POOR))
    assert outcome == Compared(proposed=2)


async def test_two_placed_rows_are_proposed_and_only_staff_join_them(city: City) -> None:
    await city.has("one", lot(1))
    assert await city.has("two", lot(2, tariff=None)) == Compared(proposed=1)
    assert await city.behind() == {}
    decided = await city.decide("one", "two")
    assert (decided.state, decided.decided_by, decided.version) == ("same", STAFF, 2)
    assert await city.behind() == {"two": "one"}
    assert await city.shown() == [("one", None)]
    async with city.db.reading() as tx:
        actions = select(audit_log.c.action).where(audit_log.c.object_id == str(decided.id))
        assert (await tx.execute(actions)).scalars().all() == ["parking_same.same"]


async def test_what_was_found_different_never_comes_back(city: City) -> None:
    await city.has("one", lot(1))
    await city.has("two", lot(2))
    await city.decide("one", "two", "different")
    for capacity in (51, 52):
        await city.has("one", lot(1, capacity=capacity))
        await city.has("two", lot(2, capacity=capacity))
    [pair] = (await city.pairs()).values()
    assert pair.state == "different"


async def test_a_chain_is_flat_and_a_ring_is_none(city: City) -> None:
    await city.has("a", lot(1, tariff=None, phone=""))
    await city.has("b", lot(2, tariff=None))
    await city.has("c", lot(3))
    await city.counts("a", "P:1", 4)
    await city.decide("a", "b")
    assert await city.behind() == {"a": "b"}
    await city.decide("b", "c")
    assert await city.behind() == {"a": "c", "b": "c"}
    await city.decide("a", "c")
    assert await city.behind() == {"a": "c", "b": "c"}
    assert (await city.rows())["c"].external_ids == ["P:3", "a:P:1", "b:P:2"]
    assert (await city.rows())["b"].external_ids == ["P:2"]
    assert await city.numbers() == {"c": 4}
    await city.undo("b", "c")
    assert await city.behind() == {"a": "c", "b": "c"}  # a is still both
    await city.undo("a", "c")
    assert await city.behind() == {"a": "b"}
    assert await city.numbers() == {"b": 4}
    assert (await city.rows())["c"].external_ids == ["P:3"]


async def test_a_master_that_is_gone_frees_its_twins_and_takes_them_back(city: City) -> None:
    await city.has("a", lot(1, tariff=None, phone=""))
    await city.has("b", lot(2, tariff=None))
    await city.has("c", lot(3))
    for one, other in (("a", "c"), ("b", "c")):
        await city.decide(one, other)
    await city.counts("a", "P:1", 5)
    await city.has("c", gone=("P:3",))
    assert await city.behind() == {"a": "b"}
    assert await city.shown() == [("b", 5)]
    await city.has("c", lot(3))
    assert await city.behind() == {"a": "c", "b": "c"}
    assert await city.shown() == [("c", 5)]


async def test_a_poor_row_that_becomes_the_richer_is_shown_then(city: City) -> None:
    await city.has("a", lot(1, tariff=None, opening_hours=None))
    await city.has("b", lot(2, tariff=None))
    await city.decide("a", "b")
    assert await city.behind() == {"a": "b"}
    await city.has("a", lot(1, max_height_cm=210, road_address="나래시 가람로 1"))
    assert await city.behind() == {"b": "a"}
    assert (await city.rows())["b"].external_ids == ["P:2"]


async def test_two_that_were_found_different_are_not_joined_by_a_third(city: City) -> None:
    for number, source in enumerate("abc", start=1):
        await city.has(source, lot(number))
    await city.decide("a", "b", "different")
    await city.decide("b", "c")
    with pytest.raises(Conflict):
        await city.decide("a", "c")
    assert set(await city.behind()) & {"a"} == set()


async def test_a_later_of_two_numbers_is_kept_when_both_rows_count(city: City) -> None:
    await city.has("a", lot(1, tariff=None))
    await city.has("b", lot(2))
    await city.counts("a", "P:1", 9)
    await city.counts("b", "P:2", 2)
    await city.decide("a", "b")
    assert await city.numbers() == {"b": 2}


async def test_a_proposal_that_nothing_speaks_for_any_more_is_dropped(city: City) -> None:
    await city.has("one", lot(1))
    await city.has("two", lot(2))
    assert await city.has("two", lot(2, lat=37.7, lon=126.9)) == Compared(dropped=1)
    assert await city.pairs() == {}
    await city.has("two", lot(2))
    assert await city.has("one", gone=("P:1",)) == Compared(dropped=1)


async def test_rows_of_one_source_are_its_own_business(city: City) -> None:
    assert await city.has("one", lot(1), lot(2)) == Compared()


async def test_only_what_changed_is_compared_again_by_any_process(city: City) -> None:
    await city.has("one", *(lot(n, lat=37.6 + n / 100, name=f"가람 {n}", address="") for n in range(1, 9)))
    assert await city.job.compare() is None
    other = City(city.db)
    assert await other.job.compare() is None
    assert await other.has("two", lot(50, lat=37.63, name="가람 3", address="")) == Compared(proposed=1)
    # The first process, which has not read the new lot yet, finds that it was compared.
    assert await city.job.compare() is None
    assert await city.has("three", lot(60, lat=37.63, name="가람 3", address="")) == Compared(proposed=2)


async def test_a_lot_that_commits_late_is_compared_too(city: City) -> None:
    await city.has("one", lot(1))
    await city.has("two", lot(2, lat=37.8))
    async with city.db.engine.connect() as slow:
        late = update(parking_lots).where(parking_lots.c.source == "two").values(lat=37.6)
        await slow.execute(late)
        await city.has("three", lot(3, lat=37.9))
        await slow.commit()
    assert await city.job.compare() == Compared(proposed=1)


async def test_who_waits_at_a_row_that_is_hidden_waits_at_the_one_that_is_shown(city: City) -> None:
    from civic.parking.tables import parking_watches
    from tests.civic.cases.rows import conversation

    await city.has("a", lot(1, tariff=None))
    await city.has("b", lot(2))
    rows = await city.rows()
    async with city.db.transaction() as tx:
        person = await conversation(tx)
        values = {"id": new_id(), "city_id": CITY, "conversation_id": person, "lot_id": rows["a"].id}
        await tx.execute(parking_watches.insert().values(**values, created_at=NOW, ends_at=NOW + timedelta(hours=2)))
    await city.decide("a", "b")
    async with city.db.reading() as tx:
        assert (await tx.execute(select(parking_watches.c.lot_id))).scalar_one() == rows["b"].id


async def test_a_decision_on_an_older_version_or_on_nothing_is_refused(city: City) -> None:
    await city.has("one", lot(1))
    await city.has("two", lot(2))
    [pair] = (await city.pairs()).values()
    for pair_id, versions, error in (
        (pair.id, frozenset({7}), PreconditionFailed),
        (UUID(int=1), ANY, NotFound),
    ):
        async with city.db.transaction() as tx:
            with pytest.raises(error):
                await same.decide(tx, CITY, pair_id, "same", "현장", NOW, by=STAFF, versions=versions)
    with pytest.raises(Conflict):
        await city.undo("one", "two")
