"""A DATEX II lot as a canonical record, from both dialects: parkingRecord (Aachen) and parkingFacility (Stuttgart).

Source: DATEX II v2.3, parking publications (CEN/TS 16157-6) and the German MDM profile of parking facilities.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from lxml import etree

from core.contracts.parking import Audience, FeeKind, LotType, ParkingRecord, RealtimeRecord
from core.contracts.parking import OpeningStatus as Opening
from integrations.parking._datex2_hours import hours
from integrations.parking._datex2_xml import child, children, descendants, kind_of, said, text
from integrations.parking._hub_values import (
    GROUP,
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
    words,
)

Placed = Callable[[float, float], tuple[float, float]]
"""Latitude and longitude as the feed writes them → WGS 84."""
Groups = dict[str, Audience]
"""Number of a group of bays in its lot → for whom it is."""
_AUDIENCES: Mapping[str, Audience] = {
    "disabled": "disabled",
    "handicapped": "disabled",
    "registeredDisabledUsers": "disabled",
    "wheelchairUsers": "disabled",
    "women": "woman",
    "families": "family",
    "pregnantWomen": "family",
    "elderlyUsers": "senior",
    "pensioners": "senior",
    "battery": "charging",
    "lorry": "truck",
    "heavyGoodsVehicle": "truck",
    "bus": "bus",
    "coach": "bus",
    "motorcycle": "motorcycle",
    "carSharing": "carsharing",
}
_ASKED = (
    "personTypeForWhichSpacesAssigned",
    "applicableForUser",
    "fuelType",
    "vehicleType",
    "vehicleUsage",
)
_LAYOUTS: Mapping[str, LotType] = {
    "multiStorey": "CAR_PARK",
    "undergroundAndMultistorey": "CAR_PARK",
    "automatedParkingGarage": "CAR_PARK",
    "nested": "CAR_PARK",
    "underground": "UNDERGROUND",
    "singleLevel": "OFF_STREET_PARKING_GROUND",
    "openSpace": "OFF_STREET_PARKING_GROUND",
    "field": "OFF_STREET_PARKING_GROUND",
}
_OPEN = frozenset({"open", "spacesAvailable", "almostFull", "full", "fullAtEntrance"})
_SHUT = frozenset({"closed", "closedAbnormal"})


def take_lot(
    record: etree._Element,
    lots: Account[ParkingRecord],
    groups: dict[str, Groups],
    settings: HubSettings,
    placed: Placed,
    provider: str,
) -> None:
    """One lot into the account; what its groups of bays are for goes into `groups`, for the numbers."""
    lots.rows += 1
    uid = (record.get("id") or "").strip()
    name = words(said(record, "parkingName") or said(record, "parkingFacilityName"))
    capacity = _capacity(record)
    where = _point(record, placed)
    inside = settings.bounds.take(*where) if where else None
    if not uid or len(uid) > UID_MOST:
        return lots.skip(uid, NO_ID)
    if kind_of(record) == "GroupOfParkingSites":
        return lots.skip(uid, GROUP)
    if not name:
        return lots.skip(uid, NO_NAME)
    if capacity is None:
        return lots.skip(uid, NO_CAPACITY)
    address = words(text(record, "parkingRecordExtension", "address"))
    if inside is None and not address:
        return lots.skip(uid, NOWHERE if where is None else OUTSIDE)
    if inside is None and where is not None:
        lots.doubt(uid, OUTSIDE)
    if not capacity:
        lots.doubt(uid, NO_BAYS)
    assigned, groups[uid] = _assigned(record)
    lots.take(_record(record, uid, name, capacity, inside, address, assigned, settings, provider))
    return None


def _record(
    record: etree._Element,
    uid: str,
    name: str,
    capacity: int,
    point: tuple[float, float] | None,
    address: str,
    assigned: Mapping[Audience, int],
    settings: HubSettings,
    provider: str,
) -> ParkingRecord:
    opening, note = hours(record)
    layouts = [one.text or "" for one in children(record, "parkingLayout") + children(record, "parkingFacilityLayout")]
    changed = text(record, "parkingRecordVersionTime") or text(record, "parkingFacilityRecordVersionTime")
    others = [(one.text or "").strip() for one in children(record, "parkingRecordExtension", "externalId")]
    return ParkingRecord(
        uid=uid,
        external_ids=tuple(dict.fromkeys((uid, *(one[:UID_MOST] for one in others if one)))),
        provider=provider,
        name=name,
        ownership="unknown",
        type=_type(record, layouts),
        address=address,
        lat=point[0] if point else None,
        lon=point[1] if point else None,
        capacity=capacity,
        has_disabled=_has(record, assigned, "disabled"),
        has_charging=_has(record, assigned, "charging"),
        opening_hours=opening,
        hours_note=note,
        fee_kind=_fee(record),
        tariff=None,
        payment="",
        remarks=words(said(record, "parkingDescription")),
        operator=_operator(record),
        phone="",
        data_date=None,
        owner=words(text(record, "parkingRecordExtension", "owner")) or settings.owner,
        attribution=words(text(record, "parkingRecordExtension", "attribution")),
        max_height_cm=_height_cm(record),
        is_covered=True if "covered" in layouts else None,
        public_url=words(text(record, "urlLinkAddress") or text(record, "parkingFacilityUrl")),
        static_data_updated_at=moment(changed, settings.zone),
        **{f"capacity_{audience}": bays for audience, bays in assigned.items()},  # type: ignore[arg-type]
    )


def _capacity(record: etree._Element) -> int | None:
    told = text(record, "parkingNumberOfSpaces") or text(record, "totalParkingCapacity")
    if told:
        return count(told)
    parts = [count(text(record, f"totalParkingCapacity{one}Term")) for one in ("Short", "Long")]
    return sum(part or 0 for part in parts) if any(part is not None for part in parts) else None


def _point(record: etree._Element, placed: Placed) -> tuple[float, float] | None:
    for place in children(record, "parkingLocation") + children(record, "facilityLocation"):
        for name in ("pointCoordinates", "locationForDisplay"):
            for spot in descendants(place, name):
                lat, lon = number(text(spot, "latitude")), number(text(spot, "longitude"))
                if lat is not None and lon is not None:
                    return placed(lat, lon)
    return None


def _type(record: etree._Element, layouts: Iterable[str]) -> LotType:
    if text(record, "urbanParkingSiteType") == "onStreetParking" or "onStreet" in layouts:
        return "ON_STREET"
    return next((_LAYOUTS[one] for one in layouts if one in _LAYOUTS), "OTHER")


def _assigned(record: etree._Element) -> tuple[dict[Audience, int], Groups]:
    """Bays by audience, and the groups by number. A group for several audiences counts for none."""
    bays: dict[Audience, int] = {}
    groups: Groups = {}
    for group in children(record, "assignedParkingSpaces") + children(record, "groupOfParkingSpaces"):
        index = group.get("index") or group.get("groupIndex") or ""
        found = {_AUDIENCES[word] for word in _words(group) if word in _AUDIENCES}
        many = [
            count(one.text)
            for name in ("numberOfAssignedParkingSpaces", "parkingNumberOfSpaces")
            for one in descendants(group, name)
        ]
        if len(found) == 1:
            audience = found.pop()
            groups[index] = audience
            if many and many[0] is not None:
                bays[audience] = bays.get(audience, 0) + many[0]
    return bays, groups


def _words(element: etree._Element) -> list[str]:
    return [(one.text or "").strip() for name in _ASKED for one in descendants(element, name)]


def _has(record: etree._Element, assigned: Mapping[Audience, int], audience: Audience) -> bool | None:
    if audience in assigned:
        return assigned[audience] > 0
    shared = children(record, "assignedParkingAmongOthers")
    return True if any(_AUDIENCES.get(word) == audience for one in shared for word in _words(one)) else None


def _fee(record: etree._Element) -> FeeKind:
    told = text(record, "tariffsAndPayment", "freeOfCharge")
    return {"true": "free", "1": "free", "false": "paid", "0": "paid"}.get(told, "unknown")  # type: ignore[return-value]


def _operator(record: etree._Element) -> str:
    for name in ("operator", "owner", "responsibleAuthority", "responisbleAuthority"):
        told = said(record, name, "contactOrganisationName") or text(record, name, "contactName")
        if told:
            return words(re.sub(r"^\d+\s*/\s*", "", told))
    return ""


def _height_cm(record: etree._Element) -> int | None:
    """The lowest bound: cars below it are let in, or cars above it are not."""
    found: list[int] = []
    for parent, wanted in (("characteristicsOfPermittedVehicles", "less"), ("prohibitedParking", "greater")):
        for place in children(record, parent):
            for one in descendants(place, "heightCharacteristic"):
                metres = number(text(one, "vehicleHeight"))
                if text(one, "comparisonOperator").startswith(wanted) and metres is not None and 1 <= metres <= 10:
                    found.append(round(metres * 100))
    return min(found, default=None)


def take_status(
    status: etree._Element,
    numbers: Account[RealtimeRecord],
    made: Callable[..., RealtimeRecord],
    groups: Mapping[str, Groups],
    settings: HubSettings,
) -> None:
    """One lot's numbers into the account. `made` is RealtimeRecord with the source and the moment of asking."""
    numbers.rows += 1
    reference = child(status, "parkingRecordReference", "parkingFacilityReference")
    uid = "" if reference is None else (reference.get("id") or "").strip()
    if not uid or len(uid) > UID_MOST:
        return numbers.skip(uid, NO_ID)
    if kind_of(status) == "GroupOfParkingSitesStatus":
        return numbers.skip(uid, GROUP)
    free, capacity = _free(status)
    opening = _opening(status)
    told_at = text(status, "parkingStatusOriginTime") or text(status, "parkingFacilityStatusTime")
    free_by, capacity_by = _by_group(status, groups.get(uid, {}))
    numbers.take(
        made(
            uid=uid,
            free=free,
            capacity=capacity,
            updated_at=moment(told_at, settings.zone),
            opening_status=opening,
            # Listed, but nothing is known of it: the lot does not send, which is not the same as empty.
            is_linked=free is not None or opening != "UNKNOWN",
            reason="" if free is not None else NO_NUMBER,
            free_by=free_by,
            capacity_by=capacity_by,
        )
    )
    return None


_SPACES = ("parkingNumberOfSpacesOverride", "totalParkingCapacityOverride")
_VACANT = ("parkingNumberOfVacantSpaces", "totalNumberOfVacantParkingSpaces")
_TAKEN = ("parkingNumberOfOccupiedSpaces", "totalNumberOfOccupiedParkingSpaces", "parkingNumberOfVehicles")


def _free(status: etree._Element) -> tuple[int | None, int | None]:
    """Free and capacity as told, else capacity less cars inside; negative where the source says so."""
    occupancy = child(status, "parkingOccupancy")
    place = status if occupancy is None else occupancy

    def told(names: tuple[str, ...]) -> int | None:
        found = next((said for name in names if (said := text(place, name))), "")
        value = number(found)
        return int(value) if value is not None and value == int(value) and abs(value) < 1e9 else None

    capacity, free, inside = told(_SPACES), told(_VACANT), told(_TAKEN)
    if free is None and inside is not None:
        # Capacity as of now, else two numbers of one counter: a table's capacity is not this document's to use.
        free = None if capacity is None else capacity - inside
    return free, capacity if capacity is None or capacity >= 0 else None


def _opening(status: etree._Element) -> Opening:
    """Closed wins over open; nothing said, or unknown, is unknown."""
    said_words = {text(status, "parkingSiteOpeningStatus"), text(status, "parkingSiteStatus")}
    said_words |= {(one.text or "").strip() for one in children(status, "parkingFacilityStatus")}
    if said_words & _SHUT:
        return "CLOSED"
    return "OPEN" if said_words & _OPEN else "UNKNOWN"


def _by_group(status: etree._Element, groups: Groups) -> tuple[dict[Audience, int], dict[Audience, int]]:
    free: dict[Audience, int] = {}
    capacity: dict[Audience, int] = {}
    for one in children(status, "assignedParkingSpacesStatus") + children(status, "groupOfParkingSpacesStatus"):
        audience = groups.get(one.get("index") or one.get("groupIndex") or "")
        if audience is None:
            continue
        for into, names in (
            (free, ("numberOfVacantAssignedParkingSpaces", "parkingNumberOfVacantSpaces")),
            (capacity, ("parkingNumberOfSpacesOverride",)),
        ):
            told = [count(each.text) for name in names for each in descendants(one, name)]
            if told and told[0] is not None:
                into[audience] = into.get(audience, 0) + told[0]
    return free, capacity
