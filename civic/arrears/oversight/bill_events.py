"""What the ledger knows of a debtor's bills, payments and stops, for the proof of notice."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.oversight.event import Event, day_after, staff
from civic.arrears.seizure.paths import STAGES
from civic.arrears.tables import arrears_bills, arrears_entries, arrears_payments, arrears_stops

_STOPS = {
    "deferral": ("징수유예", "Collection deferred", "지방세징수법 제25조~제28조"),
    "suspended": ("체납처분 유예", "Compulsory collection suspended", "지방세징수법 제105조"),
    "instalment": ("분납", "Instalments agreed", "지방세징수법 제25조"),
    "dispute": ("불복·이의", "Disputed", "지방세기본법 제89조"),
    "wrong_number": ("번호 잘못", "Wrong telephone number", ""),
}
_ENTRIES = {
    "cost": ("체납처분비 발생", "Cost of collection", "지방세징수법 제4조"),
    "payment": ("충당", "Allocated", "지방세징수법 제4조"),
    "reduction": ("감액", "Reduced", ""),
    "reversal": ("수납 취소", "Payment reversed", ""),
}


async def of_bills(tx: AsyncConnection, bill_ids: Sequence[UUID], on: date) -> list[Event]:
    """고지, the passing of the deadline, 독촉 with its deadline, and how each ended."""
    found: list[Event] = []
    rows = await tx.execute(select(arrears_bills).where(arrears_bills.c.id.in_(bill_ids)))
    for row in rows.mappings():
        source = ("arrears_bills", row["id"])
        facts = {
            "bill_no": row["bill_no"],
            "tax_item": row["tax_item"],
            "tax_year": row["tax_year"],
            "principal_krw": row["principal_krw"],
            "due_on": row["due_on"].isoformat(),
        }
        stage = STAGES["notified"]
        found.append(
            Event(row["notified_on"], "bill.notified", stage.ko, stage.en, source, stage.article, stage.document,
                  facts=facts)
        )  # fmt: skip
        if row["due_on"] < on:
            stage = STAGES["overdue"]
            over = day_after(row["due_on"])
            found.append(Event(over, "bill.overdue", stage.ko, stage.en, source, stage.article, facts=facts))
        if row["dunned_on"] is not None:
            stage = STAGES["dunned"]
            until = row["dun_due_on"].isoformat() if row["dun_due_on"] else ""
            dunned = facts | {"dun_due_on": until}
            found.append(
                Event(row["dunned_on"], "bill.dunned", stage.ko, stage.en, source, stage.article, stage.document,
                      facts=dunned)
            )  # fmt: skip
        if row["closed_on"] is not None:
            ended = facts | {"state": row["state"]}
            found.append(Event(row["closed_on"], "bill.closed", "과세 건 종결", "Bill closed", source, facts=ended))
    return found


async def of_money(tx: AsyncConnection, debtor_id: UUID, bill_ids: Sequence[UUID]) -> list[Event]:
    """Payments as they came, and each line of the bills' ledger."""
    found: list[Event] = []
    paid = select(arrears_payments).where(arrears_payments.c.debtor_id == debtor_id)
    for row in (await tx.execute(paid)).mappings():
        facts = {
            "amount_krw": row["amount_krw"],
            "excess_krw": row["excess_krw"],
            "way": row["way"],
            "state": row["state"],
            "paid_on": row["paid_on"].isoformat(),
            "payment_no": row["payment_no"],
        }
        at = row["paid_at"] or row["received_at"]
        found.append(Event(at, "payment.received", "납부", "Paid", ("arrears_payments", row["id"]), facts=facts))
    lines = select(arrears_entries).where(arrears_entries.c.bill_id.in_(bill_ids))
    for row in (await tx.execute(lines)).mappings():
        ko, en, article = _ENTRIES[row["kind"]]
        facts = {
            "costs_krw": row["costs_krw"],
            "tax_krw": row["tax_krw"],
            "surcharge_krw": row["surcharge_krw"],
            "happened_on": row["happened_on"].isoformat(),
            "bill": str(row["bill_id"]),
        }
        source = ("arrears_entries", row["id"])
        at, who = row["created_at"], staff(row["staff_id"])
        found.append(Event(at, f"entry.{row['kind']}", ko, en, source, article, actor=who, facts=facts))
    return found


async def of_stops(tx: AsyncConnection, debtor_id: UUID) -> list[Event]:
    """What bade the city wait, and its end."""
    found: list[Event] = []
    for row in (await tx.execute(select(arrears_stops).where(arrears_stops.c.debtor_id == debtor_id))).mappings():
        ko, en, article = _STOPS.get(row["kind"], ("보류", "On hold", ""))
        until = row["until_on"].isoformat() if row["until_on"] else ""
        facts = {
            "kind": row["kind"],
            "from_on": row["from_on"].isoformat(),
            "until_on": until,
            "bill": str(row["bill_id"]) if row["bill_id"] else "",
        }
        source = ("arrears_stops", row["id"])
        found.append(
            Event(row["created_at"], "stop.began", ko, en, source, article, actor=staff(row["staff_id"]), facts=facts)
        )
        if row["ended_at"] is not None:
            over = ("stop.ended", f"{ko} 끝", f"{en}: ended")
            found.append(Event(row["ended_at"], *over, source, article, facts={"kind": row["kind"]}))
    return found
