"""What staff may do with any source: ask it now, switch it off and on; what is known of it, by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.sources.book import NAMES, Book, Kind, korean_day, row_of
from civic.sources.tables import sources
from civic.staff.service import record_change
from core.errors import Conflict, NotFound, PreconditionFailed

STATIC: Mapping[Kind, str] = {"parking": "lots", "air": "stations"}
"""What of a kind seldom changes."""


async def listed(tx: AsyncConnection, book: Book) -> list[RowMapping]:
    """Every source of the city and kind, by name."""
    mine = (sources.c.city_id == book.city_id, sources.c.kind == book.kind)
    return list((await tx.execute(select(sources).where(*mine).order_by(sources.c.name))).mappings().all())


async def ask_now(
    tx: AsyncConnection, book: Book, name: str, now: datetime, *, with_static: bool, daily_calls: int | None, by: UUID
) -> None:
    """The next round asks the source, for what seldom changes too where wanted.

    Raises NotFound, Conflict (off, no calls left).
    """
    row = await _locked(tx, book, name)
    if row["state"] == "off":
        raise Conflict("꺼져 있는 출처입니다. 먼저 켜 주세요.", "This source is off; switch it on first.")
    if daily_calls is not None and _calls_of(row, now) >= daily_calls:
        raise Conflict(
            "오늘 부를 수 있는 횟수를 다 썼습니다. 자정이 지나면 다시 받습니다.",
            "Today's calls are used up; it is asked again after midnight.",
        )
    values: dict[str, Any] = {"next_at": now, "updated_at": now}
    if with_static:
        values["static_next_at"] = now
    await tx.execute(update(sources).where(*_one(book, name)).values(values))
    await _record(tx, book, name, "asked_now", {f"with_{STATIC[book.kind]}": with_static}, by, now)


async def switch(
    tx: AsyncConnection,
    book: Book,
    name: str,
    now: datetime,
    *,
    is_on: bool,
    reason: str,
    by: UUID,
    versions: frozenset[int],
) -> None:
    """Off: it is not asked and its pushes are refused; what is known from it stays and ages. On: due at once.

    A pull under way is thrown away. Raises NotFound, PreconditionFailed.
    """
    row = await _locked(tx, book, name)
    if row["version"] not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 출처를 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this source meanwhile. Read it again and retry.",
        )
    if (row["state"] != "off") == is_on:
        return
    values = {
        "state": "active" if is_on else "off",
        "reason": "" if is_on else reason,
        "next_at": now if is_on else None,
        "failures": 0,
        "failing_since": None,
        "alarmed_at": None,
        "claimed_by": None,
        "claimed_until": None,
        "version": row["version"] + 1,
        "updated_at": now,
    }
    await tx.execute(update(sources).where(*_one(book, name)).values(values))
    await _record(tx, book, name, "switched_on" if is_on else "switched_off", {"reason": reason}, by, now)


async def _locked(tx: AsyncConnection, book: Book, name: str) -> RowMapping:
    await tx.execute(select(sources.c.name).where(*_one(book, name)).with_for_update())
    row = await row_of(tx, book, name)
    if row is None:
        raise no_source(book)
    return row


def _calls_of(row: RowMapping, now: datetime) -> int:
    return int(row["calls"]) if row["calls_day"] == korean_day(now) else 0


def _one(book: Book, name: str) -> tuple[Any, Any, Any]:
    return sources.c.city_id == book.city_id, sources.c.kind == book.kind, sources.c.name == name


def no_source(book: Book) -> NotFound:
    """To be raised where nobody knows the name."""
    ko, _ = NAMES[book.kind]
    return NotFound(f"그런 {ko}가 없습니다.", f"No such source of {book.kind}.")


async def _record(
    tx: AsyncConnection, book: Book, name: str, verb: str, detail: Mapping[str, Any], by: UUID, now: datetime
) -> None:
    await record_change(
        tx,
        city_id=book.city_id,
        actor_kind="staff",
        actor_id=by,
        action=f"{book.kind}_source.{verb}",
        object_kind=f"{book.kind}_source",
        object_id=name,
        detail=detail,
        now=now,
    )
