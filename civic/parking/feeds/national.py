"""Our lots as the national standard table (전국주차장정보표준데이터, portal id 15012896).

It is what a city hands in to the portal each year."""

import csv
import io
from collections.abc import Iterable

from civic.parking.feeds.publishing import Publisher
from civic.parking.hours import weekly
from civic.parking.lots import Lot
from civic.parking.search import Found
from core import cp949

# fmt: off
COLUMNS = (
    "주차장관리번호", "주차장명", "주차장구분", "주차장유형", "소재지도로명주소", "소재지지번주소", "주차구획수",
    "급지구분", "부제시행구분", "운영요일", "평일운영시작시각", "평일운영종료시각", "토요일운영시작시각",
    "토요일운영종료시각", "공휴일운영시작시각", "공휴일운영종료시각", "요금정보", "주차기본시간", "주차기본요금",
    "추가단위시간", "추가단위요금", "1일주차권요금적용시간", "1일주차권요금", "월정기권요금", "결제방법", "특기사항",
    "관리기관명", "전화번호", "위도", "경도", "장애인전용주차구역보유여부", "데이터기준일자", "제공기관코드",
    "제공기관명",
)
# fmt: on
"""The 34 columns in the order of the standard's newer form."""
_OWNERSHIPS = {"public": "공영", "private": "민영"}
_TYPES = {"ON_STREET": "노상", "OTHER": "부설"}
_FEES = {"free": "무료", "paid": "유료", "mixed": "혼합"}
_DAYS = (("weekday", "평일"), ("saturday", "토요일"), ("holiday", "공휴일"))
_NO_TIMES = ("00:00", "00:00")


def head(*, is_cp949: bool) -> bytes:
    return _bytes([COLUMNS], is_cp949=is_cp949, is_first=True)


def rows(found: Iterable[Found], publisher: Publisher, *, is_cp949: bool) -> bytes:
    """The lots as lines ended by CR LF; without newlines inside a field, as the standard's files are.

    `is_cp949`: the portal's encoding, in which rare signs become plain ones; else UTF-8 (its mark is in `head`).
    """
    return _bytes((_row(one.lot, publisher) for one in found), is_cp949=is_cp949)


def _row(lot: Lot, publisher: Publisher) -> list[str]:
    provider, _, number = lot.uid.rpartition(":")
    days, times, note = _hours(lot)
    cells = {
        "주차장관리번호": number,
        "주차장명": lot.name,
        "주차장구분": _OWNERSHIPS.get(lot.ownership, ""),
        "주차장유형": _TYPES.get(lot.type, "노외"),
        "소재지도로명주소": lot.road_address,
        "소재지지번주소": lot.address if lot.address != lot.road_address else "",
        "주차구획수": str(lot.capacity),
        "급지구분": lot.zone_grade,
        "부제시행구분": lot.rotation,
        "운영요일": days,
        **times,
        **_prices(lot),
        "결제방법": lot.payment,
        "특기사항": " / ".join(text for text in (lot.remarks, lot.fee_description, note) if text),
        "관리기관명": lot.operator,
        "전화번호": lot.phone,
        "위도": "" if lot.lat is None else str(lot.lat),
        "경도": "" if lot.lon is None else str(lot.lon),
        "장애인전용주차구역보유여부": "" if lot.has_disabled is None else "NY"[lot.has_disabled],
        "데이터기준일자": lot.data_date.isoformat() if lot.data_date else "",
        "제공기관코드": provider,
        "제공기관명": publisher.owner(lot),
    }
    return [" ".join(cells.get(column, "").split()) for column in COLUMNS]


def _hours(lot: Lot) -> tuple[str, dict[str, str], str]:
    """Operating days, the three pairs of times, and in words what those cannot say.

    A day that is unknown or closed is not among the days, and its times are 00:00, as the standard's files write it.
    """
    spans = weekly(lot.opening_hours)
    names: list[str] = []
    times: dict[str, str] = {}
    for kind, name in _DAYS:
        start, end = _span(spans.get(kind, ""))
        times[f"{name}운영시작시각"], times[f"{name}운영종료시각"] = start, end
        if (start, end) != _NO_TIMES:
            names.append(name)
    note = f"운영시간(OSM): {lot.opening_hours}" if lot.opening_hours and not spans else ""
    return "+".join(names), times, note


def _span(said: str) -> tuple[str, str]:
    if said == "24h":
        return "00:00", "23:59"
    start, _, end = said.partition("~")
    return (start, end) if len(start) == len(end) == len("00:00") else _NO_TIMES


def _prices(lot: Lot) -> dict[str, str]:
    kind = {"요금정보": _FEES.get(lot.fee_kind, "")}
    tariff = lot.tariff
    if tariff is None:
        return kind
    found = {
        "주차기본시간": tariff.first_minutes,
        "주차기본요금": tariff.first_fee_krw,
        "추가단위시간": tariff.step_minutes,
        "추가단위요금": tariff.step_fee_krw,
        "1일주차권요금": tariff.day_cap_krw,
        "월정기권요금": tariff.month_pass_krw,
    }
    return kind | {name: "" if value is None else str(value) for name, value in found.items()}


def _bytes(lines: Iterable[Iterable[str]], *, is_cp949: bool, is_first: bool = False) -> bytes:
    made = io.StringIO(newline="")
    csv.writer(made).writerows([_harmless(cell) for cell in line] for line in lines)
    if is_cp949:
        return cp949.plain(made.getvalue()).text.encode("cp949")
    return made.getvalue().encode("utf-8-sig" if is_first else "utf-8")


def _harmless(text: str) -> str:
    """No spreadsheet takes it for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
