"""A batch goes on by itself: each call does the next piece of one step in one transaction; a crash loses one piece."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.seizure import closing, collecting, looking, noticing, planning, rows, sending, states, telling
from civic.arrears.seizure.rows import Batch
from civic.arrears.seizure.states import HOUSE
from civic.arrears.seizure.tables import arrears_batches
from core.arrears_rules import Arrears

Piece = Callable[[AsyncConnection, str, datetime, Arrears], Awaitable[int]]


async def look(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    """Lookups of batches that were ordered; a plan where all banks have answered, or need not be waited for."""
    given_up = await looking.give_up_balances(tx, city_id, now, rules.seizure)
    await noticing.stuck(tx, city_id, given_up, now, rules)
    done = len(given_up)
    for batch in await _batches(tx, city_id, "looking"):
        if batch.paused_at is not None:
            continue
        if batch.looked_at is None:
            most, minutes = rules.seizure.at_once, rules.seizure.lookup_minutes
            done += await looking.look_next(tx, batch, sorted(rules.banks.banks), most, now, minutes) or 1
        elif await looking.is_answered(tx, batch):
            await planning.plan(tx, batch, now, rules)
            done += 1
        elif batch.waits_until is not None and batch.waits_until <= now:
            batch, silent = await looking.pass_over(tx, batch, now)
            await noticing.silent(tx, batch, silent, now, rules)
            await planning.plan(tx, batch, now, rules)
            done += 1
    return done


async def send(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    """Approved batches begin; running ones order their next seizures."""
    done = 0
    for batch in await _batches(tx, city_id, "approved", "running"):
        if batch.paused_at is not None:
            continue
        running = batch
        if batch.state == "approved":
            running = await states.move_batch(tx, batch, "running", now, HOUSE, started_at=now)
            done += 1
        done += await sending.send_next(tx, running, now, rules)
    return done


async def close(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    return sum([await closing.close_if_over(tx, one, now, rules) for one in await _batches(tx, city_id, "running")])


async def collect(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    return await collecting.collect_next(tx, city_id, now, rules)


async def finish(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    return await collecting.finish_next(tx, city_id, now, rules)


async def tell(tx: AsyncConnection, city_id: str, now: datetime, rules: Arrears) -> int:
    return await telling.tell_next(tx, city_id, now, rules)


PIECES: Sequence[tuple[str, Piece]] = (
    ("look", look),
    ("finish", finish),
    ("send", send),
    ("tell", tell),
    ("collect", collect),
    ("close", close),
)
"""In this order: letting go before taking more."""


async def _batches(tx: AsyncConnection, city_id: str, *wanted: str) -> list[Batch]:
    """Locked; those that another process or an officer holds are left for the next round."""
    table = arrears_batches
    found = select(table).where(table.c.city_id == city_id, table.c.state.in_(wanted)).order_by(table.c.id)
    return [rows.Batch.of(row) for row in await tx.execute(found.with_for_update(skip_locked=True))]
