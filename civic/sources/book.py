"""The book of sources: each one's state, when it is asked next, whose claim stands, and what its last pull came to.

It is one for every kind of source (`civic/sources/tables.py`); a noun adds what it stores (`civic/parking/sources.py`,
`bot/air/asking.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.sources.tables import sources
from civic.staff.notices import notify
from core.clock import SEOUL
from core.contracts.sources import Mark
from core.db import driver
from core.source_rules import Asking

Kind = Literal["parking", "air"]
NAMES: Mapping[Kind, tuple[str, str]] = {
    "parking": ("주차장 출처", "Parking source"),
    "air": ("대기질 출처", "Air source"),
}


@dataclass(frozen=True, slots=True)
class Book:
    """The sources of one kind in a city. `told_to`: whom `civic.staff.notices.notify` tells of trouble."""

    kind: Kind
    city_id: str
    asking: Asking = field(default_factory=Asking)
    told_to: Mapping[str, Any] = field(default_factory=lambda: {"role": "admin"})


@dataclass(frozen=True, slots=True)
class Claimed:
    """A source that this process asks now, `by` this claim. `calls`: made to it today (Korean day)."""

    name: str
    by: str
    wants_static: bool
    mark: Mark
    calls: int
    failures: int
    failing_since: datetime | None
    static_next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Next:
    """When a source is asked again: at all, and for what seldom changes."""

    at: datetime
    static_at: datetime | None


async def enrol(tx: AsyncConnection, book: Book, vendors: Mapping[str, str], now: datetime) -> None:
    """Every source that is switched on has a row; a new one is due at once, one that staff switched off stays off."""
    if not vendors:
        return
    found = await tx.execute(select(sources.c.name, sources.c.vendor).where(*_mine(book)))
    known = {row.name: row.vendor for row in found}
    new = sorted(set(vendors) - set(known))
    own = {"city_id": book.city_id, "kind": book.kind, "updated_at": now}
    rows = [{**own, "name": name, "vendor": vendors[name]} for name in new]
    if rows:
        await tx.execute(upsert(sources).values(rows).on_conflict_do_nothing())
    # Rows that are as they should be are not touched: one of them may be locked by a long import.
    for name in sorted(set(vendors) & set(known)):
        if vendors[name] != known[name]:
            moved = update(sources).where(*_one(book, name)).values(vendor=vendors[name], updated_at=now)
            await tx.execute(moved)


async def claim(
    tx: AsyncConnection, book: Book, names: Sequence[str], owner: str, now: datetime, lease_s: float, most: int
) -> list[Claimed]:
    """Take at most `most` sources that are due and that no process holds; the longest due first."""
    values = {
        "city": book.city_id,
        "kind": book.kind,
        "names": list(names),
        "owner": owner,
        "now": now,
        "until": now + timedelta(seconds=lease_s),
        "today": korean_day(now),
        "most": most,
    }
    cursor = await (await driver(tx)).execute(_CLAIM, values)
    return [
        Claimed(name, owner, static_at is None or static_at <= now, Mark(*mark), calls, failures, since, static_at)
        for name, static_at, calls, failures, since, *mark in await cursor.fetchall()
    ]


async def is_ours(tx: AsyncConnection, book: Book, name: str, owner: str) -> bool:
    """Whether this process still holds the source, and it is on; nobody can take it before the transaction ends."""
    wanted = select(sources.c.name).where(*_one(book, name), sources.c.claimed_by == owner, sources.c.state != "off")
    return (await tx.execute(wanted.with_for_update())).first() is not None


async def release(tx: AsyncConnection, book: Book, name: str, owner: str) -> None:
    """Give a claim back as it was: another process asks at once."""
    mine = update(sources).where(*_one(book, name), sources.c.claimed_by == owner)
    await tx.execute(mine.values(claimed_by=None, claimed_until=None))


async def succeeded(
    tx: AsyncConnection, book: Book, name: str, mark: Mark, calls: int, following: Next, now: datetime
) -> None:
    """All is well: the mark for the next pull, stored with the data; staff who were told of a failure hear of it."""
    await _recovered(tx, book, name, now)
    today = korean_day(now)
    values = {
        "state": "active",
        "next_at": following.at,
        "static_next_at": following.static_at,
        "last_ok_at": now,
        "failing_since": None,
        "failures": 0,
        "reason": "",
        "alarmed_at": None,
        **_counted(today, calls),
        **asdict(mark),
        "claimed_by": None,
        "claimed_until": None,
        "updated_at": now,
    }
    await tx.execute(update(sources).where(*_one(book, name)).values(values))


async def failed(
    tx: AsyncConnection,
    book: Book,
    claimed: Claimed,
    kind: str,
    reasons: tuple[str, str],
    next_at: datetime,
    now: datetime,
    *,
    calls: int = 1,
    brought: tuple[Mark, Next] | None = None,
) -> None:
    """Note a pull that brought nothing, or `brought` only a part. What it told before stays and ages. Staff are told
    once: at once where our key is refused, of a used-up quota once a day, else when it has failed for long
    (`asking.failing_*`).
    """
    ko, en = reasons
    since = claimed.failing_since or now
    failures = claimed.failures + (kind != "quota")
    is_long = failures >= book.asking.failing_after or now - since >= timedelta(minutes=book.asking.failing_minutes)
    is_failing = kind == "refused" or (kind != "quota" and is_long)
    values: dict[str, Any] = {
        "state": "failing" if is_failing else "backing_off",
        "next_at": next_at,
        "failing_since": claimed.failing_since if kind == "quota" else since,
        "failures": failures,
        "reason": ko,
        **_counted(korean_day(now), calls),
        "claimed_by": None,
        "claimed_until": None,
        "updated_at": now,
    }
    if brought is not None:
        mark, following = brought
        values |= {"last_ok_at": now, "static_next_at": following.static_at, **asdict(mark)}
    await tx.execute(update(sources).where(*_one(book, claimed.name)).values(values))
    if kind == "quota":
        await _tell(tx, book, claimed.name, "quota", ko, en, now, key=f"{korean_day(now)}")
    elif is_failing and await _is_first_alarm(tx, book, claimed.name, now):
        await _tell(tx, book, claimed.name, "refused" if kind == "refused" else "failing", ko, en, now)


async def arrived(tx: AsyncConnection, book: Book, name: str, now: datetime) -> None:
    """A push was stored; a source that staff switched off stays off."""
    await _recovered(tx, book, name, now)
    values = {"state": "active", "last_try_at": now, "last_ok_at": now, "failing_since": None, "failures": 0}
    values |= {"reason": "", "alarmed_at": None, "updated_at": now, **_counted(korean_day(now), 1)}
    await tx.execute(update(sources).where(*_one(book, name), sources.c.state != "off").values(values))


async def report(tx: AsyncConnection, book: Book, name: str, told: Mapping[str, Any]) -> None:
    """Keep the account of what a pull or push came to: `report`, `realtime_report`, `last_static_at`."""
    if told:
        await tx.execute(update(sources).where(*_one(book, name)).values(**told))


async def is_off(tx: AsyncConnection, book: Book, name: str) -> bool:
    """Whether staff switched the source off."""
    wanted = select(sources.c.name).where(*_one(book, name), sources.c.state == "off")
    return (await tx.execute(wanted)).first() is not None


async def miss_silent(tx: AsyncConnection, book: Book, names: Sequence[str], now: datetime) -> int:
    """Sources that push and have been silent for long: told to staff once; how many."""
    before = now - timedelta(minutes=book.asking.silent_minutes)
    silent = (
        update(sources)
        .where(*_mine(book), sources.c.name.in_(names), sources.c.last_ok_at < before)
        .where(sources.c.state.in_(("active", "backing_off")))
        .values(state="failing", failing_since=sources.c.last_ok_at, alarmed_at=now, reason=_SILENT[0], updated_at=now)
        .returning(sources.c.name)
    )
    found = list((await tx.execute(silent)).scalars())
    for name in found:
        await _tell(tx, book, name, "failing", *_SILENT, now)
    return len(found)


_SILENT = ("보내 오던 자료가 끊겼습니다.", "It has stopped pushing.")


async def row_of(tx: AsyncConnection, book: Book, name: str) -> RowMapping | None:
    """The stored row."""
    return (await tx.execute(select(sources).where(*_one(book, name)))).mappings().one_or_none()


def korean_day(now: datetime) -> date:
    """Quotas are counted in Korean days."""
    return now.astimezone(SEOUL).date()


def midnight_after(now: datetime) -> datetime:
    """When the next Korean day begins."""
    day = korean_day(now) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=SEOUL)


def _one(book: Book, name: str) -> tuple[Any, Any, Any]:
    return *_mine(book), sources.c.name == name


def _mine(book: Book) -> tuple[Any, Any]:
    return sources.c.city_id == book.city_id, sources.c.kind == book.kind


def _counted(today: date, calls: int) -> dict[str, Any]:
    """The calls of a Korean day, counted on or begun anew."""
    is_same = sources.c.calls_day.is_not_distinct_from(today)
    return {"calls_day": today, "calls": sources.c.calls * is_same.cast(sources.c.calls.type) + calls}


async def _is_first_alarm(tx: AsyncConnection, book: Book, name: str, now: datetime) -> bool:
    first = update(sources).where(*_one(book, name), sources.c.alarmed_at.is_(None)).values(alarmed_at=now)
    return (await tx.execute(first.returning(sources.c.name))).first() is not None


async def _recovered(tx: AsyncConnection, book: Book, name: str, now: datetime) -> None:
    row = await row_of(tx, book, name)
    if row is None or row["alarmed_at"] is None:
        return
    minutes = max(1, round((now - (row["failing_since"] or row["alarmed_at"])).total_seconds() / 60))
    ko, en = f"약 {minutes}분 만에 다시 이어졌습니다.", f"Back after about {minutes} min."
    await _tell(tx, book, name, "back", ko, en, now)


async def _tell(
    tx: AsyncConnection,
    book: Book,
    name: str,
    kind: str,
    ko: str,
    en: str,
    now: datetime,
    *,
    key: str = "",
) -> None:
    (head_ko, head_en), (of_ko, of_en) = _HEADS[kind], NAMES[book.kind]
    await notify(
        tx,
        city_id=book.city_id,
        kind=f"{book.kind}.source_{kind}",
        text_ko=f"{of_ko} ‘{name}’: {head_ko} {ko}".strip(),
        text_en=f"{of_en} {name}: {head_en} {en}".strip(),
        now=now,
        dedupe_key=f"{book.kind}:source:{name}:{kind}:{key or now.isoformat()}",
        **book.told_to,
    )


_HEADS = {
    "failing": (
        "자료를 받지 못하고 있습니다. 그동안 알던 숫자는 시간을 밝혀 쓰다가 오래되면 알리지 않습니다.",
        "It brings nothing; numbers known so far age and are then told no more.",
    ),
    "refused": ("인증키나 주소가 받아들여지지 않습니다. 키를 확인해 주세요.", "Our key or address is refused."),
    "quota": ("오늘 부를 수 있는 횟수를 다 썼습니다. 자정에 다시 시작합니다.", "Today's calls are used up."),
    "back": ("다시 받고 있습니다.", "It works again."),
}
_CLAIM = """WITH due AS (
    SELECT name FROM sources
    WHERE city_id = %(city)s AND kind = %(kind)s AND name = ANY(%(names)s::text[]) AND state <> 'off'
      AND (next_at IS NULL OR next_at <= %(now)s) AND (claimed_until IS NULL OR claimed_until <= %(now)s)
    ORDER BY next_at NULLS FIRST, name LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE sources s SET claimed_by = %(owner)s, claimed_until = %(until)s, last_try_at = %(now)s
FROM due WHERE s.city_id = %(city)s AND s.kind = %(kind)s AND s.name = due.name
RETURNING s.name, s.static_next_at, CASE WHEN s.calls_day = %(today)s THEN s.calls ELSE 0 END, s.failures,
    s.failing_since, s.etag, s.last_modified, s.cursor"""
