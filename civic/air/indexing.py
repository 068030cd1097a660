"""The index of each stored hour: the publisher's own before ours, and ours anew where a late hour changes it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from civic.air import dayrows, running
from civic.air.dayrows import OURS, PM10_TOLD, PM25_TOLD, PUBLISHER, DayIndex, DayKey
from civic.air.index import index, predicted_mean, whole
from civic.air.merging import current
from civic.air.packing import HOURS, QUALITIES, Cell, Layer, micros, place_of, scaled, shown
from core.contracts.air import POLLUTANTS, OfficialIndex
from core.db import Driver

HOUR = timedelta(hours=1)
LOOKS_BACK = 11
"""A predicted mean is made of twelve hours."""
DUST: tuple[tuple[Literal["PM10", "PM25"], int, int], ...] = (("PM10", 0, PM10_TOLD), ("PM25", HOURS, PM25_TOLD))
_OK = QUALITIES.index("OK") + 1
Index = dict[tuple[int, date], DayIndex]


async def take_official(connection: Driver, told: Sequence[tuple[int, OfficialIndex]]) -> int:
    """Keep what publishers show; how many hours were new or changed. An empty index never replaces one with a number,
    else the later received stands.
    """
    if not told:
        return 0
    days = [place_of(one.phenomenon_end)[0] for _, one in told]
    sites = sorted({site for site, _ in told})
    stored = await dayrows.indices_between(connection, sites, min(days), max(days))
    changed: Index = {}
    count = 0
    for site, one in sorted(told, key=lambda pair: (pair[0], pair[1].phenomenon_end, _rank(pair[1]))):
        day, place = place_of(one.phenomenon_end)
        row = stored.setdefault((site, day), DayIndex())
        if _enter(row, place, one):
            changed[site, day] = row
            count += 1
    await dayrows.write_indices(connection, changed)
    return count


async def reckon(connection: Driver, touched: Iterable[tuple[int, datetime]]) -> None:
    """Our own index of these hours, and of those that look back on them, wherever the publisher shows none."""
    by_site: dict[int, set[datetime]] = defaultdict(set)
    for site, end in touched:
        by_site[site].add(end)
    for group in _alike(by_site):
        ends = [end for site in group for end in by_site[site]]
        first = place_of(min(ends) - LOOKS_BACK * HOUR)[0]
        last = place_of(max(ends) + LOOKS_BACK * HOUR)[0]
        layers = await dayrows.layers_between(connection, group, first, last)
        indices = await dayrows.indices_between(connection, group, first, last)
        changed: Index = {}
        for site in group:
            _reckon_site(site, by_site[site], layers, indices, changed)
        await dayrows.write_indices(connection, changed)
    await running.hours_changed(connection, by_site)


def _alike(by_site: Mapping[int, set[datetime]]) -> Iterable[list[int]]:
    """Sites with the same hours together (a round of the country is one group), at most fifty so that years fit."""
    groups: dict[tuple[datetime, datetime], list[int]] = defaultdict(list)
    for site, ends in sorted(by_site.items()):
        groups[min(ends), max(ends)].append(site)
    for (first, last), sites in groups.items():
        size = 1_000 if last - first < timedelta(days=3) else 5
        yield from (sites[at : at + size] for at in range(0, len(sites), size))


def _reckon_site(
    site: int, ends: set[datetime], layers: Mapping[DayKey, Layer], indices: Index, changed: Index
) -> None:
    affected = {end + after * HOUR for end in ends for after in range(LOOKS_BACK + 1)}
    values = _Values(site, layers)
    for end in sorted(affected):
        day, place = place_of(end)
        if not values.has(day, place):
            continue
        row = indices.get((site, day), DayIndex())
        after = row.copy()
        _reckon_hour(after, day, place, end, values)
        if after != row:
            indices[site, day] = changed[site, day] = after


def _reckon_hour(row: DayIndex, day: date, place: int, end: datetime, values: "_Values") -> None:
    now: dict[str, Decimal | None] = {pollutant: values.usable(pollutant, day, place) for pollutant in POLLUTANTS}
    for pollutant, offset, bit in DUST:
        if not row.bases[place] & bit:
            hours = [values.usable(pollutant, *place_of(end - back * HOUR)) for back in range(LOOKS_BACK, -1, -1)]
            mean = predicted_mean(pollutant, hours, day)
            row.means[offset + place] = None if mean is None else scaled(mean)
        stored = row.means[offset + place]
        now[pollutant] = None if stored is None else whole(shown(stored))
    if row.bases[place] & PUBLISHER:
        return
    ours = index(now, day)
    row.indices[place] = ours.value
    row.grades[place] = ours.grade or 0
    row.bases[place] = row.bases[place] & ~OURS | (OURS if ours.value is not None else 0)


class _Values:
    """Usable values of a site by hour, from its two layers."""

    def __init__(self, site: int, layers: Mapping[DayKey, Layer]) -> None:
        self._site = site
        self._layers = layers

    def has(self, day: date, place: int) -> bool:
        return any(self._cell(pollutant, day, place) for pollutant in POLLUTANTS)

    def usable(self, pollutant: str, day: date, place: int) -> Decimal | None:
        cell = self._cell(pollutant, day, place)
        return shown(cell.value) if cell is not None and cell.quality == _OK and cell.value is not None else None

    def _cell(self, pollutant: str, day: date, place: int) -> Cell | None:
        told = [self._layers.get((self._site, day, confirmed), {}).get(pollutant) for confirmed in (False, True)]
        realtime, confirmed = (None if hours is None else hours[place] for hours in told)
        return current(realtime, confirmed)


def _enter(row: DayIndex, place: int, one: OfficialIndex) -> bool:
    """Whether the row says something else now."""
    before = row.copy()
    told = row.told[place]
    has_number = bool(row.bases[place] & PUBLISHER)
    stored = (has_number, told if told is not None else -1, row.indices[place] or 0 if has_number else 0)
    if told is not None and stored >= _rank(one)[:3]:
        return False
    row.told[place] = micros(one.received_at)
    row.bases[place] &= ~(PUBLISHER | OURS | PM10_TOLD | PM25_TOLD)
    row.indices[place] = one.value
    row.grades[place] = one.grade or 0
    if one.value is not None:
        row.bases[place] |= PUBLISHER
    for pollutant, offset, bit in DUST:
        mean = one.means.get(pollutant)
        row.means[offset + place] = None if mean is None else scaled(mean)
        row.bases[place] |= 0 if mean is None else bit
    return row != before


def _rank(one: OfficialIndex) -> tuple[bool, int, int, int, str]:
    means = ",".join(f"{key}={one.means[key]}" for key in sorted(one.means))
    return (one.value is not None, micros(one.received_at), one.value or 0, one.grade or 0, means)


async def move_official(connection: Driver, gone: int, stays: int) -> None:
    """Publishers' words on a row that turned out to be another's station, where that one has none."""
    rows = await dayrows.indices_between(connection, [gone, stays], date(1900, 1, 1), date.max)
    changed: Index = {}
    for (site, day), one in rows.items():
        if site != gone:
            continue
        there = rows.get((stays, day), DayIndex())
        for place in range(HOURS):
            is_newer = (one.bases[place] & PUBLISHER, one.told[place] or 0) > (
                there.bases[place] & PUBLISHER,
                there.told[place] or 0,
            )
            if one.told[place] is None or not is_newer:
                continue
            there.indices[place], there.grades[place] = one.indices[place], one.grades[place]
            there.bases[place], there.told[place] = one.bases[place] & ~OURS, one.told[place]
            for offset in (0, HOURS):
                there.means[offset + place] = one.means[offset + place]
        changed[stays, day] = there
    await dayrows.write_indices(connection, changed)
