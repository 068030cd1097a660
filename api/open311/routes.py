"""GeoReport v2 of this city at /open311/v2, with the declared extension (docs/open311.md, ADR 0017)."""

from fastapi import APIRouter, Request, Response

from api.open311 import filing, requests, services, subscriptions
from api.open311.asking import Door
from core.errors import NotFound

router = APIRouter(prefix="/open311/v2", include_in_schema=False)
for part in (services, requests, filing, subscriptions):
    router.include_router(part.router)

_else = APIRouter(route_class=Door, include_in_schema=False)


@_else.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def nothing_here(request: Request) -> Response:
    raise NotFound("그런 주소가 없습니다.", "There is no such resource.")


router.include_router(_else)
