"""Messages to a debtor for the proof of notice: by which words, who stood for them, and what the provider told of each.

A message is never service; the events say so one by one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking.tables import arrears_payment_words
from civic.arrears.notices.tables import arrears_templates
from civic.arrears.oversight.event import Event, moment, staff, text_digest
from civic.arrears.runs.tables import arrears_run_recipients, arrears_runs
from civic.arrears.tables import arrears_payments
from civic.conversations.tables import outbound
from core.db import Json
from core.masking import mask
from core.vault import Vault, vault_of

_ENDS = {
    "failed": ("message.failed", "전달 실패", "Failed"),
    "expired": ("message.expired", "보낼 때가 지남", "Expired unsent"),
    "unknown": ("message.unknown", "전달 여부 알 수 없음", "Nobody knows whether it arrived"),
    "cancelled": ("message.cancelled", "보내지 않고 거둠", "Taken back unsent"),
}
_EVENTS = (
    ("created_at", "message.queued", "안내 보내기 시작", "Message queued"),
    ("sent_at", "message.sent", "통신사에 넘김", "Handed to the provider"),
    ("delivered_at", "message.delivered", "단말에 닿음 (통신사 알림)", "Delivered, says the provider"),
    ("read_at", "message.read", "읽음 (통신사 알림)", "Read, says the provider"),
)


async def of_messages(tx: AsyncConnection, debtor_id: UUID) -> list[Event]:
    """Notices of runs with what came after each, and the word of thanks for a payment."""
    recipients, runs = arrears_run_recipients, arrears_runs
    wanted = select(recipients, runs.c.level, runs.c.approved_by, runs.c.approved_at, runs.c.staff_id)
    wanted = wanted.join(runs, runs.c.id == recipients.c.run_id).where(recipients.c.debtor_id == debtor_id)
    found: list[Event] = []
    for row in (await tx.execute(wanted)).mappings():
        found.append(_listed(dict(row)))
        ids = [one for one in (row["id"], row["message_id"]) if one is not None]
        for message in await _chain(tx, ids):
            words = await _words(tx, row["city_id"], row["level"], message)
            found += _of(vault_of(tx), message, row["level"], words)
    thanks = (
        select(arrears_payment_words.c.outbound_id)
        .join(arrears_payments, arrears_payments.c.id == arrears_payment_words.c.payment_id)
        .where(arrears_payments.c.debtor_id == debtor_id, arrears_payment_words.c.outbound_id.is_not(None))
    )
    for message in await _chain(tx, list(await tx.scalars(thanks))):
        found += _of(vault_of(tx), message, "paid", {})
    return found


def _listed(row: Mapping[str, Any]) -> Event:
    """That a run was meant for him, on which sum, or why not."""
    facts = {
        "run": str(row["run_id"]),
        "level": row["level"],
        "state": row["state"],
        "reason": row["reason"],
        "amount_krw": row["amount_krw"],
        "bills": [{"bill": str(one["bill_id"]), "total_krw": int(one["total_krw"])} for one in row["bills"]],
        "drafted_by": staff(row["staff_id"]),
        "approved_by": staff(row["approved_by"]) if row["approved_by"] else "",
    }
    at = row["approved_at"] or row["updated_at"]
    what = ("안내 대상", "Meant by a run") if row["state"] != "excluded" else ("안내에서 제외", "Left out of a run")
    who = facts["approved_by"] or facts["drafted_by"]
    source = ("arrears_run_recipients", row["id"])
    return Event(at, "run.listed", *what, source, actor=str(who), service="no", facts=facts)


async def _chain(tx: AsyncConnection, ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """These messages and those that followed one of them by another way."""
    columns = [column for column in outbound.c if column.name != "body"]
    body = type_coerce(outbound.c.body, Json).label("body")
    seen: dict[UUID, Mapping[str, Any]] = {}
    following = list(ids)
    while following:
        near = or_(outbound.c.id.in_(following), outbound.c.follows_id.in_(following))
        rows = (await tx.execute(select(*columns, body).where(near))).mappings()
        fresh = {row["id"]: row for row in rows if row["id"] not in seen}
        seen |= fresh
        following = list(fresh)
    return list(seen.values())


async def _words(tx: AsyncConnection, city_id: str, level: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """The edition of the words that stood approved as the message was queued, and who wrote and approved it."""
    of = arrears_templates
    kinds = {"alimtalk": ["alimtalk"], "letter": ["letter"]}.get(message["way"] or "", ["alimtalk", "sms", "lms"])
    wanted = (
        select(of)
        .where(of.c.city_id == city_id, of.c.level == level, of.c.kind.in_(kinds))
        .where(of.c.decided_at <= message["created_at"], of.c.state.in_(("approved", "retired")))
        .order_by(of.c.decided_at.desc(), of.c.id)
    )
    rows = (await tx.execute(wanted)).mappings().all()
    newest = {(row["kind"], row["lang"]): row for row in reversed(rows)}
    return {
        f"{kind}.{lang}": {
            "template": str(row["id"]),
            "edition": row["number"],
            "sha256": text_digest(f"{row['subject']}\n{row['body']}"),
            "written_by": staff(row["written_by"]),
            "approved_by": staff(row["decided_by"]),
            "approved_at": moment(row["decided_at"]),
        }
        for (kind, lang), row in sorted(newest.items())
    }


def _of(vault: Vault, message: Mapping[str, Any], level: str, words: dict[str, Any]) -> list[Event]:
    body = vault.open_json(message["body"], f"outbound.body:{message['id']}")
    text = str(body.get("text", ""))
    common = {
        "message": str(message["id"]),
        "channel": message["channel"],
        "way": message["way"] or "",
        "level": level,
        "provider_id": message["provider_id"] or "",
    }
    said = common | {
        "text": mask(text),
        "text_sha256": text_digest(text) if text else "",
        "words": words or "",
        "follows": str(message["follows_id"]) if message["follows_id"] else "",
    }
    source = ("outbound", message["id"])
    found = [
        Event(message[column], kind, ko, en, source, service="no", actor=staff(message["staff_id"]),
              facts=said if column == "created_at" else common)
        for column, kind, ko, en in _EVENTS
        if message[column] is not None
    ]  # fmt: skip
    if message["status"] in _ENDS:
        ended: datetime = message["ended_at"] or message["created_at"]
        kind, ko, en = _ENDS[message["status"]]
        facts = common | {"reason": message["reason"] or ""}
        found.append(Event(ended, kind, ko, en, source, service="no", facts=facts))
    return found
