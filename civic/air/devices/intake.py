"""Takes what devices sent, many at once, in one transaction: judged, stored by their period, counted on the device."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.devices import periods
from civic.air.devices.judging import REASONS, SECONDS, Judged, Refused, judge
from civic.air.devices.registry import Device
from civic.air.packing import key_of
from civic.air.raw import Raw, RawTaken, take_raw
from core.air_rules import Air
from core.contracts.air import Observation, Pulled, RowNote
from core.db import driver


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of a device as its format was read."""

    device: Device
    pulled: Pulled


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a message. `values`: that could be read; `kept`: new or known. `skipped`: rows not read at all."""

    values: int
    kept: int
    doubted: int
    refused: tuple[Refused, ...]
    skipped: tuple[RowNote, ...]

    @property
    def is_whole(self) -> bool:
        return not self.refused and not self.skipped


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: kept values = stored + repeated + corrected. `accounts`: of each message in its order."""

    stored: int
    repeated: int
    corrected: int
    accounts: tuple[Account, ...]


async def take(tx: AsyncConnection, city_id: str, sent: Sequence[Sent], now: datetime, rules: Air) -> Taken:
    """Store these messages. One that was stored before changes nothing, whoever stores it at the same time."""
    judged = [judge(one.device, one.pulled.observations, now, rules.devices, rules.store.raw_days) for one in sent]
    seconds: list[Raw] = []
    minutes: list[tuple[int, Observation]] = []
    for one, found in zip(sent, judged, strict=True):
        for value in found.taken:
            if value.period_s < SECONDS:
                seconds.append(_raw(one.device, value))
            else:
                minutes.append((one.device.site_id, value))
    raw = await _take_seconds(tx, city_id, seconds, now, rules) if seconds else RawTaken()
    changed = await periods.take(tx, city_id, minutes)
    await _seen(tx, sent, judged, now)
    new = sum(changed.values())
    return Taken(
        stored=raw.stored + new,
        repeated=len(seconds) - raw.stored + len(minutes) - len(changed),
        corrected=len(changed) - new,
        accounts=tuple(_account(one, found) for one, found in zip(sent, judged, strict=True)),
    )


async def _take_seconds(
    tx: AsyncConnection, city_id: str, seconds: Sequence[Raw], now: datetime, rules: Air
) -> RawTaken:
    clock = rules.store.model_copy(update={"ahead_s": rules.devices.ahead_s})
    return await take_raw(tx, city_id, seconds, now, clock)


def _raw(device: Device, value: Observation) -> Raw:
    key = key_of(value.pollutant, value.unit)
    return Raw(device.site_id, key, value.value, value.phenomenon_end, value.quality)


def _account(one: Sent, found: Judged) -> Account:
    return Account(
        values=len(one.pulled.observations),
        kept=len(found.taken),
        doubted=found.doubted,
        refused=found.refused,
        skipped=one.pulled.report.skipped,
    )


async def _seen(tx: AsyncConnection, sent: Sequence[Sent], judged: Sequence[Judged], now: datetime) -> None:
    """One statement for all devices of the batch, in the order of their ids."""
    rows: dict[UUID, dict[str, Any]] = {}
    for one, found in zip(sent, judged, strict=True):
        row = rows.setdefault(one.device.id, {"id": str(one.device.id), "messages": 0, "refused": 0})
        row["messages"] += 1
        row["refused"] += len(found.refused) + len(one.pulled.report.skipped)
        reasons = [REASONS[bad.reason][0] for bad in found.refused]
        reasons += [one.pulled.report.reasons_ko.get(bad.reason, bad.reason) for bad in one.pulled.report.skipped]
        if reasons:
            row["reason"] = reasons[0]
        if found.has_ahead:
            row["ahead"] = now.isoformat()
        if found.newest is not None:
            row["newest"] = max(found.newest.isoformat(), row.get("newest", ""))
        if one.pulled.mark.cursor:
            row["seq"] = int(one.pulled.mark.cursor)
    in_order = [rows[key] for key in sorted(rows)]
    await (await driver(tx)).execute(_SEEN, [now, now, now, Jsonb(in_order)])


_SEEN = """
UPDATE air_device_seen AS s SET
    last_at = %s,
    newest_at = greatest(s.newest_at, t.newest),
    skew_s = coalesce(extract(epoch FROM t.newest - %s)::int, s.skew_s),
    last_seq = coalesce(t.seq, s.last_seq),
    messages = s.messages + t.messages,
    refused = s.refused + t.refused,
    refused_at = CASE WHEN t.refused > 0 THEN %s ELSE s.refused_at END,
    refused_reason = coalesce(t.reason, s.refused_reason),
    ahead_at = coalesce(t.ahead, s.ahead_at)
FROM jsonb_to_recordset(%s) AS t(id uuid, messages int, refused int, reason text, ahead timestamptz, newest timestamptz,
    seq bigint)
WHERE s.device_id = t.id
"""
