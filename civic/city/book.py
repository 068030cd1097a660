"""The city's knowledge of itself as one immutable snapshot in memory, so that a turn never queries for it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from core.contracts.channel import GeoPoint
from core.contracts.understanding import NamedPlace

OFFICE_KINDS = frozenset({"city_hall", "community_center", "public_office", "library"})
_AREA_TAILS = ("동", "읍", "면", "리")
_OFFICE_WORDS = re.compile(r"주민센터|행정복지센터|행복센터|동사무소|읍사무소|면사무소|communitycent")


@dataclass(frozen=True, slots=True)
class Place:
    """An area, a station, an office or a landmark. Coordinates are WGS 84 degrees and may be approximate."""

    id: str
    name: str
    name_en: str
    kind: str
    lat: float
    lon: float
    aliases: tuple[str, ...] = ()
    address: str = ""
    phone: str = ""
    source: str = ""

    @property
    def point(self) -> GeoPoint:
        return GeoPoint(self.lat, self.lon, self.name)


@dataclass(frozen=True, slots=True)
class Department:
    id: str
    name_ko: str
    name_en: str
    phone: str
    duties_ko: str
    duties_en: str
    keywords: tuple[str, ...]
    hours: str
    source: str


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of complaint. `deadline`: {kind, amount, article, certainty}, as the decree counts it."""

    id: str
    name_ko: str
    name_en: str
    department_id: str
    keywords: tuple[str, ...]
    deadline: Mapping[str, Any]


@dataclass(frozen=True)
class CityBook:
    """Everything by name. Made by `civic.city.reading.open_book`; a new one is made when the data changes."""

    city_id: str
    digest: str
    areas: tuple[Place, ...]
    places: tuple[Place, ...]
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    lots: tuple[NamedPlace, ...] = ()
    _names: Mapping[str, Place] = field(init=False, repr=False)
    _keywords: tuple[tuple[str, Department], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        names: dict[str, Place] = {}
        for place in (*self.areas, *self.places):
            for name in (place.name, *place.aliases, place.name_en):
                names.setdefault(squeezed(name), place)
        for area in self.areas:
            if area.name.endswith(_AREA_TAILS) and len(area.name) > 2:
                names.setdefault(squeezed(area.name)[:-1], area)
        for place in self.places:
            if place.kind == "station":
                names.setdefault(squeezed(place.name)[:-1], place)
        object.__setattr__(self, "_names", names)
        pairs = [(squeezed(word), department) for department in self.departments for word in department.keywords]
        object.__setattr__(self, "_keywords", tuple(pair for pair in pairs if pair[0]))

    def place(self, name: str) -> Place | None:
        """The place of exactly this name, alias, English name or shortened area name (구래 → 구래동)."""
        return self._names.get(squeezed(name))

    def place_in(self, text: str, kinds: frozenset[str] | None = None) -> Place | None:
        """The place with the longest name said in a text; `구래동에 있는 주민센터` finds the office of 구래동."""
        said = squeezed(text)
        found = [
            (len(name), place)
            for name, place in self._names.items()
            if len(name) >= 2 and name in said and (kinds is None or place.kind in kinds)
        ]
        best = max(found, key=lambda pair: pair[0], default=(0, None))[1]
        if _OFFICE_WORDS.search(said) and (best is None or best.kind != "community_center"):
            best = self._office_of(said) or best
        return best

    def office_in(self, text: str) -> Place | None:
        """The public office named in a text, or None."""
        return self.place_in(text, OFFICE_KINDS)

    def _office_of(self, said: str) -> Place | None:
        for area in sorted(self.areas, key=lambda one: -len(one.name)):
            name = squeezed(area.name)
            if (name in said or (len(name) > 2 and name[:-1] in said)) and (office := self.center_of(area)):
                return office
        return None

    def center_of(self, area: Place) -> Place | None:
        """The community centre (행정복지센터) that serves an area, by its name or alias."""
        for tail in ("행정복지센터", "주민센터"):
            if office := self._names.get(squeezed(area.name) + tail):
                return office
        return None

    def nearest(self, point: GeoPoint, kind: str) -> Place | None:
        """The place of a kind that is nearest to a point (as good as its coordinates are)."""
        found = [place for place in self.places if place.kind == kind]
        return min(found, key=lambda one: _apart(one, point.lat, point.lon), default=None)

    def department_for(self, text: str) -> Department | None:
        """The department whose keywords the text holds most of; None when it holds none.

        Spaces and particles do not matter (the words are looked for inside the text); a longer word weighs more, and
        the main line wins only when nothing else matches.
        """
        ranked = self.departments_for(text)
        return ranked[0] if ranked else None

    def departments_for(self, text: str) -> tuple[Department, ...]:
        """All departments with a matching keyword, best first."""
        said = squeezed(text)
        scores: dict[str, float] = {}
        for word, department in self._keywords:
            if _is_said(word, said, text):
                scores[department.id] = scores.get(department.id, 0.0) + len(word) ** 1.5
        order = {department.id: at for at, department in enumerate(self.departments)}
        known = [self._department(id) for id in scores]
        found = [one for one in known if one is not None]
        return tuple(sorted(found, key=lambda one: (one.id == MAIN, -scores[one.id], order[one.id])))

    def department(self, id: str) -> Department | None:
        """The department of this id, or of exactly this Korean name."""
        return self._department(id) or next((one for one in self.departments if one.name_ko == id), None)

    def _department(self, id: str) -> Department | None:
        return next((one for one in self.departments if one.id == id), None)

    @property
    def main_office(self) -> Department | None:
        """The main line of the city, if the folder has one (id `main`)."""
        return self._department(MAIN)

    def category(self, id: str) -> Category | None:
        return next((one for one in self.categories if one.id == id), None)

    @property
    def center(self) -> GeoPoint:
        """The middle of the areas."""
        return GeoPoint(fmean(area.lat for area in self.areas), fmean(area.lon for area in self.areas))

    def named_places(self) -> list[NamedPlace]:
        """What citizens may call a place, for the language engine: areas, places, lots."""
        own = [
            NamedPlace(place.name, place.kind, place.lat, place.lon, (*place.aliases, place.name_en))
            for place in (*self.areas, *self.places)
        ]
        return [*own, *self.lots]

    def areas_with_lots(self, most: int = 3) -> Sequence[Place]:
        """The administrative areas that have most lots, to offer to somebody who has not said where."""
        towns = [area for area in self.areas if area.kind in ("eup", "myeon", "dong")]
        counts = dict.fromkeys((town.id for town in towns), 0)
        for lot in self.lots:
            counts[min(towns, key=lambda town: _apart(town, lot.lat, lot.lon)).id] += 1
        return sorted(towns, key=lambda town: -counts[town.id])[:most]


MAIN = "main"


def squeezed(name: str) -> str:
    """Lower case, without spaces and marks."""
    return re.sub(r"[^0-9a-z가-힣]", "", name.lower())


def _is_said(word: str, said: str, text: str) -> bool:
    """Korean words may stand anywhere in the squeezed text; a single syllable or a Latin word must stand alone."""
    if word.isascii():
        return re.search(rf"\b{re.escape(word)}(?:e?s)?\b", squeezed_words(text)) is not None
    if len(word) == 1:
        return re.search(rf"(?<![가-힣]){word}(?:[이가은는을를도의]|에|만)?(?![가-힣])", text) is not None
    return word in said


def squeezed_words(text: str) -> str:
    return re.sub(r"[^0-9a-z가-힣 ]", " ", text.lower())


def _apart(place: Place, lat: float, lon: float) -> float:
    """Grows with distance; a degree of longitude is shorter than one of latitude by the cosine of Korea's latitude."""
    return (place.lat - lat) ** 2 + (0.79 * (place.lon - lon)) ** 2
