"""Everything the city keeps about one person, for himself (개인정보 보호법 §35): as data, and as a page to read."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.smell.forgetting import told_of
from civic.air.telling.forgetting import wishes_of
from civic.arrears.service import held_of
from civic.cases.tables import case_events, case_joiners, cases
from civic.conversations import thread
from civic.conversations.tables import conversations
from civic.files.tables import attachments
from civic.letters.tables import letters
from civic.parking.forgetting import asked_of
from civic.people.service import absorbed, contact_of, history
from civic.people.tables import citizens, consents
from civic.staff.tables import access_log, staff
from core.clock import SEOUL
from core.errors import NotFound
from core.vault import Vault

_CASE = ("id", "receipt_no", "status", "category", "department_id", "title", "body", "place", "lat", "lon", "occurred",
         "channel", "received_at", "due_at", "closed_at", "answer", "rating", "rating_text")  # fmt: skip
MOST = 10_000
"""Messages of one conversation."""
_TAX = "과세정보(지방세기본법 제86조)는 징수 부서에 열람을 신청해 주세요. (Tax data: ask the collecting department.)"


async def export(
    tx: AsyncConnection, vault: Vault, city_id: str, citizen_id: UUID, now: datetime, *, sees_tax: bool = False
) -> dict[str, Any]:
    """JSON-ready. Internal notes of staff are not in it. `sees_tax`: for the person himself or the collecting
    department; else what is under tax secrecy is left out and said to be. The caller leaves the access-log row. Raises
    NotFound.
    """
    wanted = select(citizens.c.created_at).where(citizens.c.id == citizen_id, citizens.c.city_id == city_id)
    named_at = (await tx.execute(wanted)).scalar_one_or_none()
    if named_at is None:
        raise NotFound("시민을 찾을 수 없습니다.", "No such citizen.")
    name, phone = await contact_of(tx, vault, citizen_id)
    return {
        "citizen_id": citizen_id,
        "exported_at": now,
        "name": name,
        "phone": phone,
        "named_at": named_at,
        "cases": await _cases(tx, citizen_id),
        "joined": await _joined(tx, citizen_id),
        "conversations": await _conversations(tx, citizen_id, sees_tax=sees_tax),
        "consents": await _rows(tx, select(*_of(consents, "purpose", "is_given", "wording", "channel", "at")).where(
            consents.c.citizen_id == citizen_id).order_by(consents.c.at)),
        "letters": await _rows(tx, select(*_of(letters, "kind", "recipient", "text", "state", "created_at", "sent_at"))
            .where(letters.c.citizen_id == citizen_id).order_by(letters.c.created_at)),
        "parking": await asked_of(tx, await _threads(tx, citizen_id)),
        "smells": await told_of(tx, await _threads(tx, citizen_id)),
        "air_notices": await wishes_of(tx, await _threads(tx, citizen_id)),
        "arrears": await held_of(tx, await _threads(tx, citizen_id)) if sees_tax else {"note": _TAX},
        "links": await _links(tx, city_id, citizen_id),
        "looks": await _looks(tx, city_id, citizen_id),
    }  # fmt: skip


async def _cases(tx: AsyncConnection, citizen_id: UUID) -> list[dict[str, Any]]:
    found = await _rows(
        tx, select(*_of(cases, *_CASE)).where(cases.c.citizen_id == citizen_id).order_by(cases.c.received_at)
    )
    for case in found:
        public = (case_events.c.case_id == case["id"], case_events.c.is_public)
        events = select(*_of(case_events, "at", "kind", "from_value", "to_value", "text")).where(*public)
        case["events"] = await _rows(tx, events.order_by(case_events.c.seq))
        files = select(*_of(attachments, "id", "content_type", "size", "created_at"))
        case["files"] = await _rows(tx, files.where(attachments.c.case_id == case["id"]))
    return found


async def _joined(tx: AsyncConnection, citizen_id: UUID) -> list[dict[str, Any]]:
    """Cases of others that he joined: their number and his own words, nothing of the others."""
    columns = (cases.c.receipt_no, case_joiners.c.joined_at, case_joiners.c.left_at, case_joiners.c.text)
    joined = select(*columns).join(cases, cases.c.id == case_joiners.c.case_id)
    return await _rows(tx, joined.where(case_joiners.c.citizen_id == citizen_id).order_by(case_joiners.c.joined_at))


async def _conversations(tx: AsyncConnection, citizen_id: UUID, *, sees_tax: bool) -> list[dict[str, Any]]:
    columns = ("id", "channel", "address", "address_sealed", "lang", "created_at", "stopped_at")
    wanted = select(*_of(conversations, *columns))
    found = await _rows(tx, wanted.where(conversations.c.citizen_id == citizen_id).order_by(conversations.c.created_at))
    for one in found:
        one["address"] = one.pop("address_sealed") or one["address"]
        said = await thread.read(tx, one["id"], limit=MOST, sees_tax=sees_tax)
        one["messages"] = [
            {"at": entry.at, "from": "citizen" if entry.direction == "in" else "city", "text": entry.text}
            for entry in said
        ]
    return found


async def _threads(tx: AsyncConnection, citizen_id: UUID) -> list[UUID]:
    wanted = select(conversations.c.id).where(conversations.c.citizen_id == citizen_id)
    return list(await tx.scalars(wanted.order_by(conversations.c.created_at)))


async def _links(tx: AsyncConnection, city_id: str, citizen_id: UUID) -> list[dict[str, Any]]:
    """Which of his channels were linked or parted, when and by whom."""
    lines = await history(tx, city_id, citizen_id)
    return [{key: line[key] for key in ("at", "channel", "how", "undone_at", "undone_by", "reason")} for line in lines]


async def _looks(tx: AsyncConnection, city_id: str, citizen_id: UUID) -> list[dict[str, Any]]:
    """Who looked at him, in his own records or in a list that showed his case: who, what and why."""
    numbers = await tx.scalars(select(cases.c.receipt_no).where(cases.c.citizen_id == citizen_id))
    whose = [citizen_id, *await absorbed(tx, citizen_id)]
    in_lists = [access_log.c.reason.contains(number, autoescape=True) for number in numbers]
    columns = (*_of(access_log, "at", "action", "why"), staff.c.name.label("staff"), staff.c.department_id)
    joined = access_log.outerjoin(staff, staff.c.id == access_log.c.staff_id)
    wanted = (
        select(*columns)
        .select_from(joined)
        .where(access_log.c.city_id == city_id, or_(access_log.c.citizen_id.in_(whose), *in_lists))
    )
    return await _rows(tx, wanted.order_by(access_log.c.at))


def _of(table: Any, *names: str) -> list[Any]:
    return [table.c[name] for name in names]


async def _rows(tx: AsyncConnection, statement: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in await tx.execute(statement)]


def as_text(found: Mapping[str, Any]) -> str:
    """The same for a person to read, in Korean, Korean time."""
    lines = [
        "개인정보 열람 자료 (개인정보 보호법 제35조)",
        f"작성: {_when(found['exported_at'])}",
        f"성함: {found['name'] or '-'}   연락처: {found['phone'] or '-'}",
        f"처음 알려 주신 때: {_when(found['named_at'])}",
        "",
        f"■ 민원 {len(found['cases'])}건",
    ]
    for case in found["cases"]:
        lines += [
            f"- {case['receipt_no']} {case['title']} ({_when(case['received_at'])} 접수, 상태 {case['status']})",
            f"  내용: {case['body']}",
            f"  장소: {case['place'] or '-'}",
            f"  답변: {case['answer'] or '-'}",
        ]
        lines += [f"  {_when(event['at'])} {event['kind']} {event['text']}".rstrip() for event in case["events"]]
    lines += ["", f"■ 함께 신청한 민원 {len(found['joined'])}건"]
    lines += [
        f"- {_when(row['joined_at'])} {row['receipt_no']} {row['text'] or ''}".rstrip() for row in found["joined"]
    ]
    lines += ["", f"■ 대화 {len(found['conversations'])}건"]
    for one in found["conversations"]:
        lines.append(f"- {one['channel']} (시작 {_when(one['created_at'])})")
        lines += [
            f"  {_when(said['at'])} {'시민' if said['from'] == 'citizen' else '시청'}: {said['text']}"
            for said in one["messages"]
        ]
    lines += ["", f"■ 동의 {len(found['consents'])}건"]
    lines += [
        f"- {_when(row['at'])} {row['purpose']}: {'동의' if row['is_given'] else '거부'}" for row in found["consents"]
    ]
    lines += ["", f"■ 우편 {len(found['letters'])}건"]
    lines += [
        f"- {_when(row['created_at'])} {row['recipient'].get('address') or '-'}: {row['text']}"
        for row in found["letters"]
    ]
    lines += _parking_lines(found["parking"])
    lines += _smell_lines(found["smells"])
    lines += ["", f"■ 대기질 알림 {len(found['air_notices'])}건"]
    lines += [
        f"- {_when(row['created_at'])} {row['area'] or '우리 시'}, {', '.join(row['pollutants'] or ()) or '모두'}"
        + (f", {row['from']}~{row['until']}" if row["from"] else "")
        + (f", {_when(row['ended_at'])} 해지" if row["ended_at"] else "")
        for row in found["air_notices"]
    ]
    lines += _arrears_lines(found["arrears"])
    lines += ["", f"■ 채널 연결 {len(found['links'])}건"]
    lines += [
        f"- {_when(row['at'])} {row['channel']} 연결"
        + (f", {_when(row['undone_at'])} 해제" if row["undone_at"] else "")
        for row in found["links"]
    ]
    lines += ["", f"■ 열람한 직원 {len(found['looks'])}건"]
    lines += [
        f"- {_when(row['at'])} {row['staff'] or '-'} {row['action']} {row['why']}".rstrip() for row in found["looks"]
    ]
    return "\n".join(lines) + "\n"


def _arrears_lines(held: Mapping[str, Any]) -> list[str]:
    """지방세: what is owed and was paid, or where to ask for it."""
    if "note" in held:
        return ["", "■ 지방세", f"- {held['note']}"]
    lines = ["", f"■ 지방세 {len(held['bills'])}건"]
    lines += [
        f"- {one['tax_item']} {one['tax_year']} {one['bill_no']} {one['principal_krw']:,}원, 기한 {one['due_on']},"
        f" {one['state']}"
        for one in held["bills"]
    ]
    lines += [f"- {one['paid_on']} 납부 {one['amount_krw']:,}원" for one in held["payments"]]
    lines += [f"- 서면 {one['document_no']} ({one['kind']}), 송달 {one['served_on'] or '-'}" for one in held["letters"]]
    return lines


def _smell_lines(told: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["", f"■ 악취 신고 {len(told)}건"]
    return lines + [
        f"- {_when(row['told_at'])} {row['kind']}, 강도 {row['strength']} {row['area']}".rstrip() for row in told
    ]


def _parking_lines(asked: Mapping[str, Any]) -> list[str]:
    """Home and work, 자리 알림, 불법주정차 신고."""
    names = {"home": "집", "work": "직장"}
    lines = [
        "",
        f"■ 주차: 장소 {len(asked['places'])}건, 자리 알림 {len(asked['watches'])}건, 신고 {len(asked['reports'])}건",
    ]
    lines += [
        f"- {names[one['kind']]}: {one['area']} ({one['lat']:.5f}, {one['lon']:.5f}) {one['leaves_at']}".rstrip()
        for one in asked["places"]
    ]
    lines += [f"- {_when(one['created_at'])} {one['lot']} 자리 알림" for one in asked["watches"]]
    lines += [
        f"- {_when(one['created_at'])} 불법주정차 신고 {one['kind']} {one['plate'] or ''} {one['area']}".rstrip()
        for one in asked["reports"]
    ]
    return lines


def _when(at: datetime) -> str:
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M}"
