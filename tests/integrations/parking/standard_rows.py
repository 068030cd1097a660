"""Makes small files in the form of the national standard table, with our own invented rows."""

import csv
import io
from pathlib import Path

from core.contracts.parking import ParkingFile, ParkingRecord
from integrations.parking.kr_standard import read_text

COLUMNS = [
    "주차장관리번호", "주차장명", "주차장구분", "주차장유형", "소재지도로명주소", "소재지지번주소",
    "주차구획수", "급지구분", "부제시행구분", "운영요일", "평일운영시작시각", "평일운영종료시각",
    "토요일운영시작시각", "토요일운영종료시각", "공휴일운영시작시각", "공휴일운영종료시각", "요금정보",
    "주차기본시간", "주차기본요금", "추가단위시간", "추가단위요금", "1일주차권요금적용시간",
    "1일주차권요금", "월정기권요금", "결제방법", "특기사항", "관리기관명", "전화번호", "위도", "경도",
    "데이터기준일자", "제공기관코드", "제공기관명",
]  # fmt: skip
DISABLED = "장애인전용주차구역보유여부"
PLAIN = dict(
    zip(
        COLUMNS,
        [
            "900-2-000001", "가람 공영주차장", "공영", "노외", "", "가온도 나래시 가람동 1-1", "50", "1", "미시행",
            "평일+토요일+공휴일", "09:00", "22:00", "09:00", "22:00", "10:00", "20:00", "유료", "30", "600", "10",
            "300", "", "7000", "80000", "신용카드", "", "나래시 시설공단", "031-900-0000", "37.60", "126.70",
            "2024-03-01", "9900000", "가온도 나래시",
        ],
        strict=True,
    )
)  # fmt: skip


def row(**changes: str) -> dict[str, str]:
    """A flawless row with these cells changed."""
    return {**PLAIN, **changes}


def text_of(rows: list[dict[str, str]], columns: list[str] | None = None) -> str:
    made = io.StringIO(newline="")
    writer = csv.DictWriter(made, columns or COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()


def write(path: Path, rows: list[dict[str, str]], *, encoding: str = "cp949", columns: list[str] | None = None) -> Path:
    path.write_bytes(text_of(rows, columns).encode(encoding))
    return path


def taken(*rows: dict[str, str]) -> ParkingFile:
    return read_text(text_of(list(rows)))


def only(**changes: str) -> ParkingRecord:
    (record,) = taken(row(**changes)).records
    return record


def doubts(**changes: str) -> set[str]:
    return {note.reason for note in taken(row(**changes)).report.doubts}
