"""One bad sensor alarms nobody; a town where all is high is told; a stack speaks for its own company alone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.devices import intake, registry
from civic.air.devices.quorum import Exceedance, exceedances
from civic.air.devices.tables import air_devices
from core.air_device_rules import Limit
from core.air_rules import Air
from core.db import Database
from core.ids import new_id
from core.section import Bilingual
from tests.civic.air.devices.town import NOW, RULES, device, message, official, value

DUST = Limit(
    name=Bilingual(ko="먼지 5분", en="Dust"), pollutant="PM10", value=Decimal(150), unit="µg/m³", minutes=5, source="예"
)
STACK = Limit(
    name=Bilingual(ko="굴뚝 먼지", en="Stack dust"),
    applies_to="stacks",
    company="hagun-metal",
    stack="A1",
    pollutant="TSP",
    value=Decimal(20),
    unit="mg/Sm³",
    minutes=30,
    source="예",
)
LIMITS: Air = RULES.model_copy(update={"limits": {"dust": DUST, "stack": STACK}})
STEP = timedelta(minutes=5)


@pytest.fixture
def city() -> str:
    return f"town-{new_id()}"


async def _speak(tx: AsyncConnection, city: str, told: Mapping[str, float], at: datetime) -> None:
    """Sensors 300 m apart in a row say the mean of five minutes; entered when they first speak."""
    for place, (name, number) in enumerate(told.items()):
        known = (await registry.named(tx, city, [name])).get(name)
        one = known or await device(tx, city, name, north_m=300 * place)
        await intake.take(tx, city, [message(one, [value(one, at, number)])], at, LIMITS)


async def _passed(tx: AsyncConnection, city: str, at: datetime) -> list[Exceedance]:
    return await exceedances(tx, city, at, LIMITS)


async def _names(tx: AsyncConnection, city: str, one: Exceedance) -> list[str]:
    return [each.name for each in await registry.listed(tx, city) if each.site_id in one.sites]


async def test_one_mad_sensor_alarms_nobody(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        await _speak(tx, city, {"s1": 900, "s2": 30, "s3": 31, "s4": 28, "s5": 33}, NOW)
        found = await _passed(tx, city, NOW)
        assert [(one.confirmed, int(one.value), await _names(tx, city, one)) for one in found] == [(False, 900, ["s1"])]
    assert "5대 가운데 1대" in found[0].reason and "1 of 5" in found[0].reason_en


async def test_two_mad_ones_of_five_alarm_nobody(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        await _speak(tx, city, {"s1": 900, "s2": 300, "s3": 31, "s4": 28, "s5": 33}, NOW)
        found = await _passed(tx, city, NOW)
    assert [(one.confirmed, len(one.sites)) for one in found] == [(False, 1), (False, 1)]


async def test_when_all_are_truly_high_it_is_one_confirmed_exceedance(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        await _speak(tx, city, {"s1": 180, "s2": 210, "s3": 190, "s4": 160, "s5": 149}, NOW)
        found = await _passed(tx, city, NOW)
        assert [(one.confirmed, int(one.value)) for one in found] == [(True, 210)]
        assert await _names(tx, city, found[0]) == ["s1", "s2", "s3", "s4"]
    assert found[0].company == ""


async def test_a_lone_sensor_is_believed_when_the_official_station_agrees(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        await official(tx, city, "학운", {NOW: 155}, north_m=800)
        await _speak(tx, city, {"s1": 180}, NOW)
        found = await _passed(tx, city, NOW)
    assert [one.confirmed for one in found] == [True] and "학운" in found[0].reason


async def test_two_that_agree_are_doubted_when_the_official_station_reads_far_below(
    database: Database, city: str
) -> None:
    async with database.transaction() as tx:
        await official(tx, city, "학운", {NOW: 41}, north_m=800)
        await _speak(tx, city, {"s1": 180, "s2": 210}, NOW)
        found = await _passed(tx, city, NOW)
        assert {one.confirmed for one in found} == {False} and all("41" in one.reason for one in found)
        await _speak(tx, city, {"s1": 180, "s2": 210, "s3": 200}, NOW + STEP)
        assert [one.confirmed for one in await _passed(tx, city, NOW + STEP)] == [True]


async def test_an_old_official_hour_contradicts_nobody(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        await official(tx, city, "학운", {NOW - timedelta(hours=3): 41}, north_m=800)
        await _speak(tx, city, {"s1": 180, "s2": 210}, NOW)
        assert [one.confirmed for one in await _passed(tx, city, NOW)] == [True]


async def test_sensors_that_are_far_apart_confirm_nothing(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        for name, north_m in (("s1", 0), ("s2", 9_000)):
            one = await device(tx, city, name, north_m=north_m)
            await intake.take(tx, city, [message(one, [value(one, NOW, 400)])], NOW, LIMITS)
        assert [one.confirmed for one in await _passed(tx, city, NOW)] == [False, False]


async def test_a_sensor_that_was_graded_down_takes_no_part(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        await _speak(tx, city, {"s1": 180, "s2": 210, "s3": 30}, NOW)
        bad = air_devices.update().where(air_devices.c.city_id == city, air_devices.c.name == "s2")
        await tx.execute(bad.values(grade="D"))
        found = await _passed(tx, city, NOW)
    assert [(one.confirmed, int(one.value)) for one in found] == [(False, 180)]


async def test_it_keeps_its_key_until_nothing_was_over_for_a_while(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        await _speak(tx, city, {"s1": 180, "s2": 210}, NOW)
        first = (await _passed(tx, city, NOW))[0]
        await _speak(tx, city, {"s1": 250, "s2": 100}, NOW + STEP)
        tail = (await _passed(tx, city, NOW + STEP))[0]
        await _speak(tx, city, {"s1": 40, "s2": 30}, NOW + 2 * STEP)
        assert await _passed(tx, city, NOW + 2 * STEP) == []
        assert await _passed(tx, city, NOW + 5 * STEP) == []
        await _speak(tx, city, {"s1": 180, "s2": 210}, NOW + 9 * STEP)
        later = (await _passed(tx, city, NOW + 9 * STEP))[0]
    assert (first.confirmed, tail.confirmed, later.confirmed) == (True, True, True)
    assert first.key == tail.key != later.key and tail.began_at == NOW and tail.value == 250


async def test_a_stack_over_its_own_limit_is_confirmed_for_its_company_alone(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        given = {"kind": "stack", "source": "stacks", "pollutants": ("TSP",), "period_s": 1_800}
        own = await device(tx, city, "k1", company="hagun-metal", stack="A1", **given)
        other = await device(tx, city, "k2", company="yangchon-resin", stack="B1", north_m=100, **given)
        for one in (own, other):
            told = value(one, NOW, 31, pollutant="TSP", unit="mg/Sm³")
            await intake.take(tx, city, [message(one, [told])], NOW, LIMITS)
        found = await _passed(tx, city, NOW)
    assert [(one.confirmed, one.company, one.sites) for one in found] == [(True, "hagun-metal", (own.site_id,))]


@pytest.mark.parametrize("status", ["CALIBRATION", "MAINTENANCE", "SUSPECT"])
async def test_a_stack_that_is_being_calibrated_passes_no_limit(database: Database, city: str, status: str) -> None:
    async with database.transaction() as tx:
        given = {"kind": "stack", "source": "stacks", "pollutants": ("TSP",), "period_s": 1_800}
        one = await device(tx, city, "k1", company="hagun-metal", stack="A1", **given)
        told = value(one, NOW, 400, pollutant="TSP", unit="mg/Sm³", quality=status)  # type: ignore[arg-type]
        await intake.take(tx, city, [message(one, [told])], NOW, LIMITS)
        assert await _passed(tx, city, NOW) == []
