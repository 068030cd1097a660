"""Canned answers: finding and filling them, and for team heads writing and renewing them."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import Caller, House, HouseDep, VersionsDep, allowed
from api.fields import Message, Plain, Search, Word
from api.paging import Cursor, Limit, page
from civic.canned import service as canned
from civic.canned.service import Canned, CannedDraft
from civic.canned.tables import canned_answers
from civic.cases.find import read_case
from civic.city.tables import categories, departments
from civic.conversations.tables import conversations
from civic.staff.permissions import Action
from civic.staff.service import active_member
from core.errors import BadInput, Forbidden

router = APIRouter(prefix="/canned", tags=["canned answers"])
Reader = Annotated[Caller, allowed(Action.CANNED_READ)]
Author = Annotated[Caller, allowed(Action.CANNED_WRITE)]


class CannedRow(BaseModel):
    """`is_over`: it may not be sent any more until it is renewed. `is_ending`: within two weeks."""

    id: UUID
    title: str
    body: str
    body_en: str
    category: str | None
    department_id: str | None
    law: str
    owner_id: UUID
    expires_at: datetime
    is_over: bool
    is_ending: bool
    used: int
    used_at: datetime | None
    version: int
    updated_at: datetime

    @classmethod
    def of(cls, one: Canned, now: datetime) -> Self:
        values: dict[str, Any] = {name: getattr(one, name) for name in cls.model_fields if not name.startswith("is_")}
        left = one.expires_at - now
        return cls(**values, is_over=one.expires_at <= now, is_ending=left <= canned.WARN_BEFORE)


class CannedPage(BaseModel):
    items: list[CannedRow]
    next_cursor: str | None


class CannedText(BaseModel):
    """`{{ receipt_no }}` and the like are filled from the case; `GET /canned/placeholders` names them all."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Plain, Field(min_length=1, max_length=200)]
    body: Message = Field(examples=["{{ department }}입니다. {{ receipt_no }} 민원은 {{ due }}까지 처리하겠습니다."])
    body_en: Annotated[Plain, Field(max_length=4000)] = ""
    category: Word | None = None
    department_id: Word | None = None
    law: Annotated[Plain, Field(max_length=300)] = Field("", examples=["도로법 제31조"])
    owner_id: UUID | None = Field(None, description="없으면 쓰는 사람")
    expires_at: AwareDatetime


class FillWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    case: Word = Field(description="접수번호 또는 id")


class FilledText(BaseModel):
    """Ready to be sent as a reply. `missing`: gaps that nobody has a value for, shown in brackets."""

    text: str
    lang: str
    missing: list[str]


class Placeholder(BaseModel):
    name: str
    ko: str
    en: str


@router.get("", summary="상용 답변 찾기 (find canned answers)")
async def list_canned(
    asking: Reader,
    house: HouseDep,
    q: Annotated[Search | None, Query(description="제목, 내용, 법령에서 찾기")] = None,
    category: Word | None = None,
    state: canned.State = "all",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CannedPage:
    """`state=over`: those that wait for renewal."""
    now = house.clock.now()
    wanted = canned.search(
        house.settings.city.id, now, text=q or "", category=category, departments=_departments(asking), state=state
    )
    async with house.db.reading() as tx:
        rows, following = await page(tx, wanted, canned_answers.c.updated_at, canned_answers.c.id, cursor, limit)
    return CannedPage(items=[CannedRow.of(Canned.of(row), now) for row in rows], next_cursor=following)


@router.get("/placeholders", summary="쓸 수 있는 자리표시 (placeholders)")
async def list_placeholders(asking: Reader) -> list[Placeholder]:
    return [Placeholder(name=name, ko=korean, en=english) for name, (korean, english) in canned.NAMES.items()]


@router.get("/{canned_id}", summary="상용 답변 하나 (one canned answer)")
async def read_canned(canned_id: UUID, asking: Reader, house: HouseDep, response: Response) -> CannedRow:
    async with house.db.reading() as tx:
        one = await canned.read(tx, house.settings.city.id, canned_id, _departments(asking))
    return _answered(one, house, response)


@router.post("", status_code=201, summary="상용 답변 쓰기 (write one)")
async def add_canned(given: CannedText, asking: Author, house: HouseDep, response: Response) -> CannedRow:
    now = house.clock.now()
    async with house.db.transaction() as tx:
        draft = await _draft(tx, house, given, asking)
        one = await canned.add(tx, house.settings.city.id, draft, asking.member.id, now)
        await asking.still_here(tx, house)
    return _answered(one, house, response)


@router.put("/{canned_id}", summary="상용 답변 고치기, 기간 늘리기 (change or renew)")
async def change_canned(
    canned_id: UUID, given: CannedText, versions: VersionsDep, asking: Author, house: HouseDep, response: Response
) -> CannedRow:
    """Needs If-Match. Renewing is a change with a later `expires_at`."""
    now = house.clock.now()
    async with house.db.transaction() as tx:
        before = await canned.read(tx, house.settings.city.id, canned_id, _departments(asking), lock=True)
        _must_be_ours(asking, before.department_id)
        draft = await _draft(tx, house, given, asking)
        one = await canned.change(tx, before, draft, asking.member.id, now, versions=versions)
        await asking.still_here(tx, house)
    return _answered(one, house, response)


@router.delete("/{canned_id}", status_code=204, summary="상용 답변 지우기 (remove)")
async def remove_canned(canned_id: UUID, versions: VersionsDep, asking: Author, house: HouseDep) -> Response:
    async with house.db.transaction() as tx:
        before = await canned.read(tx, house.settings.city.id, canned_id, _departments(asking), lock=True)
        _must_be_ours(asking, before.department_id)
        await canned.remove(tx, before, asking.member.id, house.clock.now(), versions=versions)
        await asking.still_here(tx, house)
    return Response(status_code=204)


@router.post("/{canned_id}/fill", summary="민원에 맞게 채우기 (fill for a case)")
async def fill_canned(canned_id: UUID, given: FillWanted, asking: Reader, house: HouseDep) -> FilledText:
    """In the citizen's language where it is written. 409 when the answer is over its date."""
    city, now = house.settings.city, house.clock.now()
    async with house.db.transaction() as tx:
        one = await canned.read(tx, city.id, canned_id, _departments(asking))
        case = await read_case(tx, city.id, given.case, asking.scope)
        values = await canned.values_of(tx, city, case, staff_id=asking.member.id)
        filled = await canned.fill(tx, one, values, await lang_of(tx, case.conversation_id), now)
        await asking.looked(tx, house, "case", case.receipt_no, action="canned.fill")
    return FilledText(text=filled.text, lang=filled.lang, missing=filled.missing)


async def lang_of(tx: AsyncConnection, conversation_id: UUID | None) -> str:
    """The citizen's language; Korean where there is no conversation."""
    if conversation_id is None:
        return "ko"
    found = await tx.execute(select(conversations.c.lang).where(conversations.c.id == conversation_id))
    return "en" if found.scalar_one() == "en" else "ko"


def _departments(asking: Caller) -> frozenset[str] | None:
    return asking.scope.departments


def _answered(one: Canned, house: House, response: Response) -> CannedRow:
    response.headers["ETag"] = f'"{one.version}"'
    return CannedRow.of(one, house.clock.now())


async def _draft(tx: AsyncConnection, house: House, given: CannedText, asking: Caller) -> CannedDraft:
    """What was given, once owner, category, department and date are known to be good."""
    city_id = house.settings.city.id
    _must_be_ours(asking, given.department_id)
    if given.expires_at <= house.clock.now():
        raise BadInput("유효 기간은 지금보다 뒤여야 합니다.", "The expiry must lie ahead.")
    for table, value in ((departments, given.department_id), (categories, given.category)):
        if value is not None:
            known = (table.c.city_id == city_id, table.c.id == value)
            if (await tx.execute(select(table.c.id).where(*known))).one_or_none() is None:
                raise BadInput("그런 부서나 분류가 없습니다.", "No such department or category.")
    owner = await active_member(tx, city_id, given.owner_id or asking.member.id)
    if owner is None or owner.role == "auditor":
        raise BadInput("소유자가 될 수 있는 직원이 아닙니다.", "No such member of staff who can own it.")
    return CannedDraft(**given.model_dump(exclude={"owner_id"}), owner_id=owner.id)


def _must_be_ours(asking: Caller, department_id: str | None) -> None:
    """Whose scope is one department writes for that one; for the whole city writes who sees it all."""
    mine = _departments(asking)
    if mine is not None and department_id not in mine:
        raise Forbidden(
            "자기 부서의 상용 답변만 쓸 수 있습니다.", "You may write canned answers of your own department only."
        )
