"""Matters of the air for staff: the list, one with its timeline, chains, tasks and actions, and an action's picture."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy import or_

from api.air.matter_parts import ActionRow, EventRow, MatterRow, Reader, StepRow, TaskRow, found, shown
from api.deps import HouseDep
from api.paging import Cursor, Limit, page
from civic.air.matters.reading import Action, actions_of, events_of, photo_of, photo_scanned, steps_of, tasks_of
from civic.air.matters.record import Matter, rows_of
from civic.air.matters.states import Kind, State
from civic.air.matters.tables import air_matters
from core.errors import Conflict

router = APIRouter(prefix="/air/matters", tags=["air"])
_PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "사진"}}


class MatterPage(BaseModel):
    items: list[MatterRow]
    next_cursor: str | None


class MatterDetail(BaseModel):
    matter: MatterRow
    timeline: list[EventRow]
    steps: list[StepRow]
    tasks: list[TaskRow]
    actions: list[ActionRow]


@router.get("", summary="대기 사안 목록 (matters)")
async def list_matters(
    asking: Reader,
    house: HouseDep,
    state: Annotated[State | None, Query(description="이 상태만")] = None,
    is_open: Annotated[bool | None, Query(description="true: 종결되지 않은 것만")] = None,
    kind: Kind | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> MatterPage:
    """Newest first; those of his departments, those of none, and his own."""
    matter, scope = air_matters.c, asking.scope
    wanted = rows_of(house.settings.city.id)
    if scope.departments is not None:
        his = [matter.department_id.in_([*scope.departments, ""])]
        wanted = wanted.where(or_(*his, matter.staff_id == scope.staff_id))
    if state is not None:
        wanted = wanted.where(matter.state == state)
    if is_open is not None:
        wanted = wanted.where(matter.state != "closed" if is_open else matter.state == "closed")
    if kind is not None:
        wanted = wanted.where(matter.kind == kind)
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        rows, after = await page(tx, wanted, matter.began_at, matter.id, cursor, limit)
    return MatterPage(items=[MatterRow.model_validate(Matter.of(row)) for row in rows], next_cursor=after)


@router.get("/{matter_id}", summary="대기 사안 하나와 그 경과 (one matter)")
async def read_matter(matter_id: UUID, asking: Reader, house: HouseDep, response: Response) -> MatterDetail:
    """A company's words are read here, so it leaves an access-log row."""
    async with house.db.transaction() as tx:
        matter = await found(tx, house, matter_id, asking)
        await asking.looked(tx, house, "air_matter", str(matter.id), action="air_matter.read")
        timeline, steps = await events_of(tx, matter.id), await steps_of(tx, matter.id)
        tasks, actions = await tasks_of(tx, matter.id), await actions_of(tx, matter.id)
    return MatterDetail(
        matter=shown(matter, response),
        timeline=[EventRow.model_validate(one) for one in timeline],
        steps=[StepRow.model_validate(one) for one in steps],
        tasks=[TaskRow.model_validate(one) for one in tasks],
        actions=[action_row(one) for one in actions],
    )


@router.get("/{matter_id}/actions/{action_id}/photo", summary="조치 사진 (picture)", responses=_PICTURE)
async def read_photo(matter_id: UUID, action_id: UUID, asking: Reader, house: HouseDep) -> Response:
    """409 while the virus scanner has not looked at it; it is asked again with each try."""
    async with house.db.transaction() as tx:
        matter = await found(tx, house, matter_id, asking)
        action = await photo_of(tx, matter.id, action_id)
        await asking.looked(tx, house, "air_matter", str(matter.id), action="air_matter.photo")
    data = await house.files.load(action.photo_sha256 or "")
    if action.photo_scan == "waiting":
        scan = await house.files.scan(data)
        async with house.db.transaction() as tx:
            await photo_scanned(tx, action.id, scan)
        if scan not in ("none", "clean"):
            raise Conflict("바이러스 검사를 기다리고 있습니다.", "The picture waits for the virus scanner.")
    kind = action.photo_type or "image/jpeg"
    return Response(data, media_type=kind, headers={"Cache-Control": "private, no-store"})


def action_row(one: Action) -> ActionRow:
    return ActionRow.model_validate(one).model_copy(update={"has_photo": one.photo_sha256 is not None})
