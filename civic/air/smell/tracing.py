"""What the wind tells of one place and moment, read from the store and put into words for the officer, in Korean.

Names of companies stand here with their caveat; no citizen's text is made of it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.sectors import SECTORS, sector_of
from civic.air.smell.upwind import Insufficient, Possible, Reason, Traced, candidates
from core.air_rules import Air, Company
from core.clock import SEOUL
from core.contracts.air import Wind

CAVEAT_KO = "바람 방향으로 본 가능성일 뿐이며, 어느 곳에서 났다는 증거가 아닙니다. 현장에서 확인해 주세요."
CAVEAT_EN = "A possibility by the direction of the wind, no proof that any of them gave it off. Check on the spot."
CONFIDENCE_KO = {"fair": "보통", "weak": "낮음"}
CONFIDENCE_EN = {"fair": "fair", "weak": "weak"}
INSUFFICIENT_KO: Mapping[Insufficient, str] = {
    "no_wind": "가까운 곳의 바람 관측값이 없습니다",
    "stale": "바람 관측값이 오래되어 그 시각의 바람을 알 수 없습니다",
    "calm": "바람이 초속 0.5m보다 약해 방향을 말할 수 없습니다",
    "turning": "몇 시간 사이 바람 방향이 크게 바뀌어 온 길을 말할 수 없습니다",
    "disagreeing": "관측소마다 바람 방향이 서로 크게 달라 온 길을 말할 수 없습니다",
}
INSUFFICIENT_EN: Mapping[Insufficient, str] = {
    "no_wind": "no wind was observed near enough",
    "stale": "the newest wind is too old for that moment",
    "calm": "the wind was below 0.5 m/s and has no direction",
    "turning": "the wind turned too much within these hours",
    "disagreeing": "the stations' winds differ too much",
}
REASONS_KO: Mapping[Reason, str] = {
    "off_path": "바람길에서 벗어남",
    "far": "멀리 있음",
    "long_ago": "오래 걸리는 거리",
    "light_wind": "약한 바람",
    "one_station": "관측소 한 곳뿐",
    "near": "바로 곁이라 방향으로 가릴 수 없음",
    "unsteady": "바람 방향이 바뀌는 중",
    "other_smell": "신고한 배출 물질과 다른 냄새",
}
REASONS_EN: Mapping[Reason, str] = {
    "off_path": "off the path",
    "far": "far away",
    "long_ago": "long on its way",
    "light_wind": "light wind",
    "one_station": "one weather station only",
    "near": "too near for any direction",
    "unsteady": "wind turning",
    "other_smell": "declared other smells",
}
SECTORS_KO = (
    "북", "북북동", "북동", "동북동", "동", "동남동", "남동", "남남동",
    "남", "남남서", "남서", "서남서", "서", "서북서", "북서", "북북서",
)  # fmt: skip


async def winds_for(tx: AsyncConnection, city_id: str, at: datetime, rules: Air) -> list[Wind]:
    """The hours that a path ending at the moment may need, and the one after it where it is known already."""
    back = timedelta(hours=rules.smell.hours_back, minutes=rules.smell.stale_minutes)
    return await reading.winds(tx, city_id, at - back - timedelta(hours=1), at + timedelta(hours=1))


async def trace(
    tx: AsyncConnection, city_id: str, lat: float, lon: float, at: datetime, rules: Air, *, kind: str = ""
) -> tuple[Traced, list[Wind]]:
    """`upwind.candidates` over the stored winds, and these."""
    winds = await winds_for(tx, city_id, at, rules)
    return candidates(lat, lon, at, winds, rules.companies, rules.smell, kind=kind), winds


def plain(traced: Traced) -> dict[str, Any]:
    """For a row or an answer: plain JSON, the path thinned to every 15 minutes."""
    return {
        "insufficient": traced.insufficient,
        "from_degrees": None if traced.from_degrees is None else round(traced.from_degrees, 1),
        "speed": None if traced.speed is None else round(traced.speed, 2),
        "stations": traced.stations,
        "steadiness": None if traced.steadiness is None else round(traced.steadiness, 2),
        "wind_at": traced.wind_at.isoformat() if traced.wind_at else None,
        "is_cut": traced.is_cut,
        "path": [
            [round(one.lat, 5), round(one.lon, 5), round(one.minutes)]
            for one in traced.path
            if one.minutes % 15 == 0 or one == traced.path[-1]
        ],
        "possible": [
            {
                "company": one.company,
                "stack": one.stack,
                "distance_m": round(one.distance_m),
                "degrees": round(one.degrees, 1),
                "minutes": round(one.minutes),
                "share": round(one.share, 3),
                "confidence": one.confidence,
                "reasons": list(one.reasons),
            }
            for one in traced.possible
        ],
    }


def note_ko(traced: Traced, at: datetime, winds: Sequence[Wind], companies: Mapping[str, Company]) -> str:
    """The officer's note: the wind, the weather, the possible stacks with confidence, or why nothing can be said."""
    lines = [f"[바람 방향으로 본 가능성] {_moment(at)} 기준, 자동 계산"]
    if traced.speed is not None and traced.from_degrees is not None:
        lines.append(f"바람: {direction_ko(traced.from_degrees)}풍 {traced.speed:.1f}m/s (관측소 {traced.stations}곳)")
    if weather := _weather(at, winds):
        lines.append(weather)
    if traced.insufficient:
        lines.append(f"말할 수 없음: {INSUFFICIENT_KO[traced.insufficient]}.")
        return "\n".join(lines)
    if traced.is_cut:
        hours = traced.path[-1].minutes / 60
        lines.append(f"바람길은 {hours:.1f}시간 앞까지만 이어집니다. 그보다 먼 곳은 알 수 없습니다.")
    if not traced.possible:
        lines.append("바람길 가까이에 등록된 배출구가 없습니다. 등록되지 않은 곳에서 났을 수도 있습니다.")
    for number, one in enumerate(traced.possible, 1):
        lines.append(f"{number}. {_possible_ko(one, companies)}")
    return "\n".join([*lines, CAVEAT_KO])


def _possible_ko(one: Possible, companies: Mapping[str, Company]) -> str:
    company = companies.get(one.company)
    reasons = f"({', '.join(REASONS_KO[reason] for reason in one.reasons)})" if one.reasons else ""
    return (
        f"{company.name.ko if company else one.company} · {one.stack}: {one.distance_m / 1_000:.1f}km,"
        f" 바람길에서 {one.degrees:.0f}도, 약 {one.minutes:.0f}분, 신뢰도 {CONFIDENCE_KO[one.confidence]}{reasons}"
    )


def direction_ko(degrees: float) -> str:
    """The Korean name of the sector that the wind comes from: 남, 북북동 …"""
    return SECTORS_KO[SECTORS.index(sector_of(Decimal(str(degrees))))]


def _weather(at: datetime, winds: Sequence[Wind]) -> str:
    """Temperature, humidity and rain as last told before the moment."""
    told = [one for one in winds if one.at <= at and (one.temperature, one.humidity, one.rain) != (None,) * 3]
    if not told:
        return ""
    last = max(told, key=lambda one: one.at)
    parts = [
        f"기온 {last.temperature}℃" if last.temperature is not None else "",
        f"습도 {last.humidity}%" if last.humidity is not None else "",
        f"비 {last.rain}mm" if last.rain else "",
    ]
    return f"날씨({last.at.astimezone(SEOUL):%H:%M}): {', '.join(part for part in parts if part)}"


def _moment(at: datetime) -> str:
    local = at.astimezone(SEOUL)
    return f"{local.month}월 {local.day}일 {local:%H:%M}"
