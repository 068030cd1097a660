"""DATEX II v2.3 for anybody: the table of lots and their numbers (docs/parking-feeds.md)."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from api.deps import House, HouseDep
from api.open_data import file, is_known, tag, unchanged
from api.parking.public import edition_parts, enter, publisher, take_file
from api.problems import described
from civic.parking.feeds import datex2
from civic.parking.feeds.publishing import Publisher
from civic.parking.feeds.reading import edition, pages
from civic.parking.search import Found

router = APIRouter(prefix="/parking/datex2", tags=["parking"])
XML = "application/xml"
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {XML: {"schema": {"type": "string"}}}, "description": "a DATEX II v2.3 publication"},
    304: {"description": "nothing new since this ETag"},
    **described(429),
}
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=400)]


@router.get("/table.xml", summary="주차장 목록 (DATEX II)", response_class=Response, responses=ANSWERS)
async def read_table(request: Request, house: HouseDep, if_none_match: IfNoneMatch = None) -> Response:
    """ParkingTablePublication, record dialect. Lots without a point are not in it: the schema demands one."""
    return await _answer(request, house, has_numbers=False)


@router.get("/status.xml", summary="주차장 빈자리 (DATEX II)", response_class=Response, responses=ANSWERS)
async def read_status(request: Request, house: HouseDep, if_none_match: IfNoneMatch = None) -> Response:
    """ParkingStatusPublication: only numbers that are believed and young enough; a closed lot is not a full one."""
    return await _answer(request, house, has_numbers=True)


async def _answer(request: Request, house: House, *, has_numbers: bool) -> Response:
    enter(request, house)
    now, rules, by = house.clock.now(), house.settings.parking, publisher(house)
    async with house.db.reading() as tx:
        found = await edition(tx, house.settings.city.id, now, rules.numbers)
    etag = tag("datex2", by, rules.feeds.sources, edition_parts(found, has_numbers=has_numbers))
    if is_known(request, etag):
        return unchanged(etag)
    take_file(request, house)
    if has_numbers:
        head, tail = datex2.status_head(by, now), datex2.status_tail()
        return file(request, _pieces(house, now, head, datex2.status, tail), XML, etag, "parking-status.xml")
    head, tail = datex2.table_head(by, now, found.changed_at), datex2.table_tail()
    return file(request, _pieces(house, now, head, _record(by, now), tail), XML, etag, "parking-table.xml")


def _record(by: Publisher, now: datetime) -> Callable[[Found], bytes]:
    return lambda found: datex2.record(found.lot, by, now)


async def _pieces(
    house: House, now: datetime, head: bytes, written: Callable[[Found], bytes], tail: bytes
) -> AsyncIterator[bytes]:
    """Page by page, so that a long table is never in memory as a whole."""
    yield head
    rules = house.settings.parking
    reading = pages(
        house.db, house.settings.city.id, now, rules.numbers, sources=rules.feeds.sources, is_placed=True, purpose="CAR"
    )
    async for page in reading:
        yield b"".join(written(one) for one in page)
    yield tail
