"""What anybody may read of matters: what was over, when it was acknowledged, what was done, and who saw to it.

A company is named where config.yml says that it agreed; texts are shown once an officer has verified them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.record import Matter, rows_of
from civic.air.matters.states import Kind, State
from civic.air.matters.tables import air_matter_actions, air_matter_events, air_matters
from core.air_rules import Company


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """An acknowledgement. `by`: city or company; `company`: its code where it may be named, else ""."""

    by: Literal["city", "company"]
    company: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PublicAction:
    """What was done. `text`: "" until an officer has verified it; `verified_by` None: told, not yet verified."""

    by: Literal["city", "company"]
    company: str
    kind: Literal["action", "statement"]
    text: str
    done_at: datetime
    verified_at: datetime | None
    verified_by: Literal["officer", "values"] | None


@dataclass(frozen=True, slots=True)
class PublicMatter:
    """A matter without its inner workings. `companies`: how many were told. Moments aware UTC."""

    id: UUID
    kind: Kind
    state: State
    title_ko: str
    title_en: str
    lat: float | None
    lon: float | None
    pollutant: str
    unit: str
    value: Decimal | None
    peak: Decimal | None
    site_ids: tuple[int, ...]
    began_at: datetime
    last_at: datetime
    opened_at: datetime
    acknowledged_at: datetime | None
    fell_at: datetime | None
    first_action_at: datetime | None
    verified_at: datetime | None
    verified_by: Literal["officer", "values"] | None
    closed_at: datetime | None
    companies: int
    answers: tuple[PublicAnswer, ...]
    actions: tuple[PublicAction, ...]


async def public_matters(
    tx: AsyncConnection,
    city_id: str,
    begin: datetime,
    end: datetime,
    *,
    companies: Mapping[str, Company] | None = None,
) -> list[PublicMatter]:
    """Matters that stood between the two aware moments, newest first; sensors' own troubles are not among them.

    `companies`: of config.yml, for the names (`is_named`); without them nobody is named.
    """
    named = {code for code, one in (companies or {}).items() if one.is_named}
    wanted = rows_of(city_id).where(
        air_matters.c.kind != "sensor",
        air_matters.c.began_at < end,
        (air_matters.c.closed_at.is_(None)) | (air_matters.c.closed_at >= begin),
    )
    ordered = wanted.order_by(air_matters.c.began_at.desc(), air_matters.c.id)
    matters = [Matter.of(row) for row in await tx.execute(ordered)]
    ids = [one.id for one in matters]
    answers = await _answers(tx, ids, named)
    actions = await _actions(tx, ids, named)
    return [_public(one, answers.get(one.id, ()), actions.get(one.id, ())) for one in matters]


async def _answers(tx: AsyncConnection, ids: list[UUID], named: set[str]) -> dict[UUID, tuple[PublicAnswer, ...]]:
    event = air_matter_events.c
    wanted = (
        select(event.matter_id, event.company, event.at)
        .where(event.matter_id.in_(ids), event.kind == "acknowledged")
        .order_by(event.at, event.id)
    )
    found: dict[UUID, tuple[PublicAnswer, ...]] = {}
    for row in await tx.execute(wanted):
        by: Literal["city", "company"] = "company" if row.company else "city"
        one = PublicAnswer(by, row.company if row.company in named else "", row.at)
        found[row.matter_id] = (*found.get(row.matter_id, ()), one)
    return found


async def _actions(tx: AsyncConnection, ids: list[UUID], named: set[str]) -> dict[UUID, tuple[PublicAction, ...]]:
    action = air_matter_actions
    wanted = (
        select(action)
        .where(action.c.matter_id.in_(ids), action.c.state != "refused")
        .order_by(action.c.told_at, action.c.id)
    )
    found: dict[UUID, tuple[PublicAction, ...]] = {}
    for row in await tx.execute(wanted):
        one = PublicAction(
            by="company" if row.origin == "company" else "city",
            company=row.company if row.company in named else "",
            kind=row.kind,
            text=row.text if row.verified_by == "officer" else "",
            done_at=row.done_at,
            verified_at=row.verified_at,
            verified_by=row.verified_by,
        )
        found[row.matter_id] = (*found.get(row.matter_id, ()), one)
    return found


def _public(matter: Matter, answers: tuple[PublicAnswer, ...], actions: tuple[PublicAction, ...]) -> PublicMatter:
    shared = [name for name in PublicMatter.__slots__ if name not in ("companies", "answers", "actions")]
    values = {name: getattr(matter, name) for name in shared}
    return PublicMatter(**values, companies=len(matter.companies), answers=answers, actions=actions)
