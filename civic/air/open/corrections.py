"""Values that were said otherwise before: shown beside what stands, never erased."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.open.series import Series, series
from civic.air.records import Site, Version

MOST = 50
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Correction:
    """`stands`: what is shown now. `before`: what was said earlier, the newest first."""

    site: Site
    stands: Version
    before: tuple[Version, ...]


async def corrections(
    tx: AsyncConnection, sites: Sequence[Site], begin: datetime, end: datetime, most: int = MOST
) -> list[Correction]:
    """The newest `most` of hours that ended after `begin` and not after `end`, the newest hour first."""
    begin, end = (one.replace(minute=0, second=0, microsecond=0) for one in (begin, end))
    places: list[tuple[datetime, int, str]] = []
    for site in sites:
        read = await series(tx, site.id, begin, end)
        places += _corrected(read)
    wanted = set(sorted(places, reverse=True)[:most])
    by_id = {site.id: site for site in sites}
    found: list[Correction] = []
    for site_id, first, last in _spans(wanted):
        told = [one for one in await reading.versions(tx, site_id, first - HOUR, last)
                if (one.at, one.site_id, one.pollutant) in wanted]  # fmt: skip
        found += [_correction(by_id[site_id], told, one) for one in told if one.stands]
    return sorted(found, key=lambda one: (one.stands.at, -one.site.id, one.stands.pollutant), reverse=True)


async def before(tx: AsyncConnection, read: Series, pollutant: str) -> dict[int, Version]:
    """Place in the series to what was said first of it, where a pollutant's value was corrected."""
    line = read.lines.get(pollutant)
    wanted = {(read.at(place), read.site_id, pollutant): place for place in (line.corrected if line else ())}
    found: dict[int, Version] = {}
    for _, first, last in _spans(set(wanted)):
        for one in await reading.versions(tx, read.site_id, first - HOUR, last):
            place = wanted.get((one.at, one.site_id, one.pollutant))
            if place is not None and not one.stands:
                known = found.get(place)
                found[place] = one if known is None or one.received_at < known.received_at else known
    return found


def _corrected(read: Series) -> list[tuple[datetime, int, str]]:
    return [
        (read.at(place), read.site_id, pollutant)
        for pollutant, line in read.lines.items()
        for place in line.corrected
    ]  # fmt: skip


def _spans(wanted: set[tuple[datetime, int, str]]) -> list[tuple[int, datetime, datetime]]:
    """For each site and UTC day the first and last hour wanted: a day is one short read."""
    spans: dict[tuple[int, object], list[datetime]] = {}
    for at, site_id, _ in wanted:
        spans.setdefault((site_id, at.date()), []).append(at)
    return [(site_id, min(of), max(of)) for (site_id, _), of in sorted(spans.items(), key=str)]


def _correction(site: Site, told: Sequence[Version], stands: Version) -> Correction:
    others = [one for one in told if not one.stands and (one.at, one.pollutant) == (stands.at, stands.pollutant)]
    said = [one for one in others if (one.value, one.quality) != (stands.value, stands.quality)]
    return Correction(site, stands, tuple(sorted(said, key=lambda one: one.received_at, reverse=True)))
