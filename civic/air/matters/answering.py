"""Acknowledging: who has it in hand now, by whichever door; it stops his chain, once."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
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
    here = (air_matter_lanes.c.matter_id == matter.id, air_matter_lanes.c.round == matter.round)
    over = {"next_at": None, "ended": "acknowledged", "ended_at": now}
    await tx.execute(update(air_matter_lanes).where(*here, air_matter_lanes.c.lane == lane).values(over))
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
    wanted = select(air_matter_lanes.c.ended).where(
        air_matter_lanes.c.matter_id == matter.id,
        air_matter_lanes.c.round == matter.round,
        air_matter_lanes.c.lane == lane,
    )
    return (await tx.execute(wanted)).scalar_one_or_none() == "acknowledged"


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
