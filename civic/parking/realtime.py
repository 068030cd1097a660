"""Takes what a source claims of its lots now: judged first, then written in a few statements for the whole batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking import history, quarantine
from civic.parking.importing import UID_MOST
from civic.parking.judging import FEED, Before, Judged, LotFacts, counted_at, judge, judge_feed
from civic.parking.quarantine import Bad, Held
from core.contracts.parking import RealtimeRecord
from core.db import Driver, driver
from core.parking_rules import Parking

_EXAMPLES = 5
_REASON_MOST = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch. `stored` rows were written, among them `doubted` ones (known, but told to nobody).

    `unchanged`: the stored row says the same already. `unknown_uid`: no such lot of this source (`unknown` names a
    few). `older`: than what is stored. `beside`: another source speaks for the lot. `ahead`: stamped in the future.
    """

    stored: int = 0
    unchanged: int = 0
    unknown_uid: int = 0
    doubted: int = 0
    older: int = 0
    beside: int = 0
    ahead: int = 0
    unknown: tuple[str, ...] = ()


@dataclass(slots=True)
class _Row:
    """One claim on its way through. `before`: the stored row, when it is of this source."""

    record: RealtimeRecord
    lot_id: UUID
    lot: LotFacts
    before: Before | None
    judged: Judged


async def take_realtime(
    tx: AsyncConnection,
    city_id: str,
    source: str,
    records: Sequence[RealtimeRecord],
    now: datetime,
    rules: Parking,
) -> Taken:
    """Judge and store a batch of one source; believed numbers go into the history, doubted ones into quarantine.

    One number speaks for a lot: of a uid or lot that comes twice the later one, and of two sources the one that is
    there, while its number is believed and younger than `marked_minutes`.
    """
    connection = await driver(tx)
    # One batch of a source at a time: two would judge against the same stored row.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"now:{city_id}:{source}",))
    latest = _latest(records, now, rules)
    rows, beside = await _found(connection, city_id, source, latest, now, rules)
    known = {row.record.uid for row in rows} | beside
    unknown = tuple(uid for uid in latest if uid not in known)
    fresh, older = _in_order(rows)
    await _quarantined(tx, connection, city_id, source, fresh, now, rules)
    changed = [row for row in fresh if not _is_same(row)]
    await _store(connection, city_id, source, changed)
    late = [row for row in older if row.before is not None and row.before.free is not None]
    await history.append(connection, city_id, _counts([*changed, *late], now, rules), rules.history)
    return Taken(
        stored=len(changed),
        unchanged=len(fresh) - len(changed),
        unknown_uid=len(unknown),
        doubted=sum(1 for row in fresh if row.judged.claimed is not None and row.judged.free is None),
        older=len(older),
        beside=len(beside),
        ahead=sum(1 for row in fresh if row.judged.is_ahead),
        unknown=unknown[:_EXAMPLES],
    )


def _latest(records: Sequence[RealtimeRecord], now: datetime, rules: Parking) -> dict[str, RealtimeRecord]:
    """By uid. What no lot can be called is left out: PostgreSQL's text has no NUL."""
    latest: dict[str, RealtimeRecord] = {}
    for record in records:
        if "\0" in record.uid or len(record.uid) > UID_MOST:
            continue
        other = latest.get(record.uid)
        if other is None or counted_at(other, now, rules)[0] <= counted_at(record, now, rules)[0]:
            latest[record.uid] = record
    return latest


async def _found(
    connection: Driver,
    city_id: str,
    source: str,
    records: Mapping[str, RealtimeRecord],
    now: datetime,
    rules: Parking,
) -> tuple[list[_Row], set[str]]:
    """The lots of these claims, a lot once, judged; and the uids for whose lots another source speaks."""
    cursor = connection.cursor(binary=True)
    await cursor.execute(_FIND, {"city": city_id, "source": source, "uids": list(records)})
    rows: dict[UUID, _Row] = {}
    beside: set[str] = set()
    for uid, lot_id, capacity, hours, now_source, *stored in await cursor.fetchall():
        record, lot = records[uid], LotFacts(capacity, hours)
        before = Before(*stored) if now_source is not None else None
        if before is not None and now_source != source:
            if _speaks(before, now, rules):
                beside.add(uid)
                continue
            before = None
        row = _Row(record, lot_id, lot, before, judge(record, lot, before, now, rules))
        other = rows.get(lot_id)
        if other is None or other.judged.at < row.judged.at:
            rows[lot_id] = row
        if other is not None:
            beside.add(min(other, row, key=lambda one: one.judged.at).record.uid)
    return list(rows.values()), beside


def _speaks(before: Before, now: datetime, rules: Parking) -> bool:
    """Whether another source's number is believed and young."""
    return before.free is not None and now - before.updated_at <= timedelta(minutes=rules.numbers.marked_minutes)


def _in_order(rows: Sequence[_Row]) -> tuple[list[_Row], list[_Row]]:
    """Those not older than what is stored, and the others."""
    fresh: list[_Row] = []
    older: list[_Row] = []
    for row in rows:
        is_older = row.before is not None and row.judged.at < row.before.updated_at
        (older if is_older else fresh).append(row)
    return fresh, older


async def _quarantined(
    tx: AsyncConnection,
    connection: Driver,
    city_id: str,
    source: str,
    rows: Sequence[_Row],
    now: datetime,
    rules: Parking,
) -> None:
    """Withhold what is in quarantine, put there what belongs there, let out what has been good for long enough."""
    held = await quarantine.held(connection, city_id, source, [row.record.uid for row in rows])
    feed = judge_feed([(row.judged, row.lot) for row in rows], now, rules)
    bad, over = _sorted_out(rows, held, now, rules, is_feed_bad=feed is not None)
    feed_row = next((one for one in held if one.uid == ""), None)
    if feed is not None:
        bad.append(Bad("", FEED, None, feed))
    elif feed_row is not None and quarantine.is_over(feed_row, now, rules):
        over.append(feed_row)
        feed_row = None
    if feed is not None or feed_row is not None:
        for row in rows:
            if row.judged.claimed is not None:
                row.judged = replace(row.judged, free=None, reason=FEED)
    if feed is not None and feed_row is None:
        await connection.execute(_WITHHOLD, {"city": city_id, "source": source, "reason": FEED})
    await quarantine.hold(connection, city_id, source, bad, now)
    await quarantine.lift(connection, [one.id for one in over], now)
    gone = {one.id for one in over}
    live = {(one.uid, one.reason): one.is_alarmed for one in held if one.id not in gone}
    if any(not live.get((one.uid, one.reason), False) for one in bad) or not all(live.values()):
        await quarantine.alarm(tx, city_id, source, now, rules)


def _sorted_out(
    rows: Sequence[_Row], held: Sequence[Held], now: datetime, rules: Parking, *, is_feed_bad: bool
) -> tuple[list[Bad], list[Held]]:
    """Lots that are bad now, and rows of lots that have been good for long enough; the others stay withheld.

    While the whole feed is bad its lots are not written down one by one; those that are stay so.
    """
    of_uid: dict[str, list[Held]] = {}
    for one in held:
        of_uid.setdefault(one.uid, []).append(one)
    bad: list[Bad] = []
    over: list[Held] = []
    for row in rows:
        judged, mine = row.judged, of_uid.get(row.record.uid, [])
        if judged.doubt is not None:
            if not is_feed_bad or any(one.reason == judged.doubt for one in mine):
                bad.append(Bad(row.record.uid, judged.doubt, row.lot_id, _seen(judged)))
        elif judged.claimed is not None:
            done = [one for one in mine if quarantine.is_over(one, now, rules)]
            over += done
            if len(done) < len(mine):
                waiting = next(one for one in mine if one not in done)
                row.judged = replace(judged, free=None, reason=waiting.reason)
    return bad, over


def _seen(judged: Judged) -> dict[str, Any]:
    return {"free": judged.claimed, "capacity": judged.capacity, "since": judged.changed_at.isoformat()}


def _is_same(row: _Row) -> bool:
    """The same count, told again: its stamp says so."""
    before, judged = row.before, row.judged
    if before is None or row.record.updated_at is None or judged.is_ahead or before.updated_at != judged.at:
        return False
    told = (before.claimed, before.free, before.capacity, before.opening_status, before.is_linked, before.reason)
    now = (judged.claimed, judged.free, judged.capacity, judged.opening_status, judged.is_linked, judged.reason)
    return told == now


def _counts(rows: Sequence[_Row], now: datetime, rules: Parking) -> list[history.Count]:
    """Believed numbers of open gates; late ones too, as long as their day is not folded for good."""
    since = now - timedelta(days=rules.history.raw_days - 1)
    return [
        history.Count(row.lot_id, row.judged.at, row.judged.free, row.judged.capacity)
        for row in rows
        if row.judged.free is not None and row.judged.opening_status != "CLOSED" and row.judged.at >= since
    ]


async def _store(connection: Driver, city_id: str, source: str, rows: Sequence[_Row]) -> None:
    if not rows:
        return
    rows = sorted(rows, key=lambda row: row.lot_id)  # two sources of the same lots take their locks in one order
    judged = [row.judged for row in rows]
    values = {
        "city": city_id,
        "source": source,
        "lots": [row.lot_id for row in rows],
        "claimed": [one.claimed for one in judged],
        "free": [one.free for one in judged],
        "capacity": [one.capacity for one in judged],
        "status": [one.opening_status for one in judged],
        "linked": [one.is_linked for one in judged],
        "reason": [one.reason.replace("\0", "")[:_REASON_MOST] for one in judged],
        "free_by": [_kept(row.record.free_by, row) for row in rows],
        "capacity_by": [_kept(row.record.capacity_by, row) for row in rows],
        "updated": [one.at for one in judged],
        "fetched": [row.record.fetched_at for row in rows],
        "changed": [one.changed_at for one in judged],
    }
    await connection.execute(_STORE, values)


def _kept(by: Mapping[Any, int], row: _Row) -> str | None:
    """Bays for somebody within the lot's bounds, and only beside a number that is believed."""
    if not by or row.judged.free is None:
        return None
    most = row.judged.capacity
    kept = {name: count for name, count in by.items() if 0 <= count <= row.record.capacity_by.get(name, most)}
    return orjson.dumps(kept).decode() if kept else None


_FIND = """SELECT l.uid, coalesce(l.same_as, l.id), l.capacity, l.opening_hours, r.source,
    r.claimed, r.free, r.capacity, r.opening_status, r.is_linked, r.reason, r.updated_at, r.fetched_at, r.changed_at
FROM unnest(%(uids)s::text[]) AS i(uid)
JOIN parking_lots l ON l.city_id = %(city)s AND l.source = %(source)s AND l.uid = i.uid
LEFT JOIN parking_realtime r ON r.lot_id = coalesce(l.same_as, l.id)"""
_STORE = """INSERT INTO parking_realtime AS r (lot_id, city_id, source, claimed, free, capacity, opening_status,
    is_linked, reason, free_by, capacity_by, updated_at, fetched_at, changed_at)
SELECT i.lot, %(city)s, %(source)s, i.claimed, i.free, i.capacity, i.status, i.linked, i.reason, i.free_by::jsonb,
    i.capacity_by::jsonb, i.updated, i.fetched, i.changed
FROM unnest(%(lots)b::uuid[], %(claimed)s::int[], %(free)s::int[], %(capacity)s::int[], %(status)s::text[],
    %(linked)s::bool[], %(reason)s::text[], %(free_by)s::text[], %(capacity_by)s::text[],
    %(updated)b::timestamptz[], %(fetched)b::timestamptz[], %(changed)b::timestamptz[])
    AS i(lot, claimed, free, capacity, status, linked, reason, free_by, capacity_by, updated, fetched, changed)
ON CONFLICT (lot_id) DO UPDATE SET source = EXCLUDED.source, claimed = EXCLUDED.claimed, free = EXCLUDED.free,
    capacity = EXCLUDED.capacity, opening_status = EXCLUDED.opening_status, is_linked = EXCLUDED.is_linked,
    reason = EXCLUDED.reason, free_by = EXCLUDED.free_by, capacity_by = EXCLUDED.capacity_by,
    updated_at = EXCLUDED.updated_at, fetched_at = EXCLUDED.fetched_at, changed_at = EXCLUDED.changed_at"""
_WITHHOLD = """UPDATE parking_realtime SET free = NULL, free_by = NULL, reason = %(reason)s
WHERE city_id = %(city)s AND source = %(source)s AND free IS NOT NULL"""
