"""Positions in what banks tell by themselves, late answers and ledgers: moved only with what was read before them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.banks.claiming import Way
from civic.arrears.banks.tables import arrears_bank_requests as requests_table
from civic.arrears.banks.tables import arrears_bank_ways as ways_table


async def awaited(
    tx: AsyncConnection, city_id: str, poll_s: float, idle_s: float, now: datetime
) -> Sequence[tuple[Way, str]]:
    """Ways over which an answer may still come and that were not looked at for `poll_s`, with their positions; and
    those that owe nothing each `idle_s`: a file that a bank lays there unasked is to be seen, too."""
    asked, ways = requests_table.c, ways_table.c
    owes = exists().where(
        asked.city_id == city_id,
        asked.gateway == ways.gateway,
        asked.bank == ways.bank,
        asked.state.in_(("pending", "dead")),
    )
    wanted = select(ways.gateway, ways.bank, ways.answers_after).where(
        ways.city_id == city_id,
        or_(
            ways.polled_at.is_(None),
            ways.polled_at <= now - timedelta(seconds=idle_s),
            and_(ways.polled_at <= now - timedelta(seconds=poll_s), owes),
        ),
        or_(ways.resting_until.is_(None), ways.resting_until <= now),
    )
    return [(Way(row.gateway, row.bank), row.answers_after) for row in await tx.execute(wanted)]


async def move(
    tx: AsyncConnection, city_id: str, way: Way, column: str, before: str, after: str, now: datetime
) -> bool:
    """Whether the position `column` stood at `before` and now stands at `after`; else somebody else read that page."""
    table = ways_table
    key = {"city_id": city_id, "gateway": way.gateway, "bank": way.bank}
    await tx.execute(insert(table).values(key).on_conflict_do_nothing())
    seen = "polled_at" if column == "answers_after" else "ledger_at"
    moved = (
        table.update()
        .where(*(table.c[name] == value for name, value in key.items()), table.c[column] == before)
        .values({column: after, seen: now, "poll_failure": ""})
        .returning(table.c.bank)
    )
    return (await tx.execute(moved)).first() is not None


async def note_unread(tx: AsyncConnection, city_id: str, way: Way, failure: str, now: datetime) -> bool:
    """Late answers or the ledger could not be read; whether that is news."""
    table = ways_table
    key = {"city_id": city_id, "gateway": way.gateway, "bank": way.bank}
    await tx.execute(insert(table).values(key).on_conflict_do_nothing())
    noted = (
        table.update()
        .where(*(table.c[name] == value for name, value in key.items()))
        .values(poll_failure=failure[:500], polled_at=now)
    )
    was = select(table.c.poll_failure).where(*(table.c[name] == value for name, value in key.items())).with_for_update()
    before = await tx.scalar(was)
    await tx.execute(noted)
    return before != failure[:500]
