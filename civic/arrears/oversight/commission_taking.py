"""Another city's 징수촉탁 enters this ledger: only signed by its key, only for us, only when our own reckoning comes to
the same won; refused, taken back."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.entering import NewBill, NewDebtor, enter_bills, enter_debtors
from civic.arrears.ledger.people import find
from civic.arrears.money.costs import add_cost
from civic.arrears.money.owing import owed
from civic.arrears.money.settling import settle
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.oversight.commission import City, end, keep, opened
from civic.arrears.oversight.commission_document import ENTRY, Asked, Commission, bill_name, parsed
from civic.arrears.oversight.signed_file import COMMISSION, RESULT, Broken, Signed, is_by, read
from civic.arrears.oversight.tables import arrears_commission_bills, arrears_commissions
from civic.arrears.records import BillOwed
from civic.arrears.tables import arrears_bills, arrears_entries
from civic.arrears.touched import touch
from core.arrears_desk_rules import Commission as Rules
from core.clock import SEOUL
from core.errors import Conflict, NotFound
from core.ids import new_id
from core.signatures import public_key

BEFORE = "commission-before"
"""Source of payments that were made at the asking city: they count in the reckoning and in nobody's result."""


def vouched(data: bytes, kind: str, rules: Rules) -> Signed:
    """The file, signed by a key of the city that it says it is from. Raises Broken."""
    found = read(data)
    sender = found.document.get("from")
    partner = rules.partners.get(str(sender.get("id"))) if isinstance(sender, dict) else None
    if found.kind != kind or partner is None:
        raise Broken("협약한 지방자치단체의 파일이 아닙니다.", "This file is from none of the partner cities.")
    if not is_by(found, [public_key(one) for one in partner.keys]):
        raise Broken("그 시의 키로 서명되지 않았습니다.", "It is not signed by a key of that city.")
    return found


async def take(tx: AsyncConnection, city: City, data: bytes, staff_id: UUID, now: datetime, rules: Rules) -> UUID:
    """Debtor and bills in our ledger, what was paid and spent there replayed. Raises Broken; Conflict for one that was
    taken already, or where our reckoning on the file's day differs by a single won.
    """
    asked = parsed(vouched(data, COMMISSION, rules).document)
    if asked.to_city != city.id:
        raise Broken("우리 시 앞으로 온 촉탁이 아닙니다.", "This commission is for another city.")
    debtor_id = await _debtor(tx, city.id, asked, now)
    ids = await enter_bills(tx, city.id, [_bill(asked, one) for one in asked.bills], now)
    named = {ids[bill_name(asked.from_city, one.facts["bill_no"])]: one for one in asked.bills}
    for bill_id, one in named.items():
        await _replay(tx, city.id, debtor_id, bill_id, asked, one, now)
    await settle(tx, city.id, [debtor_id], now)
    bills = await _same(tx, city.id, debtor_id, named, asked.on_day)
    row = {"debtor_id": debtor_id, "on_day": asked.on_day, "asked_krw": asked.asked_krw, "staff_id": staff_id}
    names = {bill_id: str(one.facts["bill_no"]) for bill_id, one in named.items()}
    made = await keep(tx, city.id, "in", asked.from_city, asked.number, data, bills, row, now, names)
    await touch(tx, city.id, [debtor_id], "bill", now)
    return made


async def refuse(tx: AsyncConnection, city: City, commission_id: UUID, why: str, staff_id: UUID, now: datetime) -> None:
    """We do not collect it: its bills leave our ledger. The result file tells the asking city. Raises Conflict."""
    row = await opened(tx, city.id, commission_id, "in")
    await _close(tx, city.id, row, now)
    await end(tx, city.id, row, "refused", why, staff_id, now)


async def take_withdrawal(
    tx: AsyncConnection, city: City, data: bytes, staff_id: UUID, now: datetime, rules: Rules
) -> UUID:
    """The asking city took it back. Raises Broken, NotFound, Conflict when it is over here."""
    document = vouched(data, RESULT, rules).document
    if document.get("state") != "withdrawn" or document["to"]["id"] != city.id:
        raise Broken("촉탁을 거두는 파일이 아닙니다.", "This file withdraws no commission of ours.")
    of = arrears_commissions
    wanted = select(of.c.id, of.c.digest).where(
        of.c.city_id == city.id, of.c.way == "in", of.c.partner == document["from"]["id"],
        of.c.number == document["number"],
    )  # fmt: skip
    found = (await tx.execute(wanted)).one_or_none()
    if found is None:
        raise NotFound("그런 징수촉탁을 받은 적이 없습니다.", "No such commission was taken.")
    if found.digest != document["of"]:
        raise Broken("우리가 받은 촉탁과 다릅니다.", "It withdraws another file than the one we took.")
    row = await opened(tx, city.id, found.id, "in")
    await _close(tx, city.id, row, now)
    await end(tx, city.id, row, "withdrawn", str(document["why"])[:300], staff_id, now)
    return UUID(str(found.id))


async def _debtor(tx: AsyncConnection, city_id: str, asked: Commission, now: datetime) -> UUID:
    """Ours where the number is known here; what we know of him is not overwritten by another city."""
    told = asked.debtor
    known = await find(tx, city_id, tax_no=told["tax_no"])
    if known:
        return known[0]
    new = NewDebtor(
        told["tax_no"], told["name"], told["phone"], told["address"], told["postcode"], is_company=told["is_company"]
    )
    return (await enter_debtors(tx, city_id, [new], now))[told["tax_no"]]


def _bill(asked: Commission, one: Asked) -> NewBill:
    facts = one.facts
    return NewBill(
        tax_no=asked.debtor["tax_no"],
        bill_no=bill_name(asked.from_city, str(facts["bill_no"])),
        tax_item=facts["tax_item"],
        tax_year=facts["tax_year"],
        principal_krw=facts["principal_krw"],
        notified_on=date.fromisoformat(facts["notified_on"]),
        due_on=date.fromisoformat(facts["due_on"]),
        pay_no=facts["pay_no"],
        period=facts["period"],
        dunned_on=_day(facts["dunned_on"]),
        dun_due_on=_day(facts["dun_due_on"]),
    )


def _day(told: str) -> date | None:
    return date.fromisoformat(told) if told else None


async def _replay(
    tx: AsyncConnection, city_id: str, debtor_id: UUID, bill_id: UUID, asked: Commission, one: Asked, now: datetime
) -> None:
    """What happened to the bill before it came here, line by line, through the same doors as our own."""
    for number, line in enumerate(one.entries):
        on = date.fromisoformat(line["on"])
        if line["kind"] == "cost":
            await add_cost(tx, city_id, bill_id, -line["costs_krw"], f"{asked.number} 촉탁 전 체납처분비", on, now)
        elif line["kind"] == "reduction":
            values = {"id": new_id(), "city_id": city_id, "debtor_id": debtor_id, "bill_id": bill_id}
            values |= {"kind": "reduction", "happened_on": on, "reason": f"{asked.number} 촉탁 전 감액"}
            amounts = {name: line[name] for name in ENTRY}
            await tx.execute(insert(arrears_entries).values({**values, **amounts, "created_at": now}))
        else:
            name = f"{asked.from_city}/{asked.number}/{one.facts['bill_no']}/{number}"
            amount = sum(line[part] for part in ENTRY)
            paid = NewPayment(BEFORE, name, amount, on, "import", bill_id=bill_id)
            await take_payment(tx, city_id, paid, now)


async def _same(
    tx: AsyncConnection, city_id: str, debtor_id: UUID, named: Mapping[UUID, Asked], on: date
) -> Sequence[BillOwed]:
    """Our reckoning on the file's day. Raises Conflict where it is another."""
    owing = (await owed(tx, city_id, [debtor_id], on)).get(debtor_id)
    ours = {one.bill_id: one for one in (owing.bills if owing else ()) if one.bill_id in named}
    for bill_id, told in named.items():
        mine = ours.get(bill_id)
        amounts = {name: getattr(mine, name) if mine else 0 for name in ENTRY}
        if amounts != {name: told.owed[name] for name in ENTRY}:
            raise Conflict(
                f"과세번호 {told.facts['bill_no']}의 금액이 우리 셈과 다릅니다. 촉탁한 시에 확인해 주세요.",
                f"Our reckoning of bill {told.facts['bill_no']} differs; ask the other city.",
                bill_no=str(told.facts["bill_no"]),
                ours_krw=sum(amounts.values()),
                theirs_krw=told.owed["total_krw"],
            )
    return list(ours.values())


async def _close(tx: AsyncConnection, city_id: str, row: Mapping[str, Any], now: datetime) -> None:
    """Its open bills are no claims of ours any more."""
    line = arrears_commission_bills
    mine = select(line.c.bill_id).where(line.c.commission_id == row["id"])
    changed = {"state": "cancelled", "closed_on": now.astimezone(SEOUL).date(), "updated_at": now}
    of = arrears_bills
    await tx.execute(update(of).where(of.c.id.in_(mine), of.c.state == "open").values(changed))
    await touch(tx, city_id, [row["debtor_id"]], "bill", now)
