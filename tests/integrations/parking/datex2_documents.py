"""DATEX II documents of the recorded shapes, short and of our own words."""

NS = "http://datex2.eu/schema/2/2_0"


def document(inner: str, *, version: str = "2", prefix: str = "", before: str = "") -> bytes:
    """`inner` has `{p}` where a prefix belongs."""
    p = f"{prefix}:" if prefix else ""
    xmlns = f"xmlns:{prefix}" if prefix else "xmlns"
    head = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<{p}d2LogicalModel {xmlns}="{NS}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" modelBaseVersion="{version}">'
        f"<{p}payloadPublication><{p}publicationTime>2026-09-30T12:00:00+09:00</{p}publicationTime>"
        f"<{p}publicationCreator><{p}country>kr</{p}country><{p}nationalIdentifier>KR-NARAE</{p}nationalIdentifier>"
        f"</{p}publicationCreator>"
    )
    return (head + inner.replace("{p}", p) + f"</{p}payloadPublication></{p}d2LogicalModel>").encode()


def lot(uid: str, name: str = "가람주차장", spaces: str = "120", more: str = "", point: str = "37.6,126.7") -> str:
    lat, _, lon = point.partition(",")
    where = (
        "<{p}parkingLocation><{p}pointByCoordinates><{p}pointCoordinates>"
        f"<{{p}}latitude>{lat}</{{p}}latitude><{{p}}longitude>{lon}</{{p}}longitude>"
        "</{p}pointCoordinates></{p}pointByCoordinates></{p}parkingLocation>"
        if point
        else ""
    )
    bays = f"<{{p}}parkingNumberOfSpaces>{spaces}</{{p}}parkingNumberOfSpaces>" if spaces else ""
    return (
        f'<{{p}}parkingRecord id="{uid}" version="1" xsi:type="{{p}}UrbanParkingSite">'
        f'<{{p}}parkingName><{{p}}values><{{p}}value lang="de">Garam</{{p}}value><{{p}}value lang="ko">{name}'
        "</{p}value></{p}values></{p}parkingName>"
        "<{p}parkingRecordVersionTime>2026-09-29T00:00:00Z</{p}parkingRecordVersionTime>"
        f"{bays}{where}{more}</{{p}}parkingRecord>"
    )


def group(index: int, words: str, bays: int) -> str:
    return (
        f'<{{p}}groupOfParkingSpaces groupIndex="{index}">'
        '<{p}parkingSpaceBasics xsi:type="{p}GroupOfParkingSpaces">'
        f"<{{p}}onlyAssignedParking>{words}</{{p}}onlyAssignedParking>"
        f"<{{p}}parkingNumberOfSpaces>{bays}</{{p}}parkingNumberOfSpaces></{{p}}parkingSpaceBasics>"
        "</{p}groupOfParkingSpaces>"
    )


def status(uid: str, occupancy: str = "", more: str = "", at: str = "2026-09-30T02:55:00Z") -> str:
    origin = f"<{{p}}parkingStatusOriginTime>{at}</{{p}}parkingStatusOriginTime>" if at else ""
    return (
        '<{p}parkingRecordStatus xsi:type="{p}ParkingSiteStatus">'
        f'<{{p}}parkingRecordReference id="{uid}" targetClass="ParkingRecord" version="1"/>{origin}'
        f"<{{p}}parkingOccupancy>{occupancy}</{{p}}parkingOccupancy>{more}</{{p}}parkingRecordStatus>"
    )


def facility(uid: str, more: str = "", north: str = "37.61", east: str = "126.71") -> str:
    return (
        f'<{{p}}parkingFacility id="{uid}" version="1.0"><{{p}}parkingFacilityLayout>underground'
        "</{p}parkingFacilityLayout><{p}parkingFacilityName><{p}values><{p}value>Duru</{p}value></{p}values>"
        "</{p}parkingFacilityName><{p}parkingFacilityRecordVersionTime>2026-09-29T09:00:00+09:00"
        "</{p}parkingFacilityRecordVersionTime><{p}totalParkingCapacityLongTerm>20</{p}totalParkingCapacityLongTerm>"
        "<{p}totalParkingCapacityShortTerm>80</{p}totalParkingCapacityShortTerm>"
        f'<{{p}}facilityLocation xsi:type="{{p}}Area"><{{p}}locationForDisplay><{{p}}latitude>{north}</{{p}}latitude>'
        f"<{{p}}longitude>{east}</{{p}}longitude></{{p}}locationForDisplay></{{p}}facilityLocation>{more}"
        "</{p}parkingFacility>"
    )


def assigned(index: int, words: str, bays: int) -> str:
    return (
        f'<{{p}}assignedParkingSpaces index="{index}"><{{p}}assignedParkingSpaces><{{p}}numberOfAssignedParkingSpaces>'
        f"{bays}</{{p}}numberOfAssignedParkingSpaces><{{p}}descriptionOfAssignedParkingSpaces>{words}"
        "</{p}descriptionOfAssignedParkingSpaces></{p}assignedParkingSpaces></{p}assignedParkingSpaces>"
    )


def facility_status(uid: str, words: tuple[str, ...], more: str = "") -> str:
    told = "".join(f"<{{p}}parkingFacilityStatus>{word}</{{p}}parkingFacilityStatus>" for word in words)
    return (
        f'<{{p}}parkingFacilityStatus><{{p}}parkingFacilityReference id="{uid}" targetClass="ParkingFacility" '
        f'version="1.0"/>{told}<{{p}}parkingFacilityStatusTime>2026-09-30T11:55:00</{{p}}parkingFacilityStatusTime>'
        f"{more}</{{p}}parkingFacilityStatus>"
    )


def group_status(index: int, vacant: int) -> str:
    return (
        f'<{{p}}assignedParkingSpacesStatus index="{index}"><{{p}}assignedParkingSpacesStatus>'
        f"<{{p}}numberOfVacantAssignedParkingSpaces>{vacant}</{{p}}numberOfVacantAssignedParkingSpaces>"
        "</{p}assignedParkingSpacesStatus></{p}assignedParkingSpacesStatus>"
    )


def tag(name: str, value: object) -> str:
    return f"<{{p}}{name}>{value}</{{p}}{name}>"


HEIGHT = (
    "<{p}heightCharacteristic><{p}comparisonOperator>lessThan</{p}comparisonOperator>"
    "<{p}vehicleHeight>2.1</{p}vehicleHeight></{p}heightCharacteristic>"
)
