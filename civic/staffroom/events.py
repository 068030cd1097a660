"""What staff did in the messenger: stored once before it is acknowledged, carried out once, its words forgotten."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, null, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staffroom.tables import staff_events
from core.contracts.staffroom import StaffEvent
from core.ids import new_id
from core.vault import vault_of

CLAIM = timedelta(seconds=30)
"""Longer than carrying out takes; what a process that died had taken up is another's after that."""
MOST_ATTEMPTS = 3


async def store(tx: AsyncConnection, city_id: str, channel: str, event: StaffEvent, now: datetime) -> UUID | None:
    """Its id, claimed by the caller; None when it was heard before."""
    made = new_id()
    row = upsert(staff_events).values(
        id=made,
        city_id=city_id,
        channel=channel,
        external_id=event.external_id,
        kind=event.kind,
        content=vault_of(tx).seal_json(asdict(event), f"staff_events.content:{made}"),
        received_at=now,
        claimed_until=now + CLAIM,
    )
    once = row.on_conflict_do_nothing(index_elements=["city_id", "channel", "external_id"])
    stored: UUID | None = (await tx.execute(once.returning(staff_events.c.id))).scalar_one_or_none()
    return stored


async def is_open(tx: AsyncConnection, event_id: UUID) -> bool:
    """Locked, in the transaction that carries it out; False when somebody did."""
    wanted = select(staff_events.c.done_at).where(staff_events.c.id == event_id).with_for_update()
    row = (await tx.execute(wanted)).one_or_none()
    return row is not None and row.done_at is None


async def done(tx: AsyncConnection, event_id: UUID, outcome: str, now: datetime) -> None:
    """With the change itself, so that it is carried out once. `outcome`: done, refused, unlinked, failed."""
    values = {"done_at": now, "outcome": outcome, "content": null()}
    await tx.execute(update(staff_events).where(staff_events.c.id == event_id).values(values))


async def left_behind(
    tx: AsyncConnection, city_id: str, now: datetime, *, most: int = 50
) -> list[tuple[UUID, str, StaffEvent]]:
    """Ids, channels and events that nobody works on, claimed now; what failed three times is closed as failed."""
    waiting = (staff_events.c.city_id == city_id, staff_events.c.done_at.is_(None), staff_events.c.claimed_until <= now)
    worn = (*waiting, staff_events.c.attempts >= MOST_ATTEMPTS)
    closed = {"done_at": now, "outcome": "failed", "content": null()}
    await tx.execute(update(staff_events).where(*worn).values(closed))
    oldest = select(staff_events.c.id).where(*waiting).order_by(staff_events.c.received_at).limit(most)
    taken = (
        update(staff_events)
        .where(staff_events.c.id.in_(oldest.with_for_update(skip_locked=True)))
        .values(claimed_until=now + CLAIM, attempts=staff_events.c.attempts + 1)
        .returning(staff_events.c.id, staff_events.c.channel, staff_events.c.content)
    )
    found = (await tx.execute(taken)).all()
    return [(row.id, row.channel, StaffEvent(**row.content)) for row in found]


async def forget(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """What is done and older is needed no more against repeats; how many."""
    old = (staff_events.c.city_id == city_id, staff_events.c.received_at < before, staff_events.c.done_at.is_not(None))
    return (await tx.execute(delete(staff_events).where(*old))).rowcount


def storable(event: StaffEvent) -> StaffEvent:
    """NUL, which nobody can type, is no text to the store."""

    def kept(value: str) -> str:
        return value.replace("\x00", "")

    given = {name: kept(value) for name, value in asdict(event).items() if isinstance(value, str)}
    return replace(event, **given, values={kept(name): kept(value) for name, value in event.values.items()})  # type: ignore[arg-type]
