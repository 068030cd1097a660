"""The air as it is: at a place by its nearest station, over the city by all of its own, elsewhere by what is held."""

from collections.abc import Sequence
from typing import Any

from actions.air import advising, looking, showing
from actions.air.asking import Spot, Unknown, is_whole_city, of_entity
from actions.air.counter import Counter
from actions.air.looking import Look
from actions.air.replying import choices, nothing, place, told, unknown, words
from actions.air.wishing import Wish
from civic.air.index import Grade
from civic.air.records import Now
from core.contracts.dialogue import Reply, Turn

_MOST_PLACES = 6
_BEYOND = 5
"""So many times `near_km`: a station there says nothing of the place at all."""


async def now(turn: Turn, counter: Counter, where: Spot | Unknown | None, wanted: Wish) -> Reply:
    """What one wants to know at a glance, and what may be done."""
    if isinstance(where, Unknown):
        return await _outside(turn, counter, where, wanted)
    if where is None:
        return await _city(turn, counter, wanted)
    found = await looking.look(counter, where, turn.now)
    if found is None:
        return nothing(turn, counter, where, wanted)
    if (found.main.distance_m or 0) > _BEYOND * counter.rules.near_km * 1_000:
        return unknown(turn, counter, Unknown(where.name), wanted)
    standing = await counter.alarms.standing(turn.now)
    others = _shown_others(found, wanted)
    hours = [found.main.hour] if showing.is_fresh(found.main) else []
    situation = advising.situation(hours, looking.levels(standing), instead=_instead(found.main, others))
    values = {
        **place(where, counter),
        **_of_station(found, counter, turn, wanted),
        **advice(situation, wanted, turn, counter, is_known=bool(hours)),
        "standing": standing_plain(standing),
        "credits": showing.credits([found.main, *others]),
        "is_indoors": wanted.is_indoors,
        "is_yellow_dust": wanted.is_yellow_dust,
        "asked": list(wanted.pollutants),
    }
    return told("air.now", values, where, wanted, choices("hours", "forecast", "alert", "elsewhere"))


def _instead(main: Now, others: Sequence[Now]) -> list[tuple[str, Grade]]:
    """Grades of the next stations, of what the main one lacks: they make advice no milder than they are."""
    found = []
    for name in showing.lacking(main.hour):
        for one in others:
            value = showing.usable(one.hour).get(name)
            grade = None if value is None else showing.grade_of(name, value, one.hour.at)
            if grade is not None:
                found.append((name, grade))
    return found


def _of_station(found: Look, counter: Counter, turn: Turn, wanted: Wish) -> dict[str, Any]:
    hour = found.main.hour
    near_km = counter.rules.near_km
    # An answer to "may we" is short: what was an hour ago is for who asks for the air.
    before = found.before if showing.is_fresh(found.main) and not wanted.wants_advice else {}
    rows = showing.readings(hour, before, wanted.pollutants)
    for row in rows:
        other = looking.elsewhere(row["pollutant"], found) if row["quality"] != "OK" else None
        if other is not None:
            value = showing.usable(other.hour)[row["pollutant"]]
            row["elsewhere"] = {
                **showing.station(other, near_km, turn.now),
                "value": showing.number(value),
                "unit": other.hour.values[row["pollutant"]].unit,
                "grade": showing.grade_of(row["pollutant"], value, other.hour.at),
            }
    return {
        "station": showing.station(found.main, near_km, turn.now),
        "skipped": [showing.station(one, near_km, turn.now) for one in found.skipped],
        "readings": rows,
        "index": showing.index_plain(hour),
        "grade": showing.worst(hour),
        "lacking": showing.lacking(hour),
        "has_values": bool(showing.usable(hour)),
    }


def _shown_others(found: Look, wanted: Wish) -> list[Now]:
    names = wanted.pollutants or showing.MAIN
    lacking = [name for name in names if name not in showing.usable(found.main.hour)]
    return [other for name in lacking if (other := looking.elsewhere(name, found)) is not None]


def advice(
    situation: advising.Situation, wanted: Wish, turn: Turn, counter: Counter, *, is_known: bool
) -> dict[str, Any]:
    """`verdict`: the answer to "may we", before all else; `todo`: what to do, where nobody asked for it."""
    if wanted.wants_advice:
        keys = advising.verdict(situation, wanted.who, wanted.doing) if is_known else ("air.may.unknown",)
        return {"verdict": words(keys, turn, counter), "todo": [], "who": list(wanted.who)}
    return {"verdict": [], "todo": words(advising.usual(situation), turn, counter), "who": []}


def standing_plain(found: Any) -> list[dict[str, Any]]:
    """Ours (`kind` reached) and the governor's (issued), for a line each."""
    ours = [
        {"kind": "reached", "pollutant": one.pollutant, "level": one.now_level or one.level, "issuer": "", "zone": ""}
        for one in found.reached
    ]
    issued = [
        {"kind": "issued", "pollutant": one.pollutant, "level": one.level, "issuer": one.region, "zone": one.zone}
        for one in found.issued
    ]
    return [*issued, *ours]


async def _city(turn: Turn, counter: Counter, wanted: Wish) -> Reply:
    """No place was said: all stations of the city together, and how to ask for one's own."""
    there = await looking.of_city(counter, turn.now)
    fresh = [one for one in there if showing.is_fresh(one)]
    if not fresh:
        center = counter.book.center
        # No station of the city speaks: the nearest others are better than nothing, told with their distance.
        spot = Spot(counter.city.name.ko, counter.city.name.en, center.lat, center.lon)
        found = await looking.look(counter, spot, turn.now)
        return nothing(turn, counter, None, wanted) if found is None else await now(turn, counter, spot, wanted)
    return await _many(turn, counter, fresh, there, wanted, **place(None, counter))


async def _many(
    turn: Turn, counter: Counter, fresh: Sequence[Now], there: Sequence[Now], wanted: Wish, **named: Any
) -> Reply:
    is_own = bool(named.get("is_city"))
    standing = await counter.alarms.standing(turn.now) if is_own else None
    situation = advising.situation([one.hour for one in fresh], looking.levels(standing) if standing else ())
    indices = sorted(one.hour.index for one in fresh if one.hour.index is not None)
    grades = sorted(grade for one in fresh if (grade := showing.worst(one.hour)) is not None)
    values = {
        **named,
        **advice(situation, wanted, turn, counter, is_known=True),
        "count": len(fresh),
        "silent": [one.site.name for one in there if one not in fresh][:_MOST_PLACES],
        "at": showing.clock(max(one.hour.at for one in fresh), turn.now),
        "grade": grades[-1] if grades else None,
        "grade_low": grades[0] if grades else None,
        "spread": showing.spread(fresh, wanted.pollutants),
        "index_low": indices[0] if indices else None,
        "index_high": indices[-1] if indices else None,
        "standing": standing_plain(standing) if standing else [],
        "credits": showing.credits(fresh),
        "is_indoors": wanted.is_indoors,
        "is_yellow_dust": wanted.is_yellow_dust,
    }
    buttons = choices("forecast", "alert", "elsewhere") if is_own else choices("now", "elsewhere")
    return told("air.many", values, None, wanted, buttons)


async def _outside(turn: Turn, counter: Counter, where: Unknown, wanted: Wish) -> Reply:
    """A place beyond the book: its own stations where the store holds any, else honestly nothing."""
    if where.own is not None:
        return unknown(turn, counter, where, wanted)
    there = await looking.of_elsewhere(counter, where.name, turn.now)
    fresh = [one for one in there if showing.is_fresh(one)]
    if not fresh:
        return unknown(turn, counter, where, wanted)
    return await _many(turn, counter, fresh, there, wanted, place=where.name, place_en=where.name, is_city=False)


async def clean(turn: Turn, counter: Counter, wanted: Wish) -> Reply:
    """Where the air is best or worst: of the places named, else of the city's stations."""
    spots = [spot for one in turn.understanding.all("place") if (spot := of_entity(one, counter)) is not None]
    if len(spots) > 1 and not is_whole_city(turn, counter):
        return await _between(turn, counter, spots[:_MOST_PLACES], wanted)
    fresh = [one for one in await looking.of_city(counter, turn.now) if showing.is_fresh(one)]
    if not fresh:
        return nothing(turn, counter, None, wanted)
    ranked = sorted(fresh, key=lambda one: _rank(one, wanted), reverse=wanted.is_reversed)
    lines = [_line(one, one.site.name, counter, turn, wanted) for one in ranked[:_MOST_PLACES]]
    values = {
        **place(None, counter),
        "lines": lines,
        "is_reversed": wanted.is_reversed,
        "is_between": False,
        "asked": list(wanted.pollutants),
        "credits": showing.credits(fresh),
    }
    return told("air.clean", values, None, wanted, choices("forecast", "elsewhere"))


async def _between(turn: Turn, counter: Counter, spots: Sequence[Spot], wanted: Wish) -> Reply:
    looks = [(spot, await looking.look(counter, spot, turn.now)) for spot in spots]
    known = [(spot, look.main) for spot, look in looks if look is not None and showing.is_fresh(look.main)]
    if not known:
        return nothing(turn, counter, spots[0], wanted)
    ranked = sorted(known, key=lambda pair: _rank(pair[1], wanted), reverse=wanted.is_reversed)
    values = {
        **place(None, counter),
        "lines": [{**_line(one, spot.name, counter, turn, wanted), "name_en": spot.name_en} for spot, one in ranked],
        "is_reversed": wanted.is_reversed,
        "is_between": True,
        "is_one_station": len({one.site.id for _, one in known}) == 1,
        "asked": list(wanted.pollutants),
        "credits": showing.credits(one for _, one in known),
    }
    return told("air.clean", values, None, wanted, choices("forecast", "elsewhere"))


def _rank(one: Now, wanted: Wish) -> tuple[int, float]:
    """By the pollutant asked for, else by the index, else by its finest dust; without any, last."""
    values = showing.usable(one.hour)
    asked = next((values[name] for name in wanted.pollutants[-1:] if name in values), None)
    if wanted.pollutants:
        return (0 if asked is not None else 1, float(asked or 0))
    if one.hour.index is not None:
        return (0, float(one.hour.index))
    return (1, float(values.get("PM25", 0)))


def _line(one: Now, name: str, counter: Counter, turn: Turn, wanted: Wish) -> dict[str, Any]:
    return {
        "name": name,
        "name_en": name,
        "station": showing.station(one, counter.rules.near_km, turn.now),
        "index": one.hour.index,
        "grade": showing.worst(one.hour),
        "readings": showing.readings(one.hour, {}, wanted.pollutants or ("PM10", "PM25")),
    }
