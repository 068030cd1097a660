"""Proof of notice: the whole timeline of a debtor (or one bill) from stored facts, chained and signed.

Each event carries the hash of the one before; the first that of the audit chain's head, so that the proof can be set
beside the record of changes. What the chain does not say is not in it: nothing here is told from memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.money.owing import owed
from civic.arrears.oversight import bill_events, keyring, letter_events, message_events, seizure_events
from civic.arrears.oversight.event import MESSAGE_EN, MESSAGE_KO, Event, moment, staff
from civic.arrears.oversight.proof_chain import chained
from civic.arrears.oversight.signed_file import PROOF, canonical, write
from civic.arrears.oversight.tables import arrears_proofs
from civic.arrears.records import Person
from civic.arrears.tables import arrears_bills, arrears_debtors
from civic.staff import chain
from civic.staff.service import record_change
from core.clock import SEOUL
from core.errors import NotFound
from core.ids import new_id
from core.vault import vault_of


@dataclass(frozen=True, slots=True)
class Proof:
    """`data`: the signed file as it is handed out. `digest`: SHA-256 of it."""

    id: UUID
    debtor_id: UUID
    data: bytes
    digest: str
    key_id: str
    events: int
    made_at: datetime


async def timeline(tx: AsyncConnection, city_id: str, debtor_id: UUID, on: date, bill_id: UUID | None) -> list[Event]:
    """Everything stored about it, in the order in which it happened. Raises NotFound for a debtor who is not there or
    a bill that is not his."""
    known = select(arrears_debtors.c.id).where(arrears_debtors.c.city_id == city_id, arrears_debtors.c.id == debtor_id)
    if (await tx.execute(known)).one_or_none() is None:
        raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
    bills = await _bills(tx, city_id, debtor_id, bill_id)
    found = [
        *await bill_events.of_bills(tx, bills, on),
        *await bill_events.of_money(tx, debtor_id, bills),
        *await bill_events.of_stops(tx, debtor_id),
        *await message_events.of_messages(tx, debtor_id),
        *await letter_events.of_letters(tx, debtor_id, bills),
        *await seizure_events.of_seizures(tx, debtor_id),
        *await seizure_events.of_requests(tx, debtor_id),
    ]
    return sorted(found, key=lambda event: event.order)


async def make(
    tx: AsyncConnection,
    city: Mapping[str, str],
    debtor_id: UUID,
    *,
    bill_id: UUID | None,
    staff_id: UUID,
    why: str,
    anchor: Mapping[str, Any] | None,
    now: datetime,
) -> Proof:
    """`city`: {id, ko, en}. `anchor`: the last line of the file of anchors, where there is one. The proof is kept, and
    its making is in the record of changes. Raises NotFound.
    """
    city_id, on = city["id"], now.astimezone(SEOUL).date()
    known = await persons(tx, city_id, [debtor_id])
    if debtor_id not in known:
        raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
    events = await timeline(tx, city_id, debtor_id, on, bill_id)
    proof_id, key = new_id(), await keyring.signing(tx, city_id, now)
    head = await chain.head_of(tx, city_id)
    start = {"audit_seq": head.seq, "audit_hash": head.hash.hex(), "anchor": _anchor(anchor)}
    lines = chained(start, [one.plain() for one in events])
    document = {
        "proof": str(proof_id),
        "city": dict(city),
        "made_at": moment(now),
        "made_by": staff(staff_id),
        "why": why,
        "debtor": _person(known[debtor_id], bill_id),
        "owed": await _owed(tx, city_id, debtor_id, on, bill_id),
        "start": start,
        "events": lines,
        "count": len(lines),
        "last": lines[-1]["hash"] if lines else sha256(canonical(start)).hexdigest(),
        "service": _service(events),
    }
    data = write(PROOF, document, key)
    made = Proof(proof_id, debtor_id, data, sha256(data).hexdigest(), key.id, len(lines), now)
    await _keep(tx, city_id, made, bill_id, staff_id)
    return made


async def _keep(tx: AsyncConnection, city_id: str, made: Proof, bill_id: UUID | None, staff_id: UUID) -> None:
    values = {
        "id": made.id,
        "city_id": city_id,
        "debtor_id": made.debtor_id,
        "bill_id": bill_id,
        "document": vault_of(tx).seal_text(made.data.decode(), f"arrears_proofs.document:{made.id}"),
        "digest": made.digest,
        "key_id": made.key_id,
        "events": made.events,
        "staff_id": staff_id,
        "made_at": made.made_at,
    }
    await tx.execute(insert(arrears_proofs).values(values))
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action="arrears_proof.made",
        object_kind="arrears_proof",
        object_id=str(made.id),
        detail={"sha256": made.digest, "key": made.key_id, "events": made.events},
        now=made.made_at,
    )


async def read(tx: AsyncConnection, city_id: str, proof_id: UUID) -> Proof:
    """As it was made, byte by byte. Raises NotFound."""
    of = arrears_proofs
    wanted = select(of).where(of.c.city_id == city_id, of.c.id == proof_id)
    row = (await tx.execute(wanted)).mappings().one_or_none()
    if row is None:
        raise NotFound("증명서를 찾을 수 없습니다.", "No such proof.")
    data = row["document"].encode()
    return Proof(row["id"], row["debtor_id"], data, row["digest"], row["key_id"], row["events"], row["made_at"])


async def of_debtor(tx: AsyncConnection, city_id: str, debtor_id: UUID) -> list[Mapping[str, Any]]:
    """Proofs that were made about him, the newest first, without their words."""
    of = arrears_proofs
    columns = (of.c.id, of.c.bill_id, of.c.digest, of.c.key_id, of.c.events, of.c.staff_id, of.c.made_at)
    wanted = select(*columns).where(of.c.city_id == city_id, of.c.debtor_id == debtor_id)
    return [dict(row) for row in (await tx.execute(wanted.order_by(of.c.made_at.desc(), of.c.id))).mappings()]


async def _bills(tx: AsyncConnection, city_id: str, debtor_id: UUID, bill_id: UUID | None) -> list[UUID]:
    of = arrears_bills
    wanted = select(of.c.id).where(of.c.city_id == city_id, of.c.debtor_id == debtor_id)
    found = list(await tx.scalars(wanted if bill_id is None else wanted.where(of.c.id == bill_id)))
    if bill_id is not None and not found:
        raise NotFound("이 체납자의 과세 건이 아닙니다.", "No such bill of this debtor.")
    return found


def _person(person: Person, bill_id: UUID | None) -> dict[str, Any]:
    """Whom it is about: by number, name and where letters go; no telephone, no birthday."""
    return {
        "id": str(person.debtor_id),
        "tax_no": person.tax_no,
        "name": person.name,
        "address": person.address,
        "bill": str(bill_id) if bill_id else "",
    }


async def _owed(
    tx: AsyncConnection, city_id: str, debtor_id: UUID, on: date, bill_id: UUID | None
) -> list[dict[str, Any]]:
    owing = (await owed(tx, city_id, [debtor_id], on)).get(debtor_id)
    return [
        {
            "bill": str(one.bill_id),
            "bill_no": one.bill_no,
            "on": on.isoformat(),
            "costs_krw": one.costs_krw,
            "tax_krw": one.tax_krw,
            "surcharge_krw": one.surcharge_krw,
            "total_krw": one.total_krw,
        }
        for one in (owing.bills if owing else ())
        if bill_id in (None, one.bill_id)
    ]


def _service(events: Sequence[Event]) -> dict[str, Any]:
    """What of it is service and what is not, counted and said."""
    served = [one for one in events if one.service == "served"]
    return {
        "ko": MESSAGE_KO,
        "en": MESSAGE_EN,
        "messages": sum(one.kind == "message.queued" for one in events),
        "served": [
            {"document_no": str(one.document), "on": str(one.facts.get("happened_on", "")), "ko": one.ko}
            for one in served
        ],
        "is_demand_served": any(one.kind == "letter.served" and one.ko.startswith("독촉장") for one in served),
    }


def _anchor(line: Mapping[str, Any] | None) -> dict[str, Any]:
    """The city's own daily signature over its record of changes, as its file of anchors has it."""
    return {key: line[key] for key in ("at", "seq", "hash") if key in line} if line else {}
