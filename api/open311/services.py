"""GeoReport v2: discovery, the list of services, and what is asked for one of them."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.deps import House, HouseDep
from api.open311.asking import Asked, Door, form_of
from api.open311.words import LANGUAGE, Names, lang_of, say
from api.open311.writing import Many, One, answer
from core.clock import SEOUL
from core.errors import NotFound
from core.settings import Asked as Question

router = APIRouter(route_class=Door, include_in_schema=False)
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
FRESH = {"Cache-Control": "public, max-age=60", **LANGUAGE}
EXTENSION = (
    ("GET", "/requests.{format}?updated_after=&page=&page_size=", "Requests in the order of their last change; pages."),
    ("GET", "/requests/{service_request_id}/history.{format}", "The public events of a request, oldest first."),
    ("POST", "/subscriptions.{format}", "Be told of changes: api_key, url, service_code; signed (Standard Webhooks)."),
    ("GET", "/subscriptions.{format}?api_key=", "Your subscriptions."),
    ("DELETE", "/subscriptions/{subscription_id}.{format}?api_key=", "End a subscription."),
)


@router.get("/discovery.{form}")
async def discovery(request: Request, house: HouseDep) -> Response:
    """Service Discovery. The declared extension is an endpoint of its own specification."""
    Asked.query(request)
    state, lang, city = request.app.state, lang_of(request), house.settings.city
    if not hasattr(state, "open311_changeset"):
        # Categories and questions are read when the house opens, so that is when they may have changed.
        state.open311_changeset = f"{house.clock.now().astimezone(SEOUL):%Y-%m-%d %H:%M}"
    named = {"city": city.name.en if lang == "en" else city.name.ko, "phone": city.phone}
    url = base(house)
    fields = {
        "changeset": state.open311_changeset,
        "contact": say(lang, "contact", **named),
        "key_service": say(lang, "key_service", **named),
        "endpoints": Many(
            "endpoints",
            "endpoint",
            [_endpoint(spec, url, state.open311_changeset) for spec in (SPECIFICATION, f"{url}/extension.xml")],
        ),
    }
    return answer(form_of(request), One("discovery", fields), headers=FRESH)


def base(house: House) -> str:
    return house.settings.web.public_url.rstrip("/") + "/open311/v2"


def _endpoint(specification: str, url: str, changeset: str) -> dict[str, Any]:
    return {
        "specification": specification,
        "url": url,
        "changeset": changeset,
        "type": "production",
        "formats": Many("formats", "format", ["text/xml", "application/json"]),
    }


@router.get("/extension.{form}")
async def extension(request: Request) -> Response:
    """What this server offers beyond GeoReport v2; docs/open311.md tells more."""
    rows = [{"method": method, "path": path, "description": told} for method, path, told in EXTENSION]
    return answer(form_of(request), Many("extension", "resource", rows), headers=FRESH)


@router.get("/services.{form}")
async def services(request: Request, house: HouseDep) -> Response:
    """GET Service List."""
    Asked.query(request)
    async with house.db.reading() as tx:
        names = await Names.read(tx, house.settings.city.id, lang_of(request))
    return answer(form_of(request), Many("services", "service", _services(house, names)), headers=FRESH)


def _services(house: House, names: Names) -> list[dict[str, Any]]:
    asked = house.settings.open311.questions
    return [
        {
            "service_code": row["id"],
            "service_name": names.service(row["id"]),
            "description": say(
                names.lang,
                "service",
                category=names.service(row["id"]),
                department=names.department(row["department_id"]),
            ),
            "metadata": bool(asked.get(row["id"])),
            "type": house.settings.open311.answer,
            "keywords": ", ".join(row["keywords"]) or None,
            "group": names.department(row["department_id"]),
        }
        for row in names.services
    ]


@router.get("/services/{service_code}.{form}")
async def definition(request: Request, service_code: str, house: HouseDep) -> Response:
    """GET Service Definition."""
    Asked.query(request)
    async with house.db.reading() as tx:
        names = await Names.read(tx, house.settings.city.id, lang_of(request))
    if service_code not in {row["id"] for row in names.services}:
        raise no_service()
    questions = house.settings.open311.questions.get(service_code, [])
    rows = [_attribute(one, order, names.lang) for order, one in enumerate(questions, 1)]
    fields = {"service_code": service_code, "attributes": Many("attributes", "attribute", rows)}
    return answer(form_of(request), One("service_definition", fields), headers=FRESH)


def _attribute(one: Question, order: int, lang: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "variable": True,
        "code": one.code,
        "datatype": one.datatype,
        "required": one.required,
        "datatype_description": one.hint or None,
        "order": order,
        "description": getattr(one.description, lang),
    }
    if one.datatype in ("singlevaluelist", "multivaluelist"):
        values = [{"key": key, "name": getattr(name, lang)} for key, name in one.values.items()]
        made["values"] = Many("values", "value", values)
    return made


def no_service() -> NotFound:
    return NotFound("그런 service_code가 없습니다.", "service_code was not found.")
