"""Virtual accounts for very many at once, by the rules for one (civic/arrears/money/accounts.py), in few statements."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import any_, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.money.accounts import VirtualAccount, account_for
from civic.arrears.money.books import hold
from civic.arrears.money.tables import arrears_account_uses, arrears_accounts
from core.arrears_rules import Arrears
from core.clock import SEOUL
from core.db import Id, driver
from core.ids import new_id

_ACCOUNT = arrears_accounts.c
_SHOWN = tuple(_ACCOUNT[name] for name in ("id", "debtor_id", "bank", "bank_name", "number", "holder", "is_practice"))

_GIVE = """
UPDATE arrears_accounts AS a SET debtor_id = g.debtor_id, given_at = %(now)s, until_on = %(until)s, free_from = NULL
FROM unnest(%(accounts)s::uuid[], %(debtors)s::uuid[]) AS g(account_id, debtor_id) WHERE a.id = g.account_id
"""


async def accounts_for(
    tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], now: datetime, rules: Arrears
) -> dict[UUID, VirtualAccount]:
    """By debtor, all of whom owe something; whoever finds the pool empty is left out. As `account_for`, whoever had one
    keeps it, and whoever had one before gets that one again while nobody else has.
    """
    today = now.astimezone(SEOUL).date()
    until_on = today + timedelta(days=rules.money.account_days)
    await hold(tx, debtor_ids)
    mine = (_ACCOUNT.city_id == city_id, _one_of(_ACCOUNT.debtor_id, debtor_ids), _ACCOUNT.is_off.is_(False))
    longer = update(arrears_accounts).where(*mine).values(until_on=until_on).returning(*_SHOWN)
    rows = {row.debtor_id: row for row in await tx.execute(longer)}
    found = {debtor_id: _shown(row, until_on) for debtor_id, row in rows.items()}
    left = [one for one in debtor_ids if one not in found]
    for debtor_id in await _had_one(tx, left):
        if (again := await account_for(tx, city_id, debtor_id, now, rules)) is not None:
            found[debtor_id] = again
    left = [one for one in left if one not in found]
    free = await _free(tx, city_id, today, len(left))
    given = dict(zip(left, free, strict=False))
    await _give(tx, city_id, given, until_on, now)
    return found | {debtor_id: _shown(row, until_on) for debtor_id, row in given.items()}


async def _had_one(tx: AsyncConnection, debtor_ids: Collection[UUID]) -> list[UUID]:
    uses = arrears_account_uses.c.debtor_id
    return list(await tx.scalars(select(uses).distinct().where(_one_of(uses, debtor_ids)).order_by(uses)))


async def _free(tx: AsyncConnection, city_id: str, today: Any, most: int) -> list[Any]:
    """Those free for longest, locked; another process's are passed over."""
    rested = or_(_ACCOUNT.free_from.is_(None), _ACCOUNT.free_from <= today)
    wanted = select(*_SHOWN).where(_ACCOUNT.city_id == city_id, _ACCOUNT.debtor_id.is_(None), rested)
    longest = wanted.where(_ACCOUNT.is_off.is_(False)).order_by(_ACCOUNT.free_from.nulls_first(), _ACCOUNT.id)
    return list(await tx.execute(longest.limit(most).with_for_update(skip_locked=True))) if most else []


async def _give(tx: AsyncConnection, city_id: str, given: dict[UUID, Any], until_on: Any, now: datetime) -> None:
    if not given:
        return
    uses = [
        {"id": new_id(), "city_id": city_id, "account_id": row.id, "debtor_id": debtor_id, "given_at": now}
        for debtor_id, row in given.items()
    ]
    await tx.execute(insert(arrears_account_uses), uses)
    values = {"accounts": [row.id for row in given.values()], "debtors": list(given), "now": now, "until": until_on}
    await (await driver(tx)).execute(_GIVE, values)


def _shown(row: Any, until_on: Any) -> VirtualAccount:
    return VirtualAccount(row.bank, row.bank_name, row.number, row.holder, until_on, row.is_practice)


def _one_of(column: Any, ids: Collection[UUID]) -> Any:
    return column == any_(literal(list(ids), ARRAY(Id)))
