"""A report from another system becomes a 민원 when somebody stands behind it by name and phone, else a 제보."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.service import CaseDraft, CaseService, Deadline, InquiryDraft
from civic.open311.tables import open311_reports
from civic.people.citizens import sealed
from civic.people.service import clean_name, normalise_phone
from civic.people.tables import citizens
from civic.staff.service import record_change
from core.errors import NotFound
from core.ids import new_id
from core.masking import mask
from core.vault import vault_of

CHANNEL = "open311"
MAX_TITLE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a client sent, checked in shape. `deadline` is the category's JSON; `said` its answers, one line each."""

    city_id: str
    receipt_prefix: str
    category: str
    category_name: str
    department_id: str
    deadline: Mapping[str, Any]
    description: str
    said: tuple[str, ...]
    name: str
    phone: str
    place: str
    lat: float | None
    lon: float | None
    account_id: str | None
    key_id: UUID


@dataclass(frozen=True, slots=True)
class Filed:
    """`due_at` is None for a 제보: nobody is owed an answer."""

    receipt_no: str
    token: str
    due_at: datetime | None


async def file_report(tx: AsyncConnection, cases: CaseService, report: Report, now: datetime) -> Filed:
    """File it in the caller's transaction. Raises BadInput for an impossible name or phone."""
    body = mask("\n".join([report.description or report.category_name, *report.said]))
    where: dict[str, Any] = {"place": mask(report.place), "lat": report.lat, "lon": report.lon}
    common: dict[str, Any] = {"city_id": report.city_id, "category": report.category}
    common["department_id"] = report.department_id
    due_at = None
    if report.name and report.phone:
        citizen_id = await _citizen(tx, report, now)
        opened = await cases.open_case(
            tx,
            CaseDraft(
                **common,
                receipt_prefix=report.receipt_prefix,
                deadline=Deadline.read(report.deadline),
                title=body.split("\n")[0][:MAX_TITLE],
                body=body,
                conversation_id=None,
                citizen_id=citizen_id,
                channel=CHANNEL,
                **where,
            ),
            now,
        )
        number, due_at = opened.receipt_no, opened.due_at
    else:
        tip = InquiryDraft(**common, body=body, conversation_id=None, channel=CHANNEL, **where)
        number = (await cases.open_inquiry(tx, tip, now)).receipt_no
    token = secrets.token_urlsafe(18)
    await tx.execute(
        insert(open311_reports).values(
            id=new_id(),
            city_id=report.city_id,
            token=token,
            receipt_no=number,
            key_id=report.key_id,
            account_id=report.account_id,
            created_at=now,
        )
    )
    return Filed(number, token, due_at)


async def number_of(tx: AsyncConnection, city_id: str, token: str) -> str:
    """The receipt number behind a token. Raises NotFound."""
    wanted = (open311_reports.c.city_id == city_id, open311_reports.c.token == token)
    found = (await tx.execute(select(open311_reports.c.receipt_no).where(*wanted))).scalar_one_or_none()
    if found is None:
        raise NotFound("그런 token이 없습니다.", "token not found.")
    return str(found)


async def _citizen(tx: AsyncConnection, report: Report, now: datetime) -> UUID:
    """Each report has its own citizen row: nobody is taken for another because of a number that a client sent."""
    citizen_id = new_id()
    named = sealed(vault_of(tx), citizen_id, clean_name(report.name), normalise_phone(report.phone))
    await tx.execute(
        insert(citizens).values(id=citizen_id, city_id=report.city_id, created_at=now, updated_at=now, **named)
    )
    await record_change(
        tx,
        city_id=report.city_id,
        actor_kind="system",
        actor_id=report.key_id,
        action="citizen.named",
        object_kind="citizen",
        object_id=str(citizen_id),
        detail={"by": CHANNEL},
        now=now,
    )
    return citizen_id
