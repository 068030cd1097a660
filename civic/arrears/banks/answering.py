"""What banks answered is stored exactly once, whatever is repeated, late or out of order; the rest is asked again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.banks.claiming import Claimed, Way, request_of
from civic.arrears.banks.requests import SEALED
from civic.arrears.banks.tables import arrears_bank_requests
from core.arrears_seizure_rules import Banks
from core.contracts.banks import BankAnswer, BankRequest
from core.db import driver
from core.vault import vault_of

FOUND = "arrears_bank_requests.found"
Answered = Sequence[tuple[BankRequest, BankAnswer]]

_FINAL = """
UPDATE arrears_bank_requests r SET state = 'answered', status = a.status, answered_krw = a.amount, reason = a.reason,
  found = a.found, effective_at = a.at, answered_at = %(now)s, updated_at = %(now)s, gateway = %(gateway)s,
  claimed_by = '', claimed_until = NULL, failure = '', is_unknown = false
FROM unnest(%(ids)s::uuid[], %(statuses)s::text[], %(amounts)s::bigint[], %(reasons)s::text[], %(found)s::jsonb[],
  %(ats)s::timestamptz[]) AS a (id, status, amount, reason, found, at)
WHERE r.id = a.id AND r.city_id = %(city)s AND r.bank = %(bank)s AND r.state <> 'answered'
  AND (r.kind = 'lookup' OR a.amount <= r.amount_krw)
RETURNING r.id, r.kind, r.bank, r.amount_krw, r.asked
"""
_MISFIT = """
UPDATE arrears_bank_requests r SET state = 'dead', failure = 'answered more than was asked', updated_at = %(now)s,
  claimed_by = '', claimed_until = NULL, is_unknown = true
FROM unnest(%(ids)s::uuid[], %(amounts)s::bigint[]) AS a (id, amount)
WHERE r.id = a.id AND r.city_id = %(city)s AND r.bank = %(bank)s AND r.state <> 'answered' AND r.kind <> 'lookup'
  AND a.amount > r.amount_krw
"""
_PENDING = """
UPDATE arrears_bank_requests r SET state = 'pending', attempts = 0, next_at = %(again)s, claimed_by = '',
  claimed_until = NULL, failure = '', is_unknown = false, updated_at = %(now)s
FROM (SELECT id, state FROM arrears_bank_requests WHERE id = ANY(%(ids)s) AND city_id = %(city)s AND bank = %(bank)s
  AND state <> 'answered' ORDER BY id FOR UPDATE) AS was
WHERE r.id = was.id RETURNING r.id, r.kind, r.bank, r.amount_krw, r.asked, was.state AS was
"""
_AGAIN = """
UPDATE arrears_bank_requests r SET claimed_by = '', claimed_until = NULL, failure = %(failure)s, updated_at = %(now)s,
  is_unknown = r.is_unknown OR %(is_unknown)s, next_at = a.next_at,
  attempts = CASE WHEN %(is_counted)s THEN r.attempts ELSE r.attempts - 1 END,
  state = CASE WHEN %(is_over)s OR (%(is_counted)s AND r.attempts >= %(most)s) THEN 'dead' ELSE r.state END
FROM unnest(%(ids)s::uuid[], %(nexts)s::timestamptz[]) AS a (id, next_at)
WHERE r.id = a.id AND r.claimed_by = %(owner)s AND r.state IN ('waiting', 'pending') RETURNING r.state
"""


async def store(
    tx: AsyncConnection, city_id: str, way: Way, answers: Sequence[BankAnswer], rules: Banks, now: datetime
) -> Answered:
    """Store answers; those that are new come back with their requests, to be acted on in this very transaction.

    New are final answers, and the first word that a join stands behind another's seizure (pending). Answers to what
    nobody asked this bank, and repeats, change nothing. An answer above what was asked is never believed: staff see it.
    """
    newest = {one.request_id: one for one in answers if one.status == "pending"}
    final = {one.request_id: one for one in answers if one.status != "pending"}
    pending = [newest[key] for key in newest if key not in final]
    told: list[tuple[BankRequest, BankAnswer]] = []
    if final:
        told += await _final(tx, city_id, way, list(final.values()), now)
    if pending:
        told += await _pending(tx, city_id, way, pending, now + timedelta(minutes=rules.pending_again_minutes), now)
    return told


async def _final(
    tx: AsyncConnection, city_id: str, way: Way, answers: Sequence[BankAnswer], now: datetime
) -> list[tuple[BankRequest, BankAnswer]]:
    vault = vault_of(tx)
    values = {
        "city": city_id,
        "bank": way.bank,
        "gateway": way.gateway,
        "now": now,
        "ids": [one.request_id for one in answers],
        "statuses": [one.status for one in answers],
        "amounts": [one.amount_krw for one in answers],
        "reasons": [one.reason for one in answers],
        "found": [Jsonb(vault.seal_json(_found(one), f"{FOUND}:{one.request_id}")) for one in answers],
        "ats": [one.at for one in answers],
    }
    by_id = {one.request_id: one for one in answers}
    rows = await _rows(tx, _FINAL, values)
    new = [(_asked(tx, row), by_id[row["id"]]) for row in rows]
    if len(new) < len(answers):
        await (await driver(tx)).execute(_MISFIT, values)
    return new


async def _pending(
    tx: AsyncConnection, city_id: str, way: Way, answers: Sequence[BankAnswer], again: datetime, now: datetime
) -> list[tuple[BankRequest, BankAnswer]]:
    by_id = {one.request_id: one for one in answers}
    values = {"city": city_id, "bank": way.bank, "ids": list(by_id), "again": again, "now": now}
    rows = await _rows(tx, _PENDING, values)
    return [(_asked(tx, row), by_id[row["id"]]) for row in rows if row["kind"] == "join" and row["was"] != "pending"]


async def again(
    tx: AsyncConnection,
    claimed: Sequence[Claimed],
    failure: str,
    rules: Banks,
    now: datetime,
    *,
    owner: str,
    is_unknown: bool,
    is_over: bool = False,
    is_counted: bool = True,
) -> int:
    """Ask these again later, each after a wait that grows with its attempts; how many were given up for staff to see.

    `is_over`: the gateway says that asking again is no use. `is_counted` false: the bank was not reached, which says
    nothing about these requests, however often; the way to the bank rests, and staff hear of it. What somebody else
    claimed meanwhile is his.
    """
    values = {
        "ids": [one.request.request_id for one in claimed],
        "nexts": [now + timedelta(seconds=wait_s(one.attempts, rules)) for one in claimed],
        "failure": failure[:500],
        "is_unknown": is_unknown,
        "is_over": is_over,
        "is_counted": is_counted or is_over,
        "most": rules.most_attempts,
        "owner": owner,
        "now": now,
    }
    cursor = await (await driver(tx)).execute(_AGAIN, values)
    return sum(state == "dead" for (state,) in await cursor.fetchall())


async def strangers(tx: AsyncConnection, city_id: str, way: Way, answers: Sequence[BankAnswer]) -> int:
    """How many answers are to what this city never asked this bank: another city's lines, or an id that was changed."""
    ids, table = {one.request_id for one in answers}, arrears_bank_requests.c
    ours = select(func.count()).where(table.city_id == city_id, table.bank == way.bank, table.id.in_(ids))
    return len(ids) - int(await tx.scalar(ours) or 0) if ids else 0


def wait_s(attempts: int, rules: Banks) -> float:
    """Seconds until the next attempt after this many."""
    return min(rules.wait_s * 2.0 ** min(attempts - 1, 20), rules.longest_wait_s)


async def _rows(tx: AsyncConnection, statement: Any, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    async with (await driver(tx)).cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(statement, values)).fetchall()


def _asked(tx: AsyncConnection, row: Mapping[str, Any]) -> BankRequest:
    row_id: UUID = row["id"]
    return request_of(row, vault_of(tx).open_json(row["asked"], f"{SEALED}:{row_id}"))


def _found(answer: BankAnswer) -> dict[str, Any]:
    return {"accounts": [asdict(one) for one in answer.found]} if answer.found else {}
