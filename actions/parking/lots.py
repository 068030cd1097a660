"""One lot: the whole card, or only the one thing that was asked of it."""

from collections.abc import Mapping
from typing import Any

from actions.parking import naming, showing, waiting
from actions.parking.asking import Spot
from actions.parking.counter import Counter
from actions.parking.naming import Guesses
from actions.parking.ways import cards, links
from actions.parking.wishing import Wish
from actions.parking.words import ASKS_WAY, HOURS, PAYMENT, PHONE, WAY
from actions.parking.words import FEE as FEE_WORDS
from civic.parking.fees import month_krw
from civic.parking.search import Filters, Found
from civic.parking.service import WIDE_M
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn
from core.contracts.tariff import DAY_MINUTES

FEE = "parking_fee_hours"
_MONTH_DAYS = 20
_SHORT = 40
_FACTS = (("phone", PHONE), ("payment", PAYMENT), ("hours", HOURS), ("way", WAY))


async def told(turn: Turn, counter: Counter, meant: Found | Guesses, wanted: Wish) -> Reply:
    """The lot that is meant, or the question which of several like it."""
    if isinstance(meant, Guesses):
        return naming.guess(turn, meant)
    if (one := fact_asked(turn)) is not None:
        return fact(turn, counter, meant, wanted, one)
    if wanted.wants_space and len(turn.understanding.text) <= _SHORT and not FEE_WORDS.search(turn.understanding.text):
        return await spaces(turn, counter, meant, wanted)
    return await detail(turn, counter, meant, wanted)


def fact_asked(turn: Turn) -> str | None:
    """phone, hours, payment or way, where a short text asks for that alone; None: for more than one, or for all."""
    text = turn.understanding.text
    if len(text) > _SHORT or FEE_WORDS.search(text) or turn.message.kind == "button":
        return None
    asked = [name for name, words in _FACTS if words.search(text)]
    return asked[0] if len(asked) == 1 else None


def fact(turn: Turn, counter: Counter, found: Found, wanted: Wish, name: str) -> Reply:
    """One thing about one lot, and nothing else."""
    values = {
        **showing.detailed(found, wanted, counter),
        "fact": name,
        "maps": links(found.lot.name, found.lot.lat, found.lot.lon, counter.chat.map_links),
        "at": "" if wanted.is_now else showing.clock_text(wanted.at, turn.now),
    }
    buttons = (Choice("do:parking_lot", key="parking.button.whole"),)
    return Reply((Say("parking.fact", values, buttons, is_public=True),), topic=focused(turn, found, wanted))


async def detail(turn: Turn, counter: Counter, found: Found, wanted: Wish) -> Reply:
    """Everything worth knowing of one lot, with its neighbours of the list as buttons."""
    topic = focused(turn, found, wanted)
    own = str(found.lot.id)
    forecast = None
    if not wanted.is_now:
        forecast = (await counter.forecasts.at([found.lot.id], wanted.at, turn.now)).get(found.lot.id)
    values = {
        **showing.detailed(found, wanted, counter, forecast),
        "unsaid": list(wanted.unsaid),
        "at": "" if wanted.is_now else showing.clock_text(wanted.at, turn.now),
        "distance_m": topic.items[topic.index or 0].get("distance_m"),
        "kinds": list(wanted.kinds),
        "height_asked": wanted.filters.height_cm,
        "is_unforecast": wanted.wants_space and not wanted.is_now and forecast is None,
        "wants_space": wanted.wants_space,
        "is_by_night": wanted.is_by_night,
        "month": _month(found, wanted) if wanted.wants_month else None,
        "maps": _asked_maps(turn, counter, found),
        "credits": showing.credits([found], counter),
    }
    buttons = tuple(
        Choice(f"pick:{n}", label=str(one["name"])) for n, one in enumerate(topic.items, start=1) if one["id"] != own
    )
    if values["maps"] == [] and found.lot.lat is not None:
        buttons = (*buttons, Choice("do:parking_way", key="parking.button.way"))
    buttons = (*buttons, *waiting.choices([found], wanted, counter))
    says = (Say("parking.lot", values, buttons, cards=cards([found], counter), is_public=True),)
    return Reply(says, topic=topic)


async def spaces(turn: Turn, counter: Counter, found: Found, wanted: Wish) -> Reply:
    """Whether a place is free at one lot: its number now, or what is forecast for a later moment."""
    forecast = None
    if not wanted.is_now:
        forecast = (await counter.forecasts.at([found.lot.id], wanted.at, turn.now)).get(found.lot.id)
    values = {
        "name": found.lot.name,
        "at": "" if wanted.is_now else showing.clock_text(wanted.at, turn.now),
        "capacity": found.lot.capacity,
        "space": showing.space(found, is_now=wanted.is_now),
        "forecast": showing.forecast_plain(forecast, turn.now),
        "next": await _free_instead(counter, found, wanted),
    }
    whole, way = "parking.button.whole", "parking.button.way"
    both = (Choice("do:parking_lot", key=whole), Choice("do:parking_way", key=way))
    buttons = (*both, *waiting.choices([found], wanted, counter))
    return Reply((Say("parking.space", values, buttons, is_public=True),), topic=focused(turn, found, wanted))


async def _free_instead(counter: Counter, found: Found, wanted: Wish) -> dict[str, Any] | None:
    """Of a full lot: the nearest other one that has a place."""
    lot = found.lot
    if not wanted.is_now or found.number is None or not found.number.is_full or lot.lat is None or lot.lon is None:
        return None
    point = GeoPoint(lot.lat, lot.lon, lot.name)
    near = await counter.parking.near(point, wanted.at, Filters(vacant=True, open_now=True), 3, radius_m=WIDE_M)
    usable = [one for one in near if one.lot.id != lot.id and not one.lot.is_members_only]
    if not usable or usable[0].number is None:
        return {"name": "", "distance_m": 0, "free": 0}
    return {
        "name": usable[0].lot.name,
        "distance_m": round(usable[0].distance_m or 0),
        "free": usable[0].number.free,
    }


def _asked_maps(turn: Turn, counter: Counter, found: Found) -> list[dict[str, str]]:
    if not (ASKS_WAY.search(turn.understanding.text) or WAY.search(turn.understanding.text)):
        return []
    return links(found.lot.name, found.lot.lat, found.lot.lon, counter.chat.map_links)


def _month(found: Found, wanted: Wish) -> dict[str, Any] | None:
    """From how many days a month the pass is the better price, for the stay asked (else three hours a day)."""
    tariff = found.lot.tariff
    if tariff is None or not tariff.month_pass_krw or found.lot.fee_kind == "free":
        return None
    minutes = min(wanted.minutes or showing.USUAL_MINUTES[-1], DAY_MINUTES)
    month = month_krw(tariff, minutes, _MONTH_DAYS)
    return {
        "minutes": minutes,
        "days": _MONTH_DAYS,
        "by_day_krw": month.by_day_krw,
        "pass_krw": month.pass_krw,
        "days_to_gain": month.days_to_gain,
    }


def focused(turn: Turn, found: Found, wanted: Wish) -> Topic:
    """The list that the lot is of with the lot in focus; the lot alone where it comes from no list."""
    topic = showing.own_topic(turn.topic)
    own = str(found.lot.id)
    items: tuple[Mapping[str, Any], ...] = topic.items if topic else ()
    ids = [one.get("id") for one in items]
    if topic is None or own not in ids:
        return Topic("parking", FEE, (showing.item(found),), 0, {**wanted.memory, "pick": FEE, **_place_of(found)})
    memory = {key: value for key, value in topic.memory.items() if key not in {"pending", "asked"}}
    memory |= {key: wanted.memory[key] for key in ("minutes", "kinds", "at")}
    return Topic("parking", FEE, items, ids.index(own), memory)


def _place_of(found: Found) -> dict[str, Any]:
    lot = found.lot
    if lot.lat is None or lot.lon is None:
        return {}
    return {"place": Spot(lot.name, lot.name, lot.lat, lot.lon).plain()}
