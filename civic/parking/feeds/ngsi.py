"""A lot as an NGSI-LD entity of the smart data models (OffStreetParking, OnStreetParking), in any form a hub asks for.

Source: ETSI GS CIM 009 (NGSI-LD API), smart-data-models dataModel.Parking. Pure: no store, no web.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from civic.parking.feeds.publishing import Publisher, ids_of, told
from civic.parking.lots import Lot
from civic.parking.search import Found
from core.linked import CORE_CONTEXT, Form, stamp, written

EntityType = Literal["OffStreetParking", "OnStreetParking"]
TYPES: tuple[EntityType, ...] = ("OffStreetParking", "OnStreetParking")
CONTEXT = ("https://raw.githubusercontent.com/smart-data-models/dataModel.Parking/master/context.jsonld", CORE_CONTEXT)
"""Names of the attributes, in the order in which they are to be read."""
_OWN_COUNTS = {
    "capacity_disabled": "handicappedParkingSpots",
    "capacity_woman": "womenParkingSpots",
    "capacity_family": "familyParkingSpots",
}
"""Names that FIWARE cities use (Heidelberg); the data model has only free places of groups."""
_LAYOUTS = {"CAR_PARK": "multiStorey", "OFF_STREET_PARKING_GROUND": "openSpace"}


def type_of(lot: Lot) -> EntityType:
    return "OnStreetParking" if lot.type == "ON_STREET" else "OffStreetParking"


def id_of(lot: Lot, city_id: str) -> str:
    return f"urn:ngsi-ld:{type_of(lot)}:{city_id}:{lot.id}"


def lot_id(entity_id: str, city_id: str) -> UUID | None:
    """The lot that an id of ours names, else None. The type in it is not looked at: a lot may change its kind."""
    for kind in TYPES:
        own = f"urn:ngsi-ld:{kind}:{city_id}:"
        if entity_id.startswith(own):
            try:
                return UUID(entity_id.removeprefix(own))
            except ValueError:
                return None
    return None


def entity(
    found: Found, publisher: Publisher, form: Form = "normalized", attributes: Collection[str] = ()
) -> dict[str, Any]:
    """The entity without its @context. The lot must have a point. `attributes`: only these, all when empty."""
    made: dict[str, Any] = {"id": id_of(found.lot, publisher.city_id), "type": type_of(found.lot)}
    for name, value, observed_at in _attributes(found, publisher):
        if value not in (None, "", []) and (not attributes or name in attributes):
            made[name] = written(name, value, form, observed_at=observed_at)
    return made


def _attributes(found: Found, publisher: Publisher) -> Iterator[tuple[str, Any, datetime | None]]:
    lot = found.lot
    yield from (
        ("name", lot.name, None),
        ("location", {"type": "Point", "coordinates": [lot.lon, lot.lat]}, None),
        ("address", _address(lot), None),
        ("category", _category(lot), None),
        ("layout", [_LAYOUTS[lot.type]] if lot.type in _LAYOUTS else [], None),
        ("totalSpotNumber", lot.capacity, None),
    )
    yield from ((name, getattr(lot, field), None) for field, name in _OWN_COUNTS.items())
    yield from _numbers(found)
    yield from (
        ("openingHours", lot.opening_hours, None),
        ("maximumAllowedHeight", None if lot.max_height_cm is None else lot.max_height_cm / 100, None),
        ("description", lot.remarks, None),
        ("website", lot.public_url, None),
        ("provider", publisher.owner(lot), None),
        ("dataProvider", publisher.attribution(lot), None),
        ("license", publisher.licence_url or publisher.licence, None),
        ("source", lot.source, None),
        ("parkingSiteId", lot.uid, None),
        ("externalIds", list(ids_of(lot)), None),
        ("dateModified", _modified(lot), None),
    )


def _numbers(found: Found) -> Iterator[tuple[str, Any, datetime | None]]:
    """Only what is believed; a closed gate is told as closed and never as full."""
    number = told(found.number)
    if number is None:
        return
    at = number.counted_at
    if number.free is not None:
        capacity = number.capacity or found.lot.capacity
        yield "availableSpotNumber", number.free, at
        if capacity >= number.free and capacity:
            yield "occupiedSpotNumber", capacity - number.free, at
            yield "occupancy", round(1 - number.free / capacity, 4), at
    words = {"OPEN": ["open"], "CLOSED": ["closed"]}.get(number.opening_status, [])
    if number.free is not None and not number.is_closed:
        words = [*words, "full" if number.is_full else "spacesAvailable"]
    yield "status", words, at
    yield "observationDateTime", stamp(at), None


def _address(lot: Lot) -> Mapping[str, str]:
    where = lot.road_address or lot.address
    return {"streetAddress": where, "addressCountry": "KR"} if where else {}


def _category(lot: Lot) -> list[str]:
    """Words of the data model's lists only."""
    words = [lot.ownership] if lot.ownership in ("public", "private") else []
    words += {"free": ["free"], "paid": ["feeCharged"], "mixed": ["feeCharged"]}.get(lot.fee_kind, [])
    words += ["underground"] if lot.type == "UNDERGROUND" else []
    words += ["forDisabled"] if lot.has_disabled else []
    words += ["forElectricalCharging"] if lot.has_charging else []
    return words


def _modified(lot: Lot) -> str:
    if lot.static_data_updated_at is not None:
        return stamp(lot.static_data_updated_at)
    return lot.data_date.isoformat() if lot.data_date else ""
