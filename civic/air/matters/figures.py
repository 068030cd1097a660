"""How long it takes from the first message to the first verified action, now and before; a goal only stands beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.record import Matter, rows_of
from civic.air.matters.states import Kind
from civic.air.matters.tables import air_matter_actions, air_matters
from core.air_rules import Acting
from core.clock import SEOUL
from core.errors import BadInput

COUNTED: tuple[Kind, ...] = ("limit", "smell", "episode")
"""A sensor's own trouble is no bad air."""
MOST_DAYS = 366 * 3


@dataclass(frozen=True, slots=True)
class Took:
    """Matters whose first message lies in the days. `minutes`: the median from it to the first verified action, of the
    `done` ones; `answered_minutes`: to the first acknowledgement, of the `answered` ones. None: nothing to count.

    `by_officer`, `by_values`: who verified first. `told_only`: an action was told and nobody has verified it yet;
    `without`: no action that counts at all. done + told_only + without = matters.
    """

    kind: Kind | Literal["all"]
    matters: int
    done: int
    minutes: float | None
    answered: int
    answered_minutes: float | None
    by_officer: int
    by_values: int
    told_only: int
    without: int


@dataclass(frozen=True, slots=True)
class Before:
    """`basis` days: counted here from `rows`; stated: somebody else's median (`source`); none: nobody said."""

    basis: Literal["days", "stated", "none"]
    first: date | None
    last: date | None
    minutes: float | None
    source: str
    rows: tuple[Took, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """`rows`: all kinds together first. `change_minutes`: now minus before, None where one of them is not known.

    `goal_minutes`: what the city hopes the change to be; no figure is made of it.
    """

    first: date
    last: date
    rows: tuple[Took, ...]
    before: Before
    change_minutes: float | None
    goal_minutes: float
    goal_source: str


async def figures(tx: AsyncConnection, city_id: str, first: date, last: date, rules: Acting) -> Figures:
    """Days are Korean ones, both among them. Raises BadInput for days out of order or far too many."""
    rows = await _took(tx, city_id, first, last)
    before = await _before(tx, city_id, rules)
    now, then = rows[0].minutes, before.minutes
    change = None if now is None or then is None else round(now - then, 1)
    return Figures(first, last, rows, before, change, rules.goal_minutes, rules.goal_source)


async def _before(tx: AsyncConnection, city_id: str, rules: Acting) -> Before:
    given = rules.before
    if given.first is not None and given.last is not None:
        rows = await _took(tx, city_id, given.first, given.last)
        return Before("days", given.first, given.last, rows[0].minutes, given.source, rows)
    basis: Literal["stated", "none"] = "stated" if given.median_minutes is not None else "none"
    return Before(basis, None, None, given.median_minutes, given.source)


async def _took(tx: AsyncConnection, city_id: str, first: date, last: date) -> tuple[Took, ...]:
    if last < first or (last - first).days > MOST_DAYS:
        raise BadInput("기간을 다시 확인해 주세요.", "Please check the days.")
    begin = datetime.combine(first, time(), SEOUL)
    end = datetime.combine(last, time(), SEOUL) + timedelta(days=1)
    matter = air_matters.c
    wanted = rows_of(city_id).where(
        matter.kind.in_(COUNTED), matter.first_message_at >= begin, matter.first_message_at < end
    )
    found = [Matter.of(row) for row in await tx.execute(wanted)]
    told = await _told(tx, city_id, begin, end)
    kinds = [kind for kind in COUNTED if any(one.kind == kind for one in found)]
    return (_row("all", found, told), *(_row(kind, [one for one in found if one.kind == kind], told) for kind in kinds))


async def _told(tx: AsyncConnection, city_id: str, begin: datetime, end: datetime) -> frozenset[object]:
    """Matters with an action that waits for its verification."""
    action = air_matter_actions.c
    wanted = (
        select(func.distinct(action.matter_id))
        .join(air_matters, air_matters.c.id == action.matter_id)
        .where(
            action.city_id == city_id,
            action.kind == "action",
            action.state == "told",
            air_matters.c.first_message_at >= begin,
            air_matters.c.first_message_at < end,
        )
    )
    return frozenset((await tx.execute(wanted)).scalars())


def _row(kind: Kind | Literal["all"], found: Sequence[Matter], told: frozenset[object]) -> Took:
    done = [one for one in found if one.first_action_at is not None]
    told_only = sum(one.first_action_at is None and one.id in told for one in found)
    return Took(
        kind=kind,
        matters=len(found),
        done=len(done),
        minutes=_median([minutes(one.first_message_at, one.first_action_at) for one in done]),
        answered=sum(one.acknowledged_at is not None for one in found),
        answered_minutes=_median(
            [minutes(one.first_message_at, one.acknowledged_at) for one in found if one.acknowledged_at is not None]
        ),
        by_officer=sum(one.verified_by == "officer" for one in done),
        by_values=sum(one.verified_by == "values" for one in done),
        told_only=told_only,
        without=len(found) - len(done) - told_only,
    )


def minutes(first_message_at: datetime, done_at: datetime | None) -> float:
    """What was done before the first message took no time."""
    return 0.0 if done_at is None else max(0.0, (done_at - first_message_at).total_seconds() / 60)


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 1) if values else None
