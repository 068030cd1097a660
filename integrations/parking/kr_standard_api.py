"""Pulls 전국주차장정보표준데이터 from its API (tn_pubr_prkplce_info_api): the same lots as the file, every day, of the
city and its neighbours only.

Field names keep the official misspellings. The record of a row is the one that the file gives (`_standard`).
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from core.contracts.parking import Http, Mark, ParkingRecord, Pulled, ReadReport, RowNote, Terms
from core.datagokr import cell, decoded_key
from core.section import Section
from integrations.parking import _pages, _standard

URL = "https://api.data.go.kr/openapi/tn_pubr_prkplce_info_api"
# Of several names the first that the row has counts: older answers lack instt_nm, newer ones write instt_code.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "주차장관리번호": ("prkplceNo",),
    "주차장명": ("prkplceNm",),
    "주차장구분": ("prkplceSe",),
    "주차장유형": ("prkplceType",),
    "소재지도로명주소": ("rdnmadr",),
    "소재지지번주소": ("lnmadr",),
    "주차구획수": ("prkcmprt",),
    "급지구분": ("feedingSe",),
    "부제시행구분": ("enforceSe",),
    "운영요일": ("operDay",),
    "평일운영시작시각": ("weekdayOperOpenHhmm",),
    "평일운영종료시각": ("weekdayOperColseHhmm", "weekdayOperCloseHhmm"),
    "토요일운영시작시각": ("satOperOperOpenHhmm", "satOperOpenHhmm"),
    "토요일운영종료시각": ("satOperCloseHhmm",),
    "공휴일운영시작시각": ("holidayOperOpenHhmm",),
    "공휴일운영종료시각": ("holidayCloseOpenHhmm", "holidayOperCloseHhmm"),
    "요금정보": ("parkingchrgeInfo",),
    "주차기본시간": ("basicTime",),
    "주차기본요금": ("basicCharge",),
    "추가단위시간": ("addUnitTime",),
    "추가단위요금": ("addUnitCharge",),
    "1일주차권요금적용시간": ("dayCmmtktAdjTime",),
    "1일주차권요금": ("dayCmmtkt",),
    "월정기권요금": ("monthCmmtkt", "monCmmtkt"),
    "결제방법": ("metpay",),
    "특기사항": ("spcmnt",),
    "관리기관명": ("institutionNm",),
    "전화번호": ("phoneNumber",),
    "위도": ("latitude",),
    "경도": ("longitude",),
    "장애인전용주차구역보유여부": ("pwdbsPpkZoneYn",),
    "데이터기준일자": ("referenceDate",),
    "제공기관코드": ("instt_code", "insttCode"),
    "제공기관명": ("instt_nm", "insttNm"),
}


class Settings(Section):
    """`key`: either spelling of the portal's key. Kept are lots of the `providers` (제공기관코드나 제공기관명) and
    those whose address begins with one of `addresses`; both empty: the whole country. `filter_field`: a request field
    that the gateway is known to filter by; then each of `providers` is asked for by itself ("": all pages are read).
    `daily_calls`: as the portal grants (마이페이지 > 활용신청 현황).
    """

    key: Annotated[str, Field(min_length=1, repr=False)]
    url: str = URL
    providers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    filter_field: str = ""
    rows: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    most_pages: Annotated[int, Field(ge=1, le=1_000)] = 60
    daily_calls: Annotated[int, Field(ge=1)] = 1_000
    static_interval_s: Annotated[int, Field(ge=3_600)] = 86_400


class NationalApi:
    """No realtime numbers: a round that does not want the lots makes no call."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self.terms = Terms(
            attribution=_standard.ATTRIBUTION,
            licence=_standard.LICENCE,
            licence_url=_standard.LICENCE_URL,
            static_interval_s=settings.static_interval_s,
            daily_calls=settings.daily_calls,
        )

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        """All pages, read off the event loop: a country is 17 calls and seconds of reading. Raises SourceFailed."""
        if not wants_static:
            return Pulled(None, (), ReadReport(self.name, self.terms.attribution, 0, 0), mark=mark, calls=0)
        fetched = await self._fetch(http)
        rows = await asyncio.to_thread(_standard.taken, numbered(fetched))
        kept = [record for record in rows.records if self._is_ours(record)]
        far = [record for record in rows.records if not self._is_ours(record)]
        # A publisher of whom only some lots are kept has more than we have: none of its lots is gone for that.
        split = _publishers(kept) & _publishers(far)
        rows.doubts += [RowNote(0, code, "publisher_split") for code in sorted(split)]
        rows.skipped += _outside(far, fetched)
        rows.records = kept
        is_complete = fetched.is_whole and not split
        return Pulled(tuple(kept), (), rows.report(self.name), is_complete=is_complete, calls=fetched.calls)

    async def _fetch(self, http: Http) -> _pages.Fetched:
        asked = self._settings
        params = {"serviceKey": decoded_key(asked.key), "type": "json"}
        filters = [{asked.filter_field: one} for one in asked.providers] if asked.filter_field else [{}]
        whole = _pages.Fetched()
        for one in filters:
            found = await _pages.fetch(http, asked.url, {**params, **one}, rows=asked.rows, most_pages=asked.most_pages)
            whole.items += found.items
            whole.odd += found.odd
            whole.calls += found.calls
            whole.is_whole = whole.is_whole and found.is_whole
        return whole

    def _is_ours(self, record: ParkingRecord) -> bool:
        """Every publisher that a joined lot came from counts, so that a corporation's row does not hide the city's."""
        asked = self._settings
        if not asked.providers and not asked.addresses:
            return True
        if _publishers([record]) & set(asked.providers) or record.provider_name in asked.providers:
            return True
        return any(record.address.startswith(one) or record.road_address.startswith(one) for one in asked.addresses)


def build(name: str, settings: Settings) -> NationalApi:
    return NationalApi(name, settings)


def numbered(fetched: _pages.Fetched) -> Iterator[tuple[int, Mapping[str, str] | RowNote]]:
    """The items as rows of the file, with their position; items that are no rows come last."""
    for at, item in enumerate(fetched.items, start=1):
        yield at, {column: _first(item, names) for column, names in FIELDS.items()}
    for at in range(fetched.odd):
        yield len(fetched.items) + at + 1, RowNote(len(fetched.items) + at + 1, "", "not_a_row")


def _first(item: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((text for name in names if (text := cell(item.get(name)))), "")


def _publishers(records: Iterable[ParkingRecord]) -> set[str]:
    return {one.partition(":")[0] for record in records for one in record.external_ids}


def _outside(far: Sequence[ParkingRecord], fetched: _pages.Fetched) -> Iterator[RowNote]:
    if not far:
        return
    code, number = FIELDS["제공기관코드"], FIELDS["주차장관리번호"]
    lines = {f"{_first(item, code)}:{_first(item, number)}": at for at, item in enumerate(fetched.items, start=1)}
    for record in far:
        yield RowNote(lines.get(record.external_ids[0], 0), record.uid, "outside_area", record.name)
