"""High hours are counted by the direction of their wind; few hours say nothing."""

import csv
from decimal import Decimal

import pytest

from civic.air.sectors import SECTORS, Hour, Share, percentile, rose, sector_of
from tests.civic.air.recorded import paths


def _hours(count: int, value: int, degrees: int, speed: str = "2") -> list[Hour]:
    return [Hour(Decimal(value), Decimal(degrees), Decimal(speed))] * count


@pytest.mark.parametrize(
    ("degrees", "sector"),
    [("0", "N"), ("360", "N"), ("11.24", "N"), ("11.25", "NNE"), ("348.75", "N"), ("348.7", "NNW"), ("180", "S")],
)
def test_a_direction_has_its_sector(degrees: str, sector: str) -> None:
    assert sector_of(Decimal(degrees)) == sector


def test_a_sector_has_its_share_of_high_hours() -> None:
    found = rose([*_hours(30, 100, 180), *_hours(10, 10, 180), *_hours(80, 10, 0)])
    shares = {share.sector: share for share in found.shares}
    assert found.line == Decimal("32.5")
    assert (shares["S"].hours, shares["S"].high, shares["S"].probability) == (40, 30, Decimal("0.75"))
    assert shares["N"].probability == 0
    assert [share.sector for share in found.shares] == list(SECTORS)


def test_calm_hours_count_for_the_line_and_for_no_sector() -> None:
    found = rose([*_hours(40, 50, 90, "0.5"), *_hours(5, 500, 90, "0.4")])
    east = next(share for share in found.shares if share.sector == "E")
    assert (found.valid, found.calm, east.hours) == (45, 5, 40)


def test_under_thirty_hours_are_insufficient() -> None:
    shares = {share.sector: share for share in rose([*_hours(29, 100, 90), *_hours(30, 100, 270)]).shares}
    assert (shares["E"].hours, shares["E"].probability) == (29, None)
    assert shares["W"].probability == 1
    assert shares["N"].probability is None


def test_an_hour_without_wind_or_value_is_no_hour() -> None:
    found = rose([Hour(None, Decimal(0), Decimal(2)), Hour(Decimal(5), None, Decimal(2)), Hour(Decimal(5), None, None)])
    assert (found.line, found.valid) == (None, 0)


def test_a_percentile_lies_between_its_neighbours() -> None:
    assert percentile([Decimal(10), Decimal(20)], Decimal("0.75")) == Decimal("17.5")
    assert percentile([Decimal(10)], Decimal("0.75")) == 10


def test_the_year_2018_of_incheon() -> None:
    for path in paths("incheon_2018_air_wind_hourly.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            hours = [
                Hour(
                    *(Decimal(row[name]) if row[name] not in ("", "-1") else None for name in ("PM10", "풍향", "풍속"))
                )
                for row in csv.DictReader(file)
            ]
        found = rose(hours)
        assert (found.valid, found.line, found.calm) == (8_662, Decimal(56), 168)
        shares: dict[str, Share] = {share.sector: share for share in found.shares}
        known = {"S": (349, 148), "SW": (580, 218), "SSW": (393, 143), "N": (828, 216), "ENE": (136, 11)}
        assert {name: (shares[name].hours, shares[name].high) for name in known} == known
        assert [round(shares[name].probability or 0, 3) for name in ("S", "SW", "SSW", "N", "ENE")] == [
            Decimal(value) for value in ("0.424", "0.376", "0.364", "0.261", "0.081")
        ]
