"""Converters of parkapi-sources for no city in particular, with its validators widened to the house's bounds and zone.

Run inside that library's environment only, by `_parkapi_child.py`: nothing of the house may be imported here.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo


def _widened(parent: Any, bounds: Mapping[str, Any], lat: str = "lat", lon: str = "lon", kind: str = "Numeric") -> Any:
    """A subclass of a validataclass whose coordinates may lie within `bounds`."""
    validators = import_module("validataclass.validators")
    number = getattr(validators, f"{kind}Validator")
    fields = {
        field: number(min_value=limits[0], max_value=limits[1])
        for field, limits in ((lat, bounds["lat"]), (lon, bounds["lon"]))
    }
    return _subclass(parent, dict.fromkeys(fields, Decimal), fields)


def _subclass(parent: Any, kinds: Mapping[str, Any], fields: Mapping[str, Any]) -> Any:
    made = type(f"House{parent.__name__}", (parent,), {"__annotations__": dict(kinds), **fields})
    return import_module("validataclass.dataclasses").validataclass(made)


def _checked(model: Any) -> Any:
    return import_module("validataclass.validators").DataclassValidator(model)


def _info() -> Any:
    return import_module("parkapi_sources.models").SourceInfo(uid="house", name="", has_realtime_data=True)


def _parkapi_json(bounds: Mapping[str, Any], zone: str) -> type:
    push = import_module("parkapi_sources.converters.base_converter.push")
    models = import_module("parkapi_sources.models")
    dated = {"static_data_updated_at": (datetime, _local(zone))}
    told = {"realtime_data_updated_at": (datetime, _local(zone))}
    own = {
        "source_info": _info(),
        "static_parking_site_validator": _checked(_with(_widened(models.StaticParkingSiteInput, bounds), dated)),
        "realtime_parking_site_validator": _checked(_with(models.RealtimeParkingSiteInput, told)),
    }
    return type("HouseJson", (push.ParkApiConverter,), own)


def _xlsx(bounds: Mapping[str, Any], zone: str) -> type:
    push, models = (
        import_module("parkapi_sources.converters.base_converter.push"),
        import_module("parkapi_sources.models"),
    )
    sites = _checked(_widened(models.ExcelStaticParkingSiteInput, bounds))
    own = {"source_info": _info(), "static_parking_site_validator": sites}
    return type("HouseXlsx", (push.NormalizedXlsxConverter,), own)


def _facility(bounds: Mapping[str, Any], zone: str) -> type:
    """DATEX II facility dialect, as Stuttgart sends it but in degrees."""
    base = import_module("parkapi_sources.converters.base_converter.datex2.parking_facility_validator")
    city, checks = (
        import_module("parkapi_sources.converters.stuttgart.converter"),
        import_module("parkapi_sources.converters.stuttgart.validators"),
    )
    point = _widened(base.LocationForDisplay, bounds, "latitude", "longitude", "Decimal")
    place = _subclass(base.FacilityLocation, {"locationForDisplay": point}, {"locationForDisplay": _checked(point)})
    lot = {
        "facilityLocation": (place, _checked(place)),
        "parkingFacilityRecordVersionTime": (datetime, _local(zone)),
    }
    status = {"parkingFacilityStatusTime": (datetime, _local(zone))}
    own = {
        "source_info": _info(),
        "static_validator": _checked(_with(base.ParkingFacility, lot)),
        "realtime_validator": _checked(_with(checks.ParkingFacilityStatus, status)),
        "modify_static_parking_site_input": lambda self, static_parking_site_input: None,
    }
    return type("HouseFacility", (city.StuttgartPushConverter,), own)


def _record(bounds: Mapping[str, Any], zone: str) -> type:
    """DATEX II record dialect, as Aachen sends it; a name in any tongue."""
    base = import_module("parkapi_sources.converters.base_converter")
    push = import_module("parkapi_sources.converters.base_converter.push")
    datex = import_module("parkapi_sources.converters.base_converter.datex2")
    sites = import_module("parkapi_sources.converters.base_converter.datex2.urban_parking_site_validator")
    statuses = import_module("parkapi_sources.converters.base_converter.datex2.parking_record_status_validator")
    validators = import_module("validataclass.validators")
    default = import_module("validataclass.dataclasses").Default
    point = _widened(sites.PointCoordinates, bounds, "latitude", "longitude", "Decimal")
    by = _with(sites.PointByCoordinates, {"pointCoordinates": (point, _checked(point))})
    place = _with(sites.ParkingLocation, {"pointByCoordinates": (by, _checked(by))})
    name = _with(sites.ParkingName, {"lang": (str, validators.StringValidator())})
    lot = _with(
        sites.UrbanParkingSite,
        {
            "parkingLocation": (place, _checked(place)),
            "parkingName": (list, validators.ListValidator(_checked(name))),
            "parkingRecordVersionTime": (datetime, _local(zone)),
        },
    )
    told = lot.to_static_parking_site_input

    def named(self: Any, has_realtime_data: bool) -> Any:
        made = told(self, has_realtime_data)
        made.name = made.name or next((one._text for one in self.parkingName), "")
        return made

    lot.to_static_parking_site_input = named
    status = _with(statuses.ParkingRecordStatus, {"parkingStatusOriginTime": (datetime, (_local(zone), default(None)))})
    own = {
        "source_info": _info(),
        "static_validator": _checked(lot),
        "realtime_validator": _checked(status),
        "handle_xml": _either,
    }
    parents = (
        datex.UrbanParkingSiteMixin,
        datex.ParkingRecordStatusMixin,
        push.XmlConverter,
        base.ParkingSiteBaseConverter,
    )
    return type("HouseRecord", parents, own)


def _either(self: Any, root: Any) -> Any:
    is_status = bool(root.xpath('//*[local-name()="parkingRecordStatus"]'))
    return self._handle_realtime_xml_data(root) if is_status else self._handle_static_xml_data(root)


def _with(parent: Any, fields: Mapping[str, tuple[Any, Any]]) -> Any:
    return _subclass(
        parent,
        {name: kind for name, (kind, _) in fields.items()},
        {name: validator for name, (_, validator) in fields.items()},
    )


def _local(zone: str) -> Any:
    validators = import_module("validataclass.validators")
    return validators.DateTimeValidator(local_timezone=ZoneInfo(zone), target_timezone=UTC, discard_milliseconds=True)


CONVERTERS: dict[str, Callable[[Mapping[str, Any], str], type]] = {
    "any_json": _parkapi_json,
    "any_xlsx": _xlsx,
    "any_datex2_record": _record,
    "any_datex2_facility": _facility,
}
"""Converters of no city in particular, which the library does not list."""
