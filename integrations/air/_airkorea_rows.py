"""Rows of AirKorea's answers in our form; which fields there are depends on the `ver` that was asked for."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from core.contracts.air import (
    FLAGS_KO,
    NETWORKS_KO,
    POLLUTANTS,
    UNITS,
    Observation,
    OfficialIndex,
    Pollutant,
    Quality,
    Station,
)
from core.datagokr import cell, whole
from integrations.air._values import number

FIELDS: Mapping[Pollutant, str] = {
    "SO2": "so2",
    "CO": "co",
    "O3": "o3",
    "NO2": "no2",
    "PM10": "pm10",
    "PM25": "pm25",
}
_LAT, _LON = (32.0, 39.5), (123.5, 132.5)


def observations(
    row: Mapping[str, Any], source: str, station_uid: str, at: datetime, received_at: datetime
) -> list[Observation]:
    """One for each pollutant that the row speaks of: without `ver` it does not speak of PM2.5 at all."""
    found = []
    for pollutant in POLLUTANTS:
        field = FIELDS[pollutant]
        if f"{field}Value" not in row and f"{field}Flag" not in row:
            continue
        value, flag = number(row.get(f"{field}Value")), cell(row.get(f"{field}Flag"))
        if value is not None and value < 0:
            value, flag = None, flag or cell(row.get(f"{field}Value"))
        found.append(
            Observation(
                source,
                station_uid,
                pollutant,
                value,
                UNITS[pollutant],
                at,
                received_at,
                _quality(value, flag),
                flag=flag,
            )
        )
    return found


def _quality(value: Decimal | None, flag: str) -> Quality:
    if flag in FLAGS_KO:
        return FLAGS_KO[flag]
    if value is None:
        return "MISSING"
    return "SUSPECT" if flag else "OK"  # a word that we do not know is no praise


def official_index(
    row: Mapping[str, Any], source: str, station_uid: str, at: datetime, received_at: datetime
) -> OfficialIndex:
    means = {one: number(row.get(f"{FIELDS[one]}Value24")) for one in ("PM10", "PM25")}
    grades = {one: _grade(row.get(f"{field}Grade")) for one, field in FIELDS.items()}
    return OfficialIndex(
        source,
        station_uid,
        at,
        received_at,
        whole(row.get("khaiValue")),
        _grade(row.get("khaiGrade")),
        {one: mean for one, mean in means.items() if mean is not None and mean >= 0},
        {one: grade for one, grade in grades.items() if grade is not None},
    )


def _grade(value: object) -> int | None:
    grade = whole(value)
    return grade if grade in (1, 2, 3, 4) else None


def measured_station(row: Mapping[str, Any], source: str, uid: str, name: str) -> Station:
    """What a row of measurements tells of its station: no place."""
    network = NETWORKS_KO.get(cell(row.get("mangName")), "unknown")
    return Station(source, uid, name, network, region=cell(row.get("sidoName")))


def listed_station(row: Mapping[str, Any], source: str) -> Station | None:
    """A row of the list of stations, whose `dmX` is the latitude and `dmY` the longitude; None without a name."""
    name = cell(row.get("stationName"))
    if not name:
        return None
    address = cell(row.get("addr"))
    point = _point(number(row.get("dmX")), number(row.get("dmY")))
    return Station(
        source,
        name,
        name,
        NETWORKS_KO.get(cell(row.get("mangName")), "unknown"),
        region=address.partition(" ")[0],
        address=address,
        lat=point[0] if point else None,
        lon=point[1] if point else None,
        measures=tuple(
            one.replace("PM2.5", "PM25") for one in re.split(r"[,\s]+", cell(row.get("item")).upper()) if one
        ),
        since_year=whole(row.get("year")),
    )


def _point(lat: Decimal | None, lon: Decimal | None) -> tuple[float, float] | None:
    if lat is None or lon is None:
        return None
    found = float(lat), float(lon)
    if _LON[0] <= found[0] <= _LON[1]:
        found = found[1], found[0]
    return found if _LAT[0] <= found[0] <= _LAT[1] and _LON[0] <= found[1] <= _LON[1] else None
