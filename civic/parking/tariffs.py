"""A tariff as the JSON that is stored and given out, and back: what the source does not say is left out."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from core.contracts.tariff import Band, Discount, Pass, Rate, Tariff

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
