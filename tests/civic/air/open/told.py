"""Hours of made-up stations for whoever shows them: a zone of two, a roadside one, a sensor, a hole, a correction."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from civic.air.storing import take
from core.contracts.air import (
    UNITS,
    Observation,
    OfficialForecast,
    OfficialIndex,
    Pulled,
    Quality,
    ReadReport,
    Station,
    Status,
)
from core.db import Database

CITY = "gimpo"
NOW = datetime(2026, 9, 30, 1, 20, tzinfo=UTC)
NEWEST = NOW.replace(minute=0)
HOURS = 60
STATIONS = (
    Station("airkorea", "131471", "사우동", "urban", "경기", "경기 김포시 돌문로 37", 37.6182, 126.7160),
    Station("airkorea", "131472", "고촌읍", "urban", "경기", "경기 김포시 고촌읍", 37.6013, 126.7702),
    Station("airkorea", "131473", "<큰길> & 대로", "roadside", "경기", "", 37.6300, 126.7000),
    Station("airkorea", "131474", "먼 곳", "urban", "부산", "", 35.1, 129.0),
)
SENSOR = Station("sensors", "s1", "학운리 센서", "sensor", "", "", 37.6300, 126.6200, origin="sensor")
USUAL = {"SO2": "0.003", "CO": "0.4", "O3": "0.031", "NO2": "0.021", "PM10": "41", "PM25": "21"}


def hour(
    uid: str, at: datetime, values: dict[str, str], *, status: Status = "realtime", received: datetime | None = None
) -> list[Observation]:
    """ "-" is a value that is missing; "통신장애" one of a quality."""
    found = []
    for pollutant, said in values.items():
        quality: Quality = {"-": "MISSING", "통신장애": "COMM"}.get(said, "OK")  # type: ignore[assignment]
        value = Decimal(said) if quality == "OK" else None
        flag = said if quality == "COMM" else ""
        source = "sensors" if uid.startswith("s") else "airkorea"
        found.append(
            Observation(
                source, uid, pollutant, value, UNITS[pollutant], at, received or at + timedelta(minutes=15), quality,
                status, "sensor" if source == "sensors" else "official", flag,
            )
        )  # fmt: skip
    return found


def pulled(observations: Iterable[Observation], **more: object) -> Pulled:
    told = tuple(observations)
    return Pulled(told, ReadReport("test", "", len(told), len(told)), **more)  # type: ignore[arg-type]


async def fill(database: Database, city: str = CITY, now: datetime = NOW) -> None:
    """`HOURS` hours of each up to the full hour before `now`; 사우동 has a hole of two hours, a flagged PM10, and an
    hour of PM2.5 that was first 95.
    """
    newest = now.replace(minute=0, second=0, microsecond=0)
    told: list[Observation] = []
    indices: list[OfficialIndex] = []
    for back in range(HOURS):
        at = newest - timedelta(hours=back)
        for number, station in enumerate(STATIONS):
            if number == 0 and back in (10, 11):
                continue
            values = {**USUAL, "PM25": str(20 + (back + number) % 9)}
            if number == 0 and back == 1:
                values["PM10"] = "통신장애"
            if number == 0 and back == 3:
                values["PM25"] = "95"
            told += hour(station.uid, at, values)
            indices.append(OfficialIndex("airkorea", station.uid, at, at + timedelta(minutes=15), 72 + number, 2))
    day = date(2026, 9, 30)
    forecast = OfficialForecast("airkorea", "f1", "PM25", day, now, now, {"경기북부": 2, "서울": 3}, "대체로 ‘보통’")
    async with database.transaction() as tx:
        first = pulled(told, stations=STATIONS, indices=tuple(indices), forecasts=(forecast,))
        await take(tx, city, "airkorea", first, now)
        later = now + timedelta(minutes=5)
        again = hour("131471", newest - timedelta(hours=3), {"PM25": "24"}, received=later)
        await take(tx, city, "airkorea", pulled(again), later)
        sensed = [one for back in range(3) for one in hour("s1", newest - timedelta(hours=back), {"PM25": "30"})]
        await take(tx, city, "sensors", pulled(sensed, stations=(SENSOR,)), now)
