"""The same matter twice: open cases near in place and time, of one kind, told in alike words; scored, with reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import COLUMNS, Case
from civic.cases.status import CLOSED
from civic.cases.tables import cases
from core.contracts.channel import GeoPoint
from core.db import driver
from core.distance import degree_meters, meters
from core.settings import Duplicates

MOST_WEIGHED = 200
"""Neighbours whose words are compared: the newest. A corner with more open cases of one kind has other troubles."""
_WITHIN = 0.8
_CLOSED = [status.value for status in CLOSED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is looked for. `case_id`: the case itself, which is not its own likeness. Coordinates are WGS 84."""

    city_id: str
    category: str
    text: str
    at: datetime
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    case_id: UUID | None = None

    @classmethod
    def of(cls, case: Case) -> "Sought":
        return cls(
            city_id=case.city_id,
            category=case.category,
            text=case.body,
            at=case.received_at,
            place=case.place,
            lat=case.lat,
            lon=case.lon,
            case_id=case.id,
        )


@dataclass(frozen=True, slots=True)
class Likely:
    """A case that may be the same. `distance_m` None: both name the same place and one has no point.

    `days` apart; `likeness` of the words and `score` from 0 to 1.
    """

    case: Case
    distance_m: float | None
    days: float
    likeness: float
    score: float


async def find_similar(
    tx: AsyncConnection,
    sought: Sought,
    rule: Duplicates,
    *,
    most: int = 5,
    only_open: bool = True,
    citizen_id: UUID | None = None,
) -> list[Likely]:
    """The likeliest first. `citizen_id`: only among this citizen's own. Merged cases are never shown: their target is.

    Raises nothing; a matter without place and point has no likeness.
    """
    near = _near(sought, rule)
    if near is None:
        return []
    span = timedelta(days=rule.days)
    wanted = [
        cases.c.city_id == sought.city_id,
        cases.c.category == sought.category,
        cases.c.merged_into_id.is_(None),
        # No condition for an index: "the last two weeks" are a whole city's cases, the corner's are a handful.
        cases.c.received_at.between(sought.at - span, sought.at + span).is_(True),
        near,
    ]
    if only_open:
        wanted += [cases.c.status.not_in(_CLOSED), cases.c.closed_at.is_(None)]
    if sought.case_id is not None:
        wanted.append(cases.c.id != sought.case_id)
    if citizen_id is not None:
        wanted.append(cases.c.citizen_id == citizen_id)
    newest = select(*COLUMNS).where(and_(*wanted)).order_by(cases.c.received_at.desc()).limit(MOST_WEIGHED).subquery()
    likeness = _likeness(newest.c.body, sought.text).label("likeness")
    found = await tx.execute(select(newest, likeness).where(likeness >= rule.similarity))
    return _best([(Case.of(row), float(row.likeness)) for row in found], sought, rule)[:most]


async def crowd_near(tx: AsyncConnection, sought: Sought, rule: Duplicates, needed: int) -> int:
    """How many people stand behind open cases of this kind around the point or at the place, the case itself aside.

    Of fewer than `needed` all are counted, else those whose words are alike; nobody when the matter is already marked
    as one of many. One small read that every filing makes, so that only a crowd is looked at closely.
    """
    row = await (await (await driver(tx)).execute(CROWD, crowd_asked(sought, rule, needed), prepare=True)).fetchone()
    assert row is not None
    return int(row[0])


def crowd_asked(sought: Sought, rule: Duplicates, needed: int) -> dict[str, Any]:
    """What `CROWD` is asked for."""
    box: dict[str, float | None] = dict.fromkeys(("south", "north", "west", "east"))
    per_lat, per_lon = degree_meters(sought.lat or 0.0)
    if sought.lat is not None and sought.lon is not None:
        high, wide = rule.radius_m / per_lat, rule.radius_m / per_lon
        box = {"south": sought.lat - high, "north": sought.lat + high}
        box |= {"west": sought.lon - wide, "east": sought.lon + wide}
    span = timedelta(days=rule.days)
    return {
        **box,
        "lat": sought.lat,
        "lon": sought.lon,
        "per_lat": per_lat,
        "per_lon": per_lon,
        "reach": float(rule.radius_m),
        "own": sought.case_id,
        "city": sought.city_id,
        "kind": sought.category,
        "place": sought.place,
        "since": sought.at - span,
        "until": sought.at + span,
        "told": sought.text,
        "needed": needed,
        "alike": rule.similarity,
    }


# Where the open cases of one kind lie; each arm has an index of its own. The span of time is no condition for an index:
# the planner would take "the last two weeks" for a handful and read a whole city's.
_HERE = """city_id = %(city)s AND category = %(kind)s AND closed_at IS NULL AND merged_into_id IS NULL
    AND (received_at BETWEEN %(since)s AND %(until)s) IS TRUE AND id IS DISTINCT FROM %(own)s::uuid"""
_POINT = "lat BETWEEN %(south)s::float8 AND %(north)s::float8 AND lon BETWEEN %(west)s::float8 AND %(east)s::float8"
_PLACE = "place = %(place)s::text AND place <> '' AND (lat IS NULL OR %(south)s::float8 IS NULL)"
_ALIKE = f"""greatest(similarity(body, %(told)s::text),
    {_WITHIN} * greatest(word_similarity(body, %(told)s::text), word_similarity(%(told)s::text, body))) >= %(alike)s"""
CROWD = f"""
WITH crowd AS (
  SELECT joined, body FROM (
    SELECT joined, body, received_at FROM cases WHERE {_HERE} AND {_POINT}
    UNION ALL SELECT joined, body, received_at FROM cases WHERE {_HERE} AND {_PLACE}) near
  ORDER BY received_at DESC LIMIT {MOST_WEIGHED})
SELECT CASE WHEN EXISTS (
  SELECT FROM cases WHERE {_HERE} AND mass_at IS NOT NULL AND {_ALIKE} AND ({_PLACE} OR {_POINT} AND
    sqrt(power((lat - %(lat)s::float8) * %(per_lat)s, 2) + power((lon - %(lon)s::float8) * %(per_lon)s, 2))
    <= %(reach)s))
THEN 0 ELSE (
  SELECT CASE WHEN people < %(needed)s::int THEN people
    ELSE (SELECT coalesce(sum(joined + 1), 0) FROM crowd WHERE {_ALIKE}) END
  FROM (SELECT coalesce(sum(joined + 1), 0) FROM crowd) all_of (people)) END
"""  # noqa: S608


def _likeness(body: ColumnElement[str], told: str) -> ColumnElement[float]:
    """One tells in a line what another tells in a page: a short story found within a long one counts nearly as much."""
    within = func.greatest(func.word_similarity(body, told), func.word_similarity(told, body))
    return func.greatest(func.similarity(body, told), _WITHIN * within)


def _near(sought: Sought, rule: Duplicates) -> ColumnElement[bool] | None:
    """A box around the point, which the index finds; the circle is drawn afterwards."""
    same_place = and_(cases.c.place == sought.place, cases.c.place != "")
    if sought.lat is None or sought.lon is None:
        return same_place if sought.place else None
    north, east = degree_meters(sought.lat)
    high, wide = rule.radius_m / north, rule.radius_m / east
    box = and_(
        cases.c.lat.between(sought.lat - high, sought.lat + high),
        cases.c.lon.between(sought.lon - wide, sought.lon + wide),
    )
    return or_(box, and_(cases.c.lat.is_(None), same_place)) if sought.place else box


def _best(found: Sequence[tuple[Case, float]], sought: Sought, rule: Duplicates) -> list[Likely]:
    likely: list[Likely] = []
    for case, likeness in found:
        distance = _distance(case, sought)
        if distance is not None and distance > rule.radius_m:
            continue
        days = abs((sought.at - case.received_at) / timedelta(days=1))
        nearness = 1 - (distance or 0.0) / rule.radius_m
        score = 0.5 * likeness + 0.3 * nearness + 0.2 * (1 - days / rule.days)
        likely.append(Likely(case, distance, days, likeness, round(score, 4)))
    return sorted(likely, key=lambda one: (-one.score, one.case.received_at, one.case.id))


def _distance(case: Case, sought: Sought) -> float | None:
    if case.lat is None or case.lon is None or sought.lat is None or sought.lon is None:
        return None
    return meters(GeoPoint(case.lat, case.lon), GeoPoint(sought.lat, sought.lon))
