"""A row of Seoul's parking data (GetParkingInfo, its snapshots and the guide file) as a lot and as its number.

Names of the API; `FILE_COLUMNS` says what the files call them. docs/sources/seoul.md maps the fields.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.contracts.parking import ParkingRecord, RealtimeRecord, RowNote
from core.datagokr import cell, whole
from integrations.parking import _hours, _korean, _points
from integrations.parking._tariff import Prices, tariff

FILE_COLUMNS: Mapping[str, str] = {
    "PKLT_CD": "주차장코드",
    "PKLT_NM": "주차장명",
    "ADDR": "주소",
    "PKLT_TYPE": "주차장 종류",
    "PRK_TYPE_NM": "주차장 종류명",
    "OPER_SE_NM": "운영구분명",
    "TELNO": "전화번호",
    "PRK_STTS_YN": "주차현황 정보 제공여부",
    "PRK_STTS_NM": "주차현황 정보 제공여부명",
    "TPKCT": "총 주차면",
    "NOW_PRK_VHCL_CNT": "현재 주차 차량수",
    "NOW_PRK_VHCL_UPDT_TM": "현재 주차 차량수 업데이트시간",
    "PAY_YN": "유무료구분",
    "NGHT_PAY_YN": "야간무료개방여부",
    "WD_OPER_BGNG_TM": "평일 운영 시작시각(HHMM)",
    "WD_OPER_END_TM": "평일 운영 종료시각(HHMM)",
    "WE_OPER_BGNG_TM": "주말 운영 시작시각(HHMM)",
    "WE_OPER_END_TM": "주말 운영 종료시각(HHMM)",
    "LHLDY_OPER_BGNG_TM": "공휴일 운영 시작시각(HHMM)",
    "LHLDY_OPER_END_TM": "공휴일 운영 종료시각(HHMM)",
    "SAT_CHGD_FREE_SE": "토요일 유,무료 구분",
    "LHLDY_CHGD_FREE_SE": "공휴일 유,무료 구분",
    "PRD_AMT": "월 정기권 금액",
    "BSC_PRK_CRG": "기본 주차 요금",
    "BSC_PRK_HR": "기본 주차 시간(분 단위)",
    "ADD_PRK_CRG": "추가 단위 요금",
    "ADD_PRK_HR": "추가 단위 시간(분 단위)",
    "BUS_BSC_PRK_CRG": "버스 기본 주차 요금",
    "BUS_BSC_PRK_HR": "버스 기본 주차 시간(분 단위)",
    "DAY_MAX_CRG": "일 최대 요금",
    "LAT": "위도",
    "LOT": "경도",
    "SYNC_TM": "최종데이터 동기화 시간",
}
REASONS_KO = {
    "not_a_row": "행이 아님",
    "wrong_columns": "열 수가 머리글과 다름",
    "no_id": "주차장코드가 없음",
    "no_name": "주차장명이 없음",
    "no_capacity": "총 주차면이 없거나 0임",
    "same_lot": "노상주차장을 한 면씩 나눈 행(한 주차장으로 묶음)",
    "same_id": "같은 주차장코드가 되풀이됨(처음 것을 남김)",
    "residents_only": "거주자 우선 주차장(방문객이 쓸 수 없음)",
    "no_point": "좌표가 없음(이름으로만 찾을 수 있음)",
    "point_outside_korea": "좌표가 우리나라 밖임",
    "point_swapped": "위도와 경도가 바뀌어 있어 바로잡음",
    "bay_rows": "한 면씩 적힌 노상주차장이라 전체 면수와 빈자리를 알 수 없음",
    "unlinked": "미연계중(빈자리를 보내지 않음)",
    "no_count": "현재 주차 차량수가 없음",
    "no_time": "업데이트 시간이 없음",
    "mobile_phone": "휴대전화 번호(개인)라 싣지 않음",
    "hours_ambiguous": "운영시각이 모호함(시간 확인 필요)",
    "hours_midnight": "00:00~00:00을 24시간으로 봄(시간 확인 필요)",
    "free_with_price": "무료인데 금액이 있음(요금 확인 필요)",
    "paid_without_price": "유료인데 금액이 없음(요금 확인 필요)",
    "base_time_absurd": "기본 주차 시간을 읽을 수 없거나 하루를 넘음",
    "first_fee_absurd": "기본 주차 요금을 읽을 수 없거나 지나치게 큼",
    "step_time_absurd": "추가 단위 시간을 읽을 수 없거나 하루를 넘음",
    "step_fee_unreadable": "추가 단위 요금을 읽을 수 없음",
    "day_fee_absurd": "일 최대 요금을 읽을 수 없거나 지나치게 큼",
    "day_fee_below_first": "일 최대 요금이 기본요금보다 작음",
    "month_pass_absurd": "월 정기권 금액을 읽을 수 없거나 지나치게 큼",
}
BAYS_UNKNOWN = "면수 확인 필요(원자료에 한 면씩 적힘)"
_NAME_MOST = 200
_CAPACITY_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Lot:
    """The rows of one lot, the first of which tells of it. `bays`: how many rows of one bay each, 0 for a usual lot."""

    line: int
    row: Mapping[str, str]
    codes: tuple[str, ...]
    bays: int = 0


@dataclass(slots=True)
class Rows:
    """`total` = lots + merged + skipped rows."""

    lots: list[Lot]
    merged: list[RowNote]
    skipped: list[RowNote]
    total: int


def from_file(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: cell(cells.get(column, "")) for name, column in FILE_COLUMNS.items()}


def from_api(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: cell(item.get(name)) for name in FILE_COLUMNS}


def grouped(rows: Iterable[tuple[int, Mapping[str, str] | RowNote]]) -> Rows:
    """Rows with their line as lots: street rows of one bay each, with one name and lot number, are one lot."""
    found = Rows([], [], [], 0)
    at: dict[tuple[str, ...], int] = {}
    for line, row in rows:
        found.total += 1
        if isinstance(row, RowNote):
            found.skipped.append(row)
            continue
        if refused := _refusal(line, row):
            found.skipped.append(refused)
            continue
        code, bay = row["PKLT_CD"], _is_bay(row)
        key = ("bay", row["PKLT_NM"], row["ADDR"]) if bay else ("lot", code)
        if key not in at:
            at[key] = len(found.lots)
            found.lots.append(Lot(line, row, (code,), int(bay)))
            continue
        first = found.lots[at[key]]
        found.merged.append(RowNote(line, code, "same_lot" if bay else "same_id", f"line {first.line}"))
        if bay:
            codes = first.codes if code in first.codes else (*first.codes, code)
            found.lots[at[key]] = Lot(first.line, first.row, codes, first.bays + 1)
    return found


def _refusal(line: int, row: Mapping[str, str]) -> RowNote | None:
    capacity = whole(row["TPKCT"], _CAPACITY_MOST)
    reason = (
        "no_id" if not row["PKLT_CD"]
        else "no_name" if not row["PKLT_NM"]
        else "residents_only" if row["OPER_SE_NM"] == "거주자 우선 주차장"
        else "no_capacity" if capacity is None or capacity <= 0
        else ""
    )  # fmt: skip
    return RowNote(line, row["PKLT_CD"][:80], reason, row["PKLT_NM"][:_NAME_MOST]) if reason else None


def _is_bay(row: Mapping[str, str]) -> bool:
    return _is_street(row) and whole(row["TPKCT"]) == 1


def _is_street(row: Mapping[str, str]) -> bool:
    return row["PKLT_TYPE"] == "NS" or row["PRK_TYPE_NM"].startswith("노상")


def static(lot: Lot, provider: str, *, has_realtime: bool) -> tuple[ParkingRecord, list[RowNote]]:
    """The lot as a record, and a note for each part that could not be taken as it stands."""
    row = lot.row
    where, point_doubt = _points.point(row["LAT"], row["LOT"])
    hours = _week(row)
    fee_kind, prices, fee_doubts = tariff(_prices(row))
    phone, is_mobile = _korean.phone(row["TELNO"])
    name, is_private = _plain_name(row["PKLT_NM"])
    capacity = lot.bays or whole(row["TPKCT"], _CAPACITY_MOST) or 0
    kind = row["OPER_SE_NM"]
    synced = _korean.moment(row["SYNC_TM"])
    record = ParkingRecord(
        uid=lot.codes[0][:80],
        external_ids=tuple(f"seoul:{code[:80]}" for code in lot.codes),
        provider=provider,
        provider_name="서울특별시",
        name=name,
        ownership="private" if is_private else "public",
        owner="" if is_private else _owner(row),
        type=_korean.lot_type("노상" if _is_street(row) else "노외", name),
        address=lot_address(row["ADDR"]),
        lat=where[0] if where else None,
        lon=where[1] if where else None,
        capacity=capacity,
        capacity_bus=capacity if kind == "버스전용 주차장" else None,
        capacity_motorcycle=capacity if kind.startswith("이륜차") else None,
        has_disabled=None,
        has_charging=None,
        opening_hours=hours.text,
        hours_note=hours.note,
        fee_kind=fee_kind,
        tariff=prices,
        fee_description=_fee_words(row),
        payment="",
        remarks=", ".join(said for said in (kind if kind != "시간제 주차장" else "", _bays(lot)) if said),
        park_and_ride=_korean.is_park_and_ride(name),
        operator="",
        phone=phone,
        data_date=synced.astimezone(_korean.KST).date() if synced else None,
        static_data_updated_at=synced,
        has_realtime=has_realtime and _is_linked(row) and not lot.bays,
    )
    private = "mobile_phone" if is_mobile else ""
    reasons = (point_doubt, hours.doubt, *fee_doubts, private, "bay_rows" if lot.bays else "")
    return record, [RowNote(lot.line, record.uid, reason, name) for reason in reasons if reason]


def number(lot: Lot, source: str, fetched_at: datetime) -> RealtimeRecord:
    """What Seoul claims of free bays: the count is of cars inside, so free is capacity less count, be it negative.

    The flag of linking is believed only when it says no; how old a number is, its stamp tells and the house judges.
    """
    row = lot.row
    capacity = None if lot.bays else whole(row["TPKCT"], _CAPACITY_MOST)
    cars = whole(row["NOW_PRK_VHCL_CNT"])
    updated_at = _korean.moment(row["NOW_PRK_VHCL_UPDT_TM"])
    is_linked = _is_linked(row)
    reason = (
        "unlinked" if not is_linked
        else "bay_rows" if lot.bays
        else "no_count" if cars is None
        else "no_time" if updated_at is None
        else ""
    )  # fmt: skip
    return RealtimeRecord(
        source=source,
        uid=lot.codes[0][:80],
        free=None if reason or capacity is None or cars is None else capacity - cars,
        fetched_at=fetched_at,
        updated_at=updated_at,
        capacity=capacity,
        is_linked=is_linked,
        reason=reason,
    )


def lot_address(address: str) -> str:
    """`중구 훈정동 2-0` → `서울특별시 중구 훈정동 2`: as others write it, so that no 중구 elsewhere is meant."""
    plain = re.sub(r"^서울(?:특별시|시)?\s+", "", address)
    plain = re.sub(r"(?<=\d)-0(?=\s|$)", "", plain)
    plain = re.sub(r"(?<=\d) 0$", "", plain)
    return (f"서울특별시 {plain}" if re.match(r"\S+구\s", plain) else plain)[:_NAME_MOST]


def _plain_name(name: str) -> tuple[str, bool]:
    """Without the tails (시), (구) and (민영) that say whose it is; whether it is private."""
    is_private = "(민영)" in name
    plain = re.sub(r"\s*\((?:시|구|민영)\)", "", name).strip()
    return (plain or name)[:_NAME_MOST], is_private


def _owner(row: Mapping[str, str]) -> str:
    district = re.match(r"(?:서울\S*\s+)?(\S+구)(?:\s|$)", row["ADDR"])
    is_district = row["PKLT_NM"].rstrip().endswith("(구)") and district
    return f"서울특별시 {district[1][:20]}" if is_district and district else "서울특별시"


def _bays(lot: Lot) -> str:
    return BAYS_UNKNOWN if lot.bays == 1 else ""


def _is_linked(row: Mapping[str, str]) -> bool:
    status = row["PRK_STTS_YN"].partition(".")[0]
    return status != "0" and status.upper() != "N" and "미연계" not in row["PRK_STTS_NM"]


def _week(row: Mapping[str, str]) -> _hours.Opening:
    """주말 is Saturday and Sunday; 공휴일 is every other holiday."""
    weekday, weekend, holiday = (
        (_hours.clock(row[f"{kind}_OPER_BGNG_TM"]), _hours.clock(row[f"{kind}_OPER_END_TM"]))
        for kind in ("WD", "WE", "LHLDY")
    )
    days = {"Mo": weekday, "Tu": weekday, "We": weekday, "Th": weekday, "Fr": weekday, "Sa": weekend, "Su": weekend}
    return _hours.week({**days, "PH": holiday})


def _prices(row: Mapping[str, str]) -> Prices:
    return Prices(
        kind={"Y": "유료", "N": "무료"}.get(row["PAY_YN"].upper(), ""),
        first_minutes=row["BSC_PRK_HR"],
        first_fee=row["BSC_PRK_CRG"],
        step_minutes=row["ADD_PRK_HR"],
        step_fee=row["ADD_PRK_CRG"],
        day_fee=row["DAY_MAX_CRG"],
        month_fee=row["PRD_AMT"],
    )


def _fee_words(row: Mapping[str, str]) -> str:
    """The flags of free days contradict each other too often to count with (53 of 180: free on Saturdays only)."""
    if row["PAY_YN"].upper() != "Y":
        return ""
    said = [
        "토요일 무료" if row["SAT_CHGD_FREE_SE"].upper() == "N" else "",
        "공휴일 무료" if row["LHLDY_CHGD_FREE_SE"].upper() == "N" else "",
        "야간 무료 개방" if row["NGHT_PAY_YN"].upper() == "Y" else "",
    ]
    words = "·".join(one for one in said if one)
    bus_fee, bus_time = whole(row["BUS_BSC_PRK_CRG"], 1_000_000), whole(row["BUS_BSC_PRK_HR"], 1_440)
    bus = f"버스 {bus_time}분 {bus_fee:,}원" if bus_fee and bus_time else ""
    return ", ".join(one for one in (f"{words}로 표시됨(현장 확인 필요)" if words else "", bus) if one)
