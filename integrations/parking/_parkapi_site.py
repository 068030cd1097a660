"""One item of ParkAPI v3 as our records: the flat fields up to 0.24 and the `restrictions` list of later versions.

Field names: ParkAPI's parking model (docs/sources/parkapi.md). What an item does not say stays None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from core.contracts.parking import (
    Audience,
    FeeKind,
    LotType,
    OpeningStatus,
    Ownership,
    ParkingRecord,
    Purpose,
    RealtimeRecord,
    Supervision,
)
from integrations.parking._parkapi_values import Bounds, bays, flag, minutes, moment, place, text, whole

Item = Mapping[str, Any]
AUDIENCES: Mapping[str, Audience] = {
    "DISABLED": "disabled",
    "CHARGING": "charging",
    "FAMILY": "family",
    "WOMEN": "woman",
    "CARSHARING": "carsharing",
    "TRUCK": "truck",
    "BUS": "bus",
}
"""ParkingAudience of ParkAPI. Its others (TAXI, RESIDENT, CUSTOMER…) have no bays of their own in our form."""
_FLAT: Mapping[str, Audience] = {
    "disabled": "disabled",
    "charging": "charging",
    "family": "family",
    "woman": "woman",
    "carsharing": "carsharing",
    "truck": "truck",
    "bus": "bus",
}
_TYPES: Mapping[str, LotType] = {
    "ON_STREET": "ON_STREET",
    "OFF_STREET_PARKING_GROUND": "OFF_STREET_PARKING_GROUND",
    "CAR_PARK": "CAR_PARK",
    "UNDERGROUND": "UNDERGROUND",
}
_PURPOSES: Mapping[str, Purpose] = {"CAR": "CAR", "BIKE": "BIKE", "ITEM": "ITEM"}
_STATUSES: Mapping[str, OpeningStatus] = {"OPEN": "OPEN", "CLOSED": "CLOSED", "UNKNOWN": "UNKNOWN"}
_SUPERVISION: Mapping[str, Supervision] = {"YES": "YES", "NO": "NO", "VIDEO": "VIDEO", "ATTENDED": "ATTENDED"}
_FEES: Mapping[bool | None, FeeKind] = {True: "paid", False: "free", None: "unknown"}
UID_MOST = 256


@dataclass(frozen=True, slots=True)
class How:
    """How one source's items are taken. `provider`: the publisher of all of them, "" for each item's `source_id`.

    `is_prefixed`: uids are unique only within the provider, so that it stands before them.
    """

    source: str
    zone: tzinfo
    bounds: Bounds
    provider: str = ""
    is_prefixed: bool = False
    ownership: Ownership = "unknown"
    purposes: tuple[Purpose, ...] = ("CAR",)


def provider_of(item: Item, how: How) -> str:
    return how.provider or text(item.get("source_uid") or item.get("source_id"), UID_MOST) or how.source


def uid_of(item: Item, how: How) -> str:
    """`uid` of a push; the public API calls it `original_uid`, which is unique only within its source."""
    own = text(item.get("uid"), UID_MOST)
    if own or not (own := text(item.get("original_uid"), UID_MOST)):
        return f"{how.provider}:{own}" if own and how.is_prefixed else own
    is_shared = how.is_prefixed or (not how.provider and item.get("source_id") is not None)
    return f"{provider_of(item, how)}:{own}" if is_shared else own


def static(uid: str, item: Item, how: How) -> tuple[ParkingRecord | None, list[str]]:
    """The lot and what is doubted of it, or None and why it is none."""
    name, capacity = text(item.get("name"), 256), bays(item.get("capacity"))
    purpose = _purpose(item.get("purpose"), how)
    lat, lon, doubt = place(item.get("lat"), item.get("lon"), how.bounds)
    address = text(item.get("address"), 512)
    refused = _refusal(name, capacity, purpose, bool(address) or lat is not None, doubt)
    if refused or capacity is None or purpose is None:
        return None, [refused]
    kept = _kept(item)
    counts: dict[str, Any] = {f"capacity_{audience}": count for audience, count in kept.items()}
    hours = text(item.get("opening_hours"), 512)
    doubts = [doubt] if doubt else []
    doubts += ["capacity_zero"] if capacity == 0 else []
    updated_at = moment(item.get("static_data_updated_at"), how.zone)
    if updated_at is None and item.get("static_data_updated_at"):
        doubts.append("time_unreadable")
    supervision = _SUPERVISION.get(text(item.get("supervision_type"), 20), _supervised(item.get("is_supervised")))
    record = ParkingRecord(
        uid=uid,
        external_ids=_ids(uid, item),
        provider=provider_of(item, how),
        name=name,
        ownership=how.ownership,
        type=_TYPES.get(text(item.get("type"), 40), "OTHER"),
        address=address,
        lat=lat,
        lon=lon,
        capacity=capacity,
        has_disabled=_has("disabled", kept),
        has_charging=_has("charging", kept),
        opening_hours=hours or None,
        hours_note="" if hours else "시간 확인 필요",
        fee_kind=_FEES[flag(item.get("has_fee"))],
        tariff=None,
        payment="",
        remarks=_remarks(item),
        operator=text(item.get("operator_name"), 256),
        phone="",
        data_date=None,
        group_uid=text(item.get("group_uid"), 256),
        purpose=purpose,
        max_height_cm=bays(item.get("max_height")) or None,
        max_width_cm=bays(item.get("max_width")) or None,
        max_stay_minutes=_max_stay(item),
        park_and_ride=_park_and_ride(item.get("park_and_ride_type")),
        supervision=supervision,
        has_lighting=flag(item.get("has_lighting")),
        is_covered=flag(item.get("is_covered")),
        has_realtime=item.get("has_realtime_data") is True,
        fee_description=text(item.get("fee_description")),
        public_url=_url(item.get("public_url")),
        photo_url=_url(item.get("photo_url")),
        static_data_updated_at=updated_at,
        **counts,
    )
    return record, doubts


def _purpose(value: object, how: How) -> Purpose | None:
    """None for one that is not wanted here. Items of old versions do not say."""
    found = _PURPOSES.get(value) if isinstance(value, str) and value else "CAR" if not value else None
    return found if found in how.purposes else None


def _refusal(name: str, capacity: int | None, purpose: Purpose | None, is_somewhere: bool, doubt: str) -> str:
    if not name:
        return "no_name"
    if capacity is None:
        return "no_capacity"
    if purpose is None:
        return "other_purpose"
    return "" if is_somewhere else "nowhere_here" if doubt == "point_outside" else "nowhere"


def is_static(item: Item) -> bool:
    """Whether the item describes a lot, well or badly; a number alone has none of these."""
    return any(key in item for key in ("name", "lat", "lon", "capacity", "address"))


def is_realtime(item: Item) -> bool:
    """Whether the item tells something of the moment.

    A source that says `has_realtime_data: false` tells nothing, whatever it sends. One that says true without a number
    describes the lot: its numbers come in other calls, and must not be unlearnt by this one.
    """
    if item.get("has_realtime_data") is False:
        return False
    return any(key[:9] == "realtime_" and value is not None for key, value in item.items())


def realtime(uid: str, item: Item, how: How, fetched_at: datetime) -> tuple[RealtimeRecord, list[str]]:
    """What it claims of the moment, unclamped, and what is doubted of it."""
    doubts: list[str] = []
    free = whole(item.get("realtime_free_capacity"))
    reason = ""
    if free is None:
        reason = "free_not_told" if item.get("realtime_free_capacity") is None else "free_unreadable"
        doubts += [reason] if reason == "free_unreadable" else []
    updated_at = moment(item.get("realtime_data_updated_at"), how.zone)
    if updated_at is None and item.get("realtime_data_updated_at"):
        doubts.append("time_unreadable")
    capacity_by, free_by = _by_audience(item)
    record = RealtimeRecord(
        source=how.source,
        uid=uid,
        free=free,
        fetched_at=fetched_at,
        updated_at=updated_at,
        capacity=bays(item.get("realtime_capacity")),
        opening_status=_STATUSES.get(text(item.get("realtime_opening_status"), 20), "UNKNOWN"),
        free_by=free_by,
        capacity_by=capacity_by,
        reason=reason,
    )
    return record, doubts


def _by_audience(item: Item) -> tuple[dict[Audience, int], dict[Audience, int]]:
    capacity: dict[Audience, int] = {}
    free: dict[Audience, int] = {}
    for name, audience in _FLAT.items():
        for key, into in ((f"realtime_capacity_{name}", capacity), (f"realtime_free_capacity_{name}", free)):
            if key in item and (count := whole(item[key])) is not None:
                into[audience] = count
    for restriction in _restrictions(item):
        found = _audience(restriction)
        if found is None:
            continue
        for key, into in (("realtime_capacity", capacity), ("realtime_free_capacity", free)):
            if (count := whole(restriction.get(key))) is not None:
                into[found] = count
    return capacity, free


def _kept(item: Item) -> dict[Audience, int | None]:
    """Bays kept for somebody; None: there are some, not how many. Two rules for one audience are hours of one place."""
    kept: dict[Audience, int | None] = {}
    for name, audience in _FLAT.items():
        if (count := bays(item.get(f"capacity_{name}"))) is not None:
            kept[audience] = count
    for restriction in _restrictions(item):
        if (found := _audience(restriction)) is not None:
            counts = [count for count in (kept.get(found), bays(restriction.get("capacity"))) if count is not None]
            kept[found] = max(counts) if counts else None
    return kept


def _restrictions(item: Item) -> list[Item]:
    """`restricted_to` is what 0.24 called them."""
    found = item.get("restrictions") or item.get("restricted_to")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _audience(restriction: Item) -> Audience | None:
    kind = restriction.get("type")
    return AUDIENCES.get(kind) if isinstance(kind, str) else None


def _has(audience: Audience, kept: Mapping[Audience, int | None]) -> bool | None:
    if audience not in kept:
        return None
    count = kept[audience]
    return True if count is None else count > 0


def _max_stay(item: Item) -> int | None:
    """Of everybody: `max_stay` is in seconds, a restriction without a type has a duration."""
    seconds = bays(item.get("max_stay"))
    if seconds:
        return max(1, seconds // 60)
    return next(
        (found for one in _restrictions(item) if not one.get("type") and (found := minutes(one.get("max_stay")))), None
    )


def _ids(uid: str, item: Item) -> tuple[str, ...]:
    """OSM and DHID identifiers too: other sources know the same lot by them."""
    found = item.get("external_identifiers")
    others = [
        f"{text(one.get('type'), 20)}:{text(one.get('value'), 256)}"
        for one in (found if isinstance(found, list) else ())
        if isinstance(one, dict) and text(one.get("type"), 20) and text(one.get("value"), 256)
    ]
    return (uid, *dict.fromkeys(others)) if others else (uid,)


def _remarks(item: Item) -> str:
    """Tags are words of the source without a field of their own here."""
    tags = item.get("tags")
    words = [text(item.get("description"))]
    words += [text(tag, 256) for tag in tags] if isinstance(tags, list) else []
    return " · ".join(word for word in words if word)


def _park_and_ride(value: object) -> bool | None:
    """A list of means to ride on with; NO stands alone."""
    if not isinstance(value, list):
        return flag(value)
    kinds = {kind for kind in value if isinstance(kind, str)}
    return "NO" not in kinds if kinds else None


def _supervised(value: object) -> Supervision:
    return "YES" if value is True else "NO" if value is False else "UNKNOWN"


def _url(value: object) -> str:
    found = text(value, 2_000)
    return found if found.startswith(("https://", "http://")) else ""
