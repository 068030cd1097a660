"""Which requests one process may take to a bank now, and how each way to a bank stands. Nobody waits for a dead one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.banks.requests import SEALED
from civic.arrears.banks.tables import arrears_bank_requests as requests_table
from civic.arrears.banks.tables import arrears_bank_ways as ways_table
from core.arrears_seizure_rules import Banks
from core.contracts.banks import BankRequest, Kind, Person
from core.db import driver
from core.vault import vault_of

_CLAIM = """
UPDATE arrears_bank_requests r SET claimed_by = %(owner)s, claimed_until = %(until)s, gateway = %(gateway)s,
  is_practice = %(is_practice)s, attempts = attempts + 1, updated_at = %(now)s
WHERE r.id IN (
  SELECT w.id FROM arrears_bank_requests w
  WHERE w.city_id = %(city)s AND w.bank = %(bank)s AND w.kind = %(kind)s AND w.state IN ('waiting', 'pending')
    AND w.priority = %(priority)s AND w.next_at <= %(now)s AND (w.claimed_until IS NULL OR w.claimed_until <= %(now)s)
  ORDER BY w.next_at LIMIT %(most)s FOR UPDATE SKIP LOCKED)
RETURNING r.id, r.kind, r.bank, r.amount_krw, r.asked, r.attempts
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """`attempts`: with this one."""

    request: BankRequest
    attempts: int


@dataclass(frozen=True, slots=True)
class Way:
    """A bank and the gateway that leads to it."""

    gateway: str
    bank: str


async def due(tx: AsyncConnection, city_id: str, now: datetime) -> set[str]:
    """Banks that something may be asked of now."""
    table = requests_table.c
    wanted = select(table.bank).where(*_due(city_id, now)).distinct()
    return set((await tx.execute(wanted)).scalars())


def _due(city_id: str, now: datetime) -> tuple[Any, ...]:
    table = requests_table.c
    return (
        table.city_id == city_id,
        table.state.in_(("waiting", "pending")),
        table.next_at <= now,
        or_(table.claimed_until.is_(None), table.claimed_until <= now),
    )


async def claim(
    tx: AsyncConnection,
    city_id: str,
    way: Way,
    most: int,
    *,
    is_practice: bool,
    owner: str,
    until: datetime,
    now: datetime,
) -> Sequence[Claimed]:
    """At most `most` requests of one kind, those that are most urgent first; nobody else has them before `until`."""
    table = requests_table.c
    first = select(table.kind, table.priority).where(*_due(city_id, now), table.bank == way.bank)
    found = (await tx.execute(first.order_by(table.priority, table.next_at).limit(1))).first()
    if found is None:
        return []
    values = {
        "city": city_id,
        "bank": way.bank,
        "gateway": way.gateway,
        "kind": found.kind,
        "priority": found.priority,
        "most": most,
        "is_practice": is_practice,
        "owner": owner,
        "until": until,
        "now": now,
    }
    vault = vault_of(tx)
    async with (await driver(tx)).cursor(row_factory=dict_row) as cursor:
        rows = await (await cursor.execute(_CLAIM, values)).fetchall()
    return [
        Claimed(request_of(row, vault.open_json(row["asked"], f"{SEALED}:{row['id']}")), row["attempts"])
        for row in rows
    ]


def request_of(row: Mapping[str, Any], asked: Mapping[str, Any]) -> BankRequest:
    """A row as it was asked, with its opened `asked`."""
    person = Person(asked["tax_no"], asked["name"], asked["is_company"])
    kind: Kind = row["kind"]
    return BankRequest(row["id"], kind, row["bank"], person, asked["account"], row["amount_krw"], asked["document"])


async def withdraw(tx: AsyncConnection, city_id: str, ids: Collection[UUID]) -> set[UUID]:
    """Take back what no bank was asked yet; which were. What is on its way, or was, stays."""
    table = requests_table.c
    unsent = (table.city_id == city_id, table.id.in_(ids), table.state == "waiting", table.attempts == 0)
    return set((await tx.execute(delete(requests_table).where(*unsent).returning(table.id))).scalars())


async def resume(tx: AsyncConnection, city_id: str, ids: Collection[UUID], now: datetime) -> int:
    """Ask again, under the same ids, what was given up; how many."""
    table = requests_table.c
    dead = (table.city_id == city_id, table.id.in_(ids), table.state == "dead")
    fresh = {"state": "waiting", "attempts": 0, "next_at": now, "claimed_until": None, "updated_at": now}
    return (await tx.execute(update(requests_table).where(*dead).values(fresh))).rowcount


# -- how a way stands ------------------------------------------------------------------------------------------------


async def resting(tx: AsyncConnection, city_id: str, now: datetime) -> set[Way]:
    """Ways that failed and are left alone for now."""
    table = ways_table.c
    wanted = select(table.gateway, table.bank).where(table.city_id == city_id, table.resting_until > now)
    return {Way(row.gateway, row.bank) for row in await tx.execute(wanted)}


async def note_ok(tx: AsyncConnection, city_id: str, way: Way, now: datetime) -> None:
    """The bank answered: it is no longer left alone."""
    fresh = {"failures": 0, "resting_until": None, "last_ok_at": now, "failing_since": None, "failure": ""}
    await _set(tx, city_id, way, {**fresh, "told_at": None})


async def note_failed(
    tx: AsyncConnection, city_id: str, way: Way, failure: str, rules: Banks, now: datetime
) -> tuple[int, bool]:
    """Failures in a row with this one, and whether staff must hear of it now: nothing came for `failing_minutes`."""
    await _set(tx, city_id, way, {"failure": failure})
    table = ways_table.c
    more = (
        update(ways_table)
        .where(*_is(city_id, way))
        .values(failures=table.failures + 1, failing_since=func.coalesce(table.failing_since, now))
        .returning(table.failures, table.failing_since, table.told_at)
    )
    row = (await tx.execute(more)).one()
    is_told = row.told_at is None and now - row.failing_since >= timedelta(minutes=rules.failing_minutes)
    rest = min(rules.rest_s * 2.0 ** min(max(row.failures - rules.rest_after, 0), 20), rules.longest_rest_s)
    is_resting = row.failures >= rules.rest_after
    await _set(
        tx,
        city_id,
        way,
        {
            "resting_until": now + timedelta(seconds=rest) if is_resting else None,
            "told_at": now if is_told else row.told_at,
        },
    )
    return row.failures, is_told


async def _set(tx: AsyncConnection, city_id: str, way: Way, values: Mapping[str, Any]) -> None:
    row = {"city_id": city_id, "gateway": way.gateway, "bank": way.bank, **values}
    statement = insert(ways_table).values(row)
    await tx.execute(statement.on_conflict_do_update(index_elements=["city_id", "gateway", "bank"], set_=dict(values)))


def _is(city_id: str, way: Way) -> tuple[Any, ...]:
    table = ways_table.c
    return (table.city_id == city_id, table.gateway == way.gateway, table.bank == way.bank)
