"""징수촉탁 to another city (지방세징수법 §18): the signed file is made, its bills are left to the other, taken back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.ledger.stops import end_stop, stop
from civic.arrears.money.owing import owed
from civic.arrears.notices.tables import arrears_letter_bills, arrears_letters
from civic.arrears.oversight import keyring
from civic.arrears.oversight.commission_document import ENTRY, Asked, Commission, plain
from civic.arrears.oversight.event import moment
from civic.arrears.oversight.signed_file import COMMISSION, RESULT, write
from civic.arrears.oversight.tables import arrears_commission_bills, arrears_commissions
from civic.arrears.records import BillOwed, Person
from civic.arrears.tables import arrears_entries, arrears_payments, arrears_stops
from civic.staff.service import record_change
from core.arrears_desk_rules import Commission as Rules
from core.clock import SEOUL
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from core.vault import vault_of

BASIS = "징수촉탁 (지방세징수법 제18조)"


@dataclass(frozen=True, slots=True)
class City:
    """This installation, for the file."""

    id: str
    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Made:
    """`data`: the signed file."""

    id: UUID
    number: str
    data: bytes
    asked_krw: int


async def commission(
    tx: AsyncConnection,
    city: City,
    partner: str,
    debtor_id: UUID,
    bill_ids: Sequence[UUID],
    *,
    number: str,
    why: str,
    staff_id: UUID,
    now: datetime,
    rules: Rules,
) -> Made:
    """Ask `partner` (a key of the settings) to collect these bills; none named: all that are owed. They wait here until
    it is over. Raises BadInput, Conflict for a number or bill that is out already, NotFound.
    """
    if partner not in rules.partners:
        raise BadInput("설정에 없는 지방자치단체입니다.", "This city is not among the partners in the settings.")
    on = now.astimezone(SEOUL).date()
    person = (await persons(tx, city.id, [debtor_id])).get(debtor_id)
    if person is None:
        raise NotFound("체납자를 찾을 수 없습니다.", "No such debtor.")
    bills = await _wanted(tx, city.id, debtor_id, bill_ids, on)
    lines = await entries_of(tx, [one.bill_id for one in bills])
    asked = tuple(_asked(one, lines[one.bill_id]) for one in bills)
    document = Commission(number, city.id, partner, on, _debtor(person), asked, await _documents(tx, bills))
    names = {"from": {"ko": city.ko, "en": city.en}, "to": {"ko": rules.partners[partner].name, "en": partner}}
    data = write(COMMISSION, plain(document, names, why), await keyring.signing(tx, city.id, now))
    row = {"debtor_id": debtor_id, "on_day": on, "asked_krw": document.asked_krw, "staff_id": staff_id, "reason": why}
    made = await keep(tx, city.id, "out", partner, number, data, bills, row, now)
    for one in bills:
        basis = f"{BASIS}: {number}"
        await stop(tx, city.id, debtor_id, "other", on, None, basis, staff_id, now, bill_id=one.bill_id)
    return Made(made, number, data, document.asked_krw)


async def keep(
    tx: AsyncConnection,
    city_id: str,
    way: str,
    partner: str,
    number: str,
    data: bytes,
    bills: Sequence[BillOwed],
    row: Mapping[str, Any],
    now: datetime,
    names: Mapping[UUID, str] | None = None,
) -> UUID:
    """The row of a commission and its bills. Raises Conflict for one that is there already."""
    of = arrears_commissions
    known = select(of.c.id).where(
        of.c.city_id == city_id, of.c.way == way, of.c.partner == partner, of.c.number == number
    )
    if (await tx.execute(known)).first() is not None:
        raise Conflict("이미 있는 촉탁번호입니다.", "This commission is there already.", number=number)
    made = new_id()
    values = {
        "id": made,
        "city_id": city_id,
        "way": way,
        "partner": partner,
        "number": number,
        "document": vault_of(tx).seal_text(data.decode(), f"arrears_commissions.document:{made}"),
        "digest": sha256(data).hexdigest(),
        "created_at": now,
        **row,
    }
    await tx.execute(insert(of).values(values))
    lines = [
        {
            "id": new_id(),
            "city_id": city_id,
            "commission_id": made,
            "bill_id": one.bill_id,
            "bill_no": (names or {}).get(one.bill_id, one.bill_no),
            "asked_krw": one.total_krw,
        }
        for one in bills
    ]
    await tx.execute(insert(arrears_commission_bills), lines)
    detail = {"way": way, "partner": partner, "number": number, "bills": len(bills), "asked_krw": row["asked_krw"]}
    await note(tx, city_id, "made" if way == "out" else "taken", made, row["staff_id"], detail, now)
    return made


async def withdraw(
    tx: AsyncConnection, city: City, commission_id: UUID, why: str, staff_id: UUID, now: datetime
) -> bytes:
    """Take it back: the signed word for the other city; the bills are ours to collect again. Raises as `opened`."""
    row = await opened(tx, city.id, commission_id, "out")
    document = {
        "number": row["number"],
        "from": {"id": city.id, "ko": city.ko, "en": city.en},
        "to": {"id": row["partner"], "ko": row["partner"], "en": row["partner"]},
        "state": "withdrawn",
        "why": why,
        "at": moment(now),
        "of": row["digest"],
        "bills": [],
    }
    data = write(RESULT, document, await keyring.signing(tx, city.id, now))
    await end(tx, city.id, row, "withdrawn", why, staff_id, now)
    return data


async def end(
    tx: AsyncConnection,
    city_id: str,
    row: Mapping[str, Any],
    state: str,
    why: str,
    staff_id: UUID,
    now: datetime,
    **values: int,
) -> None:
    """The commission is over; bills that are out come back to their own ways."""
    of = arrears_commissions
    changed = {"state": state, "reason": why, "ended_at": now, "version": of.c.version + 1, **values}
    await tx.execute(update(of).where(of.c.id == row["id"]).values(changed))
    if row["way"] == "out":
        stops = arrears_stops
        mine = (stops.c.debtor_id == row["debtor_id"], stops.c.basis == f"{BASIS}: {row['number']}")
        wanted = select(stops.c.id).where(stops.c.city_id == city_id, *mine, stops.c.ended_at.is_(None))
        for stop_id in list(await tx.scalars(wanted)):
            await end_stop(tx, city_id, stop_id, now)
    await note(tx, city_id, state, row["id"], staff_id, {"number": row["number"], **values}, now)


async def opened(tx: AsyncConnection, city_id: str, commission_id: UUID, way: str) -> Mapping[str, Any]:
    """The row, locked. Raises NotFound, and Conflict when it is over."""
    of = arrears_commissions
    wanted = select(of).where(of.c.city_id == city_id, of.c.id == commission_id, of.c.way == way).with_for_update()
    row = (await tx.execute(wanted)).mappings().one_or_none()
    if row is None:
        raise NotFound("징수촉탁을 찾을 수 없습니다.", "No such commission.")
    if row["state"] != "open":
        raise Conflict("이미 끝난 징수촉탁입니다.", "The commission is over.", state=row["state"])
    return dict(row)


async def entries_of(tx: AsyncConnection, bill_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Lines of these bills: costs and reductions each, payments as they are booked now."""
    of = arrears_entries
    columns = (of.c.bill_id, of.c.kind, of.c.happened_on, *(of.c[name] for name in ENTRY), of.c.payment_id)
    joined = of.outerjoin(arrears_payments, arrears_payments.c.id == of.c.payment_id)
    wanted = select(*columns, arrears_payments.c.paid_on).select_from(joined).where(of.c.bill_id.in_(bill_ids))
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    paid: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for row in (await tx.execute(wanted.order_by(of.c.happened_on, of.c.id))).mappings():
        amounts = {name: row[name] for name in ENTRY}
        if row["payment_id"] is None:
            found[row["bill_id"]].append({"kind": row["kind"], "on": row["happened_on"].isoformat(), **amounts})
            continue
        key = (row["bill_id"], row["payment_id"])
        line = paid.setdefault(key, {"kind": "payment", "on": row["paid_on"].isoformat(), **dict.fromkeys(ENTRY, 0)})
        for name in ENTRY:
            line[name] += amounts[name]
    for (bill_id, _), line in paid.items():
        if any(line[name] for name in ENTRY):
            found[bill_id].append(line)
    for lines in found.values():
        lines.sort(key=lambda line: (line["on"], line["kind"]))
    return found


async def note(
    tx: AsyncConnection, city_id: str, what: str, row_id: UUID, staff_id: UUID, detail: Mapping[str, Any], now: datetime
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action=f"arrears_commission.{what}",
        object_kind="arrears_commission",
        object_id=str(row_id),
        detail=detail,
        now=now,
    )


async def _wanted(
    tx: AsyncConnection, city_id: str, debtor_id: UUID, bill_ids: Sequence[UUID], on: date
) -> list[BillOwed]:
    owing = (await owed(tx, city_id, [debtor_id], on)).get(debtor_id)
    bills = [one for one in (owing.bills if owing else ()) if not bill_ids or one.bill_id in bill_ids]
    if not bills or (bill_ids and len(bills) != len(set(bill_ids))):
        raise BadInput("촉탁할 체납 건이 없습니다.", "There is no such bill in arrears to commission.")
    of, line = arrears_commissions, arrears_commission_bills
    out = (
        select(line.c.bill_no)
        .join(of, of.c.id == line.c.commission_id)
        .where(line.c.bill_id.in_([one.bill_id for one in bills]), of.c.way == "out", of.c.state == "open")
    )
    if taken := list(await tx.scalars(out)):
        raise Conflict("이미 촉탁한 과세 건이 있습니다.", "A bill is commissioned already.", bill_no=taken[0])
    return bills


def _asked(bill: BillOwed, entries: Sequence[Mapping[str, Any]]) -> Asked:
    facts = {
        "bill_no": bill.bill_no,
        "pay_no": bill.pay_no,
        "tax_item": bill.tax_item,
        "tax_year": bill.tax_year,
        "period": bill.period,
        "principal_krw": bill.principal_krw,
        "notified_on": bill.notified_on.isoformat(),
        "due_on": bill.due_on.isoformat(),
        "dunned_on": bill.dunned_on.isoformat() if bill.dunned_on else "",
        "dun_due_on": bill.dun_due_on.isoformat() if bill.dun_due_on else "",
    }
    now = {name: getattr(bill, name) for name in (*ENTRY, "total_krw")}
    return Asked(facts, tuple(entries), now)


def _debtor(person: Person) -> dict[str, Any]:
    """Who he is and where he is reached; no birthday."""
    named = {name: getattr(person, name) for name in ("tax_no", "name", "phone", "address", "postcode")}
    return {**named, "is_company": person.is_company}


async def _documents(tx: AsyncConnection, bills: Sequence[BillOwed]) -> tuple[dict[str, Any], ...]:
    """독촉장 of these bills with their service: what the asked city needs before it may seize (§33)."""
    of, line = arrears_letters, arrears_letter_bills
    columns = (of.c.document_no, of.c.kind, of.c.issued_on, of.c.due_on, of.c.served_on, of.c.served_how)
    wanted = (
        select(*columns)
        .distinct()
        .join(line, line.c.letter_id == of.c.id)
        .where(line.c.bill_id.in_([one.bill_id for one in bills]), of.c.state != "cancelled")
        .order_by(of.c.document_no)
    )
    rows = (await tx.execute(wanted)).mappings()
    return tuple({str(name): _said(value) for name, value in row.items()} for row in rows)


def _said(value: date | str | None) -> str:
    return value.isoformat() if isinstance(value, date) else (value or "")
