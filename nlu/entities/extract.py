"""All finders together: who wins where two of them claim the same characters."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from core.contracts.understanding import NamedPlace
from nlu.entities.addresses import find_addresses
from nlu.entities.compact import Compact, compact
from nlu.entities.dates import find_dates
from nlu.entities.found import Found
from nlu.entities.lists import WordLists
from nlu.entities.patterns import (
    find_amounts,
    find_complaint_numbers,
    find_durations,
    find_ordinals,
    find_phones,
    find_plates,
)
from nlu.entities.place_shapes import UNLISTED, find_place_shapes
from nlu.entities.places import Places
from nlu.model import Lexicon
from nlu.tagger import Tagger

# Lower wins; within a rank the longer span wins. Fixed shapes go before words, words before single numbers.
_RANKS = {"complaint_no": 0, "phone": 0, "plate": 0, "place": 1, "amount": 1, "date": 1, "duration": 2, "ordinal": 3}
_OTHER_RANK = 2
RULE_TYPES = frozenset({*_RANKS, "category"})
"""What rules find without any marked line; a file names a lookup or a regex so to ask for it."""
# 1O월, O1O-1234: the letter for the figure.
_LETTER_O = re.compile(r"(?<=\d)o(?=[\d월일시분년만천원-])|(?<![a-z])o(?=\d)")
_GREETING = re.compile(r"(?:좋은|즐거운|행복한|good)\s?$")
_LOCATIVE = re.compile(r"(?:에서|에(?!요)|마다|\s?(?:앞|옆|위|밑|근처|주변|쪽)(?:에|$|\s))")


_AMOUNT_SIGNS = ("원", "만", "억", "₩", "\\", "won", "krw")
"""Without one of these no amount is said: a quick look spares most messages the long pattern."""


@dataclass(frozen=True, slots=True)
class EntityTypes:
    """`known`: the types that the training data marks, no others are told. `ruled`: those of them on which our rules
    agree with the data, so that a rule's find stands; for the rest it is a clue of the tagger's.
    """

    known: frozenset[str]
    ruled: frozenset[str]


class Finds(NamedTuple):
    """`entities` are told to the world, `clues` are what rules and lists say by themselves; both in the order of the
    text, none overlapping within either.
    """

    entities: list[Found]
    clues: list[Found]


class Extractor:
    """Finds entities in folded text. Built once from the data's word lists, its tagger and the city's places."""

    def __init__(
        self,
        lexicon: Lexicon,
        places: Sequence[NamedPlace],
        case_prefix: str,
        types: EntityTypes | None = None,
        tagger: Tagger | None = None,
    ) -> None:
        """Without `types` every find is told, without `tagger` those of rules and lists."""
        self._types = types
        self._tagger = tagger
        self._synonyms = lexicon.synonyms
        self._lists = WordLists(lexicon.lists)
        self._places = Places(places)
        self._prefix = case_prefix
        self._patterns = [
            (name, re.compile(pattern, re.IGNORECASE))
            for name, patterns in lexicon.patterns.items()
            for pattern in patterns
        ]

    def find(self, folded: str, now: datetime) -> Finds:
        """Everything of one text; `now` is aware."""
        compacted = compact(folded)
        clues = self.clues(folded, compacted, now)
        if self._tagger is not None:
            found = _without_scenery(folded, self._merged(folded, clues, self._tagger.tag(compacted, clues)))
            told = found if self._types is None else [one for one in found if one.type in self._types.known]
        else:
            found = _without_scenery(folded, clues)
            told = found if self._types is None else [one for one in found if one.type in self._types.ruled]
        return Finds(told, clues)

    def _merged(self, folded: str, clues: Sequence[Found], tagged: Sequence[Found]) -> list[Found]:
        """Rules of fixed shape and the city's own places stand; about everything else the tagger has the last word."""
        ruled = self._types.ruled if self._types is not None else None
        firm = [one for one in clues if _is_firm(one) and (ruled is None or one.type in ruled)]
        taken = [(one.start, one.end) for one in firm]
        for one in tagged:
            is_date = one.type == "date" and (ruled is None or one.type in ruled)
            if not (is_date and _is_refused(folded, one)) and not any(
                one.start < end and start < one.end for start, end in taken
            ):
                firm.append(self._valued(one, folded[one.start : one.end], clues))
        return sorted(firm, key=lambda one: one.start)

    def _valued(self, tagged: Found, said: str, clues: Sequence[Found]) -> Found:
        """The tagger's span with what a list knows of it: of the word itself, or of the head that ends a compound."""
        inside = [
            one for one in clues if one.type == tagged.type and tagged.start <= one.start and one.end <= tagged.end
        ]
        if not inside:
            detail = {"grain": "named"} if tagged.type == "date" else {}
            return replace(tagged, value=self._synonyms.get(said, said), detail=detail)
        best = max(inside, key=lambda one: (one.end == tagged.end, one.end - one.start))
        if (best.start, best.end) == (tagged.start, tagged.end):
            return best
        value = said if best.type == "place" else best.value
        return replace(tagged, value=value, role=best.role, detail=best.detail)

    def clues(self, folded: str, compacted: Compact, now: datetime) -> list[Found]:
        """What rules and lists say, in the order of the text, none overlapping."""
        found: list[Found] = []
        has_digit = any(char.isdigit() for char in folded)
        if has_digit and "o" in folded:
            folded = _LETTER_O.sub("0", folded)
        if has_digit:
            found += find_plates(folded)
            found += find_phones(folded)
            found += find_complaint_numbers(folded, self._prefix)
        if any(sign in folded for sign in _AMOUNT_SIGNS):
            found += find_amounts(folded)
        found += find_durations(folded)
        found += find_ordinals(folded)
        found += find_dates(folded, now)
        if has_digit or "대로" in folded:
            found += find_addresses(folded)
        found += find_place_shapes(folded)
        found += self._places.find(compacted)
        found += self._lists.find(compacted)
        for name, pattern in self._patterns:
            found += [Found(*match.span(), name, match[0]) for match in pattern.finditer(folded) if match[0]]
        return settle(found)


def _is_refused(folded: str, date: Found) -> bool:
    """What the rules of dates saw and left: figures that no clock shows (99시, 2월 30일), the morning of a greeting."""
    said = folded[date.start : date.end]
    return any(map(str.isdigit, said)) or _GREETING.search(folded, max(0, date.start - 5), date.start) is not None


def _is_firm(one: Found) -> bool:
    return one.type != "category" and one.detail.get("kind") != UNLISTED


def _without_scenery(folded: str, found: list[Found]) -> list[Found]:
    """In 정류장에 쓰레기 the stop is where, the waste is what: a category word in the locative gives way to another."""
    categories = [one for one in found if one.type == "category"]
    scenery = [one for one in categories if _LOCATIVE.match(folded, one.end)]
    if len(scenery) == len(categories):
        return found
    return [one for one in found if one not in scenery]


def settle(found: Iterable[Found]) -> list[Found]:
    """Keep the strongest of overlapping spans: by rank, then longer, then surer, then earlier."""
    ordered = sorted(
        found,
        key=lambda one: (_RANKS.get(one.type, _OTHER_RANK), one.start - one.end, -one.confidence, one.start),
    )
    kept: list[Found] = []
    taken = bytearray(max((one.end for one in ordered), default=0))
    for one in ordered:
        if not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)
