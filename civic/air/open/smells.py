"""Complaints of smell as anybody may see them: numbers by hour and 읍·면·동, and none that stands for a few people.

Nobody's point, word or photo is here. People are counted, each once a group, so that one cannot make a crowd.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.smell.tables import air_smell_reports
from core.clock import SEOUL


class Complaint(NamedTuple):
    """`who`: only to count each once; it never leaves this module."""

    at: datetime
    area: str
    who: str


@dataclass(frozen=True, slots=True)
class SmellCount:
    """`people` who complained from `begin` to before `end` (aware UTC): an hour, or a Korean day where the hours were
    too few. `area`: 읍·면·동, "" for several or unknown ones together.
    """

    begin: datetime
    end: datetime
    area: str
    people: int


@dataclass(frozen=True, slots=True)
class Smells:
    """`counts` newest first. `has_hidden`: there were more, too few to be shown even as a day."""

    counts: tuple[SmellCount, ...]
    has_hidden: bool


async def smells(tx: AsyncConnection, city_id: str, begin: datetime, end: datetime, k: int) -> Smells:
    """Of complaints told in [begin, end)."""
    report = air_smell_reports.c
    wanted = select(report.told_at, report.area, report.conversation_id, report.id).where(
        report.city_id == city_id, report.told_at >= begin, report.told_at < end, report.is_now
    )
    rows = await tx.execute(wanted)
    return counted([Complaint(row.told_at, row.area, str(row.conversation_id or row.id)) for row in rows], k)


def counted(complaints: Iterable[Complaint], k: int) -> Smells:
    """An hour and area with at least `k` people stands alone; the rest of that hour together; the rest of the day
    together; what is then still fewer than `k` is not shown. No complaint is in two counts.
    """
    days: dict[datetime, list[Complaint]] = defaultdict(list)
    for one in complaints:
        days[_day(one.at)].append(one)
    found: list[SmellCount] = []
    has_hidden = False
    for day, of_day in days.items():
        left: list[Complaint] = []
        for hour, of_hour in _by_hour(of_day).items():
            alone, rest = _apart(of_hour, k)
            found += [SmellCount(hour, hour + timedelta(hours=1), area, people) for area, people in alone]
            if _people(rest) >= k:
                found.append(SmellCount(hour, hour + timedelta(hours=1), "", _people(rest)))
            else:
                left += rest
        if _people(left) >= k:
            found.append(SmellCount(day, day + timedelta(days=1), "", _people(left)))
        else:
            has_hidden = has_hidden or bool(left)
    return Smells(tuple(sorted(found, key=lambda one: (one.begin, one.end, one.area), reverse=True)), has_hidden)


def _apart(complaints: Sequence[Complaint], k: int) -> tuple[list[tuple[str, int]], list[Complaint]]:
    """Areas of at least `k` people with their number, and the complaints of all others."""
    areas: dict[str, list[Complaint]] = defaultdict(list)
    for one in complaints:
        areas[one.area].append(one)
    alone = [(area, _people(of)) for area, of in areas.items() if area and _people(of) >= k]
    named = {area for area, _ in alone}
    return alone, [one for one in complaints if one.area not in named]


def _by_hour(complaints: Iterable[Complaint]) -> dict[datetime, list[Complaint]]:
    hours: dict[datetime, list[Complaint]] = defaultdict(list)
    for one in complaints:
        hours[one.at.replace(minute=0, second=0, microsecond=0)].append(one)
    return hours


def _people(complaints: Iterable[Complaint]) -> int:
    return len({one.who for one in complaints})


def _day(at: datetime) -> datetime:
    """Its Korean midnight."""
    return at.astimezone(SEOUL).replace(hour=0, minute=0, second=0, microsecond=0)
