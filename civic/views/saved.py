"""Saved views: kept, shared with a department, put in order. What the filters mean is the case list's matter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.views.tables import saved_views
from core.errors import Conflict, Forbidden, NotFound, PreconditionFailed
from core.ids import new_id

MOST = 100
"""Of one member: more is a filing cabinet and no tool."""


@dataclass(frozen=True, slots=True)
class View:
    """`filters` is the query of the case list as JSON. `department_id`: shared with it; None: the owner's alone."""

    id: UUID
    owner_id: UUID
    department_id: str | None
    name: str
    filters: Mapping[str, Any]
    position: int
    version: int
    updated_at: datetime

    @classmethod
    def of(cls, row: Any) -> "View":
        return cls(**{name: row._mapping[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: `departments` whose shared views he sees, None for all; `is_head` may change those of others."""

    city_id: str
    staff_id: UUID
    departments: frozenset[str] | None
    is_head: bool


COLUMNS = tuple(saved_views.c[name] for name in View.__dataclass_fields__)


async def list_views(tx: AsyncConnection, viewer: Viewer) -> list[View]:
    """His own and those shared with his departments, in their order."""
    wanted = select(*COLUMNS).where(*_seen_by(viewer))
    ordered = wanted.order_by(saved_views.c.position, saved_views.c.name, saved_views.c.id)
    return [View.of(row) for row in await tx.execute(ordered)]


async def read(tx: AsyncConnection, viewer: Viewer, view_id: UUID, *, lock: bool = False) -> View:
    """Raises NotFound; another's looks exactly like none."""
    wanted = select(*COLUMNS).where(saved_views.c.id == view_id, *_seen_by(viewer))
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise NotFound("보기를 찾을 수 없습니다.", "No such view.")
    return View.of(row)


async def add(
    tx: AsyncConnection,
    viewer: Viewer,
    name: str,
    filters: Mapping[str, Any],
    now: datetime,
    *,
    department_id: str | None,
    position: int,
) -> View:
    """Raises Forbidden for a foreign department, Conflict for the hundred-and-first."""
    _must_belong(viewer, department_id)
    mine = (saved_views.c.city_id == viewer.city_id, saved_views.c.owner_id == viewer.staff_id)
    if (await tx.execute(select(func.count()).select_from(saved_views).where(*mine))).scalar_one() >= MOST:
        raise Conflict(f"보기는 {MOST}개까지 둘 수 있습니다.", f"You can keep {MOST} views.")
    made = insert(saved_views).values(
        id=new_id(),
        city_id=viewer.city_id,
        owner_id=viewer.staff_id,
        department_id=department_id,
        name=name,
        filters=dict(filters),
        position=position,
        created_at=now,
        updated_at=now,
    )
    return View.of((await tx.execute(made.returning(*COLUMNS))).one())


async def change(
    tx: AsyncConnection,
    viewer: Viewer,
    view: View,
    values: Mapping[str, Any],
    now: datetime,
    *,
    versions: frozenset[int],
) -> View:
    """`values`: any of name, filters, department_id, position. Raises Forbidden and PreconditionFailed."""
    _must_be_his(viewer, view, versions)
    if "department_id" in values:
        _must_belong(viewer, values["department_id"])
    new = {**values, "version": view.version + 1, "updated_at": now}
    changed = update(saved_views).where(saved_views.c.id == view.id).values(new).returning(*COLUMNS)
    return View.of((await tx.execute(changed)).one())


async def remove(tx: AsyncConnection, viewer: Viewer, view: View, *, versions: frozenset[int]) -> None:
    """Raises Forbidden and PreconditionFailed."""
    _must_be_his(viewer, view, versions)
    await tx.execute(delete(saved_views).where(saved_views.c.id == view.id))


def _seen_by(viewer: Viewer) -> list[ColumnElement[bool]]:
    shared = saved_views.c.department_id.is_not(None)
    if viewer.departments is not None:
        shared = saved_views.c.department_id.in_(sorted(viewer.departments))
    return [saved_views.c.city_id == viewer.city_id, or_(saved_views.c.owner_id == viewer.staff_id, shared)]


def _must_belong(viewer: Viewer, department_id: str | None) -> None:
    if department_id is not None and viewer.departments is not None and department_id not in viewer.departments:
        raise Forbidden("자기 부서와만 나눌 수 있습니다.", "You may share a view with your own department only.")


def _must_be_his(viewer: Viewer, view: View, versions: frozenset[int]) -> None:
    if view.owner_id != viewer.staff_id and not viewer.is_head:
        raise Forbidden(
            "나눈 보기는 만든 사람이나 팀장이 고칠 수 있습니다.",
            "A shared view is changed by its owner or a team head.",
        )
    if view.version not in versions:
        raise PreconditionFailed(
            "그 사이에 다른 사람이 이 보기를 바꾸었습니다. 새로 읽은 뒤 다시 해 주세요.",
            "Somebody changed this view meanwhile. Read it again and retry.",
            version=view.version,
        )
