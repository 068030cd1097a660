"""What neighbours read of our lots: pages along the key, of all or of what was written since, the gone ones too.

Lots that came from neighbours are left out, unless config.yml says to pass them on. ADR 0031.
"""

import hashlib
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from civic.parking.federation.horizon import Horizon, horizon, written_since
from civic.parking.tables import parking_peers
from core.contracts.parking import ParkingRecord
from core.errors import BadInput
from core.parking_rules import Federation

FORMAT = "sinmungo-parking/1"
MOST_BYTES = 2 * 1024 * 1024
"""A page ends before it grows beyond this, whatever its rows hold."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands: rows written since `since` (None: all), behind the lot `after`; `until` is where the next
    walk begins, taken before this one read anything."""

    since: Horizon | None = None
    until: Horizon | None = None
    after: UUID | None = None

    def __str__(self) -> str:
        parts = (self.since or "", self.until or "", self.after.hex if self.after else "")
        return "~".join(map(str, parts))

    @classmethod
    def read(cls, cursor: str) -> "Place":
        """Raises BadInput."""
        if not cursor:
            return cls()
        try:
            since, until, after = cursor.split("~")
            return cls(
                Horizon.read(since) if since else None,
                Horizon.read(until) if until else None,
                UUID(after) if after else None,
            )
        except ValueError:
            raise BadInput("since 값이 이 피드의 것이 아닙니다.", "since is no cursor of this feed.") from None


@dataclass(frozen=True, slots=True)
class Page:
    """`is_full`: part of a walk over all lots, from its `is_first` page to its `is_last`. `next`: the cursor behind."""

    items: list[dict[str, Any]]
    next: str
    is_first: bool
    is_last: bool
    is_full: bool

    @property
    def etag(self) -> str:
        """Of what it tells: where the reader stands is no part of it."""
        told = orjson.dumps([self.items, self.is_last, self.is_full])
        return f'W/"{hashlib.sha256(told).hexdigest()[:32]}"'


async def lots_page(tx: AsyncConnection, city_id: str, cursor: str, rules: Federation) -> Page:
    """Lots in our own fields (`core.contracts.parking`), sparse; a lot that is no more, or is another's, by its uid.

    Raises BadInput for a cursor that is none; one of another store, or too old, begins anew.
    """
    place = await _standing(tx, cursor)
    rows = (await tx.execute(_LOTS if place.since else _ALL_LOTS, await _of(tx, city_id, place, rules))).mappings()
    return _page(place, [(row["id"], _lot(dict(row), city_id)) for row in rows], rules.page_rows)


async def numbers_page(tx: AsyncConnection, city_id: str, cursor: str, rules: Federation) -> Page:
    """What is free, as we judged it: `free` is empty where we do not believe the number, and `reason` says why."""
    place = await _standing(tx, cursor)
    query = _NUMBERS if place.since else _ALL_NUMBERS
    rows = (await tx.execute(query, await _of(tx, city_id, place, rules))).mappings()
    return _page(place, [(row["id"], _number(dict(row))) for row in rows], rules.page_rows)


async def _standing(tx: AsyncConnection, cursor: str) -> Place:
    place, here = Place.read(cursor), await horizon(tx)
    if place.until is not None and here.reaches(place.until) and (place.since is None or here.reaches(place.since)):
        return place if place.after else Place(place.until, here)
    return Place(None, here)


async def _of(tx: AsyncConnection, city_id: str, place: Place, rules: Federation) -> dict[str, Any]:
    peers = select(parking_peers.c.name).where(parking_peers.c.city_id == city_id)
    hidden = set((await tx.execute(peers)).scalars()) - set(rules.passes_on)
    given = {
        "city": city_id,
        "hidden": sorted(hidden),
        "peers": sorted(hidden | set(rules.passes_on)),
        "only": list(rules.sources),
        "after": place.after or UUID(int=0),
        "most": rules.page_rows + 1,
    }
    return {**given, "since": place.since.xid % 2**32} if place.since else given


def _page(place: Place, rows: list[tuple[UUID, dict[str, Any]]], most: int) -> Page:
    kept: list[dict[str, Any]] = []
    left, last = MOST_BYTES, place.after
    for lot_id, item in rows[:most]:
        left -= len(orjson.dumps(item))
        if kept and left < 0:
            break
        kept.append(item)
        last = lot_id
    is_last = len(kept) == len(rows)
    following = Place(None, place.until) if is_last else Place(place.since, place.until, last)
    return Page(kept, str(following), place.after is None, is_last, is_full=place.since is None)


def _lot(row: dict[str, Any], city_id: str) -> dict[str, Any]:
    uid = f"{row['source']}:{row['uid']}"
    if row["gone_at"] is not None or row["master_uid"] is not None:
        same_as = f"{row['master_source']}:{row['master_uid']}" if row["master_uid"] else None
        return {"uid": uid, "gone": row["gone_at"] is not None, "same_as": same_as}
    # A lot that is passed on keeps the name of who published it first, before the slash.
    origin = row["provider"].partition("/")[0] if row["is_peers"] else city_id
    values = {**row, "uid": uid, "external_ids": list(dict.fromkeys([*row["external_ids"], uid]))}
    told = {name: _plain(values[name]) for name in _FIELDS if values[name] not in (None, "", _DEFAULTS.get(name))}
    return {**told, "source": row["source"], "origin": origin, "updated_at": row["updated_at"].isoformat()}


def _number(row: dict[str, Any]) -> dict[str, Any]:
    told = {name: _plain(row[name]) for name in _NUMBER_FIELDS if row[name] not in (None, "")}
    return {"uid": f"{row['lot_source']}:{row['uid']}", **told}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


_FIELDS = tuple(ParkingRecord.__slots__)
_DEFAULTS = {one.name: one.default for one in fields(ParkingRecord)}
_NUMBER_FIELDS = (
    "free",
    "capacity",
    "opening_status",
    "is_linked",
    "reason",
    "free_by",
    "capacity_by",
    "updated_at",
    "fetched_at",
)
# ruff: noqa: S608 - the words put into these statements are our own column names
_OURS = "({0}.source <> ALL(:hidden) AND (cardinality(:only) = 0 OR {0}.source = ANY(:only)))"
_LOT = (
    f"SELECT l.id, l.source, l.gone_at, l.updated_at, {', '.join(f'l.{name}' for name in _FIELDS)},"
    " l.source = ANY(:peers) AS is_peers, m.source AS master_source, m.uid AS master_uid FROM parking_lots l"
    f" LEFT JOIN parking_lots m ON m.id = l.same_as AND m.gone_at IS NULL AND {_OURS.format('m')}"
    f" WHERE l.city_id = :city AND l.id > :after AND {_OURS.format('l')}"
)
_NUMBER = (
    f"SELECT l.id, l.source AS lot_source, l.uid, {', '.join(f'r.{name}' for name in _NUMBER_FIELDS)}"
    " FROM parking_lots l JOIN parking_realtime r ON r.lot_id = coalesce(l.same_as, l.id)"
    f" LEFT JOIN parking_lots m ON m.id = l.same_as AND {_OURS.format('m')}"
    f" WHERE l.city_id = :city AND l.id > :after AND l.gone_at IS NULL AND m.id IS NULL AND {_OURS.format('l')}"
    f" AND {_OURS.format('r')}"
)
_END = " ORDER BY l.id LIMIT :most"
_LISTS = [bindparam(name, type_=ARRAY(Text)) for name in ("hidden", "only")]
_ALL_LOTS = text(_LOT + _END).bindparams(*_LISTS, bindparam("peers", type_=ARRAY(Text)))
_LOTS = text(f"{_LOT} AND {written_since('l')}{_END}").bindparams(*_LISTS, bindparam("peers", type_=ARRAY(Text)))
_ALL_NUMBERS = text(_NUMBER + _END).bindparams(*_LISTS)
_NUMBERS = text(f"{_NUMBER} AND {written_since('r')}{_END}").bindparams(*_LISTS)
