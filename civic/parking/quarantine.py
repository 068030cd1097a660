"""Feeds and lots whose numbers are not believed: written down once, told to staff once, lifted when all is well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import parking_lots
from civic.parking.tables import parking_quarantine as quarantine
from civic.staff.notices import notify
from core.db import Driver
from core.ids import new_id
from core.parking_rules import Parking

REASONS_KO = {
    "negative": "빈자리가 음수",
    "over_capacity": "빈자리가 면수보다 많음",
    "frozen": "숫자가 오래 그대로임",
    "feed": "출처 전체의 숫자를 믿을 수 없음",
    "still": "출처 전체가 멈춤",
}
REASONS_EN = {
    "negative": "negative",
    "over_capacity": "over capacity",
    "frozen": "frozen",
    "feed": "whole feed",
    "still": "whole feed standing still",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A live row. `uid` "": the whole feed. `last_at`: when the number was last bad."""

    id: UUID
    uid: str
    reason: str
    last_at: datetime
    is_alarmed: bool


@dataclass(frozen=True, slots=True)
class Bad:
    """A number not believed now. `value`: what the source claimed, for staff to see."""

    uid: str
    reason: str
    lot_id: UUID | None
    value: Mapping[str, Any]


async def held(connection: Driver, city_id: str, source: str, uids: Sequence[str]) -> list[Held]:
    """What is in quarantine now of these lots, and of the source as a whole."""
    cursor = await connection.execute(_HELD, {"city": city_id, "source": source, "uids": ["", *uids]})
    return [Held(*row) for row in await cursor.fetchall()]


async def hold(connection: Driver, city_id: str, source: str, bad: Sequence[Bad], now: datetime) -> None:
    """Write down what is bad now; what is down already is counted on."""
    if not bad:
        return
    values = {
        "city": city_id,
        "source": source,
        "now": now,
        "ids": [new_id() for _ in bad],
        "uids": [one.uid for one in bad],
        "lots": [one.lot_id for one in bad],
        "reasons": [one.reason for one in bad],
        "values": [orjson.dumps(one.value).decode() for one in bad],
    }
    await connection.execute(_HOLD, values)


async def lift(connection: Driver, ids: Iterable[UUID], now: datetime) -> None:
    """The numbers are believable by themselves."""
    if wanted := list(ids):
        await connection.execute(_LIFT, {"ids": wanted, "now": now})


def is_over(row: Held, now: datetime, rules: Parking) -> bool:
    """Whether the number has been good for long enough."""
    return now - row.last_at >= timedelta(minutes=rules.doubts.lift_minutes)


async def alarm(tx: AsyncConnection, city_id: str, source: str, now: datetime, rules: Parking) -> int:
    """Tell staff of all that is new in quarantine, in one notice a source and span of time; how many rows it names.

    What comes within the span waits for the next one, but for a whole feed. Lots freeze one after the other.
    """
    mine = quarantine.c.city_id == city_id, quarantine.c.source == source
    new = (*mine, quarantine.c.lifted_at.is_(None), quarantine.c.alarmed_at.is_(None))
    rows = (await tx.execute(quarantine.select().where(*new).with_for_update())).all()
    if not rows:
        return 0
    since = now - timedelta(minutes=rules.doubts.alarm_minutes)
    told = (await tx.execute(quarantine.select().where(*mine, quarantine.c.alarmed_at > since).limit(1))).first()
    if told is not None and not any(row.uid == "" for row in rows):
        return 0
    marked = quarantine.update().where(quarantine.c.id.in_([row.id for row in rows])).values(alarmed_at=now)
    await tx.execute(marked)
    ko, en = _said(source, [(row.uid, row.reason, row.value) for row in rows])
    await notify(
        tx,
        city_id=city_id,
        kind="parking.quarantine",
        text_ko=ko,
        text_en=en,
        now=now,
        dedupe_key=f"parking:quarantine:{rows[0].id}",
        **owners(rules),
    )
    return len(rows)


async def alarm_all(tx: AsyncConnection, city_id: str, now: datetime, rules: Parking) -> None:
    """Tell of what waited for its source's next alarm, also where that source sends nothing any more."""
    live = (quarantine.c.city_id == city_id, quarantine.c.lifted_at.is_(None), quarantine.c.alarmed_at.is_(None))
    for source in (await tx.execute(select(quarantine.c.source).where(*live).distinct())).scalars().all():
        await alarm(tx, city_id, source, now, rules)


async def lift_gone(tx: AsyncConnection, city_id: str, now: datetime) -> int:
    """Lots that are listed no more are no business of anybody's; how many."""
    gone = select(parking_lots.c.id).where(parking_lots.c.city_id == city_id, parking_lots.c.gone_at.is_not(None))
    live = (quarantine.c.city_id == city_id, quarantine.c.lifted_at.is_(None), quarantine.c.lot_id.in_(gone))
    return (await tx.execute(quarantine.update().where(*live).values(lifted_at=now))).rowcount


def owners(rules: Parking) -> dict[str, Any]:
    """Who hears of parking: the heads of the department that owns it, else the admins (arguments of `notify`)."""
    if rules.department:
        return {"role": "manager", "department_id": rules.department}
    return {"role": "admin"}


def _said(source: str, rows: Sequence[tuple[str, str, Any]]) -> tuple[str, str]:
    counts: dict[str, int] = {}
    for uid, reason, value in rows:
        found = {key: int(value[key]) for key in REASONS_KO if key in (value or {})} if uid == "" else {reason: 1}
        for name, count in found.items():
            counts[name] = counts.get(name, 0) + count
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    listed_ko = ", ".join(f"{REASONS_KO[name]} {count}곳" for name, count in ordered)
    listed_en = ", ".join(f"{REASONS_EN[name]} {count}" for name, count in ordered)
    whole = any(uid == "" for uid, _, _ in rows)
    scope_ko = "출처 전체의 빈자리를" if whole else "일부 주차장의 빈자리를"
    return (
        f"주차장 출처 ‘{source}’: {scope_ko} 믿을 수 없어 시민에게 알리지 않고 있습니다 ({listed_ko}). "
        "주차장 격리 목록에서 살펴봐 주세요.",
        f"Parking source {source}: numbers are not believed and not told ({listed_en}). "
        "Please look at the quarantine list.",
    )


_HELD = """SELECT id, uid, reason, last_at, alarmed_at IS NOT NULL FROM parking_quarantine
WHERE city_id = %(city)s AND source = %(source)s AND uid = ANY(%(uids)s::text[]) AND lifted_at IS NULL"""
_HOLD = """INSERT INTO parking_quarantine AS q (id, city_id, source, uid, lot_id, reason, value, since_at, last_at)
SELECT i.id, %(city)s, %(source)s, i.uid, i.lot, i.reason, i.value::jsonb, %(now)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(uids)s::text[], %(lots)s::uuid[], %(reasons)s::text[], %(values)s::text[])
    AS i(id, uid, lot, reason, value)
ON CONFLICT (city_id, source, uid, reason) WHERE lifted_at IS NULL DO UPDATE
SET count = q.count + 1, last_at = EXCLUDED.last_at, value = EXCLUDED.value"""
_LIFT = "UPDATE parking_quarantine SET lifted_at = %(now)s WHERE id = ANY(%(ids)s) AND lifted_at IS NULL"


async def forget(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """Delete rows lifted before a moment; how many."""
    old = quarantine.delete().where(quarantine.c.city_id == city_id, quarantine.c.lifted_at < before)
    return (await tx.execute(old)).rowcount
