"""A split case and its parts: the whole is not finished before its parts are."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts
from civic.cases.case import COLUMNS, Case
from civic.cases.status import CLOSED, Status
from civic.cases.tables import cases
from core.errors import Conflict

_CLOSED = [status.value for status in CLOSED]


async def children_of(tx: AsyncConnection, case: Case) -> list[Case]:
    """The parts, in the order of their numbers."""
    found = await tx.execute(select(*COLUMNS).where(cases.c.parent_id == case.id).order_by(cases.c.receipt_no))
    return [Case.of(row) for row in found]


async def must_have_no_open_part(tx: AsyncConnection, case: Case, to: Status) -> None:
    """Before a case closes. A withdrawal takes no part with it. Raises Conflict naming how many are open."""
    if to not in CLOSED or to is Status.WITHDRAWN:
        return
    open_parts = await tx.scalar(
        select(func.count()).where(
            cases.c.parent_id == case.id, cases.c.status.not_in(_CLOSED), cases.c.merged_into_id.is_(None)
        )
    )
    if open_parts:
        raise Conflict(
            f"나눈 민원 {open_parts}건이 아직 처리 중입니다. 모두 끝난 뒤 마칠 수 있습니다.",
            f"{open_parts} parts of this case are still open. It can be closed when they are.",
            open_parts=open_parts,
        )


async def part_closed(tx: AsyncConnection, case: Case, now: datetime) -> None:
    """After a case closed: when it was the last open part, the officer of the whole learns that it is his turn."""
    if case.parent_id is None or case.status not in CLOSED:
        return
    found = await tx.execute(select(*COLUMNS).where(cases.c.id == case.parent_id).with_for_update())
    parent = Case.of(found.one())
    if parent.status in CLOSED or any(part.status not in CLOSED for part in await children_of(tx, parent)):
        return
    await alerts.to_officer(tx, parent, "children_closed", now, once=case.receipt_no)
