"""The people who work here: adding them, reading them, and who may give which role."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.audit import record_change
from civic.staff.passwords import check_password, hash_password
from civic.staff.permissions import RANK, Role
from civic.staff.tables import staff
from core.errors import BadInput, Conflict, Forbidden, NotFound
from core.ids import new_id

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff, without secrets."""

    id: UUID
    city_id: str
    login: str
    name: str
    role: Role
    department_id: str | None
    is_active: bool
    departments: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    sees_all: bool = False
    version: int = 1
    has_second_factor: bool = False
    temporary_until: datetime | None = None

    @classmethod
    def of(cls, row: Any) -> "Member":
        """From a row of `staff`."""
        values = {name: getattr(row, name) for name in cls.__dataclass_fields__ if name != "has_second_factor"}
        lists = {"departments": tuple(row.departments), "areas": tuple(row.areas)}
        return cls(**{**values, **lists, "has_second_factor": row.totp_confirmed_at is not None})


async def add_staff(
    tx: AsyncConnection,
    *,
    city_id: str,
    login: str,
    name: str,
    role: str,
    department_id: str | None,
    password: str,
    now: datetime,
    by: Member | None = None,
    departments: Sequence[str] = (),
    areas: Sequence[str] = (),
    sees_all: bool = False,
    temporary_until: datetime | None = None,
) -> Member:
    """Add a member of staff; `by` is who did it, None for the command line. The caller has checked that the places
    exist. `temporary_until`: the password must be changed at the first sign-in, which must be before then.

    Raises BadInput (login, name, role, password rule), Forbidden (a role above his own), Conflict (login taken).
    """
    login, name = _checked_login(login), checked_name(name)
    may_grant(by, checked_role(role))
    check_password(password, login)
    rights = {
        "role": role,
        "department_id": department_id,
        "departments": sorted(set(departments)),
        "areas": sorted(set(areas)),
        "sees_all": sees_all,
    }
    values = {
        **rights,
        "id": new_id(),
        "city_id": city_id,
        "login": login,
        "name": name,
        "password_hash": await hash_password(password),
        "is_active": True,
        "created_at": now,
        "temporary_until": temporary_until,
    }
    added = await tx.execute(
        insert(staff).values(values).on_conflict_do_nothing(index_elements=["city_id", "login"]).returning(*staff.c)
    )
    row = added.one_or_none()
    if row is None:
        raise Conflict("이미 있는 아이디입니다.", "This login is taken.")
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if by else "system",
        actor_id=by.id if by else None,
        action="staff.added",
        object_kind="staff",
        object_id=str(row.id),
        detail=rights,
        now=now,
    )
    return Member.of(row)


def _checked_login(login: str) -> str:
    login = login.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise BadInput(
            "아이디는 영문 소문자, 숫자, . _ - 로 3~40자입니다.", "A login has 3 to 40 of a-z, 0-9, '.', '_', '-'."
        )
    return login


def checked_name(name: str) -> str:
    """Raises BadInput."""
    name = name.strip()
    if not name or len(name) > 60 or not name.isprintable():
        raise BadInput("이름을 적어 주세요.", "A name is needed.")
    return name


def checked_role(role: str) -> Role:
    """Raises BadInput."""
    if role not in get_args(Role):
        raise BadInput("역할은 agent, manager, admin, auditor 중 하나입니다.", "No such role.", role=role)
    return cast(Role, role)


def may_grant(by: Member | None, role: Role) -> None:
    """Nobody gives, or touches somebody who has, a role above his own. Raises Forbidden."""
    if by is not None and RANK[role] > RANK[by.role]:
        raise Forbidden("자기보다 높은 역할은 다룰 수 없습니다.", "This role is above your own.", role=role)


async def list_staff(tx: AsyncConnection, city_id: str) -> list[Member]:
    """Everybody of the city, by login."""
    found = await tx.execute(select(staff).where(staff.c.city_id == city_id).order_by(staff.c.login))
    return [Member.of(row) for row in found]


async def member_of(tx: AsyncConnection, city_id: str, staff_id: UUID, *, lock: bool = False) -> Member:
    """Raises NotFound."""
    wanted = select(staff).where(staff.c.id == staff_id, staff.c.city_id == city_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise NotFound("직원을 찾을 수 없습니다.", "No such member of staff.")
    return Member.of(row)


async def member_by_login(tx: AsyncConnection, city_id: str, login: str) -> Member:
    """Raises NotFound."""
    wanted = (staff.c.city_id == city_id, staff.c.login == login.strip().lower())
    row = (await tx.execute(select(staff).where(*wanted))).one_or_none()
    if row is None:
        raise NotFound(f"그런 아이디가 없습니다: {login}", f"No such login: {login}")
    return Member.of(row)


async def active_member(tx: AsyncConnection, city_id: str, staff_id: UUID) -> Member | None:
    wanted = (staff.c.id == staff_id, staff.c.city_id == city_id, staff.c.is_active)
    row = (await tx.execute(select(staff).where(*wanted))).one_or_none()
    return Member.of(row) if row is not None else None
