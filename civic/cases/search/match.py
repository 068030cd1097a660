"""The newest cases that hold the words, in windows of time, so that no word reads a million rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import COLUMNS
from civic.cases.cursor import Mark
from civic.cases.search import index
from civic.cases.search.query import Wanted
from civic.cases.tables import case_terms, cases

RANKED = 1000
"""Sorted by relevance are the newest so many that hold the words: nobody turns further pages."""
_WIDER = 16
_SPARE = 3
_MOST_OWN = 100_000
_FEW = 1500
"""So few are read and sorted at once."""


def holds(wanted: Wanted) -> ColumnElement[bool]:
    return case_terms.c.terms.op("@@")(bindparam(None, wanted.tsquery, type_=TSQUERY))


def of_case() -> ColumnElement[bool]:
    return case_terms.c.case_id == cases.c.id


@dataclass(frozen=True, slots=True)
class Desks:
    """Whose cases can be meant at all: of these departments (None: of any), and those that `owner` was given.

    `officer`: only those that this one was given, whatever the department.
    """

    departments: frozenset[str] | None = None
    owner: UUID | None = None
    officer: UUID | None = None

    def ways(self) -> list[list[ColumnElement[bool]]]:
        """Conditions of which each case meets one set at most: each is read by an index of its own."""
        if self.departments is None:
            return [[]]
        names = sorted(self.departments)
        ways: list[list[ColumnElement[bool]]] = [[case_terms.c.department_id.in_(names)]] if names else []
        if self.owner is not None:
            ways.append([cases.c.staff_id == self.owner, cases.c.department_id.not_in(names)])
        return ways


@dataclass(frozen=True, slots=True)
class Search:
    """One question: the words, and what else must hold of the case."""

    city_id: str
    wanted: Wanted
    conditions: Sequence[ColumnElement[bool]]
    now: datetime
    desks: Desks = Desks()


async def newest(tx: AsyncConnection, search: Search, after: Mark | None, limit: int) -> list[Row[Any]]:
    """Up to `limit` rows of `COLUMNS`, newest first, after the mark."""
    found = await _newest(tx, search, COLUMNS, (after.at, after.id) if after else None, limit)
    return sorted(found, key=lambda row: (row.received_at, row.id), reverse=True)[:limit]


async def best(
    tx: AsyncConnection, search: Search, after: Mark | None, limit: int, *, by: Literal["relevance", "updated"]
) -> list[tuple[Row[Any], float]]:
    """Rows of `COLUMNS` with their rank, among the newest `RANKED` that hold the words; equals newest first.

    `relevance`: a title weighs more than a place, a place more than the text. `updated`: the last changed first.
    """
    words = func.ts_rank(case_terms.c.terms, bindparam(None, search.wanted.tsquery, type_=TSQUERY))
    rank = words if by == "relevance" else func.extract("epoch", cases.c.updated_at)
    columns = (case_terms.c.case_id, case_terms.c.received_at, rank.label("rank"))
    found = await _newest(tx, search, columns, None, RANKED)
    order = sorted(((round(float(row.rank), 6), row.received_at, row.case_id) for row in found), reverse=True)
    if after is not None:
        order = [one for one in order if one < (after.rank, after.at, after.id)]
    ranks = {case_id: rank for rank, _, case_id in order[:limit]}
    rows = {row.id: row for row in await tx.execute(select(*COLUMNS).where(cases.c.id.in_(list(ranks))))}
    return [(rows[case_id], rank) for case_id, rank in ranks.items() if case_id in rows]


async def next_due(tx: AsyncConnection, search: Search, after: Mark | None, limit: int) -> list[Row[Any]]:
    """Open cases that hold the words, the next due first: the open ones are few, so they are read and not the words."""
    still = (
        select(cases.c.id, cases.c.due_at)
        .where(*search.conditions, cases.c.closed_at.is_(None))
        .cte("still")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    place = tuple_(still.c.due_at, still.c.id)
    within = [holds(search.wanted), *([place > tuple_(after.at, after.id)] if after else [])]
    page = (
        select(still.c.id, still.c.due_at)
        .join_from(still, case_terms, case_terms.c.case_id == still.c.id)
        .where(*within)
        .order_by(still.c.due_at, still.c.id)
        .limit(limit)
        .subquery()
    )
    whole = select(*COLUMNS).join_from(page, cases, cases.c.id == page.c.id).order_by(page.c.due_at, page.c.id)
    return list((await tx.execute(whole)).all())


async def _newest(
    tx: AsyncConnection, search: Search, columns: Sequence[Any], after: tuple[datetime, UUID] | None, limit: int
) -> list[Row[Any]]:
    """Up to `limit` rows of each way, in no order."""
    found: list[Row[Any]] = []
    for way in search.desks.ways():
        found += await _windows(tx, replace(search, conditions=[*search.conditions, *way]), columns, after, limit)
    return found


async def _windows(
    tx: AsyncConnection, search: Search, columns: Sequence[Any], after: tuple[datetime, UUID] | None, limit: int
) -> list[Row[Any]]:
    """The first window is as long as the vocabulary says it takes; each further one sixteen times as long, the last
    has no end. The planner walks a short window by date and asks the index of words for a long one."""
    rows, oldest = await index.size(tx, search.city_id)
    if oldest is None:
        return []
    begin = after[0] if after else max(search.now, oldest)
    span = begin - oldest
    about = search.wanted.about(rows)
    if search.desks.officer is not None:
        about *= await _share(tx, search.city_id, search.desks.officer, rows)
    width = span if about <= _FEW else span * min(limit * _SPARE / about, 1.0)
    found: list[Row[Any]] = []
    upper: datetime | None = None
    while True:
        lower = begin - width if width < span else None
        window = _window(search, columns, after, lower, upper).limit(limit - len(found))
        found += (await tx.execute(window)).all()
        if len(found) >= limit or lower is None:
            return found
        upper, width = lower, max(width * _WIDER, timedelta(days=1))


async def _share(tx: AsyncConnection, city_id: str, officer: UUID, rows: int) -> float:
    """Which part of the city's `rows` cases this officer has: a tenth of a million at most, and read from an index."""
    own = select(cases.c.id).where(cases.c.city_id == city_id, cases.c.staff_id == officer).limit(_MOST_OWN).subquery()
    count: int = (await tx.execute(select(func.count()).select_from(own))).scalar_one()
    return min(count / max(rows, 1), 1.0)


def _window(
    search: Search,
    columns: Sequence[Any],
    after: tuple[datetime, UUID] | None,
    lower: datetime | None,
    upper: datetime | None,
) -> Select[Any]:
    place = tuple_(case_terms.c.received_at, case_terms.c.case_id)
    within = [case_terms.c.city_id == search.city_id, holds(search.wanted)]
    if after is not None:
        within.append(place < tuple_(*after))
    for moment in (case_terms.c.received_at, *([cases.c.received_at] if search.desks.officer else [])):
        # An officer's cases are read by their own index, which is in order of receipt as well.
        if lower is not None:
            within.append(moment >= lower)
        if upper is not None:
            within.append(moment < upper)
    is_short = lower is not None and upper is None
    order = case_terms.c.received_at if is_short else unordered(case_terms.c.received_at)
    return (
        select(*columns)
        .join_from(case_terms, cases, of_case())
        .where(*within, *search.conditions)
        .order_by(order.desc(), case_terms.c.case_id.desc())
    )


def unordered(moment: ColumnElement[datetime]) -> ColumnElement[datetime]:
    """The same moment, which no index gives in order: hits are found first and sorted then. Without it the planner
    walks a list by date in the hope of a page of hits, and reads a million rows when they are few."""
    return moment + literal(timedelta(0))
