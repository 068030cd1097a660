"""Care for the people who answer: a courteous warning, a rest from personal replies with an end, and who is resting."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations
from civic.guard.tables import guard_hits, guard_rests
from civic.guard.watch import watch
from civic.guard.words import Harsh, look
from civic.staff.service import record_change
from core.clock import SEOUL
from core.db import Database
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from core.settings import Messaging

__all__ = [
    "GuardService",
    "Guarded",
    "Harsh",
    "forget_reasons",
    "guarded",
    "lift",
    "look",
    "must_not_rest",
    "rest",
    "rest_of",
    "warn",
    "watch",
]

MOST_HOURS = 7 * 24
WARN_AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A conversation in which harsh words reached an officer. `resting_until`: None while replies go on."""

    conversation_id: UUID
    hits: int
    level: int
    kinds: tuple[str, ...]
    last_at: datetime
    resting_until: datetime | None


class GuardService:
    """What the dialogue asks: may this citizen be handed to a person now?"""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def resting_until(self, conversation_id: UUID, now: datetime) -> datetime | None:
        async with self.db.reading() as tx:
            return await rest_of(tx, conversation_id, now)


async def guarded(
    tx: AsyncConnection,
    city_id: str,
    since: datetime,
    now: datetime,
    most: int = 200,
    *,
    seen: ColumnElement[bool] | None = None,
) -> list[Guarded]:
    """Conversations with hits since the moment, the worst and newest first; of those that `seen` (a condition over
    `conversations`) holds for.
    """
    within = [] if seen is None else [guard_hits.c.conversation_id.in_(select(conversations.c.id).where(seen))]
    kinds = func.unnest(guard_hits.c.kinds).table_valued("kind").render_derived(name="named")
    hits = (
        select(
            guard_hits.c.conversation_id,
            func.count(guard_hits.c.inbound_id.distinct()).label("hits"),
            func.max(guard_hits.c.level).label("level"),
            func.array_agg(kinds.c.kind.distinct()).label("kinds"),
            func.max(guard_hits.c.at).label("last_at"),
        )
        .select_from(guard_hits.join(kinds, kinds.c.kind.is_not(None)))
        .where(guard_hits.c.city_id == city_id, guard_hits.c.at >= since, *within)
        .group_by(guard_hits.c.conversation_id)
        .subquery()
    )
    rows = await tx.execute(
        select(hits, guard_rests.c.until_at.label("resting_until"))
        .outerjoin(guard_rests, (guard_rests.c.conversation_id == hits.c.conversation_id) & _rests(now))
        .order_by(hits.c.level.desc(), hits.c.last_at.desc(), hits.c.conversation_id)
        .limit(most)
    )
    return [Guarded(**{**row._mapping, "kinds": tuple(sorted(row.kinds))}) for row in rows]


async def warn(
    tx: AsyncConnection, messaging: Messaging, city_id: str, conversation_id: UUID, now: datetime, *, by: UUID
) -> UUID:
    """Ask the citizen for respectful words. Pressed twice within ten minutes it is said once. Raises NotFound."""
    thread = await _thread(tx, city_id, conversation_id)
    slot = int(now.timestamp() // WARN_AGAIN.total_seconds())
    said = await _say(tx, messaging, thread, "warn", now, by=by, key=f"guard:warn:{conversation_id}:{slot}")
    await _record(tx, city_id, conversation_id, "warned", {}, now, by)
    return said


async def rest(
    tx: AsyncConnection,
    messaging: Messaging,
    city_id: str,
    conversation_id: UUID,
    now: datetime,
    *,
    hours: int,
    reason: str,
    by: UUID,
) -> datetime:
    """No person writes to him until then (aware UTC); the bot has the conversation, so he files and asks as before.

    Raises NotFound, BadInput (reason missing, more than a week), Conflict while he rests already.
    """
    if not reason.strip() or not 1 <= hours <= MOST_HOURS:
        raise BadInput("까닭과 1~168시간을 적어 주세요.", "Give a reason and 1 to 168 hours.")
    thread = await _thread(tx, city_id, conversation_id)
    if await rest_of(tx, conversation_id, now) is not None:
        raise Conflict("이미 답변을 쉬고 있는 대화입니다.", "Replies pause in this conversation already.")
    until = now + timedelta(hours=hours)
    over = (guard_rests.c.conversation_id == conversation_id, guard_rests.c.lifted_at.is_(None))
    await tx.execute(update(guard_rests).where(*over).values(lifted_at=guard_rests.c.until_at))
    await tx.execute(
        insert(guard_rests).values(
            id=new_id(),
            city_id=city_id,
            conversation_id=conversation_id,
            staff_id=by,
            reason=reason.strip(),
            from_at=now,
            until_at=until,
        )
    )
    bot = {"owner": "bot", "staff_id": None, "version": conversations.c.version + 1}
    await tx.execute(update(conversations).where(conversations.c.id == conversation_id).values(bot))
    await _say(tx, messaging, thread, "rest", now, by=by, until=until)
    await _record(tx, city_id, conversation_id, "rested", {"hours": hours, "reason": reason.strip()}, now, by)
    return until


async def lift(
    tx: AsyncConnection, messaging: Messaging, city_id: str, conversation_id: UUID, now: datetime, *, by: UUID
) -> None:
    """End a rest before its time. Raises NotFound when there is none."""
    thread = await _thread(tx, city_id, conversation_id)
    ended = update(guard_rests).where(_his(conversation_id), _rests(now))
    if not (await tx.execute(ended.values(lifted_at=now).returning(guard_rests.c.id))).all():
        raise NotFound("답변을 쉬고 있는 대화가 아닙니다.", "Replies do not pause in this conversation.")
    await _say(tx, messaging, thread, "lifted", now, by=by)
    await _record(tx, city_id, conversation_id, "lifted", {}, now, by)


async def rest_of(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> datetime | None:
    """Until when no person writes to this citizen (aware UTC), on whichever linked channel it began; or None."""
    longest = select(func.max(guard_rests.c.until_at)).where(_his(conversation_id), _rests(now))
    until: datetime | None = await tx.scalar(longest)
    return until


def _his(conversation_id: UUID) -> ColumnElement[bool]:
    """Over `guard_rests`: of this conversation, or of another one of the same person."""
    here = conversations.alias("here")
    whole = select(conversations.c.id).join(here, here.c.citizen_id == conversations.c.citizen_id)
    others = guard_rests.c.conversation_id.in_(whole.where(here.c.id == conversation_id))
    return or_(guard_rests.c.conversation_id == conversation_id, others)


async def must_not_rest(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> None:
    """Before a person takes over or writes. Raises Conflict."""
    until = await rest_of(tx, conversation_id, now)
    if until is not None:
        raise Conflict(
            f"담당자 보호를 위해 {_written(until)}까지 답변을 쉬는 대화입니다.",
            f"Replies pause in this conversation until {until.isoformat()} to protect staff.",
            until=until.isoformat(),
        )


def _rests(now: datetime) -> Any:
    return guard_rests.c.lifted_at.is_(None) & (guard_rests.c.until_at > now)


async def _thread(tx: AsyncConnection, city_id: str, conversation_id: UUID) -> Any:
    columns = (conversations.c.id, conversations.c.city_id, conversations.c.channel, conversations.c.lang)
    wanted = (conversations.c.id == conversation_id, conversations.c.city_id == city_id)
    row = (await tx.execute(select(*columns).where(*wanted).with_for_update())).one_or_none()
    if row is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    return row


async def _say(
    tx: AsyncConnection,
    messaging: Messaging,
    thread: Any,
    kind: str,
    now: datetime,
    *,
    by: UUID,
    until: datetime | None = None,
    key: str | None = None,
) -> UUID:
    lang = "en" if thread.lang == "en" else "ko"
    timing = schedule(messaging, "reply", now)
    text = _texts(lang)[kind].format(until=_written(until)) if until else _texts(lang)[kind]
    draft = Draft(
        city_id=thread.city_id,
        conversation_id=thread.id,
        channel=thread.channel,
        body={"text": text.strip(), "buttons": [], "ask": "", "lang": lang},
        purpose="reply",
        priority=timing.priority,
        valid_until=timing.valid_until,
        next_attempt_at=timing.next_attempt_at,
        staff_id=by,
        dedupe_key=key,
    )
    return await queue(tx, draft, now)


def _written(at: datetime) -> str:
    return f"{at.astimezone(SEOUL):%Y-%m-%d %H:%M}"


@cache
def _texts(lang: str) -> dict[str, str]:
    source: dict[str, str] = yaml.safe_load((Path(__file__).parent / f"texts.{lang}.yml").read_text("utf-8"))
    return source


async def _record(
    tx: AsyncConnection, city_id: str, conversation_id: UUID, verb: str, detail: dict[str, Any], now: datetime, by: UUID
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=by,
        action=f"guard.{verb}",
        object_kind="conversation",
        object_id=str(conversation_id),
        detail=detail,
        now=now,
    )


async def forget_reasons(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """Why somebody rested goes with the words that it was about; that he rested stays. How many."""
    old = (guard_rests.c.city_id == city_id, guard_rests.c.until_at < before, guard_rests.c.reason != "")
    return (await tx.execute(update(guard_rests).where(*old).values(reason=""))).rowcount
