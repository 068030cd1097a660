"""Where a citizen means: a pin, a place that he names, his home or work, or the one talked about before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.air.counter import Counter
from actions.air.wishing import SERVICE
from actions.air.words import ELSEWHERE_EN, HERE, OTHER_CITY, OWN_PLACE, WHOLE_CITY
from civic.parking.places import PlaceKind, kind_said
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Turn
from core.contracts.understanding import Entity


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to look from. `own`: his home or work, which is shown by the word that he said and never by its point."""

    name: str
    name_en: str
    lat: float
    lon: float
    own: PlaceKind | None = None

    def plain(self) -> dict[str, Any]:
        """What is remembered; of his own place only which."""
        if self.own is not None:
            return {"own": self.own, "name": self.name}
        return {"name": self.name, "name_en": self.name_en, "lat": self.lat, "lon": self.lon}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A place that the city's book does not know; `own`: his home or work, of which he has told nothing."""

    name: str
    own: PlaceKind | None = None


def spot(turn: Turn, counter: Counter) -> Spot | Unknown | None:
    """The place meant: this message's pin, the button's, one that is named, his own, then what is remembered.

    None: none was ever said, or the whole city is asked for.
    """
    text = turn.understanding.text
    if turn.message.place is not None:
        return _pin(turn.message.place)
    if WHOLE_CITY.search(text) or turn.argument == "city":
        return None
    if turn.argument.startswith("at-"):
        return area(turn.argument[3:], counter)
    if (named := _named(turn, counter)) is not None:
        return named
    if (kind := own_kind(turn)) is not None:
        return own_spot(kind, counter, text) or Unknown(_own_name(kind, text), kind)
    if HERE.search(text) and turn.place is not None:
        return _pin(turn.place)
    return _remembered(turn, counter)


def area(id: str, counter: Counter) -> Spot | None:
    found = next((one for one in counter.book.areas if one.id == id), None)
    return Spot(found.name, found.name_en, found.lat, found.lon) if found else None


def own_kind(turn: Turn) -> PlaceKind | None:
    """His home or work, where the text names no other place."""
    seen = turn.understanding
    if seen.first("place") is not None or not OWN_PLACE.search(seen.text):
        return None
    return kind_said(seen.text)


def own_spot(kind: PlaceKind, counter: Counter, said: str = "") -> Spot | None:
    kept = counter.own.get(kind)
    return Spot(_own_name(kind, said), kind, kept.lat, kept.lon, own=kind) if kept else None


def _own_name(kind: PlaceKind, said: str) -> str:
    own = ("집",) if kind == "home" else ("회사", "직장", "사무실", "일터")
    return next((word for word in own if word in said), own[0])


def recalled(place: object, counter: Counter) -> Spot | None:
    """A place as `Spot.plain` remembered it; None for his own when it is kept no more."""
    if not isinstance(place, Mapping):
        return None
    if (own := place.get("own")) is not None:
        return own_spot(own, counter, str(place.get("name", "")))
    lat, lon = place.get("lat"), place.get("lon")
    if not isinstance(lat, (int, float)) or not isinstance(lon, (int, float)):
        return None
    name = str(place.get("name", ""))
    return Spot(name, str(place.get("name_en", name)), float(lat), float(lon))


def _named(turn: Turn, counter: Counter) -> Spot | Unknown | None:
    entities = turn.understanding.all("place")
    for entity in entities:
        if (found := of_entity(entity, counter)) is not None:
            return found
    if entities:
        # The city's own name is the whole city; another's is no place of the book.
        return None if _is_own_city(entities[0].value, counter) else Unknown(entities[0].value)
    other = (ELSEWHERE_EN if turn.lang == "en" else OTHER_CITY).search(turn.message.text)
    if other is None:
        return None
    place = counter.book.place(other["name"])
    return Spot(place.name, place.name_en, place.lat, place.lon) if place else Unknown(other["name"])


def of_entity(entity: Entity, counter: Counter) -> Spot | None:
    """A named place with its point: of the language engine, else of the book."""
    place = counter.book.place(entity.value)
    lat, lon = entity.detail.get("lat"), entity.detail.get("lon")
    if isinstance(lat, (int, float)) and isinstance(lon, (int, float)):
        return Spot(entity.value, place.name_en if place else entity.value, float(lat), float(lon))
    place = place or counter.book.place(str(entity.detail.get("area", "")))
    return Spot(place.name, place.name_en, place.lat, place.lon) if place else None


def is_whole_city(turn: Turn, counter: Counter) -> bool:
    """ "김포 공기 어때": the city itself is named."""
    return any(_is_own_city(one.value, counter) for one in turn.understanding.all("place"))


def _is_own_city(name: str, counter: Counter) -> bool:
    own = counter.city.name
    stem = own.ko.removesuffix("시").removesuffix("군").removesuffix("구")
    return name.removesuffix("시") == stem or name.lower().removesuffix(" city") == own.en.lower().removesuffix(" city")


def _pin(point: GeoPoint) -> Spot:
    return Spot(point.label, point.label, point.lat, point.lon)


def _remembered(turn: Turn, counter: Counter) -> Spot | None:
    """The place talked about last, else an earlier pin; "here" alone never means a place talked about."""
    if is_whole_city(turn, counter):
        return None
    topic = turn.topic
    if topic is not None and topic.service == SERVICE and not HERE.search(turn.understanding.text):
        return recalled(topic.memory.get("place"), counter)
    return _pin(turn.place) if turn.place is not None else None
