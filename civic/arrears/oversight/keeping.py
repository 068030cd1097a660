"""How long tax records are kept, what of them a person is told as his own, and what forgetting him leaves.

A debt does not end with a chat: who has his data deleted is unlinked from it. The records of the tax stay while it is
owed and `arrears.oversight.keep_years` after (공공기록물법; the years are a setting with its source).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, delete, literal, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking.tables import arrears_attempts, arrears_identified, arrears_requests
from civic.arrears.ledger.rows import tax_no_index
from civic.arrears.notices.tables import arrears_letters
from civic.arrears.oversight.tables import arrears_commissions, arrears_proofs
from civic.arrears.runs.tables import arrears_run_recipients
from civic.arrears.seizure.tables import arrears_accounts_found
from civic.arrears.tables import arrears_bills, arrears_debtors, arrears_payments, arrears_stops
from core.db import Id
from core.vault import vault_of

MOST = 500
"""Debtors of one round."""
NOBODY = dict.fromkeys(("tax_no", "name", "phone", "address", "postcode", "birth"), "")
_OVER = text("""
SELECT d.id FROM arrears_debtors d WHERE d.city_id = :city AND d.name_index IS NOT NULL
AND EXISTS (SELECT FROM arrears_bills b WHERE b.debtor_id = d.id)
AND NOT EXISTS (SELECT FROM arrears_bills b WHERE b.debtor_id = d.id
    AND (b.state = 'open' OR b.closed_on IS NULL OR b.closed_on >= CAST(:before AS date)))
AND NOT EXISTS (SELECT FROM arrears_payments p WHERE p.debtor_id = d.id AND p.paid_on >= CAST(:before AS date))
ORDER BY d.id LIMIT :most FOR UPDATE SKIP LOCKED
""")


async def held_of(tx: AsyncConnection, threads: Sequence[UUID]) -> dict[str, Any]:
    """What the ledger holds of whoever proved in these conversations that he is a debtor: for himself alone."""
    of = arrears_identified.c
    ids = set(await tx.scalars(select(of.debtor_id).where(of.conversation_id.in_(threads))))
    bill, paid, stop, asked = arrears_bills, arrears_payments, arrears_stops, arrears_requests
    names = ("bill_no", "tax_item", "tax_year", "principal_krw", "notified_on", "due_on", "dunned_on", "state")
    letter = arrears_letters
    return {
        "bills": await _rows(tx, bill, ids, (*names, "detail")),
        "payments": await _rows(tx, paid, ids, ("amount_krw", "way", "paid_on", "state")),
        "stops": await _rows(tx, stop, ids, ("kind", "from_on", "until_on", "basis")),
        "requests": await _rows(tx, asked, ids, ("kind", "state", "wish", "answer", "received_at", "decided_at")),
        "letters": await _rows(tx, letter, ids, ("kind", "document_no", "issued_on", "state", "served_on")),
    }


async def unlink(tx: AsyncConnection, threads: Sequence[UUID], now: datetime) -> None:
    """Nobody in these conversations is known as a debtor any more; what he owes and asked for in writing stays."""
    of = arrears_identified
    await tx.execute(
        update(of).where(of.c.conversation_id.in_(threads), of.c.ended_at.is_(None)).values(ended_at=now, until=now)
    )
    await tx.execute(delete(arrears_attempts).where(arrears_attempts.c.conversation_id.in_(threads)))


async def forget_old(tx: AsyncConnection, city_id: str, years: int, now: datetime) -> int:
    """Who owes nothing since so many years loses name, numbers and words; sums and days stay as counts. How many; call
    again while it is not 0."""
    before = now.date().replace(day=1).replace(year=now.year - years)
    given = {"city": city_id, "before": before, "most": MOST}
    ids = list((await tx.execute(_OVER, given)).scalars())
    vault = vault_of(tx)
    for one in ids:
        nobody = vault.seal_json(NOBODY, f"arrears_debtors.person:{one}")
        gone = {
            "person": nobody,
            "name_index": None,
            "phone_index": None,
            "tax_no_index": tax_no_index(vault, str(one)),
        }
        await tx.execute(update(arrears_debtors).where(arrears_debtors.c.id == one).values(**gone, updated_at=now))
    for table, values in (
        (arrears_bills, {"detail": ""}),
        (arrears_letters, {"recipient": {}, "facts": {}}),
        (arrears_requests, {"wish": {}, "answer": ""}),
        (arrears_proofs, {"document": ""}),
        (arrears_commissions, {"document": ""}),
        (arrears_accounts_found, {"account": ""}),
        (arrears_run_recipients, {"body": {}, "address": None, "address_key": None}),
    ):
        await tx.execute(update(table).where(table.c.debtor_id == any_(literal(ids, ARRAY(Id)))).values(values))
    if ids:
        await tx.execute(_NOTICES, {"ids": ids})
    return len(ids)


_NOTICES = text("""
UPDATE outbound SET body = '{"text": ""}'::jsonb WHERE id IN (
    SELECT COALESCE(r.message_id, r.id) FROM arrears_run_recipients r WHERE r.debtor_id = ANY(:ids))
""")


async def _rows(tx: AsyncConnection, table: Any, ids: set[UUID], names: Sequence[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    wanted = select(*(table.c[name] for name in names)).where(table.c.debtor_id.in_(ids))
    return [{str(name): value for name, value in row.items()} for row in (await tx.execute(wanted)).mappings()]
