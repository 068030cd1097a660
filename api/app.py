"""The staff api: one FastAPI application on a running house."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from api.deps import House, json_only
from api.docs.routes import router as docs
from api.errors import handle_errors
from api.health.routes import router as health
from api.idempotency import Idempotency
from api.open311.routes import router as open311
from api.problems import Problem, described
from api.shell import BodyBound, LastNet, SafeHeaders
from core import loading

MAX_BODY = 1024 * 1024
"""Bytes of a staff request. Routers given as `extra_routers` (webhooks, pages, uploads) set their own bound."""

_ELSEWHERE = frozenset({"docs", "health", "open311", "rasa"})
"""Folders whose routers stand outside /api/v1."""


def areas() -> list[APIRouter]:
    """The `router` of every module in `api/<area>/`, in name order: a new route file is found, not listed."""
    modules = [
        loading.file(f"api.{folder}", name)
        for folder in loading.packages("api")
        if folder not in _ELSEWHERE
        for name in loading.files(f"api.{folder}")
    ]
    return [module.router for module in modules if hasattr(module, "router")]


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
    for area in areas():
        api.include_router(area)
    app.include_router(api)
    app.include_router(health)
    app.include_router(docs)
    app.include_router(open311)
    for router in extra_routers:
        app.include_router(router)
    # The last added is the outermost: headers go on the net's answers too.
    app.add_middleware(Idempotency, house=house, max_body=MAX_BODY)
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
        for methods in document["paths"].values():
            for method, operation in methods.items():
                operation["responses"] = {**_refusals(method, operation), **operation["responses"]}
    return app.openapi_schema or {}


def _refusals(method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    """The problems that any route of this kind may answer with, for its description."""
    found = {400} if "requestBody" in operation or operation.get("parameters") else set()
    if method != "get":
        found |= {409}
    if "requestBody" in operation:
        found |= {413, 415}
    if any(each.get("name") == "If-Match" for each in operation.get("parameters", ())):
        found |= {412, 428}
    return {str(status): one for status, one in described(*sorted(found)).items()}
