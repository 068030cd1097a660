"""How the rooms are: who posts, how far the histories are read, which room rests or is gone and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staffroom.tables import staff_lines, staff_posts, staff_rooms
from core.contracts.staffroom import EVERYWHERE

CLAIM = timedelta(seconds=60)
LOOK_AGAIN = timedelta(minutes=10)
"""A room that is gone is tried again so often: somebody may have let the app in."""


@dataclass(frozen=True, slots=True)
class RoomState:
    """`down_since`: nothing can be posted, `reason` why. `waiting` cards and lines; `failed` ones are given up."""

    channel: str
    room: str
    down_since: datetime | None
    resting_until: datetime | None
    reason: str
    waiting: int
    failed: int


async def claim(tx: AsyncConnection, city_id: str, channel: str, owner: str, now: datetime) -> bool:
    """One process posts for a messenger at a time; a claim ends by itself when its owner dies."""
    await _known(tx, city_id, channel, EVERYWHERE, now)
    free = or_(staff_rooms.c.claimed_until.is_(None), staff_rooms.c.claimed_until <= now)
    taken = (
        update(staff_rooms)
        .where(*_is(city_id, channel, EVERYWHERE), free)
        .values(claimed_by=owner, claimed_until=now + CLAIM)
    )
    return (await tx.execute(taken)).rowcount == 1


async def release(tx: AsyncConnection, city_id: str, channel: str, owner: str) -> None:
    mine = (*_is(city_id, channel, EVERYWHERE), staff_rooms.c.claimed_by == owner)
    await tx.execute(update(staff_rooms).where(*mine).values(claimed_by=None, claimed_until=None))


async def hold_place(tx: AsyncConnection, city_id: str, channel: str, first: str, now: datetime) -> str | None:
    """How far the histories were read, held until the transaction ends; `first` at the beginning.

    None while another process reads on.
    """
    await _known(tx, city_id, channel, EVERYWHERE, now)
    wanted = select(staff_rooms.c.place).where(*_is(city_id, channel, EVERYWHERE)).with_for_update(skip_locked=True)
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        return None
    if row.place is None:
        await keep_place(tx, city_id, channel, first)
    return row.place or first


async def keep_place(tx: AsyncConnection, city_id: str, channel: str, place: str) -> None:
    await tx.execute(update(staff_rooms).where(*_is(city_id, channel, EVERYWHERE)).values(place=place))


async def free_of(
    tx: AsyncConnection, city_id: str, channel: str, rooms: Collection[str], now: datetime
) -> tuple[list[str], list[str]]:
    """The rooms that can be spoken to now at all, and those of them that may have a new message. None while the whole
    messenger rests."""
    known = {row.room: row for row in await tx.execute(select(staff_rooms).where(*_of(city_id, channel)))}

    def rests(room: str) -> bool:
        row = known.get(room)
        return row is not None and row.resting_until is not None and row.resting_until > now

    if rests(EVERYWHERE):
        return [], []
    awake = [room for room in sorted(set(rooms)) if not rests(room)]
    return awake, [
        room for room in awake if (row := known.get(room)) is None or row.next_at is None or row.next_at <= now
    ]


async def pace(tx: AsyncConnection, city_id: str, channel: str, room: str, next_at: datetime, now: datetime) -> None:
    """The next new message of a room not before this."""
    await _set(tx, city_id, channel, room, now, next_at=next_at)


async def rest(
    tx: AsyncConnection, city_id: str, channel: str, room: str, until: datetime, reason: str, now: datetime
) -> None:
    """Asked to be slower, or away for a while. `room` may be EVERYWHERE."""
    await _set(tx, city_id, channel, room, now, resting_until=until, reason=reason)


async def down(tx: AsyncConnection, city_id: str, channel: str, room: str, reason: str, now: datetime) -> bool:
    """Gone, archived, the app thrown out; True when that is news. It is tried again in a while."""
    row = await _known(tx, city_id, channel, room, now)
    values = {"down_since": row.down_since or now, "reason": reason, "resting_until": now + LOOK_AGAIN}
    await _set(tx, city_id, channel, room, now, **values)
    return row.down_since is None


async def up(tx: AsyncConnection, city_id: str, channel: str, room: str, now: datetime) -> None:
    """It takes messages: nothing is wrong with it, nor with the messenger."""
    ill = or_(staff_rooms.c.down_since.is_not(None), staff_rooms.c.resting_until.is_not(None))
    well = {"down_since": None, "resting_until": None, "reason": "", "updated_at": now}
    which = staff_rooms.c.room.in_([room, EVERYWHERE])
    await tx.execute(update(staff_rooms).where(*_of(city_id, channel), which, ill).values(well))


async def states(tx: AsyncConnection, city_id: str) -> list[RoomState]:
    """Every room that was ever spoken to, for staff to see what does not go out and why."""
    waiting, failed = await _counted(tx, city_id)
    found = await tx.execute(
        select(staff_rooms).where(staff_rooms.c.city_id == city_id).order_by(staff_rooms.c.channel, staff_rooms.c.room)
    )
    known = {(row.channel, row.room): row for row in found}
    return [
        RoomState(
            channel=channel,
            room=room,
            down_since=getattr(known.get((channel, room)), "down_since", None),
            resting_until=getattr(known.get((channel, room)), "resting_until", None),
            reason=getattr(known.get((channel, room)), "reason", ""),
            waiting=waiting.get((channel, room), 0),
            failed=failed.get((channel, room), 0),
        )
        for channel, room in sorted({*known, *waiting, *failed})
    ]


async def _counted(tx: AsyncConnection, city_id: str) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    waiting: dict[tuple[str, str], int] = {}
    failed: dict[tuple[str, str], int] = {}
    posts = select(
        staff_posts.c.channel,
        staff_posts.c.room,
        func.count()
        .filter(staff_posts.c.status == "open", staff_posts.c.shown < staff_posts.c.changes)
        .label("waiting"),
        func.count().filter(staff_posts.c.status == "failed").label("failed"),
    ).where(staff_posts.c.city_id == city_id)
    lines = select(
        staff_posts.c.channel,
        staff_posts.c.room,
        func.count().filter(staff_lines.c.status == "queued").label("waiting"),
        func.count().filter(staff_lines.c.status == "failed").label("failed"),
    ).join(staff_lines, staff_lines.c.post_id == staff_posts.c.id)
    lines = lines.where(staff_lines.c.city_id == city_id, staff_lines.c.status != "sent")
    for query in (posts, lines):
        for row in await tx.execute(query.group_by(staff_posts.c.channel, staff_posts.c.room)):
            where = (row.channel, row.room)
            waiting[where] = waiting.get(where, 0) + row.waiting
            failed[where] = failed.get(where, 0) + row.failed
    return waiting, failed


async def _known(tx: AsyncConnection, city_id: str, channel: str, room: str, now: datetime) -> Any:
    wanted = select(staff_rooms).where(*_is(city_id, channel, room))
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        fresh = upsert(staff_rooms).values(city_id=city_id, channel=channel, room=room, updated_at=now)
        await tx.execute(fresh.on_conflict_do_nothing())
        row = (await tx.execute(wanted)).one()
    return row


async def _set(tx: AsyncConnection, city_id: str, channel: str, room: str, now: datetime, **values: object) -> None:
    row = upsert(staff_rooms).values(city_id=city_id, channel=channel, room=room, updated_at=now, **values)
    await tx.execute(
        row.on_conflict_do_update(index_elements=["city_id", "channel", "room"], set_={**values, "updated_at": now})
    )


def _of(city_id: str, channel: str) -> tuple[Any, Any]:
    return staff_rooms.c.city_id == city_id, staff_rooms.c.channel == channel


def _is(city_id: str, channel: str, room: str) -> tuple[Any, Any, Any]:
    return (*_of(city_id, channel), staff_rooms.c.room == room)
