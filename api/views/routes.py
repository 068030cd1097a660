"""Saved views: the case list's filters under a name, with a count to show beside it."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases.query import CaseQuery, filters_of
from api.cases.routes import search_cases
from api.cases.schemas import CasePage
from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.fields import Plain, Word
from api.paging import Limit
from civic.cases.listing import count_cases
from civic.city.tables import departments
from civic.staff.permissions import Action
from civic.views import service as views
from civic.views.service import View, Viewer
from core.errors import BadInput

router = APIRouter(prefix="/views", tags=["saved views"])
User = Annotated[Caller, allowed(Action.VIEW_USE)]
PAGING = frozenset({"cursor", "limit", "count"})
PERSONAL = frozenset({"name", "phone"})
ViewName = Annotated[Plain, Field(min_length=1, max_length=80)]
Position = Annotated[int, Field(ge=0, le=32_767)]
ListCursor = Annotated[Plain | None, Field(max_length=300, description="앞 쪽의 next_cursor")]


class ViewFilters(CaseQuery):
    """What `GET /cases` may be asked for, without paging, and without a citizen's name or number in it."""

    @model_validator(mode="after")
    def _is_for_keeping(self) -> Self:
        if PERSONAL & self.model_fields_set:
            raise PydanticCustomError("personal_filter", "A name or phone number is not kept in a view")
        if PAGING & self.model_fields_set:
            raise PydanticCustomError("paging_filter", "Paging does not belong in a view")
        return self

    def kept(self) -> dict[str, Any]:
        return self.model_dump(mode="json", include=self.model_fields_set)


class NewView(BaseModel):
    """`department_id`: everybody of it sees the view; absent, only you do."""

    model_config = ConfigDict(extra="forbid")

    name: ViewName = Field(examples=["이번 주 기한"])
    filters: ViewFilters
    department_id: Word | None = None
    position: Position = 0


class ViewChange(BaseModel):
    """What is absent stays."""

    model_config = ConfigDict(extra="forbid")

    name: ViewName | None = None
    filters: ViewFilters | None = None
    department_id: Word | None = None
    position: Position | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        missing = [name for name in ("name", "filters", "position") if name in self.model_fields_set]
        if not self.model_fields_set or any(getattr(self, name) is None for name in missing):
            raise PydanticCustomError("nothing_to_change", "Nothing to change")
        return self


class ViewRow(BaseModel):
    """`count`: how many cases are in it for you, null unless asked or when counting takes too long."""

    id: UUID
    name: str
    filters: dict[str, Any]
    department_id: str | None
    owner_id: UUID
    is_mine: bool
    position: int
    version: int
    updated_at: datetime
    count: int | None = None
    count_is_more: bool = False

    @classmethod
    def of(cls, view: View, asking: Caller, **more: Any) -> Self:
        names = [name for name in cls.model_fields if hasattr(view, name) and name != "count"]
        values: dict[str, Any] = {name: getattr(view, name) for name in names}
        return cls(**values, is_mine=view.owner_id == asking.member.id, **more)


@router.get("", summary="저장한 보기 (saved views)")
async def list_views(
    asking: User, house: HouseDep, counts: Annotated[bool, Query(description="각 보기의 건수도")] = False
) -> list[ViewRow]:
    async with house.db.transaction() as tx:
        found = await views.list_views(tx, _viewer(asking, house))
        if not counts:
            return [ViewRow.of(view, asking) for view in found]
        rows = [ViewRow.of(view, asking, **await _counted(tx, house, asking, view)) for view in found]
        await asking.looked(tx, house, "case_list", f"{len(rows)} views", action="view.count")
    return rows


@router.post("", status_code=201, summary="보기 저장 (save a view)")
async def add_view(given: NewView, asking: User, house: HouseDep, response: Response) -> ViewRow:
    async with house.db.transaction() as tx:
        await _must_exist(tx, house, given.department_id)
        view = await views.add(
            tx,
            _viewer(asking, house),
            given.name,
            given.filters.kept(),
            house.clock.now(),
            department_id=given.department_id,
            position=given.position,
        )
        await asking.still_here(tx, house)
    return _answered(view, asking, response)


@router.get("/{view_id}", summary="보기 하나 (one view)")
async def read_view(view_id: UUID, asking: User, house: HouseDep, response: Response) -> ViewRow:
    async with house.db.reading() as tx:
        view = await views.read(tx, _viewer(asking, house), view_id)
    return _answered(view, asking, response)


@router.patch("/{view_id}", summary="보기 바꾸기 (change a view)")
async def change_view(
    view_id: UUID, wanted: ViewChange, versions: VersionsDep, asking: User, house: HouseDep, response: Response
) -> ViewRow:
    """Needs If-Match."""
    viewer = _viewer(asking, house)
    values: dict[str, Any] = wanted.model_dump(include=wanted.model_fields_set, exclude={"filters"})
    if wanted.filters is not None:
        values["filters"] = wanted.filters.kept()
    async with house.db.transaction() as tx:
        before = await views.read(tx, viewer, view_id, lock=True)
        await _must_exist(tx, house, wanted.department_id)
        view = await views.change(tx, viewer, before, values, house.clock.now(), versions=versions)
        await asking.still_here(tx, house)
    return _answered(view, asking, response)


@router.delete("/{view_id}", status_code=204, summary="보기 지우기 (remove a view)")
async def remove_view(view_id: UUID, versions: VersionsDep, asking: User, house: HouseDep) -> Response:
    viewer = _viewer(asking, house)
    async with house.db.transaction() as tx:
        before = await views.read(tx, viewer, view_id, lock=True)
        await views.remove(tx, viewer, before, versions=versions)
        await asking.still_here(tx, house)
    return Response(status_code=204)


@router.get("/{view_id}/cases", summary="보기의 민원 (its cases)")
async def cases_of_view(
    view_id: UUID, asking: User, house: HouseDep, cursor: ListCursor = None, limit: Limit = 50, count: bool = False
) -> CasePage:
    """Exactly the list that `GET /cases` gives for these filters, within the reader's own scope."""
    async with house.db.reading() as tx:
        view = await views.read(tx, _viewer(asking, house), view_id)
    query = _query(view, cursor=cursor, limit=limit, count=count)
    return await search_cases(asking, house, query)


def _query(view: View, **paging: Any) -> CaseQuery:
    """Raises BadInput for filters that the list no longer knows (saved before it changed)."""
    try:
        return CaseQuery(**view.filters, **paging)
    except ValueError:
        raise BadInput(
            "이 보기의 조건을 지금의 목록이 알지 못합니다. 보기를 다시 저장해 주세요.",
            "The list no longer knows these filters. Save the view anew.",
        ) from None


async def _counted(tx: AsyncConnection, house: House, asking: Caller, view: View) -> dict[str, Any]:
    try:
        query = _query(view)
    except BadInput:
        return {}
    found = await count_cases(tx, await filters_of(tx, house, asking, query))
    return {"count": found.value, "count_is_more": found.is_more}


def _viewer(asking: Caller, house: House) -> Viewer:
    is_head = asking.member.role in ("manager", "admin")
    return Viewer(house.settings.city.id, asking.member.id, asking.scope.departments, is_head)


def _answered(view: View, asking: Caller, response: Response) -> ViewRow:
    response.headers["ETag"] = f'"{view.version}"'
    return ViewRow.of(view, asking)


async def _must_exist(tx: AsyncConnection, house: House, department_id: str | None) -> None:
    if department_id is None:
        return
    known = (departments.c.city_id == house.settings.city.id, departments.c.id == department_id)
    if (await tx.execute(select(departments.c.id).where(*known))).one_or_none() is None:
        raise BadInput("그런 부서가 없습니다.", "No such department.")
