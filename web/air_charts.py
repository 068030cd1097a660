"""Hours and days as tables from which the page draws: what the chart shows is what the table says, gaps included."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from civic.air.open.series import Band, Line, Series, Value
from civic.air.records import Site, Version
from core.clock import SEOUL
from core.contracts.air import UNITS
from web.air_rows import Speaker, hour_said

_HOUR = timedelta(hours=1)


def hours_chart(
    id: str,
    caption: str,
    read: Sequence[tuple[Site, Series, Mapping[int, Version]]],
    pollutant: str,
    t: Mapping[str, Any],
    says: Speaker,
) -> dict[str, Any]:
    """A column for each site, the newest hour first. All series begin and end together."""
    there = [one for one in read if pollutant in one[1].lines]
    rows = []
    for place in reversed(range(there[0][1].count if there else 0)):
        at = there[0][1].at(place)
        cells = [_cell(one.lines[pollutant], place, before, says) for _, one, before in there]
        rows.append({"t": int(at.timestamp()), "at": hour_said(at), "cells": cells})
    return {
        "id": id,
        "kind": "hours",
        "caption": caption,
        "key": t["hours_key"],
        "first": t["hour"],
        "unit": there[0][1].lines[pollutant].unit if there else UNITS.get(pollutant, ""),
        "names": [f"{site.name} ({one.lines[pollutant].unit})" for site, one, _ in there],
        "rows": _cut(rows),
    }


def _cut(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the hours at the newer end that nobody has told yet; holes between stay."""
    first = next((place for place, row in enumerate(rows) if any(cell["shown"] != "" for cell in row["cells"])), None)
    kept = [] if first is None else rows[first:]
    for row in kept:
        for cell in row["cells"]:
            cell["shown"] = cell["shown"] or "–"
    return kept


def _cell(line: Line, place: int, before: Mapping[int, Version], says: Speaker) -> dict[str, Any]:
    value = line.values[place]
    first = before.get(place)
    was = ""
    if first is not None:
        was = f"{first.value.normalize():f}" if first.value is not None and first.quality == "OK" else "–"
    if value is not None:
        return {"value": value, "shown": str(value), "was": was, "note": ""}
    if place in line.flagged:
        quality, _ = line.flagged[place]
        return {"value": None, "shown": "–", "was": was, "note": says.t["qualities"].get(quality, quality)}
    return {"value": None, "shown": "", "was": was, "note": ""}


def days_chart(id: str, caption: str, found: Sequence[Band], unit: str, t: Mapping[str, Any]) -> dict[str, Any]:
    """Mean, lowest, highest and the number of usable hours of each day, the newest first."""
    rows: list[dict[str, Any]] = []
    for one in reversed(found):
        midnight = datetime(one.day.year, one.day.month, one.day.day, tzinfo=SEOUL)
        values: list[Value] = [one.mean, one.low, one.high, one.hours]
        cells = [
            {"value": value, "shown": "–" if value is None else str(value), "was": "", "note": ""} for value in values
        ]
        rows.append({"t": int(midnight.timestamp()), "at": f"{one.day:%m-%d}", "cells": cells})
    return {
        "id": id,
        "kind": "days",
        "caption": caption,
        "key": t["days_key"],
        "first": t["day"],
        "unit": unit,
        "names": [f"{t['mean']} ({unit})", f"{t['low']} ({unit})", f"{t['high']} ({unit})", t["count"]],
        "rows": rows if any(one.hours for one in found) else [],
    }
