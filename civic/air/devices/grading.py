"""Looks at the devices: findings begin and end, grades change with their reason, and the store of stations hears it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.devices import findings, quality, registry, series
from civic.air.devices.findings import Kind, Standing
from civic.air.devices.quality import Compared, Grade
from civic.air.devices.registry import Device
from civic.air.devices.tables import air_device_grades, air_devices
from civic.air.records import Hour, Site
from civic.air.tables import air_stations
from core.air_rules import Air
from core.contracts.channel import GeoPoint
from core.distance import meters
from core.ids import new_id

WIRES: tuple[Kind, ...] = ("silent", "clock_ahead", "clock_behind")
VALUES: tuple[Kind, ...] = ("stuck", "spikes")


@dataclass(frozen=True, slots=True)
class Looked:
    """`stand`: findings of devices. `outage`: since when nearly all are silent, which is one fault and not theirs."""

    stand: list[Standing]
    outage: datetime | None


async def look(tx: AsyncConnection, city_id: str, now: datetime, rules: Air) -> Looked:
    """Silence and clocks of devices that are on; what stands of them. Cheap: once a minute.

    In an outage nobody new is found silent: a thousand sensors would be a thousand matters.
    """
    devices = [one for one in await registry.listed(tx, city_id) if one.is_on]
    everyone = await registry.seen(tx, city_id)
    seen = {one.id: everyone[one.id] for one in devices}
    found = [each for one in devices for each in quality.wires(one, seen[one.id], now, rules.devices)]
    since = quality.outage(found, seen)
    if since is not None:
        known = await findings.standing(tx, city_id)
        before = {key for key, several in known.items() if any(one.kind == "silent" for one in several)}
        found = [one for one in found if one.kind != "silent" or one.device_id in before]
    return Looked(await findings.settle(tx, city_id, WIRES, found, now), since)


async def look_at_values(tx: AsyncConnection, city_id: str, now: datetime, rules: Air) -> list[Standing]:
    """Standing and jumping values of sensors that are on. Reads every value of the window: once in ten minutes."""
    sensors = {one.site_id: one for one in await registry.listed(tx, city_id) if one.is_on and one.kind == "sensor"}
    given = rules.devices
    begin = now - timedelta(minutes=given.stuck.minutes)
    found = quality.stuck(sensors, await series.windows(tx, list(sensors), begin, now), given)
    begin = now - timedelta(minutes=given.spike.minutes)
    recent = await series.windows(tx, list(sensors), begin, now, times=given.spike.times)
    found += quality.spikes(sensors, recent, given)
    return await findings.settle(tx, city_id, VALUES, found, now)


async def compare(tx: AsyncConnection, city_id: str, now: datetime, rules: Air) -> list[Standing]:
    """Drift against the nearest official station over days, and the grades that follow; the drifts that stand."""
    devices = [one for one in await registry.listed(tx, city_id) if one.is_on]
    told = await _compared(tx, city_id, [one for one in devices if one.kind == "sensor"], now, rules)
    stand = await findings.settle(tx, city_id, ("drift",), quality.drifts(told, rules.devices.drift), now)
    await grade(tx, city_id, devices, told, now, rules)
    return stand


async def grade(
    tx: AsyncConnection,
    city_id: str,
    devices: Sequence[Device],
    compared: Sequence[Compared] | None,
    now: datetime,
    rules: Air,
) -> list[Device]:
    """Write the grades that changed; those devices. `compared` None: as it was told last, by what stands now."""
    standing = await findings.standing(tx, city_id)
    last = await _last_compared(tx, city_id) if compared is None else {}
    for each in compared or ():
        last.setdefault(each.device_id, []).append(each)
    changed = []
    for one in devices:
        stands = [(each.kind, each.reason_ko, each.reason_en) for each in standing.get(one.id, [])]
        known = last.get(one.id, [])
        now_graded = quality.grade(stands, known, rules.devices.drift)
        if now_graded.grade != one.grade:
            await _write(tx, one, now_graded, known, now)
            changed.append(replace(one, grade=now_graded.grade))
        elif compared is not None and known:
            await _remember(tx, one, now_graded, known, now)
    return changed


async def history(tx: AsyncConnection, device_id: UUID, most: int = 50) -> list[dict[str, Any]]:
    """Its grades, the newest first."""
    table = air_device_grades
    query = select(table.c.grade, table.c.reason_ko, table.c.reason_en, table.c.at)
    rows = await tx.execute(query.where(table.c.device_id == device_id).order_by(table.c.at.desc()).limit(most))
    return [dict(row) for row in rows.mappings()]


async def _compared(
    tx: AsyncConnection, city_id: str, sensors: Sequence[Device], now: datetime, rules: Air
) -> list[Compared]:
    drift = rules.devices.drift
    sites = [one for one in await reading.sites(tx, city_id, now, origin="official") if one.network == "urban"]
    nearest = {one.id: site for one in sensors if (site := _nearest(one, sites, drift.near_m)) is not None}
    wanted = [one for one in sensors if one.id in nearest]
    ids = {one.site_id for one in wanted} | {nearest[one.id].id for one in wanted}
    hours = await reading.hours(tx, sorted(ids), now - timedelta(days=drift.days), now)
    by_hour = {site: {hour.at: hour for hour in told} for site, told in hours.items()}
    found = []
    for one in wanted:
        station = nearest[one.id]
        for pollutant in one.pollutants:
            pairs = _pairs(by_hour.get(one.site_id, {}), by_hour.get(station.id, {}), pollutant)
            result = quality.compared(one, pollutant, station.name, pairs, drift)
            if result is not None:
                found.append(result)
    return found


def _pairs(mine: dict[datetime, Hour], theirs: dict[datetime, Hour], pollutant: str) -> list[tuple[Decimal, Decimal]]:
    both = []
    for at in sorted(mine.keys() & theirs.keys()):
        one, other = mine[at].values.get(pollutant), theirs[at].values.get(pollutant)
        if one is None or other is None or one.usable is None or other.usable is None or one.unit != other.unit:
            continue
        both.append((one.usable, other.usable))
    return both


def _nearest(device: Device, sites: Sequence[Site], most_m: float) -> Site | None:
    away = [
        (meters(GeoPoint(device.lat, device.lon), GeoPoint(one.lat, one.lon)), one.id, one)
        for one in sites
        if one.lat is not None and one.lon is not None
    ]
    distance, _, found = min(away, default=(0.0, 0, None))
    return found if distance <= most_m else None


async def _write(tx: AsyncConnection, one: Device, graded: Grade, known: Sequence[Compared], now: datetime) -> None:
    said = {"grade": graded.grade, "grade_reason_ko": graded.reason_ko, "grade_reason_en": graded.reason_en}
    await tx.execute(update(air_devices).where(air_devices.c.id == one.id).values(**said, graded_at=now))
    await tx.execute(update(air_stations).where(air_stations.c.id == one.site_id).values(grade=graded.grade))
    await _add(tx, one, graded, known, now)


async def _remember(tx: AsyncConnection, one: Device, graded: Grade, known: Sequence[Compared], now: datetime) -> None:
    """The same grade, on newer numbers: the reason that is shown moves with them, the history does not grow."""
    said = {"grade_reason_ko": graded.reason_ko, "grade_reason_en": graded.reason_en}
    await tx.execute(update(air_devices).where(air_devices.c.id == one.id).values(said))
    newest = select(air_device_grades.c.id).where(air_device_grades.c.device_id == one.id)
    newest = newest.order_by(air_device_grades.c.at.desc()).limit(1)
    facts = {"compared": [_plain(each) for each in known]}
    await tx.execute(
        update(air_device_grades).where(air_device_grades.c.id == newest.scalar_subquery()).values(facts=facts)
    )


async def _add(tx: AsyncConnection, one: Device, graded: Grade, known: Sequence[Compared], now: datetime) -> None:
    row = {"id": new_id(), "city_id": one.city_id, "device_id": one.id, "grade": graded.grade, "at": now}
    said = {"reason_ko": graded.reason_ko, "reason_en": graded.reason_en}
    facts = {"compared": [_plain(each) for each in known]}
    await tx.execute(insert(air_device_grades).values({**row, **said, "facts": facts}))


async def _last_compared(tx: AsyncConnection, city_id: str) -> dict[UUID, list[Compared]]:
    """What each device's newest grade rests on."""
    table = air_device_grades
    query = select(table.c.device_id, table.c.facts).where(table.c.city_id == city_id)
    query = query.ext(distinct_on(table.c.device_id)).order_by(table.c.device_id, table.c.at.desc())
    found: dict[UUID, list[Compared]] = {}
    for device_id, facts in await tx.execute(query):
        found[device_id] = [
            Compared(device_id, one["pollutant"], one["station"], one["ratio"], Decimal(one["offset"]), one["pairs"])
            for one in facts.get("compared", [])
        ]
    return found


def _plain(one: Compared) -> dict[str, Any]:
    facts = {"pollutant": one.pollutant, "station": one.station, "ratio": round(one.ratio, 4)}
    return {**facts, "offset": f"{one.offset:f}", "pairs": one.pairs}
