"""Which word on an hour stands: the same in whatever order, how often and by how many processes words come. Pure.

Words of one status form a set, each with when it was first and last told. Sets are joined, never overwritten, so
nothing depends on the order of arrival (ADR 36).
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from civic.air.packing import QUALITIES, SCALE, Cell, pollutant_of

MISSING = QUALITIES.index("MISSING") + 1
CHECKED_DIGITS = {"SO2": 3, "CO": 1, "O3": 3, "NO2": 3, "PM10": 0, "PM25": 0}
"""Decimals of the confirmed files (확정자료): a real-time value that only had more of them was not corrected."""


def joined(words: Iterable[Cell]) -> list[Cell]:
    """Each content once, with its first and last moment; the one that stands first, then by moment, newest first."""
    found: dict[tuple[int, int | None, str], Cell] = {}
    for word in words:
        other = found.get(word.content)
        if other is None:
            found[word.content] = word._replace(has_older=False)
        else:
            found[word.content] = other._replace(first=min(other.first, word.first), last=max(other.last, word.last))
    return sorted(found.values(), key=_rank, reverse=True)


def standing(words: Sequence[Cell]) -> Cell:
    """Of `joined` words the first, marked when others are kept beside it."""
    return words[0]._replace(has_older=len(words) > 1)


def current(realtime: Cell | None, confirmed: Cell | None) -> Cell | None:
    """What is shown: the confirmed word, also where it says that there is no valid value."""
    return realtime if confirmed is None else confirmed


def was_corrected(key: str, realtime: Cell | None, confirmed: Cell | None) -> bool:
    """Whether an earlier word said otherwise; a first word without value and reason was none."""
    shown = current(realtime, confirmed)
    if shown is None or shown.has_older:
        return shown is not None
    if confirmed is None or realtime is None or realtime.quality == MISSING:
        return False
    return realtime.has_older or not _is_same(key, realtime, confirmed)


def _is_same(key: str, realtime: Cell, confirmed: Cell) -> bool:
    if realtime.quality != confirmed.quality:
        return False
    if realtime.value == confirmed.value or realtime.value is None or confirmed.value is None:
        return realtime.value == confirmed.value
    digits = CHECKED_DIGITS.get(pollutant_of(key)[0])
    if digits is None:
        return False
    step = Decimal(1).scaleb(-digits)
    return (realtime.value / SCALE).quantize(step, ROUND_HALF_UP) == (confirmed.value / SCALE).quantize(step)


def _rank(word: Cell) -> tuple[bool, int, int, int, bool, int, str]:
    """A word without value and reason stands only where nothing else was ever said; then the later told one.

    Of two told in the same second the one with the better quality, then the higher value: any rule would do that
    does not ask which came in first.
    """
    value = word.value if word.value is not None else 0
    return (word.quality != MISSING, word.last, word.first, -word.quality, word.value is not None, value, word.flag)
