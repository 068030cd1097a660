"""The devices of a city: what each is, where it stands, what it measures, and who switched it off and why."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import stations
from civic.air.devices.tables import air_device_seen, air_devices
from civic.staff.service import record_change
from core.air_rules import Air
from core.contracts.air import Station
from core.errors import BadInput, Conflict, NotFound, PreconditionFailed
from core.ids import new_id

Kind = Literal["sensor", "stack"]
NAME = r"[a-z0-9][a-z0-9-]{1,39}"
"""A name is part of a topic and of an address: nothing in it means anything there."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A device to be entered. `source`: of config.yml, whose format it speaks. `period_s`: of its means, 1 for a value
    a second. `pollutants`: codes that it is believed for. `certified`: grade of its type (성능인증 등급) and whose word
    that is.
    """

    name: str
    title: str
    kind: Kind
    source: str
    lat: float
    lon: float
    pollutants: tuple[str, ...]
    period_s: int
    company: str = ""
    stack: str = ""
    model: str = ""
    address: str = ""
    height_m: float | None = None
    certified: str = ""
    certified_source: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """A device as it stands. `grade`: A, B, C, D (not used), U (not known yet), with its reason."""

    id: UUID
    city_id: str
    name: str
    title: str
    kind: Kind
    source: str
    site_id: int
    company: str
    stack: str
    model: str
    address: str
    lat: float
    lon: float
    height_m: float | None
    pollutants: Sequence[str]
    period_s: int
    certified: str
    certified_source: str
    is_on: bool
    off_reason: str
    broker: str
    grade: str
    grade_reason_ko: str
    grade_reason_en: str
    graded_at: datetime | None
    version: int
    created_at: datetime


_COLUMNS = [air_devices.c[name] for name in Device.__slots__]


@dataclass(frozen=True, slots=True)
class Seen:
    """What moves with its messages. `newest_at`: newest stamp taken; `skew_s`: it less our clock as it came."""

    last_at: datetime | None
    newest_at: datetime | None
    last_seq: int | None
    skew_s: int | None
    messages: int
    refused: int
    refused_at: datetime | None
    refused_reason: str
    ahead_at: datetime | None


def check(draft: Draft, rules: Air) -> None:
    """Raises BadInput for a name that cannot be one, a source or company that config.yml does not have."""
    if not re.fullmatch(NAME, draft.name):
        raise BadInput(
            "이름은 영어 소문자, 숫자, 붙임표로 2~40자입니다.", "A name has 2 to 40 of a-z, 0-9 and the hyphen."
        )
    if draft.source not in rules.sources:
        raise BadInput("config.yml의 air.sources에 없는 출처입니다.", "No such source in air.sources.")
    company = rules.companies.get(draft.company)
    if (draft.kind == "stack") != bool(draft.company) or (draft.company and company is None):
        raise BadInput(
            "굴뚝 측정기는 config.yml의 사업장을, 시의 측정기는 빈칸을 적어 주세요.",
            "A stack monitor names a company of config.yml, a sensor none.",
        )
    if draft.stack and company and draft.stack not in {one.id for one in company.stacks}:
        raise BadInput("그 사업장에 없는 배출구입니다.", "The company has no such stack.")
    if not draft.pollutants or not 1 <= draft.period_s <= 3_600:
        raise BadInput(
            "항목을 하나 이상, 간격을 1~3600초로 적어 주세요.", "Give a pollutant and a period of 1 to 3600 s."
        )


async def add(tx: AsyncConnection, city_id: str, draft: Draft, now: datetime, *, by: UUID | None) -> Device:
    """Raises Conflict when the name is taken, also by a device that is switched off: its values are there."""
    mine = (air_devices.c.city_id == city_id, air_devices.c.name == draft.name)
    if (await tx.execute(select(air_devices.c.id).where(*mine))).first():
        raise Conflict("그 이름의 측정기가 이미 있습니다.", "A device of this name is there already.")
    site_id = await _site(tx, city_id, draft, now)
    made = new_id()
    values = asdict(draft) | {"pollutants": list(draft.pollutants)}
    row = {"id": made, "city_id": city_id, "site_id": site_id, "created_at": now, "created_by": by, **values}
    await tx.execute(insert(air_devices).values(row))
    await tx.execute(insert(air_device_seen).values(device_id=made, city_id=city_id))
    await record(tx, city_id, draft.name, "added", by, now, values)
    return await read(tx, city_id, draft.name)


async def listed(tx: AsyncConnection, city_id: str) -> list[Device]:
    """By name, those that are off too."""
    query = select(*_COLUMNS).where(air_devices.c.city_id == city_id).order_by(air_devices.c.name)
    return [Device(*row) for row in await tx.execute(query)]


async def seen(tx: AsyncConnection, city_id: str, *device_ids: UUID) -> dict[UUID, Seen]:
    """Of these devices, of all where none is named."""
    columns = [air_device_seen.c[name] for name in Seen.__slots__]
    query = select(air_device_seen.c.device_id, *columns).where(air_device_seen.c.city_id == city_id)
    if device_ids:
        query = query.where(air_device_seen.c.device_id.in_(device_ids))
    return {row[0]: Seen(*row[1:]) for row in await tx.execute(query)}


async def named(tx: AsyncConnection, city_id: str, names: Sequence[str]) -> dict[str, Device]:
    """Those of these names that there are."""
    query = select(*_COLUMNS).where(air_devices.c.city_id == city_id, air_devices.c.name.in_(list(names)))
    return {row.name: Device(*row) for row in await tx.execute(query)}


async def read(tx: AsyncConnection, city_id: str, name: str) -> Device:
    """Raises NotFound."""
    found = await named(tx, city_id, [name])
    if name not in found:
        raise NotFound("그런 측정기가 없습니다.", "No such device.")
    return found[name]


async def change(
    tx: AsyncConnection,
    city_id: str,
    name: str,
    values: Mapping[str, Any],
    now: datetime,
    *,
    versions: frozenset[int] | None,
    by: UUID | None,
) -> Device:
    """Set these facts (fields of Draft but name, kind, source). Raises NotFound, PreconditionFailed."""
    before = await _locked(tx, city_id, name, versions)
    told = {key: value for key, value in values.items() if getattr(before, key) != value}
    if not told:
        return before
    await _write(tx, before, told)
    if {"title", "lat", "lon", "address", "company"} & set(told):
        after = await read(tx, city_id, name)
        draft = Draft(**{field: getattr(after, field) for field in Draft.__slots__})
        await _site(tx, city_id, draft, now)
    await record(tx, city_id, name, "changed", by, now, dict(told))
    return await read(tx, city_id, name)


async def switch(
    tx: AsyncConnection,
    city_id: str,
    name: str,
    now: datetime,
    *,
    is_on: bool,
    reason: str,
    versions: frozenset[int] | None,
    by: UUID | None,
) -> Device:
    """Off: nothing of it is taken from this commit on; `broker` says that its account there has to go (or come back).

    Raises NotFound, PreconditionFailed.
    """
    before = await _locked(tx, city_id, name, versions)
    if before.is_on == is_on:
        return before
    broker = before.broker
    if broker in ("live", "leaving", "off", "coming"):
        broker = "coming" if is_on else "leaving"
    await _write(tx, before, {"is_on": is_on, "off_reason": "" if is_on else reason, "broker": broker})
    await record(tx, city_id, name, "switched_on" if is_on else "switched_off", by, now, {"reason": reason})
    return await read(tx, city_id, name)


async def note_broker(tx: AsyncConnection, city_id: str, name: str, broker: str, *, was: str | None = None) -> None:
    """What the broker knows of the device by now; with `was`, only while that still holds."""
    mine = [air_devices.c.city_id == city_id, air_devices.c.name == name]
    if was is not None:
        mine.append(air_devices.c.broker == was)
    await tx.execute(update(air_devices).where(*mine).values(broker=broker))


async def _locked(tx: AsyncConnection, city_id: str, name: str, versions: frozenset[int] | None) -> Device:
    mine = (air_devices.c.city_id == city_id, air_devices.c.name == name)
    await tx.execute(select(air_devices.c.id).where(*mine).with_for_update())
    found = await read(tx, city_id, name)
    if versions is not None and found.version not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 측정기를 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this device meanwhile. Read it again and retry.",
        )
    return found


async def _write(tx: AsyncConnection, before: Device, values: Mapping[str, Any]) -> None:
    query = update(air_devices).where(air_devices.c.id == before.id)
    await tx.execute(query.values(**values, version=before.version + 1))


async def _site(tx: AsyncConnection, city_id: str, draft: Draft, now: datetime) -> int:
    """The device's place among the stations, entered or told anew."""
    station = Station(
        draft.source,
        draft.name,
        draft.title,
        draft.kind,
        address=draft.address,
        lat=draft.lat,
        lon=draft.lon,
        measures=draft.pollutants,
        origin=draft.kind,
    )
    return await stations.keep_station(tx, city_id, station, now, company=draft.company)


async def record(
    tx: AsyncConnection, city_id: str, name: str, verb: str, by: UUID | None, now: datetime, detail: Mapping[str, Any]
) -> None:
    """The audit row of a change, also for the rooms beside this one. `by` None: at the terminal, or by the machine."""
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if by else "system",
        actor_id=by,
        action=f"air_device.{verb}",
        object_kind="air_device",
        object_id=name,
        detail=dict(detail),
        now=now,
    )
