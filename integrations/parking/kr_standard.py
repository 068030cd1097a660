"""Reads 전국주차장정보표준데이터 (the national standard parking file, portal id 15012896) into canonical records.

Its column names stop here; docs/sources/kr_standard_parking.md maps them. Columns are found by name: older files have
33, newer ones 34. Attribution: public-sector open data, source and reference date to be named.
"""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from core.contracts.parking import LotType, Ownership, ParkingFile, ParkingRecord, ReadReport, RowNote
from core.errors import BadInput
from integrations.parking import _hours, _merge, _points
from integrations.parking._tariff import Prices, tariff

SOURCE = "kr_standard"
ATTRIBUTION = "전국주차장정보표준데이터(공공데이터포털)"
_DISABLED = "장애인전용주차구역보유여부"
# fmt: off
_NEEDED = [
    "주차장관리번호", "주차장명", "주차장구분", "주차장유형", "소재지도로명주소", "소재지지번주소",
    "주차구획수", "운영요일", "평일운영시작시각", "평일운영종료시각", "토요일운영시작시각",
    "토요일운영종료시각", "공휴일운영시작시각", "공휴일운영종료시각", "요금정보", "주차기본시간",
    "주차기본요금", "추가단위시간", "추가단위요금", "1일주차권요금", "월정기권요금", "결제방법", "특기사항",
    "관리기관명", "전화번호", "위도", "경도", "데이터기준일자", "제공기관코드",
]
# fmt: on
_NOTHING = frozenset({"0", "-", "없음", "해당없음", "무", "."})

REASONS_KO = {
    "same_lot": "같은 주차장이 두 번 공표됨(최신 기준일자를 남김)",
    "wrong_columns": "열 수가 머리글과 다름",
    "no_id": "주차장관리번호가 없음",
    "no_name": "주차장명이 없음",
    "no_capacity": "주차구획수가 0이거나 숫자가 아님",
    "nowhere": "좌표도 주소도 없음",
    "no_point": "좌표가 없음(이름으로만 찾을 수 있음)",
    "point_outside_korea": "좌표가 우리나라 밖임",
    "point_swapped": "위도와 경도가 바뀌어 있어 바로잡음",
    "point_placeholder": "서로 다른 주소들이 한 좌표를 함께 씀",
    "point_far_from_address": "좌표가 같은 동의 다른 주차장들과 6km 넘게 떨어짐",
    "free_with_price": "무료인데 금액이 있음(요금 확인 필요)",
    "paid_without_price": "유료·혼합인데 금액이 없음(요금 확인 필요)",
    "base_time_absurd": "기본시간을 읽을 수 없거나 하루를 넘음",
    "first_fee_absurd": "기본요금을 읽을 수 없거나 지나치게 큼",
    "step_time_absurd": "추가단위시간을 읽을 수 없거나 하루를 넘음",
    "step_fee_unreadable": "추가단위요금을 읽을 수 없음",
    "day_fee_absurd": "1일주차권요금을 읽을 수 없거나 지나치게 큼",
    "day_fee_below_first": "1일주차권요금이 기본요금보다 작음",
    "month_pass_absurd": "월정기권요금을 읽을 수 없거나 지나치게 큼",
    "hours_ambiguous": "운영시각이 모호함(시간 확인 필요)",
    "hours_midnight": "00:00~00:00을 24시간으로 봄(시간 확인 필요)",
    "hours_invalid": "운영시각을 표현할 수 없음",
    "days_unreadable": "운영요일을 읽을 수 없음",
    "id_repeats": "같은 기관이 한 관리번호를 여러 주차장에 씀",
    "no_date": "데이터기준일자가 없음",
}


def read(path: Path) -> ParkingFile:
    """Read a CSV file (UTF-8 with or without mark, else CP949). Raises BadInput when it is not this table."""
    return read_text(_decoded(path.read_bytes(), path.name), path.name)


def read_text(text: str, name: str = "") -> ParkingFile:
    """The same for text in hand; `name` is for the error message."""
    lines = csv.reader(io.StringIO(text, newline=""))
    header = [cell.strip() for cell in next(lines, [])]
    missing = [column for column in _NEEDED if column not in header]
    if missing:
        raise BadInput(
            f"{name}: 전국주차장정보표준데이터가 아닙니다. 없는 열: {', '.join(missing[:5])}",
            f"{name}: not the national standard parking file; missing columns: {', '.join(missing[:5])}",
        )
    rows: list[_merge.Row] = []
    skipped: list[RowNote] = []
    doubts: list[RowNote] = []
    total = 0
    for line, cells in _numbered(lines):
        total += 1
        taken = _row(line, header, cells, doubts)
        if isinstance(taken, RowNote):
            skipped.append(taken)
        else:
            rows.append((line, taken))
    rows = _without_placeholders(rows, doubts)
    records, joined = _merge.merged(_with_own_ids(rows, doubts))
    report = ReadReport(
        SOURCE, ATTRIBUTION, total, len(records), tuple(joined), tuple(skipped), tuple(doubts), REASONS_KO
    )
    return ParkingFile(tuple(records), report)


def _numbered(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for line, cells in enumerate(lines, start=2):
        if any(cell.strip() for cell in cells):
            yield line, cells


def _decoded(raw: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadInput(f"{name}: UTF-8도 CP949도 아닙니다.", f"{name}: neither UTF-8 nor CP949")


def _row(line: int, header: Sequence[str], cells: Sequence[str], doubts: list[RowNote]) -> ParkingRecord | RowNote:
    if len(cells) != len(header):
        return RowNote(line, cells[0].strip() if cells else "", "wrong_columns", str(len(cells)))
    cell = {column: value.strip() for column, value in zip(header, cells, strict=True)}
    uid = f"{cell['제공기관코드']}:{cell['주차장관리번호']}"
    refused = _refusal(cell)
    if refused:
        return RowNote(line, uid, refused)
    record, reasons = _record(uid, cell)
    doubts += [RowNote(line, uid, reason) for reason in reasons]
    return record


def _refusal(cell: dict[str, str]) -> str:
    if not cell["주차장관리번호"]:
        return "no_id"
    if not cell["주차장명"]:
        return "no_name"
    if not re.fullmatch(r"\d{1,6}", cell["주차구획수"]) or int(cell["주차구획수"]) == 0:
        return "no_capacity"
    has_address = cell["소재지지번주소"] or cell["소재지도로명주소"]
    return "" if has_address or _points.point(cell["위도"], cell["경도"])[0] else "nowhere"


def _record(uid: str, cell: dict[str, str]) -> tuple[ParkingRecord, list[str]]:
    where, point_doubt = _points.point(cell["위도"], cell["경도"])
    hours = _hours.opening(
        cell["운영요일"],
        (cell["평일운영시작시각"], cell["평일운영종료시각"]),
        (cell["토요일운영시작시각"], cell["토요일운영종료시각"]),
        (cell["공휴일운영시작시각"], cell["공휴일운영종료시각"]),
        cell["특기사항"],
    )
    fee_kind, prices, fee_doubts = tariff(
        Prices(
            kind=cell["요금정보"],
            first_minutes=cell["주차기본시간"],
            first_fee=cell["주차기본요금"],
            step_minutes=cell["추가단위시간"],
            step_fee=cell["추가단위요금"],
            day_fee=cell["1일주차권요금"],
            month_fee=cell["월정기권요금"],
        )
    )
    dated = _date(cell["데이터기준일자"])
    record = ParkingRecord(
        uid=uid,
        external_ids=(uid,),
        provider=cell["제공기관코드"],
        name=re.sub(r"\s+", " ", cell["주차장명"]),
        ownership=_ownership(cell["주차장구분"]),
        type=_type(cell["주차장유형"], cell["주차장명"]),
        address=re.sub(r"\s+", " ", cell["소재지지번주소"] or cell["소재지도로명주소"]),
        lat=where[0] if where else None,
        lon=where[1] if where else None,
        capacity=int(cell["주차구획수"]),
        has_disabled={"Y": True, "N": False}.get(cell.get(_DISABLED, "").upper()),
        has_charging=None,
        opening_hours=hours.text,
        hours_note=hours.note,
        fee_kind=fee_kind,
        tariff=prices,
        payment=_said(cell["결제방법"]),
        remarks=_said(cell["특기사항"]),
        operator=cell["관리기관명"],
        phone=cell["전화번호"],
        data_date=dated,
    )
    reasons = [reason for reason in (point_doubt, hours.doubt, "" if dated else "no_date", *fee_doubts) if reason]
    return record, reasons


def _ownership(text: str) -> Ownership:
    return "public" if text == "공영" else "private" if text == "민영" else "unknown"


def _type(kind: str, name: str) -> LotType:
    if kind == "노상":
        return "ON_STREET"
    if kind != "노외":
        return "OTHER"
    if re.search(r"지하(?!철|차도|도로|상가|보도)", name):
        return "UNDERGROUND"
    if re.search(r"타워|주차빌딩|주차동|자주식|기계식", name):
        return "CAR_PARK"
    return "OFF_STREET_PARKING_GROUND"


def _said(text: str) -> str:
    return "" if text in _NOTHING else re.sub(r"\s+", " ", text)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _without_placeholders(rows: list[_merge.Row], doubts: list[RowNote]) -> list[_merge.Row]:
    points = [None if r.lat is None or r.lon is None else (r.lat, r.lon) for _, r in rows]
    bad = _points.untrusted(points, [record.address for _, record in rows])
    for at, reason in bad.items():
        line, record = rows[at]
        doubts.append(RowNote(line, record.uid, reason))
        rows[at] = (line, replace(record, lat=None, lon=None))
    return rows


def _with_own_ids(rows: list[_merge.Row], doubts: list[RowNote]) -> list[_merge.Row]:
    """An id that one publisher gave to several lots gets a tail made of name and address, the same in every file."""
    seen = Counter(record.uid for _, record in rows)
    made: list[_merge.Row] = []
    taken: set[str] = set()
    for line, record in rows:
        if seen[record.uid] > 1:
            doubts.append(RowNote(line, record.uid, "id_repeats"))
            tail = hashlib.sha256(f"{record.name}|{record.address}|{record.type}".encode()).hexdigest()[:8]
            uid = f"{record.uid}#{tail}"
            while uid in taken:
                uid += "+"
            taken.add(uid)
            record = replace(record, uid=uid)
        made.append((line, record))
    return made
