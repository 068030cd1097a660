"""What banks answered, taken in the transaction that stores it: a seizure goes on, money that came is set off."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.costs import add_cost
from civic.arrears.money.taking import NewPayment, take_payments
from civic.arrears.seizure import orders, states
from civic.arrears.seizure.collecting import STUCK
from civic.arrears.seizure.orders import Order
from civic.arrears.seizure.rows import Seizure
from civic.arrears.seizure.states import BANK, Step
from civic.arrears.seizure.tables import (
    arrears_accounts_found,
    arrears_batch_debtors,
    arrears_batches,
    arrears_orders,
    arrears_seizures,
)
from civic.arrears.seizure.telling import tell_join
from civic.arrears.tables import arrears_bills
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.contracts.banks import BankAnswer, BankRequest
from core.ids import new_id
from core.vault import vault_of

Answered = tuple[BankRequest, BankAnswer]


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
    lookups = [(row, by_id[row.id][1]) for row in open_ones.values() if row.kind == "lookup"]
    await _found(tx, city_id, lookups, now)
    rest = {row.seizure_id: (row, by_id[row.id][1]) for row in open_ones.values() if row.kind != "lookup"}
    table = arrears_seizures
    wanted = select(table).where(table.c.id.in_(list(rest))).order_by(table.c.id).with_for_update()
    seizures = [Seizure.of(row) for row in await tx.execute(wanted)] if rest else []
    steps = []
    for one in seizures:
        row, answer = rest[one.id]
        if (step := _step(one, row.kind, answer, now)) is not None:
            steps.append((step, row, answer))
        elif row.kind == "join" and one.state == "releasing" and not one.held_krw:
            # The first authority let go while ours was being taken back: the release on its way lets go of this.
            await states.amend(tx, [one], now, held_krw=min(answer.amount_krw, one.asked_krw))
    moved = await states.move(tx, [step for step, _, _ in steps], now, BANK)
    pairs = list(zip(moved, steps, strict=True))
    await _costs(tx, [one for one, (step, _, _) in pairs if _takes_effect(one, step)], now)
    await _look_again(tx, city_id, [one for one in moved if one.state == "held" and one.kind == "join"], now)
    came = [(one, *taken) for one, taken in pairs if one.state == "collected"]
    await _set_off(tx, city_id, came, now, rules)
    await tell_join(tx, [one for one in moved if one.state == "joined"], now, rules)


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


async def _found(tx: AsyncConnection, city_id: str, lookups: Sequence[tuple[Any, BankAnswer]], now: datetime) -> None:
    """Accounts of debtors in a batch that looks up; of others nothing new is kept."""
    if not any(answer.found for _, answer in lookups):
        return
    case, batch = arrears_batch_debtors.c, arrears_batches.c
    wanted = (
        select(case.batch_id, case.debtor_id)
        .join(arrears_batches, batch.id == case.batch_id)
        .where(
            case.batch_id.in_({row.batch_id for row, _ in lookups}),
            case.debtor_id.in_({row.debtor_id for row, _ in lookups}),
            case.state == "in",
            batch.state == "looking",
        )
    )
    wanting = {(row.batch_id, row.debtor_id) for row in await tx.execute(wanted)}
    vault, made = vault_of(tx), []
    for row, answer in lookups:
        if (row.batch_id, row.debtor_id) not in wanting:
            await _refresh(tx, row, answer, now)
            continue
        for one in answer.found:
            found_id = new_id()
            made.append(
                {
                    "id": found_id,
                    "city_id": city_id,
                    "batch_id": row.batch_id,
                    "debtor_id": row.debtor_id,
                    "bank": row.bank,
                    "account": vault.seal_text(one.account, f"arrears_accounts_found.account:{found_id}"),
                    "kind": one.kind,
                    "balance_krw": max(0, one.balance_krw),
                    "held_krw": max(0, one.held_krw),
                    "found_at": now,
                }
            )
    if made:
        await tx.execute(insert(arrears_accounts_found), made)


async def _look_again(tx: AsyncConnection, city_id: str, joins: Sequence[Seizure], now: datetime) -> None:
    """What the first authority left in the account is not known: the bank is asked before anything is collected."""
    given = [Order(one.id, one.version, "lookup", one.bank, one.batch_id, one.debtor_id) for one in joins]
    if given:
        await orders.give(tx, city_id, given, now)


async def _refresh(tx: AsyncConnection, row: Any, answer: BankAnswer, now: datetime) -> None:
    """A later lookup corrects the balances of accounts that are known; `held_krw` stays what others hold."""
    found, held = arrears_accounts_found.c, arrears_seizures.c
    ours = select(held.found_id, held.held_krw - held.collected_krw - held.released_krw).where(
        held.batch_id == row.batch_id, held.debtor_id == row.debtor_id
    )
    of_ours = {one[0]: one[1] for one in await tx.execute(ours)}
    known = select(found.id, found.account).where(
        found.batch_id == row.batch_id, found.debtor_id == row.debtor_id, found.bank == row.bank
    )
    told = {one.account: one for one in answer.found}
    for one in await tx.execute(known):
        if (new := told.get(one.account)) is None:
            continue
        others = max(0, new.held_krw - of_ours.get(one.id, 0))
        values = {"balance_krw": max(0, new.balance_krw), "held_krw": others, "found_at": now}
        await tx.execute(update(arrears_accounts_found).where(found.id == one.id).values(values))


def _step(one: Seizure, kind: str, answer: BankAnswer, now: datetime) -> Step | None:
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
        return Step(one, "refused", {"why": one.why or answer.reason or "refused"}, one.document, detail)
    if kind == "collect" and one.state == "collecting":
        took = min(amount, one.collecting_krw)
        values = {"collecting_krw": 0, "collected_krw": one.collected_krw + took}
        if took:
            return Step(one, "collected", {**values, "collected_at": now}, detail=detail)
        return Step(one, "held", {"collecting_krw": 0, "why": one.why or f"{STUCK}{answer.reason}"}, detail=detail)
    if kind == "release" and one.state == "easing":
        values = {"releasing_krw": 0, "released_krw": one.released_krw + min(amount, one.releasing_krw)}
        return Step(one, "held", values, detail=detail)
    if kind == "release" and one.state == "releasing":
        return _released(one, amount, answer, detail, now)
    return None


def _released(one: Seizure, amount: int, answer: BankAnswer, detail: dict[str, Any], now: datetime) -> Step:
    if not one.held_krw:
        if answer.status == "refused":
            return Step(one, "joined", {"releasing_krw": 0, "why": f"{STUCK}{answer.reason}"}, detail=detail)
        return Step(one, "released", {"releasing_krw": 0, "released_at": now}, detail=detail)
    released = one.released_krw + min(amount, one.left_krw)
    values = {"releasing_krw": 0, "released_krw": released}
    if one.collected_krw + released == one.held_krw:
        return Step(one, "released", {**values, "released_at": now}, detail=detail)
    return Step(one, "held", {**values, "why": f"{STUCK}{answer.reason or 'partly'}"}, detail=detail)


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
