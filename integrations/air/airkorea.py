"""한국환경공단 에어코리아 as it answers, in JSON, XML or the old list: hours in any `ver`, stations, alerts, forecast.

docs/sources/airkorea.md maps the fields.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, model_validator

from core.clock import SEOUL
from core.contracts.air import (
    Http,
    Mark,
    Observation,
    OfficialAlert,
    OfficialForecast,
    OfficialIndex,
    Pulled,
    ReadReport,
    RowNote,
    Station,
    Terms,
)
from core.datagokr import Page, cell, read_page
from core.section import Section
from integrations.air import _airkorea_rows as rows
from integrations.air import _airkorea_told as told
from integrations.air._airkorea_asking import Asking, Seen, next_of
from integrations.air._values import moment

AlertReader = Callable[[Mapping[str, Any], str, datetime], OfficialAlert | None]
ATTRIBUTION = "한국환경공단 에어코리아, 실시간(미확정) 자료"
REASONS_KO = {
    "not_a_row": "행이 아님",
    "no_station": "측정소를 알 수 없음",
    "no_time": "측정 시각을 읽을 수 없음",
    "same_hour": "같은 측정소의 같은 시각이 되풀이됨(처음 것을 남김)",
    "same_station": "같은 이름의 측정소가 되풀이됨(처음 것을 남김)",
    "no_alert": "항목, 단계, 발령 시각 가운데 없는 것이 있음",
    "no_forecast": "항목, 날짜, 발표 시각, 등급 가운데 없는 것이 있음",
}
HOURS = "ArpltnInforInqireSvc/getCtprvnRltmMesureDnsty"
PAST = "ArpltnInforInqireSvc/getMsrstnAcctoRltmMesureDnsty"
FORECASTS = "ArpltnInforInqireSvc/getMinuDustFrcstDspth"
STATIONS = "MsrstnInfoInqireSvc/getMsrstnList"
DUST_ALERTS = "UlfptcaAlarmInqireSvc/getUlfptcaAlarmInfo"
OZONE_ALERTS = "OzYlwsndOccrrncInforInqireSvc/getOzAdvsryOccrrncInfo"
TERMS: Sequence[tuple[timedelta, str]] = (
    (timedelta(hours=23), "DAILY"),
    (timedelta(days=27), "MONTH"),
    (timedelta(days=88), "3MONTH"),
)
"""How far back each `dataTerm` surely reaches."""
Found = TypeVar("Found")


class Settings(Section):
    """`key`: either spelling of the portal's key. `sido`: 전국, or a province by the name that it has now. `rows`: a
    page; the country has some 670 stations. `daily_calls`: as the portal grants them, `gap_calls` of them for hours
    that were missed. `minutes`: past the hour, when we ask for it until it is there (about :15), and at the last of
    them once more for what came late. `alerts`, `ozone`, `forecasts`: services that the key has been granted.
    """

    key: Annotated[str, Field(min_length=1, repr=False)]
    url: str = "https://apis.data.go.kr/B552584"
    sido: Annotated[str, Field(min_length=1)] = "전국"
    rows: Annotated[int, Field(ge=1, le=1_000)] = 1_000
    most_pages: Annotated[int, Field(ge=1)] = 5
    licence: str = "출처 표시, 실시간 값 변경 금지"
    minutes: Annotated[tuple[Annotated[int, Field(ge=0, le=59)], ...], Field(min_length=1)] = (15, 25, 40, 55)
    alerts: bool = True
    ozone: bool = True
    forecasts: bool = True
    interval_s: Annotated[int, Field(ge=60)] = 900
    stations_interval_s: Annotated[int, Field(ge=3_600)] = 86_400
    freshness_s: Annotated[int, Field(ge=60)] = 5_400
    daily_calls: Annotated[int, Field(ge=1)] = 500
    gap_calls: Annotated[int, Field(ge=0)] = 150

    @model_validator(mode="after")
    def _some_for_the_newest(self) -> Self:
        if self.gap_calls >= self.daily_calls:
            raise ValueError("gap_calls must leave some of daily_calls")
        return self


class AirKorea:
    """The newest hour of all stations, their places when wanted, alerts and forecasts; past hours of one station."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.terms = Terms(
            attribution=ATTRIBUTION,
            licence=settings.licence,
            freshness_s=settings.freshness_s,
            interval_s=settings.interval_s,
            stations_interval_s=settings.stations_interval_s,
            daily_calls=settings.daily_calls - settings.gap_calls,
        )
        self.past_calls = settings.gap_calls
        self._settings = settings

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_stations: bool) -> Pulled:
        """Raises SourceFailed when no service answers; one that fails keeps nobody else's answer back (`failure`)."""
        settings, seen = self._settings, Seen.of(mark)
        asking = Asking(http, settings)
        day, found = now.astimezone(SEOUL).date(), Pulled((), _report(self.name, 0, 0, ()))
        if seen.wants_hour(now, settings.minutes) or wants_stations:
            asked = {"sidoName": settings.sido, "ver": "1.5"}
            hours = await asking.attempt("측정값", lambda: asking.pages(HOURS, asked, "list"))
            if hours is not None:
                found = _hours(hours, now, self.name)
                seen = seen.with_hours(found.observations)
        stations = await self._stations(asking, found.stations or ()) if wants_stations else None
        found = replace(found, stations=stations)
        if settings.alerts:
            found = await self._alerts(asking, "미세먼지 경보", DUST_ALERTS, told.dust_alert, found, now)
        if settings.ozone:
            found = await self._alerts(asking, "오존 경보", OZONE_ALERTS, told.ozone_alert, found, now)
        if settings.forecasts and seen.wants_forecast(now):
            page = await asking.attempt("예보", lambda: asking.pages(FORECASTS, {"searchDate": f"{day}"}))
            if page is not None:
                seen = replace(seen, forecast=now)
                forecasts, report = _read(
                    page, self.name, "no_forecast", lambda row: told.forecast(row, self.name, now)
                )
                found = replace(found, forecasts=newest_words(forecasts), report=_both(found.report, report))
        return replace(
            found,
            mark=seen.mark(),
            calls=asking.calls,
            next_at=next_of(settings.minutes, now),
            failure=asking.failure(),
        )

    async def past(self, http: Http, now: datetime, station: str, uid: str, since: datetime) -> Pulled:
        """The hours of one station since a moment: asked by its name. Raises SourceFailed."""
        asking = Asking(http, self._settings)
        term = next((word for reach, word in TERMS if now - since <= reach), TERMS[-1][1])
        page = await asking.pages(PAST, {"stationName": station, "dataTerm": term, "ver": "1.5"}, "list")
        items = tuple(row if cell(row.get("stationCode")) else {**row, "stationCode": uid} for row in page.items)
        found = _hours(Page(items, page.odd, page.total), now, self.name, station)
        return replace(found, stations=None, calls=asking.calls)

    async def _stations(self, asking: Asking, measured: Sequence[Station]) -> tuple[Station, ...] | None:
        page = await asking.attempt("측정소 목록", lambda: asking.pages(STATIONS, {}))
        if page is not None:
            return joined(measured, _listed(page, self.name)[0])
        return tuple(measured) or None

    async def _alerts(
        self, asking: Asking, name: str, service: str, reader: AlertReader, found: Pulled, now: datetime
    ) -> Pulled:
        """Of this year, and in its first days of the last one too: an alert may outlive a year."""
        today = now.astimezone(SEOUL).date()
        for year in sorted({today.year, (today - timedelta(days=3)).year}):
            wanted = {"year": f"{year}"}
            page = await asking.attempt(name, partial(asking.pages, service, wanted))
            if page is None:
                break
            alerts, report = _read(page, self.name, "no_alert", lambda row: reader(row, self.name, now))
            found = replace(found, alerts=(*found.alerts, *alerts), report=_both(found.report, report))
        return found


def build(name: str, settings: Settings) -> AirKorea:
    return AirKorea(name, settings)


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
    body: bytes,
    received_at: datetime,
    *,
    status: int = 200,
    source: str = "airkorea",
    reader: AlertReader | None = None,
) -> tuple[tuple[OfficialAlert, ...], ReadReport]:
    """Official alerts (대기오염경보 발령), of dust unless `reader` is that of ozone. Raises GatewayFailed."""
    read = reader or told.dust_alert
    return _read(read_page(body, status), source, "no_alert", lambda row: read(row, source, received_at))


def read_forecasts(
    body: bytes, received_at: datetime, *, status: int = 200, source: str = "airkorea"
) -> tuple[tuple[OfficialForecast, ...], ReadReport]:
    """Every word of the forecast that the answer holds. Raises GatewayFailed."""
    return _read(read_page(body, status), source, "no_forecast", lambda row: told.forecast(row, source, received_at))


def _read(
    page: Page, source: str, reason: str, reader: Callable[[Mapping[str, Any]], Found | None]
) -> tuple[tuple[Found, ...], ReadReport]:
    skipped, found = [RowNote(0, "", "not_a_row")] * page.odd, []
    for line, row in enumerate(page.items, 1):
        one = reader(row)
        if one is None:
            skipped.append(RowNote(line, cell(row.get("sn")), reason))
        else:
            found.append(one)
    return tuple(found), _report(source, len(page.items) + page.odd, len(found), skipped)


def newest_words(forecasts: Iterable[OfficialForecast]) -> tuple[OfficialForecast, ...]:
    """An answer holds the day's every issue: the last word on each pollutant and day."""
    newest: dict[str, OfficialForecast] = {}
    for one in sorted(forecasts, key=lambda one: one.issued_at):
        newest[one.uid] = one
    return tuple(newest.values())


def _both(one: ReadReport, other: ReadReport) -> ReadReport:
    return replace(
        one,
        rows=one.rows + other.rows,
        accepted=one.accepted + other.accepted,
        skipped=one.skipped + other.skipped,
        reasons_ko={**one.reasons_ko, **other.reasons_ko},
    )


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
