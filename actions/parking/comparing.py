"""Which lot is the better one: price for the stay, distance and free places side by side, and one recommended."""

from dataclasses import replace
from typing import Any

from actions.parking import showing
from actions.parking.asking import Spot
from actions.parking.counter import Counter
from actions.parking.naming import lot_id
from actions.parking.ways import cards
from actions.parking.wishing import Wish
from civic.parking.search import Filters, Found
from civic.parking.service import NEAR_M, WIDE_M
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn

STAY_MINUTES = 120
"""The stay compared when nobody says how long."""
_LOOKED_AT = 12
_SHOWN = 4
FEE = "parking_fee_hours"


async def of_topic(turn: Turn, counter: Counter, topic: Topic, wanted: Wish) -> Reply:
    """The lots of the list that was shown."""
    ids = [id for one in topic.items if (id := lot_id(one.get("id")))]
    distances = {str(one.get("id")): one.get("distance_m") for one in topic.items}
    found = [
        replace(one, distance_m=distances.get(str(one.lot.id))) for one in await counter.parking.lots(ids, wanted.at)
    ]
    return _compared(turn, counter, found, wanted, dict(topic.memory), "")


def of_lots(turn: Turn, counter: Counter, found: list[Found], wanted: Wish) -> Reply:
    """Lots that the citizen named; nobody said from where."""
    return _compared(turn, counter, found, wanted, {}, "")


async def around(turn: Turn, counter: Counter, where: Spot, wanted: Wish) -> Reply:
    """The cheapest of those around a place."""
    found: list[Found] = []
    for filters in dict.fromkeys((_kept(wanted), Filters())):
        for radius in (NEAR_M, WIDE_M):
            found = await counter.parking.near(
                where.point, wanted.at, filters, _LOOKED_AT, radius_m=radius, members_last=True
            )
            if len(found) > 1:
                break
        if found:
            break
    reply = _compared(turn, counter, found, wanted, {"place": where.plain()}, where.name, where.name_en)
    return replace(reply, says=tuple(replace(say, is_public=where.own is None) for say in reply.says))


def _kept(wanted: Wish) -> Filters:
    """ "무료" in a question for the cheapest is no wish of its own; who has a place later, nobody has counted."""
    return replace(wanted.filters, free=False, vacant=wanted.filters.vacant and wanted.is_now)


def _compared(
    turn: Turn,
    counter: Counter,
    found: list[Found],
    wanted: Wish,
    memory: dict[str, Any],
    place: str,
    place_en: str = "",
) -> Reply:
    minutes = wanted.minutes or STAY_MINUTES
    asked = replace(wanted, minutes=minutes)
    ranked = sorted(found, key=lambda one: _rank(one, asked))[:_SHOWN]
    if not ranked:
        values = {"place": place, "place_en": place_en, "radius_m": int(WIDE_M)}
        return Reply((Say("parking.none", values, is_public=True),))
    rows = [showing.listed(one, n, asked, counter) for n, one in enumerate(ranked, start=1)]
    values = {
        "place": place,
        "place_en": place_en,
        "lots": rows,
        "minutes": minutes,
        "is_usual": wanted.minutes is None,
        "at": "" if wanted.is_now else showing.clock_text(wanted.at, turn.now),
        "has_numbers": any(row["space"]["is_told"] for row in rows),
        "kinds": list(wanted.kinds),
        "is_by_night": wanted.is_by_night,
        "pick": _recommended(ranked, rows, asked),
        "credits": showing.credits(ranked, counter),
    }
    buttons = tuple(Choice(f"pick:{n}", label=one.lot.name) for n, one in enumerate(ranked, start=1))
    says = (Say("parking.compared", values, buttons, cards=cards(ranked, counter), is_public=True),)
    memory |= {**wanted.memory, "pick": FEE}
    items = tuple(showing.item(one) for one in ranked)
    return Reply(says, topic=Topic("parking", FEE, items, None, memory))


def _rank(one: Found, wanted: Wish) -> tuple[bool, bool, int, float]:
    """Lots that take the car now before those that do not, then by price, then by distance."""
    krw = one.lot.quote(wanted.minutes or STAY_MINUTES, wanted.entered_at, wanted.kinds).krw
    return (not _is_usable(one, wanted), krw is None, krw or 0, one.distance_m or 0.0)


def _is_usable(one: Found, wanted: Wish) -> bool:
    is_full = wanted.is_now and one.number is not None and one.number.is_full
    is_shut = one.state.is_open is False or (wanted.is_now and one.number is not None and one.number.is_closed)
    return not (is_full or is_shut or one.lot.is_members_only)


def _recommended(ranked: list[Found], rows: list[dict[str, Any]], wanted: Wish) -> dict[str, Any] | None:
    """The first of the list with why: what it saves against the nearest, and how much farther it is.

    None where no price is known, or no lot takes the car.
    """
    usable = [(one, row) for one, row in zip(ranked, rows, strict=True) if _is_usable(one, wanted)]
    if not usable or usable[0][1]["fees"][0]["krw"] is None:
        return None
    best, row = usable[0]
    krw = row["fees"][0]["krw"]
    nearest = min(usable, key=lambda pair: pair[0].distance_m if pair[0].distance_m is not None else 1e9)
    near_krw = nearest[1]["fees"][0]["krw"]
    ties = [other["name"] for _, other in usable[1:] if other["fees"][0]["krw"] == krw]
    return {
        "name": row["name"],
        "krw": krw,
        "is_nearest": nearest[0] is best,
        "is_tied": bool(ties),
        "nearest": nearest[1]["name"],
        "saves_krw": near_krw - krw if near_krw is not None else None,
        "farther_m": _farther(best, nearest[0]),
        "has_space": wanted.is_now and row["space"]["kind"] == "fresh",
        "is_surely_open": best.state.is_open is True,
        "unusable": [
            {"name": other["name"], "why": _why(one, wanted)}
            for one, other in zip(ranked, rows, strict=True)
            if not _is_usable(one, wanted)
        ],
    }


def _farther(best: Found, nearest: Found) -> int | None:
    if best.distance_m is None or nearest.distance_m is None:
        return None
    return round(best.distance_m - nearest.distance_m)


def _why(one: Found, wanted: Wish) -> str:
    if wanted.is_now and one.number is not None and one.number.is_full:
        return "full"
    return "members" if one.lot.is_members_only else "closed"
