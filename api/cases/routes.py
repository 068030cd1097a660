"""Reading cases: lists, search, one case with its history and its conversation."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases.query import CaseQuery, filters_of, shown
from api.cases.schemas import CaseDetail, CaseEvent, CasePage, CaseRow, Citizen, Picture, Relative, row_values
from api.conversations.schemas import ThreadEntry
from api.deps import Caller, House, HouseDep, allowed
from api.secrecy import sees_tax
from civic.cases.case import Actor, Case
from civic.cases.clock import DaysOff
from civic.cases.clock.recount import due_after_pauses
from civic.cases.find import events_of, list_cases, read_case
from civic.cases.listing import Count, count_cases
from civic.cases.relatives import relatives_of
from civic.cases.status import choices
from civic.conversations import thread
from civic.files.service import of_case
from civic.people.service import contact_of
from civic.staff.permissions import Action
from core.vault import vault_of

router = APIRouter(prefix="/cases", tags=["cases"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]


@router.get("", summary="민원 목록과 검색 (list and search cases)")
async def search_cases(asking: Reader, house: HouseDep, query: Annotated[CaseQuery, Query()]) -> CasePage:
    """Within the caller's departments and areas. Merged cases are left out unless `merged`, or asked by number."""
    async with house.db.transaction() as tx:
        filters = await filters_of(tx, house, asking, query)
        found = await list_cases(tx, filters, query.cursor, query.limit, sort=query.sort)
        number = await count_cases(tx, filters) if query.count else Count(None)
        await asking.looked(
            tx,
            house,
            "case_list",
            f"{len(found.rows)} rows",
            action="case.list",
            shown=shown(query) + ", ".join(case.receipt_no for case in found.rows),
        )
    now = house.clock.now()
    return CasePage(
        items=[CaseRow.of(case, now) for case in found.rows],
        next_cursor=found.next_cursor,
        did_you_mean=found.did_you_mean,
        count=number.value,
        count_is_more=number.is_more,
    )


@router.get("/{reference}", summary="민원 읽기: 접수번호 또는 id (one case)")
async def read_one(reference: str, asking: Reader, house: HouseDep, response: Response) -> CaseDetail:
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        detail = await _detail(tx, case, asking, house)
        await asking.looked(tx, house, "case", case.receipt_no, action="case.read")
    response.headers["ETag"] = etag(case)
    return detail


_ALSO = (
    *("track_reason", "told_at", "progress_at", "warn_at", "mass_at", "rating_text", "rated_at", "reopenings"),
    *("appeal", "external_source", "external_id", "public_text"),
)
"""What only the whole case shows, under the same names."""


def etag(case: Case) -> str:
    return f'"{case.version}"'


async def _detail(tx: AsyncConnection, case: Case, asking: Caller, house: House) -> CaseDetail:
    now = house.clock.now()
    sees = sees_tax(asking, house)
    said = await thread.read(tx, case.conversation_id, sees_tax=sees) if case.conversation_id else []
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
        due_if_answered_at=await _due_if_answered(tx, case, house.cases.days_off, now),
        **{name: getattr(case, name) for name in _ALSO},
        relatives=[Relative.model_validate(one) for one in await relatives_of(tx, case)],
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


async def _due_if_answered(tx: AsyncConnection, case: Case, days_off: DaysOff, now: datetime) -> datetime | None:
    """While the clock stands: the due date if the citizen answered now."""
    return (await due_after_pauses(tx, case, days_off, until=now)).at if case.paused_at else None
