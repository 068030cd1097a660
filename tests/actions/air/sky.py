"""A sky made by hand: stations of the demo city, one beside a road, one far away, and hours as a source tells them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.storing import take
from core.contracts.air import (
    UNITS,
    Observation,
    OfficialAlert,
    OfficialForecast,
    OfficialIndex,
    Pollutant,
    Pulled,
    Quality,
    ReadReport,
    Station,
)

SOURCE = "airkorea"
CREDIT = "한국환경공단 에어코리아, 실시간(미확정) 자료"
NOON = datetime(2026, 9, 30, 5, tzinfo=UTC)
"""14:00 in Korea on Wednesday 2026-09-30: the hour that the newest values end at."""
HANGANG, SAU, GOCHON, WOLGOT, ROAD, SEOUL = "한강신도시", "사우동", "고촌읍", "월곶면", "김포대로", "종로구"
STATIONS = (
    Station(SOURCE, "1", HANGANG, "urban", "경기", "경기 김포시 김포한강2로 11", 37.6440, 126.6680),
    Station(SOURCE, "2", SAU, "urban", "경기", "경기 김포시 돌문로 51", 37.6190, 126.7160),
    Station(SOURCE, "3", GOCHON, "urban", "경기", "경기 김포시 고촌읍 신곡로 3", 37.6030, 126.7690),
    Station(SOURCE, "4", WOLGOT, "urban", "경기", "경기 김포시 월곶면 군하로 2", 37.7168, 126.5525),
    Station(SOURCE, "5", ROAD, "roadside", "경기", "경기 김포시 김포대로 800", 37.6204, 126.7180),
    Station(SOURCE, "6", SEOUL, "urban", "서울", "서울 종로구 종로35가길 19", 37.5720, 127.0050),
)
UID = {one.name: one.uid for one in STATIONS}
USUAL = {"PM10": "45", "PM25": "22", "O3": "0.034", "NO2": "0.0120", "CO": "0.4", "SO2": "0.003"}
Value = str | tuple[str, Quality]
Values = Mapping[str, Value]
"""By pollutant: a value, or one with its flag ("", "COMM")."""


def hour(name: str, at: datetime, values: Values) -> list[Observation]:
    return [_observed(name, pollutant, at, value) for pollutant, value in values.items()]


def _fine(value: str) -> tuple[str, Quality]:
    return value, "OK"


def _observed(name: str, pollutant: str, at: datetime, value: Value) -> Observation:
    text, quality = _fine(value) if isinstance(value, str) else value
    flag = {"COMM": "통신장애", "CALIBRATION": "점검및교정", "SUSPECT": "자료이상"}.get(quality, "")
    number = Decimal(text) if text else None
    received = at + timedelta(minutes=15)
    unit = UNITS[pollutant]
    return Observation(SOURCE, UID[name], pollutant, number, unit, at, received, quality, "realtime", "official", flag)


def day(name: str, last: datetime, hours: int, values: Values, **more: Value) -> list[Observation]:
    """So many equal hours up to `last`; `more` raises a pollutant of the newest."""
    found: list[Observation] = []
    for back in range(hours):
        found += hour(name, last - timedelta(hours=back), {**values, **(more if back == 0 else {})})
    return found


async def tell(
    tx: AsyncConnection,
    observations: Sequence[Observation],
    now: datetime,
    *,
    city: str = "gimpo",
    source: str = SOURCE,
    stations: Sequence[Station] = STATIONS,
    indices: Sequence[OfficialIndex] = (),
    alerts: Sequence[OfficialAlert] = (),
    forecasts: Sequence[OfficialForecast] = (),
) -> None:
    """As a round of the source would store it."""
    pulled = Pulled(
        tuple(replace(one, source=source) for one in observations),
        ReadReport(source, CREDIT, len(observations), len(observations)),
        stations=tuple(replace(one, source=source) for one in stations),
        indices=tuple(replace(one, source=source) for one in indices),
        alerts=tuple(replace(one, source=source) for one in alerts),
        forecasts=tuple(replace(one, source=source) for one in forecasts),
    )
    await take(tx, city, source, pulled, now)


def foretold(pollutant: Pollutant, days: int, grade: int, *, cause: str = "", overall: str = "") -> OfficialForecast:
    """The forecast of a day, `days` after NOON's, issued at 11:00 that morning."""
    issued = NOON - timedelta(hours=3)
    the_day = (NOON + timedelta(hours=9, days=days)).date()
    grades = {"서울": grade, "경기북부": grade, "경기남부": 1}
    return OfficialForecast(
        SOURCE,
        f"{pollutant}-{the_day}",
        pollutant,
        the_day,
        issued,
        issued,
        grades,
        overall,
        cause,
    )


def usual() -> list[Observation]:
    """All stations tell all but 월곶면, whose instrument of fine dust is down; 사우동 has more of it than others."""
    observations = day(HANGANG, NOON, 26, USUAL, PM10="52") + day(GOCHON, NOON, 14, {**USUAL, "PM10": "30"})
    observations += day(SAU, NOON, 26, {**USUAL, "PM25": "38"}) + day(WOLGOT, NOON, 14, {**USUAL, "PM25": ("", "COMM")})
    return observations + day(ROAD, NOON, 14, {**USUAL, "NO2": "0.071"}) + day(SEOUL, NOON, 14, USUAL)


def usual_forecasts() -> list[OfficialForecast]:
    cause = "대기 정체로 국내 미세먼지가 쌓일 것으로 보입니다."
    overall = "○ [미세먼지] 경기북부는 ‘나쁨’으로 예상됩니다."
    return [foretold("PM10", 0, 2, cause=cause), foretold("PM10", 1, 3, overall=overall), foretold("PM25", 1, 2)]
