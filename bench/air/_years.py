"""Years of public stations as they come: each hour in real time with its index, months later the checked file."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import sin
from random import Random

from core.contracts.air import POLLUTANTS, UNITS, Observation, OfficialIndex, Pollutant, Pulled, ReadReport, Station

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_PULLED = timedelta(minutes=15)
REPORT = ReadReport("bench", "", 0, 0)
LEVELS = {"SO2": 0.003, "CO": 0.45, "O3": 0.03, "NO2": 0.022, "PM10": 44, "PM25": 23}
_DIGITS: dict[Pollutant, int] = {"SO2": 4, "CO": 2, "O3": 4, "NO2": 4, "PM10": 0, "PM25": 0}
_CHECKED: dict[Pollutant, int] = {"SO2": 3, "CO": 1, "O3": 3, "NO2": 3, "PM10": 0, "PM25": 0}


def stations(count: int) -> tuple[Station, ...]:
    return tuple(
        Station("bench", f"{131000 + n}", f"측정소{n}", "urban", "경기", lat=37.5 + n / 500, lon=126.7)
        for n in range(count)
    )


def days(uids: list[str], first: datetime, count: int, random: Random) -> Iterator[Pulled]:
    """Day by day: all hours in real time with the publisher's index, most pulled twice; then the day checked."""
    for number in range(count):
        begin = first + number * DAY
        told = [
            (uid, end, one)
            for uid in uids
            for end in (begin + hour * HOUR for hour in range(1, 25))
            for one in _hour(uid, end, end + _PULLED, random, is_checked=False)
        ]
        words = tuple(one for _, _, one in told)
        again = tuple(replace(one, received_at=end + 2 * _PULLED) for _, end, one in told if end.hour % 6)
        yield Pulled((*words, *again), REPORT, indices=tuple(_indices(uids, begin, random)))
        checked = [
            one
            for uid in uids
            for hour in range(1, 25)
            for one in _hour(uid, begin + hour * HOUR, begin + 90 * DAY, random, is_checked=True)
        ]
        yield Pulled(tuple(checked), REPORT)


def _indices(uids: list[str], begin: datetime, random: Random) -> Iterator[OfficialIndex]:
    for uid in uids:
        for hour in range(1, 25):
            end = begin + hour * HOUR
            means = {"PM10": Decimal(random.randint(20, 80)), "PM25": Decimal(random.randint(10, 50))}
            yield OfficialIndex("bench", uid, end, end + _PULLED, random.randint(30, 160), None, means)


def _hour(uid: str, end: datetime, received: datetime, random: Random, *, is_checked: bool) -> Iterator[Observation]:
    season = 1 + 0.4 * sin(end.timestamp() / 3e5)
    for pollutant in POLLUTANTS:
        digits = (_CHECKED if is_checked else _DIGITS)[pollutant]
        number = f"{LEVELS[pollutant] * season * random.lognormvariate(0, 0.4):.{digits}f}"
        is_lost = random.random() < 0.02
        yield Observation(
            "bench",
            uid,
            pollutant,
            None if is_lost else Decimal(number),
            UNITS[pollutant],
            end,
            received,
            ("MISSING" if is_checked else "COMM") if is_lost else "OK",
            "confirmed" if is_checked else "realtime",
            flag="통신장애" if is_lost and not is_checked else "",
        )


def midnight(year: int) -> datetime:
    """When a Korean year begins."""
    return datetime(year, 1, 1, tzinfo=UTC) - 9 * HOUR
