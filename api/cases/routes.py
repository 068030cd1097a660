"""Reading cases: lists, search, one case with its history and its conversation."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases.schemas import CaseDetail, CaseEvent, CasePage, CaseRow, Citizen, Picture, row_values
from api.conversations.schemas import ThreadEntry
from api.deps import Caller, HouseDep, allowed
from api.fields import Search, Word
from api.paging import Cursor, Limit
from civic.cases.case import Actor, Case
from civic.cases.find import CaseFilters, events_of, list_cases, read_case
from civic.cases.status import Status, choices
from civic.conversations import thread
from civic.files.service import of_case
from civic.people.service import contact_of
from civic.staff.permissions import Action
from core.vault import vault_of

router = APIRouter(prefix="/cases", tags=["cases"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]


@router.get("", summary="민원 목록과 검색 (list and search cases)")
async def search_cases(
    asking: Reader,
    house: HouseDep,
    status: Annotated[list[Status] | None, Query(max_length=20)] = None,
    department: Word | None = None,
    category: Word | None = None,
    staff: UUID | None = None,
    receipt_no: Word | None = None,
    q: Annotated[Search | None, Query(description="접수번호, 제목, 내용, 장소에서 찾기")] = None,
    received_from: AwareDatetime | None = None,
    received_before: AwareDatetime | None = None,
    due_before: AwareDatetime | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CasePage:
    filters = CaseFilters(
        city_id=house.settings.city.id,
        statuses=tuple(status or ()),
        department_id=department,
        category=category,
        staff_id=staff,
        receipt_no=receipt_no,
        text=q,
        received_from=received_from,
        received_before=received_before,
        due_before=due_before,
    )
    async with house.db.transaction() as tx:
        found = await list_cases(tx, filters, cursor, limit)
        await asking.looked(
            tx,
            house,
            "case_list",
            f"{len(found.rows)} rows",
            action="case.list",
            shown=_asked(filters) + ", ".join(case.receipt_no for case in found.rows),
        )
    now = house.clock.now()
    return CasePage(items=[CaseRow.of(case, now) for case in found.rows], next_cursor=found.next_cursor)


def _asked(filters: CaseFilters) -> str:
    """The filters for the access log; a searched text may be somebody's name and is not repeated there."""
    asked = {
        "status": ",".join(filters.statuses),
        "department": filters.department_id,
        "category": filters.category,
        "staff": filters.staff_id,
        "q": "(text)" if filters.text else None,
    }
    return " ".join(f"{name}={value}" for name, value in asked.items() if value) + ": "


@router.get("/{reference}", summary="민원 읽기: 접수번호 또는 id (one case)")
async def read_one(reference: str, asking: Reader, house: HouseDep, response: Response) -> CaseDetail:
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference)
        detail = await _detail(tx, case, asking, house.clock.now())
        await asking.looked(tx, house, "case", case.receipt_no, action="case.read")
    response.headers["ETag"] = etag(case)
    return detail


def etag(case: Case) -> str:
    return f'"{case.version}"'


async def _detail(tx: AsyncConnection, case: Case, asking: Caller, now: datetime) -> CaseDetail:
    said = await thread.read(tx, case.conversation_id) if case.conversation_id else []
    contact = await contact_of(tx, vault_of(tx), case.citizen_id) if case.citizen_id else None
    actor = Actor.staff(asking.member.id, asking.member.role)
    return CaseDetail(
        **row_values(case, now),
        body=case.body,
        lat=case.lat,
        lon=case.lon,
        occurred=case.occurred,
        answer=case.answer,
        due_rule=case.due_rule,
        conversation_id=case.conversation_id,
        citizen=Citizen(name=contact[0], phone=contact[1]) if contact else None,
        next_statuses=choices(case.status, actor.by),
        pictures=[
            Picture(id=one, content_type=file.content_type, size=file.size, href=f"/api/v1/attachments/{one}")
            for one, file in await of_case(tx, case.id)
        ],
        events=[CaseEvent.model_validate(event) for event in await events_of(tx, case.id)],
        thread=[ThreadEntry.model_validate(entry) for entry in said],
    )
