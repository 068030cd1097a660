"""One look at a zone: its hours are taken, its changes noted, what there is to tell is opened, all in one commit."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.episodes import HOUR, LEVELS_KO
from civic.air.index import NAMES_KO
from civic.air.matters.service import MatterDraft, open_matter
from civic.air.records import Hour, Site
from civic.air.telling.deciding import Draft, decide, make
from civic.air.watch.stepping import Stepped, ValueAt, Watched, advance, locked, taken_since
from civic.air.watch.values import WATCHED, Rule, Stations, of_hour, stations_of
from core.air_rules import Air, Zone
from core.contracts.air import UNITS

_LEVELS_EN = {"advisory": "advisory", "warning": "warning", "critical": "critical warning"}


@dataclass(frozen=True, slots=True)
class Looked:
    """`hours` newly taken and `again` watches put right; `told`: ids of tellings made. `is_done`: no hour is left."""

    hours: int
    again: int
    told: tuple[UUID, ...]
    is_done: bool


@dataclass(frozen=True, slots=True)
class _Town:
    """A zone with what the store knows of it."""

    name: str
    zone: Zone
    stations: Stations
    sites: Mapping[int, Site]
    rules: Air


async def look(
    tx: AsyncConnection,
    city_id: str,
    name: str,
    rules: Air,
    now: datetime,
    *,
    back: timedelta | None = None,
    most: int = 48,
    made_up: Collection[str] = (),
) -> Looked:
    """Step every watch of the zone `name` by at most `most` hours, and replay what changed within `back`.

    `made_up`: sources of exercise values, which count only where no other source knows the zone's stations.
    """
    zone = rules.zones[name]
    town = await _town(tx, city_id, name, zone, rules, now, made_up)
    watches = await locked(tx, city_id, _keys(town))
    if not watches:
        return Looked(0, 0, (), is_done=True)
    begins = {watch.id: _begin(watch, now, rules, back) for watch in watches}
    ids = sorted({one for rows in town.stations.values() for one in rows})
    # After a long silence no more than what this commit can take: the next one reads on.
    end = min(now, max(watch.last_at or begins[watch.id] for watch in watches) + (most + 1) * HOUR)
    told = await reading.hours(tx, ids, min(begins.values()) - HOUR, end)
    kept = await taken_since(tx, list(begins), min(begins.values()))
    hours = {(site_id, hour.at): hour for site_id, rows in told.items() for hour in rows}
    taken, again, made, is_done = 0, 0, list[UUID](), True
    for watch in watches:
        value_at = _value_at(town, watch, hours)
        stepped = await advance(
            tx, watch, value_at, kept[watch.id], now, rules.watch, begin=begins[watch.id], most=most
        )
        taken, again = taken + stepped.hours, again + (stepped.again_from is not None)
        is_done = is_done and stepped.is_done
        if stepped.noted or stepped.withdrawn:
            made += await _tell(tx, town, watch, stepped, now)
    return Looked(taken, again, tuple(made), is_done)


async def _town(
    tx: AsyncConnection, city_id: str, name: str, zone: Zone, rules: Air, now: datetime, made_up: Collection[str]
) -> _Town:
    official = await reading.sites(tx, city_id, now, origin="official")
    real = [site for site in official if site.source not in made_up]
    stations = stations_of(zone.stations, real) or stations_of(zone.stations, official)
    return _Town(name, zone, stations, {site.id: site for site in official}, rules)


def _keys(town: _Town) -> list[tuple[Rule, str, int | None, str]]:
    places = [None, *(rows[0] for rows in town.stations.values())]
    return [("criteria", town.name, None, one) for one in WATCHED] + [
        ("grade", town.name, place, one) for place in places for one in WATCHED
    ]


def _begin(watch: Watched, now: datetime, rules: Air, back: timedelta | None) -> datetime:
    """From where hours are looked at: as far back as corrections are sought, and never past the next hour to take."""
    newest = now.replace(minute=0, second=0, microsecond=0)
    if watch.last_at is None:
        return newest - timedelta(hours=rules.watch.first_hours)
    return min(newest - (back or timedelta(hours=rules.watch.replay_hours)), watch.last_at + HOUR)


def _value_at(town: _Town, watch: Watched, hours: Mapping[tuple[int, datetime], Hour]) -> ValueAt:
    stations: Stations = {
        name: rows for name, rows in town.stations.items() if watch.site_id is None or watch.site_id in rows
    }
    least = 1 if watch.rule == "grade" else town.rules.watch.least_stations

    def at(moment: datetime) -> Any:
        return of_hour(watch.rule, watch.pollutant, moment, stations, hours, least)

    return at


async def _tell(tx: AsyncConnection, town: _Town, watch: Watched, stepped: Stepped, now: datetime) -> list[UUID]:
    draft = await decide(tx, watch, _facts(town, watch), now, town.rules.telling)
    if draft is None:
        return []
    made = await make(tx, watch.city_id, draft, now)
    if made is not None and watch.rule == "criteria" and draft.kind == "change" and not draft.is_fall:
        await open_matter(tx, watch.city_id, _matter(town, watch, draft), now, town.rules)
    return [made] if made is not None else []


def _facts(town: _Town, watch: Watched) -> dict[str, Any]:
    """What the texts say of the place: names in both languages, stations by id, sources to be named."""
    rows = [town.sites[one] for ids in town.stations.values() for one in ids if one in town.sites]
    mine = [site for site in rows if watch.site_id is None or site.id == watch.site_id]
    return {
        "rule": watch.rule,
        "zone_ko": town.zone.name.ko,
        "zone_en": town.zone.name.en,
        "site": mine[0].name if watch.site_id is not None and mine else "",
        "sites": {str(site.id): site.name for site in rows},
        "sources": sorted({site.source for site in mine}),
        "pollutant": watch.pollutant,
        "unit": UNITS[watch.pollutant],
    }


def _matter(town: _Town, watch: Watched, draft: Draft) -> MatterDraft:
    """The officer's: an episode is of the whole zone, so no company is looked for behind it."""
    level, value = draft.facts["level"], Decimal(draft.facts["value"])
    places = [town.sites[one] for rows in town.stations.values() for one in rows if one in town.sites]
    points = [(site.lat, site.lon) for site in places if site.lat is not None and site.lon is not None]
    pollutant = watch.pollutant
    return MatterDraft(
        kind="episode",
        key=draft.episode,
        title_ko=f"{town.zone.name.ko} {NAMES_KO[pollutant]} {LEVELS_KO[level]} 기준 도달",
        title_en=f"{town.zone.name.en}: {pollutant} {_LEVELS_EN[level]} criterion reached",
        lat=_mean(points, lambda one: one[0]),
        lon=_mean(points, lambda one: one[1]),
        pollutant=pollutant,
        value=value,
        unit=draft.facts["unit"],
        site_ids=tuple(sorted(site.id for site in places)),
        began_at=draft.began_at,
        first_message_at=None,
        companies=(),
    )


def _mean(points: list[tuple[float, float]], part: Callable[[tuple[float, float]], float]) -> float | None:
    return sum(part(one) for one in points) / len(points) if points else None
