"""Arrays say what the hours say, cell by cell: whatever came late, twice, flagged, corrected or confirmed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from civic.air import reading
from civic.air.open.series import Series, bands, series
from civic.air.storing import take
from core.contracts.air import Observation, Status
from core.db import Database
from tests.civic.air.open.told import CITY, STATIONS, hour, pulled

BEGIN = datetime(2026, 3, 1, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNT = 75
END = BEGIN + COUNT * HOUR


def words(random: Random) -> list[list[Observation]]:
    """Batches: first words, second thoughts about some, and a checked file that mostly only rounds."""
    batches: list[list[Observation]] = [[], [], []]
    for number in range(COUNT):
        at = BEGIN + (number + 1) * HOUR
        told = {"PM25": str(random.randint(5, 90)), "O3": f"0.0{random.randint(100, 600)}"}
        if random.random() < 0.2:
            told[random.choice(["PM25", "O3"])] = random.choice(["-", "통신장애"])
        if random.random() < 0.9:
            batches[0] += hour("131471", at, told)
        if random.random() < 0.2:
            later = at + timedelta(hours=2)
            batches[1] += hour("131471", at, {"PM25": str(random.randint(5, 90))}, received=later)
        if random.random() < 0.6:
            checked = {name: _rounded(value, random) for name, value in told.items()}
            status: Status = "confirmed"
            batches[2] += hour("131471", at, checked, status=status, received=at + timedelta(days=90))
    return batches


def _rounded(value: str, random: Random) -> str:
    if value in ("-", "통신장애") or random.random() < 0.1:
        return "-" if random.random() < 0.5 else "12"
    return str(Decimal(value).quantize(Decimal("0.001")) if "." in value else value)


@pytest.fixture(scope="module")
async def site(database: Database) -> int:
    async with database.transaction() as tx:
        for number, batch in enumerate(words(Random(7))):
            stations = STATIONS[:1] if number == 0 else None
            await take(tx, CITY, "airkorea", pulled(batch, stations=stations), END + timedelta(days=91))
        return (await reading.sites(tx, CITY, END))[0].id


@pytest.mark.parametrize("cut", [0, 5, 20])
async def test_arrays_have_the_values_qualities_and_marks_of_the_hours(database: Database, site: int, cut: int) -> None:
    begin, end = BEGIN + cut * HOUR, END - cut * HOUR
    async with database.reading() as tx:
        read = await series(tx, site, begin, end)
        hours = (await reading.hours(tx, [site], begin, end))[site]
    assert read.count == COUNT - 2 * cut and read.at(0) == begin + HOUR
    told = {(one.at, name): measured for one in hours for name, measured in one.values.items()}
    assert len(told) > 40
    for pollutant, line in read.lines.items():
        confirmed = {place for first, until in line.confirmed for place in range(first, until)}
        for place in range(read.count):
            one = told.get((read.at(place), pollutant))
            usable = None if one is None or one.usable is None else float(one.usable)
            assert line.values[place] == usable
            assert (place in line.corrected) == (one is not None and one.corrected), (pollutant, read.at(place))
            assert (place in confirmed) == (one is not None and one.status == "confirmed")
            assert (place in line.flagged) == (one is not None and one.quality != "OK")
    assert any(line.corrected for line in read.lines.values()), "the test would show nothing"


async def test_nothing_told_is_an_array_of_nothing(database: Database, site: int) -> None:
    async with database.reading() as tx:
        before = await series(tx, site, BEGIN - 50 * HOUR, BEGIN - 20 * HOUR)
        none = await series(tx, site, END, BEGIN)
    assert before.lines == {} and before.index == [None] * 30
    assert none.count == 0


async def test_a_days_band_is_made_of_its_valid_hours(database: Database, site: int) -> None:
    async with database.reading() as tx:
        read: Series = await series(tx, site, BEGIN, END)
        hours = (await reading.hours(tx, [site], BEGIN, END))[site]
    for band in bands(read, "PM25"):
        of_day = [
            float(one.values["PM25"].usable)
            for one in hours
            if (one.at - HOUR + timedelta(hours=9)).date() == band.day
            and "PM25" in one.values
            and one.values["PM25"].usable is not None
        ]
        assert (band.hours, band.low, band.high) == (
            len(of_day), min(of_day, default=None), max(of_day, default=None)
        )  # fmt: skip
        assert band.mean == (round(sum(of_day) / len(of_day), 1) if len(of_day) >= 18 else None)
