"""What is to be told of a watch: its newest change if nobody has heard of it, or a correction of what was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.telling.ranks import rank_of
from civic.air.telling.tables import air_tellings
from civic.air.watch.stepping import Watched
from civic.air.watch.tables import air_watch_changes
from core.air_rules import Telling
from core.contracts.air import LEVELS, Level
from core.db import driver
from core.ids import new_id

Kind = Literal["change", "correction", "official", "forecast", "notice"]
_A_DAY = timedelta(days=1)
SUPERSEDED = "더 새로운 대기 알림이 있어 보내지 않았습니다. (A newer word on the air took its place.)"


@dataclass(frozen=True, slots=True)
class Draft:
    """A telling to make. `series`: whatever else it holds that is not out yet is old. `episode`: falls go to those who
    heard of its rise, and to those who subscribed since `began_at`. `facts`: JSON-plain, for the texts.
    """

    key: str
    series: str
    kind: Kind
    rule: str
    zone: str
    pollutant: str
    rank: int
    is_fall: bool
    episode: str
    began_at: datetime
    facts: Mapping[str, Any]
    valid_until: datetime
    site_id: int | None = None
    staff_id: UUID | None = None


async def make(tx: AsyncConnection, city_id: str, draft: Draft, now: datetime) -> UUID | None:
    """Open a telling and take back what of its series has not left yet. None when it was made before."""
    values = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    row = {"id": new_id(), "city_id": city_id, "status": "open", "created_at": now, **values}
    made = await tx.execute(
        insert(air_tellings)
        .values(row)
        .on_conflict_do_nothing(index_elements=["city_id", "key"])
        .returning(air_tellings.c.id)
    )
    telling_id: UUID | None = made.scalar_one_or_none()
    if telling_id is not None:
        await _supersede(tx, city_id, draft.series, telling_id, now)
    return telling_id


_CLOSE = """
UPDATE air_tellings SET status = 'superseded', ended_at = %(now)s
WHERE city_id = %(city)s AND series = %(series)s AND status = 'open' AND id <> %(id)s
"""
_CANCEL = """
UPDATE outbound o SET status = 'cancelled', cause = 'superseded', reason = %(reason)s, ended_at = %(now)s
FROM air_tellings l JOIN air_told t ON t.telling_id = l.id
WHERE l.city_id = %(city)s AND l.series = %(series)s AND l.id <> %(id)s AND l.created_at > %(since)s
  AND o.id = t.outbound_id AND o.status = 'queued'
  AND (o.claimed_until IS NULL OR o.claimed_until < clock_timestamp())
"""


async def _supersede(tx: AsyncConnection, city_id: str, series: str, telling_id: UUID, now: datetime) -> None:
    """What is on its way out goes out; the newer word stands behind it in the same conversation."""
    connection = await driver(tx)
    values = {"city": city_id, "series": series, "id": telling_id, "now": now, "reason": SUPERSEDED}
    await connection.execute(_CLOSE, values)
    await connection.execute(_CANCEL, {**values, "since": now - timedelta(days=2)})


async def decide(
    tx: AsyncConnection, watch: Watched, facts: Mapping[str, Any], now: datetime, rules: Telling
) -> Draft | None:
    """A telling for what the watch's changes now say, in the transaction that noted them; None when all is told.

    Told is the difference between the level last told and the level that stands: a change noted too late to be news
    (`fresh_minutes`) is shown and not told, and one told before is not told again, whatever was replayed.
    """
    series = f"{watch.rule}/{watch.zone}/{watch.site_id or ''}/{watch.pollutant}"
    newest = await _newest(tx, watch.id)
    told = await _last_told(tx, watch.city_id, series)
    told_level = await _told_level(tx, watch.id, told, newest, now)
    level: Level | None = newest["level"] if newest else None
    if level == told_level:
        return None
    is_fresh = newest is not None and now - newest["at"] <= timedelta(minutes=rules.fresh_minutes)
    if newest is not None and is_fresh and newest["told_at"] is None:
        await tx.execute(update(air_watch_changes).where(air_watch_changes.c.id == newest["id"]).values(told_at=now))
        return _of_change(watch, series, newest, facts, told_level, now, rules)
    if told is not None and await _is_withdrawn(tx, told):
        return _correction(watch, series, told, newest, facts, now, rules)
    return None


def _of_change(
    watch: Watched,
    series: str,
    row: RowMapping,
    facts: Mapping[str, Any],
    told_level: Level | None,
    now: datetime,
    rules: Telling,
) -> Draft:
    level: Level | None = row["level"]
    is_fall = _height(level) < _height(told_level)
    began = row["began_at"].isoformat()
    said = {
        **facts,
        "change_id": str(row["id"]),
        "kind": row["kind"],
        "level": level,
        "before": told_level,
        "at": row["at"].isoformat(),
        "began": began,
        "value": str(row["value"]),
        "decided_by": row["site_id"],
        "is_fall": is_fall,
    }
    return Draft(
        key=f"change:{series}:{began}:{row['at'].isoformat()}:{level or 'lifted'}",
        series=series,
        kind="change",
        rule=watch.rule,
        zone=watch.zone,
        site_id=watch.site_id,
        pollutant=watch.pollutant,
        rank=rank_of(watch.rule, level, told_level),
        is_fall=is_fall,
        episode=f"{series}:{began}",
        began_at=row["began_at"],
        facts=said,
        valid_until=now + timedelta(minutes=rules.valid_minutes),
    )


def _correction(
    watch: Watched,
    series: str,
    told: RowMapping,
    newest: RowMapping | None,
    facts: Mapping[str, Any],
    now: datetime,
    rules: Telling,
) -> Draft:
    """Those who were told what is not so any more are told that; nobody else."""
    level: Level | None = newest["level"] if newest else None
    before: Level | None = told["facts"]["level"]
    said = {
        **facts,
        "change_id": str(newest["id"]) if newest else told["facts"]["change_id"],
        "kind": "corrected",
        "level": level,
        "before": before,
        "at": told["facts"]["at"],
        "began": told["facts"]["began"],
        "value": told["facts"]["value"],
        "decided_by": told["facts"].get("decided_by"),
        "is_fall": True,
    }
    return Draft(
        key=f"correction:{told['key']}:{level or 'none'}:{now.isoformat()}",
        series=series,
        kind="correction",
        rule=watch.rule,
        zone=watch.zone,
        site_id=watch.site_id,
        pollutant=watch.pollutant,
        rank=rank_of(watch.rule, level, before),
        is_fall=True,
        episode=told["episode"],
        began_at=now,
        facts=said,
        valid_until=now + timedelta(minutes=rules.valid_minutes),
    )


async def _newest(tx: AsyncConnection, watch_id: int) -> RowMapping | None:
    change = air_watch_changes.c
    live = select(air_watch_changes).where(change.watch_id == watch_id, change.withdrawn_at.is_(None))
    return (await tx.execute(live.order_by(change.at.desc()).limit(1))).mappings().one_or_none()


async def _last_told(tx: AsyncConnection, city_id: str, series: str) -> RowMapping | None:
    telling = air_tellings.c
    mine = (telling.city_id == city_id, telling.series == series, telling.kind.in_(("change", "correction")))
    query = select(air_tellings).where(*mine).order_by(telling.created_at.desc(), telling.id.desc()).limit(1)
    return (await tx.execute(query)).mappings().one_or_none()


async def _told_level(
    tx: AsyncConnection, watch_id: int, told: RowMapping | None, newest: RowMapping | None, now: datetime
) -> Level | None:
    """What people believe to stand. A fall that came too late to be told ends that too, with its episode."""
    if told is None or told["facts"]["level"] is None:
        return None
    level: Level = told["facts"]["level"]
    if await _is_withdrawn(tx, told):
        return level if now - told["created_at"] <= _A_DAY else None
    if newest is None:
        return level
    change = air_watch_changes.c
    over = select(change.id).where(
        change.watch_id == watch_id,
        change.withdrawn_at.is_(None),
        change.kind == "lifted",
        change.at > datetime.fromisoformat(told["facts"]["at"]),
        change.at < newest["at"],
    )
    return None if (await tx.execute(over.limit(1))).one_or_none() else level


async def _is_withdrawn(tx: AsyncConnection, told: RowMapping) -> bool:
    change = air_watch_changes.c
    query = select(change.withdrawn_at).where(change.id == UUID(told["facts"]["change_id"]))
    row = (await tx.execute(query)).one_or_none()
    return row is None or row.withdrawn_at is not None


def _height(level: Level | None) -> int:
    return LEVELS.index(level) + 1 if level else 0
