"""What is personal in a closed case goes; category, area, dates, clock and figures stay for the city's statistics."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases import history
from civic.cases.case import Actor
from civic.cases.search import index
from civic.cases.tables import case_events, case_joiners, case_merges, cases

_CASES = text("""
UPDATE cases k SET
    title = COALESCE(
        (SELECT c.name_ko FROM categories c WHERE c.city_id = k.city_id AND c.id = k.category), k.category),
    body = '', place = '', occurred = '', rating_text = '', public_text = NULL,
    answer = CASE WHEN answer IS NULL THEN NULL ELSE '' END,
    lat = round(lat::numeric, 2)::float8, lon = round(lon::numeric, 2)::float8,
    citizen_id = NULL, conversation_id = NULL, anonymised_at = :now, version = version + 1
WHERE k.id = ANY(:ids)
""")
"""Two decimals of a degree are about a kilometre: a neighbourhood and no house."""
_TIPS = text("""
UPDATE inquiries SET body = '', place = '', conversation_id = NULL,
    lat = round(lat::numeric, 2)::float8, lon = round(lon::numeric, 2)::float8
WHERE city_id = :city AND received_at < :before AND (body <> '' OR conversation_id IS NOT NULL)
""")
_LETTERS = text("""
UPDATE letters SET text = '', recipient = '{"name": "", "address": "", "postcode": ""}'::jsonb
WHERE case_id = ANY(:ids)
""")
_FILES = text("DELETE FROM attachments WHERE case_id = ANY(:ids) RETURNING sha256, thumb_sha256, public_sha256")


async def due(tx: AsyncConnection, city_id: str, before: datetime, *, most: int = 200) -> list[UUID]:
    """Cases closed before the moment that hold something personal still, oldest first, locked. A held one never is."""
    wanted = (
        select(cases.c.id)
        .where(
            cases.c.city_id == city_id,
            cases.c.closed_at < before,
            cases.c.anonymised_at.is_(None),
            cases.c.hold_reason.is_(None),
        )
        .order_by(cases.c.closed_at, cases.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list(await tx.scalars(wanted))


async def anonymise(
    tx: AsyncConnection, city_id: str, ids: Sequence[UUID], now: datetime, *, actor: Actor | None = None
) -> set[str]:
    """Take what is personal off these cases: words, exact place, person, files, joiners, search words, told history.

    SHA-256 of the files' bytes, which the caller takes off the store when nothing names them any more.
    """
    given = list(ids)
    await tx.execute(_CASES, {"ids": given, "now": now})
    await tx.execute(update(case_events).where(case_events.c.case_id.in_(given)).values(text=""))
    await tx.execute(delete(case_joiners).where(case_joiners.c.case_id.in_(given)))
    await tx.execute(update(case_merges).where(case_merges.c.case_id.in_(given)).values(kept={}))
    await tx.execute(_LETTERS, {"ids": given})
    await index.forget(tx, given)
    files = {name for row in await tx.execute(_FILES, {"ids": given}) for name in row if name}
    for case_id in given:
        await history.write(
            tx,
            city_id=city_id,
            case_id=case_id,
            actor=actor or Actor.system(),
            kind="anonymised",
            now=now,
            is_public=False,
        )
    return files


async def anonymise_tips(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """제보 older than the moment: category, area of a kilometre and day stay."""
    return (await tx.execute(_TIPS, {"city": city_id, "before": before})).rowcount


async def hold(tx: AsyncConnection, case_id: UUID, reason: str | None) -> None:
    """Keep a case whole beyond its time (a suit, an audit), or, with None, no longer."""
    await tx.execute(update(cases).where(cases.c.id == case_id).values(hold_reason=reason))
