"""One lot of old ParkAPI (v1): name, total, free and a state; a lot in state `nodata` has no meaningful `free`."""

from collections.abc import Mapping
from datetime import datetime

from core.contracts.parking import LotType, OpeningStatus, ParkingRecord, RealtimeRecord
from integrations.parking._parkapi_site import UID_MOST, How, Item
from integrations.parking._parkapi_values import bays, moment, place, text, whole

_TYPES: Mapping[str, LotType] = {
    "street": "ON_STREET",
    "lot": "OFF_STREET_PARKING_GROUND",
    "underground": "UNDERGROUND",
    "garage": "CAR_PARK",
    "straßenrand": "ON_STREET",
    "parkplatz": "OFF_STREET_PARKING_GROUND",
    "tiefgarage": "UNDERGROUND",
    "parkhaus": "CAR_PARK",
}
_STATES: Mapping[str, OpeningStatus] = {"open": "OPEN", "closed": "CLOSED"}


def counted_at(document: Item, how: How) -> datetime | None:
    """v1 has one moment for all lots."""
    return moment(document.get("last_updated"), how.zone)


def uid_of(lot: Item, how: How) -> str:
    """`id`; servers of version 3 write it as `original_uid`; the oldest cities had only names."""
    own = next((found for key in ("id", "original_uid", "name") if (found := text(lot.get(key), UID_MOST))), "")
    return f"{how.provider}:{own}" if own and how.is_prefixed else own


def static(uid: str, lot: Item, how: How) -> tuple[ParkingRecord | None, list[str]]:
    """The lot and what is doubted of it, or None and why it is none."""
    name, capacity = text(lot.get("name"), 256), bays(lot.get("total", lot.get("count")))
    told = lot.get("coords")
    coords: Item = told if isinstance(told, dict) else {}
    lat, lon, doubt = place(coords.get("lat"), coords.get("lng", coords.get("lon")), how.bounds)
    address = " ".join(found for key in ("region", "address") if (found := text(lot.get(key), 256)))
    if not name or capacity is None:
        return None, ["no_name" if not name else "no_capacity"]
    if not address and lat is None:
        return None, ["nowhere_here" if doubt == "point_outside" else "nowhere"]
    hours = text(lot.get("opening_hours"), 512)
    link = text(lot.get("url") or lot.get("public_url"), 2_000)
    record = ParkingRecord(
        uid=uid,
        external_ids=(uid,),
        provider=how.provider or how.source,
        name=name,
        ownership=how.ownership,
        type=_TYPES.get(text(lot.get("lot_type"), 40).lower(), "OTHER"),
        address=address,
        lat=lat,
        lon=lon,
        capacity=capacity,
        has_disabled=None,
        has_charging=None,
        opening_hours=hours or None,
        hours_note="" if hours else "시간 확인 필요",
        fee_kind="unknown",
        tariff=None,
        payment="",
        remarks="",
        operator="",
        phone="",
        data_date=None,
        has_realtime=text(lot.get("state"), 20).lower() not in ("", "nodata"),
        public_url=link if link.startswith(("https://", "http://")) else "",
    )
    return record, [reason for reason in (doubt, "capacity_zero" if capacity == 0 else "") if reason]


def realtime(uid: str, lot: Item, how: How, updated_at: datetime | None, fetched_at: datetime) -> RealtimeRecord:
    state = text(lot.get("state"), 20).lower()
    has_data = state != "nodata"
    free = whole(lot.get("free")) if has_data else None
    reason = "" if free is not None else "nodata" if not has_data else "free_not_told"
    return RealtimeRecord(
        source=how.source,
        uid=uid,
        free=free,
        fetched_at=fetched_at,
        updated_at=updated_at,
        capacity=bays(lot.get("total", lot.get("count"))),
        opening_status=_STATES.get(state, "UNKNOWN"),
        is_linked=has_data,
        reason=reason,
    )
