"""Takes the next way of each message that did not arrive, in the transaction that notes that it was taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.tables import cases
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations, outbound
from civic.fallback.ways import Fallen, Next, Reader, next_way
from civic.letters.service import NewLetter, list_letter
from civic.people.codes import open_thread
from civic.people.service import contact_of, mobile_phone
from civic.staff.notices import notify
from core.errors import BadInput
from core.settings import Messaging
from core.vault import vault_of

MOST = 50
"""Messages a round: each takes some reads, and locks stay short."""
ENDED = ("failed", "unknown", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class _Person:
    citizen_id: UUID | None
    name: str
    mobile: str
    is_filer: bool


async def fall_back(
    tx: AsyncConnection, messaging: Messaging, city_id: str, channels: Mapping[str, bool], now: datetime
) -> tuple[int, list[UUID]]:
    """One round: how many messages were decided on, and the conversations with something new to send.

    `channels`: which are switched on, and whether their addresses are telephone numbers. May run in any number of
    processes: a message is decided on once, under its row's lock.
    """
    rules = messaging.fallback
    wanted = (
        outbound.c.city_id == city_id,
        outbound.c.purpose.in_(sorted(rules.purposes)),
        outbound.c.status.in_(ENDED),
        outbound.c.fell_at.is_(None),
        outbound.c.created_at >= now - timedelta(hours=rules.within_hours),
    )
    found = select(outbound).where(*wanted).order_by(outbound.c.created_at).limit(MOST)
    rows = (await tx.execute(found.with_for_update(skip_locked=True))).mappings().all()
    told = [await _decide(tx, messaging, row, channels, now) for row in rows]
    return len(rows), [one for one in told if one is not None]


async def _decide(
    tx: AsyncConnection, messaging: Messaging, row: RowMapping, channels: Mapping[str, bool], now: datetime
) -> UUID | None:
    first = await _first(tx, row)
    case = await _case(tx, row)
    person = await _person(tx, row, case)
    sms = messaging.sms_channel if channels.get(messaging.sms_channel) else ""
    fallen = Fallen(
        status=row["status"],
        cause=row["cause"] or "",
        purpose=row["purpose"],
        notice=row["notice"] or "",
        way=row["way"] or "",
        first_channel=first["channel"],
        has_template=bool(row["body"].get("template")),
        knows_template=bool(first["body"].get("template")),
        is_on_phone=bool(channels.get(row["channel"])),
    )
    can_get_letter = case is not None and person.is_filer and bool(person.name)
    step = next_way(messaging.fallback, fallen, Reader(bool(person.mobile), bool(sms), can_get_letter))
    told = await _take(tx, messaging, row, first, case, person, step, sms, now)
    noted = {"fell_at": now, "fell_to": step.way, "fell_why": step.why or None}
    await tx.execute(update(outbound).where(outbound.c.id == row["id"]).values(noted))
    return told


async def _take(
    tx: AsyncConnection,
    messaging: Messaging,
    row: RowMapping,
    first: RowMapping,
    case: Any,
    person: _Person,
    step: Next,
    sms: str,
    now: datetime,
) -> UUID | None:
    """The conversation where something was queued, if the next way leads to one."""
    if step.way == "task":
        await _ask_officer(tx, row, first, case, now)
    elif step.way == "letter" and person.citizen_id is not None:
        letter = NewLetter(
            city_id=row["city_id"],
            case_id=case.id,
            citizen_id=person.citizen_id,
            follows_id=row["id"],
            kind=row["notice"] or row["purpose"],
            name=person.name,
            text=first["body"]["text"],
            dedupe_key=f"letter:{first['id']}",
        )
        await list_letter(tx, letter, now)
    elif step.way != "none":
        return await _queue(tx, messaging, row, first, person, step.way, sms, now)
    return None


async def _queue(
    tx: AsyncConnection,
    messaging: Messaging,
    row: RowMapping,
    first: RowMapping,
    person: _Person,
    way: str,
    sms: str,
    now: datetime,
) -> UUID:
    conversation_id, channel = row["conversation_id"], row["channel"]
    if way != "text":
        channel = sms
        conversation_id = await open_thread(tx, vault_of(tx), row["city_id"], sms, person.mobile, now)
    kept = ("text", "lang", "subject", "template") if way == "alimtalk" else ("text", "lang", "subject")
    body = {name: first["body"][name] for name in kept if name in first["body"]}
    timing = schedule(messaging, row["purpose"], now)
    draft = Draft(
        city_id=row["city_id"],
        conversation_id=conversation_id,
        channel=channel,
        body=body,
        purpose=row["purpose"],
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=timing.next_attempt_at,
        staff_id=row["staff_id"],
        case_id=row["case_id"],
        notice=row["notice"],
        way=way,
        follows_id=row["id"],
        dedupe_key=f"next:{first['id']}:{way}",
    )
    await queue(tx, draft, now)
    told: UUID = conversation_id
    return told


async def _first(tx: AsyncConnection, row: RowMapping) -> RowMapping:
    """Where the chain began. It is as long as there are ways."""
    while row["follows_id"] is not None:
        row = (await tx.execute(select(outbound).where(outbound.c.id == row["follows_id"]))).mappings().one()
    return row


async def _case(tx: AsyncConnection, row: RowMapping) -> Any:
    if row["case_id"] is None:
        return None
    columns = (cases.c.id, cases.c.receipt_no, cases.c.citizen_id, cases.c.staff_id, cases.c.department_id)
    wanted = select(*columns, cases.c.conversation_id).where(cases.c.id == row["case_id"])
    return (await tx.execute(wanted)).one_or_none()


async def _person(tx: AsyncConnection, row: RowMapping, case: Any) -> _Person:
    """Who should have read it: the citizen of the conversation in which the chain began."""
    first = await _first(tx, row)
    wanted = select(conversations.c.citizen_id).where(conversations.c.id == first["conversation_id"])
    citizen_id = (await tx.execute(wanted)).scalar_one()
    is_filer = case is not None and (
        first["conversation_id"] == case.conversation_id or (citizen_id is not None and citizen_id == case.citizen_id)
    )
    if citizen_id is None and is_filer:
        citizen_id = case.citizen_id
    if citizen_id is None:
        return _Person(None, "", "", is_filer)
    name, phone = await contact_of(tx, vault_of(tx), citizen_id)
    try:
        mobile = mobile_phone(phone) if phone else ""
    except BadInput:
        mobile = ""
    return _Person(citizen_id, name, mobile, is_filer)


async def _ask_officer(tx: AsyncConnection, row: RowMapping, first: RowMapping, case: Any, now: datetime) -> None:
    """No way is left, or none may be taken: a person must ring him up."""
    which = case.receipt_no if case is not None else str(row["conversation_id"])
    why = f" ({row['reason']})" if row["reason"] else ""
    await notify(
        tx,
        city_id=row["city_id"],
        kind="undelivered",
        text_ko=f"{which}: 시민께 보낸 통지가 닿았는지 확인되지 않습니다. 전화 등으로 직접 알려 주세요.{why}",
        text_en=f"{which}: a notice may not have reached its citizen. Please tell him in person.",
        staff_ids=[case.staff_id] if case is not None and case.staff_id else (),
        role=None if case is not None and case.staff_id else "manager",
        department_id=case.department_id if case is not None else None,
        case_id=case.id if case is not None else None,
        now=now,
        dedupe_key=f"undelivered:{first['id']}",
    )
