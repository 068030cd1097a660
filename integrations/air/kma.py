"""기상청 초단기실황 (getUltraSrtNcst): wind and weather of a grid cell at an hour; fields in docs/sources/kma.md."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from core.clock import SEOUL
from core.contracts.air import Http, Mark, Pulled, ReadReport, RowNote, SourceFailed, Terms, Wind
from core.datagokr import GatewayFailed, cell, decoded_key, read_page
from core.http import OutsideFailed
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
TOO_OLD = "10"
"""An hour of more than a day ago: it can no longer be asked for."""
SOON, LATE = timedelta(minutes=1), timedelta(minutes=10)
_DEADLINE_S = 30.0
_MOST_BYTES = 1024 * 1024
_FIELDS = ("UUU", "VVV", "VEC", "WSD", "T1H", "REH", "RN1")


class Point(Section):
    """A place whose wind is wanted, WGS 84 degrees."""

    lat: Annotated[float, Field(ge=31, le=44)]
    lon: Annotated[float, Field(ge=123, le=133)]


class Settings(Section):
    """`points`: places of one cell are asked for once. `ready_minutes`: after the hour, when its answer is there.
    `catch_up_hours`: after an outage of ours, as far back as the service can be asked; at most `most_calls` a round.
    """

    key: Annotated[str, Field(min_length=1, repr=False)]
    points: Annotated[tuple[Point, ...], Field(min_length=1)]
    url: str = "https://apis.data.go.kr/1360000/VilageFcstInfoService_2.0"
    ready_minutes: Annotated[int, Field(ge=0, le=59)] = 40
    catch_up_hours: Annotated[int, Field(ge=0, le=22)] = 22
    most_calls: Annotated[int, Field(ge=1, le=500)] = 40
    licence: str = "공공데이터, 출처 표시"
    interval_s: Annotated[int, Field(ge=60)] = 900
    freshness_s: Annotated[int, Field(ge=60)] = 7_200
    daily_calls: Annotated[int, Field(ge=1)] = 10_000


class Kma:
    """The newest hour of each cell, a call for each; then the hours that were missed, while they can be asked for."""

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
        """Raises SourceFailed when no cell answers; one that fails keeps no other back. A grid has no stations."""
        newest = (now - timedelta(minutes=self._settings.ready_minutes)).replace(minute=0, second=0, microsecond=0)
        seen = _seen(mark, newest - timedelta(hours=self._settings.catch_up_hours))
        wanted = self._wanted(seen, newest)
        found: list[Pulled] = []
        failure: SourceFailed | None = None
        calls = 0
        for hour, where in wanted[: self._settings.most_calls]:
            calls += 1
            try:
                answer = await self._cell(http, where, hour, now)
            except (SourceFailed, OutsideFailed) as failed:
                failure = _told(failed)
                if failure.kind in ("refused", "quota"):
                    break
                continue
            found.append(answer)
            if answer.winds or hour < newest:  # what an old hour does not have now, it never will
                seen.setdefault(_place(where), set()).add(hour)
        if failure is not None and not found:
            raise SourceFailed(failure.kind, failure.reason_ko, failure.reason_en, calls=calls)
        notes = [note for one in found for note in one.report.skipped]
        return Pulled(
            observations=(),
            report=_report(self.name, sum(one.report.accepted for one in found), notes),
            winds=tuple(wind for one in found for wind in one.winds),
            mark=Mark(cursor=_kept(seen)),
            calls=calls,
            next_at=self._next(now, newest, self._wanted(seen, newest), failure),
            failure=failure,
        )

    def _wanted(self, seen: Mapping[str, set[datetime]], newest: datetime) -> list[tuple[datetime, tuple[int, int]]]:
        """Cells and hours that are not known, the newest hour first."""
        hours = [newest - timedelta(hours=back) for back in range(self._settings.catch_up_hours + 1)]
        return [(hour, cell) for hour in hours for cell in self._cells if hour not in seen.get(_place(cell), ())]

    def _next(
        self, now: datetime, newest: datetime, wanted: Sequence[tuple[datetime, tuple[int, int]]], failure: object
    ) -> datetime:
        """At once for what is left of an outage, in ten minutes for an hour that is late, else for the next hour."""
        ready = newest + timedelta(hours=1, minutes=self._settings.ready_minutes)
        if failure is None and any(hour < newest for hour, _ in wanted):
            return min(ready, now + SOON)
        return min(ready, now + LATE) if wanted else ready

    async def _cell(self, http: Http, cell: tuple[int, int], hour: datetime, now: datetime) -> Pulled:
        local = hour.astimezone(SEOUL)
        params = {
            "serviceKey": decoded_key(self._settings.key),
            "dataType": "JSON",
            "numOfRows": "100",
            "pageNo": "1",
            "base_date": f"{local:%Y%m%d}",
            "base_time": f"{local:%H}00",
            "nx": str(cell[0]),
            "ny": str(cell[1]),
        }
        url = f"{self._settings.url.rstrip('/')}/{OPERATION}"
        response = await http.get(url, params=params, deadline_s=_DEADLINE_S, max_bytes=_MOST_BYTES)
        try:
            return read_ncst(response.content, now, status=response.status_code, source=self.name)
        except GatewayFailed as failure:
            if failure.result.lstrip("0") == TOO_OLD:
                return Pulled((), _report(self.name, 0, []))
            raise SourceFailed(failure.kind, failure.reason_ko, failure.reason_en, result=failure.result) from None


def build(name: str, settings: Settings) -> Kma:
    return Kma(name, settings)


def _told(failed: SourceFailed | OutsideFailed) -> SourceFailed:
    return failed if isinstance(failed, SourceFailed) else SourceFailed("retry", failed.reason_ko, failed.reason_en)


def _place(cell: tuple[int, int]) -> str:
    return f"{cell[0]},{cell[1]}"


def _seen(mark: Mark, first: datetime) -> dict[str, set[datetime]]:
    """Hours that are known by cell, from `first` on; a mark that nobody can read is none."""
    try:
        kept = json.loads(mark.cursor or "{}")
        moments = {place: {datetime.fromisoformat(one) for one in hours} for place, hours in kept.items()}
        return {place: {hour for hour in hours if hour >= first} for place, hours in moments.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _kept(seen: Mapping[str, set[datetime]]) -> str:
    return json.dumps({place: [hour.isoformat() for hour in sorted(hours)] for place, hours in sorted(seen.items())})


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
