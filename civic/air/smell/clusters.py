"""When complaints are one matter: enough people within one circle and one stretch of time (docs/adr/0040)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from civic.air.smell.reports import Report
from core.air_rules import Cluster
from core.contracts.channel import GeoPoint
from core.distance import degree_meters, meters


def found(reports: Iterable[Report], rule: Cluster) -> list[tuple[Report, ...]]:
    """Clusters among placed reports, none sharing a report; each by time. Both borders belong to the cluster.

    A circle of `radius_m` is drawn around each complaint, and a stretch of `minutes` begun at each; the circle and
    stretch with the most people is the first cluster, then those left are looked through again. A person counts once,
    however often he wrote. Links are not followed from one to the next: a chain of complaints across the town is none.
    """
    left = sorted((one for one in reports if one.point is not None), key=lambda one: (one.told_at, one.id))
    clusters: list[tuple[Report, ...]] = []
    while best := _best(left, rule):
        clusters.append(best)
        taken = {one.id for one in best}
        left = [one for one in left if one.id not in taken]
    return clusters


def _best(reports: Sequence[Report], rule: Cluster) -> tuple[Report, ...] | None:
    """The circle and stretch with the most people, the earliest of equals; None where none has enough."""
    best: tuple[Report, ...] | None = None
    most = rule.people - 1
    for begin, first in enumerate(reports):
        until = first.told_at + timedelta(minutes=rule.minutes)
        stretch = [one for one in reports[begin:] if one.told_at <= until]
        if people(stretch) <= most:
            continue
        for centre in stretch:
            inside = within(stretch, centre.point, rule.radius_m)
            if (count := people(inside)) > most:
                best, most = tuple(inside), count
    return best


def within(reports: Iterable[Report], centre: GeoPoint | None, radius_m: float) -> list[Report]:
    """Those in the circle, its edge included. A box first, so that a town's complaints are not all measured."""
    if centre is None:
        return []
    north, east = degree_meters(centre.lat)
    high, wide = 1.01 * radius_m / north, 1.01 * radius_m / east
    return [
        one
        for one in reports
        if (point := one.point) is not None
        and abs(point.lat - centre.lat) <= high
        and abs(point.lon - centre.lon) <= wide
        and meters(point, centre) <= radius_m + 0.001
    ]


def people(reports: Iterable[Report]) -> int:
    return len({one.person for one in reports if one.person is not None})


def middle(reports: Sequence[Report]) -> GeoPoint:
    """The mean of their points. At least one is placed."""
    points = [point for one in reports if (point := one.point) is not None]
    return GeoPoint(sum(one.lat for one in points) / len(points), sum(one.lon for one in points) / len(points))


def commonest(reports: Iterable[Report]) -> str:
    """The kind told most; of equals the one told first."""
    return Counter(one.kind for one in reports).most_common(1)[0][0]


def is_late_for(report: Report, centre: GeoPoint, first_at: datetime, last_at: datetime, rule: Cluster) -> bool:
    """Whether a complaint belongs to a cluster that stands already: in its circle, and not long after its last.

    One whose form took long may be somewhat older than the cluster's first.
    """
    begin, end = first_at - timedelta(minutes=rule.minutes), last_at + timedelta(minutes=rule.joins_minutes)
    return begin <= report.told_at <= end and bool(within([report], centre, rule.radius_m))
