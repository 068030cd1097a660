"""Which word on an hour stands, and the index that is reckoned where the publisher shows none."""

from decimal import Decimal

import pytest

from civic.air import reading
from civic.air.records import Hour, Version
from core.contracts.air import Observation
from core.db import Database
from tests.civic.air.told import AT, HOUR, MINUTE, new_city, pulled, says, shows, station, take_in

GASES = {"SO2": "0.003", "CO": "0.5", "O3": "0.030", "NO2": "0.020"}


@pytest.fixture
def city_id() -> str:
    return new_city()


async def hour_of(database: Database, city_id: str, at: object = AT) -> Hour:
    async with database.reading() as tx:
        (site,) = await reading.sites(tx, city_id, AT)
        (hour,) = (await reading.hours(tx, [site.id], AT - HOUR, AT))[site.id]
    return hour


async def said(database: Database, city_id: str) -> list[Version]:
    async with database.reading() as tx:
        (site,) = await reading.sites(tx, city_id, AT)
        return await reading.versions(tx, site.id, AT - HOUR, AT)


async def enter(database: Database, city_id: str, *words: Observation, **more: object) -> None:
    await take_in(database, city_id, pulled(*words, stations=[station()], **more))


def day(value: str = "40", hours: int = 12, **more: str) -> list[Observation]:
    """Gases of the hour with dust of the hours up to it."""
    told = [says(more.get(one, number), one) for one, number in GASES.items()]
    return told + [says(value, dust, AT - back * HOUR) for dust in ("PM10", "PM25") for back in range(hours)]


async def test_checked_values_stand_whenever_they_came(database: Database, city_id: str) -> None:
    await enter(database, city_id, says("41", status="confirmed", told=AT + HOUR), says("47", told=AT + 9 * HOUR))
    value = (await hour_of(database, city_id)).values["PM10"]
    assert (value.value, value.status, value.corrected) == (Decimal(41), "confirmed", True)
    assert [(one.status, one.value, one.stands) for one in await said(database, city_id)] == [
        ("confirmed", Decimal(41), True),
        ("realtime", Decimal(47), False),
    ]


async def test_a_checked_blank_takes_a_value_back(database: Database, city_id: str) -> None:
    await enter(database, city_id, says("41"), says(None, status="confirmed"))
    value = (await hour_of(database, city_id)).values["PM10"]
    assert (value.value, value.quality, value.corrected) == (None, "MISSING", True)
    assert [one.value for one in await said(database, city_id)] == [None, Decimal(41)]


async def test_fewer_decimals_are_no_correction(database: Database, city_id: str) -> None:
    words = [says("0.0292", "NO2"), says("0.029", "NO2", status="confirmed")]
    await enter(database, city_id, *words, says("0.0292", "O3"), says("0.031", "O3", status="confirmed"))
    values = (await hour_of(database, city_id)).values
    assert (values["NO2"].value, values["NO2"].corrected) == (Decimal("0.029"), False)
    assert values["O3"].corrected


async def test_nothing_without_a_reason_replaces_nothing(database: Database, city_id: str) -> None:
    await enter(database, city_id, says("41"), says(None, told=AT + HOUR))
    assert (await hour_of(database, city_id)).values["PM10"].value == Decimal(41)
    flagged = says(None, told=AT + 2 * HOUR, quality="SUSPECT", flag="자료이상")
    await enter(database, city_id, flagged)
    value = (await hour_of(database, city_id)).values["PM10"]
    assert (value.value, value.quality, value.corrected) == (None, "SUSPECT", True)


async def test_a_value_that_comes_back_stands_again(database: Database, city_id: str) -> None:
    flag = says(None, told=AT + 40 * MINUTE, quality="COMM", flag="통신장애")
    for word in (says("41", told=AT + 70 * MINUTE), says("41"), flag):
        await enter(database, city_id, word)
    told = await said(database, city_id)
    assert [(one.value, one.received_at, one.last_received_at) for one in told] == [
        (Decimal(41), AT + 15 * MINUTE, AT + 70 * MINUTE),
        (None, AT + 40 * MINUTE, AT + 40 * MINUTE),
    ]


async def test_a_value_no_instrument_shows_is_doubtful(database: Database, city_id: str) -> None:
    await enter(database, city_id, says("300000"))
    value = (await hour_of(database, city_id)).values["PM10"]
    assert (value.value, value.quality, value.flag) == (None, "SUSPECT", "300000")


async def test_other_units_are_other_values(database: Database, city_id: str) -> None:
    dust = [one for one in day() if one.pollutant.startswith("PM")]
    await enter(database, city_id, says("20", "NO2", unit="ppb"), says("3", "H2S", unit="ppb"), *dust)
    hour = await hour_of(database, city_id)
    assert [(one.pollutant, one.value, one.unit) for one in hour.values.values()] == [
        ("PM10", Decimal(40), "µg/m³"),
        ("PM25", Decimal(40), "µg/m³"),
        ("NO2", Decimal(20), "ppb"),
        ("H2S", Decimal(3), "ppb"),
    ]
    assert hour.parts is not None and set(hour.parts) == {"PM10", "PM25"}


async def test_the_index_of_a_gap_is_ours_and_says_so(database: Database, city_id: str) -> None:
    await enter(database, city_id, *day())
    hour = await hour_of(database, city_id)
    assert (hour.index, hour.basis, hour.grade, hour.dominant) == (100, "ours", 2, "PM25")
    assert hour.means == {"PM10": Decimal(40), "PM25": Decimal(35)}
    assert hour.parts is not None and hour.parts["O3"] == 50


async def test_an_empty_index_of_the_publisher_is_a_gap(database: Database, city_id: str) -> None:
    await enter(database, city_id, *day(), indices=(shows(None),))
    assert (await hour_of(database, city_id)).basis == "ours"
    await enter(database, city_id, indices=(shows(61, told=AT + 30 * MINUTE),))
    hour = await hour_of(database, city_id)
    assert (hour.index, hour.basis, hour.grade) == (61, "publisher", 2)
    await enter(database, city_id, indices=(shows(None, told=AT + 40 * MINUTE),))
    assert (await hour_of(database, city_id)).index == 61


async def test_a_late_hour_changes_the_index_of_those_after_it(database: Database, city_id: str) -> None:
    words = day(hours=8)
    await enter(database, city_id, *words)
    hour = await hour_of(database, city_id)
    assert (hour.index, hour.basis, hour.means) == (None, "none", None), "eight of twelve hours are too few"
    late = [says("40", dust, AT - 8 * HOUR, told=AT + 5 * HOUR) for dust in ("PM10", "PM25")]
    await enter(database, city_id, *late)
    assert (await hour_of(database, city_id)).basis == "ours"


async def test_flagged_values_count_in_no_index(database: Database, city_id: str) -> None:
    words = [one for one in day() if one.pollutant != "O3"]
    await enter(database, city_id, *words, says("0.200", "O3", quality="SUSPECT", flag="자료이상"))
    hour = await hour_of(database, city_id)
    assert (hour.index, hour.basis) == (None, "none")
    assert hour.parts is not None and "O3" not in hour.parts
    assert hour.values["O3"].value == Decimal("0.2")
