"""A matter as the rest of the house knows it, and the two ways in which one is written: a line, and a new state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.states import Kind, State, must_follow
from civic.air.matters.tables import air_matter_events, air_matter_lanes, air_matter_steps, air_matters
from civic.staff.service import record_change
from core.errors import NotFound, PreconditionFailed
from core.ids import new_id

ActorKind = Literal["staff", "company", "system"]
ANY_VERSION: frozenset[int] = frozenset()
"""For whoever read nothing before: a link, a sweep."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a member of staff, a company by its code in config.yml, or the house itself."""

    kind: ActorKind
    staff_id: UUID | None = None
    company: str = ""

    @classmethod
    def staff(cls, staff_id: UUID) -> "Actor":
        return cls("staff", staff_id)

    @classmethod
    def of_company(cls, company: str) -> "Actor":
        return cls("company", company=company)


HOUSE = Actor("system")


@dataclass(frozen=True, slots=True)
class Matter:
    """A row of `air_matters`; see the words there. Moments aware UTC, values in `unit`."""

    id: UUID
    city_id: str
    key: str
    kind: Kind
    state: State
    round: int
    title_ko: str
    title_en: str
    lat: float | None
    lon: float | None
    pollutant: str
    unit: str
    value: Decimal | None
    peak: Decimal | None
    site_ids: tuple[int, ...]
    companies: tuple[str, ...]
    traced: Mapping[str, Any]
    department_id: str
    staff_id: UUID | None
    began_at: datetime
    last_at: datetime
    first_message_at: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    fell_at: datetime | None
    first_action_at: datetime | None
    verified_at: datetime | None
    verified_by: Literal["officer", "values"] | None
    closed_at: datetime | None
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: Any) -> "Matter":
        values = {**row._mapping, "site_ids": tuple(row.site_ids), "companies": tuple(row.companies)}
        return cls(**{name: values[name] for name in cls.__slots__})

    def title(self, lang: str) -> str:
        return self.title_en if lang == "en" else self.title_ko


def rows_of(city_id: str) -> Select[Any]:
    return select(air_matters).where(air_matters.c.city_id == city_id)


async def read(tx: AsyncConnection, city_id: str, matter_id: UUID, *, lock: bool = False) -> Matter:
    """Raises NotFound."""
    wanted = rows_of(city_id).where(air_matters.c.id == matter_id)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise NotFound("그런 대기 사안이 없습니다.", "No such matter.")
    return Matter.of(row)


def must_be(matter: Matter, versions: frozenset[int]) -> None:
    """Raises PreconditionFailed when it was changed after it was read."""
    if versions is not ANY_VERSION and matter.version not in versions:
        raise PreconditionFailed(
            "그 사이 다른 사람이 바꾸었습니다. 다시 읽어 주세요.", "It was changed meanwhile; read it again."
        )


async def note(
    tx: AsyncConnection,
    matter: Matter,
    actor: Actor,
    kind: str,
    now: datetime,
    *,
    to_state: State | None = None,
    **detail: Any,
) -> None:
    """A line of the timeline; what staff and companies did gets its audit row too. `detail`: numbers and codes."""
    await tx.execute(
        insert(air_matter_events).values(
            id=new_id(),
            city_id=matter.city_id,
            matter_id=matter.id,
            at=now,
            kind=kind,
            actor_kind=actor.kind,
            staff_id=actor.staff_id,
            company=actor.company,
            from_state=matter.state if to_state else None,
            to_state=to_state,
            detail=detail,
        )
    )
    if actor.kind == "system" and to_state is None:
        return
    await record_change(
        tx,
        city_id=matter.city_id,
        actor_kind="staff" if actor.kind == "staff" else "system",
        actor_id=actor.staff_id,
        action=f"air_matter.{kind}",
        object_kind="air_matter",
        object_id=str(matter.id),
        detail={"company": actor.company, "from": matter.state, "to": to_state, **detail},
        now=now,
    )


async def change(
    tx: AsyncConnection,
    matter: Matter,
    actor: Actor,
    kind: str,
    now: datetime,
    *,
    to_state: State | None = None,
    detail: Mapping[str, Any] | None = None,
    **values: Any,
) -> Matter:
    """The matter after a change that the caller has locked it for, with its line. Raises Conflict."""
    if to_state == matter.state:
        to_state = None
    if to_state is not None:
        must_follow(matter.state, to_state)
        values = {**values, "state": to_state}
    await note(tx, matter, actor, kind, now, to_state=to_state, **(detail or {}))
    changed = (
        update(air_matters)
        .where(air_matters.c.id == matter.id)
        .values(**values, version=air_matters.c.version + 1, updated_at=now)
        .returning(*air_matters.c)
    )
    after = Matter.of((await tx.execute(changed)).one())
    if to_state == "closed":
        await stop_chains(tx, after, now)
    return after


async def stop_chains(tx: AsyncConnection, matter: Matter, now: datetime) -> None:
    """Nobody else hears of it, and whoever was told need not answer any more."""
    lanes, steps = air_matter_lanes.c, air_matter_steps.c
    over = {"next_at": None, "ended": "closed", "ended_at": now}
    await tx.execute(
        update(air_matter_lanes).where(lanes.matter_id == matter.id, lanes.next_at.is_not(None)).values(over)
    )
    await tx.execute(
        update(air_matter_steps)
        .where(steps.matter_id == matter.id, steps.state == "told")
        .values(state="over", ended_at=now)
    )
