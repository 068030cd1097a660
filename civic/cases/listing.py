"""Pages of cases: by filters and words, in four orders, each with a cursor that neither repeats nor skips."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, false, func, select, text, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import COLUMNS, Case
from civic.cases.cursor import Mark, read_mark, write_mark
from civic.cases.filters import CaseFilters, Sort, conditions
from civic.cases.receipt import read_number
from civic.cases.search import asked, match, query
from civic.cases.status import Status
from civic.cases.tables import case_terms, cases
from core.errors import BadInput

COUNTED = 10_000
"""Counting stops here: nobody reads the ten-thousandth line, and a screen says "10,000+"."""
_COUNT_MS = 150


@dataclass(frozen=True, slots=True)
class Page:
    """`next_cursor` is None on the last page. `did_you_mean`: the question with its likely slips corrected; the rows
    hold what was written and what was likely meant."""

    rows: list[Case] = field(default_factory=list)
    next_cursor: str | None = None
    did_you_mean: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """`value` None: it would have taken too long to say. `is_more`: there are more than `COUNTED`."""

    value: int | None
    is_more: bool = False


async def list_cases(
    tx: AsyncConnection, filters: CaseFilters, cursor: str | None, limit: int, *, sort: Sort = "received"
) -> Page:
    """One page of at most `limit` (1–200) cases.

    `received`: newest first. `due`: open cases, the next due first. `updated`: last changed first. `relevance`: with
    words only. With words, `updated` and `relevance` order the newest `match.RANKED` that hold them. Raises BadInput
    for a cursor that we did not give for this sort and these filters.
    """
    if sort == "relevance" and not (filters.text or "").strip():
        raise BadInput("찾을 말이 있어야 관련도순으로 볼 수 있습니다.", "Sorting by relevance needs a search text.")
    await _plan_for_values(tx)
    print_ = filters.asked()
    mark = read_mark(cursor, sort, print_) if cursor else None
    wanted = conditions(filters)
    search, number = await _searched(tx, filters, wanted)
    if number is not None:
        wanted.append(number)
    if search is None:
        listed = _ordered(sort, wanted, mark, is_small=filters.is_small).limit(limit + 1)
        return _page(list((await tx.execute(listed)).all()), limit, sort, print_)
    meant = search.wanted.did_you_mean
    if sort in ("relevance", "updated"):
        ranked = await match.best(tx, search, mark, limit + 1, by=sort)
        rows, ranks = [row for row, _ in ranked], [rank for _, rank in ranked]
        return _page(rows, limit, sort, print_, ranks=ranks, meant=meant)
    read = match.next_due if sort == "due" else match.newest
    return _page(await read(tx, search, mark, limit + 1), limit, sort, print_, meant=meant)


async def count_cases(tx: AsyncConnection, filters: CaseFilters) -> Count:
    """How many `list_cases` would show over all pages, up to `COUNTED`, within a sixth of a second."""
    await _plan_for_values(tx)
    wanted = conditions(filters)
    search, number = await _searched(tx, filters, wanted)
    if number is not None:
        wanted.append(number)
    rows: Select[Any] = select(cases.c.id).where(*wanted)
    if search is not None:
        rows = rows.join_from(cases, case_terms, match.of_case()).where(match.holds(search.wanted))
    bounded = rows.limit(COUNTED + 1).subquery()
    try:
        async with tx.begin_nested():
            await tx.execute(text("SELECT set_config('statement_timeout', :ms, true)"), {"ms": str(_COUNT_MS)})
            found = int((await tx.execute(select(func.count()).select_from(bounded))).scalar_one())
            await tx.execute(text("SELECT set_config('statement_timeout', '0', true)"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") != _TOOK_TOO_LONG:
            raise
        return Count(None)
    return Count(min(found, COUNTED), found > COUNTED)


_TOOK_TOO_LONG = "57014"


async def _searched(
    tx: AsyncConnection, filters: CaseFilters, wanted: Sequence[ColumnElement[bool]]
) -> tuple[match.Search | None, ColumnElement[bool] | None]:
    """The words to search, or the condition that stands in their place: a receipt number, or nothing to be found."""
    said = (filters.text or "").strip()
    if not said:
        return None, None
    if number := read_number(said):
        return None, cases.c.receipt_no == number
    question = asked.read(filters.text or "")
    if question.is_empty:
        return None, false()
    found = await query.write(tx, filters.city_id, question)
    moment = filters.now or (await tx.execute(select(text("clock_timestamp()")))).scalar_one()
    return match.Search(filters.city_id, found, wanted, moment, _desks(filters)), None


def _desks(filters: CaseFilters) -> match.Desks:
    """The filter's officer or department, else those of the scope, which also holds what its owner was given."""
    if filters.staff_id is not None:
        return match.Desks(officer=filters.staff_id)
    if filters.department_id is not None:
        return match.Desks(frozenset({filters.department_id}))
    scope = filters.scope
    if scope is None or scope.departments is None:
        return match.Desks()
    return match.Desks(scope.departments, scope.staff_id if scope.owns else None)


def _ordered(
    sort: Sort, wanted: Sequence[ColumnElement[bool]], mark: Mark | None, *, is_small: bool = False
) -> Select[Any]:
    """`is_small`: so few can be meant that they are found first and sorted then."""
    if sort == "due":
        place = tuple_(cases.c.due_at, cases.c.id)
        within = [*wanted, cases.c.closed_at.is_(None), *([place > tuple_(mark.at, mark.id)] if mark else [])]
        return select(*COLUMNS).where(*within).order_by(cases.c.due_at, cases.c.id)
    moment = cases.c.updated_at if sort == "updated" else cases.c.received_at
    place = tuple_(moment, cases.c.id)
    within = [*wanted, *([place < tuple_(mark.at, mark.id)] if mark else [])]
    order = match.unordered(moment) if is_small else moment
    return select(*COLUMNS).where(*within).order_by(order.desc(), cases.c.id.desc())


def _page(
    rows: list[Row[Any]],
    limit: int,
    sort: Sort,
    print_: str,
    *,
    ranks: Sequence[float] = (),
    meant: str | None = None,
) -> Page:
    found = [_case(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(found, None, meant)
    last = found[-1]
    rank = ranks[limit - 1] if ranks else 0.0
    at = last.received_at if ranks else {"due": last.due_at, "updated": last.updated_at}.get(sort, last.received_at)
    return Page(found, write_mark(Mark(sort, print_, at, last.id, rank)), meant)


def _case(row: Row[Any]) -> Case:
    """As `Case.of`, by place instead of by name: fifty rows of fifty columns are read for every page."""
    values = list(row[: len(COLUMNS)])
    values[_STATUS] = Status(values[_STATUS])
    return Case(*values)


_STATUS = list(Case.__dataclass_fields__).index("status")


async def _plan_for_values(tx: AsyncConnection) -> None:
    """A plan that fits the rare value is wrong for the common one: each search is planned for its own values.

    A page is fifty rows: calling helpers (parallel workers) costs more than they save, and takes them from others.
    """
    await tx.execute(_FOR_VALUES)


_FOR_VALUES = text(
    """SELECT set_config('plan_cache_mode', 'force_custom_plan', true),
        set_config('max_parallel_workers_per_gather', '0', true)"""
)
