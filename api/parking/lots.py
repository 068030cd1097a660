"""Lots for anybody as plain JSON and as the national table (docs/parking-feeds.md)."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from api.deps import House, HouseDep
from api.fields import Plain
from api.open_data import OPEN, file, is_known, tag, unchanged
from api.parking.public import edition_parts, enter, publisher, take_file
from api.problems import described
from civic.parking.feeds import national, plain
from civic.parking.feeds.reading import Box, chosen, edition, pages, stream
from core.errors import BadInput, NotFound

router = APIRouter(prefix="/parking", tags=["parking"])
_BOX = "서,남,동,북 (WGS 84 도). 예: 126.6,37.5,126.8,37.7"
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "lots, their numbers, terms"},
    304: {"description": "nothing new since this ETag"},
    **described(404, 429),
}
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "34 columns"},
    304: {"description": "nothing new since this ETag"},
    **described(429),
}


@router.get("/lots", summary="주차장과 빈자리 (lots and free places)", response_class=Response, responses=ANSWERS)
async def list_lots(
    request: Request,
    house: HouseDep,
    box: Annotated[Plain, Query(max_length=100, description=_BOX)] = "",
    after: Annotated[UUID | None, Query(description="앞 쪽의 next")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """ParkAPI v3's names. `next` is the `after` of the page that follows, null on the last one."""
    enter(request, house)
    within, by, now = _box(box), publisher(house), house.clock.now()
    rules, city_id = house.settings.parking, house.settings.city.id
    size = min(limit, rules.feeds.page_rows)
    async with house.db.reading() as tx:
        standing = await edition(tx, city_id, now, rules.numbers)
        etag = tag("lots", by, rules.feeds.sources, edition_parts(standing, has_numbers=True), box, after, size)
        if is_known(request, etag):
            return unchanged(etag)
        reading = stream(
            tx, city_id, now, rules.numbers, after=after, limit=size + 1, box=within, sources=rules.feeds.sources
        )
        found = [one async for one in reading]
    more = found[size - 1].lot.id if len(found) > size else None
    made = {**_terms(house), "items": [plain.document(one, by) for one in found[:size]], "next": more}
    return _answer(made, {"ETag": etag})


@router.get("/lots/{lot_id}", summary="주차장 하나 (one lot)", response_class=Response, responses=ANSWERS)
async def read_lot(lot_id: UUID, request: Request, house: HouseDep) -> Response:
    """404 for a lot that is not offered any more."""
    enter(request, house)
    rules, now = house.settings.parking, house.clock.now()
    async with house.db.reading() as tx:
        found = await chosen(tx, house.settings.city.id, [lot_id], now, rules.numbers, sources=rules.feeds.sources)
    if not found:
        raise NotFound("주차장을 찾을 수 없습니다.", "No such lot.")
    return _answer({**_terms(house), "item": plain.document(found[0], publisher(house))}, {})


@router.get("/lots.csv", summary="표준데이터 CSV (the national table)", response_class=Response, responses=CSV)
async def read_table_csv(
    request: Request, house: HouseDep, encoding: Annotated[Literal["cp949", "utf-8"], Query()] = "cp949"
) -> Response:
    """전국주차장정보표준데이터, 34 columns: as the portal takes it (CP949), or in UTF-8 with its mark."""
    enter(request, house)
    rules, by = house.settings.parking, publisher(house)
    async with house.db.reading() as tx:
        standing = await edition(tx, house.settings.city.id, house.clock.now(), rules.numbers)
    etag = tag("national", by, rules.feeds.sources, edition_parts(standing, has_numbers=False), encoding)
    if is_known(request, etag):
        return unchanged(etag)
    take_file(request, house)
    kind = f"text/csv; charset={'euc-kr' if encoding == 'cp949' else 'utf-8'}"
    return file(request, _lines(house, is_cp949=encoding == "cp949"), kind, etag, "parking-lots.csv")


async def _lines(house: House, *, is_cp949: bool) -> AsyncIterator[bytes]:
    yield national.head(is_cp949=is_cp949)
    rules, by = house.settings.parking, publisher(house)
    reading = pages(
        house.db, house.settings.city.id, house.clock.now(), rules.numbers, sources=rules.feeds.sources, purpose="CAR"
    )
    async for page in reading:
        yield national.rows(page, by, is_cp949=is_cp949)


def _answer(made: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    return Response(orjson.dumps(made), media_type="application/json", headers={**OPEN, **headers})


def _terms(house: House) -> dict[str, Any]:
    by = publisher(house)
    return {
        "format": plain.FORMAT,
        "city": by.city_id,
        "publisher": by.name,
        "licence": by.licence,
        "licence_url": by.licence_url,
        "at": house.clock.now().isoformat().replace("+00:00", "Z"),
    }


def _box(text: str) -> Box | None:
    """Raises BadInput for what is not four degrees in their order."""
    if not text:
        return None
    try:
        west, south, east, north = (float(side) for side in text.split(","))
    except ValueError:
        west, south, east, north = 1.0, 1.0, 0.0, 0.0
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput(f"box는 {_BOX}처럼 적어 주세요.", "box is west,south,east,north in degrees.")
    return Box(south, west, north, east)
