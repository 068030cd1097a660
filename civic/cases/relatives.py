"""The cases that belong to one: what it was split from and into, what was merged, what it repeats."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Case
from civic.cases.status import Status
from civic.cases.tables import cases

_MOST = 50


@dataclass(frozen=True, slots=True)
class Relative:
    """`relation`: parent, child, merged_into, merged (into this one), repeat_of."""

    relation: str
    id: UUID
    receipt_no: str
    title: str
    status: Status
    department_id: str


async def relatives_of(tx: AsyncConnection, case: Case) -> list[Relative]:
    """By relation, oldest first, at most fifty of a kind."""
    above = {"parent": case.parent_id, "merged_into": case.merged_into_id, "repeat_of": case.repeat_of_id}
    kinds = [_kind(name).where(cases.c.id == other) for name, other in above.items() if other is not None]
    kinds += [_kind("child").where(cases.c.parent_id == case.id)]
    kinds += [_kind("merged").where(cases.c.merged_into_id == case.id)]
    found = await tx.execute(union_all(*(select(kind.limit(_MOST).subquery()) for kind in kinds)))
    return [Relative(**{**row._mapping, "status": Status(row.status)}) for row in found]


def _kind(name: str) -> Select[tuple[str, UUID, str, str, str, str]]:
    return select(
        literal(name).label("relation"),
        cases.c.id,
        cases.c.receipt_no,
        cases.c.title,
        cases.c.status,
        cases.c.department_id,
    ).order_by(cases.c.received_at, cases.c.id)
