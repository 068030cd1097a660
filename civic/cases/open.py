"""A 민원 is received (민원처리법 §9): number, department, due date, history, audit row, all in one transaction."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import alerts, filed, mass, repeat
from civic.cases.capacity import take_officer
from civic.cases.case import Actor, Case, CaseDraft, InquiryDraft, OpenedCase, OpenedInquiry
from civic.cases.clock import DaysOff, Due, due
from civic.cases.duplicates import Sought, crowd_asked
from civic.cases.history import event_row
from civic.cases.receipt import INQUIRY_PREFIX, next_number
from civic.cases.search import index
from civic.cases.standing import standing
from civic.cases.status import Status
from civic.cases.tables import inquiries
from civic.files.service import link_to_case
from civic.routing.service import Matter, Routed, route_among
from civic.staff.service import record_change
from core.db import driver
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
    rule, connection = near or Duplicates(), await driver(tx)
    known = await standing(tx, connection, draft.city_id)
    when = due(now, draft.deadline, days_off={**(days_off or {}), **known.days_off})
    routed = route_among(known.rules, known.towns, matter_of(draft), now)
    case_id, title = new_id(), draft.title.strip()[:MAX_TITLE]
    terms = index.row(
        draft.city_id, case_id, now, routed.department_id, title=draft.title, place=draft.place, body=draft.body
    )
    officer = None
    if routed.staff_id is not None or routed.department_id in known.guarded:
        officer = await take_officer(tx, draft.city_id, routed.department_id, now, named=routed.staff_id)
    row = {"id": case_id, **_row(draft, title, routed, officer, when, now)}
    case = Case(**{**_FRESH, **row, "status": Status(row["status"])})
    asked = crowd_asked(Sought.of(case), rule, mass.needed_at(now) - 1)
    number, crowd = await filed.write(
        connection, draft.receipt_prefix, row, terms, _history(case, routed, now), crowd=asked
    )
    case = replace(case, receipt_no=number)
    if draft.attachment_ids:
        await link_to_case(tx, draft.conversation_id, draft.attachment_ids, case.id)
    if routed.is_urgent and routed.rule:
        await alerts.to_head(tx, case, "urgent", now, rule=routed.rule.name)
    case = await repeat.recognise(tx, case, now, rule)
    await mass.recognise(tx, case, now, rule, crowd=crowd)
    return OpenedCase(case.id, number, case.department_id, when.at, when.rule, case.staff_id)


_FRESH = {"receipt_no": "", "closed_at": None, "answer": None, "version": 1}
"""What the tables fill in themselves (a test holds a case as it was made against the same case as it is read)."""


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
    draft: CaseDraft, title: str, routed: Routed, officer: UUID | None, when: Due, now: datetime
) -> dict[str, Any]:
    return {
        "city_id": draft.city_id,
        "status": (Status.ASSIGNED if officer else Status.RECEIVED).value,
        "category": draft.category,
        "department_id": routed.department_id,
        "staff_id": officer,
        "title": title,
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


def _history(case: Case, routed: Routed, now: datetime) -> list[dict[str, Any]]:
    """Received; then, if a rule or somebody's capacity spoke, who got it and why, which staff read."""
    of: dict[str, Any] = {"city_id": case.city_id, "case_id": case.id, "now": now}
    citizen, system = Actor.citizen(case.citizen_id), Actor.system()
    old, new = Status.RECEIVED.value, Status.ASSIGNED.value
    lines = [event_row(**of, actor=citizen, kind="opened", to_value=old, is_public=True)]
    if routed.rule is not None:
        text = f"{routed.reason.ko} ({routed.reason.en})"
        to = case.department_id
        lines.append(event_row(**of, actor=system, kind="department", to_value=to, text=text, is_public=False))
    if case.staff_id is not None:
        lines.append(event_row(**of, actor=system, kind="owner", to_value=str(case.staff_id), is_public=False))
        lines.append(event_row(**of, actor=system, kind="status", from_value=old, to_value=new, is_public=True))
    return lines


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
