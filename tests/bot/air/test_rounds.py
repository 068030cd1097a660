"""Rounds of the air over real HTTP: hours come when they are there, and an outage leaves no trace in the tables."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import RowMapping, select

from bot.air.gaps import remembering
from bot.air.rounds import Rounds
from civic.air import reading
from civic.air.records import Hour
from civic.sources.tables import sources
from civic.staff.tables import staff_notices
from core.air_rules import Air
from core.clock import SetClock
from core.db import Database
from core.http import Outside
from integrations.air import airkorea, practice
from tests.integrations.air.country import NAMES, Country, row, told
from tests.integrations.parking.portal import Portal, Said, failure_xml, serving

START = datetime(2026, 3, 1, 3, 15, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RULES = Air.model_validate(
    {
        "zones": {"town": {"name": {"ko": "가람시", "en": "Garam"}, "stations": ["사우동", "월곶면"]}},
        "sources": {"airkorea": {"vendor": "airkorea"}},
        "gaps": {"days": 2, "a_round": 2},
        "asking": {"jitter": 0},
    }
)


class Publisher(Country):
    """Knows every hour of its three stations since the day before, and shows the newest one from :15 on."""

    def __init__(self, clock: SetClock) -> None:
        super().__init__()
        self.clock = clock
        self.past = self._past
        self.silent: set[datetime] = set()
        self.first = START.replace(minute=0) - 48 * HOUR

    def __call__(self, asked: Any) -> Said:
        self.hours = [self.row(name, self.newest) for name in NAMES]
        return super().__call__(asked)

    @property
    def newest(self) -> datetime:
        return (self.clock.now() - 15 * MINUTE).replace(minute=0)

    def row(self, name: str, at: datetime) -> dict[str, object]:
        """Values that no two hours share; now and then one is missing."""
        number = int((at - START.replace(minute=0)) / HOUR) + 100 * NAMES.index(name)
        dust = "-" if number % 7 == 3 else str(30 + number % 50)
        gases = {"so2": "0.003", "co": "0.41", "o3": f"0.0{10 + number % 30}", "no2": "0.0173"}
        return row(name, told(at), pm10=dust, pm25="14", khai=str(50 + number % 40), **gases)

    def _past(self, name: str, term: str) -> list[dict[str, object]]:
        back = {"DAILY": 24, "MONTH": 24 * 30, "3MONTH": 24 * 90}[term]
        hours = [self.newest - each * HOUR for each in range(back)]
        return [self.row(name, at) for at in hours if at >= self.first and at not in self.silent]


class House:
    """One process on its rounds: AirKorea, and the hours that were missed of it."""

    def __init__(self, db: Database, portal: Portal, outside: Outside, clock: SetClock, **more: object) -> None:
        self.db, self.clock, self.portal = db, clock, portal
        self.city_id = f"city-{uuid4().hex[:8]}"
        settings = {"key": "a%2Bb", "url": f"{portal.url}/B552584", "alerts": False, "ozone": False, "forecasts": False}
        source = airkorea.build("airkorea", airkorea.Settings.model_validate(settings | more))
        self.main = self._rounds({"airkorea": source}, outside)
        self.gaps = self._rounds(dict(remembering({"airkorea": source}, db, self.city_id, RULES)), outside)

    def _rounds(self, named: Mapping[str, Any], outside: Outside) -> Rounds:
        return Rounds(self.db, named, outside, RULES, self.city_id, self.clock, "one", spread=lambda low, high: 0.0)

    async def source(self, name: str = "airkorea") -> RowMapping:
        mine = (sources.c.city_id == self.city_id, sources.c.kind == "air", sources.c.name == name)
        async with self.db.reading() as tx:
            return (await tx.execute(select(sources).where(*mine))).mappings().one()

    async def table(self) -> dict[str, list[Hour]]:
        """What stands in the end, by station; ids of sites aside."""
        now = self.clock.now()
        async with self.db.reading() as tx:
            sites = {site.id: site.name for site in await reading.sites(tx, self.city_id, now)}
            found = await reading.hours(tx, list(sites), START - 80 * HOUR, now)
        return {sites[site]: [_plain(hour) for hour in hours] for site, hours in found.items()}

    async def notices(self) -> list[str]:
        query = select(staff_notices.c.kind).where(staff_notices.c.city_id == self.city_id)
        async with self.db.reading() as tx:
            return list((await tx.execute(query.order_by(staff_notices.c.created_at))).scalars())

    async def fill(self) -> int:
        """Gap rounds until nothing is left to ask; how many stations were asked."""
        before = len(self.portal.asked)
        for _ in range(10):
            await self.gaps.go()
            row = await self.source("airkorea-gaps")
            if row["next_at"] - self.clock.now() > 2 * MINUTE:
                break
            self.clock.move(row["next_at"] - self.clock.now())
        return len(self.portal.asked) - before


def _plain(hour: Hour) -> Hour:
    return Hour(0, hour.at, hour.values, hour.index, hour.grade, hour.basis, hour.dominant, hour.parts, hour.means)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
async def opened(clock: SetClock) -> AsyncIterator[tuple[Publisher, Portal, Outside]]:
    publisher = Publisher(clock)
    async with serving(publisher) as (portal, outside):
        yield publisher, portal, outside


Opened = tuple[Publisher, Portal, Outside]


async def test_an_hour_is_stored_and_the_source_says_when_it_is_asked_again(
    database: Database, clock: SetClock, opened: Opened
) -> None:
    _, portal, outside = opened
    house = House(database, portal, outside, clock)
    await house.main.go()
    table = await house.table()
    assert {name: [hour.at for hour in hours] for name, hours in table.items()} == {
        name: [START.replace(minute=0)] for name in NAMES
    }
    row = await house.source()
    assert (row["state"], row["vendor"], row["next_at"], row["calls"]) == ("active", "airkorea", START + 10 * MINUTE, 2)
    assert row["report"]["stations"] == 3
    assert row["realtime_report"]["taken"]["stored"] == 18
    await house.main.go()
    assert len(portal.asked) == 2, "not due"
    clock.move(10 * MINUTE)
    await house.main.go()
    assert len(portal.asked) == 2, "the hour is there"
    clock.move(30 * MINUTE)
    await house.main.go()
    assert (await house.source())["realtime_report"]["taken"]["repeated"] == 18, "a last look at the hour"


async def test_an_outage_of_thirty_hours_is_filled_and_leaves_no_trace(
    database: Database, clock: SetClock, opened: Opened
) -> None:
    publisher, portal, outside = opened
    publisher.first = START.replace(minute=0)
    steady, broken = (House(database, portal, outside, clock) for _ in range(2))
    for hour in range(40):
        clock.move(START + hour * HOUR - clock.now())
        await steady.main.go()
        if hour < 5 or hour >= 35:
            await broken.main.go()
    gone = await broken.table()
    assert [len(hours) for hours in gone.values()] == [10, 10, 10]
    assert await broken.fill() == 3, "one call a station"
    await steady.fill()
    filled, whole = await broken.table(), await steady.table()
    assert filled == whole
    assert [len(hours) for hours in whole.values()] == [40, 40, 40]
    assert await broken.fill() == 0, "all is there"
    row = await broken.source("airkorea-gaps")
    assert (row["state"], row["calls"]) == ("active", 3)
    async with database.reading() as tx:
        names = {site.source for site in await reading.sites(tx, broken.city_id, clock.now())}
    assert names == {"airkorea"}, "values that were missed are the source's own"


async def test_what_nobody_has_told_is_not_asked_for_again_at_once(
    database: Database, clock: SetClock, opened: Opened
) -> None:
    publisher, portal, outside = opened
    house = House(database, portal, outside, clock)
    publisher.silent.update(START.replace(minute=0) - each * HOUR for each in range(5, 9))
    await house.main.go()
    assert await house.fill() == 2, "the zone's two stations"
    clock.move(3 * HOUR)
    await house.main.go()
    assert await house.fill() == 3, "the hours between are new"
    clock.move(MINUTE)
    assert await house.fill() == 0


async def test_a_correction_of_yesterday_is_found_and_the_earlier_word_kept(
    database: Database, clock: SetClock, opened: Opened
) -> None:
    publisher, portal, outside = opened
    house = House(database, portal, outside, clock)
    await house.main.go()
    await house.fill()
    first = START.replace(minute=0)
    before = next(hour for hour in (await house.table())["사우동"] if hour.at == first)
    clock.move(20 * HOUR)
    plain = publisher.row
    publisher.row = lambda name, at: plain(name, at) | ({"pm10Value": "99"} if at == first else {})  # type: ignore[method-assign]
    await house.fill()
    after = next(hour for hour in (await house.table())["사우동"] if hour.at == first)
    assert before.values["PM10"].value == Decimal(30)
    assert after.values["PM10"].value == Decimal(99)
    assert after.values["PM10"].corrected


async def test_a_used_up_quota_of_gaps_waits_for_midnight_and_costs_no_newest_hour(
    database: Database, clock: SetClock, opened: Opened
) -> None:
    _, portal, outside = opened
    house = House(database, portal, outside, clock, gap_calls=2)
    await house.main.go()
    for _ in range(4):
        clock.move(HOUR)
        await house.main.go()
    assert await house.fill() == 2
    row = await house.source("airkorea-gaps")
    assert row["next_at"] >= datetime(2026, 3, 1, 15, tzinfo=UTC), "midnight in Korea"
    clock.move(HOUR)
    await house.main.go()
    assert (await house.source())["last_ok_at"] == clock.now()
    assert await house.notices() == []


async def test_a_part_that_fails_is_told_and_the_rest_stored(
    database: Database, clock: SetClock, opened: Opened
) -> None:
    publisher, portal, outside = opened
    house = House(database, portal, outside, clock, alerts=True)
    publisher.broken["getUlfptcaAlarmInfo"] = failure_xml("30", "SERVICE_KEY_IS_NOT_REGISTERED_ERROR")
    await house.main.go()
    row = await house.source()
    assert (row["state"], row["last_ok_at"], row["next_at"]) == ("failing", START, START + 10 * MINUTE)
    assert row["reason"].startswith("미세먼지 경보: ")
    assert "미세먼지 경보" in row["realtime_report"]["failure"]
    assert sum(map(len, (await house.table()).values())) == 3
    publisher.broken.clear()
    clock.move(10 * MINUTE)
    await house.main.go()
    row = await house.source()
    assert (row["state"], row["reason"]) == ("active", "")
    assert await house.notices() == ["air.source_refused", "air.source_back"]


async def test_all_that_fails_waits_longer_each_time_and_is_told_once(
    database: Database, clock: SetClock, opened: Opened
) -> None:
    publisher, portal, outside = opened
    house = House(database, portal, outside, clock)
    publisher.broken["getCtprvnRltmMesureDnsty"] = publisher.broken["getMsrstnList"] = Said(b"<html>")
    waits = []
    for _ in range(8):
        await house.main.go()
        row = await house.source()
        waits.append((row["next_at"] - clock.now()).total_seconds())
        clock.move(row["next_at"] - clock.now())
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600]
    assert await house.notices() == ["air.source_failing"]
    assert (await house.table()) == {}


class Sensors:
    """They send, and are not asked."""

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> None:
        raise NotImplementedError


async def test_a_newcomers_house_has_two_days_of_exercise_and_says_so(
    database: Database, clock: SetClock, opened: Opened
) -> None:
    _, portal, outside = opened
    place = {"uid": "p-1", "name": "사우동", "lat": 37.62, "lon": 126.72}
    source = practice.build("practice", practice.Settings.model_validate({"stations": [place]}))
    house = House(database, portal, outside, clock)
    house.main = house._rounds({"practice": source, "sensors": Sensors()}, outside)
    await house.main.go()
    clock.move(HOUR)
    await house.main.go()
    assert {name: len(hours) for name, hours in (await house.table()).items()} == {"사우동": 49}
    assert source.terms.attribution == "연습용 자료, 실제 측정값이 아닙니다"
    assert portal.asked == []
    async with database.reading() as tx:
        named = select(sources.c.name).where(sources.c.city_id == house.city_id)
        assert list((await tx.execute(named)).scalars()) == ["practice"], "who sends is looked after device by device"
