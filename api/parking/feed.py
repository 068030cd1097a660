"""Our lots for neighbouring installations: public, signed, in pages, and short where nothing is new (ADR 0031)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.deps import House, HouseDep, client_ip
from api.fields import Plain
from api.problems import described
from civic.parking.federation import keyring
from civic.parking.federation.feed import FORMAT, Page, lots_page, numbers_page
from core.errors import NotFound
from core.parking_rules import Federation
from core.signatures import digest, jwk, public_key, sign
from core.throttle import Throttle

router = APIRouter(prefix="/parking/feed", tags=["parking"])
Since = Annotated[Plain, Query(max_length=200, description="앞 쪽의 next. 비우면 처음부터")]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=400)]
Paging = Callable[[AsyncConnection, str, str, Federation], Awaitable[Page]]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "a signed page"},
    304: {"description": "nothing new since the page of this ETag; signed too"},
    **described(429),
}
OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "no-cache"}
_SEQUENCE = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
"""The store's clock: one for all processes, and a restored installation goes on counting."""


@router.get("", summary="이웃을 위한 주차장 피드 (signed feed of lots)", response_class=Response, responses=ANSWERS)
async def read_lots(
    request: Request, house: HouseDep, since: Since = "", if_none_match: IfNoneMatch = None
) -> Response:
    """Lots written since the cursor, those that are gone among them. Open to anybody; `Signature` (RFC 9421) proves it.

    Covered: status, digest of the body, etag, `Feed-City`, `Feed-Part`, `Feed-Sequence` and the query.
    """
    return await _answer(request, house, "lots", lots_page, since, if_none_match)


@router.get(
    "/realtime", summary="이웃을 위한 실시간 피드 (signed feed of numbers)", response_class=Response, responses=ANSWERS
)
async def read_numbers(
    request: Request, house: HouseDep, since: Since = "", if_none_match: IfNoneMatch = None
) -> Response:
    """Free places as we judged them, written since the cursor."""
    return await _answer(request, house, "numbers", numbers_page, since, if_none_match)


@router.get("/keys", summary="피드의 공개 키 (JSON Web Key Set)", responses={**described(429)})
async def read_keys(request: Request, house: HouseDep) -> dict[str, Any]:
    """RFC 7517, RFC 8037: the keys that sign now. Compare the `kid` with what the other city says by telephone."""
    _may_read(request, house)
    async with house.db.transaction() as tx:
        keys = await keyring.ensured(tx, house.settings.city.id, house.clock.now())
    return {"city": house.settings.city.id, "keys": [jwk(public_key(one.public)) for one in keys]}


async def _answer(
    request: Request, house: House, part: str, paging: Paging, since: str, if_none_match: str | None
) -> Response:
    _may_read(request, house)
    city_id, now, rules = house.settings.city.id, house.clock.now(), house.settings.parking.federation
    async with house.db.transaction() as tx:
        keys = await keyring.ensured(tx, city_id, now)
        sequence = f"{(await tx.execute(_SEQUENCE)).scalar_one():020d}"
        page = await paging(tx, city_id, since, rules)
    etag = page.etag
    is_known = etag.removeprefix("W/") in {one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")}
    status, body = (304, b"") if is_known else (200, orjson.dumps(_document(house, part, page)))
    signed: Mapping[str, str] = sign(
        keys,
        [
            ('"@status"', str(status)),
            ('"content-digest"', digest(body)),
            ('"etag"', etag),
            ('"feed-city"', city_id),
            ('"feed-part"', part),
            ('"feed-sequence"', sequence),
            ('"@query";req', f"?{request.url.query}"),
        ],
        now,
    )
    told = {"ETag": etag, "Feed-City": city_id, "Feed-Part": part, "Feed-Sequence": sequence}
    headers = {**OPEN, **told, "Content-Digest": digest(body), **signed}
    return Response(body, status, headers, None if is_known else "application/json")


def _document(house: House, part: str, page: Page) -> dict[str, Any]:
    city, rules = house.settings.city, house.settings.parking.federation
    return {
        "format": FORMAT,
        "part": part,
        "city": city.id,
        "owner": rules.owner or city.name.ko,
        "attribution": rules.attribution,
        "licence": rules.licence,
        "licence_url": rules.licence_url,
        "is_first": page.is_first,
        "is_last": page.is_last,
        "is_full": page.is_full,
        "next": page.next,
        "items": page.items,
    }


def _may_read(request: Request, house: House) -> None:
    """Raises NotFound where the city publishes nothing, TooMany for a flood."""
    rules, state = house.settings.parking.federation, request.app.state
    if not rules.publishes:
        raise NotFound("이 도시는 주차장 피드를 내지 않습니다.", "This city publishes no feed of lots.")
    if not hasattr(state, "parking_reads"):
        state.parking_reads = Throttle(rules.reads_per_minute, rules.reads_per_minute)
    state.parking_reads.take(client_ip(request, house.settings.web.trusted_proxies))
