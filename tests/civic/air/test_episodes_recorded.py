"""Extra pass over recorded episodes: the timelines come out hour by hour, also with a restart after every hour."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from civic.air.episodes import Change, State, replay, step, zone_value
from core.clock import SEOUL
from tests.civic.air.recorded import paths

Hours = list[tuple[datetime, Decimal | None]]


def _seoul(path: Path, name: str, *, zero_is_missing: bool) -> Hours:
    found: dict[datetime, list[Decimal | None]] = defaultdict(list)
    for row in json.loads(path.read_text("utf-8"), parse_float=Decimal, parse_int=Decimal):
        value = row[name]
        is_missing = value is None or (zero_is_missing and value == 0)
        at = datetime.fromisoformat(row["날짜"]).replace(tzinfo=SEOUL)
        found[at].append(None if is_missing else value)
    return [(at, zone_value("PM10", found[at])) for at in sorted(found)]


def _station(path: Path, name: str, column: str) -> Hours:
    found: Hours = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["측정소명"] == name:
                day = datetime.strptime(row["측정일시"][:8], "%Y%m%d").replace(tzinfo=SEOUL)
                at = day + timedelta(hours=int(row["측정일시"][8:]))
                found.append((at, Decimal(row[column]) if row[column] else None))
    return sorted(found)


def _told(changes: Iterable[Change]) -> list[tuple[str, str, str | None, Decimal]]:
    return [
        (change.at.astimezone(SEOUL).strftime("%m-%d %H"), change.kind, change.level, round(change.value, 3))
        for change in changes
    ]


def _with_restarts(pollutant: str, hours: Hours) -> list[Change]:
    """The state goes through its written form after every hour, and each hour comes twice."""
    state, changes = State(), []
    for at, value in hours:
        for _ in range(2):
            state, change = step(pollutant, State.read(json.loads(json.dumps(state.written()))), at, value)
            if change:
                changes.append(change)
    return changes


def _both(pollutant: str, hours: Hours) -> list[Change]:
    changes = replay(pollutant, hours)[1]
    assert _with_restarts(pollutant, hours) == changes
    return changes


@pytest.mark.parametrize("zero_is_missing", [False, True])
def test_seoul_in_march_2023(zero_is_missing: bool) -> None:
    for path in paths("seoul_2023-03_hourly_pm.json"):
        found = _told(_both("PM10", _seoul(path, "PM10", zero_is_missing=zero_is_missing)))
        assert [one[:3] for one in found] == [
            ("03-23 19", "reached", "advisory"),
            ("03-23 21", "reached", "warning"),
            ("03-24 04", "stepped_down", "advisory"),
            ("03-25 03", "lifted", None),
        ]
        assert [round(one[3], 1) for one in found] == [Decimal(value) for value in ("266.5", "315.0", "142.4", "86.6")]
        fine = _told(_both("PM25", _seoul(path, "PM2.5", zero_is_missing=zero_is_missing)))
        assert [one[:3] for one in fine] == [
            ("03-11 04", "reached", "advisory"),
            ("03-11 13", "lifted", None),
            ("03-19 22", "reached", "advisory"),
            ("03-20 19", "lifted", None),
        ]
        assert [round(one[3], 1) for one in fine] == [Decimal(value) for value in ("75.4", "31.0", "83.0", "32.3")]


def test_incheon_in_february_2015() -> None:
    for path in paths("airkorea_confirmed_2015q1.csv"):
        hours = _station(path, "구월동", "PM10")
        found = _told(_both("PM10", hours))
        first = found.index(("02-22 18", "reached", "warning", Decimal(520)))
        assert found[first + 1 : first + 3] == [
            ("02-24 01", "stepped_down", "advisory", Decimal(148)),
            ("02-24 12", "lifted", None, Decimal(94)),
        ]
        assert [one[0] for one in found if one[2] == "warning"] == ["02-22 18", "03-01 19", "03-22 17"]
        standing = replay("PM10", [hour for hour in hours if hour[0] <= datetime(2015, 2, 24, 3, tzinfo=SEOUL)])[0]
        assert (standing.peak, standing.peak_at) == (Decimal(954), datetime(2015, 2, 22, 23, tzinfo=SEOUL))
        assert max(value for _, value in _station(path, "논현", "PM10") if value is not None) == 1008


def test_may_2017() -> None:
    for path in paths("airkorea_confirmed_2017-05.csv"):
        dust = _told(_both("PM10", _station(path, "구월동", "PM10")))
        assert [one for one in dust if one[2] == "warning" and one[1] == "reached"] == [
            ("05-06 03", "reached", "warning", Decimal(441))
        ]
        hadong = _told(_both("O3", _station(path, "하동읍", "O3")))
        assert [one[:3] for one in hadong] == [
            ("05-27 15", "reached", "advisory"),
            ("05-27 17", "lifted", None),
            ("05-29 18", "reached", "advisory"),
            ("05-29 23", "lifted", None),
        ]
        assert max(value for _, value in _station(path, "하동읍", "O3") if value is not None) == Decimal("0.131")
        janglim = _told(_both("O3", _station(path, "장림동", "O3")))
        assert [one for one in janglim if one[1] == "reached"] == [
            ("05-30 17", "reached", "advisory", Decimal("0.128"))
        ]
