"""All finders together: who wins where two of them claim the same characters."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from core.contracts.understanding import NamedPlace
from nlu.entities.addresses import find_addresses
from nlu.entities.compact import compact
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
from nlu.entities.places import Places
from nlu.model import Lexicon

# Lower wins; within a rank the longer span wins. Fixed shapes go before words, words before single numbers.
_RANKS = {"complaint_no": 0, "phone": 0, "plate": 0, "place": 1, "amount": 1, "date": 1, "duration": 2, "ordinal": 3}
_OTHER_RANK = 2
_LOCATIVE = re.compile(r"(?:에서|에(?!요)|마다|\s?(?:앞|옆|위|밑|근처|주변|쪽)(?:에|$|\s))")


_AMOUNT_SIGNS = ("원", "만", "억", "₩", "\\", "won", "krw")
"""Without one of these no amount is said: a quick look spares most messages the long pattern."""


class Extractor:
    """Finds entities in folded text. Built once from the data's word lists and the city's places."""

    def __init__(self, lexicon: Lexicon, places: Sequence[NamedPlace], case_prefix: str) -> None:
        self._lists = WordLists(lexicon.lists)
        self._places = Places(places)
        self._prefix = case_prefix
        self._patterns = [
            (name, re.compile(pattern, re.IGNORECASE))
            for name, patterns in lexicon.patterns.items()
            for pattern in patterns
        ]

    def find(self, folded: str, now: datetime) -> list[Found]:
        """Entities in the order of the text, none overlapping; `now` is aware."""
        found: list[Found] = []
        has_digit = any(char.isdigit() for char in folded)
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
        compacted = compact(folded)
        found += self._places.find(compacted)
        found += self._lists.find(compacted)
        for name, pattern in self._patterns:
            found += [Found(*match.span(), name, match[0]) for match in pattern.finditer(folded) if match[0]]
        return _without_scenery(folded, settle(found))


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
