"""The histories of all cases as one stream that can be read on from any place, without loss and without doubles.

Numbers of rows are given out before transactions end, so "everything after number 17" misses what ends late. A place
in the stream is therefore what PostgreSQL itself calls a snapshot: which transactions had ended (docs/adr/0018).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

PAGE = 500
_SNAPSHOT = re.compile(r"(\d{1,19}):(\d{1,19}):((?:\d{1,19},)*(?:\d{1,19})?)", re.ASCII)
_PLACE = re.compile(r"([\d:,]{3,3000})(?:~([\d:,]{3,3000})~(\d{1,18}))?", re.ASCII)

_READ = text(
    """
    WITH now AS (SELECT COALESCE(CAST(:until AS pg_snapshot), pg_current_snapshot()) AS s)
    SELECT now.s::text AS snapshot, e.seq, e.txid, e.at, e.case_id, e.kind, e.from_value, e.to_value, e.actor_kind,
        e.actor_id, c.receipt_no, c.status, c.version, c.department_id, c.area_id, c.staff_id AS owner_id
    FROM now LEFT JOIN (case_events AS e JOIN cases AS c ON c.id = e.case_id)
        ON e.city_id = :city AND e.txid >= :floor AND e.seq > :seq
        AND pg_visible_in_snapshot(CAST(e.txid::text AS xid8), now.s)
        AND NOT pg_visible_in_snapshot(CAST(e.txid::text AS xid8), CAST(:since AS pg_snapshot))
    ORDER BY e.seq LIMIT :most
    """
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions had ended: all below `xmin`, and those below `xmax` that are not in `running`."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def read(cls, said: str) -> "Snapshot | None":
        """None for what is not one of PostgreSQL's."""
        match = _SNAPSHOT.fullmatch(said)
        if match is None:
            return None
        xmin, xmax = int(match[1]), int(match[2])
        running = frozenset(int(one) for one in match[3].split(",") if one)
        is_sound = 0 < xmin <= xmax < 2**63 and all(xmin <= one < xmax for one in running)
        return cls(xmin, xmax, running) if is_sound else None

    def __str__(self) -> str:
        return f"{self.xmin}:{self.xmax}:{','.join(map(str, sorted(self.running)))}"

    def sees(self, txid: int) -> bool:
        return txid < self.xmin or (txid < self.xmax and txid not in self.running)

    def is_after(self, other: "Snapshot") -> bool:
        """Of two that one server took: whether this one is the later."""
        return (self.xmax, self.xmin, -len(self.running)) > (other.xmax, other.xmin, -len(other.running))


@dataclass(frozen=True, slots=True)
class Place:
    """All that `since` sees is known, and of what `until` sees besides, all numbers up to `seq`."""

    since: Snapshot
    until: Snapshot | None = None
    seq: int = 0

    @classmethod
    def read(cls, said: str) -> "Place | None":
        """From `str(place)`; None for anything else."""
        match = _PLACE.fullmatch(said)
        since = Snapshot.read(match[1]) if match else None
        if match is None or since is None or match[2] is None:
            return cls(since) if since else None
        until = Snapshot.read(match[2])
        return cls(since, until, int(match[3])) if until else None

    def __str__(self) -> str:
        return f"{self.since}~{self.until}~{self.seq}" if self.until else str(self.since)


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a history, with where its case stands now. It holds nothing that a citizen wrote."""

    seq: int
    txid: int
    at: datetime
    case_id: UUID
    kind: str
    from_value: str | None
    to_value: str | None
    actor_kind: str
    actor_id: UUID | None
    receipt_no: str
    status: str
    version: int
    department_id: str
    area_id: str | None
    owner_id: UUID | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What `until` sees and `since` does not, oldest number first; `is_last`: nothing of it is left for a next page."""

    since: Snapshot
    until: Snapshot
    rows: Sequence[Happened]
    is_last: bool


async def here(tx: AsyncConnection) -> Snapshot:
    """The present end of the stream."""
    return _sound((await tx.execute(text("SELECT pg_current_snapshot()::text"))).scalar_one())


async def after(tx: AsyncConnection, city_id: str, place: Place, *, most: int = PAGE) -> Batch:
    """The next page after `place`: the rest of its `until`, or what has been committed since `place.since`."""
    given = {
        "city": city_id,
        "since": str(place.since),
        "until": str(place.until) if place.until else None,
        "floor": place.since.xmin,
        "seq": place.seq,
        "most": most,
    }
    found = [row._mapping for row in await tx.execute(_READ, given)]
    rows = [Happened(**{name: row[name] for name in Happened.__dataclass_fields__}) for row in found if row["seq"]]
    return Batch(place.since, _sound(found[0]["snapshot"]), rows, is_last=len(rows) < most)


def _sound(said: Any) -> Snapshot:
    snapshot = Snapshot.read(str(said))
    assert snapshot is not None, said
    return snapshot
