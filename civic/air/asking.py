"""The sources of air in the city's book of sources, and the account of a pull as staff read it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.storing import Taken, take
from civic.sources import book as sources
from civic.sources import overseeing
from civic.sources.book import Book
from core.air_rules import Air
from core.contracts.air import Pulled, RowNote

GAPS = "-gaps"
"""A source of hours that were missed is called like the one that it fills for, with this behind."""
_EXAMPLES = 3
REASONS_KO = {
    "corrected": "전과 다르게 말한 값(앞서 말한 값도 남김)",
    "unknown": "등록되지 않은 측정기, 또는 한 시간 값이 아님",
}


def book_of(city_id: str, rules: Air) -> Book:
    """The book of the city's sources of air."""
    told_to = {"role": "manager", "department_id": rules.department} if rules.department else {"role": "admin"}
    return Book("air", city_id, rules.asking, told_to)


async def take_pulled(
    tx: AsyncConnection, city_id: str, name: str, keeps_as: str, pulled: Pulled, now: datetime, rules: Air
) -> Taken:
    """Store what a pull brought, as of the source `keeps_as`, and its account in the row `name` of the book."""
    taken = await take(tx, city_id, keeps_as, pulled, now)
    told: dict[str, Any] = {"realtime_report": account_of(pulled, taken, now)}
    if pulled.stations is not None:
        told |= {"report": {"at": now.isoformat(), "stations": len(pulled.stations)}, "last_static_at": now}
    await sources.report(tx, book_of(city_id, rules), name, told)
    return taken


def account_of(pulled: Pulled, taken: Taken, now: datetime) -> dict[str, Any]:
    """Rows read, left out and why, what became of the values, and which of its services failed."""
    read = pulled.report
    doubts = {"corrected": taken.corrected, "unknown": taken.unknown}
    return {
        "at": now.isoformat(),
        "rows": read.rows,
        "accepted": read.accepted,
        "skip_reasons": dict(Counter(note.reason for note in read.skipped)),
        "doubt_reasons": dict(Counter(note.reason for note in read.doubts))
        | {name: count for name, count in doubts.items() if count},
        "examples": _examples((*read.skipped, *read.doubts)),
        "reasons_ko": {**REASONS_KO, **read.reasons_ko},
        "taken": asdict(taken),
        "failure": pulled.failure.reason_ko if pulled.failure else "",
    }


@dataclass(frozen=True, slots=True)
class Overview:
    """A source with what hangs on it. `keeps_as`: whose values it brings: its own, or those of the one it fills for."""

    row: RowMapping
    keeps_as: str
    stations: int
    newest_at: datetime | None


async def listed(tx: AsyncConnection, book: Book, now: datetime) -> list[Overview]:
    """Every source of air of the city, by name."""
    rows = await overseeing.listed(tx, book)
    sites = await reading.sites(tx, book.city_id, now)
    newest = await reading.newest_hours(tx, [site.id for site in sites], now)
    found = []
    for row in rows:
        keeps_as = row["name"].removesuffix(GAPS)
        mine = [site.id for site in sites if site.source == keeps_as]
        newest_at = max((newest[id].at for id in mine if id in newest), default=None)
        found.append(Overview(row, keeps_as, len(mine), newest_at))
    return found


async def read(tx: AsyncConnection, book: Book, name: str, now: datetime) -> Overview:
    """One of them. Raises NotFound."""
    found = [one for one in await listed(tx, book, now) if one.row["name"] == name]
    if not found:
        raise overseeing.no_source(book)
    return found[0]


def _examples(notes: Sequence[RowNote]) -> Mapping[str, list[str]]:
    examples: dict[str, list[str]] = {}
    for note in notes:
        shown = examples.setdefault(note.reason, [])
        if len(shown) < _EXAMPLES:
            shown.append(f"{note.line}행 {note.uid}".strip())
    return examples
