"""Airport lots and the cars in them: 한국공항공사 (XML) and 인천국제공항공사 (JSON), a source each.

Neither tells where its lots lie; the settings' `places` do. docs/sources/airports.md maps the fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from core.contracts.parking import (
    KOREA_LAT,
    KOREA_LON,
    Http,
    Mark,
    ParkingRecord,
    Pulled,
    ReadReport,
    RealtimeRecord,
    RowNote,
    Terms,
)
from core.datagokr import cell, decoded_key, whole
from core.section import Section
from integrations.parking import _korean, _pages

Operator = Literal["kac", "incheon"]
REASONS_KO = {
    "not_a_row": "행이 아님",
    "no_name": "공항이나 주차장 이름이 없음",
    "no_capacity": "주차 면수가 없거나 0임",
    "outside_area": "설정하지 않은 공항임",
    "same_id": "같은 주차장이 되풀이됨(처음 것을 남김)",
    "no_count": "들어와 있는 차의 수가 없거나 숫자가 아님",
    "no_time": "집계 시각을 읽을 수 없음",
    "no_point": "좌표를 정하지 않은 주차장임(이름으로만 찾을 수 있음)",
}
_TEXT_MOST = 120
_CAPACITY_MOST = 100_000


class Place(Section):
    """Where the lots of a name lie: nothing of it comes from the source."""

    address: str = ""
    lat: Annotated[float, Field(ge=KOREA_LAT[0], le=KOREA_LAT[1])]
    lon: Annotated[float, Field(ge=KOREA_LON[0], le=KOREA_LON[1])]


class Settings(Section):
    """`key`: either spelling of the portal's key. `airports`: only lots of these (김포국제공항…); empty: all. `places`:
    by the beginning of a lot's name, the longest that fits counts. `daily_calls`: as the portal grants them.
    """

    key: Annotated[str, Field(min_length=1, repr=False)]
    operator: Operator
    url: str = ""
    airports: tuple[str, ...] = ()
    places: Mapping[str, Place] = Field(default_factory=dict)
    licence: str = "공공데이터(이용허락범위 제한 없음)"
    interval_s: Annotated[int, Field(ge=60)] = 300
    static_interval_s: Annotated[int, Field(ge=3_600)] = 86_400
    freshness_s: Annotated[int, Field(ge=60)] = 1_800
    daily_calls: Annotated[int, Field(ge=1)] = 1_000


@dataclass(frozen=True, slots=True)
class _Form:
    """How one operator writes a row. `airport` None: all rows are of `owner`'s one airport, `only`."""

    url: str
    owner: str
    extra: Mapping[str, str]
    lot: str
    capacity: str
    cars: str
    moment: tuple[str, ...]
    airport: str = ""
    only: str = ""
    page: str = ""


_FORMS: Mapping[Operator, _Form] = {
    "kac": _Form(
        url="http://openapi.airport.co.kr/service/rest/AirportParking/airportparkingRT",
        owner="한국공항공사",
        extra={},
        airport="aprKor",
        lot="parkingAirportCodeName",
        capacity="parkingFullSpace",
        cars="parkingIstay",
        moment=("parkingGetdate", "parkingGettime"),
        page="https://www.data.go.kr/data/15056803/openapi.do",
    ),
    "incheon": _Form(
        url="https://apis.data.go.kr/B551177/StatusOfParking/getTrackingParking",
        owner="인천국제공항공사",
        extra={"type": "json"},
        only="인천국제공항",
        lot="floor",
        capacity="parkingarea",
        cars="parking",
        moment=("datetm",),
        page="https://www.data.go.kr/data/15095047/openapi.do",
    ),
}


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    uid: str
    airport: str
    name: str
    capacity: int
    item: Mapping[str, Any]


class Airports:
    """Lots and numbers come in one answer."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._form = _FORMS[settings.operator]
        self.terms = Terms(
            attribution=f"{self._form.owner} 주차정보(공공데이터포털)",
            licence=settings.licence,
            licence_url=self._form.page,
            owner=self._form.owner,
            freshness_s=settings.freshness_s,
            interval_s=settings.interval_s,
            static_interval_s=settings.static_interval_s,
            daily_calls=settings.daily_calls,
        )

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        fetched = await _pages.fetch(
            http,
            self._settings.url or self._form.url,
            {"serviceKey": decoded_key(self._settings.key), **self._form.extra},
            rows=200,
            most_pages=5,
        )
        rows, merged, skipped = self._rows(fetched)
        total = len(fetched.items) + fetched.odd
        lots = tuple(self._lot(row) for row in rows) if wants_static else None
        numbers = tuple(self._number(row, now) for row in rows)
        no_point = [self._note(row, "no_point") for row, lot in zip(rows, lots or (), strict=False) if lot.lat is None]
        silent = [self._note(row, one.reason) for row, one in zip(rows, numbers, strict=True) if one.reason]
        return Pulled(
            lots,
            numbers,
            self._account(total, rows, merged, skipped, no_point),
            self._account(total, rows, merged, skipped, silent),
            is_complete=fetched.is_whole,
            calls=fetched.calls,
        )

    def _rows(self, fetched: _pages.Fetched) -> tuple[list[_Row], list[RowNote], list[RowNote]]:
        rows: dict[str, _Row] = {}
        merged: list[RowNote] = []
        skipped: list[RowNote] = []
        for line, item in enumerate(fetched.items, start=1):
            read = self._row(line, item)
            if isinstance(read, RowNote):
                skipped.append(read)
            elif read.uid in rows:
                merged.append(RowNote(line, read.uid, "same_id", f"line {rows[read.uid].line}"))
            else:
                rows[read.uid] = read
        skipped += [RowNote(len(fetched.items) + at + 1, "", "not_a_row") for at in range(fetched.odd)]
        return list(rows.values()), merged, skipped

    def _row(self, line: int, item: Mapping[str, Any]) -> _Row | RowNote:
        form = self._form
        airport = (cell(item.get(form.airport)) if form.airport else form.only)[:_TEXT_MOST]
        lot = cell(item.get(form.lot))[:_TEXT_MOST]
        capacity = whole(item.get(form.capacity), _CAPACITY_MOST) or 0
        uid = f"{airport}:{lot}"
        if not airport or not lot:
            return RowNote(line, uid, "no_name")
        if self._settings.airports and airport not in self._settings.airports:
            return RowNote(line, uid, "outside_area")
        return (
            _Row(line, uid, airport, _named(airport, lot), capacity, item)
            if capacity > 0
            else RowNote(line, uid, "no_capacity")
        )

    def _lot(self, row: _Row) -> ParkingRecord:
        fits = [name for name in self._settings.places if row.name.startswith(name)]
        place = self._settings.places[max(fits, key=len)] if fits else None
        return ParkingRecord(
            uid=row.uid,
            external_ids=(f"{self._settings.operator}:{row.uid}",),
            provider=self._settings.operator,
            provider_name=self._form.owner,
            name=row.name,
            ownership="public",
            owner=self._form.owner,
            type=_korean.built(row.name) or "OTHER",
            address=place.address if place else "",
            lat=place.lat if place else None,
            lon=place.lon if place else None,
            capacity=row.capacity,
            has_disabled=None,
            has_charging=None,
            opening_hours=None,
            hours_note="",
            fee_kind="unknown",
            tariff=None,
            payment="",
            remarks="",
            operator=self._form.owner,
            phone="",
            data_date=None,
            group_uid=row.airport,
            has_realtime=True,
        )

    def _number(self, row: _Row, now: datetime) -> RealtimeRecord:
        """The count is of cars inside, above the capacity on a full day: free is passed on as it comes out."""
        cars = whole(row.item.get(self._form.cars))
        updated_at = _korean.moment(" ".join(cell(row.item.get(name)) for name in self._form.moment))
        reason = "no_count" if cars is None else "no_time" if updated_at is None else ""
        return RealtimeRecord(
            source=self.name,
            uid=row.uid,
            free=None if reason or cars is None else row.capacity - cars,
            fetched_at=now,
            updated_at=updated_at,
            capacity=row.capacity,
            reason=reason,
        )

    def _account(
        self, total: int, rows: list[_Row], merged: list[RowNote], skipped: list[RowNote], doubts: list[RowNote]
    ) -> ReadReport:
        notes = (tuple(merged), tuple(skipped), tuple(doubts))
        return ReadReport(self.name, self.terms.attribution, total, len(rows), *notes, REASONS_KO)

    def _note(self, row: _Row, reason: str) -> RowNote:
        return RowNote(row.line, row.uid, reason, row.name)


def build(name: str, settings: Settings) -> Airports:
    return Airports(name, settings)


def _named(airport: str, lot: str) -> str:
    """`김포국제공항 국제선 지하`: a lot's own name means nothing without the airport's."""
    return lot if lot.startswith(airport) else f"{airport} {lot}"
