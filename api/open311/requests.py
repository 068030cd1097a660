"""GeoReport v2: reading requests, one or many, and (the extension) one's history. Nothing here names a person."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response

from api.deps import House, HouseDep
from api.open311.asking import Asked, Door, form_of
from api.open311.services import base
from api.open311.words import LANGUAGE, Names, lang_of, say
from api.open311.writing import Many, answer, moment
from civic.cases.public import (
    PublicCase,
    PublicEvent,
    PublicFilters,
    find_public,
    public_case,
    public_history,
    public_pictures,
)
from civic.cases.receipt import read_number
from civic.cases.status import CLOSED, NAMES, Status
from civic.cases.tips import public_tip
from civic.open311.filing import number_of
from core.errors import BadInput, NotFound

router = APIRouter(route_class=Door, include_in_schema=False)
SPAN = timedelta(days=90)
"""GeoReport v2, "Response Volume"."""
MOST_IDS = 1000
MAX_TEXT = 4000
FRESH = {"Cache-Control": "public, max-age=30", **LANGUAGE}


@router.get("/requests.{form}")
async def find(request: Request, house: HouseDep) -> Response:
    """GET Service Requests: the last 90 days or 1000 rows, whichever is smaller. `page`, `page_size` and
    `updated_after` are the declared extension; the next page is in the Link header."""
    asked, city_id = Asked.query(request), house.settings.city.id
    filters = _filters(asked, city_id, house.clock.now())
    size = round(asked.number("page_size", 1, house.settings.open311.max_rows) or house.settings.open311.max_rows)
    page = round(asked.number("page", 1, 100_000) or 1)
    async with house.db.reading() as tx:
        found = await find_public(tx, filters, limit=size + 1, offset=(page - 1) * size)
        names = await Names.read(tx, city_id, lang_of(request))
        pictures = await public_pictures(tx, [case.id for case in found])
    headers = dict(FRESH)
    if len(found) > size and (asked.one("page") or asked.one("page_size")):
        headers["Link"] = _link(request, house, page + 1)
    rows = [_row(house, case, names, pictures) for case in found[:size]]
    return answer(form_of(request), Many("service_requests", "request", rows), headers=headers)


def _filters(asked: Asked, city_id: str, now: datetime) -> PublicFilters:
    if ids := asked.many("service_request_id"):
        # "This overrides all other arguments."
        numbers = [number for one in ids[:MOST_IDS] if (number := read_number(one))]
        return PublicFilters(city_id=city_id, receipt_nos=numbers)
    statuses = asked.many("status")
    if any(one not in ("open", "closed") for one in statuses):
        raise BadInput("status는 open 또는 closed입니다.", "status must be open or closed.")
    since, until = asked.moment("start_date"), asked.moment("end_date")
    changed = asked.moment("updated_after")
    if since and until and (until < since or until - since > SPAN):
        raise BadInput(
            "start_date부터 end_date까지는 90일을 넘을 수 없습니다.", "start_date to end_date may span at most 90 days."
        )
    if changed is None:
        until = until or (min(now, since + SPAN) if since else now)
        since = since or until - SPAN
    elif now - changed > SPAN:
        raise BadInput("updated_after는 90일 전까지입니다.", "updated_after may be at most 90 days ago.")
    return PublicFilters(
        city_id=city_id,
        categories=asked.many("service_code"),
        is_closed=statuses == ["closed"] if len(statuses) == 1 else None,
        received_from=since,
        received_until=until,
        changed_after=changed,
    )


def _link(request: Request, house: House, page: int) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "page"]
    query = urlencode([*kept, ("page", str(page))])
    return f'<{base(house)}/requests.{form_of(request)}?{query}>; rel="next"'


@router.get("/requests/{service_request_id}.{form}")
async def one(request: Request, service_request_id: str, house: HouseDep) -> Response:
    """GET Service Request. A 제보 is found by its number too; it stays open, since nobody answers it."""
    Asked.query(request)
    async with house.db.reading() as tx:
        names = await Names.read(tx, house.settings.city.id, lang_of(request))
        number = read_number(service_request_id) or ""
        if case := await public_case(tx, house.settings.city.id, number):
            row = _row(house, case, names, await public_pictures(tx, [case.id]))
        elif tip := await public_tip(tx, house.settings.city.id, number):
            row = _shared(names, tip.receipt_no, tip.category, tip.department_id)
            notice = say(names.lang, "tip_notice", department=names.department(tip.department_id))
            row |= {"service_notice": notice}
            row |= dict.fromkeys(("requested_datetime", "updated_datetime"), moment(tip.received_at))
        else:
            raise _no_request()
    return answer(form_of(request), Many("service_requests", "request", [row]), headers=FRESH)


@router.get("/requests/{service_request_id}/history.{form}")
async def history(request: Request, service_request_id: str, house: HouseDep) -> Response:
    """The extension: what happened, without anybody's words."""
    Asked.query(request)
    async with house.db.reading() as tx:
        case = await public_case(tx, house.settings.city.id, read_number(service_request_id) or "")
        if case is None:
            raise _no_request()
        names = await Names.read(tx, house.settings.city.id, lang_of(request))
        rows = [_event(event, names) for event in await public_history(tx, case.id)]
    return answer(form_of(request), Many("history", "event", rows), headers=FRESH)


@router.get("/tokens/{token}.{form}")
async def token(request: Request, token: str, house: HouseDep) -> Response:
    """GET service_request_id from a token."""
    Asked.query(request)
    async with house.db.reading() as tx:
        number = await number_of(tx, house.settings.city.id, token)
    row = {"service_request_id": number, "token": token}
    return answer(form_of(request), Many("service_requests", "request", [row]), headers={"Cache-Control": "no-store"})


def _row(house: House, case: PublicCase, names: Names, pictures: Mapping[UUID, UUID]) -> dict[str, Any]:
    lat, lon = (None if at is None else round(at, house.settings.open311.decimals) for at in (case.lat, case.lon))
    changed = case.closed_at if case.is_closed and case.closed_at else case.updated_at
    row = _shared(names, case.receipt_no, case.category, case.department_id)
    return row | {
        "status": "closed" if case.is_closed else "open",
        "status_notes": NAMES[case.status][names.lang == "en"],
        "description": (case.public_text or row["description"])[:MAX_TEXT],
        "requested_datetime": moment(case.received_at),
        "updated_datetime": moment(changed),
        "expected_datetime": moment(case.due_at),
        "address": names.area(case.area_id),
        "lat": lat,
        "long": lon,
        "media_url": _picture(house, pictures.get(case.id)),
    }


def _picture(house: House, picture: UUID | None) -> str | None:
    return f"{house.settings.web.public_url.rstrip('/')}/api/v1/public-pictures/{picture}" if picture else None


def _shared(names: Names, number: str, category: str, department: str) -> dict[str, Any]:
    """Every field of the specification's table in its order, with what a 민원 and a 제보 share."""
    return {
        "service_request_id": number,
        "status": "open",
        "status_notes": None,
        "service_name": names.service(category),
        "service_code": category,
        "description": say(names.lang, "no_text", category=names.service(category)),
        "agency_responsible": names.department(department),
        "service_notice": None,
        "requested_datetime": None,
        "updated_datetime": None,
        "expected_datetime": None,
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def _event(event: PublicEvent, names: Names) -> dict[str, Any]:
    status = event.to_value if event.kind == "status" else None
    known = Status(status) if status in set(Status) else None
    return {
        "event_id": str(event.id),
        "datetime": moment(event.at),
        "type": event.kind,
        "status": ("closed" if known in CLOSED else "open") if known else None,
        "status_notes": NAMES[known][names.lang == "en"] if known else None,
        "agency_responsible": names.department(event.to_value or "") or None if event.kind == "department" else None,
    }


def _no_request() -> NotFound:
    return NotFound("그런 service_request_id가 없습니다.", "service_request_id was not found.")
