"""How Korean publishers of air data write numbers and hours: "-", blanks, 24:00."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from core.clock import SEOUL
from core.datagokr import cell

_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,20})?")
_MOMENT = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})[ T]?([0-9]{2})(?::?([0-9]{2}))?(?::?00)?")


def number(value: object) -> Decimal | None:
    """A plain decimal number; None for "-", blanks, words and anything else."""
    text = cell(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def moment(value: object) -> datetime | None:
    """`2025-11-26 24:00`, `2025112624` and alike, of Korea, as aware UTC: 24:00 is 00:00 of the next day."""
    found = _MOMENT.fullmatch(cell(value))
    if not found:
        return None
    year, month, day, hour, minute = (int(one or 0) for one in found.groups())
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        return None
    try:
        return (datetime(year, month, day, tzinfo=SEOUL) + timedelta(hours=hour, minutes=minute)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
