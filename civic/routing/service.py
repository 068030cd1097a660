"""Where a new case goes and by whose word: the city's rules in order, then the category's own department."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.routing.area import Town, area_among, area_of, towns_of
from civic.routing.match import Matter, Tried, Why, first_match, seen_at
from civic.routing.rule import Result, Rule, RuleDraft, Track
from civic.routing.rules import list_rules
from civic.routing.track import track_of

__all__ = [
    "Matter",
    "Routed",
    "Rule",
    "RuleDraft",
    "Town",
    "Tried",
    "Why",
    "area_of",
    "list_rules",
    "route",
    "route_among",
    "towns_of",
]


@dataclass(frozen=True, slots=True)
class Routed:
    """Who gets it and why. `staff_id`: whom the rule names; a person by capacity is chosen by the case desk.

    `reason` says which rule decided, `track_reason` why it is 즉결 or 장기; `tried`: every rule up to that one.
    """

    department_id: str
    staff_id: UUID | None
    track: Track
    reason: Why
    track_reason: Why
    area_id: str | None
    is_urgent: bool
    rule: Rule | None
    tried: tuple[Tried, ...]


async def route(
    tx: AsyncConnection,
    city_id: str,
    matter: Matter,
    now: datetime,
    *,
    rules: Sequence[Rule] | None = None,
) -> Routed:
    """The way of a case that is received `now`. `rules`: tried instead of the stored ones (a dry run of a draft)."""
    given = await list_rules(tx, city_id, only_active=True) if rules is None else rules
    return route_among(given, await towns_of(tx, city_id), matter, now)


def route_among(rules: Sequence[Rule], towns: Sequence[Town], matter: Matter, now: datetime) -> Routed:
    """The same from rules and towns that the caller has read, the active rules in their order."""
    area_id = area_among(towns, lat=matter.lat, lon=matter.lon, place=matter.place)
    track, track_reason = track_of(matter)
    rule, tried = first_match(rules, seen_at(matter, area_id, track, now))
    result = rule.result if rule else Result.model_construct()
    if rule and result.track:
        track, track_reason = result.track, Why(f"규칙 ‘{rule.name}’", f"rule '{rule.name}'")
    return Routed(
        department_id=result.department_id or matter.department_id,
        staff_id=result.staff_id,
        track=track,
        reason=_reason(rule, tried, matter),
        track_reason=track_reason,
        area_id=area_id,
        is_urgent=result.priority == "high",
        rule=rule,
        tried=tried,
    )


def _reason(rule: Rule | None, tried: tuple[Tried, ...], matter: Matter) -> Why:
    if rule is None:
        return Why(
            f"맞는 규칙이 없어 분야 {matter.category}의 담당 부서로",
            f"no rule fits: the department of category {matter.category}",
        )
    because = tried[-1].because
    return Why(
        f"규칙 ‘{rule.name}’: {', '.join(one.ko for one in because)}",
        f"rule '{rule.name}': {', '.join(one.en for one in because)}",
    )
