"""From a row of the national standard (전국주차장정보표준데이터) to a record: one mapping for its file and its API.

Column names are the file's; docs/sources/kr_standard_parking.md maps them.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from core.contracts.parking import Ownership, ParkingRecord, ReadReport, RowNote
from core.datagokr import cell as clean
from integrations.parking import _hours, _korean, _merge, _points
from integrations.parking._tariff import Prices, tariff

ATTRIBUTION = "전국주차장정보표준데이터(공공데이터포털)"
LICENCE = "공공데이터(이용허락범위 제한 없음 또는 제공기관이 정한 공공누리 유형)"
LICENCE_URL = "https://www.data.go.kr/data/15012896/standard.do"
_DISABLED = "장애인전용주차구역보유여부"
_PUBLISHER = "제공기관명"
# fmt: off
NEEDED = [
    "주차장관리번호", "주차장명", "주차장구분", "주차장유형", "소재지도로명주소", "소재지지번주소",
    "주차구획수", "운영요일", "평일운영시작시각", "평일운영종료시각", "토요일운영시작시각",
    "토요일운영종료시각", "공휴일운영시작시각", "공휴일운영종료시각", "요금정보", "주차기본시간",
    "주차기본요금", "추가단위시간", "추가단위요금", "1일주차권요금", "월정기권요금", "결제방법", "특기사항",
    "관리기관명", "전화번호", "위도", "경도", "데이터기준일자", "제공기관코드",
]
# fmt: on
# Columns that came and went; a row without them is whole.
OPTIONAL = [_DISABLED, _PUBLISHER, "급지구분", "부제시행구분", "1일주차권요금적용시간"]
_NOTHING = frozenset({"0", "-", "없음", "해당없음", "무", "."})
_NAME_MOST = 200
_OLD_DAYS = 5 * 365
_TEXT_MOST = 2_000

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
    "date_old": "데이터기준일자가 이 자료의 가장 새로운 날보다 5년 넘게 앞섬",
    "mobile_phone": "휴대전화 번호(개인)라 싣지 않음",
    "person_name": "관리기관명이 개인의 이름이라 싣지 않음",
    "not_a_row": "행이 아님",
    "outside_area": "설정한 제공기관·주소 밖의 주차장임",
    "publisher_split": "이 제공기관의 일부만 두므로 목록에서 빠진 주차장을 알 수 없음(providers에 더해 주세요)",
}


@dataclass(slots=True)
class Rows:
    """All that came of many rows. `total` = records + merged + skipped."""

    records: list[ParkingRecord]
    merged: list[RowNote]
    skipped: list[RowNote]
    doubts: list[RowNote]
    total: int

    def report(self, source: str) -> ReadReport:
        notes = (tuple(self.merged), tuple(self.skipped), tuple(self.doubts))
        return ReadReport(source, ATTRIBUTION, self.total, len(self.records), *notes, REASONS_KO)


def taken(rows: Iterable[tuple[int, Mapping[str, str] | RowNote]]) -> Rows:
    """Rows with their line: cells by column name, or why the line is no row. Bad rows never raise."""
    kept: list[_merge.Row] = []
    skipped: list[RowNote] = []
    doubts: list[RowNote] = []
    total = 0
    for line, cells in rows:
        total += 1
        read = cells if isinstance(cells, RowNote) else _row(line, cells, doubts)
        if isinstance(read, RowNote):
            skipped.append(read)
        else:
            kept.append((line, read))
    kept = _without_placeholders(kept, doubts)
    doubts += _outdated(kept)
    records, joined = _merge.merged(_with_own_ids(kept, doubts))
    return Rows(records, joined, skipped, doubts, total)


def _outdated(rows: Sequence[_merge.Row]) -> Iterator[RowNote]:
    """Rows of years ago stand beside rows of last month: told to whoever looks after the data, and taken."""
    days = [record.data_date for _, record in rows if record.data_date]
    oldest = max(days).toordinal() - _OLD_DAYS if days else 0
    for line, record in rows:
        if record.data_date and record.data_date.toordinal() < oldest:
            yield RowNote(line, record.uid, "date_old", str(record.data_date))


def _row(line: int, cells: Mapping[str, str], doubts: list[RowNote]) -> ParkingRecord | RowNote:
    cell = {column: clean(cells.get(column, ""))[:_TEXT_MOST] for column in (*NEEDED, *OPTIONAL)}
    uid = f"{cell['제공기관코드'][:40]}:{cell['주차장관리번호'][:80]}"
    refused = _refusal(cell)
    if refused:
        return RowNote(line, uid, refused, cell["주차장명"][:_NAME_MOST])
    record, reasons = _record(uid, cell)
    doubts += [RowNote(line, uid, reason, record.name) for reason in reasons]
    return record


def _refusal(cell: Mapping[str, str]) -> str:
    if not cell["주차장관리번호"]:
        return "no_id"
    if not cell["주차장명"]:
        return "no_name"
    if not re.fullmatch(r"[0-9]{1,6}(?:\.0)?", cell["주차구획수"]) or float(cell["주차구획수"]) == 0:
        return "no_capacity"
    has_address = cell["소재지지번주소"] or cell["소재지도로명주소"]
    return "" if has_address or _points.point(cell["위도"], cell["경도"])[0] else "nowhere"


def _record(uid: str, cell: Mapping[str, str]) -> tuple[ParkingRecord, list[str]]:
    where, point_doubt = _points.point(cell["위도"], cell["경도"])
    hours = _week(cell)
    fee_kind, prices, fee_doubts = tariff(_prices(cell))
    dated = _date(cell["데이터기준일자"])
    ownership = _OWNERSHIPS.get(cell["주차장구분"], "unknown")
    run_by, is_person = _korean.operator(cell["관리기관명"], is_private=ownership != "public")
    phone, is_mobile = _korean.phone(cell["전화번호"])
    remarks, has_mobile = _korean.without_mobiles(_said(cell["특기사항"]))
    name = cell["주차장명"][:_NAME_MOST]
    record = ParkingRecord(
        uid=uid,
        external_ids=(uid,),
        provider=cell["제공기관코드"][:40],
        provider_name=cell[_PUBLISHER][:_NAME_MOST],
        name=name,
        ownership=ownership,
        owner=_korean.owner(ownership, cell[_PUBLISHER][:_NAME_MOST], run_by),
        type=_korean.lot_type(cell["주차장유형"], name),
        address=_spaced(cell["소재지지번주소"] or cell["소재지도로명주소"]),
        road_address=_spaced(cell["소재지도로명주소"]),
        lat=where[0] if where else None,
        lon=where[1] if where else None,
        capacity=int(float(cell["주차구획수"])),
        has_disabled={"Y": True, "N": False}.get(cell[_DISABLED].upper()),
        has_charging=None,
        opening_hours=hours.text,
        hours_note=hours.note,
        fee_kind=fee_kind,
        tariff=prices,
        fee_description=_fee_words(cell, fee_doubts),
        payment=_said(cell["결제방법"]),
        remarks=remarks,
        zone_grade=_said(cell["급지구분"]),
        rotation="" if cell["부제시행구분"] == "미시행" else _said(cell["부제시행구분"]),
        park_and_ride=_korean.is_park_and_ride(name),
        operator=run_by,
        phone=phone,
        data_date=dated,
    )
    told = (point_doubt, hours.doubt, "" if dated else "no_date", *fee_doubts)
    private = ("mobile_phone" if is_mobile or has_mobile else "", "person_name" if is_person else "")
    return record, [reason for reason in (*told, *private) if reason]


_OWNERSHIPS: Mapping[str, Ownership] = {"공영": "public", "민영": "private"}


def _week(cell: Mapping[str, str]) -> _hours.Opening:
    weekday, saturday, holiday = (
        (cell[f"{day}운영시작시각"], cell[f"{day}운영종료시각"]) for day in ("평일", "토요일", "공휴일")
    )
    return _hours.opening(cell["운영요일"], weekday, saturday, holiday, cell["특기사항"])


def _prices(cell: Mapping[str, str]) -> Prices:
    return Prices(
        kind=cell["요금정보"],
        first_minutes=cell["주차기본시간"],
        first_fee=cell["주차기본요금"],
        step_minutes=cell["추가단위시간"],
        step_fee=cell["추가단위요금"],
        day_fee=cell["1일주차권요금"],
        month_fee=cell["월정기권요금"],
    )


_CELLS_OF = {
    "base_time_absurd": ("주차기본시간", "주차기본요금"),
    "first_fee_absurd": ("주차기본시간", "주차기본요금"),
    "step_time_absurd": ("추가단위시간", "추가단위요금"),
    "step_fee_unreadable": ("추가단위시간", "추가단위요금"),
    "day_fee_absurd": ("1일주차권요금",),
    "day_fee_below_first": ("1일주차권요금",),
    "month_pass_absurd": ("월정기권요금",),
}


def _fee_words(cell: Mapping[str, str], doubts: Iterable[str]) -> str:
    """What the price cells say and the tariff cannot: unreadable amounts, and the day ticket's hours (ADR 0027)."""
    columns = dict.fromkeys(column for doubt in doubts for column in _CELLS_OF.get(doubt, ()))
    if cell["1일주차권요금적용시간"] not in _NOTHING | {""} and cell["1일주차권요금"] not in _NOTHING | {""}:
        columns["1일주차권요금적용시간"] = None
    return ", ".join(f"{column} {cell[column]}" for column in columns if cell[column])


def _spaced(address: str) -> str:
    """`인천광역시?계양구?작전동?885`: a space that somebody's export did not know."""
    return re.sub(r"(?<=[가-힣0-9])\?(?=[가-힣0-9])", " ", address)


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
