"""A tariff as the JSON that is stored and given out, and back: what the source does not say is left out."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from core.contracts.tariff import DAY_MINUTES, Band, Discount, Pass, Rate, Tariff

_NESTED: dict[str, type[Any]] = {"bands": Band, "discounts": Discount, "passes": Pass, "rate": Rate}


def to_row(tariff: Tariff | None) -> dict[str, Any] | None:
    """The tariff without the fields that have their default; None stays None."""
    return None if tariff is None else _sparse(tariff)


def from_row(row: Mapping[str, Any] | None) -> Tariff | None:
    """The stored block as a tariff. Fields that are unknown here (a newer installation's) are passed over."""
    if row is None:
        return None
    found: Tariff = _built(Tariff, row)
    return found


def is_sound(tariff: Tariff) -> bool:
    """Whether the numbers can be computed with: whole, not negative, none beyond what a lot could ever ask.

    What another system sent goes through here before it is stored, so that no odd figure keeps an answer counting.
    """
    return (
        _is_in_range(tariff)
        and tariff.day_cap_from < tariff.day_cap_to
        and max(len(tariff.bands), len(tariff.discounts), len(tariff.passes)) <= _MOST_PARTS
        and tariff.day_basis in ("entry", "calendar")
    )


_MOST_PARTS = 48
_MOST_MINUTES = 44_640  # a month of 31 days
_MOST_KRW = 10_000_000
_RANGES = {
    "day_cap_minutes": (60, _MOST_MINUTES),
    "start": (0, DAY_MINUTES),
    "end": (0, DAY_MINUTES),
    "day_cap_from": (0, DAY_MINUTES),
    "day_cap_to": (0, DAY_MINUTES),
    "percent": (0, 100),
    "months": (1, 120),
    "round_down_krw": (1, 1_000),
}


def _is_in_range(block: Any) -> bool:
    for one in fields(block):
        value = getattr(block, one.name)
        if isinstance(value, tuple):
            if not all(_is_in_range(item) for item in value if isinstance(item, tuple(_NESTED.values()))):
                return False
        elif isinstance(value, Rate):
            if not _is_in_range(value):
                return False
        elif one.name in _RANGES or one.name.endswith(("_minutes", "krw")):
            least, most = _RANGES.get(one.name, (0, _MOST_MINUTES if one.name.endswith("_minutes") else _MOST_KRW))
            if value is not None and (type(value) is not int or not least <= value <= most):
                return False
    return True


def _sparse(block: Any) -> dict[str, Any]:
    return {one.name: _plain(value) for one in fields(block) if (value := getattr(block, one.name)) != _default(one)}


def _default(one: Any) -> Any:
    return one.default if one.default is not MISSING else MISSING


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return _sparse(value) if isinstance(value, tuple(_NESTED.values())) else value


def _built(kind: type[Any], row: Mapping[str, Any]) -> Any:
    return kind(**{one.name: _read(one.name, row[one.name]) for one in fields(kind) if one.name in row})


def _read(name: str, value: Any) -> Any:
    nested = _NESTED.get(name)
    if isinstance(value, list):
        return tuple(_built(nested, item) if nested else item for item in value)
    return _built(nested, value) if nested and value is not None else value
