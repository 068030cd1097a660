"""Batches and seizures as officers read them: what is planned for whom and why not, how far it is, who did what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.ledger.people import persons
from civic.arrears.records import Person
from civic.arrears.seizure.reasons import STUCK
from civic.arrears.seizure.rows import Seizure
from civic.arrears.seizure.states import ENDED
from civic.arrears.seizure.tables import (
    arrears_accounts_found,
    arrears_batch_debtors,
    arrears_orders,
    arrears_release_wishes,
    arrears_seizure_events,
    arrears_seizures,
)


@dataclass(frozen=True, slots=True)
class Account:
    """`account` is masked but for its end. `seizure` None: it is left alone, for the code `why_not`. `is_late`:
    told after the plan was made, and no part of it."""

    id: UUID
    bank: str
    account: str
    kind: str
    balance_krw: int
    held_krw: int
    why_not: str
    is_late: bool
    seizure: Seizure | None


@dataclass(frozen=True, slots=True)
class Case:
    """One debtor of a batch. `reasons`: codes, some about one bill."""

    debtor_id: UUID
    person: Person
    state: str
    owed_krw: int
    planned_krw: int
    reasons: Sequence[Mapping[str, Any]]
    accounts: tuple[Account, ...]


def masked(account: str) -> str:
    """All but the last four characters."""
    return "*" * max(0, len(account) - 4) + account[-4:]


async def cases(
    tx: AsyncConnection, city_id: str, batch_id: UUID, *, state: str = "", after: UUID | None = None, most: int = 50
) -> list[Case]:
    """By the debtor's id. The caller leaves the access-log row."""
    case = arrears_batch_debtors.c
    wanted = select(arrears_batch_debtors).where(case.city_id == city_id, case.batch_id == batch_id)
    if state:
        wanted = wanted.where(case.state == state)
    if after is not None:
        wanted = wanted.where(case.debtor_id > after)
    found = list(await tx.execute(wanted.order_by(case.debtor_id).limit(most)))
    ids = [row.debtor_id for row in found]
    people = await persons(tx, city_id, ids)
    accounts = await _accounts(tx, batch_id, ids)
    return [
        Case(
            row.debtor_id,
            people[row.debtor_id],
            row.state,
            row.owed_krw,
            row.planned_krw,
            row.reasons,
            tuple(accounts.get(row.debtor_id, ())),
        )
        for row in found
    ]


async def _accounts(tx: AsyncConnection, batch_id: UUID, debtor_ids: Sequence[UUID]) -> dict[UUID, list[Account]]:
    found, one = arrears_accounts_found.c, arrears_seizures.c
    taken = select(arrears_seizures).where(one.batch_id == batch_id, one.debtor_id.in_(debtor_ids))
    seizures = {row.found_id: Seizure.of(row) for row in await tx.execute(taken)}
    columns = (found.debtor_id, found.id, found.bank, found.account, found.kind, found.balance_krw, found.held_krw)
    wanted = select(*columns, found.why_not, found.is_late).where(
        found.batch_id == batch_id, found.debtor_id.in_(debtor_ids)
    )
    made: dict[UUID, list[Account]] = {}
    for row in await tx.execute(wanted.order_by(found.balance_krw.desc(), found.id)):
        one_account = Account(
            row.id,
            row.bank,
            masked(row.account),
            row.kind,
            row.balance_krw,
            row.held_krw,
            row.why_not,
            row.is_late,
            seizures.get(row.id),
        )
        made.setdefault(row.debtor_id, []).append(one_account)
    return made


async def progress(tx: AsyncConnection, batch_id: UUID) -> dict[str, Any]:
    """How many lookups and seizures stand where, with sums in won."""
    order, one, case = arrears_orders.c, arrears_seizures.c, arrears_batch_debtors.c
    asked = select(func.count(), func.count(order.answered_at)).where(
        order.batch_id == batch_id, order.kind == "lookup"
    )
    lookups = (await tx.execute(asked)).one()
    sums = (func.sum(one.planned_krw), func.sum(one.held_krw), func.sum(one.collected_krw), func.sum(one.released_krw))
    states = select(one.state, func.count(), *sums).where(one.batch_id == batch_id).group_by(one.state)
    debtors = select(case.state, func.count()).where(case.batch_id == batch_id).group_by(case.state)
    names = ("seizures", "planned_krw", "held_krw", "collected_krw", "released_krw")
    stuck = select(func.count()).where(one.batch_id == batch_id, one.state.not_in(ENDED), one.why.startswith(STUCK))
    return {
        "lookups": lookups[0],
        "lookups_answered": lookups[1],
        "stuck": int(await tx.scalar(stuck) or 0),
        "debtors": {row[0]: row[1] for row in await tx.execute(debtors)},
        "states": {
            row[0]: dict(zip(names, (int(cell or 0) for cell in row[1:]), strict=True))
            for row in await tx.execute(states)
        },
    }


def events_of(city_id: str, *, batch_id: UUID | None = None, seizure_id: UUID | None = None) -> Select[Any]:
    """For `api.paging.page` over `at`. A seizure's own, or all of a batch."""
    table = arrears_seizure_events.c
    wanted = select(arrears_seizure_events).where(table.city_id == city_id)
    if batch_id is not None:
        wanted = wanted.where(table.batch_id == batch_id)
    return wanted.where(table.seizure_id == seizure_id) if seizure_id is not None else wanted


async def of_debtor(tx: AsyncConnection, city_id: str, debtor_id: UUID) -> list[tuple[Seizure, str]]:
    """All that ever were, newest first, each with its masked account."""
    one, found = arrears_seizures.c, arrears_accounts_found.c
    wanted = (
        select(arrears_seizures, found.id.label("account_id"), found.account.label("account_text"))
        .join(arrears_accounts_found, found.id == one.found_id)
        .where(one.city_id == city_id, one.debtor_id == debtor_id)
        .order_by(one.created_at.desc(), one.id)
    )
    return [(Seizure.of(row), masked(row.account_text)) for row in await tx.execute(wanted)]


async def wishes(tx: AsyncConnection, city_id: str, *, seizure_id: UUID | None = None) -> list[Any]:
    """Wishes for a release: of one seizure all, else those that wait, oldest first."""
    table = arrears_release_wishes.c
    wanted = select(arrears_release_wishes).where(table.city_id == city_id)
    narrowed = wanted.where(table.seizure_id == seizure_id) if seizure_id else wanted.where(table.decided_by.is_(None))
    return list(await tx.execute(narrowed.order_by(table.asked_at, table.id).limit(200)))


async def freed(tx: AsyncConnection, seizure_id: UUID) -> tuple[datetime | None, datetime | None]:
    """When the order that let it go went to the bank, and when the bank said that it had."""
    order = arrears_orders.c
    wanted = select(order.asked_at, order.answered_at).where(order.seizure_id == seizure_id, order.kind == "release")
    row = (await tx.execute(wanted.order_by(order.asked_at.desc()).limit(1))).one_or_none()
    return (None, None) if row is None else (row.asked_at, row.answered_at)
