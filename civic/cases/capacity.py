"""Which officer takes the next case: the one with the fewest open ones, and never more than he can carry."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import cases
from civic.routing.tables import staff_capacity
from civic.staff.service import active_member, record_change
from civic.staff.tables import staff
from core.errors import BadInput

_HANDLERS = ("agent", "manager")
_LOAD = (
    select(func.count())
    .where(cases.c.staff_id == staff.c.id, cases.c.closed_at.is_(None), cases.c.merged_into_id.is_(None))
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Load:
    """One officer with a capacity on record."""

    staff_id: UUID
    name: str
    department_id: str | None
    capacity: int
    open_cases: int
    away_until: datetime | None
    last_given_at: datetime | None


async def take_officer(
    tx: AsyncConnection, city_id: str, department_id: str, now: datetime, *, named: UUID | None = None
) -> UUID | None:
    """The officer who gets one more case of this department, or None: its queue. `named`: whom a rule asks for.

    Locks the department's capacities until the end of the transaction, so that two filings cannot both take the last
    place: the second one counts after the first has committed.
    """
    if not await _lock(tx, city_id, department_id, named) and named is None:
        return None
    officer = await free_officer(tx, city_id, department_id, now, named=named)
    if officer is not None:
        given = update(staff_capacity).where(staff_capacity.c.staff_id == officer)
        await tx.execute(given.values(last_given_at=now))
    return officer


async def free_officer(
    tx: AsyncConnection, city_id: str, department_id: str, now: datetime, *, named: UUID | None = None
) -> UUID | None:
    """Who would get it, without taking. The named one if he has room, else the least loaded of the department.

    Of equals the one who has waited longest, then the smaller id. Who has no capacity on record gets nothing unasked.
    """
    has_room = or_(
        and_(staff_capacity.c.staff_id.is_(None), staff.c.id == named),
        and_(staff_capacity.c.capacity > _LOAD, func.coalesce(staff_capacity.c.away_until, now) <= now),
    )
    joined = staff.outerjoin(staff_capacity, staff_capacity.c.staff_id == staff.c.id)
    here = or_(staff.c.department_id == department_id, staff.c.id == named)
    found = await tx.execute(
        select(staff.c.id)
        .select_from(joined)
        .where(staff.c.city_id == city_id, staff.c.is_active, staff.c.role.in_(_HANDLERS), here, has_room)
        .order_by((staff.c.id == named).desc(), _LOAD, staff_capacity.c.last_given_at.asc().nulls_first(), staff.c.id)
        .limit(1)
    )
    return found.scalar_one_or_none()


async def _lock(tx: AsyncConnection, city_id: str, department_id: str, named: UUID | None) -> bool:
    """Whether there is anything to lock: a department without capacities has none to give to."""
    here = or_(staff.c.department_id == department_id, staff.c.id == named)
    found = await tx.execute(
        select(staff_capacity.c.staff_id)
        .join(staff, staff.c.id == staff_capacity.c.staff_id)
        .where(staff_capacity.c.city_id == city_id, here)
        .order_by(staff_capacity.c.staff_id)
        .with_for_update(of=staff_capacity)
    )
    return found.first() is not None


async def loads(tx: AsyncConnection, city_id: str) -> list[Load]:
    """All officers with a capacity, by department and name."""
    given = (staff_capacity.c.capacity, _LOAD.label("open_cases"), staff_capacity.c.away_until)
    found = await tx.execute(
        select(
            staff.c.id.label("staff_id"), staff.c.name, staff.c.department_id, *given, staff_capacity.c.last_given_at
        )
        .join(staff_capacity, staff_capacity.c.staff_id == staff.c.id)
        .where(staff.c.city_id == city_id, staff.c.is_active)
        .order_by(staff.c.department_id, staff.c.name, staff.c.id)
    )
    return [Load(**row._mapping) for row in found]


async def set_capacity(
    tx: AsyncConnection,
    city_id: str,
    staff_id: UUID,
    *,
    capacity: int,
    away_until: datetime | None,
    now: datetime,
    by: UUID,
) -> None:
    """How many open cases he takes (0–1000), and until when none. Raises BadInput when he handles no cases."""
    member = await active_member(tx, city_id, staff_id)
    if member is None or member.role not in _HANDLERS:
        raise BadInput("민원을 맡을 수 있는 직원이 아닙니다.", "No such member of staff who handles cases.")
    values = {"capacity": capacity, "away_until": away_until, "updated_at": now}
    row = upsert(staff_capacity).values(staff_id=staff_id, city_id=city_id, **values)
    await tx.execute(row.on_conflict_do_update(index_elements=["staff_id"], set_=values))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action="capacity.set",
        object_kind="staff",
        object_id=str(staff_id),
        detail={"capacity": capacity, "away_until": away_until.isoformat() if away_until else None},
        now=now,
    )
