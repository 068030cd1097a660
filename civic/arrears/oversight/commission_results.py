"""What came of a 징수촉탁: told by the collecting city in a signed file, booked by the asking one, to the won.

Its own costs come first out of what was paid (지방세징수법 §4) and stay with the collecting city; the rest is remitted,
and the fee is settled between the cities: it takes nothing off the debtor's payment.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.owing import owed
from civic.arrears.money.taking import NewPayment, take_payment
from civic.arrears.oversight import keyring
from civic.arrears.oversight.commission import City, end, note
from civic.arrears.oversight.commission_document import ENTRY
from civic.arrears.oversight.commission_taking import BEFORE, vouched
from civic.arrears.oversight.event import moment
from civic.arrears.oversight.signed_file import RESULT, Broken, write
from civic.arrears.oversight.tables import arrears_commission_bills, arrears_commissions
from civic.arrears.tables import arrears_entries, arrears_payments
from core.arrears_desk_rules import Commission as Rules
from core.clock import SEOUL
from core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Result:
    """`collected_krw`: remitted of what was asked; `costs_krw`: kept by the collecting city for what it spent."""

    commission_id: UUID
    state: str
    collected_krw: int
    costs_krw: int
    fee_krw: int
    data: bytes = b""


async def result(
    tx: AsyncConnection, city: City, commission_id: UUID, staff_id: UUID, now: datetime, rules: Rules
) -> Result:
    """Everything collected so far, as a signed file; made again it tells the same and what came since. The commission
    is over once nothing of it is owed. Raises NotFound.
    """
    row = await _row(tx, city.id, commission_id, "in")
    bills = await _bills(tx, commission_id)
    payments = await _payments(tx, bills)
    own = await _own_costs(tx, bills, row["created_at"])
    told = [_told(number, payments[bill_id], own.get(bill_id, 0)) for bill_id, number in bills.items()]
    collected = sum(line["krw"] for one in told for line in one["payments"])
    costs = sum(line["kept_krw"] for one in told for line in one["payments"])
    fee = collected * rules.fee_percent // 100
    state = row["state"]
    if state == "open":
        owing = (await owed(tx, city.id, [row["debtor_id"]], now.astimezone(SEOUL).date())).get(row["debtor_id"])
        left = sum(one.total_krw for one in (owing.bills if owing else ()) if one.bill_id in bills)
        state = "open" if left else "collected"
    document = {
        "number": row["number"],
        "from": {"id": city.id, "ko": city.ko, "en": city.en},
        "to": {"id": row["partner"], "ko": row["partner"], "en": row["partner"]},
        "state": state,
        "why": row["reason"],
        "at": moment(now),
        "of": row["digest"],
        "bills": told,
        "collected_krw": collected,
        "costs_krw": costs,
        "fee_krw": fee,
    }
    data = write(RESULT, document, await keyring.signing(tx, city.id, now))
    await _keep(tx, city.id, row, state, staff_id, now, collected, costs, fee)
    return Result(commission_id, state, collected, costs, fee, data)


async def take_result(
    tx: AsyncConnection, city: City, data: bytes, staff_id: UUID, now: datetime, rules: Rules
) -> Result:
    """Book what the other city collected; taken twice, once. Raises Broken, NotFound."""
    document = vouched(data, RESULT, rules).document
    if document["to"]["id"] != city.id or document["state"] not in ("open", "collected", "refused", "withdrawn"):
        raise Broken("우리 시 앞으로 온 결과가 아닙니다.", "This result is for another city.")
    of, sender = arrears_commissions, str(document["from"]["id"])
    same = (of.c.way == "out", of.c.partner == sender, of.c.number == document["number"])
    found = await tx.scalar(select(of.c.id).where(of.c.city_id == city.id, *same))
    if found is None:
        raise NotFound("그런 징수촉탁을 보낸 적이 없습니다.", "No such commission was sent.")
    row = await _row(tx, city.id, found, "out")
    if document["of"] != row["digest"]:
        raise Broken("우리가 보낸 촉탁과 다릅니다.", "It tells of another file than the one we sent.")
    collected, costs, fee = await _book(tx, city.id, row, document, sender, now)
    await _keep(tx, city.id, row, str(document["state"]), staff_id, now, collected, costs, fee)
    return Result(found, str(document["state"]), collected, costs, fee)


async def _book(
    tx: AsyncConnection, city_id: str, row: Mapping[str, Any], document: Mapping[str, Any], sender: str, now: datetime
) -> tuple[int, int, int]:
    """Each payment once. Raises Broken where the file does not add up or names a bill that was not asked for."""
    ours = {number: bill_id for bill_id, number in (await _bills(tx, row["id"])).items()}
    collected = costs = 0
    try:
        for one in document["bills"]:
            bill_id = ours[one["bill_no"]]
            for line in one["payments"]:
                collected, costs = collected + line["krw"], costs + line["kept_krw"]
                if line["krw"] < 0 or line["kept_krw"] < 0:
                    raise ValueError("below nothing")
                if line["krw"]:
                    on = date.fromisoformat(line["on"])
                    paid = NewPayment(f"commission:{sender}", line["id"], line["krw"], on, "import", bill_id=bill_id)
                    await take_payment(tx, city_id, paid, now)
        told = tuple(int(document[name]) for name in ("collected_krw", "costs_krw", "fee_krw"))
    except (KeyError, TypeError, ValueError):
        raise Broken("징수촉탁 결과의 내용을 읽을 수 없습니다.", "The result cannot be read.") from None
    if told[:2] != (collected, costs):
        raise Broken("징수촉탁 결과의 합계가 맞지 않습니다.", "The sums of the result do not add up.")
    return collected, costs, told[2]


async def _keep(
    tx: AsyncConnection,
    city_id: str,
    row: Mapping[str, Any],
    state: str,
    staff_id: UUID,
    now: datetime,
    collected: int,
    costs: int,
    fee: int,
) -> None:
    sums = {"collected_krw": collected, "costs_krw": costs, "fee_krw": fee, "results": row["results"] + 1}
    if row["state"] == "open" and state != "open":
        await end(tx, city_id, row, state, row["reason"], staff_id, now, **sums)
        return
    of = arrears_commissions
    await tx.execute(update(of).where(of.c.id == row["id"]).values(version=of.c.version + 1, **sums))
    await note(tx, city_id, "result", row["id"], staff_id, {"number": row["number"], **sums}, now)


async def _row(tx: AsyncConnection, city_id: str, commission_id: UUID, way: str) -> Mapping[str, Any]:
    of = arrears_commissions
    wanted = select(of).where(of.c.city_id == city_id, of.c.id == commission_id, of.c.way == way).with_for_update()
    row = (await tx.execute(wanted)).mappings().one_or_none()
    if row is None:
        raise NotFound("징수촉탁을 찾을 수 없습니다.", "No such commission.")
    return dict(row)


async def _bills(tx: AsyncConnection, commission_id: UUID) -> dict[UUID, str]:
    line = arrears_commission_bills
    rows = await tx.execute(select(line.c.bill_id, line.c.bill_no).where(line.c.commission_id == commission_id))
    return {row.bill_id: row.bill_no for row in rows}


async def _payments(tx: AsyncConnection, bills: Mapping[UUID, str]) -> dict[UUID, list[dict[str, Any]]]:
    """What is booked of each payment to each bill now, without those that came with the commission."""
    of, paid = arrears_entries, arrears_payments
    wanted = (
        select(of.c.bill_id, paid.c.id, paid.c.paid_on, *(of.c[name] for name in ENTRY))
        .join(paid, paid.c.id == of.c.payment_id)
        .where(of.c.bill_id.in_(bills), paid.c.source != BEFORE)
        .order_by(paid.c.paid_on, paid.c.id)
    )
    sums: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for row in (await tx.execute(wanted)).mappings():
        line = sums.setdefault(
            (row["bill_id"], row["id"]), {"id": str(row["id"]), "on": row["paid_on"].isoformat(),
                                          **dict.fromkeys(ENTRY, 0)}
        )  # fmt: skip
        for name in ENTRY:
            line[name] += row[name]
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for (bill_id, _), line in sums.items():
        if any(line[name] for name in ENTRY):
            found[bill_id].append(line)
    return found


async def _own_costs(tx: AsyncConnection, bills: Mapping[UUID, str], since: datetime) -> dict[UUID, int]:
    """What we spent ourselves since we took it; what the asking city had spent came with the file."""
    of = arrears_entries
    wanted = select(of.c.bill_id, of.c.costs_krw).where(
        of.c.bill_id.in_(bills), of.c.kind == "cost", of.c.created_at > since
    )
    found: dict[UUID, int] = defaultdict(int)
    for row in await tx.execute(wanted):
        found[row.bill_id] -= row.costs_krw
    return found


def _told(number: str, payments: list[dict[str, Any]], own: int) -> dict[str, Any]:
    """Of each payment what is remitted and what is kept for our own costs, the oldest first."""
    lines = []
    for line in payments:
        kept = min(line["costs_krw"], own)
        own -= kept
        amount = sum(line[name] for name in ENTRY) - kept
        lines.append({"id": line["id"], "on": line["on"], "krw": amount, "kept_krw": kept})
    return {"bill_no": number, "payments": lines}
