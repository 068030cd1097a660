"""All lots of a city that citizens are offered, as arrays: nearest places and names without asking the store.

Ten thousand lots are read in a fraction of a second and answered from in microseconds; details come from the store.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA
from scipy.spatial import cKDTree

from civic.parking.lots import squeezed, squeezed_name
from core.contracts.channel import GeoPoint
from core.distance import meters
from core.korean import keystrokes

SAME, HOLDS, STANDS_IN, ALIKE = 1, 2, 3, 4
"""How a name and the words agree: the same, the name holds them, it stands in them, a slip of the finger away."""
NAME_REACH_M = 40_000.0
ALIKE_FROM = 0.8
"""Share of keystrokes that a misspelt name has right."""
_A, _E2 = 6_378_137.0, 0.006_694_379_990_14  # WGS 84
FIRST_LOOK = 32
_LOT_WORDS = ("주차장", "공용")
_SLIPS = 1
"""Wrong keys within the word for a lot."""


@dataclass(frozen=True, slots=True)
class Place:
    """One lot on the map. `tallest_cm`, `traits`: `civic.parking.traits`. `lat`, `lon` None: it has no point."""

    id: UUID
    name: str
    lat: float | None
    lon: float | None
    traits: int
    tallest_cm: int
    opening_hours: str | None


class LotMap:
    """Never changes; `version` is that of the store it was read from. All methods are pure."""

    def __init__(self, places: Sequence[Place], version: int) -> None:
        self.version = version
        self.places = places
        self._placed = [at for at, one in enumerate(places) if one.lat is not None and one.lon is not None]
        points = np.array([(places[at].lat, places[at].lon) for at in self._placed], dtype=np.float64)
        self._tree = cKDTree(_ecef(points)) if self._placed else None
        self._traits = np.array([places[at].traits for at in self._placed], dtype=np.int32)
        self._tallest = np.array([places[at].tallest_cm for at in self._placed], dtype=np.int32)

    def nearest(
        self,
        point: GeoPoint,
        radius_m: float,
        wanted: int = 0,
        height_cm: int = 0,
        unwanted: int = 0,
        *,
        look: int = FIRST_LOOK,
    ) -> Iterator[list[tuple[Place, float]]]:
        """Lots within `radius_m` that have all `wanted` traits, none of `unwanted` and take the height, nearest first.

        In batches that grow from the nearest `look` lots on, so that who needs five does not pay for all; with the
        distance in metres: the chord, 1 cm shorter than the ground at 20 km.
        """
        if self._tree is None:
            return
        here = _ecef(np.array([(point.lat, point.lon)], dtype=np.float64))[0]
        seen, total = 0, len(self._placed)
        while seen < total:
            ranks = np.arange(seen + 1, min(look, total) + 1)
            away, at = (np.atleast_1d(one) for one in self._tree.query(here, k=ranks, distance_upper_bound=radius_m))
            is_within = at < total
            taken = is_within.copy()
            taken[is_within] = self._fits(at[is_within], wanted, height_cm, unwanted)
            batch = [
                (self.places[self._placed[one]], distance)
                for one, distance in zip(at[taken].tolist(), away[taken].tolist(), strict=True)
            ]
            yield sorted(batch, key=_nearness)
            if not is_within.all():
                return
            seen, look = min(look, total), look * 4

    def _fits(self, at: NDArray[Any], wanted: int, height_cm: int, unwanted: int) -> NDArray[np.bool_]:
        traits = self._traits[at]
        fits: NDArray[np.bool_] = (traits & wanted == wanted) & (traits & unwanted == 0)
        return fits & (self._tallest[at] >= height_cm) if height_cm else fits

    def named(self, text: str, *, around: GeoPoint | None, is_sentence: bool) -> list[tuple[int, Place]]:
        """Lots that the text names, the best first, each with how (`SAME` … `ALIKE`).

        With `around`, names that do not agree wholly count only within `NAME_REACH_M` of it; slips of the finger are
        forgiven only where no name agrees, and not in a sentence.
        """
        said = _said(text)
        if len(said) < 2:
            return []
        kinds = dict.fromkeys(self._by_name.get(said, ()), SAME)
        for at in self._standing_in(said):
            kinds.setdefault(at, STANDS_IN)
        if not is_sentence:
            for at in self._holding(said):
                if kinds.get(at) != SAME:
                    kinds[at] = HOLDS
        ranked = self._ranked(kinds, said, around)
        return ranked if ranked or is_sentence else self._ranked(self._alike(said), said, around)

    def _ranked(self, kinds: dict[int, int], said: str, around: GeoPoint | None) -> list[tuple[int, Place]]:
        ranked: list[tuple[int, int, float, str, int]] = []
        for at, kind in kinds.items():
            place = self.places[at]
            away = float("inf")
            if around is not None and place.lat is not None and place.lon is not None:
                away = meters(around, GeoPoint(place.lat, place.lon))
            if kind == SAME or around is None or away <= NAME_REACH_M:
                ranked.append((kind, abs(len(self._squeezed[at]) - len(said)), away, place.name, at))
        return [(kind, self.places[at]) for kind, *_, at in sorted(ranked)]

    @cached_property
    def _squeezed(self) -> list[str]:
        return [squeezed_name(one.name) for one in self.places]

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for at, name in enumerate(self._squeezed):
            if name:
                found.setdefault(name, []).append(at)
        return found

    @cached_property
    def _longest(self) -> int:
        return max((len(name) for name in self._by_name), default=0)

    @cached_property
    def _roll(self) -> tuple[str, list[int]]:
        """All names one after another, and where each begins."""
        starts, at = [], 0
        for name in self._squeezed:
            starts.append(at)
            at += len(name) + 1
        return "\n".join(self._squeezed), starts

    def _holding(self, said: str) -> Iterator[int]:
        roll, starts = self._roll
        at = roll.find(said)
        while at >= 0:
            found = bisect_right(starts, at) - 1
            yield found
            at = roll.find(said, at + len(said))

    def _standing_in(self, said: str) -> Iterator[int]:
        for start in range(len(said) - _SHORTEST + 1):
            for end in range(start + _SHORTEST, min(len(said), start + self._longest) + 1):
                yield from self._by_name.get(said[start:end], ())

    def _alike(self, said: str) -> dict[int, int]:
        if len(said) < _SHORTEST:
            return {}
        found = process.extract(
            keystrokes(said), self._keys, scorer=OSA.normalized_similarity, score_cutoff=ALIKE_FROM, limit=10
        )
        return {at: ALIKE for _, _, at in found}

    @cached_property
    def _keys(self) -> list[str]:
        return [_typed(name) for name in self._squeezed]


_SHORTEST = 3


@lru_cache(maxsize=262_144)
def _typed(name: str) -> str:
    return keystrokes(name)


def _nearness(found: tuple[Place, float]) -> tuple[float, str]:
    return found[1], found[0].name


def _said(text: str) -> str:
    """`squeezed`, also of the word for a lot where it is misspelt: 구래공용주차쟝 → 구래."""
    said = squeezed(text)
    for word in _LOT_WORDS:
        slips = OSA.distance(keystrokes(said[-len(word) :]), keystrokes(word), score_cutoff=_SLIPS)
        if len(said) >= len(word) + 2 and slips <= _SLIPS:
            said = said[: -len(word)]
    return said


def _ecef(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Degrees of latitude and longitude as earth-centred metres (WGS 84): straight lines between them are distances."""
    lat, lon = np.radians(points[:, 0]), np.radians(points[:, 1])
    normal = _A / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    made: NDArray[np.float64] = np.column_stack(
        (normal * np.cos(lat) * np.cos(lon), normal * np.cos(lat) * np.sin(lon), normal * (1 - _E2) * np.sin(lat))
    )
    return made
