"""Stations, a station's hours as arrays, and the whole record of the city's air as JSON: what the pages are made of."""

from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from api.air.public import Day, by, enter, latest, middle, period, take_file
from api.deps import HouseDep
from api.open_data import OPEN, is_known, tag, unchanged
from api.problems import described
from civic.air import reading
from civic.air.open.documents import now_document, record_document
from civic.air.open.series import bands, day_document, document, series
from core.errors import NotFound

router = APIRouter(prefix="/air", tags=["air"])
StationId = Annotated[int, Path(ge=1, le=2**31 - 1)]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/json": {"schema": {"type": "object"}}},
        "description": "as docs/air-open-data.md says",
    },
    304: {"description": "nothing new since this ETag"},
    **described(404, 429),
}


@router.get("/record", summary="대기질 공개 기록 (the public record)", response_class=Response, responses=ANSWERS)
async def read_record(request: Request, house: HouseDep) -> Response:
    """The rows of the page `/air`, by the same query: zones, stations, episodes, matters, counts of complaints,
    corrections, forecasts, sources. The same for everybody.
    """
    enter(request, house)
    rules = house.settings.air
    found = await latest(request, house).record(house.db, by(house), rules, middle(house), house.clock.now())
    etag = tag("air-record", by(house), found.at)
    if is_known(request, etag):
        return unchanged(etag)
    return _answer({**by(house).terms(), **record_document(found, rules)}, etag)


@router.get("/stations", summary="측정소와 지금 값 (stations and their newest hour)", response_class=Response,
            responses=ANSWERS)  # fmt: skip
async def list_stations(request: Request, house: HouseDep) -> Response:
    """Every station and sensor that there is, with its newest hour."""
    enter(request, house)
    there = await latest(request, house).all(house.clock.now())
    etag = tag("air-stations", by(house), [(one.site, one.hour.at, one.is_stale, one.hour.index) for one in there])
    if is_known(request, etag):
        return unchanged(etag)
    items = [now_document(one) for one in there]
    return _answer({"city": house.settings.city.id, **by(house).terms(), "items": items}, etag)


@router.get("/stations/{station_id}/series", summary="측정소의 시간 배열 (a station's hours as arrays)",
            response_class=Response, responses=ANSWERS)  # fmt: skip
async def read_series(
    station_id: StationId,
    request: Request,
    house: HouseDep,
    begin: Day = None,
    end: Day = None,
    step: Annotated[Literal["hour", "day"], Query(description="day: 하루의 평균, 최저, 최고와 시간 수")] = "hour",
) -> Response:
    """An array a pollutant; place 0 ended at `first_end`, null is no usable value and never zero. Rarer facts are
    lists of places: `flagged` (quality and value), `corrected`, `confirmed`.
    """
    enter(request, house)
    now = house.clock.now()
    wanted = period(begin, end, now, house.settings.air.public.file_days)
    if (wanted.last - wanted.first).days > 31:
        take_file(request, house)
    async with house.db.reading() as tx:
        site = (await reading.sites_by_id(tx, [station_id])).get(station_id)
        if site is None:
            raise NotFound("그런 측정소가 없습니다.", "No such station.")
        read = await series(tx, station_id, wanted.begin, min(wanted.end, _soon(now, wanted.begin)))
    body = document(read) if step == "hour" else day_document(read, {one: bands(read, one) for one in read.lines})
    station = {"id": site.id, "name": site.name, "attribution": by(house).attribution(site.source)}
    made = orjson.dumps({"station": station, **body})
    etag = tag("air-series", made)
    return unchanged(etag) if is_known(request, etag) else _answer(made, etag)


def _soon(now: datetime, least: datetime) -> datetime:
    """Arrays end with the hour that runs now: a year that is not over has no empty months."""
    return max(least, now.replace(minute=0, second=0, microsecond=0))


def _answer(made: dict[str, Any] | bytes, etag: str) -> Response:
    body = made if isinstance(made, bytes) else orjson.dumps(made)
    return Response(body, media_type="application/json", headers={**OPEN, "ETag": etag})
