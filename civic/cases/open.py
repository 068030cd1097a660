"""A 민원 is received (민원처리법 §9): number, department, due date, history, audit row, all in one transaction."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import history
from civic.cases.case import Actor, CaseDraft, InquiryDraft, OpenedCase, OpenedInquiry
from civic.cases.clock import DaysOff, days_off_of, due
from civic.cases.receipt import INQUIRY_PREFIX, next_number
from civic.cases.search import index
from civic.cases.status import Status
from civic.cases.tables import cases, inquiries
from civic.files.service import link_to_case
from civic.staff.service import record_change
from core.errors import BadInput
from core.ids import new_id

MAX_TITLE = 200


async def open_case(
    tx: AsyncConnection, draft: CaseDraft, now: datetime, *, days_off: DaysOff | None = None
) -> OpenedCase:
    """Receive the case. Raises BadInput for an empty title or body, NotFound for a photo that is not the citizen's."""
    _needs(draft.title, draft.body)
    when = due(now, draft.deadline, days_off=await days_off_of(tx, draft.city_id, days_off or {}))
    number = await next_number(tx, draft.city_id, "case", draft.receipt_prefix, now)
    case_id = new_id()
    await tx.execute(
        insert(cases).values(
            id=case_id,
            city_id=draft.city_id,
            receipt_no=number,
            status=Status.RECEIVED.value,
            category=draft.category,
            department_id=draft.department_id,
            title=draft.title.strip()[:MAX_TITLE],
            body=draft.body,
            place=draft.place,
            lat=draft.lat,
            lon=draft.lon,
            occurred=draft.occurred,
            conversation_id=draft.conversation_id,
            citizen_id=draft.citizen_id,
            channel=draft.channel,
            received_at=now,
            due_at=when.at,
            due_rule=when.rule,
            updated_at=now,
        )
    )
    await index.write(tx, draft.city_id, case_id, now, title=draft.title, place=draft.place, body=draft.body)
    if draft.attachment_ids:
        await link_to_case(tx, draft.conversation_id, draft.attachment_ids, case_id)
    await history.write(
        tx,
        city_id=draft.city_id,
        case_id=case_id,
        actor=Actor.citizen(draft.citizen_id),
        kind="opened",
        to_value=Status.RECEIVED.value,
        is_public=True,
        now=now,
    )
    return OpenedCase(case_id, number, draft.department_id, when.at, when.rule)


async def open_inquiry(tx: AsyncConnection, draft: InquiryDraft, now: datetime) -> OpenedInquiry:
    """Take a 제보: anonymous, numbered, without a clock. Raises BadInput for an empty body."""
    _needs(draft.body)
    number = await next_number(tx, draft.city_id, "inquiry", INQUIRY_PREFIX, now)
    inquiry_id = new_id()
    await tx.execute(
        insert(inquiries).values(
            id=inquiry_id,
            city_id=draft.city_id,
            receipt_no=number,
            category=draft.category,
            department_id=draft.department_id,
            body=draft.body,
            place=draft.place,
            lat=draft.lat,
            lon=draft.lon,
            conversation_id=draft.conversation_id,
            channel=draft.channel,
            received_at=now,
        )
    )
    await record_change(
        tx,
        city_id=draft.city_id,
        actor_kind="citizen",
        actor_id=None,
        action="inquiry.opened",
        object_kind="inquiry",
        object_id=str(inquiry_id),
        detail={"category": draft.category},
        now=now,
    )
    return OpenedInquiry(inquiry_id, number, draft.department_id)


def _needs(*texts: str) -> None:
    if any(not text.strip() for text in texts):
        raise BadInput("내용을 적어 주세요.", "A text is needed.")
