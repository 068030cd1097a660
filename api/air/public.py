"""The door of everything that anybody may read of the air, and its files: how often, in whose name, which hours."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response

from api.deps import House, HouseDep, client_ip
from api.fields import Plain
from api.open_data import file
from api.problems import described
from civic.air import reading
from civic.air.open.latest import Latest, of_city
from civic.air.open.publishing import Publisher, publisher
from civic.air.open.table import COLUMNS, HEADS_KO, chunks, rows
from civic.air.records import Site
from civic.exports.files import harmless
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.errors import BadInput, NotFound
from core.throttle import Throttle

router = APIRouter(prefix="/air", tags=["air"])
MOST_STATIONS = 50
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
USUAL_DAYS = 7
Lang = Annotated[Literal["ko", "en"], Query(description="머리글의 말")]
Day = Annotated[date | None, Query(description="한국 날짜, 그날도 넣습니다")]
Stations = Annotated[Plain, Query(max_length=500, description="측정소 번호, 쉼표로 여럿. 비우면 우리 시의 것")]
Pollutants = Annotated[Plain, Query(max_length=200, description="PM10,PM25 … 비우면 모두")]
Words = Annotated[Literal["current", "all"], Query(description="all: 고치기 전의 값도 한 줄씩")]
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "UTF-8 with its mark"},
    **described(404, 429),
}
JSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "rows and terms"},
    **described(404, 429),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Hours that ended after `begin` and not after `end`, aware UTC; `first` and `last` are their Korean days."""

    first: date
    last: date

    @property
    def begin(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        return _midnight(self.last + timedelta(days=1))


def enter(request: Request, house: House) -> None:
    """Raises NotFound where the city publishes nothing, TooMany for a flood."""
    rules, state = house.settings.air.public, request.app.state
    if not rules.enabled:
        raise NotFound("이 도시는 대기질 자료를 공개하지 않습니다.", "This city publishes no air data.")
    if not hasattr(state, "air_reads"):
        state.air_reads = Throttle(rules.reads_per_minute, rules.reads_per_minute)
        state.air_files = Throttle(rules.files_per_minute, rules.files_per_minute)
    state.air_reads.take(client_ip(request, house.settings.web.trusted_proxies))


def take_file(request: Request, house: House) -> None:
    """A whole file or a long period is about to be read, which costs more than a page. Raises TooMany."""
    request.app.state.air_files.take(client_ip(request, house.settings.web.trusted_proxies))


def by(house: House) -> Publisher:
    """In whose name."""
    return publisher(house.settings, {name: one.terms for name, one in house.air_sources.items()})


def latest(request: Request, house: House) -> Latest:
    """One a process, shared by every form."""
    state = request.app.state
    if not hasattr(state, "air_latest"):
        state.air_latest = Latest(house.air)
    found: Latest = state.air_latest
    return found


def middle(house: House) -> GeoPoint:
    return GeoPoint(house.settings.city.center_lat, house.settings.city.center_lon)


def period(begin: date | None, end: date | None, now: datetime, most_days: int) -> Period:
    """The days asked for, the last seven when nothing is said. Raises BadInput for none, too many or far ones."""
    today = now.astimezone(SEOUL).date()
    last = end or (min(today, begin + timedelta(days=USUAL_DAYS - 1)) if begin and begin <= LAST_DAY else today)
    first = begin or (last - timedelta(days=USUAL_DAYS - 1) if last > FIRST_DAY + timedelta(days=9) else last)
    if not FIRST_DAY <= first <= last <= LAST_DAY:
        raise BadInput("begin과 end를 확인해 주세요.", "begin must not be after end, from 2000 to 2099.")
    if (last - first).days + 1 > most_days:
        raise BadInput(f"한 번에 {most_days}일까지 받을 수 있습니다.", f"At most {most_days} days at once.")
    return Period(first, last)


@router.get("/hours.csv", summary="시간 자료 CSV (hours as a table)", response_class=Response, responses=CSV)
async def read_hours_csv(
    request: Request,
    house: HouseDep,
    station: Stations = "",
    pollutant: Pollutants = "",
    begin: Day = None,
    end: Day = None,
    versions: Words = "current",
    lang: Lang = "ko",
) -> Response:
    """`hour` 01–24 is that of AirKorea: 24 ended at midnight, `ended_at` says the same moment with its zone."""
    wanted = await _wanted(request, house, station, pollutant, begin, end, versions)
    heads = HEADS_KO if lang == "ko" else COLUMNS
    return file(request, _csv(house, wanted, heads), "text/csv; charset=utf-8", "", _name(wanted, "csv"))


@router.get("/hours.json", summary="시간 자료 JSON (hours as rows)", response_class=Response, responses=JSON)
async def read_hours_json(
    request: Request,
    house: HouseDep,
    station: Stations = "",
    pollutant: Pollutants = "",
    begin: Day = None,
    end: Day = None,
    versions: Words = "current",
) -> Response:
    """The same rows. For arrays see `/air/stations/{station_id}/series`."""
    wanted = await _wanted(request, house, station, pollutant, begin, end, versions)
    return file(request, _json(house, wanted), "application/json", "", _name(wanted, "json"))


@dataclass(frozen=True, slots=True)
class _Wanted:
    sites: Sequence[Site]
    pollutants: tuple[str, ...]
    period: Period
    all_words: bool


async def _wanted(
    request: Request,
    house: House,
    station: str,
    pollutant: str,
    begin: date | None,
    end: date | None,
    versions: str,
) -> _Wanted:
    enter(request, house)
    now, rules = house.clock.now(), house.settings.air
    days = period(begin, end, now, rules.public.file_days)
    ids = _ids(station)
    if ids:
        async with house.db.reading() as tx:
            found = await reading.sites_by_id(tx, ids)
        if missing := [one for one in ids if one not in found]:
            raise NotFound(f"그런 측정소가 없습니다: {missing[0]}", f"No such station: {missing[0]}")
        sites = [found[one] for one in ids]
    else:
        there = await latest(request, house).all(now)
        sites = [one.site for one in of_city(there, rules.zones, middle(house), rules.near_km)][:MOST_STATIONS]
    take_file(request, house)
    codes = tuple(one.strip() for one in pollutant.split(",") if one.strip())
    return _Wanted(sites, codes, days, versions == "all")


def _ids(said: str) -> list[int]:
    """Raises BadInput for what is no list of numbers, or too long a one."""
    parts = [one.strip() for one in said.split(",") if one.strip()]
    if len(parts) > MOST_STATIONS or not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in parts):
        raise BadInput(
            f"station은 측정소 번호를 쉼표로 {MOST_STATIONS}곳까지 적어 주세요.",
            f"station is a list of at most {MOST_STATIONS} numbers.",
        )
    return [int(one) for one in dict.fromkeys(parts)]


async def _pages(house: House, wanted: _Wanted) -> AsyncIterator[list[dict[str, Any]]]:
    """A station's month at a time, on a connection that is given back before it is handed out."""
    for site in wanted.sites:
        credit = by(house).attribution(site.source)
        for first, until in chunks(wanted.period.begin, wanted.period.end):
            async with house.db.reading() as tx:
                told = await reading.versions(tx, site.id, first, until)
            yield list(rows(site, told, credit, wanted.pollutants, all_words=wanted.all_words))


async def _csv(house: House, wanted: _Wanted, heads: Sequence[str]) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + _lines([heads])
    async for page in _pages(house, wanted):
        yield _lines([_cell(row[name]) for name in COLUMNS] for row in page)


def _lines(of: Any) -> bytes:
    made = io.StringIO(newline="")
    csv.writer(made).writerows(of)
    return made.getvalue().encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return (
        f"{value:f}" if isinstance(value, Decimal) else str(value) if isinstance(value, int) else harmless(str(value))
    )


async def _json(house: House, wanted: _Wanted) -> AsyncIterator[bytes]:
    terms = by(house).terms()
    head = {"city": house.settings.city.id, **terms, "first": wanted.period.first, "last": wanted.period.last}
    yield orjson.dumps(head)[:-1] + b',"columns":' + orjson.dumps(COLUMNS) + b',"rows":['
    is_first = True
    async for page in _pages(house, wanted):
        made = b",".join(orjson.dumps([row[name] for name in COLUMNS], default=_number) for row in page)
        if made:
            yield made if is_first else b"," + made
            is_first = False
    yield b"]}"


def _number(value: object) -> float | int:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)


def _name(wanted: _Wanted, kind: str) -> str:
    return f"air-{wanted.period.first:%Y%m%d}-{wanted.period.last:%Y%m%d}.{kind}"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SEOUL).astimezone(UTC)
