"""What a citizen's words ask of the parking data: where, for how long, when, and what kind of lot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actions.parking.words import ABOUT_PARKING, FILTERS, HERE, STRANGE, THERE, UNSAID, WANTS_MONTH
from civic.city.service import CityBook
from civic.parking.search import Filters
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Topic, Turn
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


@dataclass(frozen=True, slots=True)
class Wish:
    """What kind of lot, for how long, at which moment. `minutes` None: not said. `is_now` False: `at` was named."""

    filters: Filters
    minutes: int | None
    at: datetime
    is_now: bool
    unsaid: tuple[str, ...]
    wants_month: bool

    @property
    def filter_names(self) -> list[str]:
        return [name for name in FILTERS if getattr(self.filters, name)]


def wish(turn: Turn) -> Wish:
    """Read from the text, completed from the question that it continues."""
    text = turn.understanding.text
    said = {name: True for name, words in FILTERS.items() if words.search(text)}
    memory = _continued(turn.topic, text)
    filters = said or {str(name): True for name in memory.get("filters", ())}
    duration = turn.understanding.first("duration")
    is_stay = duration is not None and not FILTERS["all_day"].search(text)
    minutes = _minutes(duration.value) if duration and is_stay else memory.get("minutes")
    at, is_now = _moment(turn)
    return Wish(
        filters=Filters(**filters),
        minutes=minutes,
        at=at,
        is_now=is_now,
        unsaid=tuple(name for name, words in UNSAID.items() if words.search(text)),
        wants_month=bool(WANTS_MONTH.search(text)),
    )


def _continued(topic: Topic | None, text: str) -> Mapping[str, Any]:
    """What the question before wished for, unless this text asks a whole question of its own."""
    if topic is None or topic.service != "parking" or ABOUT_PARKING.search(text):
        return {}
    return topic.memory


def _minutes(value: str) -> int | None:
    return int(value) if value.isdigit() and 0 < int(value) <= 60 * 24 * 31 else None


def _moment(turn: Turn) -> tuple[datetime, bool]:
    """The moment that openness is asked for; a bare day is read as its noon."""
    entity = turn.understanding.first("date")
    if entity is None:
        return turn.now, True
    try:
        at = datetime.fromisoformat(entity.value).astimezone(SEOUL)
    except ValueError:
        return turn.now, True
    if entity.detail.get("grain") == "day":
        at = at.replace(hour=12, minute=0)
    is_near = abs(at - turn.now) < timedelta(minutes=10) or at < turn.now
    return (turn.now, True) if is_near else (at, False)
