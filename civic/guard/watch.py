"""Reads what reached an officer since the last look and notes what was harsh, or the same again and again."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations, inbound
from civic.guard.tables import guard_hits, guard_marks
from civic.guard.words import Harsh, flood, look
from civic.staff.notices import notify
from core.vault import vault_of

FLOOD = "flood"
_SERIOUS = 3
_MOST_SAID = 200
"""Messages of one conversation that are compared with the newest."""


async def watch(tx: AsyncConnection, city_id: str, now: datetime, most: int = 500) -> int:
    """Look through the next messages of conversations that an officer holds; how many were noted.

    A message is looked at once: the mark moves in the same transaction. The head of the city is told of threats.
    """
    await tx.execute(upsert(guard_marks).values(city_id=city_id, seq=0).on_conflict_do_nothing())
    mine = guard_marks.c.city_id == city_id
    since = (await tx.execute(select(guard_marks.c.seq).where(mine).with_for_update())).scalar_one()
    found = await tx.execute(
        select(inbound.c.id, inbound.c.seq, inbound.c.conversation_id, inbound.c.text, inbound.c.received_at)
        .add_columns(conversations.c.owner)
        .join(conversations, conversations.c.id == inbound.c.conversation_id)
        .where(inbound.c.city_id == city_id, inbound.c.seq > since, inbound.c.processed_at.is_not(None))
        .order_by(inbound.c.seq)
        .limit(most)
    )
    rows = found.all()
    noted = 0
    for row in rows:
        if row.owner == "staff" and (harsh := await _harsh(tx, row)):
            await _note(tx, city_id, row, harsh, now)
            noted += 1
    if rows:
        await tx.execute(update(guard_marks).where(mine).values(seq=rows[-1].seq))
    return noted


async def _harsh(tx: AsyncConnection, row: Any) -> Harsh | None:
    said = _text(tx, row)
    found = look(said)
    if not await _is_flood(tx, row, said):
        return found
    kinds = tuple(sorted({*(found.kinds if found else ()), FLOOD}))
    return Harsh(max(found.level if found else 1, 1), kinds)


async def _is_flood(tx: AsyncConnection, row: Any, said: str) -> bool:
    """The same words for the nth time within the minutes that the list names."""
    count, minutes = flood()
    if not said.strip():
        return False
    recent = await tx.execute(
        select(inbound.c.id, inbound.c.text)
        .where(
            inbound.c.conversation_id == row.conversation_id,
            inbound.c.seq <= row.seq,
            inbound.c.received_at > row.received_at - timedelta(minutes=minutes),
        )
        .order_by(inbound.c.seq.desc())
        .limit(_MOST_SAID)
    )
    return sum(_text(tx, one).strip() == said.strip() for one in recent.all()) >= count


def _text(tx: AsyncConnection, row: Any) -> str:
    return vault_of(tx).open_text(row.text, f"inbound.text:{row.id}")


async def _note(tx: AsyncConnection, city_id: str, row: Any, harsh: Harsh, now: datetime) -> None:
    hit = upsert(guard_hits).values(
        inbound_id=row.id,
        city_id=city_id,
        conversation_id=row.conversation_id,
        kinds=list(harsh.kinds),
        level=harsh.level,
        at=row.received_at,
    )
    await tx.execute(hit.on_conflict_do_nothing())
    if harsh.level >= _SERIOUS:
        await _tell_head(tx, city_id, row.conversation_id, now)


async def _tell_head(tx: AsyncConnection, city_id: str, conversation_id: UUID, now: datetime) -> None:
    """Once a day and conversation; the words themselves stay where they are."""
    await notify(
        tx,
        city_id=city_id,
        kind="guard.threat",
        text_ko="상담 중인 대화에서 협박이나 성희롱으로 보이는 말이 나왔습니다. ‘담당자 보호’에서 살펴봐 주세요.",
        text_en="A conversation held by an officer holds what looks like a threat or harassment. Please look at it.",
        now=now,
        role="manager",
        dedupe_key=f"guard:{conversation_id}:{now:%Y-%m-%d}",
    )
