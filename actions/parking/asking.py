"""What a citizen's words ask of the parking data: where, for how long, when, and what kind of lot."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from civic.city.service import CityBook
from civic.parking.search import Filters
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Topic, Turn
from core.contracts.understanding import Entity

FILTERS = {
    "ev": re.compile(r"전기\s*(?:자동)?차|충전|\bev\b|electric|charg", re.I),
    "disabled": re.compile(r"장애인|휠체어|disabled|wheelchair|accessible", re.I),
    "free": re.compile(r"무료|공짜|꽁짜|돈\s*안\s*(?:내|받)|\bfree\b", re.I),
    "large": re.compile(
        r"넓은|널찍|(?<![가-힣])큰\s*(?:데|곳|주차장)|자리\s*많은|\bbig\b|\blarge (?:lot|car park|parking)", re.I
    ),
    "open_now": re.compile(
        r"지금\s*(?:연|여는|열린|열려|이용|댈)|(?:영업|운영)\s*중|24\s*시간|\bopen now\b|24/7", re.I
    ),
}
# What people ask for and no column of the source tells.
UNSAID = {
    "heavy": re.compile(r"트럭|화물차|대형차|버스\s*주차|덤프|캠핑카|truck|camper|large vehicle", re.I),
    "live": re.compile(r"빈\s*자리|남은\s*(?:자리|데|곳)|자리\s*(?:남|있|나)|여석|만차|spaces? .*left|vacan", re.I),
    "discount": re.compile(r"할인|감면|반값|다자녀|유공자|임산부|깎아|경차|저공해|discount", re.I),
}
WANTS_MONTH = re.compile(r"정기권|월\s*주차|한\s*달|월정기|정기\s*주차|monthly|month pass", re.I)
HERE = re.compile(
    r"여기|이\s*근처|내\s*위치|현\s*위치|현재\s*위치|제\s*위치|이\s*동네|\bhere\b|\bnear me\b|\bnearby\b|my location",
    re.I,
)
_THERE = re.compile(r"거기|그\s*근처|그쪽|그곳|\bthere\b", re.I)
_ABOUT_PARKING = re.compile(r"주차|차\s*(?:대|세)|\bpark", re.I)
# A place of a kind that everybody knows, but that the gazetteer did not: better to say so than to use another place.
_STRANGE = re.compile(
    r"(?<![가-힣])(?!지하철역|전철역|기차역|종합병원|전통시장|재래시장|동물병원|대학병원|이\s?동|자동|공동|활동)"
    r"([가-힣A-Za-z0-9]{1,10}(?:역|공항|터미널|시청|구청|군청|해수욕장|병원|백화점|대학교|아파트|[가-힣]시장)|[가-힣]{2,5}[동읍면])"
    r"(?=$|\s|에|의|로|까지|근처|주변|앞|옆|쪽|주차|인데)"
)
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
    strange = _STRANGE.search(turn.understanding.text)
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
        is_meant = topic.service == "parking" or _THERE.search(turn.understanding.text)
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
    minutes = _minutes(duration.value) if duration and "24" not in duration.text else memory.get("minutes")
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
    if topic is None or topic.service != "parking" or _ABOUT_PARKING.search(text):
        return {}
    return topic.memory


def _minutes(value: str) -> int | None:
    return int(value) if value.isdigit() and 0 < int(value) <= 60 * 24 * 31 else None


def _moment(turn: Turn) -> tuple[datetime, bool]:
    """The moment that openness is asked for; a bare day is read as its noon."""
    entity = turn.understanding.first("when")
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
