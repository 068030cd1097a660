"""After each change of lots: which may be one is proposed, what no longer speaks for itself is dropped, and what the
rules of ADR 0031 call sure is decided where config.yml allows it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, bindparam, func, insert, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.federation.blocks import Pair
from civic.parking.federation.clusters import settle
from civic.parking.federation.horizon import Horizon, horizon, written_since
from civic.parking.federation.likeness import Likeness, Sketch
from civic.parking.federation.same import one_at_a_time
from civic.parking.tables import imports, parking_lots, parking_same
from civic.staff.service import record_change
from core.db import Id, driver
from core.ids import new_id
from core.parking_rules import Matching

KIND = "parking_same"
"""Of the accounts in `import_runs` that say how far lots were compared."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Lots written since a horizon. `gone`: they are offered no more. `until`: the next horizon."""

    lots: list[Sketch]
    gone: list[UUID]
    until: Horizon


@dataclass(frozen=True, slots=True)
class Compared:
    """`proposed`: new pairs for staff; `dropped`: proposals that nothing speaks for any more; `decided`: by rule."""

    proposed: int = 0
    dropped: int = 0
    decided: int = 0
    settled: int = 0


async def written(tx: AsyncConnection, city_id: str, since: Horizon | None) -> Changes:
    """All lots (None, or where the horizon means nothing in this store), or those written since."""
    here = await horizon(tx)
    if since is None or not here.reaches(since):
        found = (await tx.execute(_ALL, {"city": city_id})).all()
    else:
        found = (await tx.execute(_SINCE, {"city": city_id, "since": since.xid % 2**32})).all()
    living = [Sketch.of(row) for row in found if row.gone_at is None]
    return Changes(living, [row.id for row in found if row.gone_at is not None], here)


async def compared_until(tx: AsyncConnection, city_id: str) -> Horizon | None:
    """Up to where all lots were compared; None before the first time."""
    newest = (
        select(imports.c.report)
        .where(imports.c.city_id == city_id, imports.c.kind == KIND)
        .order_by(imports.c.at.desc(), imports.c.id.desc())
        .limit(1)
    )
    report = (await tx.execute(newest)).scalar_one_or_none()
    return Horizon.read(report["until"]) if report else None


async def take(
    tx: AsyncConnection,
    city_id: str,
    changes: Changes,
    pairs: Mapping[Pair, Likeness],
    rules: Matching,
    now: datetime,
) -> Compared:
    """Store what comparing the changed lots came to, and how far it went."""
    await one_at_a_time(tx, city_id)
    changed = [lot.id for lot in changes.lots] + changes.gone
    fresh = await _propose(tx, city_id, pairs, now)
    dropped = await _drop(tx, city_id, changed, pairs)
    sure = _unambiguous({pair: how for pair, how in pairs.items() if pair in fresh and _is_decided(how, rules)}, pairs)
    for pair in sure:
        await _decide(tx, city_id, fresh[pair], pair, now)
    touched = {one for pair in sure for one in pair} | set(await _decided_among(tx, city_id, changed))
    settled = await settle(tx, city_id, sorted(touched), now) if touched else 0
    outcome = Compared(len(fresh), dropped, len(sure), settled)
    told = {name: getattr(outcome, name) for name in Compared.__slots__}
    await tx.execute(
        text("DELETE FROM import_runs WHERE city_id = :city AND kind = :kind"), {"city": city_id, "kind": KIND}
    )
    row = {"id": new_id(), "city_id": city_id, "kind": KIND, "source": "", "at": now}
    await tx.execute(insert(imports).values(**row, report={**told, "lots": len(changed), "until": str(changes.until)}))
    return outcome


async def _propose(
    tx: AsyncConnection, city_id: str, pairs: Mapping[Pair, Likeness], now: datetime
) -> dict[Pair, UUID]:
    """New pairs with their ids. Those known keep their state: what was found different never comes back."""
    if not pairs:
        return {}
    connection = await driver(tx)
    rows = [(new_id(), *pair, how.score, how.distance_m, how.reason) for pair, how in pairs.items()]
    await connection.execute("DROP TABLE IF EXISTS pg_temp.like_pairs")
    await connection.execute(
        "CREATE TEMP TABLE like_pairs (id uuid, one_id uuid, other_id uuid, score float8, away float8, reason text)"
        " ON COMMIT DROP"
    )
    copying = "COPY pg_temp.like_pairs FROM STDIN"
    async with connection.cursor() as cursor, cursor.copy(copying) as copy:
        for row in rows:
            await copy.write_row(row)
    await connection.execute(_REFRESH)
    made = await connection.execute(_INSERT, {"city": city_id, "now": now})
    return {(one, other): pair_id for pair_id, one, other in await made.fetchall()}


async def _drop(tx: AsyncConnection, city_id: str, changed: Sequence[UUID], pairs: Mapping[Pair, Likeness]) -> int:
    """Proposals about changed lots that were not found again; what staff once undid stays for them to see."""
    if not changed:
        return 0
    kept = [list(one) for one in zip(*pairs, strict=True)] if pairs else [[], []]
    values = {"city": city_id, "changed": list(changed), "ones": kept[0], "others": kept[1]}
    return (await tx.execute(_STALE, values)).rowcount


def _is_decided(how: Likeness, rules: Matching) -> bool:
    return (rules.decides_unplaced and how.is_unplaced) or (rules.decides_sure and how.is_sure)


def _unambiguous(sure: Mapping[Pair, Likeness], pairs: Mapping[Pair, Likeness]) -> list[Pair]:
    """Pairs of which neither lot is as like to another one: bays of one street, each a row, are left to staff."""
    strong = [pair for pair, how in pairs.items() if how.is_unplaced or how.is_sure]
    count = Counter(one for pair in strong for one in pair)
    return [pair for pair in sure if count[pair[0]] == count[pair[1]] == 1]


async def _decide(tx: AsyncConnection, city_id: str, pair_id: UUID, pair: Pair, now: datetime) -> None:
    decided = {"state": "same", "note": "규칙으로 이음", "decided_at": now}
    await tx.execute(parking_same.update().where(parking_same.c.id == pair_id).values(**decided))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="system",
        actor_id=None,
        action="parking_same.same",
        object_kind="parking_same",
        object_id=str(pair_id),
        detail={"one": str(pair[0]), "other": str(pair[1]), "by": "rule"},
        now=now,
    )


async def _decided_among(tx: AsyncConnection, city_id: str, changed: Collection[UUID]) -> list[UUID]:
    """Changed lots that are joined to others, or stand behind one: a master may be gone, or no longer the richest."""
    ids = bindparam("ids", type_=ARRAY(Id))
    edges = select(parking_same.c.one_id.label("id")).where(
        parking_same.c.city_id == city_id,
        parking_same.c.state == "same",
        or_(parking_same.c.one_id == func.any(ids), parking_same.c.other_id == func.any(ids)),
    )
    behind = select(parking_lots.c.id).where(parking_lots.c.same_as == func.any(ids))
    return list((await tx.execute(edges.union(behind), {"ids": list(changed)})).scalars())


_SKETCH = (
    "SELECT l.id, l.source, l.name, l.address, l.road_address, l.lat, l.lon, l.capacity, l.type, l.external_ids,"
    " l.gone_at FROM parking_lots l WHERE l.city_id = :city"
)
_ALL = text(_SKETCH)
_SINCE = text(f"{_SKETCH} AND {written_since('l')}")
_REFRESH = """UPDATE parking_same s SET score = p.score, distance_m = p.away, reason = p.reason
FROM pg_temp.like_pairs p WHERE s.one_id = p.one_id AND s.other_id = p.other_id AND s.state = 'proposed'
AND (s.score, s.distance_m, s.reason) IS DISTINCT FROM (p.score, p.away, p.reason)"""
# Rows that stand for one lot already need no further word; the lots may have been deleted since they were read.
_INSERT = """INSERT INTO parking_same (id, city_id, one_id, other_id, score, distance_m, reason, created_at)
SELECT p.id, %(city)s, p.one_id, p.other_id, p.score, p.away, p.reason, %(now)s FROM pg_temp.like_pairs p
JOIN parking_lots a ON a.id = p.one_id JOIN parking_lots b ON b.id = p.other_id
WHERE coalesce(a.same_as, a.id) <> coalesce(b.same_as, b.id)
ON CONFLICT DO NOTHING RETURNING id, one_id, other_id"""
_IDS = ARRAY(Id)
_STALE = text("""DELETE FROM parking_same s WHERE s.city_id = :city AND s.state = 'proposed' AND s.version = 1
AND (s.one_id = ANY(:changed) OR s.other_id = ANY(:changed))
AND NOT EXISTS (SELECT 1 FROM unnest(:ones, :others) AS p(one, other) WHERE p.one = s.one_id AND p.other = s.other_id)
""").bindparams(bindparam("changed", type_=_IDS), bindparam("ones", type_=_IDS), bindparam("others", type_=_IDS))
