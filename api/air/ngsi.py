"""NGSI-LD for anybody, read only: stations' newest hours as AirQualityObserved entities (docs/air-open-data.md)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api import linked
from api.air.public import by, enter, latest
from api.deps import House, HouseDep
from api.linked import LIST_ANSWERS, ONE_ANSWERS, Text
from api.problems import described
from civic.air.open import ngsi
from civic.air.records import Now
from core.contracts.channel import GeoPoint
from core.distance import meters
from core.errors import NotFound

BASE = "/air/ngsi-ld/v1"
router = APIRouter(prefix=BASE, tags=["air"])


@router.get("/entities", summary="대기질 엔티티 (NGSI-LD)", response_class=Response, responses=LIST_ANSWERS)
async def read_air_entities(
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
    """ETSI GS CIM 009 §6.4.3.2. One entity a station that has a point. Filters that it does not know are refused;
    `near;maxDistance==…` around a point gives the nearest first.
    """
    enter(request, house)
    linked.refuse_unknown(request)
    form, has_count = linked.form(options, format)
    has_count = has_count or count == "true"
    size = linked.size(limit, house.settings.air.public.page_rows, is_counted=has_count)
    asked = set(linked.names(type))
    found = [] if asked and ngsi.TYPE not in asked else await _placed(request, house)
    if id:
        found = _chosen(found, [one.strip() for one in id.split(",")][:1000], house)
    if around := linked.point(georel, geometry, coordinates, geoproperty):
        found = _near(found, *around)
    page = found[offset : offset + size]
    links = linked.links(request, house, size, offset, len(found), len(page)) if size else []
    publisher, attributes = by(house), linked.names(attrs)
    body = [ngsi.entity(one, publisher, form, attributes) for one in page]
    told = {"NGSILD-Results-Count": str(len(found))} if has_count else {}
    return linked.answer(request, house, BASE, ngsi.CONTEXT, body, links, told)


@router.get(
    "/entities/{entity_id}", summary="대기질 엔티티 하나 (NGSI-LD)", response_class=Response, responses=ONE_ANSWERS
)
async def read_air_entity(
    request: Request, house: HouseDep, entity_id: str, attrs: Text = "", options: Text = "", format: Text = ""
) -> Response:
    """One entity by its URN."""
    enter(request, house)
    linked.refuse_unknown(request)
    form, _ = linked.form(options, format)
    found = _chosen(await _placed(request, house), [entity_id], house)
    if not found:
        raise NotFound("그런 엔티티가 없습니다.", "There is no such entity.")
    body = ngsi.entity(found[0], by(house), form, linked.names(attrs))
    return linked.answer(request, house, BASE, ngsi.CONTEXT, body, [], {})


@router.get("/types", summary="엔티티의 종류 (NGSI-LD)", responses={**described(429)})
async def read_air_types(request: Request, house: HouseDep) -> dict[str, Any]:
    """ETSI GS CIM 009 §6.25."""
    enter(request, house)
    urn = f"urn:ngsi-ld:EntityTypeList:{house.settings.city.id}-air"
    return {"id": urn, "type": "EntityTypeList", "typeList": [ngsi.TYPE]}


@router.get("/context.jsonld", summary="JSON-LD 문맥", response_class=Response, responses=ONE_ANSWERS)
async def read_air_context(request: Request, house: HouseDep) -> Response:
    """What the names mean: the context of the smart data models for the environment, and NGSI-LD's own."""
    enter(request, house)
    return linked.context_file(ngsi.CONTEXT)


async def _placed(request: Request, house: House) -> list[Now]:
    return [one for one in await latest(request, house).all(house.clock.now()) if ngsi.is_placed(one.site)]


def _chosen(found: list[Now], urns: list[str], house: House) -> list[Now]:
    by_id = {one.site.id: one for one in found}
    ids = [ngsi.site_id(urn, house.settings.city.id) for urn in urns]
    return [by_id[one] for one in dict.fromkeys(ids) if one is not None and one in by_id]


def _near(found: list[Now], point: GeoPoint, radius_m: float) -> list[Now]:
    away = [(meters(point, GeoPoint(one.site.lat or 0, one.site.lon or 0)), one) for one in found]
    return [one for far, one in sorted(away, key=lambda pair: (pair[0], pair[1].site.id)) if far <= radius_m]
