"""Where to park and what it costs: answers from the table of public lots, and says what that table does not tell."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from actions.parking import showing
from actions.parking.asking import Spot, Unknown, Wish, spot, wish
from actions.parking.words import AROUND, ASKS_WAY, FILTERS, HERE, OTHERS, SEEKS
from civic.city.service import CityBook
from civic.parking.search import Filters, Found
from civic.parking.service import NEAR_M, WIDE_M, ParkingService
from core.contracts.channel import Card
from core.contracts.dialogue import Choice, Form, Reply, Say, Topic, Turn

PAGE = 3
_MOST = 60
FIND, FEE = "parking_find", "parking_fee_hours"


async def find(turn: Turn, parking: ParkingService, book: CityBook) -> Reply:
    """Nearest lots around the place meant; asks for a place when there is none."""
    wanted = wish(turn)
    if _asks_for_one(turn) and (found := await _meant(turn, parking, wanted, book)) is not None:
        return _detail(turn, found, wanted)
    where = spot(turn, book)
    if isinstance(where, Spot):
        return await _around(turn, parking, where, wanted, FIND)
    return _ask_place(turn, book, wanted, where, FIND)


async def fee_hours(turn: Turn, parking: ParkingService, book: CityBook) -> Reply:
    """Fee and hours of the lot meant, of the lots talked about, or of those around a place."""
    if SEEKS.search(turn.understanding.text):
        return await find(turn, parking, book)
    wanted = wish(turn)
    if (found := await _meant(turn, parking, wanted, book)) is not None:
        return _detail(turn, found, wanted)
    where = spot(turn, book)
    topic = _own_topic(turn)
    is_elsewhere = turn.message.place is not None or bool(turn.understanding.first("place")) or bool(turn.argument)
    is_about_list = topic and topic.items and not is_elsewhere and not isinstance(where, Unknown)
    if is_about_list and topic and (reply := await _again(parking, topic, wanted)) is not None:
        return reply
    if isinstance(where, Spot):
        return await _around(turn, parking, where, wanted, FEE)
    return _ask_place(turn, book, wanted, where, FEE)


async def _around(turn: Turn, parking: ParkingService, where: Spot, wanted: Wish, intent: str) -> Reply:
    topic = _own_topic(turn)
    is_more = topic is not None and _wants_others(turn)
    skip = int(topic.memory.get("skip", 0)) if is_more and topic else 0
    filters = Filters(**dict.fromkeys(topic.memory.get("filters", ()), True)) if is_more and topic else wanted.filters
    if intent == FEE:
        filters = Filters()  # "일요일 무료 맞죠?" asks about the fee and does not rule lots out
    found, radius, relaxed = await _search(parking, where, wanted, filters)
    names = [name for name in FILTERS if getattr(filters, name)]
    values = {
        "mode": "around",
        "place": where.name,
        "place_en": where.name_en,
        "is_rough": where.is_rough,
        "radius_m": int(radius),
        "is_wide": radius > NEAR_M,
        "filters": names,
        "relaxed": names if relaxed else [],
        "unsaid": list(wanted.unsaid),
        "wants_month": wanted.wants_month,
        "at": "" if wanted.is_now else showing.clock_text(wanted.at),
    }
    memory = {"place": where.plain(), "filters": names, "minutes": wanted.minutes, "pick": FEE}
    page = found[skip : skip + PAGE]
    if not page:
        key = "parking.no_more" if is_more else "parking.none"
        kept = topic.items if is_more and topic else ()
        return Reply((Say(key, values, is_public=True),), topic=Topic("parking", intent, items=kept, memory=memory))
    values["lots"] = [showing.listed(one, n, wanted.minutes, wanted.at) for n, one in enumerate(page, start=1)]
    values["data_date"] = showing.oldest_date(page)
    buttons = [Choice(f"pick:{n}", label=one.lot.name) for n, one in enumerate(page, start=1)]
    if skip + PAGE < len(found):
        buttons.append(Choice(f"do:{FIND}:more", key="parking.button.more"))
    says = [Say("parking.found", values, tuple(buttons), cards=_cards(page), is_public=True)]
    if "ev" in names and not is_more:
        says.insert(0, Say("parking.ev_guide", {"is_mentioned": not relaxed}, is_public=True))
    items = tuple(showing.item(one) for one in page)
    return Reply(tuple(says), topic=Topic("parking", intent, items, memory={**memory, "skip": skip + PAGE}))


async def _search(
    parking: ParkingService, where: Spot, wanted: Wish, filters: Filters
) -> tuple[list[Found], float, bool]:
    """Within 1 km, else 3 km; when no lot is as wished, the nearest of all, and True. Lots for members come last."""
    for wished, is_relaxed in ((filters, False), (Filters(), True)):
        for radius in (NEAR_M, WIDE_M):
            found = await parking.near(where.point, wanted.at, wished, _MOST, radius_m=radius)
            if found:
                return sorted(found, key=lambda one: one.lot.is_members_only), radius, is_relaxed
        if filters == Filters():
            break
    return [], WIDE_M, False


async def _meant(turn: Turn, parking: ParkingService, wanted: Wish, book: CityBook) -> Found | None:
    """The one lot that the citizen points at or names."""
    place = next((one for one in turn.understanding.all("place") if one.detail.get("kind") == "parking_lot"), None)
    if place or not turn.understanding.first("place"):
        text = place.value if place else turn.understanding.text
        found = await parking.by_name(text, wanted.at, 1, around=book.center, is_sentence=place is None)
        if found:
            return found[0]
    if turn.item is not None and (id := _uuid(turn.item.get("id"))) is not None:
        return await parking.lot(id, wanted.at)
    topic = _own_topic(turn)
    is_open_question = turn.understanding.first("place") is None and not HERE.search(turn.understanding.text)
    if topic and is_open_question and not turn.argument and turn.message.place is None:
        focus = 0 if len(topic.items) == 1 else topic.index
        if focus is not None and focus < len(topic.items):
            id = _uuid(topic.items[focus].get("id"))
            return await parking.lot(id, wanted.at) if id else None
    return None


def _wants_others(turn: Turn) -> bool:
    """The next page: by its button, or by "다른 주차장은 없나요" about the same place."""
    seen = turn.understanding
    is_said = bool(OTHERS.search(seen.text)) and seen.first("place") is None and turn.message.place is None
    return turn.argument == "more" or is_said


def _asks_for_one(turn: Turn) -> bool:
    """A lot is named or numbered, and the text does not look around it."""
    seen = turn.understanding
    if AROUND.search(seen.text):
        return False
    if any(one.detail.get("kind") == "parking_lot" for one in seen.all("place")):
        return True
    return turn.item is not None and (seen.first("ordinal") is not None or bool(ASKS_WAY.search(seen.text)))


def _detail(turn: Turn, found: Found, wanted: Wish) -> Reply:
    topic = _own_topic(turn)
    items: tuple[Mapping[str, Any], ...] = topic.items if topic else ()
    ids = [one.get("id") for one in items]
    own = str(found.lot.id)
    if own not in ids:
        items, ids = (showing.item(found),), [own]
        topic = None
    values = {
        **showing.detailed(found, wanted.minutes, wanted.at),
        "unsaid": list(wanted.unsaid),
        "at": "" if wanted.is_now else showing.clock_text(wanted.at),
    }
    distance = items[ids.index(own)].get("distance_m")
    values["distance_m"] = distance
    buttons = tuple(
        Choice(f"pick:{n}", label=str(one["name"])) for n, one in enumerate(items, start=1) if one.get("id") != own
    )
    memory = dict(topic.memory) if topic else {"pick": FEE, **_place_of(found)}
    memory.pop("pending", None)
    says = (Say("parking.lot", values, buttons, cards=_cards([found]), is_public=True),)
    return Reply(says, topic=Topic("parking", FEE, items, ids.index(own), memory))


def _cards(found: Sequence[Found]) -> tuple[Card, ...]:
    return tuple(Card(one.lot.name) for one in found)


async def _again(parking: ParkingService, topic: Topic, wanted: Wish) -> Reply | None:
    """The lots of the list, once more, for the time or the moment now asked for; None when they are all gone."""
    distances = {str(one.get("id")): one.get("distance_m") for one in topic.items}
    ids = [id for one in topic.items if (id := _uuid(one.get("id")))]
    found = await parking.lots(ids, wanted.at)
    if not found:
        return None
    lots = [
        {**showing.listed(one, n, wanted.minutes, wanted.at), "distance_m": distances.get(str(one.lot.id))}
        for n, one in enumerate(found, start=1)
    ]
    values = {
        "mode": "again",
        "lots": lots,
        "unsaid": list(wanted.unsaid),
        "wants_month": wanted.wants_month,
        "at": "" if wanted.is_now else showing.clock_text(wanted.at),
        "data_date": showing.oldest_date(found),
    }
    buttons = tuple(Choice(f"pick:{n}", label=one.lot.name) for n, one in enumerate(found, start=1))
    memory = {**topic.memory, "minutes": wanted.minutes, "pick": FEE}
    items = tuple(one for one in topic.items if _uuid(one.get("id")) in {lot.lot.id for lot in found})
    says = (Say("parking.found", values, buttons, cards=_cards(found), is_public=True),)
    return Reply(says, topic=Topic("parking", FEE, items, None, memory))


def _ask_place(turn: Turn, book: CityBook, wanted: Wish, where: Unknown | None, intent: str) -> Reply:
    memory = {"pending": intent, "filters": wanted.filter_names, "minutes": wanted.minutes, "pick": FEE}
    areas = book.areas_with_lots()
    buttons = tuple(
        Choice(f"do:{intent}:at-{area.id}", label=area.name_en if turn.lang == "en" else area.name) for area in areas
    )
    values = {"unsaid": list(wanted.unsaid), "name": where.name if where else "", "is_fee": intent == FEE}
    key = "parking.unknown_place" if where else "parking.ask_place"
    says = (Say(key, values, buttons, ask="place", is_public=True),)
    return Reply(says, topic=Topic("parking", intent, memory=memory))


def _own_topic(turn: Turn) -> Topic | None:
    return turn.topic if turn.topic and turn.topic.service == "parking" else None


def _place_of(found: Found) -> dict[str, Any]:
    lot = found.lot
    if lot.lat is None or lot.lon is None:
        return {}
    return {"place": Spot(lot.name, lot.name, lot.lat, lot.lon).plain()}


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


INTENTS = {FIND: find, FEE: fee_hours}
FORMS: tuple[Form, ...] = ()
