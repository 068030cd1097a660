"""The staff api: one FastAPI application on a running house."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from api.access_log.routes import router as access_log
from api.cases.change import router as case_changes
from api.cases.routes import router as cases
from api.city.routes import router as city
from api.conversations.routes import router as conversations
from api.deps import House, json_only
from api.docs.routes import router as docs
from api.errors import handle_errors
from api.files.routes import router as files
from api.health.routes import router as health
from api.inquiries.routes import router as inquiries
from api.outbound.routes import router as outbound
from api.problems import Problem, described
from api.session.routes import router as session
from api.shell import BodyBound, LastNet, SafeHeaders
from api.staff.routes import router as staff

MAX_BODY = 1024 * 1024
"""Bytes of a staff request. Routers given as `extra_routers` (webhooks, pages, uploads) set their own bound."""

_AREAS = (session, cases, case_changes, conversations, inquiries, outbound, city, files, access_log, staff)


def create_app(house: House, extra_routers: Sequence[APIRouter] = ()) -> FastAPI:
    """The application. `extra_routers` are included last, at their own paths, behind the same outer layers."""
    app = FastAPI(
        title=f"신문고 직원 API ({house.settings.city.name.ko})",
        version="1",
        description="민원, 대화, 제보를 읽고 처리합니다. 오류는 RFC 9457 problem+json으로, 한국어와 영어로 답합니다.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.house = house
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]
    handle_errors(app)
    api = APIRouter(
        prefix="/api/v1",
        dependencies=[Depends(json_only)],
        max_body_size=MAX_BODY,
        responses=described(401, 403, 404, 422, 503),
    )
    for area in _AREAS:
        api.include_router(area)
    app.include_router(api)
    app.include_router(health)
    app.include_router(docs)
    for router in extra_routers:
        app.include_router(router)
    # The last added is the outermost: headers go on the net's answers too.
    app.add_middleware(BodyBound, most=MAX_BODY, prefix="/api/")
    app.add_middleware(LastNet)
    app.add_middleware(SafeHeaders)
    return app


def _description(app: FastAPI) -> dict[str, Any]:
    """FastAPI's OpenAPI document with our problem in it, worked out once."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = {**shape.pop("$defs"), "Problem": shape}
        document["components"]["schemas"].update(parts)
    return app.openapi_schema or {}
