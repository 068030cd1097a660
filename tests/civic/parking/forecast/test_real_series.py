"""Two real series, where somebody keeps them beside the checkout: better than what was, by day and by week."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.parking._figures import ASKED, NO_COUNT, SATURDAY, errors, joined, parts_of
from bench.parking._series import birmingham, dresden
from core.loading import ROOT

FOLDER = Path(os.environ.get("PARKING_SERIES", ROOT / "../shared/data/parking"))
FILES = {"birmingham_2016.csv": birmingham, "dresden_altmarkt_15min.csv": dresden}
FOUND = [name for name in FILES if (FOLDER / name).exists()]


@pytest.mark.parametrize("name", FOUND)
def test_forecasts_are_nearer_than_same_as_now_and_than_the_usual_of_the_weekday(name: str) -> None:
    series = FILES[name](FOLDER / name)
    if len(series.cuts) > 3:  # of the long series two parts, so that it stays quick; `make bench-parking` has them all
        series = replace(series, cuts=series.cuts[3:5], shares=series.shares[:, : series.cuts[5]])
    parts = parts_of(series)
    asked = {*ASKED} - ({"15 min"} if series.half_hourly else set())
    assert set(parts) >= asked | {NO_COUNT}
    for distance, row in parts.items():
        off = {answer: errors(row, series.capacities, answer)[0] for answer in ("ours", "now", "week+hour")}
        assert off["ours"] < off["week+hour"], distance
        if distance != NO_COUNT:
            assert off["ours"] < off["now"], distance
    for distance in asked - {"next day"}:
        assert 0.74 <= joined(parts[distance].inside80).mean() <= 0.86, distance
        assert 0.84 <= joined(parts[distance].inside90).mean() <= 0.96, distance
    widths = [joined(parts[distance].width80).mean() for distance in ("30 min", "60 min", "120 min", "next day")]
    assert widths == sorted(widths)
    assert np.mean([errors(parts[one], series.capacities, "ours")[1] for one in ("30 min", "60 min")]) < 2.5
    assert SATURDAY in parts


@pytest.mark.parametrize("name", FOUND)
def test_every_row_of_the_series_is_accounted_for(name: str) -> None:
    series = FILES[name](FOLDER / name)
    known = int((~np.isnan(series.shares)).sum())
    if name.startswith("birmingham"):
        assert (series.cleaned["rows"], series.cleaned["repeated, dropped"]) == (35_717, 216)
        assert series.cleaned["above the capacity, full"] == 373
        assert series.cleaned["negative or far above the capacity, unknown"] == 12
        assert (len(series.lots), series.shares.shape[1]) == (30, 77)
        assert known <= 35_717 - 216 - 12
    else:
        assert (series.cleaned["rows"], known) == (40_986, 40_986)
    assert 0 <= np.nanmin(series.shares) <= np.nanmax(series.shares) <= 1
