"""A 민원 is received (민원처리법 §9): number, department, due date, history, audit row, all in one transaction."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts, mass, repeat
from civic.cases.capacity import take_officer
from civic.cases.case import COLUMNS, Actor, Case, CaseDraft, InquiryDraft, OpenedCase, OpenedInquiry
from civic.cases.clock import DaysOff, Due, days_off_of, due
from civic.cases.receipt import INQUIRY_PREFIX, next_number
from civic.cases.search import index
from civic.cases.status import Status
from civic.cases.tables import cases, inquiries
from civic.cases.writing import event
from civic.files.service import link_to_case
from civic.routing.service import Matter, Routed, route
from civic.staff.service import record_change
from core.errors import BadInput
from core.ids import new_id
from core.settings import Duplicates

MAX_TITLE = 200


async def open_case(
    tx: AsyncConnection,
    draft: CaseDraft,
    now: datetime,
    *,
    days_off: DaysOff | None = None,
    near: Duplicates | None = None,
) -> OpenedCase:
    """Receive the case: the city's rules say which department and person gets it, else its category's department.

    `near`: what counts as the same matter. Raises BadInput for an empty title or body, NotFound for a photo that is not
    the citizen's.
    """
    _needs(draft.title, draft.body)
    when = due(now, draft.deadline, days_off=await days_off_of(tx, draft.city_id, days_off or {}))
    routed = await route(tx, draft.city_id, matter_of(draft), now)
    officer = await take_officer(tx, draft.city_id, routed.department_id, now, named=routed.staff_id)
    number = await next_number(tx, draft.city_id, "case", draft.receipt_prefix, now)
    made = await tx.execute(insert(cases).values(_row(draft, routed, officer, number, when, now)).returning(*COLUMNS))
    case = Case.of(made.one())
    await index.write(tx, draft.city_id, case.id, now, title=draft.title, place=draft.place, body=draft.body)
    if draft.attachment_ids:
        await link_to_case(tx, draft.conversation_id, draft.attachment_ids, case.id)
    await _history(tx, case, routed, now)
    if routed.is_urgent and routed.rule:
        await alerts.to_head(tx, case, "urgent", now, rule=routed.rule.name)
    case = await repeat.recognise(tx, case, now, near or Duplicates())
    await mass.recognise(tx, case, now, near or Duplicates())
    return OpenedCase(case.id, number, case.department_id, when.at, when.rule, case.staff_id)


def matter_of(draft: CaseDraft) -> Matter:
    """What the city's rules see of a draft."""
    has_own_title = not draft.body.startswith(draft.title)
    return Matter(
        category=draft.category,
        department_id=draft.department_id,
        deadline_kind=draft.deadline.kind,
        text=f"{draft.title}\n{draft.body}" if has_own_title else draft.body,
        channel=draft.channel,
        place=draft.place,
        lat=draft.lat,
        lon=draft.lon,
        has_photos=bool(draft.attachment_ids),
    )


def _row(
    draft: CaseDraft, routed: Routed, officer: UUID | None, number: str, when: Due, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "city_id": draft.city_id,
        "receipt_no": number,
        "status": (Status.ASSIGNED if officer else Status.RECEIVED).value,
        "category": draft.category,
        "department_id": routed.department_id,
        "staff_id": officer,
        "title": draft.title.strip()[:MAX_TITLE],
        "body": draft.body,
        "place": draft.place,
        "lat": draft.lat,
        "lon": draft.lon,
        "area_id": routed.area_id,
        "occurred": draft.occurred,
        "conversation_id": draft.conversation_id,
        "citizen_id": draft.citizen_id,
        "channel": draft.channel,
        "received_at": now,
        "due_at": when.at,
        "due_rule": when.rule,
        "track": routed.track,
        "track_reason": routed.track_reason.ko,
        "updated_at": now,
    }


async def _history(tx: AsyncConnection, case: Case, routed: Routed, now: datetime) -> None:
    """Received; then, if a rule or somebody's capacity spoke, who got it and why, which staff read."""
    await event(tx, case, Actor.citizen(case.citizen_id), "opened", now, to_value=Status.RECEIVED.value, public=True)
    system = Actor.system()
    if routed.rule is not None:
        text = f"{routed.reason.ko} ({routed.reason.en})"
        await event(tx, case, system, "department", now, to_value=case.department_id, text=text, public=False)
    if case.staff_id is not None:
        await event(tx, case, system, "owner", now, to_value=str(case.staff_id), public=False)
        old, new = Status.RECEIVED.value, Status.ASSIGNED.value
        await event(tx, case, system, "status", now, from_value=old, to_value=new, public=True)


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
