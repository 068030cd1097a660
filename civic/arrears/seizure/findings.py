"""What banks told of deposits: kept for the plan, kept aside where it came too late for it, or a correction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.money.owing import owed
from civic.arrears.seizure import orders, states
from civic.arrears.seizure.holders import is_same
from civic.arrears.seizure.orders import Order
from civic.arrears.seizure.reasons import SILENT, STUCK
from civic.arrears.seizure.rows import Seizure
from civic.arrears.seizure.spreading import NEVER
from civic.arrears.seizure.tables import (
    arrears_accounts_found,
    arrears_batch_debtors,
    arrears_batches,
    arrears_seizures,
)
from core.clock import SEOUL
from core.contracts.banks import BankAnswer
from core.ids import new_id
from core.vault import vault_of

Told = Sequence[tuple[Any, BankAnswer]]
"""Rows of `arrears_orders` with the answers to them."""
KEEPING = ("planned", "approved", "running")


async def keep(tx: AsyncConnection, city_id: str, told: Told, now: datetime) -> None:
    """Accounts of debtors in a batch that looks up. What comes after it went on is kept apart from its plan, of a batch
    that is over only for who still owes; of others nothing new is kept (금융실명법 §4: for its purpose only)."""
    if not told:
        return
    wanting = await _wanting(tx, city_id, told, now)
    names = await persons(tx, city_id, {row.debtor_id for row, answer in told if answer.found})
    vault, made = vault_of(tx), []
    for row, answer in told:
        state = wanting.get((row.batch_id, row.debtor_id), "")
        is_late = row.passed_at is not None and not await _known(tx, row)
        if not (state == "looking" or (is_late and state)):
            await _refresh(tx, row, answer, names, now)
            continue
        for one in answer.found:
            found_id = new_id()
            is_others = not is_same(names[row.debtor_id].name, one.holder)
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
                    "why_not": "late" if is_late else "",
                    "is_late": is_late,
                    "is_others": is_others,
                    "found_at": now,
                }
            )
    if made:
        await tx.execute(insert(arrears_accounts_found), made)


async def _wanting(tx: AsyncConnection, city_id: str, told: Told, now: datetime) -> dict[tuple[UUID, UUID], str]:
    """State of the batch by batch and debtor, where what the bank told is kept."""
    case, batch = arrears_batch_debtors.c, arrears_batches.c
    wanted = (
        select(case.batch_id, case.debtor_id, case.state, batch.state.label("batch_state"))
        .join(arrears_batches, batch.id == case.batch_id)
        .where(
            case.batch_id.in_({row.batch_id for row, _ in told}),
            case.debtor_id.in_({row.debtor_id for row, _ in told}),
        )
    )
    found: dict[tuple[UUID, UUID], str] = {}
    over: list[Any] = []
    for row in await tx.execute(wanted):
        if row.state == "in" and row.batch_state in ("looking", *KEEPING):
            found[(row.batch_id, row.debtor_id)] = row.batch_state
        elif row.state == "over" and row.batch_state == "closed":
            over.append(row)
    if over:
        owing = await owed(tx, city_id, {row.debtor_id for row in over}, now.astimezone(SEOUL).date())
        still = {key for key, one in owing.items() if one.total_krw > 0}
        found |= {(row.batch_id, row.debtor_id): "closed" for row in over if row.debtor_id in still}
    return found


async def _known(tx: AsyncConnection, row: Any) -> bool:
    """Whether the bank had told of this debtor in this batch before: then it was asked again, for a 참가압류."""
    found = arrears_accounts_found.c
    wanted = select(found.id).where(
        found.batch_id == row.batch_id, found.debtor_id == row.debtor_id, found.bank == row.bank
    )
    return (await tx.execute(wanted.limit(1))).one_or_none() is not None


async def look_again(tx: AsyncConnection, city_id: str, joins: Sequence[Seizure], now: datetime) -> None:
    """What the first authority left in the account is not known: the bank is asked before anything is collected."""
    given = [Order(one.id, one.version, "lookup", one.bank, one.batch_id, one.debtor_id) for one in joins]
    if given:
        await orders.give(tx, city_id, given, now)


async def _refresh(tx: AsyncConnection, row: Any, answer: BankAnswer, names: Any, now: datetime) -> None:
    """A later lookup corrects what is known of accounts; `held_krw` stays what others hold. An account that proves
    protected or another's is let go."""
    found, held = arrears_accounts_found.c, arrears_seizures.c
    ours = select(held.found_id, held.held_krw - held.collected_krw - held.released_krw).where(
        held.batch_id == row.batch_id, held.debtor_id == row.debtor_id
    )
    of_ours = {one[0]: one[1] for one in await tx.execute(ours)}
    known = select(found.id, found.account).where(
        found.batch_id == row.batch_id, found.debtor_id == row.debtor_id, found.bank == row.bank
    )
    told = {one.account: one for one in answer.found}
    wrong: dict[UUID, str] = {}
    for one in await tx.execute(known):
        if (new := told.get(one.account)) is None:
            continue
        others = max(0, new.held_krw - of_ours.get(one.id, 0))
        is_others = not is_same(names[row.debtor_id].name, new.holder)
        values = {"balance_krw": max(0, new.balance_krw), "held_krw": others, "found_at": now}
        what = {"kind": new.kind, "is_others": is_others}
        await tx.execute(update(arrears_accounts_found).where(found.id == one.id).values({**values, **what}))
        if new.kind in NEVER or is_others:
            wrong[one.id] = NEVER.get(new.kind, "name_differs")
    await _mark(tx, row, wrong, now)


async def _mark(tx: AsyncConnection, row: Any, wrong: dict[UUID, str], now: datetime) -> None:
    """What must be let go says why; what only waited for this answer goes on."""
    table = arrears_seizures
    wanted = select(table).where(
        table.c.batch_id == row.batch_id,
        table.c.debtor_id == row.debtor_id,
        table.c.bank == row.bank,
        table.c.state.in_(("held", "joined")),
    )
    for one in [Seizure.of(each) for each in await tx.execute(wanted.order_by(table.c.id).with_for_update())]:
        is_waiting = one.why == f"{STUCK}{SILENT}"
        if (code := wrong.get(one.found_id)) and (not one.why or is_waiting):
            await states.amend(tx, [one], now, why=code, freed_by=one.freed_by or now)
        elif is_waiting:
            await states.amend(tx, [one], now, why="")


async def others_first(tx: AsyncConnection, found_ids: Collection[UUID]) -> None:
    """The bank held nothing there for us, because another authority holds it: nothing of it leaves him his floor."""
    table = arrears_accounts_found
    if found_ids:
        held = update(table).where(table.c.id.in_(found_ids))
        await tx.execute(held.values(held_krw=table.c.balance_krw))
