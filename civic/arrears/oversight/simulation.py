"""What a seizure would do before anybody's bank is asked, as it was kept: who, how much, and why the others not."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.oversight.signed_file import canonical
from civic.arrears.oversight.simulation_summary import Simulated
from civic.arrears.oversight.tables import arrears_simulated, arrears_simulations
from core.errors import Conflict, NotFound

CHUNK = 1_000
"""Debtors read or judged at once: their bills lie in memory together, and whoever shares the process waits so long."""
State = Literal["waiting", "running", "made", "failed"]


@dataclass(frozen=True, slots=True)
class Simulation:
    """A run that was kept. `selection`, `basis`, `summary`: plain JSON. `digest`: SHA-256 over them and all rows.

    Until it is `made` the last three are empty, and `judged` tells how many debtors it has come past. `why_ko`,
    `why_en`: why it failed.
    """

    id: UUID
    on_day: date
    state: State
    selection: Mapping[str, Any]
    judged: int
    basis: Mapping[str, Any]
    summary: Mapping[str, Any]
    digest: str
    why_ko: str
    why_en: str
    staff_id: UUID
    created_at: datetime


def sealed(rows: Any, selection: Mapping[str, Any], basis: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """The same inputs and judgements give the same digest; one changed row another one. `rows`: the hash over all of
    them in the order of their debtors' ids."""
    rows.update(canonical({"selection": selection, "basis": basis, "summary": summary}))
    return str(rows.hexdigest())


async def read(tx: AsyncConnection, city_id: str, simulation_id: UUID) -> Simulation:
    """Raises NotFound."""
    of = arrears_simulations
    row = (await tx.execute(select(of).where(of.c.city_id == city_id, of.c.id == simulation_id))).mappings().first()
    if row is None:
        raise NotFound("모의 결과를 찾을 수 없습니다.", "No such simulation.")
    return Simulation(**{name: row[name] for name in Simulation.__dataclass_fields__})


async def read_made(tx: AsyncConnection, city_id: str, simulation_id: UUID) -> Simulation:
    """Raises NotFound, and Conflict while it is not made yet or when it could not be."""
    found = await read(tx, city_id, simulation_id)
    if found.state == "failed":
        raise Conflict(f"만들지 못한 모의입니다: {found.why_ko}", f"This simulation failed: {found.why_en}")
    if found.state != "made":
        raise Conflict(
            f"아직 모의하는 중입니다. 지금까지 {found.judged:,}명을 심사했습니다.",
            f"Still being made: {found.judged:,} debtors were judged so far.",
        )
    return found


async def pieces_of(tx: AsyncConnection, simulation_id: UUID) -> AsyncIterator[list[Simulated]]:
    """All rows of a run in the order of ids, some thousand at a time."""
    of = arrears_simulated.c
    wanted = select(arrears_simulated).where(of.simulation_id == simulation_id).order_by(of.debtor_id).limit(CHUNK)
    found = await _rows(tx, wanted)
    while found:
        yield found
        found = await _rows(tx, wanted.where(of.debtor_id > found[-1].debtor_id)) if len(found) == CHUNK else []


async def largest_after(tx: AsyncConnection, simulation_id: UUID, last: Simulated | None) -> list[Simulated]:
    """The next thousand behind `last`, the largest debt first, without sorting or counting all of them."""
    of = arrears_simulated
    wanted = select(of).where(of.c.simulation_id == simulation_id)
    if last is not None:
        # One column falls and the other rises, so the pair is no row comparison.
        beyond = (of.c.owed_krw == last.owed_krw) & (of.c.debtor_id > last.debtor_id)
        wanted = wanted.where(of.c.owed_krw <= last.owed_krw, (of.c.owed_krw < last.owed_krw) | beyond)
    wanted = wanted.order_by(of.c.owed_krw.desc(), of.c.debtor_id).limit(CHUNK)
    return await _rows(tx, wanted)


async def page_of(
    tx: AsyncConnection, simulation_id: UUID, *, code: str | None, is_in: bool | None, after: int, limit: int
) -> tuple[list[Simulated], int]:
    """Some rows, the largest debt first, and how many there are in all. `code`: those with this reason."""
    of = arrears_simulated
    fits = [of.c.simulation_id == simulation_id]
    if code is not None:
        fits.append(of.c.reasons.contains([{"code": code}]))
    if is_in is not None:
        fits.append((of.c.would_krw > 0) == is_in)
    wanted = select(of).where(*fits).order_by(of.c.owed_krw.desc(), of.c.debtor_id).offset(after).limit(limit)
    total = await tx.scalar(select(func.count()).select_from(of).where(*fits))
    return await _rows(tx, wanted), int(total or 0)


async def is_whole(tx: AsyncConnection, made: Simulation) -> bool:
    """Whether what is stored still is what was kept."""
    digesting = sha256()
    async for rows in pieces_of(tx, made.id):
        for one in rows:
            digesting.update(canonical(one.plain()))
    return made.digest == sealed(digesting, made.selection, made.basis, made.summary)


async def _rows(tx: AsyncConnection, wanted: Select[Any]) -> list[Simulated]:
    return [Simulated.of(dict(row)) for row in (await tx.execute(wanted)).mappings()]
