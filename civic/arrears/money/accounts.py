"""Virtual accounts (가상계좌): a number of one's own to pay into while one owes, out of a pool of the city's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import any_, exists, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import LargeBinary

from civic.arrears.money.books import hold
from civic.arrears.money.matching import ACCOUNT, digits
from civic.arrears.money.tables import arrears_account_uses, arrears_accounts
from civic.arrears.tables import arrears_bills
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.ids import new_id
from core.vault import vault_of

PRACTICE = "연습용 계좌, 입금하지 마세요"
"""The holder of every account of the practice pool, so that whoever reads the number reads this."""
_TABLE = arrears_accounts.c


@dataclass(frozen=True, slots=True)
class VirtualAccount:
    """`bank`: three-digit code. `until_on`: the last day on which it is surely his; any amount may be paid in.
    `is_practice`: no bank stands behind it, and `holder` says so."""

    bank: str
    bank_name: str
    number: str
    holder: str
    until_on: date
    is_practice: bool = False


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A line of the city's pool."""

    bank: str
    bank_name: str
    number: str
    holder: str
    is_practice: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """How many accounts there are, given out, free today, resting, and switched off."""

    all: int
    given: int
    free: int
    resting: int
    off: int
    is_practice: bool


async def account_for(
    tx: AsyncConnection, city_id: str, debtor_id: UUID, now: datetime, rules: Arrears
) -> VirtualAccount | None:
    """His account, the one that he has or another; asked again it is the same and holds longer. None for who owes
    nothing, and where the pool is empty."""
    today = now.astimezone(SEOUL).date()
    until_on = today + timedelta(days=rules.money.account_days)
    await hold(tx, [debtor_id])
    bills = arrears_bills.c
    owes = select(exists().where(bills.city_id == city_id, bills.debtor_id == debtor_id, bills.state == "open"))
    if not (await tx.execute(owes)).scalar_one():
        return None
    given = await _given(tx, city_id, debtor_id, until_on)
    if given is None:
        given = await _taken(tx, city_id, debtor_id, today, until_on, now)
    if given is None:
        return None
    return VirtualAccount(given.bank, given.bank_name, given.number, given.holder, until_on, given.is_practice)


async def _given(tx: AsyncConnection, city_id: str, debtor_id: UUID, until_on: date) -> Any:
    mine = (_TABLE.city_id == city_id, _TABLE.debtor_id == debtor_id, _TABLE.is_off.is_(False))
    longer = update(arrears_accounts).where(*mine).values(until_on=until_on)
    return (await tx.execute(longer.returning(*_SHOWN))).one_or_none()


_SHOWN = (_TABLE.id, _TABLE.bank, _TABLE.bank_name, _TABLE.number, _TABLE.holder, _TABLE.is_practice)


async def _taken(tx: AsyncConnection, city_id: str, debtor_id: UUID, today: date, until_on: date, now: datetime) -> Any:
    """One out of the pool: that which was his before, else the one free for longest. Nobody waits for another."""
    uses = arrears_account_uses.c
    was_his = exists().where(uses.account_id == _TABLE.id, uses.debtor_id == debtor_id)
    rested = or_(_TABLE.free_from.is_(None), _TABLE.free_from <= today)
    wanted = select(_TABLE.id).where(_TABLE.city_id == city_id, _TABLE.debtor_id.is_(None), _TABLE.is_off.is_(False))
    mine = wanted.where(was_his, _newest(debtor_id)).limit(1).with_for_update(skip_locked=True)
    free = (
        wanted.where(rested)
        .order_by(_TABLE.free_from.nulls_first(), _TABLE.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    chosen = (await tx.execute(mine)).scalar_one_or_none() or (await tx.execute(free)).scalar_one_or_none()
    if chosen is None:
        return None
    use = {"id": new_id(), "city_id": city_id, "account_id": chosen, "debtor_id": debtor_id, "given_at": now}
    await tx.execute(insert(arrears_account_uses).values(use))
    values = {"debtor_id": debtor_id, "given_at": now, "until_on": until_on, "free_from": None}
    given = update(arrears_accounts).where(_TABLE.id == chosen).values(values)
    return (await tx.execute(given.returning(*_SHOWN))).one()


def _newest(debtor_id: UUID) -> Any:
    """Nobody had it after him."""
    uses = arrears_account_uses.c
    last = select(uses.debtor_id).where(uses.account_id == _TABLE.id).order_by(uses.given_at.desc()).limit(1)
    return last.scalar_subquery() == debtor_id


async def release(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    """Take back the accounts of those who owe nothing more, and those whose last day has passed; they rest a while,
    for money that is still under way. How many."""
    today, bills = now.astimezone(SEOUL).date(), arrears_bills.c
    owes = exists().where(bills.debtor_id == _TABLE.debtor_id, bills.state == "open")
    over = (_TABLE.city_id == city_id, _TABLE.debtor_id.is_not(None), or_(_TABLE.until_on < today, ~owes))
    free_from = today + timedelta(days=rules.money.account_rest_days)
    back = update(arrears_accounts).where(*over).values(debtor_id=None, until_on=None, free_from=free_from)
    ids = list((await tx.execute(back.returning(_TABLE.id))).scalars())
    uses = arrears_account_uses.c
    ended = update(arrears_account_uses).where(uses.account_id.in_(ids), uses.ended_at.is_(None))
    if ids:
        await tx.execute(ended.values(ended_at=now))
    return len(ids)


async def import_accounts(tx: AsyncConnection, city_id: str, accounts: Sequence[NewAccount], now: datetime) -> int:
    """Add the city's numbers to the pool; those that it has are left as they are. How many were new."""
    vault, rows = vault_of(tx), []
    for one in accounts:
        account_id = new_id()
        number = vault.seal_text(one.number, f"arrears_accounts.number:{account_id}")
        row = {"id": account_id, "city_id": city_id, "bank": one.bank, "bank_name": one.bank_name, "number": number}
        row |= {"number_index": vault.index(ACCOUNT, digits(one.number)), "holder": one.holder, "imported_at": now}
        rows.append({**row, "is_practice": one.is_practice})
    if not rows:
        return 0
    added = insert(arrears_accounts).on_conflict_do_nothing().returning(_TABLE.id)
    return len((await tx.execute(added, rows)).all())


def practice(count: int) -> list[NewAccount]:
    """Accounts of a bank that does not exist (code 999), for the demo house and for exercises."""
    return [
        NewAccount("999", "연습은행", f"999-{number:04d}-{number:06d}-0", PRACTICE, True) for number in range(count)
    ]


async def switch_off(tx: AsyncConnection, city_id: str, numbers: Sequence[str]) -> int:
    """Numbers that the bank has withdrawn; nobody gets them any more. How many."""
    vault = vault_of(tx)
    hashes = [vault.index(ACCOUNT, digits(one)) for one in numbers]
    ours = (_TABLE.city_id == city_id, _TABLE.number_index == any_(literal(hashes, ARRAY(LargeBinary))))
    return (await tx.execute(update(arrears_accounts).where(*ours).values(is_off=True, debtor_id=None))).rowcount


async def pool(tx: AsyncConnection, city_id: str, on: date) -> Pool:
    """How the pool stands on a day."""
    is_free = (_TABLE.debtor_id.is_(None), _TABLE.is_off.is_(False))
    rests = _TABLE.free_from > on
    query = select(
        func.count(),
        func.count().filter(_TABLE.debtor_id.is_not(None)),
        func.count().filter(*is_free, or_(_TABLE.free_from.is_(None), ~rests)),
        func.count().filter(*is_free, rests),
        func.count().filter(_TABLE.is_off),
        func.coalesce(func.bool_and(_TABLE.is_practice), literal(False)),
    ).where(_TABLE.city_id == city_id)
    return Pool(*(await tx.execute(query)).one())
