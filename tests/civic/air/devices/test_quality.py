"""What is wrong with a sensor is found by its neighbours and the official stations, told once, and graded."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.devices import findings, grading, intake, periods, registry
from civic.air.devices.registry import Device
from core.db import Database
from core.ids import new_id
from tests.civic.air.devices.town import NOW, RULES, device, message, official, value

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def city() -> str:
    return f"town-{new_id()}"


async def _minutes(tx: AsyncConnection, one: Device, numbers: list[float], *, end: timedelta = timedelta()) -> None:
    """Five-minute means, the last one now."""
    told = [value(one, NOW + end - 5 * MINUTE * back, number) for back, number in enumerate(reversed(numbers))]
    await intake.take(tx, one.city_id, [message(one, told)], NOW + end, RULES)


async def _kinds(tx: AsyncConnection, city: str) -> dict[str, list[str]]:
    names = {one.id: one.name for one in await registry.listed(tx, city)}
    stand = await findings.standing(tx, city)
    return {names[key]: [one.kind for one in several] for key, several in stand.items()}


async def test_a_value_that_stands_still_while_its_neighbour_moves_is_found(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        still, moving = await device(tx, city, "still"), await device(tx, city, "moving", north_m=500)
        await _minutes(tx, still, [31.0] * 13)
        await _minutes(tx, moving, [30.0 + place for place in range(13)])
        await grading.look_at_values(tx, city, NOW, RULES)
        assert await _kinds(tx, city) == {"still": ["stuck"]}
        await _minutes(tx, still, [31.0] * 12 + [33.0], end=5 * MINUTE)
        await grading.look_at_values(tx, city, NOW + 5 * MINUTE, RULES)
        assert await _kinds(tx, city) == {}


async def test_still_air_is_no_fault(database: Database, city: str) -> None:
    """Neighbours that stand still as well, or are far away, prove nothing."""
    async with database.transaction() as tx:
        for name, north_m in (("s1", 0), ("s2", 400)):
            await _minutes(tx, await device(tx, city, name, north_m=north_m), [31.0] * 13)
        far = await device(tx, city, "far", north_m=9_000)
        await _minutes(tx, far, [30.0 + place for place in range(13)])
        await grading.look_at_values(tx, city, NOW, RULES)
        assert await _kinds(tx, city) == {}


async def test_values_that_jump_again_and_again_make_a_c(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        one = await device(tx, city, "jumpy", period_s=1)
        told = [value(one, NOW - timedelta(seconds=place), 900 if place % 50 == 0 else 20) for place in range(550)]
        await intake.take(tx, city, [message(one, told)], NOW, RULES)
        await grading.look_at_values(tx, city, NOW, RULES)
        assert await _kinds(tx, city) == {"jumpy": ["spikes"]}
        await grading.grade(tx, city, await registry.listed(tx, city), None, NOW, RULES)
        after = await registry.read(tx, city, "jumpy")
    assert after.grade == "C" and "튀었습니다" in after.grade_reason_ko and after.graded_at == NOW


async def test_silence_begins_once_and_ends_when_it_speaks(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        one = await device(tx, city, "quiet")
        await _minutes(tx, one, [30.0])
        assert (await grading.look(tx, city, NOW + 20 * MINUTE, RULES)).stand == []
        first = (await grading.look(tx, city, NOW + 30 * MINUTE, RULES)).stand
        again = (await grading.look(tx, city, NOW + 31 * MINUTE, RULES)).stand
        assert [row.kind for row in first] == ["silent"] and first[0].id == again[0].id
        await grading.grade(tx, city, [one], None, NOW + 31 * MINUTE, RULES)
        assert (await registry.read(tx, city, "quiet")).grade == "D"
        await _minutes(tx, one, [30.0], end=32 * MINUTE)
        assert (await grading.look(tx, city, NOW + 33 * MINUTE, RULES)).stand == []
        await grading.grade(tx, city, await registry.listed(tx, city), None, NOW + 33 * MINUTE, RULES)
        history = await grading.history(tx, one.id)
    assert [row["grade"] for row in history] == ["U", "D"]


async def test_clocks_that_run_ahead_or_behind_are_told(database: Database, city: str) -> None:
    async with database.transaction() as tx:
        ahead, behind = await device(tx, city, "ahead"), await device(tx, city, "behind")
        await intake.take(tx, city, [message(ahead, [value(ahead, NOW + 9 * HOUR, 3)])], NOW, RULES)
        await intake.take(tx, city, [message(behind, [value(behind, NOW - 9 * HOUR, 3)])], NOW, RULES)
        await grading.look(tx, city, NOW, RULES)
        assert await _kinds(tx, city) == {"ahead": ["clock_ahead"], "behind": ["clock_behind"]}


async def test_a_sensor_that_drifted_from_the_official_station_is_a_d_and_others_are_graded(
    database: Database, city: str
) -> None:
    days = {NOW - HOUR * back: 40 + back % 7 for back in range(60)}
    async with database.transaction() as tx:
        await official(tx, city, "학운", days, north_m=700)
        for name, times in (("good", 1.1), ("fair", 1.4), ("poor", 1.8), ("gone", 2.6)):
            one = await device(tx, city, name, period_s=3_600)
            told = [value(one, at, round(number * times, 1)) for at, number in days.items()]
            await intake.take(tx, city, [message(one, told)], NOW, RULES)
        await device(tx, city, "new", period_s=3_600)
    async with database.transaction() as tx:
        await periods.roll(tx, city, NOW)
    async with database.transaction() as tx:
        stand = await grading.compare(tx, city, NOW, RULES)
        grades = {one.name: one.grade for one in await registry.listed(tx, city)}
        sites = {one.uid: one.grade for one in await reading.sites(tx, city, NOW)}
        gone = await registry.read(tx, city, "gone")
    assert grades == {"good": "A", "fair": "B", "poor": "C", "gone": "D", "new": "U"}
    assert [one.kind for one in stand] == ["drift"] and stand[0].facts["station"] == "학운"
    assert "2.60배" in gone.grade_reason_ko
    assert {name: sites[name] for name in ("good", "gone")} == {"good": "A", "gone": "D"}


async def test_when_nearly_all_fall_silent_at_once_it_is_one_fault_and_none_of_theirs(
    database: Database, city: str
) -> None:
    async with database.transaction() as tx:
        for number in range(11):
            await _minutes(tx, await device(tx, city, f"s{number}", north_m=number * 100), [30.0])
        looked = await grading.look(tx, city, NOW + 60 * MINUTE, RULES)
    assert looked.stand == [] and looked.outage == NOW
