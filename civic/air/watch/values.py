"""What one hour says of a zone: which stations count, whose value, and whether all of them have spoken."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from civic.air.episodes import zone_value
from civic.air.records import Hour, Measured, Site

Rule = Literal["criteria", "grade"]
RULES: tuple[Rule, ...] = ("criteria", "grade")
WATCHED: tuple[str, ...] = ("PM10", "PM25", "O3")
"""Pollutants that have lines of alerts; the grades of the same are told to those who asked for a lower line."""
Stations = Mapping[str, tuple[int, ...]]
"""Name in config.yml to its rows in the store: one place that two sources tell of counts once."""


@dataclass(frozen=True, slots=True)
class HourValue:
    """`value` None: no valid one. `sites`: how many stations are in it. `site_id`: the one that decided, where one did
    (ozone, grades). `is_whole`: every station has said something of the hour, be it only that it has no value.
    """

    value: Decimal | None
    sites: int
    site_id: int | None
    is_whole: bool


def stations_of(names: Sequence[str], sites: Iterable[Site]) -> dict[str, tuple[int, ...]]:
    """The rows of a zone's stations, by present name, else by a former one. A name that nobody knows has none, and
    the zone does without it until it appears.
    """
    urban = [site for site in sites if site.origin == "official" and site.network in ("urban", "unknown")]
    found = {}
    for name in names:
        rows = [site for site in urban if site.name == name] or [site for site in urban if name in site.former]
        if rows:
            found[name] = tuple(sorted(site.id for site in rows))
    return found


def of_hour(
    rule: Rule,
    pollutant: str,
    at: datetime,
    stations: Stations,
    hours: Mapping[tuple[int, datetime], Hour],
    least: int,
) -> HourValue:
    """The value of the hour that ended at `at`: a mean for dust, the highest for ozone and for grades (sub-indices)."""
    told = {name: _told(rule, pollutant, [hours.get((one, at)) for one in ids]) for name, ids in stations.items()}
    spoken = {name: one for name, one in told.items() if one is not None}
    valid = [(site_id, value) for site_id, value in spoken.values() if value is not None]
    is_whole = bool(stations) and len(spoken) == len(stations)
    if not valid or len(valid) < least:
        return HourValue(None, len(valid), None, is_whole)
    highest = max(valid, key=lambda one: one[1])
    if rule == "grade":
        return HourValue(highest[1], len(valid), highest[0], is_whole)
    value = zone_value(pollutant, [one for _, one in valid], least)
    return HourValue(value, len(valid), highest[0] if pollutant == "O3" else None, is_whole)


def _told(rule: Rule, pollutant: str, rows: Sequence[Hour | None]) -> tuple[int, Decimal | None] | None:
    """What a station says: (its row, the value or None where it is not valid); None where it has said nothing."""
    spoken: list[tuple[int, Measured, Decimal | None]] = []
    for hour in rows:
        if hour is None or (measured := hour.values.get(pollutant)) is None:
            continue
        part = hour.parts.get(pollutant) if hour.parts else None
        graded = Decimal(part) if part is not None and measured.usable is not None else None
        spoken.append((hour.site_id, measured, graded if rule == "grade" else measured.usable))
    if not spoken:
        return None
    # A confirmed word goes before a realtime one, a value before none; else the older row.
    best = min(spoken, key=lambda one: (one[2] is None, one[1].status != "confirmed", one[0]))
    return best[0], best[2]
