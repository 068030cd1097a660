"""The known timelines come out of the store and the job hour by hour: with a restart between any two hours, with rows
that come twice, late and out of order. The curves are our own, bent like those of the recorded days.
"""

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from civic.air.telling.looking import look
from core.clock import SEOUL
from core.db import Database
from tests.civic.air.recorded import paths
from tests.civic.air.watch.sky import ARRIVAL, HOUR, Row, Sky, at, curve

Change = tuple[str, str, str | None, Decimal]


def _dust_2023() -> list[Row]:
    """Three stations around one mean, an evening of yellow dust that goes the next night."""
    mean = [80, 170, 260, 305, 320, 330, 340, 310, 280, 230, 190, 140, 135]
    mean += [130] * 19 + [104, 100, 85, 60]  # from 06:00; 100 at 02:00 lifts nothing
    curves = [("동", -30), ("서", 0), ("남", 30)]
    return [
        row for name, more in curves for row in curve(name, "PM10", "2023-03-23 17", [value + more for value in mean])
    ]


def _fine_2023() -> list[Row]:
    first = [60, 80, 76, 70, 66, 60, 58, 55, 50, 44, 40, 31, 30]  # from 02:00
    second = [50, 90, 84] + [60] * 20 + [32, 30]  # from 20:00
    return [
        *curve("동", "PM25", "2023-03-11 02", [*first[:2], 75, *first[3:11], 30, 29]),
        *curve("서", "PM25", "2023-03-11 02", [*first[:2], 77, *first[3:11], 38, 31]),
        *curve("동", "PM25", "2023-03-19 20", second),
        *curve("서", "PM25", "2023-03-19 20", second),
    ]


def _dust_2015() -> list[Row]:
    values = [45, 480, 510, 600, 700, 800, 900, 950] + [700] * 20 + [400] * 5 + [145] + [120] * 10 + [92, 80]
    return curve("섬", "PM10", "2015-02-22 16", values)


def _ozone_2017() -> list[Row]:
    rows = curve("강", "O3", "2017-05-27 14", ["0.1199", "0.121", "0.125", "0.110"])
    rows += curve("강", "O3", "2017-05-29 17", ["0.1", "0.12", "0.13", "0.131", "0.125", "0.12", "0.119"])
    return [*rows, *curve("강", "O3", "2017-05-30 16", ["0.11", "0.128", "0.09"])]


CASES: list[tuple[str, tuple[str, ...], str, list[Row], list[tuple[str, str, str | None, str]]]] = [
    (
        "yellow dust, March 2023",
        ("동", "서", "남"),
        "PM10",
        _dust_2023(),
        [
            ("03-23 19", "reached", "advisory", "260"),
            ("03-23 21", "reached", "warning", "320"),
            ("03-24 04", "stepped_down", "advisory", "140"),
            ("03-25 03", "lifted", None, "85"),
        ],
    ),
    (
        "fine dust, March 2023",
        ("동", "서"),
        "PM25",
        _fine_2023(),
        [
            ("03-11 04", "reached", "advisory", "76"),
            ("03-11 13", "lifted", None, "34"),
            ("03-19 22", "reached", "advisory", "84"),
            ("03-20 19", "lifted", None, "32"),
        ],
    ),
    (
        "yellow dust, February 2015",
        ("섬",),
        "PM10",
        _dust_2015(),
        [
            ("02-22 18", "reached", "warning", "510"),
            ("02-24 01", "stepped_down", "advisory", "145"),
            ("02-24 12", "lifted", None, "92"),
        ],
    ),
    (
        "dust, May 2017",
        ("섬",),
        "PM10",
        curve("섬", "PM10", "2017-05-06 01", [90, 400, 430, 420, 99]),
        [("05-06 03", "reached", "warning", "430"), ("05-06 05", "lifted", None, "99")],
    ),
    (
        "ozone, May 2017",
        ("강",),
        "O3",
        _ozone_2017(),
        [
            ("05-27 15", "reached", "advisory", "0.121"),
            ("05-27 17", "lifted", None, "0.110"),
            ("05-29 18", "reached", "advisory", "0.12"),
            ("05-29 23", "lifted", None, "0.119"),
            ("05-30 17", "reached", "advisory", "0.128"),
            ("05-30 18", "lifted", None, "0.09"),
        ],
    ),
]


def _expected(rows: Iterable[tuple[str, str, str | None, str]]) -> list[Change]:
    return [(when, kind, level, Decimal(value)) for when, kind, level, value in rows]


def _by_hour(rows: Iterable[Row]) -> dict[datetime, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        found[row[2]].append(row)
    return dict(sorted(found.items()))


class Killed(Exception):
    """A process that dies."""


async def _killed_look(sky: Sky, now: datetime) -> None:
    """Everything is written and nothing committed."""
    with pytest.raises(Killed):
        async with sky.db.transaction() as tx:
            await look(tx, sky.city_id, "here", sky.rules, now)
            raise Killed


@pytest.mark.parametrize(("stations", "pollutant", "rows", "expected"), [case[1:] for case in CASES])
async def test_it_comes_out_hour_by_hour_with_a_kill_between_any_two(
    database: Database, stations: tuple[str, ...], pollutant: str, rows: list[Row], expected: Any
) -> None:
    sky = Sky(database, stations, watch={"first_hours": 2})
    for end, told in _by_hour(rows).items():
        now = end + ARRIVAL
        await sky.feed(told, now)
        await _killed_look(sky, now)
        await sky.all_looks(now)
        assert (await sky.look(now)).hours == 0, "the same hour is not taken twice"
    assert await sky.changes(pollutant) == _expected(expected)
    told_of = [one["facts"]["at"] for one in await sky.tellings()]
    wanted = [one[0] for one in expected]
    assert [f"{datetime.fromisoformat(one).astimezone(SEOUL):%m-%d %H}" for one in told_of] == wanted, "each once"


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("stations", "pollutant", "rows", "expected"), [case[1:] for case in CASES])
async def test_rows_that_come_twice_late_and_out_of_order_give_the_same_timeline(
    database: Database, stations: tuple[str, ...], pollutant: str, rows: list[Row], expected: Any, seed: int
) -> None:
    rng = random.Random(seed)
    sky = Sky(database, stations, watch={"first_hours": 2})
    arrivals: dict[datetime, list[Row]] = defaultdict(list)
    for row in rows:
        late = rng.choice([0, 0, 0, 1, 3, 7])
        arrivals[row[2] + late * HOUR + ARRIVAL].append(row)
        if rng.random() < 0.3:
            arrivals[row[2] + rng.choice([1, 5]) * HOUR + ARRIVAL].append(row)
    for now in sorted(arrivals):
        batch = arrivals[now]
        rng.shuffle(batch)
        await sky.feed(batch, now)
        await sky.look(now, most=rng.choice([1, 5, 48]))
    await sky.all_looks(max(arrivals) + timedelta(hours=3))
    assert await sky.changes(pollutant) == _expected(expected)
    keys = [(one["kind"], one["facts"]["at"], one["facts"]["level"]) for one in await sky.tellings()]
    changes_told = [key for key in keys if key[0] == "change"]
    assert len(set(changes_told)) == len(changes_told), "no change is told twice"


async def test_years_at_once_say_the_same_as_hour_by_hour(database: Database) -> None:
    rows = _dust_2015()
    sky = Sky(database, ("섬",))
    await sky.feed(rows, rows[-1][2])
    await sky.all_looks(rows[-1][2], most=7)
    assert await sky.changes("PM10") == _expected(CASES[2][4])


# -- the recorded days themselves, where somebody keeps them beside the checkout --------------------------------------


def _station(path: Path, name: str, column: str, pollutant: str) -> list[Row]:
    found: list[Row] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["측정소명"] == name:
                day = datetime.strptime(row["측정일시"][:8], "%Y%m%d").replace(tzinfo=SEOUL)
                end = day + timedelta(hours=int(row["측정일시"][8:]))
                found.append((name, pollutant, end, Decimal(row[column]) if row[column] else None))
    return sorted(found, key=lambda one: one[2])


async def _replayed(sky: Sky, rows: list[Row], step_hours: int) -> None:
    """In pulls of some hours, each repeated with the next, a new process each time."""
    by_hour = _by_hour(rows)
    ends = list(by_hour)
    for place in range(0, len(ends), step_hours):
        batch = [row for end in ends[max(0, place - 2) : place + step_hours] for row in by_hour[end]]
        now = ends[min(place + step_hours, len(ends)) - 1] + ARRIVAL
        await sky.feed(batch, now)
        await _killed_look(sky, now)
        await sky.all_looks(now)


async def test_seoul_in_march_2023_out_of_the_store(database: Database) -> None:
    for path in paths("seoul_2023-03_hourly_pm.json"):
        rows: list[Row] = []
        numbers: dict[datetime, int] = defaultdict(int)
        for row in json.loads(path.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal):
            end = datetime.fromisoformat(row["날짜"]).replace(tzinfo=SEOUL)
            name = f"구{numbers[end]}"
            numbers[end] += 1
            rows += [(name, code, end, row[key]) for code, key in (("PM10", "PM10"), ("PM25", "PM2.5"))]
        sky = Sky(database, tuple(f"구{place}" for place in range(max(numbers.values()))), watch={"first_hours": 24})
        await _replayed(sky, rows, 24)
        dust, fine = await sky.changes("PM10"), await sky.changes("PM25")
        assert [one[:3] for one in dust] == [
            ("03-23 19", "reached", "advisory"),
            ("03-23 21", "reached", "warning"),
            ("03-24 04", "stepped_down", "advisory"),
            ("03-25 03", "lifted", None),
        ]
        assert [round(one[3], 1) for one in dust] == [Decimal(value) for value in ("266.5", "315.0", "142.4", "86.6")]
        assert [one[:3] for one in fine] == [
            ("03-11 04", "reached", "advisory"),
            ("03-11 13", "lifted", None),
            ("03-19 22", "reached", "advisory"),
            ("03-20 19", "lifted", None),
        ]
        assert [round(one[3], 1) for one in fine] == [Decimal(value) for value in ("75.4", "31.0", "83.0", "32.3")]


async def test_incheon_in_february_2015_out_of_the_store(database: Database) -> None:
    for path in paths("airkorea_confirmed_2015q1.csv"):
        rows = [row for row in _station(path, "구월동", "PM10", "PM10") if row[2].month == 2 and row[2].day >= 20]
        sky = Sky(database, ("구월동",), watch={"first_hours": 2})
        await _replayed(sky, rows, 1)
        found = await sky.changes("PM10")
        first = found.index(("02-22 18", "reached", "warning", Decimal(520)))
        assert found[first + 1 : first + 3] == [
            ("02-24 01", "stepped_down", "advisory", Decimal(148)),
            ("02-24 12", "lifted", None, Decimal(94)),
        ]


async def test_may_2017_out_of_the_store(database: Database) -> None:
    for path in paths("airkorea_confirmed_2017-05.csv"):
        for name, column, pollutant, wanted in (
            ("구월동", "PM10", "PM10", [("05-06 03", "warning", "441")]),
            ("하동읍", "O3", "O3", [("05-27 15", "advisory", None), ("05-29 18", "advisory", None)]),
            ("장림동", "O3", "O3", [("05-30 17", "advisory", "0.128")]),
        ):
            sky = Sky(database, (name,), watch={"first_hours": 24})
            await _replayed(sky, _station(path, name, column, pollutant), 48)
            reached = [one for one in await sky.changes(pollutant) if one[1] == "reached"]
            if wanted[0][1] == "warning":
                reached = [one for one in reached if one[2] == "warning"]
            assert [(one[0], one[2]) for one in reached] == [one[:2] for one in wanted]
            for one, (_, _, value) in zip(reached, wanted, strict=True):
                assert value is None or one[3] == Decimal(value)


def test_the_moment_of_a_curve_is_the_end_of_its_hour() -> None:
    assert curve("섬", "PM10", "2015-02-22 18", [520])[0][2] == at("2015-02-22 18")
