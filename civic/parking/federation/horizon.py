"""A place in the stream of changes that no late commit slips behind: a transaction number, not a moment.

`updated_at` is set before the commit, so that a reader who remembers a moment loses what committed late.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_HALF = 2**31
_NOW = text(
    "SELECT s.system_identifier, c.timeline_id, pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    " FROM pg_control_system() s, pg_control_checkpoint() c"
)


@dataclass(frozen=True, slots=True)
class Horizon:
    """All that transactions below `xid` wrote is visible. `epoch` names the store: numbers of another mean nothing."""

    epoch: str
    xid: int

    def reaches(self, earlier: "Horizon") -> bool:
        """Whether rows written since `earlier` can be told in this store (PostgreSQL's row numbers have 32 bits)."""
        return self.epoch == earlier.epoch and 0 <= self.xid - earlier.xid < _HALF

    def __str__(self) -> str:
        return f"{self.epoch}.{self.xid}"

    @classmethod
    def read(cls, written: str) -> "Horizon":
        """Raises ValueError."""
        epoch, _, xid = written.partition(".")
        if not (epoch.isalnum() and xid.isdecimal() and xid.isascii() and len(xid) < 20):
            raise ValueError("not a horizon")
        return cls(epoch, int(xid))


async def horizon(tx: AsyncConnection) -> Horizon:
    """Take it before reading: what commits afterwards lies beyond it and is met again, never missed.

    Also for rows of a savepoint, whose own number is above that of its transaction.
    """
    system, timeline, xid = (await tx.execute(_NOW)).one()
    return Horizon(hashlib.sha256(f"{system}/{timeline}".encode()).hexdigest()[:12], xid)


def written_since(table: str) -> str:
    """A condition on the rows of `table` (an alias): written by a transaction from number `:since` on.

    By difference within 32 bits, as row versions hold no more; an ancient row may count as new, never the reverse.
    """
    return f"(({table}.xmin::text::bigint - :since) & 4294967295) < {_HALF}"
