"""Amounts and ages in bands, cut where the settings cut them, named alike in every figure."""

from bisect import bisect_right
from collections.abc import Sequence


def amount_band(krw: int, cuts: Sequence[int]) -> str:
    """`<100000`, `100000-500000`, `>=10000000`: won, the lower edge belongs to the band."""
    return _band(krw, cuts)


def age_band(days: int, cuts: Sequence[int]) -> str:
    """The same in days since the deadline passed."""
    return _band(days, cuts)


def bands(cuts: Sequence[int]) -> list[str]:
    """All of them, from the lowest."""
    return [_band(one, cuts) for one in (cuts[0] - 1, *cuts)] if cuts else ["all"]


def _band(value: int, cuts: Sequence[int]) -> str:
    if not cuts:
        return "all"
    at = bisect_right(cuts, value)
    if at == 0:
        return f"<{cuts[0]}"
    return f">={cuts[-1]}" if at == len(cuts) else f"{cuts[at - 1]}-{cuts[at]}"
