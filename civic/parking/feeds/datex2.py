"""Lots and numbers as DATEX II v2.3: a ParkingTablePublication and a ParkingStatusPublication, written piece by piece.

The record dialect in a GenericPublication, as European access points exchange it. What the standard has no element for
(OSM hours, ids, address, attribution) stands in the extension of the record that the standard keeps for it. Pure.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from civic.parking.feeds.publishing import Publisher, ids_of, told
from civic.parking.lots import Lot
from civic.parking.search import Found
from core.contracts.parking import Audience

NAMESPACE = "http://datex2.eu/schema/2/2_0"
_TABLE, _STATUS = "ParkingTablePublication", "ParkingStatusPublication"
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LAYOUTS = {"CAR_PARK": "multiStorey", "UNDERGROUND": "underground", "OFF_STREET_PARKING_GROUND": "openSpace"}
_GROUPS: tuple[tuple[Audience, str], ...] = (
    ("disabled", "<applicableForUser>disabled</applicableForUser>"),
    ("woman", "<applicableForUser>women</applicableForUser>"),
    ("family", "<applicableForUser>families</applicableForUser>"),
    ("senior", "<applicableForUser>elderlyUsers</applicableForUser>"),
    ("charging", "<vehicleCharacteristics><fuelType>battery</fuelType></vehicleCharacteristics>"),
    ("truck", "<vehicleCharacteristics><vehicleType>lorry</vehicleType></vehicleCharacteristics>"),
    ("bus", "<vehicleCharacteristics><vehicleType>bus</vehicleType></vehicleCharacteristics>"),
    ("motorcycle", "<vehicleCharacteristics><vehicleType>motorcycle</vehicleType></vehicleCharacteristics>"),
)
_OPENING = {"OPEN": "open", "CLOSED": "closed"}


def table_head(publisher: Publisher, now: datetime, changed_at: datetime | None) -> bytes:
    """Everything before the first lot. `changed_at`: the last change of any lot."""
    version = int((changed_at or now).timestamp())
    return (
        _head(publisher, now, _TABLE)
        + (
            f'<parkingTable id={_quoted(publisher.city_id)} version="{version}">'
            f"<parkingTableVersionTime>{_stamp(changed_at or now)}</parkingTableVersionTime>"
        ).encode()
    )


def record(lot: Lot, publisher: Publisher, now: datetime) -> bytes:
    """One lot; it must have a point, which the schema demands. Elements in the order of the schema."""
    changed = lot.static_data_updated_at or _midnight(lot) or now
    parts = [
        f'<parkingRecord id="{lot.id}" version="{_version(lot)}" xsi:type="UrbanParkingSite">',
        _said("parkingName", lot.name),
        _said("parkingDescription", lot.remarks),
        _tag("parkingRecordVersionTime", _stamp(changed)),
        _tag("parkingNumberOfSpaces", lot.capacity),
        _tag("urlLinkAddress", lot.public_url),
        f"<operator>{_said('contactOrganisationName', publisher.owner(lot))}</operator>",
        '<parkingLocation xsi:type="Point"><pointByCoordinates><pointCoordinates>',
        f"<latitude>{lot.lat}</latitude><longitude>{lot.lon}</longitude>",
        "</pointCoordinates></pointByCoordinates></parkingLocation>",
        _height(lot),
        _fee(lot),
        *_groups(lot),
        _extension(lot, publisher),
        _tag("parkingLayout", _LAYOUTS.get(lot.type, "unknown")),
        _hours(lot),
        _tag("urbanParkingSiteType", "onStreetParking" if lot.type == "ON_STREET" else "offStreetParking"),
        "</parkingRecord>",
    ]
    return "".join(parts).encode()


def table_tail() -> bytes:
    return ("</parkingTable>" + _tail(_TABLE)).encode()


def status_head(publisher: Publisher, now: datetime) -> bytes:
    return _head(publisher, now, _STATUS)


def status(found: Found) -> bytes:
    """One lot's number, empty where nothing of it is believed. A closed gate is told as closed and never as full."""
    number = told(found.number)
    if number is None:
        return b""
    capacity = number.capacity or found.lot.capacity
    occupancy = ""
    if number.free is not None:
        inside = max(0, capacity - number.free)
        occupancy = (
            f"<parkingOccupancy><parkingNumberOfSpacesOverride>{capacity}</parkingNumberOfSpacesOverride>"
            f"<parkingNumberOfVacantSpaces>{number.free}</parkingNumberOfVacantSpaces>"
            f"<parkingNumberOfOccupiedSpaces>{inside}</parkingNumberOfOccupiedSpaces></parkingOccupancy>"
        )
    state = "unknown"
    if number.free is not None and not number.is_closed:
        state = "full" if number.is_full else "spacesAvailable"
    return (
        '<parkingRecordStatus xsi:type="ParkingSiteStatus">'
        f'<parkingRecordReference id="{found.lot.id}" targetClass="ParkingRecord" '
        f'version="{_version(found.lot)}"/>'
        f"<parkingStatusOriginTime>{_stamp(number.counted_at)}</parkingStatusOriginTime>{occupancy}"
        f"<parkingSiteStatus>{state}</parkingSiteStatus>"
        f"<parkingSiteOpeningStatus>{_OPENING.get(number.opening_status, 'statusUnknown')}</parkingSiteOpeningStatus>"
        "</parkingRecordStatus>"
    ).encode()


def status_tail() -> bytes:
    return _tail(_STATUS).encode()


def table(found: Iterable[Found], publisher: Publisher, now: datetime) -> bytes:
    """A whole table of lots in hand; those without a point are left out."""
    lots = (record(one.lot, publisher, now) for one in found if one.lot.lat is not None)
    return table_head(publisher, now, None) + b"".join(lots) + table_tail()


def statuses(found: Iterable[Found], publisher: Publisher, now: datetime) -> bytes:
    """A whole status publication of lots in hand."""
    return status_head(publisher, now) + b"".join(status(one) for one in found) + status_tail()


def _head(publisher: Publisher, now: datetime, name: str) -> bytes:
    who = f"<country>kr</country><nationalIdentifier>KR-{_text(publisher.city_id)}</nationalIdentifier>"
    element = name[0].lower() + name[1:]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<d2LogicalModel xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'modelBaseVersion="2"><exchange><supplierIdentification>{who}</supplierIdentification></exchange>'
        f'<payloadPublication lang="ko" xsi:type="GenericPublication"><publicationTime>{_stamp(now)}</publicationTime>'
        f"<publicationCreator>{who}</publicationCreator><genericPublicationName>{name}</genericPublicationName>"
        f"<genericPublicationExtension><{element}><headerInformation><confidentiality>noRestriction</confidentiality>"
        "<informationStatus>real</informationStatus></headerInformation>"
    ).encode()


def _tail(name: str) -> str:
    element = name[0].lower() + name[1:]
    return f"</{element}></genericPublicationExtension></payloadPublication></d2LogicalModel>"


def _height(lot: Lot) -> str:
    if lot.max_height_cm is None:
        return ""
    return (
        "<prohibitedParking><vehicleCharacteristics><heightCharacteristic>"
        "<comparisonOperator>greaterThan</comparisonOperator>"
        f"<vehicleHeight>{lot.max_height_cm / 100:g}</vehicleHeight>"
        "</heightCharacteristic></vehicleCharacteristics></prohibitedParking>"
    )


def _fee(lot: Lot) -> str:
    told_ = {"free": "true", "paid": "false", "mixed": "false"}.get(lot.fee_kind)
    return f"<tariffsAndPayment><freeOfCharge>{told_}</freeOfCharge></tariffsAndPayment>" if told_ else ""


def _groups(lot: Lot) -> Iterator[str]:
    for index, (audience, words) in enumerate(_GROUPS):
        bays = lot.bays(audience)
        if bays is not None:
            yield (
                f'<groupOfParkingSpaces groupIndex="{index}"><parkingSpaceBasics xsi:type="GroupOfParkingSpaces">'
                f"<onlyAssignedParking>{words}</onlyAssignedParking>"
                f"<parkingNumberOfSpaces>{bays}</parkingNumberOfSpaces>"
                "<parkingTypeOfGroup>statisticsOnly</parkingTypeOfGroup></parkingSpaceBasics></groupOfParkingSpaces>"
            )


def _extension(lot: Lot, publisher: Publisher) -> str:
    parts = [_tag("externalId", one) for one in ids_of(lot)]
    parts += [
        _tag("address", lot.road_address or lot.address),
        _tag("openingHours", lot.opening_hours or ""),
        _tag("owner", publisher.owner(lot)),
        _tag("attribution", publisher.attribution(lot)),
        _tag("licence", publisher.licence),
        _tag("licenceUrl", publisher.licence_url),
    ]
    return f"<parkingRecordExtension>{''.join(parts)}</parkingRecordExtension>"


def _hours(lot: Lot) -> str:
    """The standard says "24 hours" or periods of dates; richer rules (holidays) are the extension's OSM text."""
    if lot.opening_hours == "24/7":
        return "<openingTimes><openAllYear>true</openAllYear><available24hours>true</available24hours></openingTimes>"
    return "" if lot.opening_hours else "<openingTimes><openingTimesUnknown>true</openingTimesUnknown></openingTimes>"


def _version(lot: Lot) -> int:
    """The same in the table and in the numbers that refer to it."""
    changed = lot.static_data_updated_at or _midnight(lot)
    return 1 if changed is None else int(changed.timestamp())


def _midnight(lot: Lot) -> datetime | None:
    day = lot.data_date
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)


def _tag(name: str, value: object) -> str:
    return f"<{name}>{_text(str(value))}</{name}>" if value != "" else ""


def _said(name: str, value: str) -> str:
    if not value:
        return ""
    return f'<{name}><values><value lang="ko">{_text(value)}</value></values></{name}>'


def _text(value: str) -> str:
    return escape(_ILLEGAL.sub("", value))


def _quoted(value: str) -> str:
    return quoteattr(_ILLEGAL.sub("", value))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
