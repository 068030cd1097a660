"""The cards of cases in their rooms and the lines below them: noted from the histories, due, sent, looked up again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.status import OPEN
from civic.cases.stream import Happened
from civic.staffroom.tables import staff_lines, staff_posts
from core.db import Id
from core.ids import new_id

_BEGINS = frozenset({"opened", "status", "department", "owner", "note", "photo", "joined"})
"""What gives a case a card that has none."""
_CARDS = text(
    """
    INSERT INTO staff_posts (id, city_id, channel, room, case_id, next_attempt_at, created_at)
    SELECT uuidv7(), :city, :channel, wanted.room, wanted.case_id, :now, :now
    FROM unnest(CAST(:cases AS uuid[]), CAST(:rooms AS text[])) AS wanted (case_id, room)
    ON CONFLICT (city_id, channel, room, case_id) DO NOTHING
    """
)
_CHANGED = text(
    "UPDATE staff_posts SET changes = changes + 1 WHERE city_id = :city AND channel = :channel"
    " AND case_id = ANY(:cases)"
)
_LINES = text(
    """
    INSERT INTO staff_lines (id, city_id, post_id, seq, next_attempt_at, created_at)
    SELECT uuidv7(), :city, p.id, wanted.seq, :now, :now
    FROM unnest(CAST(:cases AS uuid[]), CAST(:rooms AS text[]), CAST(:seqs AS bigint[])) AS wanted (case_id, room, seq)
    JOIN staff_posts p ON p.city_id = :city AND p.channel = :channel AND p.room = wanted.room
        AND p.case_id = wanted.case_id
    WHERE p.message_id IS NOT NULL AND p.status = 'open'
    ON CONFLICT (post_id, kind, seq) DO NOTHING
    """
)
_NEW = text(
    """
    SELECT found.* FROM unnest(CAST(:rooms AS text[])) AS asked (room) CROSS JOIN LATERAL (
        SELECT p.id, p.room, p.case_id, p.changes, p.attempted_at, p.attempts, p.created_at FROM staff_posts p
        WHERE p.city_id = :city AND p.channel = :channel AND p.room = asked.room AND p.status = 'open'
            AND p.shown < p.changes AND p.message_id IS NULL AND p.next_attempt_at <= :now
        ORDER BY p.created_at, p.id LIMIT 1) AS found
    """
)
_STALE = text(
    """
    SELECT found.* FROM unnest(CAST(:rooms AS text[])) AS asked (room) CROSS JOIN LATERAL (
        SELECT p.id, p.room, p.case_id, p.changes, p.attempts, p.message_id, p.digest FROM staff_posts p
        WHERE p.city_id = :city AND p.channel = :channel AND p.room = asked.room AND p.status = 'open'
            AND p.shown < p.changes AND p.message_id IS NOT NULL AND p.next_attempt_at <= :now
            AND (CAST(:case_id AS uuid) IS NULL OR p.case_id = CAST(:case_id AS uuid))
        ORDER BY p.next_attempt_at, p.id LIMIT 1) AS found
    """
)
_NEXT_LINE = text(
    """
    SELECT found.* FROM unnest(CAST(:rooms AS text[])) AS asked (room) CROSS JOIN LATERAL (
        SELECT l.id, p.room, p.case_id, p.message_id, l.kind, l.seq, l.attempted_at, l.attempts, l.created_at
        FROM staff_lines l JOIN staff_posts p ON p.id = l.post_id
        WHERE l.city_id = :city AND l.status = 'queued' AND p.channel = :channel AND p.room = asked.room
            AND p.status = 'open' AND p.message_id IS NOT NULL AND l.next_attempt_at <= :now
            AND NOT EXISTS (SELECT 1 FROM staff_lines f WHERE f.post_id = l.post_id AND f.status = 'queued'
                AND (f.created_at, f.seq) < (l.created_at, l.seq))
        ORDER BY l.created_at, l.seq LIMIT 1) AS found
    """
)


_OVER = text(
    """
    UPDATE staff_posts p SET heard_at = NULL FROM cases k JOIN conversations c ON c.id = k.conversation_id
    WHERE p.city_id = :city AND p.channel = :channel AND p.heard_at IS NOT NULL AND k.id = p.case_id
        AND c.owner <> 'staff'
    """
)
_HEARD = text(
    """
    WITH heard AS (
        UPDATE staff_posts p SET heard_at = c.last_inbound_at
        FROM cases k JOIN conversations c ON c.id = k.conversation_id
        WHERE p.city_id = :city AND p.channel = :channel AND k.id = p.case_id AND p.heard_at < c.last_inbound_at
        RETURNING p.id, p.message_id, p.status, p.heard_at)
    INSERT INTO staff_lines (id, city_id, post_id, kind, seq, next_attempt_at, created_at)
    SELECT uuidv7(), :city, id, 'heard', CAST(extract(epoch FROM heard_at) * 1000000 AS bigint), :now, :now
    FROM heard WHERE message_id IS NOT NULL AND status = 'open'
    ON CONFLICT (post_id, kind, seq) DO NOTHING
    """
)


@dataclass(frozen=True, slots=True)
class Card:
    """A card that is to be posted (`message_id` empty) or changed; `changes` is what it will show."""

    id: UUID
    room: str
    case_id: UUID
    changes: int
    attempts: int
    message_id: str = ""
    digest: str = ""
    attempted_at: datetime | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line to be told below the card `message_id`: of the history, or (kind "heard") that the citizen wrote."""

    id: UUID
    room: str
    case_id: UUID
    message_id: str
    kind: str
    seq: int
    attempts: int
    attempted_at: datetime | None
    created_at: datetime


async def note(
    tx: AsyncConnection,
    city_id: str,
    channel: str,
    happened: Sequence[Happened],
    rooms: Mapping[str, str],
    told: Collection[str],
    now: datetime,
) -> None:
    """What has happened, as cards to post or to change and lines to tell (of the kinds in `told`).

    `rooms`: department → room, "default" for the others; a case whose department has none gets no card, nor one that is
    closed, nor one older than the rooms as long as nobody does anything about it (a recount of all due dates). A card
    that is not out yet needs no line: it will show all that has happened until then. That a case went to another
    department is told where it was as well.
    """

    def room_of(department_id: str | None) -> str:
        return rooms.get(department_id or "", rooms.get("default", ""))

    where = {one.case_id: room_of(one.department_id) for one in happened}
    live = {one.case_id for one in happened if one.kind in _BEGINS and one.status in OPEN}
    placed = {case_id: room for case_id, room in where.items() if room and case_id in live}
    given: dict[str, Any] = {"city": city_id, "channel": channel, "now": now}
    lines = {(one.case_id, where[one.case_id], one.seq) for one in happened if one.kind in told}
    lines |= {(one.case_id, room_of(one.from_value), one.seq) for one in happened if one.kind == "department"}
    if lines:
        cases, there, seqs = (list(column) for column in zip(*sorted(lines, key=lambda one: one[2]), strict=True))
        await tx.execute(_LINES, given | {"cases": cases, "rooms": there, "seqs": seqs})
    await tx.execute(_CHANGED, {"city": city_id, "channel": channel, "cases": list(where)})
    if placed:
        await tx.execute(_CARDS, given | {"cases": list(placed), "rooms": list(placed.values())})


async def listen(tx: AsyncConnection, city_id: str, channel: str, now: datetime) -> None:
    """What citizens wrote to officers who talk with them from a room; who gave the talk back hears no more."""
    given = {"city": city_id, "channel": channel}
    await tx.execute(_OVER, given)
    await tx.execute(_HEARD, given | {"now": now})


async def talk(
    tx: AsyncConnection, city_id: str, channel: str, case_id: UUID, now: datetime | None, *, room: str = ""
) -> None:
    """From now on the room is told that the citizen wrote; None: no more."""
    mine = [staff_posts.c.city_id == city_id, staff_posts.c.channel == channel, staff_posts.c.case_id == case_id]
    if room:
        mine.append(staff_posts.c.room == room)
    heard_at = func.coalesce(staff_posts.c.heard_at, now) if now else None
    await tx.execute(update(staff_posts).where(*mine).values(heard_at=heard_at))


async def due(
    tx: AsyncConnection, city_id: str, channel: str, awake: Collection[str], ready: Collection[str], now: datetime
) -> tuple[list[Card | Line], list[Card]]:
    """Of each room the oldest new message (`ready` rooms), and the card whose change waits longest (`awake` rooms)."""
    given = {"city": city_id, "channel": channel, "now": now}
    first: dict[str, Card | Line] = {}
    if ready:
        asked = {**given, "rooms": list(ready)}
        cards = [Card(**row._mapping) for row in await tx.execute(_NEW, asked)]
        lines = [Line(**row._mapping) for row in await tx.execute(_NEXT_LINE, asked)]
        both: list[Card | Line] = [*cards, *lines]
        for one in sorted(both, key=lambda one: (one.created_at or now, one.id)):
            first.setdefault(one.room, one)
    return list(first.values()), await changed(tx, city_id, channel, awake, now)


async def changed(
    tx: AsyncConnection,
    city_id: str,
    channel: str,
    rooms: Collection[str],
    now: datetime,
    *,
    case_id: UUID | None = None,
) -> list[Card]:
    """The card of each room that is to be changed next, or that of one case."""
    if not rooms:
        return []
    given = {"city": city_id, "channel": channel, "rooms": list(rooms), "case_id": case_id, "now": now}
    return [Card(**row._mapping) for row in await tx.execute(_STALE, given)]


async def begin(tx: AsyncConnection, one: Card | Line, now: datetime) -> None:
    """Before the call: should the process die in it, the message is looked for before it is posted again."""
    table = staff_posts if isinstance(one, Card) else staff_lines
    values = {"attempted_at": func.coalesce(table.c.attempted_at, now), "attempts": table.c.attempts + 1}
    await tx.execute(update(table).where(table.c.id == one.id).values(values))


async def posted(tx: AsyncConnection, card: Card, message_id: str, digest: str, now: datetime) -> None:
    """It is out and shows what was known then; what has happened since makes it due again."""
    values = {"message_id": message_id, "posted_at": now, **_showing(card, digest)}
    await tx.execute(update(staff_posts).where(staff_posts.c.id == card.id).values(values))


async def shown(tx: AsyncConnection, card: Card, digest: str) -> None:
    await tx.execute(update(staff_posts).where(staff_posts.c.id == card.id).values(_showing(card, digest)))


def _showing(card: Card, digest: str) -> dict[str, Any]:
    return {"shown": card.changes, "digest": digest, "attempted_at": None, "attempts": 0, "reason": ""}


async def told(tx: AsyncConnection, line: Line) -> None:
    values = {"status": "sent", "reason": "", "attempted_at": None}
    await tx.execute(update(staff_lines).where(staff_lines.c.id == line.id).values(values))


async def failed(
    tx: AsyncConnection,
    one: Card | Line,
    reason: str,
    again_at: datetime | None,
    *,
    is_unknown: bool = False,
    counts: bool = True,
) -> None:
    """To be tried `again_at`, or given up. `is_unknown`: it may be there, and is looked for first. `counts` False: it
    was the room's fault and not the message's."""
    table = staff_posts if isinstance(one, Card) else staff_lines
    values: dict[str, Any] = {"reason": reason}
    values |= {"next_attempt_at": again_at} if again_at else {"status": "failed"}
    values |= {} if is_unknown else {"attempted_at": one.attempted_at}
    values |= {} if counts else {"attempts": one.attempts}
    await tx.execute(update(table).where(table.c.id == one.id).values(values))


async def case_of(tx: AsyncConnection, city_id: str, channel: str, room: str, message_id: str) -> UUID | None:
    """Whose card the message is."""
    wanted = (staff_posts.c.city_id == city_id, staff_posts.c.channel == channel, staff_posts.c.room == room)
    found = await tx.execute(select(staff_posts.c.case_id).where(*wanted, staff_posts.c.message_id == message_id))
    return found.scalar_one_or_none()


async def said_there(
    tx: AsyncConnection, city_id: str, channel: str, room: str, message_id: str, now: datetime
) -> None:
    """What this transaction has written to the history was said in the thread itself: it is not told there again."""
    wanted = (staff_posts.c.city_id == city_id, staff_posts.c.channel == channel, staff_posts.c.room == room)
    post = (
        await tx.execute(
            select(staff_posts.c.id, staff_posts.c.case_id).where(*wanted, staff_posts.c.message_id == message_id)
        )
    ).one_or_none()
    if post is None:
        return
    mine = text(
        "SELECT seq FROM case_events WHERE case_id = :case_id AND txid = pg_current_xact_id()::text::bigint"
    ).bindparams(bindparam("case_id", type_=Id))
    for seq in (await tx.execute(mine, {"case_id": post.case_id})).scalars():
        await tx.execute(
            staff_lines.insert().values(
                id=new_id(),
                city_id=city_id,
                post_id=post.id,
                seq=seq,
                status="sent",
                next_attempt_at=now,
                created_at=now,
            )
        )


async def show_again(tx: AsyncConnection, city_id: str, channel: str, case_id: UUID) -> None:
    """Something that stands in no history has changed (who holds the conversation), or somebody saw an old card."""
    await tx.execute(_CHANGED, {"city": city_id, "channel": channel, "cases": [case_id]})


async def try_again(tx: AsyncConnection, city_id: str, channel: str, room: str, now: datetime) -> int:
    """What was given up in a room is due once more; how many."""
    mine = (staff_posts.c.city_id == city_id, staff_posts.c.channel == channel, staff_posts.c.room == room)
    cards = update(staff_posts).where(*mine, staff_posts.c.status == "failed")
    again = {"attempts": 0, "next_attempt_at": now, "reason": ""}
    count = (await tx.execute(cards.values(status="open", changes=staff_posts.c.changes + 1, **again))).rowcount
    posts = select(staff_posts.c.id).where(*mine)
    lines = update(staff_lines).where(staff_lines.c.post_id.in_(posts), staff_lines.c.status == "failed")
    return count + (await tx.execute(lines.values(status="queued", **again))).rowcount


async def forget_lines(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """Lines told or given up long ago; how many. Cards stay: a thread may be answered in as long as its case lives."""
    old = (staff_lines.c.city_id == city_id, staff_lines.c.created_at < before, staff_lines.c.status != "queued")
    return (await tx.execute(delete(staff_lines).where(*old))).rowcount
