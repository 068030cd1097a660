"""What may be said of a lot's free places: a number young enough, of a lot that sends; else why there is none.

The stored row is judged already (`civic.parking.tables.parking_realtime`); here only time is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import RowMapping

from core.contracts.parking import OpeningStatus
from core.parking_rules import Numbers

Standing = Literal["fresh", "aged", "withdrawn", "unlinked", "doubted", "unknown"]
"""fresh and aged have a number. withdrawn: too old. unlinked: the source says that the lot sends nothing. doubted: the
house does not believe the number (`Number.reason`). unknown: sent without one."""
DOUBTS = frozenset({"frozen", "negative", "over_capacity", "feed"})
"""Reasons of the house's own, from `civic.parking.quarantine`."""


@dataclass(frozen=True, slots=True)
class Number:
    """Free places at a moment. `free` (0…`capacity`) is None unless `standing` is fresh or aged.

    `minutes`: how long ago it was counted. `opening_status`: what the source says of the gate; CLOSED is not full, and
    too old (withdrawn) it is UNKNOWN. `capacity`: the source's at that moment, None when it told none.
    """

    standing: Standing
    free: int | None
    capacity: int | None
    minutes: int
    counted_at: datetime
    opening_status: OpeningStatus = "UNKNOWN"
    reason: str = ""
    source: str = ""

    @property
    def is_closed(self) -> bool:
        return self.opening_status == "CLOSED"

    @property
    def is_full(self) -> bool:
        return self.free == 0 and not self.is_closed


COLUMNS = ("free", "capacity", "opening_status", "is_linked", "reason", "updated_at", "source")
"""Of `parking_realtime`, as `number_of` takes them, each under `now_<name>`."""


def number_of(row: RowMapping | Mapping[str, Any], now: datetime, rules: Numbers) -> Number | None:
    """The number in a joined row; None when the lot has none at all."""
    counted_at: datetime | None = row["now_updated_at"]
    if counted_at is None:
        return None
    age = max(now - counted_at, timedelta())
    standing = _standing(row, age, rules)
    is_old = standing == "withdrawn"
    is_told = standing in {"fresh", "aged"}
    return Number(
        standing=standing,
        free=row["now_free"] if is_told else None,
        capacity=row["now_capacity"],
        minutes=int(age.total_seconds() // 60),
        counted_at=counted_at,
        opening_status="UNKNOWN" if is_old else row["now_opening_status"],
        reason=row["now_reason"],
        source=row["now_source"],
    )


def _standing(row: RowMapping | Mapping[str, Any], age: timedelta, rules: Numbers) -> Standing:
    if not row["now_is_linked"]:
        return "unlinked"
    if row["now_reason"] in DOUBTS:
        return "doubted"
    if age > timedelta(minutes=rules.withdrawn_minutes):
        return "withdrawn"
    if row["now_free"] is None:
        return "unknown"
    return "aged" if age > timedelta(minutes=rules.marked_minutes) else "fresh"
