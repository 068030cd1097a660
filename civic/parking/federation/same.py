"""Staff say whether two rows are one lot, or take it back; the richest row of those that are one stands for all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, bindparam, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.federation.clusters import settle
from civic.parking.tables import parking_lots, parking_realtime
from civic.parking.tables import parking_same as table
from civic.staff.service import record_change
from core.db import Id
from core.errors import Conflict, NotFound, PreconditionFailed

Decision = Literal["same", "different"]
_LOT = (
    "id",
    "source",
    "uid",
    "external_ids",
    "name",
    "address",
    "road_address",
    "lat",
    "lon",
    "capacity",
    "type",
    "ownership",
    "opening_hours",
    "fee_kind",
    "owner",
    "operator",
    "phone",
    "data_date",
    "static_data_updated_at",
    "gone_at",
    "same_as",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two rows side by side. `decided_by` None beside a decision: the rule decided. `one`, `other`: the lots' columns,
    with `free` and `counted_at` of the number that is stored under them."""

    id: UUID
    state: str
    score: float
    distance_m: float | None
    reason: str
    note: str
    decided_by: UUID | None
    decided_at: datetime | None
    version: int
    created_at: datetime
    one: Mapping[str, Any]
    other: Mapping[str, Any]


_OWN = ("id", "state", "score", "distance_m", "reason", "note", "decided_by", "decided_at", "version", "created_at")


def pairs_of(city_id: str, state: str, source: str | None = None) -> Select[Any]:
    """The pairs in a state, for a page of them; with `source` only those with a lot of it."""
    query = select(table.c.id, table.c.created_at).where(table.c.city_id == city_id, table.c.state == state)
    if source is None:
        return query
    theirs = select(parking_lots.c.id).where(parking_lots.c.city_id == city_id, parking_lots.c.source == source)
    return query.where(table.c.one_id.in_(theirs) | table.c.other_id.in_(theirs))


async def pairs(tx: AsyncConnection, city_id: str, ids: Collection[UUID]) -> list[Pair]:
    """In the order asked."""
    rows = (await tx.execute(_PAIRS, {"city": city_id, "ids": list(ids)})).all()
    found = {row.id: _pair(row) for row in rows}
    return [found[one] for one in ids if one in found]


async def read(tx: AsyncConnection, city_id: str, pair_id: UUID) -> Pair:
    """Raises NotFound."""
    found = await pairs(tx, city_id, [pair_id])
    if not found:
        raise NotFound("그런 짝이 없습니다.", "No such pair.")
    return found[0]


async def decide(
    tx: AsyncConnection,
    city_id: str,
    pair_id: UUID,
    decision: Decision,
    reason: str,
    now: datetime,
    *,
    by: UUID,
    versions: frozenset[int],
) -> Pair:
    """Say that they are one lot, or that they are not, also after having said otherwise.

    Raises NotFound, PreconditionFailed, and Conflict where "same" would join two rows that were found different.
    """
    pair = await _locked(tx, city_id, pair_id, versions)
    await _set(tx, pair, decision, reason, now, by)
    await settle(tx, city_id, [pair.one_id, pair.other_id], now)
    if decision == "same":
        await _must_agree(tx, city_id, pair)
    await _record(tx, city_id, pair, decision, by, now)
    return await read(tx, city_id, pair_id)


async def undo(
    tx: AsyncConnection, city_id: str, pair_id: UUID, reason: str, now: datetime, *, by: UUID, versions: frozenset[int]
) -> Pair:
    """Back to a proposal, whoever decided; the rule does not decide it again. Raises NotFound, PreconditionFailed,
    Conflict when nothing was decided."""
    pair = await _locked(tx, city_id, pair_id, versions)
    if pair.state == "proposed":
        raise Conflict("아직 정하지 않은 짝입니다.", "Nothing was decided about this pair.")
    await _set(tx, pair, "proposed", reason, now, None)
    await settle(tx, city_id, [pair.one_id, pair.other_id], now)
    await _record(tx, city_id, pair, "undone", by, now)
    return await read(tx, city_id, pair_id)


async def _locked(tx: AsyncConnection, city_id: str, pair_id: UUID, versions: frozenset[int]) -> Any:
    await one_at_a_time(tx, city_id)
    columns = (table.c.id, table.c.state, table.c.version, table.c.one_id, table.c.other_id)
    query = select(*columns).where(table.c.city_id == city_id, table.c.id == pair_id).with_for_update()
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise NotFound("그런 짝이 없습니다.", "No such pair.")
    if row.version not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 짝을 정했습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody decided about this pair meanwhile. Read it again and retry.",
        )
    return row


async def one_at_a_time(tx: AsyncConnection, city_id: str) -> None:
    """Which rows are one is settled by one transaction after another: two would each see half of a chain."""
    key = func.hashtextextended(f"same lots:{city_id}", text("0"))
    await tx.execute(select(func.pg_advisory_xact_lock(key)))


async def _set(tx: AsyncConnection, pair: Any, state: str, note: str, now: datetime, by: UUID | None) -> None:
    values = {"state": state, "note": note, "decided_by": by, "version": pair.version + 1}
    decided_at = None if state == "proposed" else now
    await tx.execute(update(table).where(table.c.id == pair.id).values(**values, decided_at=decided_at))


async def _must_agree(tx: AsyncConnection, city_id: str, pair: Any) -> None:
    """No two rows that stand for one lot now were found to be different ones."""
    clash = (await tx.execute(_CLASH, {"city": city_id, "ids": [pair.one_id, pair.other_id]})).first()
    if clash is not None:
        raise Conflict(
            f"이렇게 이으면 서로 다르다고 정한 주차장(“{clash.one}”, “{clash.other}”)이 하나가 됩니다. "
            "먼저 그 결정을 되돌려 주세요.",
            "This would join two lots that were found different; undo that decision first.",
        )


async def _record(tx: AsyncConnection, city_id: str, pair: Any, verb: str, by: UUID | None, now: datetime) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if by else "system",
        actor_id=by,
        action=f"parking_same.{verb}",
        object_kind="parking_same",
        object_id=str(pair.id),
        detail={"one": str(pair.one_id), "other": str(pair.other_id), "before": pair.state},
        now=now,
    )


def _pair(row: Row[Any]) -> Pair:
    values = row._mapping
    names = (*_LOT, "free", "counted_at")
    sides = [{name: values[f"{side}_{name}"] for name in names} for side in ("one", "other")]
    return Pair(**{name: values[name] for name in _OWN}, one=sides[0], other=sides[1])


def _side(side: str) -> tuple[Any, Any, list[Any]]:
    lot, number = parking_lots.alias(side), parking_realtime.alias(f"{side}_now")
    columns = [lot.c[name].label(f"{side}_{name}") for name in _LOT]
    return lot, number, [*columns, number.c.free.label(f"{side}_free"), number.c.updated_at.label(f"{side}_counted_at")]


_ONE, _ONE_NOW, _ONE_COLUMNS = _side("one")
_OTHER, _OTHER_NOW, _OTHER_COLUMNS = _side("other")
_PAIRS = (
    select(*(table.c[name] for name in _OWN), *_ONE_COLUMNS, *_OTHER_COLUMNS)
    .join(_ONE, _ONE.c.id == table.c.one_id)
    .join(_OTHER, _OTHER.c.id == table.c.other_id)
    .outerjoin(_ONE_NOW, _ONE_NOW.c.lot_id == _ONE.c.id)
    .outerjoin(_OTHER_NOW, _OTHER_NOW.c.lot_id == _OTHER.c.id)
    .where(table.c.city_id == bindparam("city"), table.c.id == func.any(bindparam("ids", type_=ARRAY(Id))))
)
_CLASH = text("""
WITH RECURSIVE joined(id) AS (
    SELECT unnest(:ids)
    UNION
    SELECT CASE WHEN s.one_id = joined.id THEN s.other_id ELSE s.one_id END
    FROM joined JOIN parking_same s ON joined.id IN (s.one_id, s.other_id)
    WHERE s.city_id = :city AND s.state = 'same'
)
SELECT a.name AS one, b.name AS other FROM parking_same s
JOIN joined x ON x.id = s.one_id JOIN joined y ON y.id = s.other_id
JOIN parking_lots a ON a.id = s.one_id JOIN parking_lots b ON b.id = s.other_id
WHERE s.city_id = :city AND s.state = 'different' LIMIT 1""").bindparams(bindparam("ids", type_=ARRAY(Id)))
