"""A lot as our own JSON: ParkAPI v3's names and meanings, with the tariff and what the number is worth."""

from datetime import datetime
from typing import Any

from civic.parking.feeds.publishing import Publisher, ids_of, told
from civic.parking.search import Found
from civic.parking.tariffs import to_row
from core.contracts.parking import PARKAPI_NAMES

FORMAT = "sinmungo.parking/1"
_SAME = (
    "name",
    "ownership",
    "type",
    "purpose",
    "lat",
    "lon",
    "address",
    "road_address",
    "capacity",
    "capacity_disabled",
    "capacity_charging",
    "capacity_family",
    "capacity_woman",
    "capacity_compact",
    "capacity_senior",
    "capacity_truck",
    "capacity_bus",
    "capacity_motorcycle",
    "capacity_carsharing",
    "max_height_cm",
    "is_covered",
    "park_and_ride",
    "opening_hours",
    "fee_kind",
    "fee_description",
    "payment",
    "remarks",
    "operator",
    "phone",
    "public_url",
)


def document(found: Found, publisher: Publisher) -> dict[str, Any]:
    """One lot; lengths in centimetres, money in won, moments in UTC with their zone. What nobody said is left out.

    `realtime_free_capacity` stands only for a number that is believed; `realtime_standing` says what it is worth
    (`civic.parking.numbers.Standing`) and `realtime_age_minutes` how old it is.
    """
    lot = found.lot
    made: dict[str, Any] = {"id": str(lot.id), "uid": lot.uid, "source_uid": lot.source}
    made["external_identifiers"] = list(ids_of(lot))
    made |= {PARKAPI_NAMES.get(name, name): getattr(lot, name) for name in _SAME}
    made |= {
        "has_realtime_data": lot.has_realtime or found.number is not None,
        "has_disabled": lot.has_disabled,
        "has_charging": lot.has_charging,
        "has_fee": {"free": False, "paid": True, "mixed": True}.get(lot.fee_kind),
        "tariff": to_row(lot.tariff),
        "currency": "KRW",
        "owner": publisher.owner(lot),
        "attribution": publisher.attribution(lot),
        "static_data_updated_at": _moment(lot.static_data_updated_at),
        "data_date": lot.data_date.isoformat() if lot.data_date else None,
    }
    made |= _now(found)
    return {name: value for name, value in made.items() if value is not None and value != ""}


def _now(found: Found) -> dict[str, Any]:
    if found.number is None:
        return {}
    made: dict[str, Any] = {"realtime_standing": found.number.standing}
    number = told(found.number)
    if number is None:
        return made
    return {
        **made,
        "realtime_free_capacity": number.free,
        "realtime_capacity": number.capacity,
        "realtime_opening_status": number.opening_status,
        "realtime_data_updated_at": _moment(number.counted_at),
        "realtime_age_minutes": number.minutes,
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
