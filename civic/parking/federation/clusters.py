"""Rows found to be one lot: which of them is shown, with the ids of all and the number; the others stand behind it.

Worked out anew from the decisions each time, so that chains are flat, rings cannot be, and undoing leaves no trace.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, bindparam, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import parking_lots, parking_realtime, parking_same
from core.db import Id

_FACTS = (
    "address",
    "opening_hours",
    "tariff",
    "phone",
    "road_address",
    "max_height_cm",
    "capacity_disabled",
    "capacity_charging",
    "capacity_family",
    "capacity_woman",
    "capacity_compact",
    "fee_description",
    "payment",
    "owner",
)
"""What makes a row worth showing, a point apart."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands: behind `master`, or (None) for itself."""

    master: UUID | None
    ids: tuple[str, ...]


async def settle(tx: AsyncConnection, city_id: str, lot_ids: Sequence[UUID], now: datetime) -> int:
    """Put right whatever is joined to these lots; how many rows changed. Hold `same.one_at_a_time`."""
    lots = {row.id: row for row in await tx.execute(_JOINED, {"city": city_id, "ids": list(lot_ids)})}
    if not lots:
        return 0
    edges = select(parking_same.c.one_id, parking_same.c.other_id).where(
        parking_same.c.city_id == city_id,
        parking_same.c.state == "same",
        parking_same.c.one_id.in_(lots),
        parking_same.c.other_id.in_(lots),
    )
    groups = _components(lots, [(one, other) for one, other in await tx.execute(edges)])
    own = _own_ids(lots)
    changed = 0
    masters: dict[UUID, UUID] = {}
    for group in groups:
        for lot, place in _placed([lots[one] for one in group], own):
            masters[lot.id] = place.master or lot.id
            if lot.same_as != place.master or tuple(lot.external_ids) != place.ids:
                values = {"same_as": place.master, "external_ids": list(place.ids), "updated_at": now}
                await tx.execute(update(parking_lots).where(parking_lots.c.id == lot.id).values(values))
                changed += 1
    if changed:
        await _move_numbers(tx, lots, masters)
        await _move_watches(tx, {lot: master for lot, master in masters.items() if lot != master})
    return changed


def _components(lots: Iterable[UUID], edges: Iterable[tuple[UUID, UUID]]) -> list[list[UUID]]:
    beside: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for one, other in edges:
        beside[one].add(other)
        beside[other].add(one)
    found: list[list[UUID]] = []
    left = set(lots)
    while left:
        group, new = [], [left.pop()]
        while new:
            at = new.pop()
            group.append(at)
            for other in beside[at] & left:
                left.discard(other)
                new.append(other)
        found.append(sorted(group))
    return found


def _own_ids(lots: dict[UUID, Row[Any]]) -> dict[UUID, tuple[str, ...]]:
    """The ids that a row came with: those that its twins lent it are named `source:id`, so they can be told apart."""
    lent: defaultdict[UUID, set[str]] = defaultdict(set)
    for lot in lots.values():
        if lot.same_as is not None:
            lent[lot.same_as].update(_named(lot.source, lot.external_ids))
    return {lot.id: tuple(one for one in lot.external_ids if one not in lent[lot.id]) for lot in lots.values()}


def _named(source: str, ids: Iterable[str]) -> list[str]:
    return [one if one.startswith(f"{source}:") else f"{source}:{one}" for one in ids]


def _placed(group: list[Row[Any]], own: dict[UUID, tuple[str, ...]]) -> list[tuple[Row[Any], _Place]]:
    """A lot that is gone stands for nobody and behind nobody; of the others the richest, then the freshest is shown."""
    living = [lot for lot in group if lot.gone_at is None]
    shown = max(living, key=_worth) if living else None
    placed: list[tuple[Row[Any], _Place]] = []
    for lot in group:
        if shown is None or lot.gone_at is not None:
            placed.append((lot, _Place(None, own[lot.id])))
        elif lot.id == shown.id:
            lent = [one for twin in living if twin.id != lot.id for one in _named(twin.source, own[twin.id])]
            placed.append((lot, _Place(None, tuple(dict.fromkeys([*own[lot.id], *lent])))))
        else:
            placed.append((lot, _Place(shown.id, own[lot.id])))
    return placed


def _worth(lot: Row[Any]) -> tuple[bool, int, datetime, int]:
    """A point first, for without one nobody finds it near; the older row of equals, so that it does not change."""
    facts = sum(getattr(lot, name) not in (None, "") for name in _FACTS)
    fresh = lot.static_data_updated_at or datetime.combine(lot.data_date or date.min, time(), UTC)
    return lot.lat is not None, facts, fresh, -lot.id.int


async def _move_numbers(tx: AsyncConnection, lots: dict[UUID, Row[Any]], masters: dict[UUID, UUID]) -> None:
    """What is known of free places goes to whoever is shown now; of two numbers the one that says more, then the later.

    A number knows its source, so that it goes back with its row when two lots are parted.
    """
    rows = list(await tx.execute(select(parking_realtime).where(parking_realtime.c.lot_id.in_(lots))))
    of_source = {(masters[lot.id], lot.source): lot.id for lot in lots.values()}
    wanted: dict[UUID, Row[Any]] = {}
    for row in sorted(rows, key=lambda row: (row.is_linked, row.free is not None, row.updated_at)):
        wanted[_home(row, lots, masters, of_source)] = row
    kept = {row.lot_id for row in wanted.values()}
    await tx.execute(delete(parking_realtime).where(parking_realtime.c.lot_id.in_(set(lots) - kept)))
    for target, row in wanted.items():
        if target != row.lot_id:
            await tx.execute(
                update(parking_realtime).where(parking_realtime.c.lot_id == row.lot_id).values(lot_id=target)
            )


def _home(
    row: Row[Any],
    lots: dict[UUID, Row[Any]],
    masters: dict[UUID, UUID],
    of_source: dict[tuple[UUID, str], UUID],
) -> UUID:
    """Under which lot the number belongs: that of its own source's row, where that row is among these."""
    if (masters[row.lot_id], row.source) in of_source:
        return masters[row.lot_id]
    theirs = [lot.id for lot in lots.values() if lot.source == row.source and lot.gone_at is None]
    return masters[theirs[0]] if len(theirs) == 1 else masters[row.lot_id]


async def _move_watches(tx: AsyncConnection, behind: dict[UUID, UUID]) -> None:
    """Who waits for a place at a row that is shown no more waits at the one that stands for it."""
    for lot, master in behind.items():
        await tx.execute(_WATCHES, {"lot": lot, "master": master})


_WATCHES = text("""
UPDATE parking_watches w SET lot_id = :master WHERE w.lot_id = :lot AND w.ended_at IS NULL
AND NOT EXISTS (SELECT 1 FROM parking_watches o WHERE o.conversation_id = w.conversation_id
    AND o.lot_id = :master AND o.ended_at IS NULL)""").bindparams(
    bindparam("lot", type_=Id), bindparam("master", type_=Id)
)
_WALK = text("""
WITH RECURSIVE joined(id) AS (
    SELECT unnest(:ids)
    UNION
    SELECT CASE WHEN s.one_id = joined.id THEN s.other_id ELSE s.one_id END
    FROM joined JOIN parking_same s ON joined.id IN (s.one_id, s.other_id)
    WHERE s.city_id = :city AND s.state = 'same'
)
SELECT id FROM joined UNION SELECT l.id FROM parking_lots l JOIN joined ON l.same_as = joined.id
""").bindparams(bindparam("ids", type_=ARRAY(Id)))
_COLUMNS = ("id", "source", "external_ids", "lat", "data_date", "static_data_updated_at", "gone_at", "same_as", *_FACTS)
_JOINED = (
    select(*(parking_lots.c[name] for name in _COLUMNS))
    .where(parking_lots.c.city_id == bindparam("city"), parking_lots.c.id.in_(_WALK.columns(parking_lots.c.id)))
    .order_by(parking_lots.c.id)
    .with_for_update()
)
