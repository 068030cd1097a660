"""Changing the people who work here. Nobody raises his own rights, and one admin always stays."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.city.tables import areas, departments
from civic.staff.audit import record_change
from civic.staff.members import Member, checked_name, checked_role, may_grant, member_of
from civic.staff.permissions import Action, check
from civic.staff.sessions import revoke_all
from civic.staff.tables import staff
from core.errors import BadInput, Conflict, Forbidden, PreconditionFailed

_RIGHTS = ("role", "department_id", "departments", "areas", "sees_all", "is_active")
ADMINS_LOCK = 0x41444D49
"""Advisory lock ("ADMI"): two admins who take each other's role do so one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """What is None stays; `department_id` is wrapped because nobody's department is a value too."""

    name: str | None = None
    role: str | None = None
    department_id: tuple[str | None] | None = None
    departments: tuple[str, ...] | None = None
    areas: tuple[str, ...] | None = None
    sees_all: bool | None = None
    is_active: bool | None = None

    def values(self) -> dict[str, Any]:
        given: dict[str, Any] = {"sees_all": self.sees_all, "is_active": self.is_active}
        if self.name is not None:
            given["name"] = checked_name(self.name)
        if self.role is not None:
            given["role"] = checked_role(self.role)
        if self.department_id is not None:
            given["department_id"] = self.department_id[0]
        for key in ("departments", "areas"):
            value = getattr(self, key)
            given[key] = None if value is None else tuple(sorted(set(value)))
        return {key: value for key, value in given.items() if value is not None or key == "department_id"}


async def change_member(
    tx: AsyncConnection,
    city_id: str,
    staff_id: UUID,
    change: MemberChange,
    now: datetime,
    *,
    by: Member | None,
    versions: frozenset[int] | None,
) -> Member:
    """`by` None is the command line; `versions` None asks for none. Changed rights end the person's sessions at once.

    Raises NotFound, PreconditionFailed, BadInput (no such place), Forbidden (own rights, a role above his own),
    Conflict (the last active admin).
    """
    if by is not None:
        check(by.role, Action.STAFF_CHANGE)
    await tx.execute(select(func.pg_advisory_xact_lock(ADMINS_LOCK)))
    before = await member_of(tx, city_id, staff_id, lock=True)
    if versions is not None and before.version not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 직원의 정보를 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this member of staff meanwhile. Read it again and retry.",
        )
    wanted = {key: value for key, value in change.values().items() if value != getattr(before, key)}
    if not wanted:
        return before
    _must_be_allowed(by, before, wanted)
    await must_exist(tx, city_id, wanted)
    if before.role == "admin" and before.is_active and not _stays_admin(wanted):
        await _must_not_be_last(tx, before)
    changed = {**wanted, "version": before.version + 1}
    row = (await tx.execute(update(staff).where(staff.c.id == staff_id).values(changed).returning(staff))).one()
    if any(key in wanted for key in _RIGHTS):
        await revoke_all(tx, staff_id, now)
    shown = {key: list(value) if isinstance(value, tuple) else value for key, value in wanted.items() if key != "name"}
    await record_by(tx, by, before, "staff.changed", {**shown, "version": row.version}, now)
    return Member.of(row)


def _must_be_allowed(by: Member | None, before: Member, wanted: Mapping[str, Any]) -> None:
    if by is None:
        return
    if by.id == before.id and any(key in wanted for key in _RIGHTS):
        raise Forbidden(
            "자기 자신의 역할, 부서, 구역, 사용 여부는 바꿀 수 없습니다.",
            "Nobody changes his own role, departments, areas or activity.",
        )
    may_grant(by, before.role)
    if "role" in wanted:
        may_grant(by, wanted["role"])


def _stays_admin(wanted: Mapping[str, Any]) -> bool:
    return wanted.get("role", "admin") == "admin" and wanted.get("is_active", True) is True


async def _must_not_be_last(tx: AsyncConnection, leaving: Member) -> None:
    others = (staff.c.city_id == leaving.city_id, staff.c.role == "admin", staff.c.is_active, staff.c.id != leaving.id)
    if not (await tx.execute(select(func.count()).select_from(staff).where(*others))).scalar_one():
        raise Conflict(
            "마지막 관리자는 그만두게 하거나 역할을 바꿀 수 없습니다.", "The last active admin cannot be removed."
        )


async def must_exist(tx: AsyncConnection, city_id: str, wanted: Mapping[str, Any]) -> None:
    """That departments and areas named are the city's. Raises BadInput naming those that are not."""
    own = [wanted["department_id"]] if wanted.get("department_id") else []
    for table, named, korean, english in (
        (departments, {*own, *wanted.get("departments", ())}, "그런 부서가 없습니다", "No such department"),
        (areas, set(wanted.get("areas", ())), "그런 구역이 없습니다", "No such area"),
    ):
        if not named:
            continue
        found = await tx.execute(select(table.c.id).where(table.c.city_id == city_id, table.c.id.in_(sorted(named))))
        if missing := ", ".join(sorted(named - {key for (key,) in found})):
            raise BadInput(f"{korean}: {missing[:200]}", f"{english}: {missing[:200]}")


async def record_by(
    tx: AsyncConnection, by: Member | None, whose: Member, action: str, detail: Mapping[str, Any], now: datetime
) -> None:
    """The audit row of what `by` did with somebody's account."""
    await record_change(
        tx,
        city_id=whose.city_id,
        actor_kind="staff" if by else "system",
        actor_id=by.id if by else None,
        action=action,
        object_kind="staff",
        object_id=str(whose.id),
        detail=detail,
        now=now,
    )
