"""What is found of devices and limits reaches those who act on it: once, under one key, never by one sensor alone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.air.broker import BrokerAway
from bot.air.checking import Checking
from bot.air.devices import leave_or_come
from civic.air.devices import intake, registry
from civic.air.matters.tables import air_matters
from core.clock import SetClock
from core.db import Database
from core.ids import new_id
from tests.civic.air.devices.test_quorum import LIMITS
from tests.civic.air.devices.town import NOW, device, message, value

MINUTE = timedelta(minutes=1)


class Town:
    """A city with one process that checks."""

    def __init__(self, database: Database) -> None:
        self.db, self.city, self.clock = database, f"town-{new_id()}", SetClock(NOW)
        self.checking = Checking(database, LIMITS, self.city, self.clock)

    async def speak(self, **told: float) -> None:
        """Sensors 300 m apart say the mean of five minutes, now."""
        now = self.clock.now()
        async with self.db.transaction() as tx:
            for place, (name, number) in enumerate(told.items()):
                known = (await registry.named(tx, self.city, [name])).get(name)
                one = known or await device(tx, self.city, name, north_m=300 * place)
                await intake.take(tx, self.city, [message(one, [value(one, now, number)])], now, LIMITS)

    async def matters(self) -> list[tuple[str, str, list[str]]]:
        columns = (air_matters.c.kind, air_matters.c.title_ko, air_matters.c.companies)
        query = select(*columns).where(air_matters.c.city_id == self.city).order_by(air_matters.c.kind, "title_ko")
        async with self.db.reading() as tx:
            return [(row.kind, row.title_ko, list(row.companies)) for row in await tx.execute(query)]


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


async def test_one_sensor_alone_opens_its_own_maintenance_and_no_alarm(town: Town) -> None:
    await town.speak(s1=900, s2=30, s3=31, s4=28, s5=33)
    for _ in range(3):
        await town.checking.go()
        town.clock.move(MINUTE)
    found = await town.matters()
    assert [(kind, companies) for kind, _, companies in found] == [("sensor", [])]
    assert "측정기 s1" in found[0][1] and "5대 가운데 1대" in found[0][1]


async def test_a_town_that_is_truly_high_is_one_matter_of_the_limit(town: Town) -> None:
    await town.speak(s1=180, s2=210, s3=190, s4=160, s5=140)
    for _ in range(3):
        await town.checking.go()
        town.clock.move(MINUTE)
    assert [(kind, title) for kind, title, _ in await town.matters()] == [("limit", "먼지 5분 기준 도달 (210 µg/m³)")]


async def test_a_stack_over_its_limit_goes_to_its_own_company(town: Town) -> None:
    async with town.db.transaction() as tx:
        given = {"kind": "stack", "source": "stacks", "pollutants": ("TSP",), "period_s": 1_800}
        one = await device(tx, town.city, "k1", company="hagun-metal", stack="A1", **given)
        told = value(one, NOW, 31, pollutant="TSP", unit="mg/Sm³")
        await intake.take(tx, town.city, [message(one, [told])], NOW, LIMITS)
    await town.checking.go()
    assert await town.matters() == [("limit", "굴뚝 먼지 기준 도달 (31 mg/Sm³)", ["hagun-metal"])]


async def test_a_silent_sensor_is_one_matter_and_is_graded_down(town: Town) -> None:
    await town.speak(s1=30)
    town.clock.move(60 * MINUTE)
    await town.checking.go()
    town.clock.move(MINUTE)
    await town.checking.go()
    async with town.db.reading() as tx:
        assert (await registry.read(tx, town.city, "s1")).grade == "D"
    assert [kind for kind, _, _ in await town.matters()] == ["sensor"]


class Door:
    """A broker that is away until it is opened."""

    is_used = True

    def __init__(self) -> None:
        self.is_away, self.told = True, list[tuple[str, str]]()

    async def disable(self, name: str) -> None:
        self._tell("disable", name)

    async def enable(self, name: str) -> None:
        self._tell("enable", name)

    def _tell(self, what: str, name: str) -> None:
        if self.is_away:
            raise BrokerAway("닿지 않습니다.", "Away.")
        self.told.append((what, name))


async def test_a_broker_that_was_away_is_told_later(town: Town) -> None:
    door = Door()
    await town.speak(s1=30)
    async with town.db.transaction() as tx:
        await registry.note_broker(tx, town.city, "s1", "live")
        await registry.switch(tx, town.city, "s1", NOW, is_on=False, reason="교정", versions=None, by=None)
    assert await leave_or_come(town.db, door, town.city) == 0  # type: ignore[arg-type]
    door.is_away = False
    assert await leave_or_come(town.db, door, town.city) == 1  # type: ignore[arg-type]
    assert await leave_or_come(town.db, door, town.city) == 0  # type: ignore[arg-type]
    async with town.db.reading() as tx:
        assert (await registry.read(tx, town.city, "s1")).broker == "off"
    assert door.told == [("disable", "s1")]
