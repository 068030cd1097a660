"""The city's own place names in a citizen's sentence: glued, shortened, spaced otherwise, or mistyped by one letter."""

import re
from collections.abc import Iterator, Sequence

from core.contracts.understanding import NamedPlace
from nlu.entities.compact import Compact
from nlu.entities.found import Found
from nlu.jamo import one_slip_apart

_AREA_SUFFIXES = ("동", "읍", "면", "리", "역")
# What may follow a name whose suffix was left off ("구래 근처"), or one that is typed over a space.
_PLACE_LIKE = re.compile(
    r"(?:근처|주변|인근|부근|주차|공영|역|쪽|앞|옆|뒤|동네|사거리|삼거리|공원|도서관|주민센터|행정복지|행복센터|보건|읍사무소|면사무소|시장|상가|아파트|"
    r"신도시|지구|일대|초등|중학|고등|미세먼지|공기|맛집|카페|약국|쪽으로|사는|살아|station|area)"
)
_PARTICLE = re.compile(
    r"(?:에서는|에서도|에서|에는|에도|에|으로|로|은|는|이|가|을|를|의|도|만|까지|부터|쪽|인데|이요|요|이고|입니다|이에요|예요|과|와|하고|랑|이랑|근처|주변|앞|옆|뒤|안|내|"
    r"[^가-힣]|$)"
)
# The label guide's limits: of 구래동 주민센터 the entity is 구래동. What it means is still the office.
_OFFICE = re.compile(r"(?<=[동읍면])\s?(?:주민센터|행정복지센터|(?:동|읍|면)?사무소)$")
# Gurae-dong is called Gurae.
_ROMANISED = re.compile(r"([a-z]{4,})-(?:dong|eup|myeon)$")
_SMALL_WORDS = frozenset("은는이가을를의도만에로요")


class Places:
    """A gazetteer indexed for exact, suffix-less and one-slip matches; cost grows with the text, not with the city."""

    def __init__(self, places: Sequence[NamedPlace]) -> None:
        self._exact: dict[str, list[tuple[str, NamedPlace]]] = {}
        self._stems: dict[str, NamedPlace] = {}
        self._slips: dict[str, list[tuple[str, int, NamedPlace]]] = {}
        self._halves: dict[int, tuple[set[str], set[str]]] = {}
        for place in places:
            for name in (place.name, *place.aliases):
                key = name.replace(" ", "").lower()
                self._add(key, place)
                if romanised := _ROMANISED.match(key):
                    self._add(romanised[1], place)
        for entries in self._exact.values():
            entries.sort(key=lambda entry: -len(entry[0]))
        self._sizes = sorted(self._halves, reverse=True)

    def _add(self, key: str, place: NamedPlace) -> None:
        if len(key) < 2:
            return
        self._exact.setdefault(key[:2], []).append((key, place))
        if len(key) < 3 or key.isascii():
            return
        if key.endswith(_AREA_SUFFIXES):
            # 구래동 wins over 구래역 as the meaning of a bare 구래: an area is what people mean.
            if key[-1] != "역":
                self._stems[key[:-1]] = place
            else:
                self._stems.setdefault(key[:-1], place)
        heads, tails = self._halves.setdefault(len(key), (set(), set()))
        heads.add(key[: len(key) // 2])
        tails.add(key[len(key) // 2 :])
        for at in range(len(key)):
            self._slips.setdefault(f"{key[:at]}*{key[at + 1 :]}", []).append((key, at, place))

    def find(self, compacted: Compact) -> Iterator[Found]:
        """Every match, overlapping ones included; confidence 1.0 exact, 0.9 shortened, 0.8 mistyped."""
        text = compacted.text
        for at in range(len(text) - 1):
            opens = at in compacted.opens
            exact = self._exact_at(compacted, at, opens)
            if exact is not None:
                key, place = exact
                yield _found(compacted, at, at + len(key), place, 1.0)
            elif opens:
                yield from self._stem_at(compacted, at)
                yield from self._slip_at(compacted, at)

    def _exact_at(self, compacted: Compact, at: int, opens: bool) -> tuple[str, NamedPlace] | None:
        text = compacted.text
        for key, place in self._exact.get(text[at : at + 2], ()):
            if not text.startswith(key, at):
                continue
            end = at + len(key)
            bounded = bool(_PARTICLE.match(text, end) or _PLACE_LIKE.match(text, end)) or end in compacted.opens
            inside = (opens and (len(key) > 2 or bounded)) or (len(key) > 2 and bounded)
            if inside and (not compacted.crosses_space(at, end) or bounded):
                return key, place
        return None

    def _stem_at(self, compacted: Compact, at: int) -> Iterator[Found]:
        for size in (4, 3, 2):
            end = at + size
            place = self._stems.get(compacted.text[at:end])
            if place and not compacted.crosses_space(at, end) and _PLACE_LIKE.match(compacted.text, end):
                yield _found(compacted, at, end, place, 0.9)
                return

    def _slip_at(self, compacted: Compact, at: int) -> Iterator[Found]:
        text = compacted.text
        for size in self._sizes:
            window = text[at : at + size]
            if len(window) < size:
                continue
            # One slip leaves one half of the name whole, and is in the other: most windows end here.
            heads, tails = self._halves[size]
            middle = size // 2
            holes = [*range(middle)] if window[middle:] in tails else []
            holes += range(middle, size) if window[:middle] in heads else ()
            if not holes or compacted.crosses_space(at, at + size):
                continue
            for hole in holes:
                if hole == size - 1 and window[hole] in _SMALL_WORDS:
                    continue
                for key, _, place in self._slips.get(f"{window[:hole]}*{window[hole + 1 :]}", ()):
                    if one_slip_apart(window[hole], key[hole]):
                        yield _found(compacted, at, at + size, place, 0.8)
                        return


def _found(compacted: Compact, start: int, end: int, place: NamedPlace, confidence: float) -> Found:
    detail: dict[str, str | float | int] = {"kind": place.kind, "lat": place.lat, "lon": place.lon}
    if office := _OFFICE.search(compacted.text, start, end):
        end = office.start()
    return Found(*compacted.span(start, end), "place", place.name, confidence, detail=detail)
