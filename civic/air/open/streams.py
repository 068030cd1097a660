"""Streams of hours for hubs: which there are, and a page of their observations in either order, read by few days."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.open.sensorthings import INDEX, Stream, has
from civic.air.packing import end_of, pollutant_of
from civic.air.records import Hour, Site
from core.db import driver

_SITE_DAYS = 400
"""Days of a station read at once: a few milliseconds each hundred."""
DAY = timedelta(days=1)


class Page(Protocol):
    """What of the observations is wanted."""

    @property
    def top(self) -> int: ...
    @property
    def skip(self) -> int: ...
    @property
    def has_count(self) -> bool: ...
    @property
    def is_descending(self) -> bool: ...


async def spans(tx: AsyncConnection, sites: Mapping[int, Site]) -> list[Stream]:
    """Every stream of these sites by id, with its first and last stored day; the index is one where there is any."""
    cursor = (await driver(tx)).cursor(binary=True)
    await cursor.execute(_SPANS, {"sites": list(sites)})
    found: dict[str, Stream] = {}
    for site, key, first, last in await cursor.fetchall():
        pollutant, unit = (INDEX, "") if key == INDEX else pollutant_of(key)
        made = Stream(sites[site], pollutant, unit, end_of(first, 0), end_of(last, 23))
        found.setdefault(made.id, made)
    return [found[id] for id in sorted(found, key=lambda id: (found[id].site.id, found[id].pollutant))]


async def observations(
    tx: AsyncConnection, streams: Sequence[Stream], begin: datetime, end: datetime, page: Page
) -> tuple[list[tuple[Stream, Hour]], bool, int | None]:
    """A page of the observations whose hours ended after `begin` and not after `end`, by that moment and stream.

    Then whether there are more, and how many in all where that is wanted.
    """
    sites = sorted({one.site.id for one in streams})
    kept: list[tuple[Stream, Hour]] = []
    seen = 0
    for first, last in _spans_of(begin, end, len(sites), is_descending=page.is_descending):
        told = await reading.hours(tx, sites, first, last)
        there = [
            (stream, hour) for stream in streams for hour in told.get(stream.site.id, ()) if has(stream, hour)
        ]  # fmt: skip
        there.sort(key=lambda one: (one[1].at, one[0].site.id, one[0].pollutant), reverse=page.is_descending)
        for one in there:
            if page.skip <= seen < page.skip + page.top:
                kept.append(one)
            seen += 1
        if not page.has_count and seen > page.skip + page.top:
            break
    return kept, seen > page.skip + page.top, seen if page.has_count else None


def _spans_of(
    begin: datetime, end: datetime, sites: int, *, is_descending: bool
) -> Iterator[tuple[datetime, datetime]]:
    step = DAY * max(1, _SITE_DAYS // max(1, sites) // 4)
    at = end if is_descending else begin
    while begin < end and (at > begin if is_descending else at < end):
        other = max(begin, at - step) if is_descending else min(end, at + step)
        yield (other, at) if is_descending else (at, other)
        at = other


_SPANS = """
SELECT site_id, unnest(pollutants) AS key, min(day), max(day) FROM air_days
WHERE site_id = ANY(%(sites)s::int[]) GROUP BY 1, 2
UNION ALL SELECT site_id, 'CAI', min(day), max(day) FROM air_indices
WHERE site_id = ANY(%(sites)s::int[]) GROUP BY 1
"""
