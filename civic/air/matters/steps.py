"""The chains, step by step: whose turn has come, who was silent, and whom to tell now. One matter a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.people import DUTY, Person, chain_of
from civic.air.matters.record import HOUSE, Matter, note, rows_of
from civic.air.matters.tables import air_matter_lanes, air_matter_steps, air_matter_tasks, air_matters
from civic.conversations.tables import outbound
from core.air_rules import Air
from core.ids import new_id

BESIDE = 1_000
"""Steps from this number on tell of a task, beside the chain."""
FAILED = ("failed", "expired", "cancelled")
"""What became of a message that no one reads. "unknown" may have arrived, so it gets its ten minutes."""
_HURRY = text(
    """
    UPDATE air_matter_lanes SET next_at = :now WHERE (matter_id, round, lane) IN (
        SELECT l.matter_id, l.round, l.lane FROM air_matter_lanes l
        JOIN air_matter_steps s ON s.matter_id = l.matter_id AND s.round = l.round AND s.lane = l.lane
            AND s.step = l.next_step - 1 AND s.state = 'told' AND NOT s.ways && ARRAY['notice']
        WHERE l.city_id = :city AND l.next_at > :now AND NOT EXISTS (
            SELECT 1 FROM outbound o WHERE o.id = ANY(s.outbound_ids) AND o.status <> ALL(:failed))
        FOR UPDATE OF l SKIP LOCKED)
    """
)
"""What somebody holds is not waited for, so that this never stands in a ring with a step or an answer."""


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody to be told now, in the transaction that wrote the row. `number` counts from 1 within the lane."""

    id: UUID
    matter: Matter
    lane: str
    number: int
    person: Person

    @property
    def side(self) -> Literal["city", "company"]:
        return "city" if self.lane == DUTY else "company"

    @property
    def dedupe_key(self) -> str:
        return f"air_matter:{self.matter.id}:{self.matter.round}:{self.lane}:{self.number}"


@dataclass(frozen=True, slots=True)
class Left:
    """A chain that came to its end without an answer; the city must ring them up."""

    matter: Matter
    lane: str


async def due_matters(tx: AsyncConnection, city_id: str, now: datetime, most: int) -> list[UUID]:
    """Matters with a step that is due, the longest due first. What was never delivered is due at once."""
    await tx.execute(_HURRY, {"city": city_id, "now": now, "failed": list(FAILED)})
    lane = air_matter_lanes.c
    wanted = select(lane.matter_id).where(lane.city_id == city_id, lane.next_at <= now).order_by(lane.next_at)
    return list(dict.fromkeys((await tx.execute(wanted.limit(most))).scalars()))


async def take_steps(
    tx: AsyncConnection, city_id: str, matter_id: UUID, now: datetime, rules: Air
) -> tuple[list[Step], list[Left]]:
    """Whom to tell now of this matter, and whose chain is over; nothing while another process has the matter.

    The row of a step and the chain's next moment are written here; the caller writes what tells the person in the same
    transaction, so that a step happens once or not at all.
    """
    wanted = rows_of(city_id).where(air_matters.c.id == matter_id)
    row = (await tx.execute(wanted.with_for_update(skip_locked=True))).one_or_none()
    if row is None:
        return [], []
    matter = Matter.of(row)
    lane = air_matter_lanes.c
    due = select(air_matter_lanes).where(lane.matter_id == matter.id, lane.next_at <= now)
    lanes = (await tx.execute(due.order_by(lane.lane).with_for_update())).all()
    told: list[Step] = []
    left: list[Left] = []
    for one in lanes:
        await _silent(tx, matter, one, now)
        people = await chain_of(tx, city_id, one.lane, rules)
        if one.next_step > len(people):
            await _over(tx, matter, one, now)
            left.append(Left(matter, one.lane))
        else:
            told.append(await _next(tx, matter, one, people[one.next_step - 1], now, rules))
    return told, left


async def _next(tx: AsyncConnection, matter: Matter, lane: Any, person: Person, now: datetime, rules: Air) -> Step:
    step = await _write(tx, matter, lane.lane, lane.next_step, person, now)
    later = now + timedelta(minutes=rules.acting.silence_minutes)
    await _set(tx, lane, next_step=lane.next_step + 1, next_at=later)
    return step


async def untold_tasks(tx: AsyncConnection, city_id: str, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """(task, matter) of companies' tasks that nobody was told of yet, oldest first."""
    task = air_matter_tasks.c
    wanted = (
        select(task.id, task.matter_id)
        .join(air_matters, air_matters.c.id == task.matter_id)
        .where(task.city_id == city_id, task.told_at.is_(None), task.done_at.is_(None), air_matters.c.state != "closed")
    )
    rows = await tx.execute(wanted.order_by(task.set_at).limit(most))
    return [(row.id, row.matter_id) for row in rows]


async def task_step(
    tx: AsyncConnection, city_id: str, task_id: UUID, matter_id: UUID, now: datetime, rules: Air
) -> tuple[Step, str, datetime] | None:
    """Whom to tell of a task, with its words and deadline: who answered for the company, else its first contact.

    The step stands beside the chain: nobody waits for an answer to it. None while another process has the matter, when
    it was told already, or when the company has no contact.
    """
    wanted = rows_of(city_id).where(air_matters.c.id == matter_id)
    row = (await tx.execute(wanted.with_for_update(skip_locked=True))).one_or_none()
    if row is None:
        return None
    matter, task = Matter.of(row), air_matter_tasks
    mark = update(task).where(task.c.id == task_id, task.c.told_at.is_(None)).values(told_at=now)
    mine = (await tx.execute(mark.returning(task.c.lane, task.c.what, task.c.due_at))).one_or_none()
    people = await chain_of(tx, city_id, mine.lane, rules) if mine else []
    if mine is None or not people:
        return None
    step = air_matter_steps.c
    before = select(step.step, step.person, step.state).where(
        step.matter_id == matter.id, step.round == matter.round, step.lane == mine.lane
    )
    steps = (await tx.execute(before)).all()
    answered = {one.person for one in steps if one.state == "acknowledged"}
    person = next((one for one in people if one.key in answered), people[0])
    number = max((one.step for one in steps), default=0) + 1
    made = await _write(tx, matter, mine.lane, max(number, BESIDE), person, now, state="over")
    return made, mine.what, mine.due_at


async def told(
    tx: AsyncConnection,
    step: Step,
    ways: Sequence[str],
    outbound_ids: Sequence[UUID],
    token_hash: str | None,
    token_until: datetime | None,
    now: datetime,
) -> None:
    """How the person of the step is told. Without any way he cannot answer: the next one is due at once."""
    values: dict[str, Any] = {
        "ways": list(ways),
        "outbound_ids": list(outbound_ids),
        "token_hash": token_hash,
        "token_until": token_until,
    }
    if not ways and step.number < BESIDE:
        values |= {"state": "failed", "ended_at": now}
        lane = air_matter_lanes.c
        here = (lane.matter_id == step.matter.id, lane.round == step.matter.round, lane.lane == step.lane)
        await tx.execute(update(air_matter_lanes).where(*here).values(next_at=now))
    await tx.execute(update(air_matter_steps).where(air_matter_steps.c.id == step.id).values(values))
    who = step.person
    await note(
        tx,
        step.matter,
        HOUSE,
        "told" if ways else "unreachable",
        now,
        lane=step.lane,
        step=step.number,
        ways=list(ways),
        staff=str(who.staff_id) if who.staff_id else None,
        role=who.role,
        contact=who.number or None,
    )


async def _write(
    tx: AsyncConnection, matter: Matter, lane: str, number: int, person: Person, now: datetime, *, state: str = "told"
) -> Step:
    step = Step(new_id(), matter, lane, number, person)
    await tx.execute(
        insert(air_matter_steps).values(
            id=step.id,
            city_id=matter.city_id,
            matter_id=matter.id,
            round=matter.round,
            lane=lane,
            step=number,
            person=person.key,
            staff_id=person.staff_id,
            state=state,
            told_at=now,
            ended_at=now if state == "over" else None,
        )
    )
    return step


async def _silent(tx: AsyncConnection, matter: Matter, lane: Any, now: datetime) -> None:
    """Whoever was told last said nothing, or nothing reached him."""
    step = air_matter_steps
    wanted = select(step).where(
        step.c.matter_id == matter.id,
        step.c.round == lane.round,
        step.c.lane == lane.lane,
        step.c.step == lane.next_step - 1,
        step.c.state == "told",
    )
    last = (await tx.execute(wanted)).one_or_none()
    if last is None:
        return
    reached = "notice" in last.ways
    if not reached:
        statuses = select(outbound.c.status).where(outbound.c.id.in_(last.outbound_ids))
        reached = any(one not in FAILED for one in (await tx.execute(statuses)).scalars())
    state = "silent" if reached else "failed"
    await tx.execute(update(step).where(step.c.id == last.id).values(state=state, ended_at=now))
    kind = "silent" if reached else "undelivered"
    await note(tx, matter, HOUSE, kind, now, lane=lane.lane, step=last.step)


async def _over(tx: AsyncConnection, matter: Matter, lane: Any, now: datetime) -> None:
    await _set(tx, lane, next_at=None, ended="nobody", ended_at=now)
    await note(tx, matter, HOUSE, "nobody_left", now, lane=lane.lane)


async def _set(tx: AsyncConnection, lane: Any, **values: Any) -> None:
    here = (
        air_matter_lanes.c.matter_id == lane.matter_id,
        air_matter_lanes.c.round == lane.round,
        air_matter_lanes.c.lane == lane.lane,
    )
    await tx.execute(update(air_matter_lanes).where(*here).values(values))
