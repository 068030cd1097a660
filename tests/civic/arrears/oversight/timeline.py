"""A debtor with one of everything that can happen to him, for the tests of proofs, secrecy and figures."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.stops import stop
from civic.arrears.money.owing import owed
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.notices.letters import list_letter
from civic.arrears.notices.register import note
from civic.arrears.runs.tables import arrears_run_recipients, arrears_runs
from civic.arrears.seizure.tables import arrears_batches, arrears_seizure_events
from civic.conversations.outbound import Draft, queue
from civic.conversations.tables import outbound
from civic.staff.members import add_staff
from core.ids import new_id
from core.vault import vault_of
from tests.civic.arrears.made import CITY, NOW, TODAY, bill, debtor
from tests.civic.cases.rows import conversation

WORDS = "[김포시] 가*늘님, 체납 지방세 안내입니다. 613,000원. 문의 031-980-0000"


@dataclass(frozen=True, slots=True)
class Told:
    """Whom it happened to, and two officers."""

    debtor_id: UUID
    bill_id: UUID
    thread: UUID
    message_id: UUID
    letter_id: UUID
    officers: tuple[UUID, UUID]


async def happened(tx: AsyncConnection, name: str = "가람하늘", words: str = WORDS, **person: Any) -> Told:
    """고지, 독촉장 (posted and served), a message that was delivered, a stop, part paid, a step of a batch."""
    officers = await _officers(tx)
    who = await debtor(tx, name=name, **person)
    owes = await bill(tx, who, dunned_on=date(2025, 10, 20), dun_due_on=date(2025, 11, 4))
    owing = (await owed(tx, CITY, [who], TODAY))[who]
    letter = await list_letter(tx, CITY, who, "dun", owing.bills, {}, f"dun:{owes}", NOW - timedelta(days=30))
    assert letter is not None
    for days, what in ((29, "printed"), (28, "sent"), (25, "served")):
        at = NOW - timedelta(days=days)
        await note(tx, CITY, [letter], what, at.date(), at, by=officers[0])
    thread, message = await _message(tx, who, owes, words, officers)
    await stop(tx, CITY, who, "wrong_number", TODAY, None, "본인 신고", officers[0], NOW)
    given = NewPayment("test", str(new_id()), 100_000, TODAY, "bank", debtor_id=who, paid_at=NOW)
    await take_payment(tx, CITY, given, NOW)
    await _step(tx, who, officers[0])
    return Told(who, owes, thread, message, letter, officers)


async def _officers(tx: AsyncConnection) -> tuple[UUID, UUID]:
    made = []
    for number in (1, 2):
        login = f"officer.{new_id().hex[-10:]}"
        one = await add_staff(
            tx,
            city_id=CITY,
            login=login,
            name=f"담당{number}",
            role="agent",
            password="sinmungo-북소리-2026",
            department_id=None,
            now=NOW,
        )
        made.append(one.id)
    return made[0], made[1]


async def _message(
    tx: AsyncConnection, who: UUID, owes: UUID, words: str, officers: tuple[UUID, UUID]
) -> tuple[UUID, UUID]:
    at = NOW - timedelta(days=10)
    run = {
        "id": new_id(), "city_id": CITY, "title": "11월 체납 안내", "level": "reminder", "criteria": {},
        "status": "filled", "staff_id": officers[0], "approved_by": officers[1], "approved_at": at, "created_at": at,
        "updated_at": at,
    }  # fmt: skip
    await tx.execute(insert(arrears_runs).values(run))
    thread = await conversation(tx, channel="sms")
    message = await queue(
        tx,
        Draft(CITY, thread, "sms", {"text": words, "lang": "ko"}, "arrears", 5, at + timedelta(days=2), at, way="sms"),
        at,
    )
    got: datetime = at + timedelta(minutes=2)
    moments = {"sent_at": at + timedelta(minutes=1), "delivered_at": got, "provider_id": "M-1", "status": "delivered"}
    await tx.execute(outbound.update().where(outbound.c.id == message).values(moments))
    row_id = new_id()
    recipient = {
        "id": row_id, "run_id": run["id"], "city_id": CITY, "debtor_id": who, "amount_krw": 613_000, "way": "sms",
        "bills": [{"bill_id": str(owes), "total_krw": 613_000}], "first_way": "sms", "state": "queued",
        "message_id": message, "queued_at": at, "updated_at": at,
        "body": vault_of(tx).seal_json({}, f"outbound.body:{row_id}"),
    }  # fmt: skip
    await tx.execute(insert(arrears_run_recipients).values(recipient))
    return thread, message


async def _step(tx: AsyncConnection, who: UUID, officer: UUID) -> None:
    batch = new_id()
    await tx.execute(
        insert(arrears_batches).values(
            id=batch, city_id=CITY, title="11월 압류", drafted_by=officer, created_at=NOW, updated_at=NOW
        )
    )
    step = {
        "id": new_id(), "city_id": CITY, "batch_id": batch, "debtor_id": who, "at": NOW, "step": "held",
        "article": "지방세징수법 제52조", "document": "압류-2026-1", "actor_kind": "bank", "to_state": "held",
        "detail": {"amount_krw": 500_000},
    }  # fmt: skip
    await tx.execute(insert(arrears_seizure_events).values(step))
