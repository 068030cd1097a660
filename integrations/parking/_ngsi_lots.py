"""Entities of the smart data models for parking as lots and numbers: OffStreetParking, OnStreetParking, group, spot.

Source: smart-data-models dataModel.Parking. A group or a spot whose site is in the same answer is part of that site.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.contracts.parking import Audience, FeeKind, LotType, OpeningStatus, ParkingRecord, RealtimeRecord
from integrations.parking._hub_values import (
    NO_BAYS,
    NO_CAPACITY,
    NO_ID,
    NO_NAME,
    NO_NUMBER,
    NOWHERE,
    OUTSIDE,
    UID_MOST,
    Account,
    HubSettings,
    count,
    moment,
    number,
    whole,
    words,
)
from integrations.parking._ngsi_entity import Entity
from integrations.parking._ngsi_hours import hours, minutes
from integrations.parking._places import representative

SITES = frozenset({"OffStreetParking", "OnStreetParking"})
PARTS = frozenset({"ParkingGroup", "ParkingSpot"})
OTHER_TYPE, PART = "other_type", "part_of_site"
_OPEN = frozenset({"open", "offen", "spacesavailable", "almostfull", "full", "fullatentrance", "free", "occupied"})
_SHUT = frozenset({"closed", "geschlossen", "closedabnormal"})
_BROKEN = frozenset({"stoerung", "störung", "fault", "outoforder", "outofservice", "malfunction"})
_FREE_WORDS = {"free": 1, "occupied": 0}
_WORDS: tuple[tuple[str, Audience], ...] = (
    ("disabled", "disabled"),
    ("handicap", "disabled"),
    ("electric", "charging"),
    ("charging", "charging"),
    ("women", "woman"),
    ("famil", "family"),
    ("pregnant", "family"),
)
_OWN_COUNTS: dict[str, Audience] = {
    "handicappedParkingSpots": "disabled",
    "disabledParkingSpots": "disabled",
    "womenParkingSpots": "woman",
    "familyParkingSpots": "family",
}


@dataclass
class Reading:
    """Lots and numbers of one answer. `is_whole`: every entity is told whole, so that a number without a lot is none;
    else (a notification) entities may hold only what changed.
    """

    source: str
    now: datetime
    settings: HubSettings
    is_whole: bool = True
    lots: Account[ParkingRecord] = field(default_factory=Account)
    numbers: Account[RealtimeRecord] = field(default_factory=Account)

    def take(self, found: Iterable[Entity]) -> None:
        """Sites first, since parts join them."""
        listed = list(found)
        sites = {one.id for one in listed if SITES & set(one.types)}
        parts = []
        for one in listed:
            if PARTS & set(one.types) and str(one.value("refParkingSite")) in sites:
                parts.append(one)
            else:
                self._take(one)
        for one in parts:
            self._join(one)

    def _take(self, one: Entity) -> None:
        self.lots.rows += 1
        self.numbers.rows += 1
        refused = self._refusal(one)
        if refused:
            self.lots.skip(one.id, refused)
            if self.is_whole or refused in (NO_ID, OTHER_TYPE):
                self.numbers.skip(one.id, refused)
                return
        else:
            if not _capacity(one):
                self.lots.doubt(one.id, NO_BAYS)
            self.lots.take(_lot(one, self.settings, self.source))
        made = _number(one, self.source, self.now, self.settings)
        if made is None:
            self.numbers.skip(one.id, NO_NUMBER)
        else:
            self.numbers.take(made)

    def _refusal(self, one: Entity) -> str:
        if not one.id or len(one.id) > UID_MOST:
            return NO_ID
        if not (SITES | PARTS) & set(one.types):
            return OTHER_TYPE
        if not _name(one):
            return NO_NAME
        if _capacity(one) is None:
            return NO_CAPACITY
        where = _point(one)
        if where is None or self.settings.bounds.take(*where) is None:
            return (OUTSIDE if where else NOWHERE) if not _address(one) else ""
        return ""

    def _join(self, one: Entity) -> None:
        """A group's bays are among its site's; their numbers too."""
        self.lots.rows += 1
        site = str(one.value("refParkingSite"))
        lot, now = self.lots.taken.get(site), self.numbers.taken.get(site)
        self.lots.skip(one.id, PART, site)
        for audience in _audiences(one):
            bays, free = _capacity(one), _free(one)
            if lot is not None and bays is not None:
                known = getattr(lot, f"capacity_{audience}") or 0
                lot = replace(lot, **{f"capacity_{audience}": known + bays})  # type: ignore[arg-type]
                self.lots.taken[site] = lot
            if now is not None and free is not None and free >= 0:
                now = replace(now, free_by={**now.free_by, audience: now.free_by.get(audience, 0) + free})
                self.numbers.taken[site] = now


def _lot(one: Entity, settings: HubSettings, source: str) -> ParkingRecord:
    where = _point(one)
    inside = settings.bounds.take(*where) if where else None
    opening, note = hours(one)
    kinds = _kinds(one)
    bays = {audience: found for name, audience in _OWN_COUNTS.items() if (found := count(one.value(name))) is not None}
    if "ParkingSpot" in one.types or "ParkingGroup" in one.types:
        bays |= dict.fromkeys(_audiences(one), _capacity(one) or 0)
    provider = one.value("provider", "dataProvider")
    provider = provider.get("name", "") if isinstance(provider, dict) else provider
    height, width = number(one.value("maximumAllowedHeight")), number(one.value("maximumAllowedWidth"))
    return ParkingRecord(
        uid=one.id,
        external_ids=_ids(one),
        provider=source,
        provider_name=words(provider),
        name=_name(one),
        ownership="public" if "public" in kinds else "private" if "private" in kinds else "unknown",
        type=_type(one, kinds),
        address=_address(one),
        lat=inside[0] if inside else None,
        lon=inside[1] if inside else None,
        capacity=_capacity(one) or 0,
        has_disabled=True if _mentions(kinds, "disabled") else None,
        has_charging=_charging(one, kinds),
        opening_hours=opening,
        hours_note=note,
        fee_kind=_fee(kinds),
        tariff=None,
        payment=", ".join(words(each, 60) for each in _listed(one.value("acceptedPaymentMethod"))),
        remarks=words(one.value("description")),
        operator=words(provider),
        phone="",
        data_date=None,
        group_uid=words(one.value("refParkingSite"), UID_MOST) if PARTS & set(one.types) else "",
        owner=settings.owner,
        max_height_cm=round(height * 100) if height and 1 <= height <= 10 else None,
        max_width_cm=round(width * 100) if width and 1 <= width <= 10 else None,
        max_stay_minutes=minutes(one.value("maximumParkingDuration")),
        park_and_ride=True if any("park and ride" in kind or "parkandride" in kind for kind in kinds) else None,
        has_realtime=number(one.value("availableSpotNumber")) is not None or "ParkingSpot" in one.types,
        fee_description=_price(one),
        public_url=_url(one.value("website", "url")),
        photo_url=next((_url(each) for each in _listed(one.value("images", "image"))), ""),
        static_data_updated_at=moment(one.value("dateModified"), settings.zone),
        **{f"capacity_{audience}": many for audience, many in bays.items()},  # type: ignore[arg-type]
    )


def _number(one: Entity, source: str, now: datetime, settings: HubSettings) -> RealtimeRecord | None:
    """None when the entity says neither how many are free nor whether it is open."""
    status = _status(one)
    is_broken, free = bool(status & _BROKEN), _free(one)
    opening: OpeningStatus = "CLOSED" if status & _SHUT else "OPEN" if status & _OPEN else "UNKNOWN"
    if free is None and opening == "UNKNOWN" and not is_broken:
        return None
    told = [one.observed("availableSpotNumber"), one.observed("status")]
    told += [
        one.value(name) for name in ("observationDateTime", "occupancyModified", "dateObserved", "TimeInstant")
    ] + [one.value("dateModified")]
    capacity = whole(one.value("totalSpotNumber"))
    return RealtimeRecord(
        source=source,
        uid=one.id,
        free=free,
        fetched_at=now,
        updated_at=next((at for each in told if (at := moment(each, settings.zone))), None),
        capacity=capacity if capacity is None or capacity >= 0 else None,
        opening_status=opening,
        is_linked=not is_broken,
        reason="" if free is not None else NO_NUMBER,
    )


def _free(one: Entity) -> int | None:
    """As told; else what is left beside the cars inside, unless the status has a word that nobody knows."""
    told = whole(one.value("availableSpotNumber"))
    if told is not None:
        return told
    status = _status(one)
    if "ParkingSpot" in one.types:
        return next((free for word, free in _FREE_WORDS.items() if word in status), None)
    inside, bays = whole(one.value("occupiedSpotNumber")), whole(one.value("totalSpotNumber"))
    is_understood = not status or bool(status & (_OPEN | _SHUT))
    return bays - inside if inside is not None and bays is not None and is_understood else None


def _status(one: Entity) -> set[str]:
    return {words(each, 60).lower() for each in _listed(one.value("status"))}


def _capacity(one: Entity) -> int | None:
    told = count(one.value("totalSpotNumber"))
    return 1 if told is None and "ParkingSpot" in one.types else told


def _name(one: Entity) -> str:
    """Street parking is often without a name: then its address, then the last part of its id."""
    told = words(one.value("name", "alternateName"))
    return told or words(_address(one)) or words(re.sub(r"[_\W]+", " ", one.id.rpartition(":")[2]))


def _ids(one: Entity) -> tuple[str, ...]:
    own = words(one.value("parkingSiteId"), UID_MOST)
    return (one.id, f"parkingSiteId:{own}") if own else (one.id,)


def _point(one: Entity) -> tuple[float, float] | None:
    """Latitude and longitude: GeoJSON (longitude first), geo:point text (latitude first), or two attributes."""
    told = one.value("location")
    if isinstance(told, str) and "," in told:
        lat, _, lon = told.partition(",")
        pair = number(lat), number(lon)
    else:
        found = representative(told)
        pair = (found[1], found[0]) if found else (number(one.value("lat")), number(one.value("lon")))
    return (pair[0], pair[1]) if pair[0] is not None and pair[1] is not None else None


def _address(one: Entity) -> str:
    told = one.value("address")
    if isinstance(told, str):
        return words(told)
    parts = told if isinstance(told, dict) else {}

    def part(name: str) -> str:
        return words(parts.get(name) or one.value(name), 200)

    street, locality = part("streetAddress"), part("addressLocality")
    if re.search(r"[가-힣]", street + locality):
        return " ".join(each for each in (part("addressRegion"), locality, part("district"), street) if each)
    # A town alone is no address: nobody finds a lot by it.
    return ", ".join(each for each in (street, f"{part('postalCode')} {locality}".strip()) if each) if street else ""


def _kinds(one: Entity) -> list[str]:
    """Every word that says of what kind the lot is, in lower case."""
    named = ("category", "layout", "facilities", "parking_type")
    listed = [each for name in named for each in _listed(one.value(name))]
    return [words(each, 60).lower() for each in listed]


def _type(one: Entity, kinds: list[str]) -> LotType:
    if "OnStreetParking" in one.types or "onstreet" in kinds:
        return "ON_STREET"
    if "underground" in kinds:
        return "UNDERGROUND"
    if any(kind in ("multistorey", "multilevel", "parkinggarage", "parking garage", "automatedparkinggarage")
           for kind in kinds):  # fmt: skip
        return "CAR_PARK"
    open_air = ("surface", "openspace", "singlelevel", "field", "ground", "parkinglot")
    return "OFF_STREET_PARKING_GROUND" if any(kind in open_air for kind in kinds) else "OTHER"


def _fee(kinds: list[str]) -> FeeKind:
    is_free, is_paid = "free" in kinds, "feecharged" in kinds
    return "mixed" if is_free and is_paid else "free" if is_free else "paid" if is_paid else "unknown"


def _charging(one: Entity, kinds: list[str]) -> bool | None:
    stations = one.attributes.get("chargingStations")
    if stations is not None and isinstance(stations.value, list):
        return bool(stations.value)
    return True if any("electric" in kind and "charging" in kind for kind in kinds) else None


def _audiences(one: Entity) -> set[Audience]:
    """For whom a group or a spot is kept."""
    kinds = _kinds(one)
    return {audience for word, audience in _WORDS if _mentions(kinds, word)}


def _mentions(kinds: list[str], word: str) -> bool:
    """`onlyDisabled`, `forDisabled`: kept for somebody; `handicapped bathroom`, `paying machine` are not bays."""
    return any(word in kind and " " not in kind for kind in kinds)


def _price(one: Entity) -> str:
    rate, currency = number(one.value("priceRatePerMinute")), words(one.value("priceCurrency"), 10)
    return f"분당 {rate:g} {currency}".strip() if rate else ""


def _url(value: Any) -> str:
    told = words(value, 500)
    return told if told.startswith(("https://", "http://")) else ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
