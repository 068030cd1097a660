"""A season's high hours by wind sector, and the declared stacks that lie there; Incheon's 2018 where it is kept."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from civic.air.smell.roses import seen_from
from core.air_rules import Company, Smell, Stack, WeatherStation
from core.contracts.air import Wind
from core.contracts.channel import GeoPoint
from core.section import Bilingual
from tests.civic.air.recorded import paths
from tests.civic.air.smell.crowds import LAT, LON, at

HERE = GeoPoint(LAT, LON)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
RULES = Smell(
    weather=[WeatherStation(source="test", place="here", name=Bilingual(ko="여기", en="here"), lat=LAT, lon=LON)]
)


def companies(**where: tuple[float, float]) -> dict[str, Company]:
    stacks = [Stack(id=name, lat=at(*to)[0], lon=at(*to)[1]) for name, to in where.items()]
    return {"sample": Company(name=Bilingual(ko="예: 견본(가상)", en="Sample (made up)"), stacks=stacks)}


def hours(*blocks: tuple[int, float, float, float]) -> tuple[dict[datetime, Decimal], list[Wind]]:
    """Blocks of (hours, wind from, m/s, value)."""
    values: dict[datetime, Decimal] = {}
    winds = []
    for count, degrees, speed, value in blocks:
        for _ in range(count):
            moment = BEGIN + len(values) * timedelta(hours=1)
            values[moment] = Decimal(str(value))
            winds.append(Wind("test", "here", moment, moment, Decimal(str(degrees)), Decimal(str(speed))))
    return values, winds


def test_stacks_in_a_high_sector_come_first_and_are_said_to_be_there() -> None:
    values, winds = hours((40, 180, 3, 100), (120, 0, 3, 20), (40, 90, 0.2, 100))
    seen = seen_from(HERE, values, winds, companies(south=(0, -3_000), north=(0, 2_000)), RULES)
    assert (seen.rose.valid, seen.rose.calm) == (200, 40)
    assert seen.overall == Decimal("0.25")
    assert [(one.stack, one.sector, one.probability, one.is_high) for one in seen.lying] == [
        ("south", "S", Decimal(1), True),
        ("north", "N", Decimal(0), False),
    ]
    assert seen.lying[0].distance_m == pytest.approx(3_000, abs=1)


def test_a_sector_with_too_few_hours_says_nothing_of_its_stack() -> None:
    values, winds = hours((29, 180, 3, 100), (120, 0, 3, 20))
    [south] = seen_from(HERE, values, winds, companies(south=(0, -3_000)), RULES).lying
    assert (south.probability, south.is_high) == (None, False)


def test_hours_without_wind_are_left_out() -> None:
    values, winds = hours((40, 180, 3, 100))
    far = BEGIN + timedelta(days=40)
    assert seen_from(HERE, {**values, far: Decimal(5)}, winds, {}, RULES).rose.valid == 40
    assert seen_from(HERE, values, [], {}, RULES).overall is None


def test_incheons_year_comes_out_by_way_of_the_store_of_winds() -> None:
    """S 0.424, SW 0.376, SSW 0.364, N 0.261, ENE 0.081 (8,662 hours, P75 of PM10 56, 168 calm)."""
    for path in paths("incheon_2018_air_wind_hourly.csv"):
        values: dict[datetime, Decimal] = {}
        winds = []
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                moment = datetime.fromisoformat(row["time"]).replace(tzinfo=UTC)
                if all(row[name] not in ("", "-1") for name in ("PM10", "풍향", "풍속")):
                    values[moment] = Decimal(row["PM10"])
                    winds.append(Wind("test", "here", moment, moment, Decimal(row["풍향"]), Decimal(row["풍속"])))
        rules = RULES.model_copy(update={"stale_minutes": 1})
        seen = seen_from(HERE, values, winds, companies(south=(0, -3_000), northeast=(2_771, 1_148)), rules)
        shares = {one.sector: one.probability for one in seen.rose.shares}
        found = {name: round(float(shares[name] or 0), 3) for name in ("S", "SW", "SSW", "N", "ENE")}
        assert (seen.rose.valid, seen.rose.calm, seen.rose.line) == (8_662, 168, Decimal(56))
        assert found == {"S": 0.424, "SW": 0.376, "SSW": 0.364, "N": 0.261, "ENE": 0.081}
        assert [(one.stack, one.is_high) for one in seen.lying] == [("south", True), ("northeast", False)]
