"""A scope as a condition of SQL: which cases, conversations, 제보 and messages a member of staff may see."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Column, ColumnElement, and_, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import cases, inquiries
from civic.conversations.tables import conversations, outbound
from civic.staff.scope import Scope


def within(scope: Scope | None) -> ColumnElement[bool] | None:
    """Over `cases`; None when everything is within. The caller asks for the city himself."""
    if scope is None or scope.is_everything:
        return None
    placed = _placed(scope)
    return or_(cases.c.staff_id == scope.staff_id, placed) if scope.owns else placed


def _placed(scope: Scope) -> ColumnElement[bool]:
    wanted: list[ColumnElement[bool]] = [true()]
    if scope.departments is not None:
        wanted = [_one_of(cases.c.department_id, scope.departments)]
    if scope.areas is not None:
        wanted.append(or_(cases.c.area_id.is_(None), _one_of(cases.c.area_id, scope.areas)))
    return and_(*wanted)


def _one_of(column: Column[str], values: frozenset[str]) -> ColumnElement[bool]:
    """Sorted, so that the same scope is the same statement; one value by `=`, which an index reads in order."""
    ordered = sorted(values)
    if not ordered:
        return false()
    return column == ordered[0] if len(ordered) == 1 else column.in_(ordered)


def conversations_within(scope: Scope | None) -> ColumnElement[bool] | None:
    """Over `conversations`: he holds it, or a case within came by it, or none came by it yet (docs/adr/0015).

    Whoever has no department sees only what he holds or owns; one without a case that a colleague holds is everybody's
    to see, so that it can be freed.
    """
    case_within = within(scope)
    if scope is None or case_within is None:
        return None
    if not scope.owns:
        return false()
    came_by = select(cases.c.id).where(cases.c.conversation_id == conversations.c.id).correlate(conversations)
    seen = [conversations.c.staff_id == scope.staff_id, came_by.where(case_within).exists()]
    if not scope.is_nothing:
        seen.append(~came_by.exists())
    return or_(*seen)


def outbound_within(scope: Scope | None) -> ColumnElement[bool] | None:
    """Over `outbound`: a message about a case within, or about none on a conversation within."""
    about, talk = within(scope), conversations_within(scope)
    if about is None or talk is None:
        return None
    # Correlated by name: the statement around it may have `cases` of its own.
    of_case = select(cases.c.id).where(cases.c.id == outbound.c.case_id, about).correlate(outbound).exists()
    same = conversations.c.id == outbound.c.conversation_id
    of_talk = select(conversations.c.id).where(same, talk).correlate(outbound).exists()
    return or_(of_case, and_(outbound.c.case_id.is_(None), of_talk))


def inquiries_within(scope: Scope | None) -> ColumnElement[bool] | None:
    """Over `inquiries`: a 제보 belongs to a department and to nobody in person."""
    if scope is None or scope.departments is None:
        return None
    return _one_of(inquiries.c.department_id, scope.departments)


async def seen_of(tx: AsyncConnection, scope: Scope | None, case_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these cases are within."""
    wanted, condition = set(case_ids), within(scope)
    if condition is None or not wanted:
        return wanted
    return set((await tx.execute(select(cases.c.id).where(cases.c.id.in_(wanted), condition))).scalars())
