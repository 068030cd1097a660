"""The staff inbox: what an officer, a team head or an auditor must know of a case, said once and kept until read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, and_, any_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.members import Member
from civic.staff.permissions import Role
from civic.staff.tables import staff, staff_notices
from core.bus import announce
from core.errors import NotFound
from core.ids import new_id


@dataclass(frozen=True, slots=True)
class Address:
    """One person, or a role in one department (`department_id` None: of the whole city)."""

    staff_id: UUID | None = None
    role: Role | None = None
    department_id: str | None = None


async def notify(
    tx: AsyncConnection,
    *,
    city_id: str,
    kind: str,
    text_ko: str,
    text_en: str,
    now: datetime,
    staff_ids: Iterable[UUID] = (),
    role: Role | None = None,
    department_id: str | None = None,
    case_id: UUID | None = None,
    dedupe_key: str | None = None,
) -> list[UUID]:
    """One row for each of `staff_ids`, or one for `role`; the ids of the rows that are new.

    Nobody is written to who cannot read it: a person who left and a department without such a role go up to the role
    in the whole city, and in the end to the admins. The same `dedupe_key` is written once a recipient.
    """
    to = [Address(staff_id=one) for one in staff_ids] or [Address(role=role or "admin", department_id=department_id)]
    made: list[UUID] = []
    for address in to:
        reached = await _reached(tx, city_id, address, department_id)
        whom = reached.staff_id or f"{reached.role}@{reached.department_id or '*'}"
        statement = insert(staff_notices).values(
            id=new_id(),
            city_id=city_id,
            staff_id=reached.staff_id,
            role=reached.role,
            department_id=reached.department_id,
            kind=kind,
            case_id=case_id,
            text_ko=text_ko,
            text_en=text_en,
            dedupe_key=f"{dedupe_key}:{whom}" if dedupe_key else None,
            created_at=now,
        )
        new = (
            await tx.execute(
                statement.on_conflict_do_nothing(index_elements=["city_id", "dedupe_key"]).returning(staff_notices.c.id)
            )
        ).scalar_one_or_none()
        if new is not None:
            made.append(new)
            await _tell_screens(tx, city_id, reached)
    return made


async def _tell_screens(tx: AsyncConnection, city_id: str, to: Address) -> None:
    """A hint for screens that live (api/live): the number of unread notices has changed."""
    whom = {"staff_id": to.staff_id, "role": to.role, "department_id": to.department_id}
    await announce(tx, "inbox", orjson.dumps({"city": city_id, **whom}).decode())


async def _reached(tx: AsyncConnection, city_id: str, address: Address, department_id: str | None) -> Address:
    """The nearest address behind which somebody works."""
    tried = [address]
    if address.staff_id is not None:
        tried += [Address(role="manager", department_id=department_id)]
    role = address.role or "manager"
    tried += [Address(role=role), Address(role="admin")]
    for one in tried:
        if await _works_there(tx, city_id, one):
            return one
    return Address(role="admin")


async def _works_there(tx: AsyncConnection, city_id: str, address: Address) -> bool:
    wanted: list[ColumnElement[bool]] = [staff.c.city_id == city_id, staff.c.is_active]
    if address.staff_id is not None:
        wanted.append(staff.c.id == address.staff_id)
    else:
        wanted.append(staff.c.role == address.role)
        if address.department_id is not None:
            wanted.append(
                or_(staff.c.department_id == address.department_id, any_(staff.c.departments) == address.department_id)
            )
    return (await tx.execute(select(staff.c.id).where(*wanted).limit(1))).first() is not None


def inbox_of(member: Member, *, only_unread: bool) -> Select[Any]:
    """The notices that this member may read, for `api.paging.page`; those to his role only of his department."""
    wanted = [_may_read(member)]
    if only_unread:
        wanted.append(staff_notices.c.read_at.is_(None))
    return select(staff_notices).where(*wanted)


async def count_unread(tx: AsyncConnection, member: Member) -> int:
    wanted = (_may_read(member), staff_notices.c.read_at.is_(None))
    found = await tx.execute(select(func.count()).select_from(staff_notices).where(*wanted))
    return int(found.scalar_one())


async def mark_read(tx: AsyncConnection, member: Member, notice_id: UUID, now: datetime) -> Any:
    """The row, read from now on; who read it first stays. Raises NotFound for somebody else's."""
    wanted = (staff_notices.c.id == notice_id, _may_read(member))
    row = (await tx.execute(select(staff_notices).where(*wanted).with_for_update())).one_or_none()
    if row is None:
        raise NotFound("알림을 찾을 수 없습니다.", "No such notice.")
    if row.read_at is not None:
        return row
    changed = update(staff_notices).where(staff_notices.c.id == notice_id).values(read_at=now, read_by=member.id)
    return (await tx.execute(changed.returning(*staff_notices.c))).one()


def _may_read(member: Member) -> ColumnElement[bool]:
    to_role = and_(
        staff_notices.c.role == member.role,
        or_(staff_notices.c.department_id.is_(None), staff_notices.c.department_id.in_(_departments(member))),
    )
    return and_(staff_notices.c.city_id == member.city_id, or_(staff_notices.c.staff_id == member.id, to_role))


def _departments(member: Member) -> list[str]:
    own = {member.department_id} if member.department_id else set()
    return sorted(own.union(member.departments))
