"""What the house asks of a source of parking lots: the canonical form (ParkAPI v3 names, our tariff; docs/adr/0006)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

LotType = Literal["ON_STREET", "OFF_STREET_PARKING_GROUND", "CAR_PARK", "UNDERGROUND", "OTHER"]
Ownership = Literal["public", "private", "unknown"]
FeeKind = Literal["free", "paid", "mixed", "unknown"]


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices in won, times in minutes; None is "the source does not say", never zero.

    `first_minutes` cost `first_fee_krw` as a whole, then every begun `step_minutes` costs `step_fee_krw`;
    `day_cap_krw` is the most that 24 hours cost. `month_pass_krw` is shown, not computed with.
    """

    first_minutes: int | None = None
    first_fee_krw: int | None = None
    step_minutes: int | None = None
    step_fee_krw: int | None = None
    day_cap_krw: int | None = None
    month_pass_krw: int | None = None


@dataclass(frozen=True, slots=True)
class ParkingRecord:
    """One lot. `uid` is unique within the source; `external_ids` holds every id the lot was published under.

    `lat`, `lon`: WGS 84 degrees, both None when the source's point cannot be trusted. `opening_hours`: OSM syntax,
    None when unknown; a day that the source leaves open is `unknown` inside it, and `hours_note` says why in Korean.
    `has_disabled`, `has_charging`: None when the source does not say. `tariff`: None when no price is known.
    `provider`: who published the row (a source's own code), the unit in which a newer file replaces an older one.
    """

    uid: str
    external_ids: tuple[str, ...]
    provider: str
    name: str
    ownership: Ownership
    type: LotType
    address: str
    lat: float | None
    lon: float | None
    capacity: int
    has_disabled: bool | None
    has_charging: bool | None
    opening_hours: str | None
    hours_note: str
    fee_kind: FeeKind
    tariff: Tariff | None
    payment: str
    remarks: str
    operator: str
    phone: str
    data_date: date | None


@dataclass(frozen=True, slots=True)
class RowNote:
    """Why a row was left out, joined to another, or taken with a doubt. `line` counts from 1, the header is line 1."""

    line: int
    uid: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What reading a file came to: `rows` = accepted + merged + skipped. Doubts are on accepted or merged rows."""

    source: str
    attribution: str
    rows: int
    accepted: int
    merged: tuple[RowNote, ...] = ()
    skipped: tuple[RowNote, ...] = ()
    doubts: tuple[RowNote, ...] = ()
    reasons_ko: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParkingFile:
    """A source file, read: the good records, and the account of the others."""

    records: tuple[ParkingRecord, ...]
    report: ReadReport


class ParkingReader(Protocol):
    """One source: a module `integrations/parking/<vendor>.py` with this function."""

    def read(self, path: Path) -> ParkingFile:
        """Read a whole file. Raises BadInput when it is not this source's format at all; bad rows never raise."""
        ...
