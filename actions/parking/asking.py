"""Where a citizen means: a pin, a place that he names, or the one talked about before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.parking.words import HERE, STRANGE, THERE
from civic.city.service import CityBook
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Turn
from core.contracts.understanding import Entity

_AREA_KINDS = frozenset({"eup", "myeon", "dong", "legal_dong", "ri", "road", "road_address", "lot_address"})


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to look from. `is_rough`: only the area is known, distances are from its middle."""

    name: str
    name_en: str
    lat: float
    lon: float
    is_rough: bool = False

    @property
    def point(self) -> GeoPoint:
        return GeoPoint(self.lat, self.lon, self.name)

    def plain(self) -> dict[str, Any]:
        return {
            "name": self.name, "name_en": self.name_en, "lat": self.lat, "lon": self.lon, "is_rough": self.is_rough
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unknown:
    """A place was named that nobody here knows."""

    name: str


def spot(turn: Turn, book: CityBook) -> Spot | Unknown | None:
    """The place meant: this message's pin, the place it names, then what is remembered. None: not said at all."""
    if turn.message.place is not None:
        return _pin(turn.message.place)
    if turn.argument.startswith("at-"):
        area = next((one for one in book.areas if one.id == turn.argument[3:]), None)
        return Spot(area.name, area.name_en, area.lat, area.lon, is_rough=True) if area else None
    named = _named(turn, book)
    if named is not None:
        return named
    if HERE.search(turn.understanding.text) and turn.place is not None:
        return _pin(turn.place)
    return _remembered(turn)


def _named(turn: Turn, book: CityBook) -> Spot | Unknown | None:
    entities = sorted(turn.understanding.all("place"), key=lambda one: str(one.detail.get("kind")) in _AREA_KINDS)
    for entity in entities:
        if found := _of_entity(entity, book):
            return found
    if entities:
        return Unknown(entities[0].value)
    strange = STRANGE.search(turn.understanding.text)
    if strange is None:
        return None
    place = book.place(strange[1])
    return Spot(place.name, place.name_en, place.lat, place.lon) if place else Unknown(strange[1])


def _of_entity(entity: Entity, book: CityBook) -> Spot | None:
    place = book.place(entity.value)
    lat, lon = entity.detail.get("lat"), entity.detail.get("lon")
    name_en = place.name_en if place else entity.value
    is_area = str(entity.detail.get("kind", place.kind if place else "")) in _AREA_KINDS
    if isinstance(lat, (int, float)) and isinstance(lon, (int, float)):
        return Spot(entity.value, name_en, float(lat), float(lon), is_rough=is_area)
    # A lot address has no coordinates of its own; its 동 or 리 does.
    place = place or book.place(str(entity.detail.get("area", "")))
    return Spot(place.name, place.name_en, place.lat, place.lon, is_rough=True) if place else None


def _pin(point: GeoPoint) -> Spot:
    return Spot(point.label, point.label, point.lat, point.lon)


def _remembered(turn: Turn) -> Spot | None:
    """The place talked about last, else an earlier pin; "here" alone never means a place talked about."""
    topic = turn.topic
    if topic is not None and not HERE.search(turn.understanding.text):
        place = topic.memory.get("place")
        is_meant = topic.service == "parking" or THERE.search(turn.understanding.text)
        if is_meant and isinstance(place, Mapping):
            return Spot(**place)
    return _pin(turn.place) if turn.place is not None else None
