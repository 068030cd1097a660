"""Two ledgers, one truth: every line that a bank booked against what we asked and were paid, to the won.

What does not agree is kept as a difference until an officer has closed it with a reason. Lookups are not booked.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.banks.claiming import Way
from civic.arrears.banks.tables import arrears_bank_booked as booked_table
from civic.arrears.banks.tables import arrears_bank_differences as differences_table
from civic.arrears.banks.tables import arrears_bank_reconciliations as runs_table
from core.contracts.banks import Booked
from core.db import driver
from core.errors import BadInput, Conflict, NotFound, PreconditionFailed
from core.ids import new_id
from core.vault import vault_of

SOURCE = "seizure"
"""Payments that came by collection: their number is the id of the request that collected them."""

_MATCH = """
UPDATE arrears_bank_booked l SET matched_at = %(now)s
FROM arrears_bank_requests r
WHERE l.city_id = %(city)s AND l.matched_at IS NULL AND r.id = l.request_id AND r.city_id = l.city_id
  AND r.bank = l.bank AND r.state = 'answered' AND r.kind = l.kind AND r.answered_krw = l.amount_krw
  AND NOT EXISTS (SELECT 1 FROM arrears_bank_booked o WHERE o.city_id = l.city_id AND o.request_id = l.request_id
    AND o.id < l.id)
"""
_THEIRS = """
INSERT INTO arrears_bank_differences
  (id, city_id, reconciliation_id, gateway, bank, request_id, kind, what, ours_krw, theirs_krw, found_at)
SELECT DISTINCT ON (l.request_id, what) uuidv7(), l.city_id, %(run)s, l.gateway, l.bank, l.request_id, l.kind, what,
  ours, theirs, %(now)s
FROM arrears_bank_booked l
LEFT JOIN arrears_bank_requests r ON r.id = l.request_id AND r.city_id = l.city_id AND r.bank = l.bank
CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM arrears_bank_booked o WHERE o.city_id = l.city_id
  AND o.request_id = l.request_id AND o.id < l.id) AS is_again) AS again
CROSS JOIN LATERAL (SELECT
  CASE WHEN is_again THEN 'twice' WHEN r.id IS NULL OR r.state <> 'answered' THEN 'ours_missing'
    WHEN r.kind <> l.kind THEN 'kind' ELSE 'amount' END AS what,
  r.answered_krw AS ours,
  CASE WHEN is_again THEN (SELECT sum(o.amount_krw) FROM arrears_bank_booked o WHERE o.city_id = l.city_id
    AND o.request_id = l.request_id) ELSE l.amount_krw END AS theirs) AS judged
WHERE l.city_id = %(city)s AND l.matched_at IS NULL
  AND (r.id IS NULL OR r.state = 'answered' OR l.booked_at <= %(until)s)
ON CONFLICT (city_id, request_id, what) DO NOTHING
"""
_OURS = """
INSERT INTO arrears_bank_differences
  (id, city_id, reconciliation_id, gateway, bank, request_id, kind, what, ours_krw, found_at)
SELECT uuidv7(), r.city_id, %(run)s, r.gateway, r.bank, r.id, r.kind, 'theirs_missing', r.answered_krw, %(now)s
FROM arrears_bank_requests r
WHERE r.city_id = %(city)s AND r.state = 'answered' AND r.kind <> 'lookup' AND r.answered_krw > 0
  AND r.answered_at <= %(until)s
  AND (r.gateway, r.bank) IN (SELECT * FROM unnest(%(gateways)s::text[], %(banks)s::text[]))
  AND NOT EXISTS (SELECT 1 FROM arrears_bank_booked l WHERE l.city_id = r.city_id AND l.request_id = r.id)
ON CONFLICT (city_id, request_id, what) DO NOTHING
"""
_PAYMENTS = """
INSERT INTO arrears_bank_differences
  (id, city_id, reconciliation_id, gateway, bank, request_id, kind, what, ours_krw, theirs_krw, found_at)
SELECT uuidv7(), r.city_id, %(run)s, r.gateway, r.bank, r.id, r.kind,
  CASE WHEN p.id IS NULL THEN 'payment_missing' ELSE 'payment_amount' END, p.amount_krw, r.answered_krw, %(now)s
FROM arrears_bank_requests r
LEFT JOIN arrears_payments p ON p.city_id = r.city_id AND p.source = %(source)s AND p.payment_no = r.id::text
WHERE r.city_id = %(city)s AND r.state = 'answered' AND r.kind = 'collect' AND r.answered_krw > 0
  AND r.answered_at <= %(until)s AND (p.id IS NULL OR p.amount_krw <> r.answered_krw)
ON CONFLICT (city_id, request_id, what) DO NOTHING
"""
_SUMS = """
SELECT (SELECT count(*) FROM arrears_bank_booked WHERE city_id = %(city)s) AS lines,
  (SELECT count(*) FROM arrears_bank_booked WHERE city_id = %(city)s AND matched_at IS NOT NULL) AS matched,
  (SELECT COALESCE(sum(amount_krw), 0) FROM arrears_bank_booked WHERE city_id = %(city)s AND kind = 'collect')
    AS theirs,
  (SELECT COALESCE(sum(answered_krw), 0) FROM arrears_bank_requests WHERE city_id = %(city)s AND kind = 'collect'
    AND state = 'answered') AS ours
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """`differences`: new ones. `*_krw`: collected by all of it, as we and as the banks say."""

    lines: int
    matched: int
    differences: int
    ours_krw: int
    theirs_krw: int


async def ask_for(tx: AsyncConnection, city_id: str, staff_id: UUID | None, now: datetime) -> UUID:
    """A comparison that will be made at the next look; one that is wanted already stands for both."""
    table = runs_table.c
    wanted = select(table.id).where(table.city_id == city_id, table.ended_at.is_(None)).limit(1)
    if (known := await tx.scalar(wanted)) is not None:
        return UUID(str(known))
    made = new_id()
    row = {"id": made, "city_id": city_id, "staff_id": staff_id, "until_at": now, "started_at": now}
    await tx.execute(insert(runs_table).values(row))
    return made


async def wanted(tx: AsyncConnection, city_id: str) -> UUID | None:
    """The comparison that is to be made."""
    table = runs_table.c
    found = select(table.id).where(table.city_id == city_id, table.ended_at.is_(None)).order_by(table.id).limit(1)
    known: UUID | None = await tx.scalar(found)
    return known


async def keep_lines(tx: AsyncConnection, city_id: str, way: Way, lines: Sequence[Booked], now: datetime) -> None:
    """Lines of a bank's ledger, in its order."""
    vault, rows = vault_of(tx), []
    for line in lines:
        row_id = new_id()
        account = vault.seal_text(line.account, f"arrears_bank_booked.account:{row_id}")
        rows.append(
            {
                "id": row_id,
                "city_id": city_id,
                "gateway": way.gateway,
                "bank": way.bank,
                "request_id": line.request_id,
                "kind": line.kind,
                "account": account,
                "amount_krw": line.amount_krw,
                "booked_at": line.at,
                "taken_at": now,
            }
        )
    if rows:
        await tx.execute(insert(booked_table), rows)


async def compare(
    tx: AsyncConnection,
    city_id: str,
    run_id: UUID,
    read: Collection[Way],
    unread: Collection[str],
    settle: timedelta,
    now: datetime,
) -> Compared | None:
    """Compare what is kept with what we know, and end the run; None where another process has ended it.

    `read`: ways whose ledger was read to its end just now; only of these we may say that a line is missing there. What
    is younger than `settle` may be on its way still.
    """
    table = runs_table
    open_run = select(table.c.id).where(table.c.id == run_id, table.c.ended_at.is_(None)).with_for_update()
    if await tx.scalar(open_run) is None:
        return None
    until = now - settle
    values: dict[str, Any] = {
        "city": city_id,
        "run": run_id,
        "now": now,
        "until": until,
        "gateways": [way.gateway for way in read],
        "banks": [way.bank for way in read],
        "source": SOURCE,
    }
    connection = await driver(tx)
    await connection.execute(_MATCH, values)
    new = 0
    for statement in (_THEIRS, _OURS, _PAYMENTS):
        new += (await connection.execute(statement, values)).rowcount
    async with connection.cursor(row_factory=dict_row) as cursor:
        sums = await (await cursor.execute(_SUMS, values)).fetchone()
    assert sums is not None
    made = Compared(sums["lines"], sums["matched"], new, int(sums["ours"]), int(sums["theirs"]))
    ended = update(table).where(table.c.id == run_id)
    await tx.execute(
        ended.values(
            until_at=until,
            lines=made.lines,
            matched=made.matched,
            new_differences=new,
            ours_krw=made.ours_krw,
            theirs_krw=made.theirs_krw,
            unread=", ".join(sorted(unread)),
            ended_at=now,
        )
    )
    return made


async def close(
    tx: AsyncConnection,
    city_id: str,
    difference_id: UUID,
    versions: Collection[int],
    reason: str,
    staff_id: UUID,
    now: datetime,
) -> Any:
    """Close a difference with a reason; the changed row. Raises NotFound, PreconditionFailed, Conflict, BadInput."""
    if not reason.strip():
        raise BadInput("닫는 까닭을 적어 주세요.", "Say why it is closed.")
    table = differences_table
    held = select(table).where(table.c.id == difference_id, table.c.city_id == city_id).with_for_update()
    row = (await tx.execute(held)).first()
    if row is None:
        raise NotFound("그런 차이가 없습니다.", "No such difference.")
    if row.version not in versions:
        raise PreconditionFailed("그 사이에 바뀌었습니다.", "It was changed meanwhile.")
    if row.state == "closed":
        raise Conflict("이미 닫았습니다.", "It is closed already.")
    closed = update(table).where(table.c.id == difference_id)
    values = {"state": "closed", "closed_at": now, "closed_by": staff_id, "reason": reason.strip()}
    changed = closed.values(**values, version=table.c.version + 1).returning(*table.c)
    return (await tx.execute(changed)).one()


async def open_differences(tx: AsyncConnection, city_id: str) -> int:
    """How many wait for an officer."""
    table = differences_table.c
    count = select(func.count()).where(table.city_id == city_id, table.state == "open")
    return int(await tx.scalar(count) or 0)
