"""Seoul's public lots with the cars in them (GetParkingInfo of data.seoul.go.kr), as API, snapshot and guide file.

The key is part of the path: nothing here writes an address into a message. docs/sources/seoul.md maps the fields.
"""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field

from core.contracts.parking import (
    Http,
    Mark,
    ParkingFile,
    ParkingRecord,
    Pulled,
    ReadReport,
    RealtimeRecord,
    RowNote,
    SourceFailed,
    Terms,
)
from core.datagokr import GatewayFailed, cell, parse_answer, whole
from core.errors import BadInput
from core.section import Section
from integrations.parking import _seoul_rows, _table
from integrations.parking._seoul_rows import REASONS_KO, Rows

SOURCE = "seoul"
GUIDE = "seoul_guide"
ATTRIBUTION = "서울 열린데이터광장(서울특별시)"
SERVICE = "GetParkingInfo"
MOST_ROWS = 1_000
_NEEDED = [_seoul_rows.FILE_COLUMNS[name] for name in ("PKLT_CD", "PKLT_NM", "ADDR", "TPKCT", "PAY_YN")]
_COUNT = _seoul_rows.FILE_COLUMNS["NOW_PRK_VHCL_CNT"]
Kind = Literal["retry", "quota", "refused", "broken"]
_KINDS: Mapping[str, Kind] = {
    "INFO-100": "refused",  # 인증키가 유효하지 않음
    "INFO-300": "refused",
    "ERROR-337": "quota",
    "ERROR-500": "retry",
    "ERROR-600": "retry",
    "ERROR-601": "retry",
}
_KOREAN: Mapping[Kind, str] = {
    "retry": "서울 열린데이터광장이 잠시 답하지 못합니다.",
    "quota": "서울 열린데이터광장의 하루 호출 한도를 다 썼습니다.",
    "refused": "서울 열린데이터광장이 인증키를 받아들이지 않습니다. 인증키를 확인해 주세요.",
    "broken": "서울 열린데이터광장의 답이 알려진 형식이 아닙니다.",
}


class Settings(Section):
    """`key`: of 서울 열린데이터광장. `districts`: only these (종로구…); empty: all of Seoul. `licence`, `daily_calls`:
    as the provider's page says, None: no limit is known.
    """

    key: Annotated[str, Field(min_length=1, repr=False)]
    url: str = "http://openapi.seoul.go.kr:8088"
    districts: tuple[str, ...] = ()
    licence: str = "공공누리 제1유형(출처표시)"
    interval_s: Annotated[int, Field(ge=60)] = 300
    static_interval_s: Annotated[int, Field(ge=3_600)] = 86_400
    freshness_s: Annotated[int, Field(ge=60)] = 1_800
    daily_calls: Annotated[int, Field(ge=1)] | None = None
    most_pages: Annotated[int, Field(ge=1, le=100)] = 20


class Seoul:
    """Lots and numbers come in one answer: a round costs one call for each thousand rows."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self.terms = Terms(
            attribution=ATTRIBUTION,
            licence=settings.licence,
            licence_url="https://data.seoul.go.kr/dataList/OA-21709/A/1/datasetView.do",
            owner="서울특별시",
            freshness_s=settings.freshness_s,
            interval_s=settings.interval_s,
            static_interval_s=settings.static_interval_s,
            daily_calls=settings.daily_calls,
        )

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        items: list[Any] = []
        calls, is_whole = 0, True
        for district in self._settings.districts or ("",):
            found, made, complete = await self._all(http, district)
            items, calls, is_whole = items + found, calls + made, is_whole and complete
        rows = await asyncio.to_thread(_seoul_rows.grouped, _numbered(items))
        static, report = _lots(rows, self.name) if wants_static else (None, _account(rows, self.name, []))
        numbers, realtime_report = _numbers(rows, self.name, now)
        return Pulled(static, numbers, report, realtime_report, is_complete=is_whole, calls=calls)

    async def _all(self, http: Http, district: str) -> tuple[list[Any], int, bool]:
        items: list[Any] = []
        total = 0
        for page in range(self._settings.most_pages):
            said, rows = await self._page(http, page * MOST_ROWS + 1, district)
            total = max(total, said)
            items += rows
            if not rows or len(items) >= total:
                return items, page + 1, len(items) >= total
        return items, self._settings.most_pages, False

    async def _page(self, http: Http, start: int, district: str) -> tuple[int, list[Any]]:
        path = [self._settings.key.strip(), "json", SERVICE, str(start), str(start + MOST_ROWS - 1)]
        address = "/".join([self._settings.url.rstrip("/"), *(quote(part, safe="") for part in (*path, district))])
        response = await http.get(address, deadline_s=30.0)
        return read_answer(response.content, response.status_code)


def build(name: str, settings: Settings) -> Seoul:
    return Seoul(name, settings)


def recognises(header: str) -> bool:
    """Whether a file with this first line is ours: the snapshot or the guide."""
    return "주차장코드" in header and "총 주차면" in header


def read(path: Path) -> ParkingFile:
    """The lots of a snapshot (source `seoul`) or of the guide file (`seoul_guide`). Raises BadInput for any other."""
    header, rows = _opened(path)
    source = SOURCE if _COUNT in header else GUIDE
    records, report = _lots(rows, source)
    return ParkingFile(records, report)


def read_realtime(path: Path, fetched_at: datetime) -> Pulled:
    """The numbers of a snapshot, with its lots. Raises BadInput when it is none."""
    header, rows = _opened(path)
    if _COUNT not in header:
        raise BadInput(f"{path.name}: 실시간 주차대수 파일이 아닙니다.", f"{path.name}: no column of cars inside")
    records, report = _lots(rows, SOURCE)
    numbers, realtime_report = _numbers(rows, SOURCE, fetched_at)
    return Pulled(records, numbers, report, realtime_report, calls=0)


def read_answer(body: bytes, status: int = 200) -> tuple[int, list[Any]]:
    """Total and rows of one answer; errors come without the service's wrapper. Raises SourceFailed."""
    try:
        answer = parse_answer(body, status)
    except GatewayFailed as failure:
        raise SourceFailed(failure.kind, _KOREAN[failure.kind], f"openapi.seoul.go.kr: {failure.kind}") from None
    inside = answer.get(SERVICE) if isinstance(answer, Mapping) else None
    result = _result(inside) or _result(answer)
    code = cell(result.get("CODE")).upper()
    if code == "INFO-200":
        return 0, []
    if code not in ("INFO-000", "") or not isinstance(inside, Mapping):
        kind: Kind = _KINDS.get(code, "refused" if status in (401, 403) else "broken")
        raise SourceFailed(kind, f"{_KOREAN[kind]} ({code[:20]})", f"openapi.seoul.go.kr: {code[:20]}")
    found = inside.get("row")
    rows = found if isinstance(found, list) else [found] if isinstance(found, Mapping) else []
    return max(whole(inside.get("list_total_count")) or 0, len(rows)), rows


def _result(envelope: Any) -> Mapping[str, Any]:
    if not isinstance(envelope, Mapping):
        return {}
    result = envelope.get("RESULT", envelope if "CODE" in envelope else {})
    return result if isinstance(result, Mapping) else {}


def _numbered(items: list[Any]) -> Iterator[tuple[int, Mapping[str, str] | RowNote]]:
    for at, item in enumerate(items, start=1):
        yield at, _seoul_rows.from_api(item) if isinstance(item, Mapping) else RowNote(at, "", "not_a_row")


def _opened(path: Path) -> tuple[list[str], Rows]:
    header, lines = _table.opened(_table.decoded(path.read_bytes(), path.name))
    lacking = ", ".join(_table.missing(header, _NEEDED))
    if lacking:
        raise BadInput(
            f"{path.name}: 서울시 주차장 파일이 아닙니다. 없는 열: {lacking}",
            f"{path.name}: not a file of Seoul's lots; missing columns: {lacking}",
        )
    rows = ((at, row if isinstance(row, RowNote) else _seoul_rows.from_file(row)) for at, row in lines)
    return header, _seoul_rows.grouped(rows)


def _lots(rows: Rows, source: str) -> tuple[tuple[ParkingRecord, ...], ReadReport]:
    made = [_seoul_rows.static(lot, source, has_realtime=source != GUIDE) for lot in rows.lots]
    doubts = [note for _, notes in made for note in notes]
    return tuple(record for record, _ in made), _account(rows, source, doubts)


def _numbers(rows: Rows, source: str, fetched_at: datetime) -> tuple[tuple[RealtimeRecord, ...], ReadReport]:
    """A lot without a number is a record too, so that the house knows why it has none."""
    numbers = tuple(_seoul_rows.number(lot, source, fetched_at) for lot in rows.lots)
    silent = [RowNote(lot.line, one.uid, one.reason) for lot, one in zip(rows.lots, numbers, strict=True) if one.reason]
    return numbers, _account(rows, source, silent)


def _account(rows: Rows, source: str, doubts: list[RowNote]) -> ReadReport:
    notes = (tuple(rows.merged), tuple(rows.skipped), tuple(doubts))
    return ReadReport(source, ATTRIBUTION, rows.total, len(rows.lots), *notes, REASONS_KO)
