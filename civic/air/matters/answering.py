"""Acknowledging: who has it in hand now, by whichever door; it stops his chain, once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.people import DUTY
from civic.air.matters.record import Actor, Matter, change
from civic.air.matters.tables import air_matter_lanes, air_matter_steps
from core.errors import Conflict


async def acknowledge(
    tx: AsyncConnection, matter: Matter, actor: Actor, now: datetime, *, via: str, step_id: UUID | None = None
) -> Matter:
    """The matter, locked by the caller, after this side has said that it has it in hand; a second time is nothing.

    `via`: link, messenger, desk. `step_id`: whose telling is answered. The city's word ends the city's chain, a
    company's word its own: neither answers for the other. Raises Conflict for a closed matter.
    """
    if matter.state == "closed":
        raise Conflict("이미 종결된 사안입니다.", "The matter is closed.")
    lane = actor.company or DUTY
    if await is_answered(tx, matter, lane):
        return matter
    step = await _answered_step(tx, matter, lane, step_id, now)
    over = {"next_at": None, "ended": "acknowledged", "ended_at": now}
    chain = {"matter_id": matter.id, "round": matter.round, "lane": lane, "city_id": matter.city_id}
    # Somebody may answer of whom nobody asked it: a matter that only was a notice has no chain until then.
    answer = upsert(air_matter_lanes).values(**chain, **over)
    await tx.execute(answer.on_conflict_do_update(index_elements=["matter_id", "round", "lane"], set_=over))
    values: dict[str, Any] = {"acknowledged_at": matter.acknowledged_at or now}
    if actor.staff_id is not None and matter.staff_id is None:
        values["staff_id"] = actor.staff_id
    return await change(
        tx,
        matter,
        actor,
        "acknowledged",
        now,
        to_state="acknowledged" if matter.state == "open" else None,
        detail={"lane": lane, "step": step, "via": via},
        **values,
    )


async def is_answered(tx: AsyncConnection, matter: Matter, lane: str) -> bool:
    return await answered_at(tx, matter, lane) is not None


async def answered_at(tx: AsyncConnection, matter: Matter, lane: str) -> datetime | None:
    """When this side said in this round that it has the matter in hand; None: not yet."""
    chain = air_matter_lanes.c
    wanted = select(chain.ended_at).where(
        chain.matter_id == matter.id,
        chain.round == matter.round,
        chain.lane == lane,
        chain.ended == "acknowledged",
    )
    return (await tx.execute(wanted)).scalar_one_or_none()


async def _answered_step(
    tx: AsyncConnection, matter: Matter, lane: str, step_id: UUID | None, now: datetime
) -> int | None:
    """Whoever answers is noted even after his ten minutes; others who were told need not answer any more."""
    step = air_matter_steps
    here = (step.c.matter_id == matter.id, step.c.round == matter.round, step.c.lane == lane)
    answered: int | None = None
    if step_id is not None:
        found = update(step).where(*here, step.c.id == step_id).values(state="acknowledged", ended_at=now)
        answered = (await tx.execute(found.returning(step.c.step))).scalar_one_or_none()
    await tx.execute(update(step).where(*here, step.c.state == "told").values(state="over", ended_at=now))
    return answered
