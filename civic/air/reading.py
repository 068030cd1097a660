"""Reads of the air: stations, hours, wind and what publishers say, each a plain function of a transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import dayrows
from civic.air import versions as kept_words
from civic.air.dayrows import OURS, PUBLISHER, DayIndex, DayKey
from civic.air.index import grade, sub_index, whole
from civic.air.merging import current, joined, was_corrected
from civic.air.packing import HOURS, QUALITIES, Cell, Layer, end_of, moment, place_of, pollutant_of, shown
from civic.air.records import Basis, Hour, Measured, Site, Version
from civic.air.stations import former
from core.contracts.air import POLLUTANTS, UNITS, OfficialAlert, OfficialForecast, Origin, Wind
from core.db import driver

NEWEST_WITHIN = timedelta(days=2)
"""How far back the newest hour of a station is looked for."""
GONE_AFTER = timedelta(days=30)
"""A station of which neither an hour nor a list spoke for so long is not offered any more; its hours stay readable."""
HOUR = timedelta(hours=1)


async def sites(
    tx: AsyncConnection,
    city_id: str,
    now: datetime,
    *,
    origin: Origin | None = None,
    gone_after: timedelta = GONE_AFTER,
) -> list[Site]:
    """Stations and sensors that are there, by name; those that are gone or were found to be another are left out."""
    values = {"city": city_id, "origin": origin, "since": now - gone_after}
    return await _sites(tx, _SITES, values)


async def sites_by_id(tx: AsyncConnection, site_ids: Sequence[int]) -> dict[int, Site]:
    """Of these ids, gone ones too."""
    return {site.id: site for site in await _sites(tx, _SITES_BY_ID, {"ids": list(site_ids)})}


async def hours(tx: AsyncConnection, site_ids: Sequence[int], begin: datetime, end: datetime) -> dict[int, list[Hour]]:
    """Hours that ended after `begin` and not after `end`, oldest first; an hour nobody spoke of is not in the list."""
    if not site_ids or end <= begin:
        return {site: [] for site in site_ids}
    first, last = place_of(begin + HOUR)[0], place_of(end)[0]
    connection = await driver(tx)
    layers = await dayrows.layers_between(connection, site_ids, first, last)
    indices = await dayrows.indices_between(connection, site_ids, first, last)
    found: dict[int, list[Hour]] = {site: [] for site in site_ids}
    for site, day in sorted({(site, day) for site, day, _ in layers}):
        of_day = _day(site, day, layers, indices.get((site, day)), begin, end)
        found[site] += of_day
    return found


async def newest_hours(tx: AsyncConnection, site_ids: Sequence[int], now: datetime) -> dict[int, Hour]:
    """The newest hour of each that has a usable value, else the newest that was told of at all."""
    found = await hours(tx, site_ids, now - NEWEST_WITHIN, now + HOUR)
    newest = {}
    for site, told in found.items():
        usable = [hour for hour in told if any(one.usable is not None for one in hour.values.values())]
        if told:
            newest[site] = (usable or told)[-1]
    return newest


async def winds(tx: AsyncConnection, city_id: str, begin: datetime, end: datetime, place: str = "") -> list[Wind]:
    """Hours from `begin` to `end`, both among them, oldest first; of one place where one is named."""
    rows = await _rows(tx, _WINDS, {"city": city_id, "begin": begin, "end": end, "place": place})
    return [
        Wind(source, where, at.astimezone(UTC), told.astimezone(UTC), *rest) for source, where, at, told, *rest in rows
    ]


async def official_alerts(tx: AsyncConnection, city_id: str, begin: datetime, end: datetime) -> list[OfficialAlert]:
    """Alerts that stood at some moment between, in the order of their issue."""
    rows = await _rows(tx, _ALERTS, {"city": city_id, "begin": begin, "end": end})
    found = []
    for source, uid, region, zone, pollutant, level, issued, lifted, told, *values in rows:
        moments = (_utc(issued), lifted and _utc(lifted), _utc(told))
        found.append(OfficialAlert(source, uid, region, zone, pollutant, level, *moments, *values))
    return found


async def forecasts(tx: AsyncConnection, city_id: str, day: date) -> list[OfficialForecast]:
    """The newest word of each source on each pollutant for a day."""
    rows = await _rows(tx, _FORECASTS, {"city": city_id, "day": day})
    return [
        OfficialForecast(source, uid, pollutant, of_day, _utc(issued), _utc(told), grades, overall, cause)
        for source, uid, pollutant, of_day, issued, told, grades, overall, cause in rows
    ]


async def versions(tx: AsyncConnection, site_id: int, begin: datetime, end: datetime) -> list[Version]:
    """Every word on the values of hours that ended after `begin` and not after `end`, oldest hour first."""
    connection = await driver(tx)
    layers = await dayrows.layers_between(connection, [site_id], place_of(begin + HOUR)[0], place_of(end)[0])
    others = await kept_words.between(connection, [site_id], begin, end)
    told: dict[tuple[datetime, str], dict[bool, list[Cell]]] = {}
    for (_, day, confirmed), layer in layers.items():
        for key, cells in layer.items():
            for place, cell in enumerate(cells):
                at = end_of(day, place)
                if cell is not None and begin < at <= end:
                    words = [cell, *others.get((site_id, at, key, confirmed), ())]
                    told.setdefault((at, key), {})[confirmed] = joined(words)
    found = []
    for (at, key), by_status in sorted(told.items()):
        for confirmed in sorted(by_status, reverse=True):
            for number, cell in enumerate(by_status[confirmed]):
                stands = number == 0 and (confirmed or True not in by_status)
                found.append(_version(site_id, at, key, confirmed, cell, stands))
    return found


def _version(site_id: int, at: datetime, key: str, confirmed: bool, cell: Cell, stands: bool) -> Version:
    pollutant, unit = pollutant_of(key)
    return Version(
        site_id=site_id,
        at=at,
        pollutant=pollutant,
        value=None if cell.value is None else shown(cell.value),
        unit=unit,
        quality=QUALITIES[cell.quality - 1],
        status="confirmed" if confirmed else "realtime",
        flag=cell.flag,
        received_at=moment(cell.first),
        last_received_at=moment(cell.last),
        stands=stands,
    )


def _day(
    site: int, day: date, layers: Mapping[DayKey, Layer], index: DayIndex | None, begin: datetime, end: datetime
) -> list[Hour]:
    realtime, confirmed = layers.get((site, day, False), {}), layers.get((site, day, True), {})
    keys = sorted({*realtime, *confirmed}, key=_order)
    found = []
    for place in range(HOURS):
        at = end_of(day, place)
        if not begin < at <= end:
            continue
        values: dict[str, Measured] = {}
        for key in keys:
            pair = [layer[key][place] if key in layer else None for layer in (realtime, confirmed)]
            cell = current(*pair)
            pollutant, unit = pollutant_of(key)
            if cell is not None and (pollutant not in values or values[pollutant].usable is None):
                values[pollutant] = _measured(pollutant, unit, key, cell, *pair)
        if values:
            found.append(_hour(site, at, day, place, values, index))
    return found


def _order(key: str) -> tuple[bool, int, str]:
    """Usual units first, the six in their order before others."""
    pollutant, _ = pollutant_of(key)
    place = POLLUTANTS.index(pollutant) if pollutant in POLLUTANTS else len(POLLUTANTS)
    return " " in key, place, key


def _measured(
    pollutant: str, unit: str, key: str, cell: Cell, realtime: Cell | None, confirmed: Cell | None
) -> Measured:
    return Measured(
        pollutant=pollutant,
        value=None if cell.value is None else shown(cell.value),
        unit=unit,
        quality=QUALITIES[cell.quality - 1],
        status="realtime" if confirmed is None else "confirmed",
        flag=cell.flag,
        corrected=was_corrected(key, realtime, confirmed),
    )


def _hour(site: int, at: datetime, day: date, place: int, values: dict[str, Measured], row: DayIndex | None) -> Hour:
    if row is None:
        return Hour(site, at, values)
    scaled = {"PM10": row.means[place], "PM25": row.means[HOURS + place]}
    means = {pollutant: shown(mean) for pollutant, mean in scaled.items() if mean is not None}
    parts = _parts(values, means, day)
    basis: Basis = "none"
    if row.bases[place] & PUBLISHER:
        basis = "publisher"
    elif row.bases[place] & OURS:
        basis = "ours"
    value = row.indices[place] if basis != "none" else None
    told = row.grades[place] or (grade(value) if value is not None else 0)
    return Hour(
        site_id=site,
        at=at,
        values=values,
        index=value,
        grade=told if value is not None and told else None,  # type: ignore[arg-type]
        basis=basis,
        dominant=max((one for one in POLLUTANTS if one in parts), key=parts.__getitem__, default=""),
        parts=parts or None,
        means=means or None,
    )


def _parts(values: Mapping[str, Measured], means: Mapping[str, Decimal], day: date) -> dict[str, int]:
    """Sub-indices of what is there; dust by its predicted mean."""
    parts: dict[str, int] = {}
    for pollutant in POLLUTANTS:
        if pollutant in ("PM10", "PM25"):
            mean = means.get(pollutant)
            value = None if mean is None else whole(mean)
        else:
            told = values.get(pollutant)
            value = told.usable if told is not None and told.unit == UNITS[pollutant] else None
        part = None if value is None else sub_index(pollutant, value, day)
        if part is not None:
            parts[pollutant] = part
    return parts


async def _sites(tx: AsyncConnection, statement: str, values: Mapping[str, Any]) -> list[Site]:
    return [
        Site(
            id=id, source=source, uid=uid, name=name, network=network, origin=origin, region=region, address=address,
            lat=lat, lon=lon, former=former(names, name), company=company, grade=grade_of,
        )
        for id, source, uid, name, network, origin, region, address, lat, lon, names, company, grade_of in await _rows(
            tx, statement, values
        )
    ]  # fmt: skip


async def _rows(tx: AsyncConnection, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    cursor = (await driver(tx)).cursor(binary=True)
    await cursor.execute(statement, values)
    return await cursor.fetchall()


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


_COLUMNS = "id, source, uid, name, network, origin, region, address, lat, lon, names, company, grade"
# ruff: noqa: S608 - the words put into these statements are the names above
_SITES = f"""SELECT {_COLUMNS} FROM air_stations WHERE city_id = %(city)s AND same_as IS NULL
AND (%(origin)s::text IS NULL OR origin = %(origin)s) AND (origin <> 'official' OR told_at >= %(since)s)
ORDER BY name, uid"""
_SITES_BY_ID = f"SELECT {_COLUMNS} FROM air_stations WHERE id = ANY(%(ids)s::int[]) ORDER BY name, uid"
_WINDS = """SELECT source, place, at, received_at, from_degrees, speed, u, v, temperature, humidity, rain FROM air_winds
WHERE city_id = %(city)s AND at BETWEEN %(begin)s AND %(end)s AND %(place)s IN ('', place) ORDER BY at, source, place"""
_ALERTS = """SELECT source, uid, region, zone, pollutant, level, issued_at, lifted_at, received_at, issued_value,
    lifted_value FROM air_official_alerts
WHERE city_id = %(city)s AND issued_at <= %(end)s AND coalesce(lifted_at, 'infinity') >= %(begin)s
ORDER BY issued_at, source, uid"""
_FORECASTS = """SELECT DISTINCT ON (source, pollutant)
    source, uid, pollutant, day, issued_at, received_at, grades, overall, cause
FROM air_forecasts WHERE city_id = %(city)s AND day = %(day)s
ORDER BY source, pollutant, issued_at DESC, received_at DESC, uid"""
