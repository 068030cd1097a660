"""기상청 초단기실황 (getUltraSrtNcst): wind and weather of a grid cell at an hour; fields in docs/sources/kma.md."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from core.clock import SEOUL
from core.contracts.air import Http, Mark, Pulled, ReadReport, RowNote, SourceFailed, Terms, Wind
from core.datagokr import GatewayFailed, cell, decoded_key, read_page
from core.section import Section
from integrations.air._kma_grid import cell_of
from integrations.air._values import moment, number

ATTRIBUTION = "기상청"
MISSING_FROM = Decimal(-900)
"""−998.9, −998 and −999 stand for nothing; no true value is so low."""
REASONS_KO = {
    "not_a_row": "행이 아님",
    "no_time": "시각이나 격자를 읽을 수 없음",
    "no_value": "값이 없음(결측이거나 글자)",
}
OPERATION = "getUltraSrtNcst"
_DEADLINE_S = 30.0
_MOST_BYTES = 1024 * 1024
_FIELDS = ("UUU", "VVV", "VEC", "WSD", "T1H", "REH", "RN1")


class Point(Section):
    """A place whose wind is wanted, WGS 84 degrees."""

    lat: Annotated[float, Field(ge=31, le=44)]
    lon: Annotated[float, Field(ge=123, le=133)]


class Settings(Section):
    """`points`: places of one cell are asked for once. `ready_minutes`: after the hour, when its answer is there."""

    key: Annotated[str, Field(min_length=1, repr=False)]
    points: Annotated[tuple[Point, ...], Field(min_length=1)]
    url: str = "https://apis.data.go.kr/1360000/VilageFcstInfoService_2.0"
    ready_minutes: Annotated[int, Field(ge=0, le=59)] = 40
    licence: str = "공공데이터, 출처 표시"
    interval_s: Annotated[int, Field(ge=60)] = 900
    freshness_s: Annotated[int, Field(ge=60)] = 7_200
    daily_calls: Annotated[int, Field(ge=1)] = 10_000


class Kma:
    """The newest hour of each cell, a call for each."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.terms = Terms(
            attribution=ATTRIBUTION,
            licence=settings.licence,
            freshness_s=settings.freshness_s,
            interval_s=settings.interval_s,
            daily_calls=settings.daily_calls,
        )
        self._settings = settings
        self._cells = sorted({cell_of(point.lat, point.lon) for point in settings.points})

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_stations: bool) -> Pulled:
        """Raises SourceFailed or OutsideFailed. `mark` is given back; a grid has no stations."""
        hour = (now - timedelta(minutes=self._settings.ready_minutes)).astimezone(SEOUL)
        found = [await self._cell(http, cell, hour, now) for cell in self._cells]
        notes = [note for one in found for note in one.report.skipped]
        return replace(
            found[0],
            report=_report(self.name, sum(one.report.accepted for one in found), notes),
            winds=tuple(wind for one in found for wind in one.winds),
            mark=mark,
            calls=len(found),
        )

    async def _cell(self, http: Http, cell: tuple[int, int], hour: datetime, now: datetime) -> Pulled:
        params = {
            "serviceKey": decoded_key(self._settings.key),
            "dataType": "JSON",
            "numOfRows": "100",
            "pageNo": "1",
            "base_date": f"{hour:%Y%m%d}",
            "base_time": f"{hour:%H}00",
            "nx": str(cell[0]),
            "ny": str(cell[1]),
        }
        url = f"{self._settings.url.rstrip('/')}/{OPERATION}"
        response = await http.get(url, params=params, deadline_s=_DEADLINE_S, max_bytes=_MOST_BYTES)
        try:
            return read_ncst(response.content, now, status=response.status_code, source=self.name)
        except GatewayFailed as failure:
            raise SourceFailed(failure.kind, failure.reason_ko, failure.reason_en, result=failure.result) from None


def build(name: str, settings: Settings) -> Kma:
    return Kma(name, settings)


def read_ncst(body: bytes, received_at: datetime, *, status: int = 200, source: str = "kma") -> Pulled:
    """Winds by cell (`place` is `nx,ny`) and hour; no data is an empty answer.

    Raises core.datagokr.GatewayFailed; its `result` 10 means an hour of more than a day ago, which can no longer be
    asked for. Numbers come as text or as numbers.
    """
    page = read_page(body, status)
    notes = [RowNote(0, "", "not_a_row")] * page.odd
    cells: dict[tuple[str, datetime], dict[str, Decimal]] = {}
    accepted = 0
    for line, row in enumerate(page.items, 1):
        at = moment(f"{cell(row.get('baseDate'))}{cell(row.get('baseTime')).zfill(4)}")
        nx, ny = number(row.get("nx")), number(row.get("ny"))
        if at is None or nx is None or ny is None:
            notes.append(RowNote(line, cell(row.get("category")), "no_time"))
            continue
        values = cells.setdefault((f"{nx},{ny}", at), {})
        value = number(row.get("obsrValue"))
        if value is None or value <= MISSING_FROM:
            notes.append(RowNote(line, cell(row.get("category")), "no_value"))
            continue
        values[cell(row.get("category"))] = value
        accepted += 1
    winds = [_wind(values, source, place, at, received_at) for (place, at), values in cells.items()]
    return Pulled(
        observations=(),
        report=_report(source, accepted, notes),
        winds=tuple(wind for wind, values in zip(winds, cells.values(), strict=True) if values),
    )


def _wind(values: Mapping[str, Decimal], source: str, place: str, at: datetime, received_at: datetime) -> Wind:
    u, v, degrees, speed, temperature, humidity, rain = (values.get(field) for field in _FIELDS)
    return Wind(
        source=source,
        place=place,
        at=at,
        received_at=received_at,
        from_degrees=None if degrees is None or not 0 <= degrees <= 360 else degrees % 360,
        speed=None if speed is None or speed < 0 else speed,
        u=u,
        v=v,
        temperature=temperature,
        humidity=humidity,
        rain=None if rain is None or rain < 0 else rain,
    )


def _report(source: str, accepted: int, notes: list[RowNote]) -> ReadReport:
    used = {note.reason for note in notes}
    reasons = {reason: text for reason, text in REASONS_KO.items() if reason in used}
    return ReadReport(source, ATTRIBUTION, accepted + len(notes), accepted, skipped=tuple(notes), reasons_ko=reasons)
