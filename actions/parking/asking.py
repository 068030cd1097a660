"""Where a citizen means: a pin, a place that he names, his home or work, or the one talked about before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.parking.counter import Counter
from actions.parking.words import HERE, OWN_PLACE, STRANGE, THERE
from civic.city.service import CityBook
from civic.parking.places import PlaceKind, SavedPlace, kind_said
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Turn
from core.contracts.understanding import Entity

_AREA_KINDS = frozenset({"eup", "myeon", "dong", "legal_dong", "ri", "road", "road_address", "lot_address"})


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to look from. `is_rough`: only the area is known, distances are from its middle. `own`: his home or work,
    which is shown by the word that he said.
    """

    name: str
    name_en: str
    lat: float
    lon: float
    is_rough: bool = False
    own: PlaceKind | None = None

    @property
    def point(self) -> GeoPoint:
        return GeoPoint(self.lat, self.lon, self.name)

    def plain(self) -> dict[str, Any]:
        """What is remembered. Of his own place only which: its point stays sealed, and goes when he says."""
        if self.own is not None:
            return {"own": self.own, "name": self.name}
        return {
            "name": self.name, "name_en": self.name_en, "lat": self.lat, "lon": self.lon, "is_rough": self.is_rough
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unknown:
    """A place was named that nobody here knows; `own`: it is his home or work, of which he has told nothing."""

    name: str
    own: PlaceKind | None = None


def spot(turn: Turn, counter: Counter) -> Spot | Unknown | None:
    """The place meant: this message's pin, the place it names, his own, then what is remembered. None: not said."""
    book = counter.book
    if turn.message.place is not None:
        return _pin(turn.message.place)
    if turn.argument.startswith("at-"):
        area = next((one for one in book.areas if one.id == turn.argument[3:]), None)
        return Spot(area.name, area.name_en, area.lat, area.lon, is_rough=True) if area else None
    named = _named(turn, book)
    if named is not None:
        return named
    if (kind := own_kind(turn)) is not None:
        text = turn.understanding.text
        return own_spot(kind, counter, text) or Unknown(_own_name(kind, text), kind)
    if HERE.search(turn.understanding.text) and turn.place is not None:
        return _pin(turn.place)
    return _remembered(turn, counter)


def own_kind(turn: Turn) -> PlaceKind | None:
    """His home or work, where the text looks for something there ("집 근처", "회사에서") and names no other place."""
    seen = turn.understanding
    if seen.first("place") is not None or turn.message.place is not None or not OWN_PLACE.search(seen.text):
        return None
    return kind_said(seen.text)


def own_spot(kind: PlaceKind, counter: Counter, said: str = "") -> Spot | None:
    """The place that was kept, called as he calls it; None when he told none."""
    kept: SavedPlace | None = counter.own.get(kind)
    return Spot(_own_name(kind, said), kind, kept.lat, kept.lon, own=kind) if kept else None


def _own_name(kind: PlaceKind, said: str) -> str:
    words = ("집",) if kind == "home" else ("회사", "직장", "사무실", "일터")
    return next((word for word in words if word in said), words[0])


def recalled(place: object, counter: Counter) -> Spot | None:
    """A place as `Spot.plain` remembered it; None for his own when it is kept no more."""
    if not isinstance(place, Mapping):
        return None
    if (own := place.get("own")) is not None:
        return own_spot(own, counter, str(place.get("name", "")))
    return Spot(**place)


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


def _remembered(turn: Turn, counter: Counter) -> Spot | None:
    """The place talked about last, else an earlier pin; "here" alone never means a place talked about."""
    topic = turn.topic
    if topic is not None and not HERE.search(turn.understanding.text):
        is_meant = topic.service == "parking" or THERE.search(turn.understanding.text)
        if is_meant and (place := recalled(topic.memory.get("place"), counter)) is not None:
            return place
    return _pin(turn.place) if turn.place is not None else None
