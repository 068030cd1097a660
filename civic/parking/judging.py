"""Which numbers of a source are believed: pure rules over a claim, what was stored before, and the time (ADR 28)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from civic.parking.stillness import open_time
from core.contracts.parking import OpeningStatus, RealtimeRecord
from core.parking_rules import Parking

Doubt = Literal["negative", "over_capacity", "frozen"]
BAYS_MOST = 1_000_000
"""No lot is larger: a larger claim is an odd row that must not lose the others."""
UNLINKED, NOT_TOLD, FEED = "unlinked", "not_told", "feed"


@dataclass(frozen=True, slots=True)
class Before:
    """The stored row of the lot, from the same source. `claimed`: the source's number as it came."""

    claimed: int | None
    free: int | None
    capacity: int | None
    opening_status: str
    is_linked: bool
    reason: str
    updated_at: datetime
    fetched_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class LotFacts:
    """What the lot itself says: its bays, and its hours in OSM syntax."""

    capacity: int
    opening_hours: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """`free`: within 0…`capacity`, None when not known or not believed; `reason` says why not. `at`: when it was
    counted. `changed_at`: since when the claim is the same. `is_ahead`: its stamp lies in the future.
    """

    claimed: int | None
    free: int | None
    capacity: int
    opening_status: OpeningStatus
    is_linked: bool
    reason: str
    at: datetime
    changed_at: datetime
    doubt: Doubt | None = None
    is_ahead: bool = False

    @property
    def counts_for_feed(self) -> bool:
        """Whether this number says anything on the feed as a whole."""
        return self.claimed is not None and self.opening_status != "CLOSED"


def counted_at(record: RealtimeRecord, now: datetime, rules: Parking) -> tuple[datetime, bool]:
    """When it was counted, and whether the stamp lay in the future and was replaced by the moment of fetching."""
    stamp = record.updated_at
    if stamp is None or stamp.tzinfo is None:
        return record.fetched_at, False
    if stamp > now + timedelta(seconds=rules.doubts.skew_s):
        return min(record.fetched_at, now), True
    return stamp, False


def judge(record: RealtimeRecord, lot: LotFacts, before: Before | None, now: datetime, rules: Parking) -> Judged:
    """One claim. What the source cannot tell is no doubt of ours: unlinked and not told are reasons, never zero."""
    at, is_ahead = counted_at(record, now, rules)
    told = record.capacity
    capacity = told if told is not None and 0 <= told <= BAYS_MOST else lot.capacity
    claimed = record.free if record.is_linked else None
    if claimed is not None:
        claimed = min(max(claimed, -BAYS_MOST), BAYS_MOST + 1)
    changed_at = _still_since(claimed, record.opening_status, before, now, rules)
    doubt = _doubt(claimed, capacity, lot, changed_at, now, rules)
    if not record.is_linked:
        reason = record.reason or UNLINKED
    elif claimed is None:
        reason = record.reason or NOT_TOLD
    else:
        reason = doubt or ""
    return Judged(
        claimed=claimed,
        free=None if claimed is None or doubt else min(max(claimed, 0), capacity),
        capacity=capacity,
        opening_status=record.opening_status,
        is_linked=record.is_linked,
        reason=reason,
        at=at,
        changed_at=changed_at,
        doubt=doubt,
        is_ahead=is_ahead,
    )


def _still_since(
    claimed: int | None, opening_status: str, before: Before | None, now: datetime, rules: Parking
) -> datetime:
    """Stillness is counted over numbers that came without a gap, of a gate that was not shut."""
    if (
        before is None
        or claimed is None
        or before.claimed != claimed
        or "CLOSED" in (opening_status, before.opening_status)
    ):
        return now
    has_gap = now - before.fetched_at > timedelta(minutes=rules.numbers.withdrawn_minutes)
    return now if has_gap else before.changed_at


def _doubt(
    claimed: int | None, capacity: int, lot: LotFacts, changed_at: datetime, now: datetime, rules: Parking
) -> Doubt | None:
    if claimed is None:
        return None
    if claimed < -rules.doubts.drift_bays:
        return "negative"
    if claimed > capacity + rules.doubts.drift_bays:
        return "over_capacity"
    is_honest = capacity < rules.doubts.tiny_bays or claimed <= 0 or claimed >= capacity
    most = timedelta(hours=rules.doubts.still_hours if is_honest else rules.numbers.frozen_hours)
    if now - changed_at < most or open_time(lot.opening_hours, changed_at, now) < most:
        return None
    return "frozen"


def judge_feed(judged: Sequence[tuple[Judged, LotFacts]], now: datetime, rules: Parking) -> Mapping[str, int] | None:
    """What is wrong with a feed as a whole, counted by reason; None when nothing is.

    Wrong: most of its lots are doubted at once, or none of them has moved for so long that the feed stands still.
    """
    counted = [(one, lot) for one, lot in judged if one.counts_for_feed]
    if len(counted) < rules.doubts.feed_lots:
        return None
    reasons: dict[str, int] = {}
    for one, _ in counted:
        if one.doubt:
            reasons[one.doubt] = reasons.get(one.doubt, 0) + 1
    bad = sum(reasons.values())
    if bad >= rules.doubts.feed_lots and bad / len(counted) >= rules.doubts.feed_share:
        return {**reasons, "lots": len(counted)}
    most = timedelta(hours=rules.doubts.feed_still_hours)
    if now - max(one.changed_at for one, _ in counted) < most:
        return None
    still = sum(open_time(lot.opening_hours, one.changed_at, now) >= most for one, lot in counted)
    return {"still": still, "lots": len(counted)} if still >= rules.doubts.feed_lots else None
