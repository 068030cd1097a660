"""Operators' spreadsheets: ParkAPI's normalised template and the headings of Korean offices, from a file, URL or push.

Headings, bounds and what a bad cell does: docs/sources/xlsx.md.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from core.contracts.parking import Http, Mark, ParkingFile, Pulled, Pulling, Pushing, ReadReport, RowNote, Terms
from core.errors import BadInput
from integrations.parking import _parkapi_fetch, _parkapi_headings, _parkapi_row
from integrations.parking._parkapi_read import REASONS_KO as SHARED_KO
from integrations.parking._parkapi_settings import Declared
from integrations.parking._parkapi_sheet import HEADER_ROWS, Book, Sheet, opened
from integrations.parking._parkapi_values import text

SOURCE = "xlsx"
REASONS_KO = {
    **SHARED_KO,
    "no_id": "식별자(관리번호) 칸이 비어 있음",
    "no_capacity": "면수 칸이 비어 있거나 0 이상의 수가 아님",
    "number_unreadable": "수를 적을 칸을 읽을 수 없음",
    "date_unreadable": "날짜를 읽을 수 없음",
    "cell_error": "칸에 수식 오류가 있음(#N/A 등)",
    "person_name": "관리기관명이 개인의 이름이라 싣지 않음",
    "mobile_phone": "휴대전화 번호(개인)라 싣지 않음",
    "free_with_price": "무료인데 금액이 있음(요금 확인 필요)",
    "paid_without_price": "유료·혼합인데 금액이 없음(요금 확인 필요)",
    "base_time_absurd": "기본시간을 읽을 수 없거나 하루를 넘음",
    "first_fee_absurd": "기본요금을 읽을 수 없거나 지나치게 큼",
    "step_time_absurd": "추가시간을 읽을 수 없거나 하루를 넘음",
    "step_fee_unreadable": "추가요금을 읽을 수 없음",
    "day_fee_absurd": "1일 최대요금을 읽을 수 없거나 지나치게 큼",
    "day_fee_below_first": "1일 최대요금이 기본요금보다 작음",
    "month_pass_absurd": "월정기요금을 읽을 수 없거나 지나치게 큼",
}


class Settings(Declared):
    """`url` of the file; empty: pushed, or read from a path. `sheet`: its name, else the first with the headings.

    `mapping`: our field to the operator's own headings, tried before those that are known. `is_whole`: the sheet is
    all that the operator has. `most_rows`, `max_mb`, `unpacked_mb`: what is larger is refused.
    """

    url: Annotated[str, Field(pattern=r"^$|^https?://")] = ""
    token: Annotated[str, Field(repr=False)] = ""
    sheet: str = ""
    mapping: dict[str, list[str]] = {}  # noqa: RUF012 - pydantic copies it
    is_whole: bool = True
    interval_s: Annotated[int, Field(ge=0)] = 0  # a sheet has no numbers of the moment
    most_rows: Annotated[int, Field(ge=1, le=100_000)] = 10_000
    unpacked_mb: Annotated[int, Field(ge=1, le=512)] = 64

    @field_validator("mapping")
    @classmethod
    def _names_fields(cls, mapping: dict[str, list[str]]) -> dict[str, list[str]]:
        if unknown := sorted(set(mapping) - _parkapi_headings.FIELDS):
            raise ValueError(
                f"no such fields: {', '.join(unknown)}; there are: {', '.join(_parkapi_headings.HEADINGS)}"
            )
        return mapping


def recognises(header: str) -> bool:
    """Whether a file that begins so may be a workbook: a zip."""
    return header.startswith("PK\x03\x04")


def read(path: Path, settings: Settings | None = None) -> ParkingFile:
    """A file in hand. Raises BadInput when it is no such sheet; bad rows never raise."""
    wanted = settings or Settings(attribution="운영사 제출 자료")
    raw = path.read_bytes()
    if len(raw) > wanted.max_mb * 1024 * 1024:
        raise BadInput(f"{wanted.max_mb}MB까지 받습니다.", f"at most {wanted.max_mb} MB")
    return read_bytes(raw, SOURCE, wanted)


def read_bytes(raw: bytes, source: str, settings: Settings) -> ParkingFile:
    """The same for bytes of a pull or push, as the source of this name."""
    book = opened(raw, most_rows=settings.most_rows, unpacked_mb=settings.unpacked_mb, only=settings.sheet)
    sheet, columns, header = _table(book, settings.mapping)
    rules = _parkapi_row.Rules(
        source, source, settings.bounds, settings.ownership, settings.purposes, settings.owner, book.modified
    )
    records, skipped, doubts = [], [], []
    rows = [(number, cells) for number, cells in sheet.rows[header + 1 :] if _is_lot(cells, columns)]
    if len(rows) > settings.most_rows:
        raise BadInput(f"{settings.most_rows:,}행까지 받습니다.", f"at most {settings.most_rows:,} rows")
    for number, cells in rows:
        row = _parkapi_row.Row(number, columns, cells)
        taken = _parkapi_row.record(row, rules)
        if isinstance(taken, tuple):
            skipped.append(RowNote(number, row.text("uid", 256), *taken))
            continue
        records.append(taken)
        doubts += [RowNote(number, taken.uid, reason, where) for reason, where in row.doubts]
    report = ReadReport(
        source,
        settings.attribution,
        len(rows),
        len(records),
        skipped=tuple(skipped),
        doubts=tuple(doubts),
        reasons_ko=REASONS_KO,
    )
    return ParkingFile(tuple(records), report)


def _table(book: Book, mapping: Mapping[str, Sequence[str]]) -> tuple[Sheet, Mapping[str, int], int]:
    """The first sheet with a row of headings, its columns, and which of its rows that is."""
    nearest: tuple[int, dict[str, int]] = (0, {})
    for sheet in book.sheets:
        for at, (_, cells) in enumerate(sheet.rows[:HEADER_ROWS]):
            found = _parkapi_headings.columns(cells, mapping)
            if _parkapi_headings.is_header(found):
                return sheet, found, at
            nearest = max(nearest, (len(found), found), key=lambda one: one[0])
    words = {"name": "주차장명", "capacity": "주차면수"}
    absent = [korean for name, korean in words.items() if name not in nearest[1]] or ["위도·경도 또는 주소"]
    raise BadInput(
        f"머리글 행을 찾지 못했습니다. 없는 열: {', '.join(absent)}. 다른 이름을 쓰면 mapping에 적어 주세요.",
        "no row of headings found: a name, a capacity and a place are needed; other headings go into `mapping`",
    )


def _is_lot(cells: Sequence[object], columns: Mapping[str, int]) -> bool:
    """Sums, notes and forgotten marks below the table are no rows of it."""
    told = {name: text(cells[columns[name]], 40) for name in _TELLING if name in columns}
    is_sum = not _TOTALS.isdisjoint((told.get("uid", ""), told.get("name", "")))
    return not is_sum and any(found for name, found in told.items() if name != "uid")


_TELLING = ("uid", "name", "address", "road_address", "lat")
_TOTALS = frozenset({"합계", "총계", "소계", "계", "합 계", "총 계", "소 계"})


class _Source:
    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.terms: Terms = settings.terms()
        self._settings = settings

    def _pulled(self, raw: bytes, mark: Mark, calls: int) -> Pulled:
        file = read_bytes(raw, self.name, self._settings)
        broken = any(note.reason in ("no_id", "no_name", "no_capacity") for note in file.report.skipped)
        is_complete = self._settings.is_whole and not broken
        return Pulled(file.records, (), file.report, is_complete=is_complete, mark=mark, calls=calls)


class Pull(_Source):
    """A file at an address; asked for only when lots are wanted, since a sheet has no numbers of the moment."""

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        nothing = ReadReport(self.name, self._settings.attribution, 0, 0, reasons_ko=REASONS_KO)
        if not wants_static:
            return Pulled(None, (), nothing, mark=mark, calls=0)
        token = self._settings.token
        answer = await _parkapi_fetch.get(
            http,
            self._settings.url,
            mark,
            wants_static=True,
            max_mb=self._settings.max_mb,
            headers={"authorization": f"Bearer {token}"} if token else None,
        )
        if answer.body is None:
            return Pulled(None, (), nothing, mark=mark)
        try:
            return self._pulled(answer.body, answer.mark, 1)
        except BadInput as error:
            raise _parkapi_fetch.broken(error) from None


class Push(_Source):
    """A file that the operator sends. Reading takes about a millisecond a row of forty columns: call it in a thread."""

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
        if len(body) > self._settings.max_mb * 1024 * 1024:
            most = self._settings.max_mb
            raise BadInput(f"{most}MB까지 받습니다.", f"at most {most} MB")
        return self._pulled(body, Mark(), 0)


def build(name: str, settings: Settings) -> Pulling | Pushing:
    """An address makes it a source that is asked, none a source that calls us."""
    made: Any = Pull(name, settings) if settings.url else Push(name, settings)
    return made  # type: ignore[no-any-return]
