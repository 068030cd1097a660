"""Word of arrears stops at once: who paid, was deferred, disputes, died, or has another number gets none of it.

Called in the transaction that takes notice of the change (bot/arrears/following.py). Until then the message is held
back by `leaving`, so that none goes between a payment's commit and this one.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.notices.steps import taken_back
from civic.arrears.runs.judging import Verdict, judge, standings
from civic.arrears.runs.leaving import STOPPED
from civic.arrears.runs.tables import arrears_run_recipients, arrears_runs
from civic.conversations.tables import outbound
from core.clock import SEOUL
from core.vault import vault_of

CHANGED = "그사이 일부 납부 등으로 금액이 달라져 다시 셈합니다. (Reckoned anew.)"
WRONG_NUMBER = "번호가 다르다고 하여 우편으로 알립니다. (Wrong number: by letter.)"
_WORDS = {"stopped": STOPPED, "changed": CHANGED, "wrong_number": WRONG_NUMBER}


async def debtor_changed(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID], now: datetime) -> int:
    """Hold every open recipient of these debtors against what holds now; for how many something changed.

    Paid in full or stopped: no message and no letter. Part paid: the message is cancelled and reckoned anew once. Wrong
    number: by letter. What the provider has in hand cannot be called back; it is not tried again.
    """
    rows = await _open(tx, city_id, debtor_ids)
    if not rows:
        return 0
    vault, today = vault_of(tx), now.astimezone(SEOUL).date()
    stand = await standings(tx, city_id, sorted({row["debtor_id"] for row in rows}), today)
    verdicts = [(row, judge(vault, row, stand[row["debtor_id"]])) for row in rows]
    changed = [(row, verdict) for row, verdict in verdicts if verdict.holds != "holds"]
    for row, verdict in changed:
        await _apply(tx, row, verdict, now)
    await give_back(tx, city_id, [row for row, verdict in changed if verdict.holds == "stopped"])
    return len(changed)


async def _open(tx: AsyncConnection, city_id: str, debtor_ids: Collection[UUID]) -> Sequence[RowMapping]:
    """Locked, in the order of their ids, as whoever fills does."""
    mine = arrears_run_recipients.c
    wanted = (
        select(*(column for column in mine if column.name not in ("body", "address")), arrears_runs.c.level)
        .join(arrears_runs, arrears_runs.c.id == mine.run_id)
        .where(
            mine.city_id == city_id,
            mine.debtor_id.in_(list(debtor_ids)),
            mine.state.in_(("ready", "queued")),
            arrears_runs.c.ended_at.is_(None),
        )
        .order_by(mine.id)
        .with_for_update(of=arrears_run_recipients)
    )
    return (await tx.execute(wanted)).mappings().all()


async def _apply(tx: AsyncConnection, row: RowMapping, verdict: Verdict, now: datetime) -> None:
    message_id = row["message_id"] or row["id"]
    has_left = row["state"] == "queued" and not await _cancel(tx, message_id, _WORDS[verdict.holds], now)
    values: dict[str, Any] = {"updated_at": now}
    if verdict.holds == "stopped":
        values |= {"state": "stopped", "reason": verdict.why, "body": {}}
    elif verdict.holds == "wrong_number":
        # Somebody else has read it, or will not: the debtor himself has not been told.
        values |= {"state": "ready", "way": "letter", "reason": "wrong_number", "body": {}}
    elif has_left:
        return  # he was told; what a changed amount asks for is the next notice's
    elif row["state"] == "queued" and row["anew"]:
        values |= {"state": "stopped", "reason": "changed_again", "body": {}}
    else:
        values |= {"state": "ready", "anew": 1, "reason": verdict.why, "body": {}}
    await tx.execute(update(arrears_run_recipients).where(arrears_run_recipients.c.id == row["id"]).values(values))


async def _cancel(tx: AsyncConnection, message_id: UUID, reason: str, now: datetime) -> bool:
    """Whether it had not left. A process that has claimed it asks again before it sends."""
    waiting = update(outbound).where(outbound.c.id == message_id, outbound.c.status == "queued")
    gone = waiting.values(status="cancelled", reason=reason, ended_at=now, claimed_until=None)
    return (await tx.execute(gone)).rowcount > 0


async def give_back(tx: AsyncConnection, city_id: str, rows: Sequence[RowMapping]) -> None:
    """Whom neither a message nor a letter reached was not told this level. `rows`: recipients with their `level`."""
    noted = {row["message_id"] or row["id"]: row for row in rows if row["queued_at"] and row["letter_id"] is None}
    if not noted:
        return
    left = select(outbound.c.id).where(outbound.c.id.in_(list(noted)), outbound.c.status != "cancelled")
    went = set(await tx.scalars(left))
    told = defaultdict[Any, list[UUID]](list)
    unsent = [row for message_id, row in noted.items() if message_id not in went]
    for row in unsent:
        told[row["level"], row["queued_at"].astimezone(SEOUL).date()].append(row["debtor_id"])
    for (level, on), debtor_ids in told.items():
        await taken_back(tx, city_id, level, debtor_ids, on)
    mine = arrears_run_recipients.c.id.in_([row["id"] for row in unsent])
    await tx.execute(update(arrears_run_recipients).where(mine).values(queued_at=None))
