"""What parking costs: pure arithmetic on a tariff, that says "unknown" wherever the source says nothing."""

import math

from core.contracts.parking import Tariff

DAY_MINUTES = 1440


def fee_krw(tariff: Tariff, minutes: int) -> int | None:
    """Won for a stay of `minutes` (0 or more); None when the tariff does not tell.

    Every begun step counts. With a day cap each 24 hours from the start cost at most the cap; a blank or zero cap is
    no cap.
    """
    if minutes <= 0:
        return 0
    if not tariff.day_cap_krw:
        return _uncapped(tariff, minutes)
    days, rest = divmod(minutes, DAY_MINUTES)
    full = _capped(tariff, DAY_MINUTES) if days else 0
    part = _capped(tariff, rest) if rest else 0
    return None if full is None or part is None else days * full + part


def lot_fee_krw(fee_kind: str, tariff: Tariff | None, minutes: int) -> int | None:
    """The same for a lot: free is 0, an unclear kind or a missing tariff is None.

    For "mixed" lots the amount is that of their paid hours.
    """
    if fee_kind == "free":
        return 0
    if fee_kind == "unknown" or tariff is None:
        return None
    return fee_krw(tariff, minutes)


def _capped(tariff: Tariff, minutes: int) -> int | None:
    fee = _uncapped(tariff, minutes)
    if fee is None or tariff.day_cap_krw is None:
        return None
    return min(fee, tariff.day_cap_krw)


def _uncapped(tariff: Tariff, minutes: int) -> int | None:
    first_minutes = tariff.first_minutes
    first_fee = tariff.first_fee_krw
    if first_minutes is None or first_fee is None:
        return None
    if minutes <= first_minutes:
        return first_fee
    if not tariff.step_minutes or tariff.step_fee_krw is None:
        return None
    steps = math.ceil((minutes - first_minutes) / tariff.step_minutes)
    return first_fee + steps * tariff.step_fee_krw
