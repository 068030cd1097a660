"""What a filter asks of a lot, as bits that are worked out once for a whole city's lots."""

import re
from typing import Protocol

LARGE_CAPACITY = 100
"""From how many bays a lot is offered to somebody who asks for a large one: our choice, no rule says it."""

EV, DISABLED, FREE, LARGE, ALL_DAY, FAMILY, WOMAN, COMPACT, MEMBERS_ONLY = (1 << at for at in range(9))
NO_CEILING_CM = 32_000
"""What open ground without a stated limit takes."""

_MEMBERS_ONLY = re.compile(
    r"정기권\s*전용|정기\s*차량\s*전용|월정기\s*전용|정기전용|계약자\s*전용|회원제|거주자\s*우선"
)
_CHARGING = re.compile(r"전기차|충전|EV\b")
# Charging words that speak of a discount for electric cars, not of a charger.
_CHARGING_DISCOUNT = re.compile(r"전기(?:자동)?차[^+,·]*(?:할인|감면|면제|프로|퍼센트)")


class Traited(Protocol):
    """The columns of a lot that traits are read from; a stored row has them, and so has `civic.parking.lots.Lot`."""

    @property
    def name(self) -> str: ...
    @property
    def remarks(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def fee_kind(self) -> str: ...
    @property
    def capacity(self) -> int: ...
    @property
    def opening_hours(self) -> str | None: ...
    @property
    def has_charging(self) -> bool | None: ...
    @property
    def has_disabled(self) -> bool | None: ...
    @property
    def capacity_family(self) -> int | None: ...
    @property
    def capacity_woman(self) -> int | None: ...
    @property
    def capacity_compact(self) -> int | None: ...
    @property
    def max_height_cm(self) -> int | None: ...
    @property
    def is_covered(self) -> bool | None: ...


def traits(lot: Traited) -> int:
    """The bits that hold for a lot."""
    return (
        EV * mentions_charging(lot)
        | DISABLED * (lot.has_disabled is True)
        | FREE * (lot.fee_kind == "free")
        | LARGE * (lot.capacity >= LARGE_CAPACITY)
        | ALL_DAY * (lot.opening_hours == "24/7")
        | FAMILY * bool(lot.capacity_family)
        | WOMAN * bool(lot.capacity_woman)
        | COMPACT * bool(lot.capacity_compact)
        | MEMBERS_ONLY * is_members_only(lot)
    )


def is_members_only(lot: Traited) -> bool:
    """For pass holders or residents by its own name or remarks: a visitor should know before driving there."""
    return bool(_MEMBERS_ONLY.search(f"{lot.name} {lot.remarks}"))


def mentions_charging(lot: Traited) -> bool:
    """The name or remarks speak of a charger (the national file has no column for it)."""
    return bool(lot.has_charging) or bool(
        _CHARGING.search(lot.name) or _CHARGING.search(_CHARGING_DISCOUNT.sub("", lot.remarks))
    )


def tallest_cm(lot: Traited) -> int:
    """The highest car that may drive in, in centimetres, as far as is known; 0 when nothing is."""
    if lot.max_height_cm is not None:
        return lot.max_height_cm
    is_open_ground = lot.type in {"ON_STREET", "OFF_STREET_PARKING_GROUND"} and lot.is_covered is not True
    return NO_CEILING_CM if is_open_ground else 0
