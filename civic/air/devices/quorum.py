"""Limits that are passed now: confirmed by a quorum or an official station, or doubted and then nobody's alarm."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.devices import registry, series
from civic.air.devices.agreeing import Reading, Verdict, verdicts
from civic.air.devices.registry import Device
from civic.air.devices.tables import air_exceedances as table
from civic.air.devices.tables import air_periods
from core.air_device_rules import Limit
from core.air_rules import Air
from core.contracts.channel import GeoPoint
from core.ids import new_id

ENOUGH = 0.5
"""Of a limit's minutes a sensor must have spoken for so much."""
FRESH = timedelta(hours=2)
"""An official hour older than this agrees with nobody and contradicts nobody."""
LATE = timedelta(minutes=10)
"""A stack's mean that came late still counts, for so long after it came."""


@dataclass(frozen=True, slots=True)
class Exceedance:
    """A limit of config.yml that is passed. `key`: the same from its begin to its end. `sites`: those over it, the
    highest first; `value` is its value. Only `confirmed` ones may alarm; `company`: whose limit, "" for the city's.
    """

    key: str
    limit: str
    pollutant: str
    line: Decimal
    value: Decimal
    unit: str
    at: datetime
    began_at: datetime
    sites: tuple[int, ...]
    confirmed: bool
    reason: str
    reason_en: str
    lat: float
    lon: float
    company: str = ""


async def exceedances(tx: AsyncConnection, city_id: str, now: datetime, rules: Air) -> list[Exceedance]:
    """What is passed now, confirmed or not, written down with its begin; what is not any more has ended."""
    await tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 2))"), {"key": f"air-limits:{city_id}"})
    devices = [one for one in await registry.listed(tx, city_id) if one.is_on]
    found: list[Exceedance] = []
    for name, limit in rules.limits.items():
        if limit.applies_to == "stacks":
            told = await _of_stacks(tx, limit, devices, now)
        else:
            told = await _of_sensors(tx, city_id, limit, devices, now, rules)
        standing = await _standing(tx, city_id, name)
        for verdict in told:
            found.append(await _kept(tx, city_id, name, limit, verdict, standing, now))
    quiet = now - timedelta(minutes=rules.quorum.quiet_minutes)
    over = (table.c.city_id == city_id, table.c.ended_at.is_(None), table.c.seen_at < quiet)
    await tx.execute(update(table).where(*over).values(ended_at=now))
    return found


async def _of_sensors(
    tx: AsyncConnection, city_id: str, limit: Limit, devices: Iterable[Device], now: datetime, rules: Air
) -> list[Verdict]:
    used = {
        one.site_id: one
        for one in devices
        if one.kind == "sensor" and one.grade in rules.devices.used_grades and limit.pollutant in one.pollutants
    }
    begin = now - timedelta(minutes=limit.minutes)
    means = await series.means(tx, list(used), limit.pollutant, limit.unit, begin, now)
    enough = ENOUGH * limit.minutes * 60
    sensors = [_reading(used[one.site_id], one.value, one.last_at) for one in means if one.covered_s >= enough]
    if not any(one.value >= limit.value for one in sensors):
        return []
    return verdicts(limit.value, sensors, await _officials(tx, city_id, limit, now), rules.quorum)


async def _officials(tx: AsyncConnection, city_id: str, limit: Limit, now: datetime) -> list[Reading]:
    """Official stations with a fresh good hour of the pollutant."""
    sites = {one.id: one for one in await reading.sites(tx, city_id, now, origin="official")}
    found = []
    for site_id, hour in (await reading.newest_hours(tx, list(sites), now)).items():
        site, told = sites[site_id], hour.values.get(limit.pollutant)
        usable = told.usable if told is not None and told.unit == limit.unit else None
        if usable is not None and site.lat is not None and site.lon is not None and now - hour.at <= FRESH:
            found.append(Reading(site_id, site.name, GeoPoint(site.lat, site.lon), usable, hour.at))
    return found


async def _of_stacks(tx: AsyncConnection, limit: Limit, devices: Iterable[Device], now: datetime) -> list[Verdict]:
    """The company's own monitors, by means of exactly the limit's minutes with a good status."""
    mine = {
        one.site_id: one
        for one in devices
        if one.kind == "stack" and one.company == limit.company and limit.stack in ("", one.stack)
    }
    if not mine:
        return []
    p, length = air_periods.c, timedelta(minutes=limit.minutes)
    query = (
        select(p.site_id, p.value, p.at)
        .where(p.site_id.in_(mine), p.pollutant == limit.pollutant, p.unit == limit.unit, p.quality == "OK")
        .where(p.period_s == limit.minutes * 60, p.value >= limit.value, p.at <= now + length)
        .where((p.at > now - length - LATE) | ((p.received_at > now - LATE) & (p.at > now - timedelta(days=7))))
        .order_by(p.site_id, p.at.desc())
    )
    newest: dict[int, Any] = {}
    for row in await tx.execute(query):
        newest.setdefault(row.site_id, row)
    told = [_reading(mine[site], Decimal(row.value), row.at.astimezone(UTC)) for site, row in newest.items()]
    ko = f"{limit.minutes}분 평균이 사업장의 기준 이상입니다 (정상 상태의 측정값)."
    en = f"The {limit.minutes}-minute mean is over the company's own limit, with a good status."
    return [Verdict(one, (one,), True, ko, en) for one in told]


def _reading(device: Device, value: Decimal, at: datetime) -> Reading:
    return Reading(device.site_id, device.name, GeoPoint(device.lat, device.lon), value, at)


async def _standing(tx: AsyncConnection, city_id: str, name: str) -> list[dict[str, Any]]:
    mine = (table.c.city_id == city_id, table.c.limit_name == name, table.c.ended_at.is_(None))
    query = select(table).where(*mine).order_by(table.c.is_confirmed.desc(), table.c.began_at, table.c.id)
    return [dict(row) for row in (await tx.execute(query)).mappings()]


async def _kept(
    tx: AsyncConnection,
    city_id: str,
    name: str,
    limit: Limit,
    verdict: Verdict,
    standing: Sequence[dict[str, Any]],
    now: datetime,
) -> Exceedance:
    """The row that it goes on with, or a new one. A confirmed one stays so until its end, as its people were told."""
    sites = [one.site_id for one in verdict.over]
    row = next((one for one in standing if set(one["site_ids"]) & set(sites)), None)
    said = {
        "lead_id": verdict.lead.site_id,
        "value": verdict.lead.value,
        "reason_ko": verdict.reason_ko,
        "reason_en": verdict.reason_en,
        "seen_at": now,
    }
    if row is None:
        row = {
            "id": new_id(),
            "city_id": city_id,
            "limit_name": name,
            "pollutant": limit.pollutant,
            "company": limit.company,
            "site_ids": sites,
            "peak": verdict.lead.value,
            "is_confirmed": verdict.is_confirmed,
            "began_at": min(one.at for one in verdict.over),
            **said,
        }
        await tx.execute(insert(table).values(row))
    else:
        if row["is_confirmed"] and not verdict.is_confirmed:
            said = {"seen_at": now}
        more = {
            "site_ids": sorted({*row["site_ids"], *sites}),
            "peak": max(row["peak"], verdict.lead.value),
            "is_confirmed": row["is_confirmed"] or verdict.is_confirmed,
        }
        row.update(said, **more)
        await tx.execute(update(table).where(table.c.id == row["id"]).values(**said, **more))
    return _told(row, limit, verdict, sites)


def _told(row: Mapping[str, Any], limit: Limit, verdict: Verdict, sites: Sequence[int]) -> Exceedance:
    lead = verdict.lead
    return Exceedance(
        key=f"{row['limit_name']}:{row['id']}",
        limit=row["limit_name"],
        pollutant=limit.pollutant,
        line=limit.value,
        value=lead.value,
        unit=limit.unit,
        at=lead.at,
        began_at=row["began_at"].astimezone(UTC),
        sites=tuple(sites),
        confirmed=row["is_confirmed"],
        reason=row["reason_ko"],
        reason_en=row["reason_en"],
        lat=lead.place.lat,
        lon=lead.place.lon,
        company=limit.company,
    )
