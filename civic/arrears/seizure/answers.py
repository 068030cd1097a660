"""What banks answered, taken in the transaction that stores it: a seizure goes on, money that came is set off."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.costs import add_cost
from civic.arrears.money.taking import NewPayment, take_payments
from civic.arrears.seizure import findings, noticing, orders, states
from civic.arrears.seizure.reasons import STUCK
from civic.arrears.seizure.rows import Seizure
from civic.arrears.seizure.states import BANK, Step
from civic.arrears.seizure.tables import (
    arrears_batch_debtors,
    arrears_orders,
    arrears_seizures,
)
from civic.arrears.seizure.telling import tell_join
from civic.arrears.tables import arrears_bills
from core.arrears_rules import Arrears
from core.arrears_seizure_rules import Seizure as Rules
from core.clock import SEOUL
from core.contracts.banks import BankAnswer, BankRequest

Answered = tuple[BankRequest, BankAnswer]
PRIOR = "prior_seizure"
"""A bank's code: another authority holds the account."""


async def take(tx: AsyncConnection, city_id: str, answered: Sequence[Answered], now: datetime, rules: Arrears) -> None:
    """Each final answer once, and the first word that a 참가압류 waits (pending): an order that has its answer, or is
    not ours, is passed over."""
    by_id = {answer.request_id: (request, answer) for request, answer in answered}
    debtors = await tx.scalars(select(arrears_orders.c.debtor_id).where(arrears_orders.c.id.in_(list(by_id))))
    await orders.lock(tx, debtors)
    open_ones = await orders.known(tx, list(by_id))
    if not open_ones:
        return
    await _close(tx, [by_id[one] for one in open_ones], now)
    await findings.keep(
        tx, city_id, [(row, by_id[row.id][1]) for row in open_ones.values() if row.kind == "lookup"], now
    )
    rest = {row.seizure_id: (row, by_id[row.id][1]) for row in open_ones.values() if row.kind != "lookup"}
    table = arrears_seizures
    wanted = select(table).where(table.c.id.in_(list(rest))).order_by(table.c.id).with_for_update()
    seizures = [Seizure.of(row) for row in await tx.execute(wanted)] if rest else []
    steps = []
    for one in seizures:
        row, answer = rest[one.id]
        if (step := _step(one, row.kind, answer, now, rules.seizure)) is not None:
            steps.append((step, row, answer))
        elif row.kind == "join" and one.state == "releasing" and not one.held_krw:
            # The first authority let go while ours was being taken back: the release on its way lets go of this.
            await states.amend(tx, [one], now, held_krw=min(answer.amount_krw, one.asked_krw))
    moved = await states.move(tx, [step for step, _, _ in steps], now, BANK)
    pairs = list(zip(moved, steps, strict=True))
    await _costs(tx, [one for one, (step, _, _) in pairs if _takes_effect(one, step)], now)
    await findings.others_first(tx, [one.found_id for one, (step, _, _) in pairs if step.event == "turned"])
    behind = [one for one, (step, row, _) in pairs if one.state == "held" and row.kind == "join"]
    await findings.look_again(tx, city_id, behind, now)
    came = [(one, *taken) for one, taken in pairs if one.state == "collected"]
    await _set_off(tx, city_id, came, now, rules)
    await tell_join(
        tx, [one for one, (step, _, _) in pairs if one.state == "joined" and step.seizure.state == "sent"], now, rules
    )
    await noticing.stuck(tx, city_id, moved, now, rules)


async def _close(tx: AsyncConnection, answered: Sequence[Answered], now: datetime) -> None:
    table = arrears_orders
    changed = (
        update(table)
        .where(table.c.id == bindparam("row"))
        .values(
            answered_at=bindparam("at"),
            status=bindparam("said"),
            answered_krw=bindparam("amount"),
            reason=bindparam("why"),
        )
    )
    rows = [
        {
            "row": answer.request_id,
            "at": None if answer.status == "pending" else now,
            "said": answer.status,
            "amount": answer.amount_krw,
            "why": answer.reason,
        }
        for _, answer in answered
    ]
    await tx.execute(changed, rows)


def _step(one: Seizure, kind: str, answer: BankAnswer, now: datetime, rules: Rules) -> Step | None:
    """Where the answer takes the seizure. What the bank says beyond what it was asked is not ours to have."""
    amount = 0 if answer.status == "refused" else answer.amount_krw
    detail = {
        "bank_said": answer.status,
        "bank_krw": answer.amount_krw,
        **({"code": answer.reason} if answer.reason else {}),
    }
    if kind in ("seize", "join") and one.state in ("sent", "joined"):
        if amount > 0:
            values = {"held_krw": min(amount, one.asked_krw), "held_at": answer.at or now}
            return Step(one, "held", values, one.document, detail)
        if kind == "join" and answer.status in ("done", "pending"):
            return Step(one, "joined", {}, one.document, detail) if one.state == "sent" else None
        if kind == "seize" and answer.reason == PRIOR and rules.joins and not one.why:
            return _turned(one, detail)
        return Step(one, "refused", {"why": one.why or answer.reason or "refused"}, one.document, detail)
    if kind == "collect" and one.state == "collecting":
        return _collected(one, amount, answer, detail, now)
    if kind == "release" and one.state == "easing":
        values = {"releasing_krw": 0, "released_krw": one.released_krw + min(amount, one.releasing_krw)}
        return Step(one, "held", values, detail=detail)
    if kind == "release" and one.state == "releasing":
        return _released(one, amount, answer, detail, now)
    return None


def _turned(one: Seizure, detail: dict[str, Any]) -> Step:
    """Another authority was first: what was approved goes on as 참가압류 in its stead (지방세징수법 §67), judged again
    before it is ordered."""
    values = {"kind": "join", "asked_krw": 0, "sent_at": None, "document": ""}
    return Step(one, "approved", values, detail=detail, event="turned")


def _collected(one: Seizure, amount: int, answer: BankAnswer, detail: dict[str, Any], now: datetime) -> Step:
    """`collecting_krw` stays what was asked for and did not come, until `collecting.py` has let go the rest; whether
    the bank still owes it an officer asks."""
    took = min(amount, one.collecting_krw)
    short = one.collecting_krw - took
    stuck = f"{STUCK}collect:{answer.reason or 'partly'}" if short else ""
    if not took:
        return Step(one, "held", {"collecting_krw": 0, "why": one.why or stuck}, detail=detail)
    values = {"collecting_krw": short, "collected_krw": one.collected_krw + took, "collected_at": now}
    return Step(one, "collected", {**values, "why": one.why or stuck}, detail=detail)


def _released(one: Seizure, amount: int, answer: BankAnswer, detail: dict[str, Any], now: datetime) -> Step:
    if not one.held_krw:
        if answer.status == "refused":
            return Step(one, "joined", {"releasing_krw": 0, "why": _stuck(one, answer)}, detail=detail)
        return Step(one, "released", {"releasing_krw": 0, "released_at": now}, detail=detail)
    released = one.released_krw + min(amount, one.left_krw)
    values = {"releasing_krw": 0, "released_krw": released}
    if one.collected_krw + released == one.held_krw:
        return Step(one, "released", {**values, "released_at": now}, detail=detail)
    return Step(one, "held", {**values, "why": _stuck(one, answer)}, detail=detail)


def _stuck(one: Seizure, answer: BankAnswer) -> str:
    """Why it was to be let go stays beside why the bank did not."""
    return f"{STUCK}{one.why or 'paid_partly'}:{answer.reason or 'partly'}"


def _takes_effect(one: Seizure, step: Step) -> bool:
    return one.state == "held" and step.seizure.state in ("sent", "joined")


async def _costs(tx: AsyncConnection, seizures: Sequence[Seizure], now: datetime) -> None:
    """The costs of seizures as they take effect, on the first of their bills that is still open."""
    on = now.astimezone(SEOUL).date()
    costly = [one for one in seizures if one.cost_krw]
    bills = await _bills(tx, costly, only_open=True)
    for one in costly:
        if open_ones := bills.get((one.batch_id, one.debtor_id)):
            await add_cost(tx, one.city_id, open_ones[0], one.cost_krw, "예금 압류", on, now, seizure_id=one.id)


async def _set_off(
    tx: AsyncConnection,
    city_id: str,
    came: Sequence[tuple[Seizure, Step, Any, BankAnswer]],
    now: datetime,
    rules: Arrears,
) -> None:
    """What came by collections, costs first (지방세징수법 §4), against the bills that were seized for."""
    on = now.astimezone(SEOUL).date()
    bills = await _bills(tx, [one for one, _, _, _ in came])
    payments = [
        NewPayment(
            source="seizure",
            payment_no=str(row.id),
            amount_krw=one.collected_krw - step.seizure.collected_krw,
            paid_on=on,
            way="seizure",
            debtor_id=one.debtor_id,
            bill_ids=tuple(bills.get((one.batch_id, one.debtor_id), ())),
            paid_at=answer.at,
            seizure_id=one.id,
        )
        for one, step, row, answer in came
    ]
    if payments:
        await take_payments(tx, city_id, payments, now, rules.money)


async def _bills(
    tx: AsyncConnection, seizures: Sequence[Seizure], *, only_open: bool = False
) -> dict[tuple[UUID, UUID], list[UUID]]:
    """By batch and debtor, for which bills it was seized."""
    if not seizures:
        return {}
    case = arrears_batch_debtors.c
    wanted = select(case.batch_id, case.debtor_id, case.bills).where(
        case.batch_id.in_({one.batch_id for one in seizures}), case.debtor_id.in_({one.debtor_id for one in seizures})
    )
    found = {(row.batch_id, row.debtor_id): [UUID(one) for one in row.bills] for row in await tx.execute(wanted)}
    if not only_open:
        return found
    ids = [bill_id for bills in found.values() for bill_id in bills]
    bill = arrears_bills.c
    still = set(await tx.scalars(select(bill.id).where(bill.id.in_(ids), bill.state == "open")))
    return {key: [one for one in bills if one in still] for key, bills in found.items()}
