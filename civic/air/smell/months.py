"""A month of complaints in numbers: when, where, of what, in which wind; small numbers are hidden."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.sectors import sector_of
from civic.air.smell import reports
from civic.air.smell.clusters import people
from civic.air.smell.reports import Report
from civic.air.smell.tables import air_smell_clusters
from core.clock import SEOUL

UNKNOWN = "unknown"
"""The wind of a complaint that has none that can be told: no observation, calm, turning."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many by a name; those below k are together in `others`, with the smallest others where they need company.

    `is_hidden`: all together are below k, so that nothing is told.
    """

    apart: Mapping[str, int]
    others: int | None
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Month:
    """`reports`, `people` None: fewer than k, and nothing is split. `strength`: mean of the degrees, 0 to 5."""

    month: str
    reports: int | None
    people: int | None
    strength: Decimal | None
    clusters: int
    hours: Counted
    days: Counted
    areas: Counted
    kinds: Counted
    winds: Counted


def bounds(month: str) -> tuple[datetime, datetime]:
    """The Korean month "2026-09" as [begin, end)."""
    year, number = int(month[:4]), int(month[5:7])
    following = date(year + number // 12, number % 12 + 1, 1)
    return datetime.combine(date(year, number, 1), time(), SEOUL), datetime.combine(following, time(), SEOUL)


async def by_month(tx: AsyncConnection, city_id: str, month: str, k: int) -> Month:
    begin, end = bounds(month)
    found = await reports.of_period(tx, city_id, begin, end)
    formed = air_smell_clusters.c.formed_at
    counting = select(func.count()).where(air_smell_clusters.c.city_id == city_id, formed >= begin, formed < end)
    return month_of(month, found, await tx.scalar(counting) or 0, k)


def month_of(month: str, found: list[Report], clusters: int, k: int) -> Month:
    """Hours of the Korean day "00"–"23", days "01"–"31", names of 읍·면·동, kinds, sectors of the wind."""
    is_told = len(found) >= k
    local = [one.told_at.astimezone(SEOUL) for one in found]
    total = Decimal(sum(one.strength for one in found))
    return Month(
        month,
        len(found) if is_told else None,
        people(found) if people(found) >= k else None,
        (total / len(found)).quantize(Decimal("0.1")) if is_told else None,
        clusters,
        counted((f"{one:%H}" for one in local), k),
        counted((f"{one:%d}" for one in local), k),
        counted((one.area for one in found), k),
        counted((one.kind for one in found), k),
        counted((wind_of(one) for one in found), k),
    )


def wind_of(report: Report) -> str:
    """The sector that the wind came from at the complaint, as it was noted."""
    degrees = report.traced.get("from_degrees")
    if degrees is None or report.traced.get("insufficient") in ("calm", "disagreeing"):
        return UNKNOWN
    return sector_of(Decimal(str(degrees)))


def counted(names: Iterable[str], k: int) -> Counted:
    counts = Counter(names)
    apart = {name: count for name, count in sorted(counts.items()) if count >= k}
    rest = sum(counts.values()) - sum(apart.values())
    while 0 < rest < k and apart:
        # Alone it could be told from the total: the smallest that is shown goes with it.
        rest += apart.pop(min(apart, key=lambda name: (apart[name], name)))
    return Counted(apart, rest if rest >= k else None, is_hidden=0 < rest < k)
