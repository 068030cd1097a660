"""NGSI-LD for anybody, read only: lots as OffStreetParking and OnStreetParking entities (docs/parking-feeds.md)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response

from api.deps import House, HouseDep
from api.fields import Plain
from api.parking.public import OPEN, enter, publisher
from api.problems import described
from civic.parking.feeds import ngsi
from civic.parking.feeds.reading import around, chosen, count, stream
from civic.parking.search import Found
from core.contracts.channel import GeoPoint
from core.errors import BadInput, NotFound

BASE = "/parking/ngsi-ld/v1"
router = APIRouter(prefix=BASE, tags=["parking"])
JSON, LINKED = "application/json", "application/ld+json"
FAR_M = 10_000
"""How far around a point one may ask, in metres."""
_ANY: dict[str, Any] = {"schema": {"type": "array", "items": {"type": "object"}}}
_ONE: dict[str, Any] = {"schema": {"type": "object"}}
LIST_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {JSON: _ANY, LINKED: _ANY}, "description": "entities"},
    **described(429),
}
ONE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {JSON: _ONE, LINKED: _ONE}, "description": "an entity"},
    **described(429),
}
Text = Annotated[Plain, Query(max_length=2000)]
_NEAR = re.compile(r"near;maxDistance==(\d{1,6}(?:\.\d{1,3})?)")
_FORMS: dict[str, ngsi.Form] = {
    "normalized": "normalized",
    "concise": "concise",
    "keyValues": "keyValues",
    "simplified": "keyValues",
}
_KNOWN = {
    *("type", "id", "attrs", "limit", "offset", "count", "options", "format"),
    *("georel", "geometry", "coordinates", "geoproperty", "local"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query is about. `on_street` None: lots of both kinds; `is_empty`: a type that nobody has here."""

    on_street: bool | None
    is_empty: bool
    attributes: tuple[str, ...]
    form: ngsi.Form
    has_count: bool


@router.get("/entities", summary="주차장 엔티티 (NGSI-LD)", response_class=Response, responses=LIST_ANSWERS)
async def read_entities(
    request: Request,
    house: HouseDep,
    type: Text = "",
    id: Text = "",
    attrs: Text = "",
    limit: Annotated[int, Query(ge=0, le=1000)] = 20,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    count: Annotated[Literal["true", "false"], Query()] = "false",
    options: Text = "",
    format: Text = "",
    georel: Text = "",
    geometry: Text = "",
    coordinates: Text = "",
    geoproperty: Text = "",
) -> Response:
    """ETSI GS CIM 009 §6.4.3.2. Answers what it understands and refuses other filters, since an entity too many is a
    wrong answer. `near;maxDistance==…` around a point gives the nearest first.
    """
    enter(request, house)
    _refuse_unknown(request)
    wanted = _wanted(type, attrs, options, format, is_counted=count == "true")
    size = min(limit, house.settings.parking.feeds.page_rows)
    if not size and not wanted.has_count:
        raise BadInput("limit가 0이면 count=true가 있어야 합니다.", "limit=0 needs count=true.")
    point = _point(georel, geometry, coordinates, geoproperty)
    found, total = await _found(house, wanted, id, point, size, offset)
    links = [] if size == 0 else _links(request, house, size, offset, total, len(found))
    by = publisher(house)
    body = [ngsi.entity(one, by, wanted.form, wanted.attributes) for one in found]
    told = {"NGSILD-Results-Count": str(total)} if wanted.has_count else {}
    return _answer(request, house, body, links, told)


@router.get(
    "/entities/{entity_id}", summary="주차장 엔티티 하나 (NGSI-LD)", response_class=Response, responses=ONE_ANSWERS
)
async def read_entity(
    request: Request, house: HouseDep, entity_id: str, attrs: Text = "", options: Text = "", format: Text = ""
) -> Response:
    """One entity by its URN. A lot that was merged into another, or is gone, is not found."""
    enter(request, house)
    _refuse_unknown(request)
    wanted = _wanted("", attrs, options, format)
    found = await _by_urns(house, [entity_id])
    if not found:
        raise NotFound("그런 엔티티가 없습니다.", "There is no such entity.")
    return _answer(request, house, ngsi.entity(found[0], publisher(house), wanted.form, wanted.attributes), [], {})


@router.get("/types", summary="엔티티의 종류 (NGSI-LD)", responses={**described(429)})
async def read_types(request: Request, house: HouseDep) -> dict[str, Any]:
    """ETSI GS CIM 009 §6.25."""
    enter(request, house)
    urn = f"urn:ngsi-ld:EntityTypeList:{house.settings.city.id}"
    return {"id": urn, "type": "EntityTypeList", "typeList": list(ngsi.TYPES)}


@router.get("/context.jsonld", summary="JSON-LD 문맥", response_class=Response, responses=ONE_ANSWERS)
async def read_context(request: Request, house: HouseDep) -> Response:
    """What the names mean: the context of the smart data models for parking, and NGSI-LD's own."""
    enter(request, house)
    return Response(orjson.dumps({"@context": list(ngsi.CONTEXT)}), media_type=LINKED, headers=dict(OPEN))


async def _found(
    house: House, wanted: Wanted, ids: str, point: tuple[GeoPoint, float] | None, size: int, offset: int
) -> tuple[list[Found], int]:
    """One page and how many there are in all."""
    city_id, now, rules = house.settings.city.id, house.clock.now(), house.settings.parking
    kind = {"on_street": wanted.on_street, "purpose": "CAR", "sources": tuple(rules.feeds.sources)}
    if wanted.is_empty:
        return [], 0
    if ids or point is not None:
        if ids:
            listed = [one for one in await _by_urns(house, ids.split(",")) if _is_kind(one, wanted)]
        else:
            assert point is not None
            async with house.db.reading() as tx:
                listed = await around(tx, city_id, now, rules.numbers, *point, **kind)  # type: ignore[arg-type]
        return listed[offset : offset + size], len(listed)
    async with house.db.reading() as tx:
        total = await count(tx, city_id, is_placed=True, **kind)  # type: ignore[arg-type]
        reading = stream(
            tx,
            city_id,
            now,
            rules.numbers,
            limit=size,
            skip=offset,
            is_placed=True,
            **kind,  # type: ignore[arg-type]
        )
        return [one async for one in reading], total


async def _by_urns(house: House, urns: Sequence[str]) -> list[Found]:
    """The published lots of these ids."""
    city_id, rules = house.settings.city.id, house.settings.parking
    ids = [known for urn in urns[:1000] if (known := ngsi.lot_id(urn.strip(), city_id))]
    async with house.db.reading() as tx:
        return await chosen(
            tx,
            city_id,
            ids,
            house.clock.now(),
            rules.numbers,
            sources=rules.feeds.sources,
            is_placed=True,
            purpose="CAR",
        )


def _is_kind(found: Found, wanted: Wanted) -> bool:
    return wanted.on_street is None or (found.lot.type == "ON_STREET") == wanted.on_street


def _wanted(types: str, attrs: str, options: str, form: str, *, is_counted: bool = False) -> Wanted:
    """Raises BadInput for a form that there is not."""
    asked = {one.strip().rpartition("/")[2] for one in types.split(",") if one.strip()}
    known = asked & set(ngsi.TYPES)
    words = [one.strip() for one in f"{options},{form}".split(",") if one.strip()]
    strange = [one for one in words if one not in _FORMS and one != "count"]
    if strange:
        raise BadInput(f"모르는 형식입니다: {strange[0][:40]}", f"Unknown format or option: {strange[0][:40]}")
    forms = [_FORMS[one] for one in words if one in _FORMS]
    return Wanted(
        on_street=None if len(known) != 1 else "OnStreetParking" in known,
        is_empty=bool(asked) and not known,
        attributes=tuple(one.strip().rpartition("/")[2] for one in attrs.split(",") if one.strip()),
        form=forms[-1] if forms else "normalized",
        has_count=is_counted or "count" in words,
    )


def _point(georel: str, geometry: str, coordinates: str, geoproperty: str) -> tuple[GeoPoint, float] | None:
    """The point asked around and the metres. Raises BadInput for any other geo-query (§4.10)."""
    if not (georel or geometry or coordinates or geoproperty):
        return None
    near = _NEAR.fullmatch(georel.strip())
    numbers = re.fullmatch(r"\[?\s*(-?\d{1,3}(?:\.\d{1,12})?)\s*,\s*(-?\d{1,2}(?:\.\d{1,12})?)\s*\]?", coordinates)
    if near is None or geometry != "Point" or numbers is None or geoproperty not in ("", "location"):
        raise BadInput(
            "georel=near;maxDistance==미터, geometry=Point, coordinates=[경도,위도]만 받습니다.",
            "Only georel=near;maxDistance==metres with geometry=Point and coordinates=[longitude,latitude].",
        )
    lon, lat, radius_m = float(numbers[1]), float(numbers[2]), float(near[1])
    if radius_m > FAR_M or abs(lat) > 89 or abs(lon) > 180:
        raise BadInput(f"maxDistance는 {FAR_M}까지입니다.", f"maxDistance may be at most {FAR_M}.")
    return GeoPoint(lat, lon), radius_m


def _refuse_unknown(request: Request) -> None:
    """Raises BadInput: a filter that is passed over would give entities that were not asked for."""
    strange = sorted(set(request.query_params) - _KNOWN)
    if strange:
        raise BadInput(
            f"이 피드가 모르는 조건입니다: {strange[0][:40]}",
            f"Unknown parameter: {strange[0][:40]}",
        )


def _links(request: Request, house: House, size: int, offset: int, total: int, given: int) -> list[str]:
    """§6.3.10: the page before and the page after."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in ("limit", "offset")]
    base = house.settings.web.public_url.rstrip("/") + request.url.path

    def link(at: int, word: str) -> str:
        query = urlencode([*kept, ("limit", str(size)), ("offset", str(at))])
        return f'<{base}?{query}>; rel="{word}"; type="{LINKED}"'

    found = [link(max(0, offset - size), "prev")] if offset else []
    return [*found, link(offset + size, "next")] if offset + given < total and given else found


def _answer(request: Request, house: House, body: Any, links: list[str], told: dict[str, str]) -> Response:
    """As JSON-LD with its @context inside, or as JSON with a link to it (§6.3.5, §6.3.6)."""
    headers = {**OPEN, **told, "Vary": "Accept"}
    if LINKED in request.headers.get("accept", ""):
        for one in body if isinstance(body, list) else [body]:
            one["@context"] = list(ngsi.CONTEXT)
        media_type = LINKED
    else:
        context = f"{house.settings.web.public_url.rstrip('/')}/api/v1{BASE}/context.jsonld"
        links = [f'<{context}>; rel="http://www.w3.org/ns/json-ld#context"; type="{LINKED}"', *links]
        media_type = JSON
    if links:
        headers["Link"] = ", ".join(links)
    return Response(orjson.dumps(body), media_type=media_type, headers=headers)
