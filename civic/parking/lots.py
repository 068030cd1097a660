"""A stored lot as the rest of the house sees it, and the few things that are read out of its own words."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from civic.parking.discounts import of_lot
from civic.parking.fees import Quote, lot_fee_krw, quote
from civic.parking.tariffs import from_row
from civic.parking.traits import is_members_only, mentions_charging, tallest_cm
from core.clock import SEOUL
from core.contracts.parking import Audience, Tariff
from core.contracts.tariff import Discount, DiscountKind


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot. Fields as in `core.contracts.parking.ParkingRecord`; `source` is the one that it came from."""

    id: UUID
    name: str
    ownership: str
    type: str
    address: str
    lat: float | None
    lon: float | None
    capacity: int
    has_disabled: bool | None
    has_charging: bool | None
    opening_hours: str | None
    hours_note: str
    fee_kind: str
    tariff: Tariff | None
    payment: str
    remarks: str
    operator: str
    phone: str
    data_date: date | None
    source: str = ""
    uid: str = ""
    external_ids: tuple[str, ...] = ()
    owner: str = ""
    attribution: str = ""
    road_address: str = ""
    zone_grade: str = ""
    rotation: str = ""
    purpose: str = "CAR"
    capacity_disabled: int | None = None
    capacity_charging: int | None = None
    capacity_family: int | None = None
    capacity_woman: int | None = None
    capacity_compact: int | None = None
    capacity_senior: int | None = None
    capacity_truck: int | None = None
    capacity_bus: int | None = None
    capacity_motorcycle: int | None = None
    capacity_carsharing: int | None = None
    max_height_cm: int | None = None
    is_covered: bool | None = None
    park_and_ride: bool | None = None
    has_realtime: bool = False
    fee_description: str = ""
    public_url: str = ""
    static_data_updated_at: datetime | None = None

    @property
    def is_members_only(self) -> bool:
        """`traits.is_members_only`."""
        return is_members_only(self)

    @property
    def mentions_charging(self) -> bool:
        """`traits.mentions_charging`."""
        return mentions_charging(self)

    def bays(self, audience: Audience) -> int | None:
        """Bays kept for somebody; None when nobody said how many."""
        found: int | None = getattr(self, f"capacity_{audience}")
        return found

    def takes_height(self, height_cm: int) -> bool | None:
        """Whether a car this high may drive in; None when the source names no limit."""
        return None if self.max_height_cm is None else height_cm <= self.max_height_cm

    def may_take_height(self, height_cm: int) -> bool:
        """The same for somebody who looks for a lot: open ground without a stated limit has no ceiling to hit."""
        return tallest_cm(self) >= height_cm

    def fee_krw(self, minutes: int, entered_at: datetime | None = None) -> int | None:
        """Won for a stay; None when unknown. With `entered_at` (aware) the hours and days of that stay count."""
        return lot_fee_krw(self.fee_kind, self.tariff, minutes, entered_at)

    def quote(self, minutes: int, entered_at: datetime, kinds: Collection[DiscountKind] = ()) -> Quote:
        """The same for somebody who says what he has a right to (경차, 장애인…), by the best discount of this lot."""
        if self.fee_kind not in {"paid", "mixed"} or self.tariff is None:
            krw = self.fee_krw(minutes, entered_at)
            return Quote(krw, krw)
        mine = [one for one in self.discounts(entered_at.astimezone(SEOUL).date()) if one.kind in kinds]
        return quote(self.tariff, minutes, entered_at, mine)

    def discounts(self, day: date) -> list[Discount]:
        """Who pays less here: what the source says as data, else in its remarks, and what law gives in public lots."""
        own = list(self.tariff.discounts) if self.tariff else []
        return of_lot(own, f"{self.remarks} {self.fee_description}", is_public=self.ownership == "public", day=day)


def from_mapping(row: RowMapping | dict[str, Any]) -> Lot:
    values = {name: row[name] for name in Lot.__slots__}
    values["tariff"] = from_row(values["tariff"])
    values["external_ids"] = tuple(values["external_ids"])
    return Lot(**values)


def squeezed(name: str) -> str:
    """A name without spaces, marks and the words every lot has: what citizens and files agree on."""
    plain = "".join(_CIRCLED.get(character, character) for character in name.lower())
    return re.sub(r"공영|주차장|노외|노상|parking\s*lot|[^0-9a-z가-힣]", "", plain)


@lru_cache(maxsize=32_768)
def squeezed_name(name: str) -> str:
    """`squeezed` for names out of the store, remembered; what citizens write is not kept."""
    return squeezed(name)


_CIRCLED = {chr(0x2460 + n): str(n + 1) for n in range(20)}
