"""Which department or office does what, where to call and until when: from the city's tables, honest beyond them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from civic.city.service import MAIN, CityBook, Department, Place
from core.contracts.channel import Card
from core.contracts.dialogue import Choice, Form, Reply, Say, Topic, Turn
from core.settings import City

INTENT = "office_info"
_OFFICES = frozenset({"city_hall", "community_center", "public_office", "library"})
_AREAS = frozenset({"eup", "myeon", "dong", "legal_dong", "ri"})
_CENTER = re.compile(r"주민센터|행정복지센터|행복센터|동사무소|읍사무소|면사무소|community cent|사무소", re.I)
_HUMAN = Choice("do:talk_to_human", key="office.button.human")


async def office_info(turn: Turn, book: CityBook, city: City) -> Reply:
    """The office or department asked for; asks which town's centre; says so when the tables do not know."""
    text = turn.understanding.text
    is_center = bool(_CENTER.search(text)) or _names_the_town(turn)
    departments = [one for one in book.departments_for(text) if one.id != MAIN]
    office = _office(turn, book, is_center=is_center, is_guess=not departments)
    found: list[Place | Department] = []
    if office is not None and (office.kind != "city_hall" or not departments):
        found.append(office)
    if departments and (office is None or office.kind in ("city_hall", "community_center")):
        found.append(departments[0])
    if not found and is_center:
        return _which_center(turn, book, city)
    if not found and (one := book.department_for(text) or _talked_about(turn, book)) is not None:
        found.append(one)
    return _reply(found, city, turn.lang) if found else _unknown(city)


def _names_the_town(turn: Turn) -> bool:
    """The answer to "which town's centre?"."""
    is_asked = turn.topic is not None and turn.topic.memory.get("wants") == "center"
    is_place = bool(turn.understanding.first("place")) or turn.message.place is not None or bool(turn.argument)
    return is_asked and is_place


def _talked_about(turn: Turn, book: CityBook) -> Place | Department | None:
    if turn.item is None or turn.topic is None or turn.topic.service != "office":
        return None
    id = str(turn.item.get("id", ""))
    return book.department(id) or next((place for place in book.places if place.id == id), None)


def _office(turn: Turn, book: CityBook, *, is_center: bool, is_guess: bool) -> Place | None:
    """The office named; with "주민센터" the one of the town named, or nearest to the pin.

    `is_guess`: a town alone ("북변동") is taken for its centre, when the text asks for nothing else.
    """
    named = [place for one in turn.understanding.all("place") if (place := book.place(one.value)) is not None]
    if turn.argument.startswith("at-"):
        named += [area for area in book.areas if area.id == turn.argument[3:]]
    if office := next((place for place in named if place.kind in _OFFICES), None):
        return office
    if office := book.office_in(turn.understanding.text):
        return office
    if not is_center and not is_guess:
        return None
    for place in named:
        is_area = place.kind in _AREAS
        if is_area or is_center:
            return book.center_of(place) or book.nearest(place.point, "community_center")
    point = turn.message.place
    return book.nearest(point, "community_center") if point and is_center else None


def _which_center(turn: Turn, book: CityBook, city: City) -> Reply:
    values = {"hours": _hours(city), "phone": city.phone}
    buttons = tuple(
        Choice(f"do:{INTENT}:at-{area.id}", label=area.name_en if turn.lang == "en" else area.name)
        for area in book.areas_with_lots()
    )
    memory = {"pending": INTENT, "wants": "center"}
    says = (Say("office.which_center", values, buttons, ask="place", is_public=True),)
    return Reply(says, topic=Topic("office", INTENT, memory=memory))


def _reply(found: Sequence[Place | Department], city: City, lang: str) -> Reply:
    says = tuple(_say(one, city, lang) for one in found)
    items = tuple(_item(one) for one in found)
    places = [one for one in found if isinstance(one, Place)]
    memory = {"place": _spot(places[0])} if places else {}
    return Reply(says, topic=Topic("office", INTENT, items, index=0, memory=memory))


def _say(found: Place | Department, city: City, lang: str) -> Say:
    if isinstance(found, Department):
        values = {
            "name": found.name_ko,
            "name_en": found.name_en,
            "duties": found.duties_ko,
            "duties_en": found.duties_en,
            "phone": found.phone,
            "is_main_line": found.phone == city.phone,
            "is_main": found.id == MAIN,
            "hours": _hours(city)
            if city.office_hours.ko.startswith(found.hours)
            else {"ko": found.hours, "en": found.hours},
        }
        name = found.name_ko if lang == "ko" else found.name_en
        return Say("office.department", values, (_HUMAN,), cards=(Card(name),), is_public=True)
    values = {
        "name": found.name,
        "name_en": found.name_en,
        "address": found.address,
        "phone": found.phone,
        "is_main_line": found.phone == city.phone,
        # The table holds hours of no single building; the city's own hours are true of its offices, not of libraries.
        "hours": _hours(city) if found.kind in ("city_hall", "community_center") else {"ko": "", "en": ""},
        "is_emergency": "긴급" in found.source,
    }
    name = found.name if lang == "ko" else found.name_en
    return Say("office.place", values, (_HUMAN,), cards=(Card(name),), is_public=True)


def _unknown(city: City) -> Reply:
    values = {"phone": city.phone, "hours": _hours(city)}
    return Reply((Say("office.unknown", values, (_HUMAN,), is_public=True),))


def _hours(city: City) -> dict[str, str]:
    return {"ko": city.office_hours.ko, "en": city.office_hours.en}


def _item(found: Place | Department) -> Mapping[str, Any]:
    if isinstance(found, Department):
        return {"id": found.id, "name": found.name_ko, "kind": "department"}
    return {"id": found.id, "name": found.name, "kind": found.kind, "lat": found.lat, "lon": found.lon}


def _spot(place: Place) -> dict[str, Any]:
    return {"name": place.name, "name_en": place.name_en, "lat": place.lat, "lon": place.lon, "is_rough": False}


INTENTS = {INTENT: office_info}
FORMS: tuple[Form, ...] = ()
