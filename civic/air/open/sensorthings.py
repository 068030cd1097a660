"""Stations, what they measure and their hours in the shape of SensorThings 1.1, read only: no store, no web.

Source: OGC 18-088 (SensorThings API Part 1: Sensing, version 1.1) §8 and §9.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from civic.air.index import NAMES_KO
from civic.air.open.ngsi import number
from civic.air.open.publishing import PROPERTIES, Publisher
from civic.air.records import Hour, Measured, Site

EntitySet = Literal["Things", "Locations", "Datastreams", "Sensors", "ObservedProperties", "Observations"]
INDEX = "CAI"
"""The index stands among the observed properties, in a stream of its own."""
HOUR = timedelta(hours=1)
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
NAVIGATION: Mapping[EntitySet, Mapping[str, EntitySet]] = {
    "Things": {"Locations": "Locations", "Datastreams": "Datastreams"},
    "Locations": {"Things": "Things"},
    "Datastreams": {
        "Thing": "Things",
        "Sensor": "Sensors",
        "ObservedProperty": "ObservedProperties",
        "Observations": "Observations",
    },
    "Sensors": {"Datastreams": "Datastreams"},
    "ObservedProperties": {"Datastreams": "Datastreams"},
    "Observations": {"Datastream": "Datastreams"},
}
"""What leads where from each set; a name in the singular leads to one entity."""
CONFORMANCE = (
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel/thing",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel/location",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel/datastream",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel/sensor",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel/observed-property",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/datamodel/observation",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/resource-path/resource-path-to-entities",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/orderby",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/top",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/skip",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/count",
    "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/pagination",
)
"""Only what is here: no writing, no HistoricalLocations, no FeaturesOfInterest, one level of $expand, one $filter."""
_SYMBOL_OF = {"ppm": "parts per million", "µg/m³": "microgram per cubic metre", "ppb": "parts per billion"}
_OBSERVATION = re.compile(r"(\d{1,9}):([A-Za-z0-9_.]{1,20}):(\d{10})")
_STREAM = re.compile(r"(\d{1,9}):([A-Za-z0-9_.]{1,20})")


@dataclass(frozen=True, slots=True)
class Stream:
    """What one site measures of one pollutant, or its index. `first`, `last`: ends of its first and newest hour."""

    site: Site
    pollutant: str
    unit: str
    first: datetime | None = None
    last: datetime | None = None

    @property
    def id(self) -> str:
        return f"{self.site.id}:{self.pollutant}"


def stream_of(id: str) -> tuple[int, str] | None:
    """Site and pollutant that a datastream's id names."""
    found = _STREAM.fullmatch(id)
    return (int(found[1]), found[2]) if found else None


def hour_of(id: str) -> tuple[int, str, datetime] | None:
    """Site, pollutant and end of the hour that an observation's id names."""
    found = _OBSERVATION.fullmatch(id)
    if found is None:
        return None
    try:
        return int(found[1]), found[2], datetime.strptime(found[3], "%Y%m%d%H").replace(tzinfo=UTC)
    except ValueError:
        return None


class Shapes:
    """Writes entities of one publisher. `root`: the address of the service, without a slash at its end."""

    def __init__(self, publisher: Publisher, root: str) -> None:
        self._by = publisher
        self._root = root
        self.origin = publisher.url

    def address(self, of: EntitySet, id: int | str) -> str:
        said = str(id) if isinstance(id, int) else "'" + quote(id, safe=":") + "'"
        return f"{self._root}/{of}({said})"

    def _entity(self, of: EntitySet, id: int | str, facts: Mapping[str, Any]) -> dict[str, Any]:
        link = self.address(of, id)
        leads = {f"{name}@iot.navigationLink": f"{link}/{name}" for name in NAVIGATION[of]}
        return {"@iot.selfLink": link, "@iot.id": id, **facts, **leads}

    def thing(self, site: Site) -> dict[str, Any]:
        properties = {
            "stationCode": site.uid,
            "network": site.network,
            "origin": site.origin,
            "region": site.region,
            "source": site.source,
            "formerNames": list(site.former),
            "sensorGrade": site.grade,
            "attribution": self._by.attribution(site.source),
            "licence": self._by.licence_url or self._by.licence,
        }
        told = {key: value for key, value in properties.items() if value not in ("", [])}
        return self._entity("Things", site.id, {"name": site.name, "description": _what(site), "properties": told})

    def location(self, site: Site) -> dict[str, Any]:
        """Of a site that has a point."""
        facts = {
            "name": site.name,
            "description": site.address or site.region or site.name,
            "encodingType": "application/geo+json",
            "location": {"type": "Point", "coordinates": [site.lon, site.lat]},
        }
        return self._entity("Locations", site.id, facts)

    def sensor(self, site: Site) -> dict[str, Any]:
        """One for each site: nobody tells us the make of the instruments in it."""
        facts = {
            "name": f"{site.name} ({site.origin})",
            "description": _what(site),
            "encodingType": "text/html",
            "metadata": f"{self._by.url}/air/stations/{site.id}",
        }
        return self._entity("Sensors", site.id, facts)

    def observed_property(self, code: str) -> dict[str, Any]:
        page = f"{self._by.url}/air#index"
        name = "통합대기환경지수" if code == INDEX else NAMES_KO.get(code, code)
        description = "Comprehensive air-quality index of Korea" if code == INDEX else f"{code}, mean of one hour"
        facts = {"name": name, "description": description, "definition": PROPERTIES.get(code, page)}
        return self._entity("ObservedProperties", code, facts)

    def datastream(self, stream: Stream) -> dict[str, Any]:
        site, unit = stream.site, stream.unit
        facts: dict[str, Any] = {
            "name": f"{site.name} {stream.pollutant}",
            "description": f"{_what(site)}: {stream.pollutant}, hours",
            "observationType": MEASUREMENT,
            "unitOfMeasurement": {
                "name": _SYMBOL_OF.get(unit, unit) or "index",
                "symbol": unit or None,
                "definition": f"http://www.opengis.net/def/uom/UCUM/0/{_ucum(unit)}" if unit else None,
            },
        }
        if site.lat is not None and site.lon is not None:
            facts["observedArea"] = {"type": "Point", "coordinates": [site.lon, site.lat]}
        if stream.first and stream.last:
            facts["phenomenonTime"] = f"{_iso(stream.first - HOUR)}/{_iso(stream.last)}"
        return self._entity("Datastreams", stream.id, facts)

    def observation(self, stream: Stream, hour: Hour) -> dict[str, Any]:
        """The hour's value in this stream, which must have one of it. A missing value is null with its quality."""
        facts: dict[str, Any] = {"phenomenonTime": f"{_iso(hour.at - HOUR)}/{_iso(hour.at)}", "resultTime": None}
        if stream.pollutant == INDEX:
            facts |= {"result": hour.index, "parameters": {"basis": hour.basis, "grade": hour.grade}}
        else:
            facts |= _result(hour.values[stream.pollutant])
        return self._entity("Observations", f"{stream.id}:{hour.at:%Y%m%d%H}", facts)


def has(stream: Stream, hour: Hour) -> bool:
    """Whether the hour says anything in this stream."""
    return hour.index is not None if stream.pollutant == INDEX else stream.pollutant in hour.values


def _result(measured: Measured) -> dict[str, Any]:
    value = measured.value
    told = {"status": measured.status, "flag": measured.flag, "corrected": measured.corrected or None}
    return {
        "result": None if value is None else number(value),
        "resultQuality": measured.quality,
        "parameters": {key: one for key, one in told.items() if one},
    }


def _what(site: Site) -> str:
    kinds = {"official": "public air-quality station", "sensor": "sensor of the city", "stack": "monitor of a stack"}
    return f"{kinds[site.origin]} ({site.network})" if site.origin == "official" else kinds[site.origin]


def _ucum(unit: str) -> str:
    return {"ppm": "%5Bppm%5D", "ppb": "%5Bppb%5D", "µg/m³": "ug.m-3", "mg/m³": "mg.m-3"}.get(unit, quote(unit))


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
