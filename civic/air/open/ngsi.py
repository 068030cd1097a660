"""A station's newest hour as an NGSI-LD entity AirQualityObserved of the smart data models, in any form a hub asks for.

Source: ETSI GS CIM 009 (NGSI-LD API), smart-data-models dataModel.Environment. Pure: no store, no web.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from civic.air.index import Grade
from civic.air.open.publishing import UNIT_CODES, Publisher, unit_of
from civic.air.records import Measured, Now, Site
from core.linked import CORE_CONTEXT, Form, stamp, written

TYPE = "AirQualityObserved"
CONTEXT = (
    "https://raw.githubusercontent.com/smart-data-models/dataModel.Environment/master/context.jsonld",
    CORE_CONTEXT,
)
NAMES: Mapping[str, str] = {"SO2": "so2", "CO": "co", "O3": "o3", "NO2": "no2", "PM10": "pm10", "PM25": "pm25"}
"""Ours to the data model's; others (H2S, NH3 …) in small letters, as it names them too."""
LEVELS: Mapping[Grade, str] = {1: "good", 2: "moderate", 3: "unhealthy", 4: "veryUnhealthy"}


def id_of(site: Site, city_id: str) -> str:
    return f"urn:ngsi-ld:{TYPE}:{city_id}:{site.id}"


def site_id(entity_id: str, city_id: str) -> int | None:
    """The site that an id of ours names, else None."""
    said = entity_id.removeprefix(f"urn:ngsi-ld:{TYPE}:{city_id}:")
    return int(said) if said != entity_id and said.isascii() and said.isdecimal() and len(said) < 10 else None


def is_placed(site: Site) -> bool:
    """The model demands a location; a site without one is not given out."""
    return site.lat is not None and site.lon is not None


def entity(
    now: Now, publisher: Publisher, form: Form = "normalized", attributes: Collection[str] = ()
) -> dict[str, Any]:
    """The entity without its @context. `attributes`: only these, all when empty. A value that may not be reckoned with
    is left out: nothing missing is zero.
    """
    made: dict[str, Any] = {"id": id_of(now.site, publisher.city_id), "type": TYPE}
    for name, value, at, more in _attributes(now, publisher):
        if value not in (None, "", []) and (not attributes or name in attributes):
            made[name] = written(name, value, form, observed_at=at, more=more)
    return made


_Row = tuple[str, Any, datetime | None, Mapping[str, Any]]


def _attributes(now: Now, publisher: Publisher) -> Iterator[_Row]:
    site, hour = now.site, now.hour
    yield from (
        ("name", site.name, None, {}),
        ("dateObserved", stamp(hour.at), None, {}),
        ("location", {"type": "Point", "coordinates": [site.lon, site.lat]}, None, {}),
        ("address", _address(site), None, {}),
        ("areaServed", site.region, None, {}),
        ("typeofLocation", "outdoor", None, {}),
    )
    for pollutant in sorted(hour.values, key=lambda one: list(NAMES).index(one) if one in NAMES else 99):
        yield from _measured(pollutant, hour.values[pollutant], hour.at)
    if hour.index is not None and hour.grade is not None:
        whose = {"basis": hour.basis}
        yield "airQualityIndex", hour.index, hour.at, whose
        yield "airQualityLevel", LEVELS[hour.grade], hour.at, whose
    yield from (
        ("stationCode", site.uid, None, {}),
        ("network", site.network, None, {}),
        ("origin", site.origin, None, {}),
        ("sensorGrade", site.grade, None, {}),
        ("isStale", now.is_stale or None, None, {}),
        ("source", site.source, None, {}),
        ("dataProvider", now.attribution or publisher.attribution(site.source), None, {}),
        ("license", publisher.licence_url or publisher.licence, None, {}),
    )


def _measured(pollutant: str, measured: Measured, at: datetime) -> Iterator[_Row]:
    if measured.usable is None:
        return
    more: dict[str, Any] = {"status": measured.status}
    unit = unit_of(pollutant, measured.unit)
    more |= {"unitCode": UNIT_CODES[unit]} if unit in UNIT_CODES else {"unitText": unit}
    yield NAMES.get(pollutant, pollutant.lower()), number(measured.usable), at, more


def number(value: Decimal) -> float | int:
    """As JSON writes numbers: 12 and not 12.0, 0.031 as it was told."""
    return int(value) if value == value.to_integral_value() else float(value)


def _address(site: Site) -> Mapping[str, str]:
    return {"streetAddress": site.address, "addressCountry": "KR"} if site.address else {}
