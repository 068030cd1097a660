"""Lots around a place: the nearest that are as wished, with what is known of free places and what is not."""

from dataclasses import dataclass, replace
from typing import Any

from actions.parking import comparing, leaving, lots, naming, showing, waiting
from actions.parking.asking import Spot, Unknown, own_kind, spot
from actions.parking.counter import Counter
from actions.parking.ways import cards
from actions.parking.wishing import Wish, names_of, remembered_filters, wish
from actions.parking.words import AROUND, ASKS_WAY, CHEAPER, LEAVING, OTHERS
from civic.parking.search import Filters, Found
from civic.parking.service import NEAR_M, WIDE_M
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn

PAGE = 3
FIND, FEE = "parking_find", "parking_fee_hours"
_ENOUGH = 10


async def find(turn: Turn, counter: Counter) -> Reply:
    """Nearest lots around the place meant; asks for a place when there is none."""
    wanted = wish(turn)
    if LEAVING.search(turn.understanding.text) and (reply := await leaving.leave(turn, counter)) is not None:
        return reply
    if CHEAPER.search(turn.understanding.text) and (two := await naming.several(turn, counter, wanted)):
        return comparing.of_lots(turn, counter, two, wanted)
    named = await naming.meant(turn, counter, wanted) if _asks_for_one(turn) else None
    if named is not None:
        return await lots.told(turn, counter, named, wanted)
    where = place_meant(turn, counter)
    if isinstance(where, Spot):
        if CHEAPER.search(turn.understanding.text):
            return await comparing.around(turn, counter, where, wanted)
        return await around(turn, counter, where, wanted, FIND)
    return ask_place(turn, counter, wanted, where, FIND)


def place_meant(turn: Turn, counter: Counter) -> Spot | Unknown | None:
    """Where; a lot that is named and not known is no question about the place talked about before."""
    where = spot(turn, counter)
    is_shown = turn.message.place is not None or bool(turn.argument) or own_kind(turn) is not None
    if isinstance(where, Spot) and not is_shown and (name := naming.unknown_name(turn)):
        return Unknown(name)
    return where


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, how far it was looked, and which wishes had to be given up."""

    found: list[Found]
    radius_m: float
    filters: Filters
    relaxed: list[str]


async def around(turn: Turn, counter: Counter, where: Spot, wanted: Wish, intent: str) -> Reply:
    """A page of lots around a place; the next page of the same when the citizen asks for others."""
    topic = showing.own_topic(turn.topic)
    is_more = topic is not None and wants_others(turn)
    skip = int(topic.memory.get("skip", 0)) if is_more and topic else 0
    if is_more and topic:
        wanted = replace(wanted, filters=remembered_filters(topic.memory))
    if intent == FEE:
        wanted = replace(wanted, filters=Filters())  # "일요일 무료 맞죠?" asks about the fee and does not rule lots out
    search = await searched(counter, where, wanted, skip + PAGE + 1)
    page = search.found[skip : skip + PAGE]
    names = names_of(wanted.filters)
    values: dict[str, Any] = {
        "mode": "around",
        **where_values(where, search),
        "filters": names_of(search.filters),
        "relaxed": search.relaxed,
        "height_cm": wanted.filters.height_cm,
        "unsaid": list(wanted.unsaid),
        "wants_month": wanted.wants_month,
        "at": "" if wanted.is_now else showing.clock_text(wanted.at, turn.now),
    }
    memory = {**wanted.memory, "place": where.plain(), "pick": FEE}
    if not page:
        key = "parking.no_more" if is_more else "parking.none"
        kept = topic.items if is_more and topic else ()
        nothing = Say(key, values, is_public=where.own is None)
        return Reply((nothing,), topic=Topic("parking", intent, items=kept, memory=memory))
    values |= await page_values(turn, counter, page, wanted)
    values["next_space"] = await _next_space(counter, where, page, wanted)
    buttons = [Choice(f"pick:{n}", label=one.lot.name) for n, one in enumerate(page, start=1)]
    if skip + PAGE < len(search.found):
        buttons.append(Choice(f"do:{FIND}:more", key="parking.button.more"))
    buttons += waiting.choices(page, wanted, counter)
    is_public = where.own is None
    says = [Say("parking.found", values, tuple(buttons), cards=cards(page, counter), is_public=is_public)]
    if "ev" in names and not is_more:
        says.insert(0, Say("parking.ev_guide", {"is_mentioned": "ev" not in search.relaxed}, is_public=True))
    items = tuple(showing.item(one) for one in page)
    return Reply(tuple(says), topic=Topic("parking", intent, items, memory={**memory, "skip": skip + PAGE}))


def where_values(where: Spot, search: Search) -> dict[str, Any]:
    return {
        "place": where.name,
        "place_en": where.name_en,
        "is_rough": where.is_rough,
        "radius_m": int(search.radius_m),
        "is_wide": search.radius_m > NEAR_M,
    }


async def page_values(turn: Turn, counter: Counter, page: list[Found], wanted: Wish) -> dict[str, Any]:
    """The lots of a list with what is forecast of them, and what must be said of the data below it."""
    forecasts = {}
    if not wanted.is_now:
        forecasts = await counter.forecasts.at([one.lot.id for one in page], wanted.at, turn.now)
    shown = [showing.listed(one, n, wanted, counter, forecasts.get(one.lot.id)) for n, one in enumerate(page, start=1)]
    return {
        "lots": shown,
        "has_numbers": any(lot["space"]["is_told"] or lot["forecast"] for lot in shown),
        "is_unforecast": wanted.wants_space and not wanted.is_now and not forecasts,
        "wants_space": wanted.wants_space,
        "kinds": list(wanted.kinds),
        "is_by_night": wanted.is_by_night,
        "credits": showing.credits(page, counter),
    }


async def searched(counter: Counter, where: Spot, wanted: Wish, limit: int) -> Search:
    """Within 1 km, else 3 km. Wishes that no lot meets together are given up one by one, the last said first."""
    filters = wanted.filters if wanted.is_now else replace(wanted.filters, vacant=False)
    if found := await _near(counter, where, wanted, filters, limit):
        return Search(*found, filters, [])
    kept, relaxed = Filters(), []
    for name in names_of(filters):
        tried = replace(kept, **{name: getattr(filters, name)})
        if await _near(counter, where, wanted, tried, 1):
            kept = tried
        else:
            relaxed.append(name)
    found = await _near(counter, where, wanted, kept, limit) if relaxed else None
    return Search(*found, kept, relaxed) if found else Search([], WIDE_M, filters, [])


async def _near(
    counter: Counter, where: Spot, wanted: Wish, filters: Filters, limit: int
) -> tuple[list[Found], float] | None:
    for radius in (NEAR_M, WIDE_M):
        found = await counter.parking.near(where.point, wanted.at, filters, limit, radius_m=radius, members_last=True)
        if found:
            return found, radius
    return None


async def _next_space(counter: Counter, where: Spot, page: list[Found], wanted: Wish) -> dict[str, Any] | None:
    """Where the first lot is full: the nearest one that has a place, as its source counted last."""
    if not wanted.is_now or not page or page[0].number is None or not page[0].number.is_full:
        return None
    filters = replace(wanted.filters, vacant=True)
    found = await counter.parking.near(where.point, wanted.at, filters, 5, radius_m=WIDE_M)
    usable = [one for one in found if one.state.is_open is not False and not one.lot.is_members_only]
    if not usable:
        return {"name": "", "distance_m": None, "free": None}
    one = usable[0]
    return {
        "name": one.lot.name,
        "distance_m": None if one.distance_m is None else round(one.distance_m),
        "free": one.number.free if one.number else None,
    }


def ask_place(turn: Turn, counter: Counter, wanted: Wish, where: Unknown | None, intent: str) -> Reply:
    """Which place? with the areas that have most lots as buttons."""
    if where is not None and where.own is not None:
        return _ask_own(turn, counter, wanted, where, intent)
    memory = {**wanted.memory, "pending": intent, "pick": FEE}
    areas = counter.book.areas_with_lots()
    buttons = tuple(
        Choice(f"do:{intent}:at-{area.id}", label=area.name_en if turn.lang == "en" else area.name) for area in areas
    )
    values = {
        "unsaid": list(wanted.unsaid), "name": where.name if where else "", "is_fee": intent == FEE
    }  # fmt: skip
    key = "parking.unknown_place" if where else "parking.ask_place"
    says = (Say(key, values, buttons, ask="place", is_public=True),)
    return Reply(says, topic=Topic("parking", intent, memory=memory))


def _ask_own(turn: Turn, counter: Counter, wanted: Wish, where: Unknown, intent: str) -> Reply:
    """Nothing is kept of his home or work: he may tell it for good, or say only where he looks this time."""
    asked = ask_place(turn, counter, wanted, None, intent)
    tell = Choice(f"do:parking_place:{where.own}", key="intent.parking_place")
    return replace(asked, says=(Say("parking_places.none", {"kind": where.own}, (tell,)), *asked.says))


def wants_others(turn: Turn) -> bool:
    """The next page: by its button, or by "다른 주차장은 없나요" about the same place."""
    seen = turn.understanding
    is_said = bool(OTHERS.search(seen.text)) and seen.first("place") is None and turn.message.place is None
    return turn.argument == "more" or is_said


def _asks_for_one(turn: Turn) -> bool:
    """A lot is named or numbered, and the text does not look around it."""
    seen = turn.understanding
    is_around = AROUND.search(seen.text) or own_kind(turn) is not None
    if is_around or turn.argument or turn.message.place is not None:
        return False
    if naming.says_a_lot(turn):
        return True
    return turn.item is not None and (seen.first("ordinal") is not None or bool(ASKS_WAY.search(seen.text)))
