"""Takes a watch's hours one after the other, as often as need be: late and corrected ones from the state before them.

Whatever a crash leaves is either the hour before or the hour after; what was noted once is never noted again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.episodes import HOUR, Change, State, step
from civic.air.watch.tables import air_watch_changes, air_watch_hours, air_watches
from civic.air.watch.values import HourValue, Rule
from core.air_rules import Watch as Rules
from core.db import driver
from core.ids import new_id

ValueAt = Callable[[datetime], HourValue]
Kept = Mapping[datetime, Decimal | None]
"""End of an hour to the value it was taken with."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One row of air_watches, locked. `last_at`: the newest hour taken, None before the first."""

    id: int
    city_id: str
    rule: Rule
    zone: str
    site_id: int | None
    pollutant: str
    last_at: datetime | None

    @property
    def lines(self) -> str:
        """Whose lines of criteria.csv count."""
        return self.pollutant if self.rule == "criteria" else f"{self.pollutant}.grade"


@dataclass(frozen=True, slots=True)
class Noted:
    """A change as it was reckoned. `began_at`: when its episode began. `site_id`: the station that decided."""

    change: Change
    began_at: datetime
    site_id: int | None


@dataclass(frozen=True, slots=True)
class Stepped:
    """`hours`: newly taken ones; `again_from`: the hour from which a correction was replayed; `noted`, `withdrawn`:
    how many changes are new, and how many never were; `is_done`: nothing more is ready.
    """

    hours: int = 0
    again_from: datetime | None = None
    noted: int = 0
    withdrawn: int = 0
    is_done: bool = True


async def locked(tx: AsyncConnection, city_id: str, keys: Sequence[tuple[Rule, str, int | None, str]]) -> list[Watched]:
    """The watches of these (rule, zone, site, pollutant), made where they are new; those another holds are left out."""
    rows = [
        {"city_id": city_id, "rule": rule, "zone": zone, "site_id": site_id, "pollutant": pollutant}
        for rule, zone, site_id, pollutant in keys
    ]
    if not rows:
        return []
    wanted = select(air_watches).where(air_watches.c.city_id == city_id).order_by(air_watches.c.id)
    known = {_key(row) for row in (await tx.execute(wanted)).mappings()}
    if fresh := [row for row in rows if _key(row) not in known]:
        await tx.execute(insert(air_watches).values(fresh).on_conflict_do_nothing())
    found = (await tx.execute(wanted.with_for_update(skip_locked=True))).mappings().all()
    return [Watched(**row) for row in found if _key(row) in set(keys)]


def _key(row: Mapping[str, Any] | RowMapping) -> tuple[Rule, str, int | None, str]:
    return row["rule"], row["zone"], row["site_id"], row["pollutant"]


async def taken_since(tx: AsyncConnection, watch_ids: Sequence[int], begin: datetime) -> dict[int, Kept]:
    """What was taken from `begin` on, by watch."""
    hour = air_watch_hours.c
    wanted = select(hour.watch_id, hour.at, hour.value).where(hour.watch_id.in_(watch_ids), hour.at >= begin)
    found: dict[int, dict[datetime, Decimal | None]] = {one: {} for one in watch_ids}
    for row in await tx.execute(wanted):
        found[row.watch_id][row.at] = row.value
    return dict(found)


async def advance(
    tx: AsyncConnection,
    watch: Watched,
    value_at: ValueAt,
    kept: Kept,
    now: datetime,
    rules: Rules,
    *,
    begin: datetime,
    most: int,
) -> Stepped:
    """Take what is ready, at most `most` new hours, and put right what differs from `kept`.

    `value_at` tells of every hour from `begin` on, or before it where `kept` has one. The caller writes in the same
    transaction what is to be told.
    """
    last = watch.last_at
    again = next((at for at in sorted(kept) if begin <= at <= now and _differs(kept[at], value_at(at))), None)
    start = again or (last + HOUR if last else begin)
    ready = _ready(start if again is None or last is None else last + HOUR, now, value_at, rules, most)
    behind = _span(again, last) if again is not None and last is not None else []
    if not behind and not ready:
        return Stepped()
    state = await _before(tx, watch.id, start)
    rows, noted = _taken(watch, state, [*behind, *ready], value_at)
    await _write(tx, watch.id, rows, now)
    newest = rows[-1]["at"]
    await tx.execute(update(air_watches).where(air_watches.c.id == watch.id).values(last_at=newest))
    # Without a replay nothing after the newest hour can have been noted before.
    fresh, gone = await _note(tx, watch, start, noted, last, now) if noted or again else (0, 0)
    return Stepped(len(ready), again, fresh, gone, len(ready) < most)


def _span(first: datetime, last: datetime) -> list[datetime]:
    return [first + place * HOUR for place in range(int((last - first) / HOUR) + 1)]


def _ready(first: datetime, now: datetime, value_at: ValueAt, rules: Rules, most: int) -> list[datetime]:
    """Hours that may be taken: all stations spoke, or the time to wait for them is over."""
    found: list[datetime] = []
    at = first
    while len(found) < most and at <= now:
        seen, age = value_at(at), now - at
        is_part = seen.value is not None and age >= timedelta(minutes=rules.part_minutes)
        if not (seen.is_whole or is_part or age >= timedelta(minutes=rules.missing_minutes)):
            break
        found.append(at)
        at += HOUR
    return found


def _taken(
    watch: Watched, state: State, hours: Sequence[datetime], value_at: ValueAt
) -> tuple[list[dict[str, Any]], list[Noted]]:
    rows, noted = [], []
    for at in hours:
        seen, before = value_at(at), state
        state, change = step(watch.lines, state, at, seen.value)
        if change is not None:
            began = before.began if change.kind != "reached" or before.began else state.began
            assert began is not None
            noted.append(Noted(change, began, seen.site_id))
        rows.append(
            {"at": at, "value": seen.value, "sites": seen.sites, "site_id": seen.site_id, "state": state.written()}
        )
    return rows, noted


def _differs(before: Decimal | None, now: HourValue) -> bool:
    """Numbers come back from the store with as many digits as it kept: equal to twelve places is equal."""
    if before is None or now.value is None:
        return before is not now.value
    return abs(before - now.value) > Decimal("1e-12")


async def _before(tx: AsyncConnection, watch_id: int, at: datetime) -> State:
    hour = air_watch_hours.c
    wanted = select(hour.state).where(hour.watch_id == watch_id, hour.at < at).order_by(hour.at.desc()).limit(1)
    written = (await tx.execute(wanted)).scalar_one_or_none()
    return State.read(written) if written else State()


_WRITE = """
INSERT INTO air_watch_hours (watch_id, at, value, sites, site_id, state, taken_at)
SELECT %(watch)s, r.at, r.value, r.sites, r.site_id, r.state, %(now)s
FROM jsonb_to_recordset(%(rows)s) AS r(at timestamptz, value numeric, sites smallint, site_id integer, state jsonb)
ON CONFLICT (watch_id, at) DO UPDATE SET value = excluded.value, sites = excluded.sites, site_id = excluded.site_id,
    state = excluded.state, taken_at = excluded.taken_at
"""


async def _write(tx: AsyncConnection, watch_id: int, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    plain = [
        {**row, "at": row["at"].isoformat(), "value": None if row["value"] is None else str(row["value"])}
        for row in rows
    ]
    await (await driver(tx)).execute(_WRITE, {"watch": watch_id, "now": now, "rows": Jsonb(plain)})


async def _note(
    tx: AsyncConnection,
    watch: Watched,
    start: datetime,
    noted: Sequence[Noted],
    last: datetime | None,
    now: datetime,
) -> tuple[int, int]:
    """Changes from `start` on become what `noted` says: (new ones, withdrawn ones). What stands already stays."""
    table = air_watch_changes.c
    wanted = select(air_watch_changes).where(table.watch_id == watch.id, table.at >= start)
    rows = (await tx.execute(wanted.order_by(table.noted_at))).mappings().all()
    live = {row["at"]: row for row in rows if row["withdrawn_at"] is None}
    past = {(row["at"], row["kind"], row["level"]): row for row in rows if row["withdrawn_at"] is not None}
    right = {one.change.at: one for one in noted}
    gone = [row for at, row in live.items() if at not in right or not _is_same(row, right[at])]
    if gone:
        ids = [row["id"] for row in gone]
        await tx.execute(update(air_watch_changes).where(table.id.in_(ids)).values(withdrawn_at=now))
    fresh = 0
    for at, one in right.items():
        standing = live.get(at)
        if standing is not None and _is_same(standing, one):
            await _correct(tx, standing, one, now)
        elif (earlier := past.get((at, one.change.kind, one.change.level))) is not None:
            # It was noted before, taken back, and is right after all: the same change, told or not told as it was.
            again = update(air_watch_changes).where(table.id == earlier["id"])
            await tx.execute(again.values(withdrawn_at=None, before=one.change.before, began_at=one.began_at))
            await _correct(tx, earlier, one, now)
        else:
            fresh += 1
            await tx.execute(insert(air_watch_changes).values(_row(watch, one, last, now)))
    return fresh, len(gone)


def _is_same(row: RowMapping, one: Noted) -> bool:
    return (row["kind"], row["level"], row["before"]) == (one.change.kind, one.change.level, one.change.before)


async def _correct(tx: AsyncConnection, row: RowMapping, one: Noted, now: datetime) -> None:
    """The change stands; its value or its beginning may have been put right, and what was said first stays readable."""
    is_value = abs(row["value"] - one.change.value) > Decimal("1e-12")
    if not is_value and row["began_at"] == one.began_at:
        return
    values: dict[str, Any] = {"began_at": one.began_at, "site_id": one.site_id}
    if is_value:
        values |= {"value": one.change.value, "corrected_at": now, "first_value": row["first_value"] or row["value"]}
    await tx.execute(update(air_watch_changes).where(air_watch_changes.c.id == row["id"]).values(values))


def _row(watch: Watched, one: Noted, last: datetime | None, now: datetime) -> dict[str, Any]:
    made: UUID = new_id()
    return {
        "id": made,
        "city_id": watch.city_id,
        "watch_id": watch.id,
        "at": one.change.at,
        "kind": one.change.kind,
        "level": one.change.level,
        "before": one.change.before,
        "value": one.change.value,
        "site_id": one.site_id,
        "began_at": one.began_at,
        "noted_at": now,
        "is_late": last is not None and one.change.at <= last,
    }
