"""NGSI-LD for anybody, read only: lots as OffStreetParking and OnStreetParking entities (docs/parking-feeds.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from api import linked
from api.deps import House, HouseDep
from api.linked import LIST_ANSWERS, ONE_ANSWERS, Text
from api.parking.public import enter, publisher
from api.problems import described
from civic.parking.feeds import ngsi
from civic.parking.feeds.reading import around, chosen, count, stream
from civic.parking.search import Found
from core.contracts.channel import GeoPoint
from core.errors import NotFound
from core.linked import Form

BASE = "/parking/ngsi-ld/v1"
router = APIRouter(prefix=BASE, tags=["parking"])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query is about. `on_street` None: lots of both kinds; `is_empty`: a type that nobody has here."""

    on_street: bool | None
    is_empty: bool
    attributes: tuple[str, ...]
    form: Form
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
    linked.refuse_unknown(request)
    wanted = _wanted(type, attrs, options, format, is_counted=count == "true")
    size = linked.size(limit, house.settings.parking.feeds.page_rows, is_counted=wanted.has_count)
    point = linked.point(georel, geometry, coordinates, geoproperty)
    found, total = await _found(house, wanted, id, point, size, offset)
    links = [] if size == 0 else linked.links(request, house, size, offset, total, len(found))
    by = publisher(house)
    body = [ngsi.entity(one, by, wanted.form, wanted.attributes) for one in found]
    told = {"NGSILD-Results-Count": str(total)} if wanted.has_count else {}
    return linked.answer(request, house, BASE, ngsi.CONTEXT, body, links, told)


@router.get(
    "/entities/{entity_id}", summary="주차장 엔티티 하나 (NGSI-LD)", response_class=Response, responses=ONE_ANSWERS
)
async def read_entity(
    request: Request, house: HouseDep, entity_id: str, attrs: Text = "", options: Text = "", format: Text = ""
) -> Response:
    """One entity by its URN. A lot that was merged into another, or is gone, is not found."""
    enter(request, house)
    linked.refuse_unknown(request)
    wanted = _wanted("", attrs, options, format)
    found = await _by_urns(house, [entity_id])
    if not found:
        raise NotFound("그런 엔티티가 없습니다.", "There is no such entity.")
    body = ngsi.entity(found[0], publisher(house), wanted.form, wanted.attributes)
    return linked.answer(request, house, BASE, ngsi.CONTEXT, body, [], {})


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
    return linked.context_file(ngsi.CONTEXT)


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
    asked = set(linked.names(types))
    known = asked & set(ngsi.TYPES)
    written, has_count = linked.form(options, form)
    return Wanted(
        on_street=None if len(known) != 1 else "OnStreetParking" in known,
        is_empty=bool(asked) and not known,
        attributes=linked.names(attrs),
        form=written,
        has_count=is_counted or has_count,
    )
