"""What a list of cases may hold as a file: which columns there are, and what stands in one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from civic.cases.service import NAMES, Case
from core.clock import SEOUL

Cell = str | int | float | datetime | None
Kind = Literal["text", "moment", "number"]


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids of a city's rows are called, for people."""

    departments: Mapping[str, str]
    categories: Mapping[str, str]
    staff: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A case and what its line needs besides. `contact`: name and phone, empty unless they were asked for."""

    case: Case
    names: Names
    contact: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Column:
    """`title` heads it, Korean first. Moments are Korean wall clock without zone, as spreadsheets want them."""

    title: str
    kind: Kind
    value: Callable[[Row], Cell]
    width: int = 14
    is_contact: bool = False


def _moment(at: datetime | None) -> datetime | None:
    return at.astimezone(SEOUL).replace(tzinfo=None, microsecond=0) if at else None


def _department(row: Row) -> Cell:
    return row.names.departments.get(row.case.department_id, row.case.department_id)


def _officer(row: Row) -> Cell:
    return row.names.staff.get(str(row.case.staff_id), "") if row.case.staff_id else ""


COLUMNS: Mapping[str, Column] = {
    "receipt_no": Column("접수번호 (No.)", "text", lambda row: row.case.receipt_no, 18),
    "status": Column("상태 (Status)", "text", lambda row: NAMES[row.case.status][0]),
    "track": Column("처리 방식 (Track)", "text", lambda row: "즉결" if row.case.track == "instant" else "장기", 10),
    "category": Column("분류 (Category)", "text", lambda row: row.names.categories.get(row.case.category, "")),
    "department": Column("부서 (Department)", "text", _department),
    "officer": Column("담당자 (Officer)", "text", _officer, 12),
    "title": Column("제목 (Title)", "text", lambda row: row.case.title, 40),
    "body": Column("내용 (Body)", "text", lambda row: row.case.body, 60),
    "place": Column("장소 (Place)", "text", lambda row: row.case.place, 24),
    "lat": Column("위도 (Latitude)", "number", lambda row: row.case.lat, 11),
    "lon": Column("경도 (Longitude)", "number", lambda row: row.case.lon, 11),
    "channel": Column("채널 (Channel)", "text", lambda row: row.case.channel, 10),
    "received_at": Column("접수 (Received)", "moment", lambda row: _moment(row.case.received_at), 17),
    "due_at": Column("기한 (Due)", "moment", lambda row: _moment(row.case.due_at), 17),
    "closed_at": Column("종결 (Closed)", "moment", lambda row: _moment(row.case.closed_at), 17),
    "answer": Column("답변 (Answer)", "text", lambda row: row.case.answer or "", 60),
    "extensions": Column("연장 횟수 (Extensions)", "number", lambda row: row.case.extensions, 10),
    "joined": Column("함께한 시민 (Joined)", "number", lambda row: row.case.joined, 10),
    "rating": Column("만족도 (Rating)", "number", lambda row: row.case.rating, 10),
    "rating_text": Column("만족도 의견 (Comment)", "text", lambda row: row.case.rating_text, 30),
    "citizen_name": Column("민원인 (Name)", "text", lambda row: row.contact[0], 12, is_contact=True),
    "citizen_phone": Column("전화 (Phone)", "text", lambda row: row.contact[1], 16, is_contact=True),
}
USUAL = ("receipt_no", "status", "category", "department", "officer", "title", "received_at", "due_at", "closed_at")
"""What is given when nobody says which."""
CONTACT = frozenset(name for name, column in COLUMNS.items() if column.is_contact)
