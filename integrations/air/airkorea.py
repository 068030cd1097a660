"""한국환경공단 에어코리아 as it answers, in JSON, XML or the old list: hours in every `ver`, stations, alerts.

docs/sources/airkorea.md maps the fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.contracts.air import (
    Http,
    Mark,
    Observation,
    OfficialAlert,
    OfficialIndex,
    Pulled,
    ReadReport,
    RowNote,
    SourceFailed,
    Station,
    Terms,
)
from core.datagokr import GatewayFailed, Page, cell, decoded_key, read_page
from core.section import Section
from integrations.air import _airkorea_rows as rows
from integrations.air._values import moment

ATTRIBUTION = "한국환경공단 에어코리아, 실시간(미확정) 자료"
REASONS_KO = {
    "not_a_row": "행이 아님",
    "no_station": "측정소를 알 수 없음",
    "no_time": "측정 시각을 읽을 수 없음",
    "same_hour": "같은 측정소의 같은 시각이 되풀이됨(처음 것을 남김)",
    "same_station": "같은 이름의 측정소가 되풀이됨(처음 것을 남김)",
    "no_alert": "항목, 단계, 발령 시각 가운데 없는 것이 있음",
}


HOURS = "ArpltnInforInqireSvc/getCtprvnRltmMesureDnsty"
STATIONS = "MsrstnInfoInqireSvc/getMsrstnList"
_DEADLINE_S = 60.0
_MOST_BYTES = 24 * 1024 * 1024


class Settings(Section):
    """`key`: either spelling of the portal's key. `sido`: 전국, or a province by the name that it has now. `rows`: a
    page; the country has some 670 stations. `daily_calls`: as the portal grants them.
    """

    key: Annotated[str, Field(min_length=1, repr=False)]
    url: str = "https://apis.data.go.kr/B552584"
    sido: Annotated[str, Field(min_length=1)] = "전국"
    rows: Annotated[int, Field(ge=1, le=1_000)] = 1_000
    most_pages: Annotated[int, Field(ge=1)] = 5
    licence: str = "출처 표시, 실시간 값 변경 금지"
    interval_s: Annotated[int, Field(ge=60)] = 900
    stations_interval_s: Annotated[int, Field(ge=3_600)] = 86_400
    freshness_s: Annotated[int, Field(ge=60)] = 5_400
    daily_calls: Annotated[int, Field(ge=1)] = 500


class AirKorea:
    """The newest hour of all stations in one call, and their places when wanted."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.terms = Terms(
            attribution=ATTRIBUTION,
            licence=settings.licence,
            freshness_s=settings.freshness_s,
            interval_s=settings.interval_s,
            stations_interval_s=settings.stations_interval_s,
            daily_calls=settings.daily_calls,
        )
        self._settings = settings

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_stations: bool) -> Pulled:
        """Raises SourceFailed or OutsideFailed. `mark` is given back: the service knows no conditional request."""
        measured, calls = await self._pages(http, HOURS, {"sidoName": self._settings.sido, "ver": "1.5"}, "list")
        pulled = _hours(measured, now, self.name)
        stations = pulled.stations or ()
        if wants_stations:
            listed, more = await self._pages(http, STATIONS, {})
            stations, calls = joined(stations, _listed(listed, self.name)[0]), calls + more
        return replace(pulled, stations=stations if wants_stations else None, mark=mark, calls=calls)

    async def _pages(self, http: Http, service: str, asked: Mapping[str, str], operation: str = "") -> tuple[Page, int]:
        """All pages as one, and how many calls it took."""
        whole = await self._page(http, service, asked, operation, 1)
        calls = 1
        while _count(whole) < (whole.total or 0) and calls < self._settings.most_pages:
            calls += 1
            page = await self._page(http, service, asked, operation, calls)
            if not _count(page):
                break
            whole = Page(whole.items + page.items, whole.odd + page.odd, whole.total)
        return whole, calls

    async def _page(self, http: Http, service: str, asked: Mapping[str, str], operation: str, number: int) -> Page:
        settings = self._settings
        params = {
            **asked,
            "serviceKey": decoded_key(settings.key),
            "returnType": "json",
            "numOfRows": str(settings.rows),
            "pageNo": str(number),
        }
        url = f"{settings.url.rstrip('/')}/{service}"
        response = await http.get(url, params=params, deadline_s=_DEADLINE_S, max_bytes=_MOST_BYTES)
        try:
            return read_page(response.content, response.status_code, operation=operation)
        except GatewayFailed as failure:
            raise SourceFailed(failure.kind, failure.reason_ko, failure.reason_en, result=failure.result) from None


def build(name: str, settings: Settings) -> AirKorea:
    return AirKorea(name, settings)


def _count(page: Page) -> int:
    return len(page.items) + page.odd


def read_hours(
    body: bytes, received_at: datetime, *, status: int = 200, source: str = "airkorea", station: str = ""
) -> Pulled:
    """Measured hours. `station`: whose they are where the rows do not say (asked by station, `ver` below 1.5).

    `stations` are those that the rows name, without places: see `joined`. Raises core.datagokr.GatewayFailed; odd rows
    never raise.
    """
    return _hours(read_page(body, status, operation="list"), received_at, source, station)


def _hours(page: Page, received_at: datetime, source: str, station: str = "") -> Pulled:
    skipped = [RowNote(0, "", "not_a_row")] * page.odd
    hours: dict[tuple[str, datetime], tuple[list[Observation], OfficialIndex]] = {}
    stations: dict[str, Station] = {}
    for line, row in enumerate(page.items, 1):
        name = cell(row.get("stationName")) or station
        uid = cell(row.get("stationCode")) or name
        at = moment(row.get("dataTime"))
        if not uid or at is None or (uid, at) in hours:
            skipped.append(RowNote(line, uid, "no_station" if not uid else "no_time" if at is None else "same_hour"))
            continue
        stations.setdefault(uid, rows.measured_station(row, source, uid, name or uid))
        hours[uid, at] = (
            rows.observations(row, source, uid, at, received_at),
            rows.official_index(row, source, uid, at, received_at),
        )
    return Pulled(
        observations=tuple(one for found, _ in hours.values() for one in found),
        report=_report(source, len(page.items) + page.odd, len(hours), skipped),
        stations=tuple(stations.values()),
        indices=tuple(index for _, index in hours.values()),
    )


def read_stations(
    body: bytes, *, status: int = 200, source: str = "airkorea"
) -> tuple[tuple[Station, ...], ReadReport]:
    """The list of stations with their places; `uid` is the name, since the list has no codes. Raises GatewayFailed."""
    return _listed(read_page(body, status), source)


def _listed(page: Page, source: str) -> tuple[tuple[Station, ...], ReadReport]:
    skipped = [RowNote(0, "", "not_a_row")] * page.odd
    found: dict[str, Station] = {}
    for line, row in enumerate(page.items, 1):
        station = rows.listed_station(row, source)
        if station is None or station.uid in found:
            skipped.append(RowNote(line, station.uid if station else "", "same_station" if station else "no_station"))
        else:
            found[station.uid] = station
    return tuple(found.values()), _report(source, len(page.items) + page.odd, len(found), skipped)


def read_alerts(
    body: bytes, received_at: datetime, *, status: int = 200, source: str = "airkorea"
) -> tuple[tuple[OfficialAlert, ...], ReadReport]:
    """Official dust alerts (대기오염경보 발령). Raises GatewayFailed."""
    page = read_page(body, status)
    skipped = [RowNote(0, "", "not_a_row")] * page.odd
    found = []
    for line, row in enumerate(page.items, 1):
        alert = rows.official_alert(row, source, received_at)
        if alert is None:
            skipped.append(RowNote(line, cell(row.get("sn")), "no_alert"))
        else:
            found.append(alert)
    return tuple(found), _report(source, len(page.items) + page.odd, len(found), skipped)


def joined(measured: Iterable[Station], listed: Sequence[Station]) -> tuple[Station, ...]:
    """Measured stations, which have codes, with the places of those listed under the same name; then the others."""
    by_name = {station.name: station for station in listed}
    made = []
    for station in measured:
        place = by_name.pop(station.name, None)
        if place is not None:
            network = station.network if station.network != "unknown" else place.network
            station = replace(place, uid=station.uid, network=network, region=station.region or place.region)
        made.append(station)
    return (*made, *by_name.values())


def _report(source: str, total: int, accepted: int, skipped: Sequence[RowNote]) -> ReadReport:
    used = {note.reason for note in skipped}
    reasons = {reason: text for reason, text in REASONS_KO.items() if reason in used}
    return ReadReport(source, ATTRIBUTION, total, accepted, skipped=tuple(skipped), reasons_ko=reasons)
