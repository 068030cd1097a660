"""The citizen is told on his own channel when his case changes: one row in the outbox, in the change's transaction."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Case
from civic.cases.offers import offers_with
from civic.cases.status import NAMES
from civic.cases.tables import case_joiners
from civic.cases.writing import heard
from civic.city.tables import departments
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations
from civic.people.service import notice_conversation, one_each
from core.clock import SEOUL
from core.settings import Messaging

_DAYS_KO = "월화수목금토일"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


_FOR_JOINERS: Mapping[str, str] = {
    "waiting_citizen": "joined_waiting",
    "withdrawn": "joined_withdrawn",
    "extension_asked": "joined_waiting",
    "reminded": "",
    "reviewed": "",
}
"""What those who joined are told instead ("": nothing): a question to the one who filed is not theirs to answer."""


async def tell(
    tx: AsyncConnection,
    messaging: Messaging,
    case: Case,
    kind: str,
    now: datetime,
    *,
    text: str = "",
    staff_id: UUID | None = None,
) -> UUID | None:
    """Queue the notice `kind` (a status, "department" …) for who filed and for everybody who joined, each once.

    Purpose case_notice, so the night is kept. The id of the filer's notice, None when the case came by no conversation.
    One version of a case is told at most once; a merged case is told of by the one that it went into.
    """
    if case.merged_into_id is not None:
        return None
    filed = case.conversation_id
    notice: UUID | None = None
    # In the order of their ids, as everybody does who locks several conversations; a person of several ones once.
    for one in await one_each(tx, [*await _joiners(tx, case), *([filed] if filed else [])], filed):
        if one == filed:
            notice = await tell_one(tx, messaging, case, one, kind, now, text=text, staff_id=staff_id)
        else:
            await _tell_joiner(tx, messaging, case, one, kind, now, text=text, staff_id=staff_id)
    if filed is not None:
        await heard(tx, case.id, now)
    return notice


async def tell_joiners(tx: AsyncConnection, messaging: Messaging, case: Case, kind: str, now: datetime) -> None:
    """Only those who joined: of what the one who filed has done himself and needs no notice of."""
    filed = case.conversation_id
    for one in await one_each(tx, [*await _joiners(tx, case), *([filed] if filed else [])], filed):
        if one != filed:
            await _tell_joiner(tx, messaging, case, one, kind, now)


async def _tell_joiner(
    tx: AsyncConnection,
    messaging: Messaging,
    case: Case,
    conversation_id: UUID,
    kind: str,
    now: datetime,
    *,
    text: str = "",
    staff_id: UUID | None = None,
) -> None:
    instead = _FOR_JOINERS.get(kind, kind)
    if instead:
        said = text if instead == kind else ""
        await tell_one(tx, messaging, case, conversation_id, instead, now, text=said, staff_id=staff_id)


async def _joiners(tx: AsyncConnection, case: Case) -> list[UUID]:
    if case.joined == 0:
        return []
    wanted = (case_joiners.c.case_id == case.id, case_joiners.c.left_at.is_(None))
    return list((await tx.execute(select(case_joiners.c.conversation_id).where(*wanted))).scalars())


async def tell_one(
    tx: AsyncConnection,
    messaging: Messaging,
    case: Case,
    conversation_id: UUID,
    kind: str,
    now: datetime,
    *,
    text: str = "",
    staff_id: UUID | None = None,
) -> UUID:
    """Queue one notice for one conversation, or where its citizen chose to be told; the same version of the case is
    told there at most once.
    """
    told_at = await notice_conversation(tx, conversation_id)
    thread = (
        await tx.execute(select(conversations.c.channel, conversations.c.lang).where(conversations.c.id == told_at))
    ).one()
    lang = "en" if thread.lang == "en" else "ko"
    name, phone = await _department(tx, case, lang)
    timing = schedule(messaging, "case_notice", now)
    values = values_of(case, lang, department=name, phone=phone, text=text)
    said = render(kind, lang, values)
    to_filer = conversation_id == case.conversation_id
    buttons = offers_with(case, kind, lang) if to_filer else []
    draft = Draft(
        city_id=case.city_id,
        conversation_id=told_at,
        channel=thread.channel,
        body={"text": said, "buttons": buttons, "ask": "", "lang": lang} | templated(messaging, kind, values),
        purpose="case_notice",
        notice=kind,
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=timing.next_attempt_at,
        staff_id=staff_id,
        case_id=case.id,
        dedupe_key=f"case:{case.id}:{case.version}" + ("" if to_filer else f":{conversation_id}"),
    )
    return await queue(tx, draft, now)


def templated(messaging: Messaging, kind: str, values: Mapping[str, str]) -> dict[str, Any]:
    """The body's template of this kind of notice, if the city has one (`messaging.templates`)."""
    if (template := messaging.templates.get(kind)) is None:
        return {}
    given = {name: values.get(value, "") for name, value in template.values.items()}
    return {"template": {"key": template.key, "values": given}}


def values_of(case: Case, lang: str, *, department: str, phone: str, text: str = "") -> dict[str, str]:
    """What a template may name."""
    return {
        "receipt_no": case.receipt_no,
        "title": case.title,
        "department": department,
        "phone": phone,
        "status": NAMES[case.status][1 if lang == "en" else 0],
        "text": text.strip(),
        "due": written(case.due_at, lang),
        "received": written(case.received_at, lang),
        "appeal": case.appeal,
        "transferred_to": case.transferred_to,
    }


def render(kind: str, lang: str, values: Mapping[str, str]) -> str:
    """Plain text, never markup. Raises KeyError for a kind without text, UndefinedError for a missing value."""
    return _templates(lang)[kind].render(values).strip()


def kinds(lang: str) -> frozenset[str]:
    return frozenset(_templates(lang))


def written(at: datetime, lang: str) -> str:
    """A moment as people write it, Korean time; a period that ends with the day is written as the day."""
    local = at.astimezone(SEOUL)
    is_day = (local.hour, local.minute) == (23, 59)
    if lang == "en":
        day = f"{_DAYS_EN[local.weekday()]} {local:%Y-%m-%d}"
        return day if is_day else f"{day} {local:%H:%M}"
    day = f"{local.year}년 {local.month}월 {local.day}일({_DAYS_KO[local.weekday()]})"
    return day if is_day else f"{day} {local:%H:%M}"


@cache
def _templates(lang: str) -> dict[str, Template]:
    # Texts go to messengers as plain text; a page that shows them escapes them itself.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    source = yaml.safe_load((Path(__file__).parent / f"notices.{lang}.yml").read_text("utf-8"))
    return {kind: environment.from_string(text) for kind, text in source.items()}


async def _department(tx: AsyncConnection, case: Case, lang: str) -> tuple[str, str]:
    wanted = (departments.c.city_id == case.city_id, departments.c.id == case.department_id)
    row = (await tx.execute(select(departments).where(*wanted))).one_or_none()
    if row is None:
        return case.department_id, ""
    return (row.name_en if lang == "en" else row.name_ko), row.phone
