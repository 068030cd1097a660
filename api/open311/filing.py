"""GeoReport v2: POST Service Request. The lane is the sender's: with name and phone a 민원, without them a 제보."""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import RowMapping

from api.deps import House, HouseDep
from api.open311.asking import Asked, Door, form_of
from api.open311.services import no_service
from api.open311.words import Names, lang_of, say
from api.open311.writing import Many, answer
from civic.cases.notices import written
from civic.keys.service import ApiKey, Scope, use
from civic.open311.filing import Filed, Report, file_report
from core.errors import BadInput, Forbidden
from core.settings import Asked as Question

router = APIRouter(route_class=Door, include_in_schema=False)
KOREA = {"lat": (33.0, 39.0), "long": (124.0, 132.0)}
MAX_DESCRIPTION = 4000
_HANGUL = re.compile(r"[가-힣]+")


@router.post("/requests.{form}")
async def file(request: Request, house: HouseDep) -> Response:
    """The number (or, where the city answers in batches, the token) of what was filed."""
    asked, now = await Asked.form(request), house.clock.now()
    key = await keyed(request, house, asked, Scope.OPEN311_WRITE)
    async with house.db.transaction() as tx:
        names = await Names.read(tx, house.settings.city.id, lang_of(request))
        category = _category(asked, names)
        report = _report(asked, house, category, names, key.id)
        filed = await file_report(tx, house.cases, report, now)
    row = {"service_notice": _notice(filed, category, names), "account_id": report.account_id}
    is_batch = house.settings.open311.answer == "batch"
    number = {"token": filed.token} if is_batch else {"service_request_id": filed.receipt_no}
    headers = {"Cache-Control": "no-store"}
    return answer(form_of(request), Many("service_requests", "request", [number | row]), headers=headers)


async def keyed(request: Request, house: House, asked: Asked, scope: Scope) -> ApiKey:
    """The key of `api_key` or of the header X-Api-Key. The call is counted. Raises Forbidden, TooMany."""
    given = asked.one("api_key") or request.headers.get("x-api-key", "")
    if not given:
        raise Forbidden("api_key가 없습니다.", "Missing api_key.")
    async with house.db.transaction() as tx:
        return await use(tx, house.settings.city.id, given, scope, house.clock.now())


def _category(asked: Asked, names: Names) -> RowMapping:
    if not (code := asked.one("service_code")):
        raise BadInput("service_code가 없습니다.", "service_code was not provided.")
    found = next((row for row in names.services if row["id"] == code), None)
    if found is None:
        raise no_service()
    return found


def _report(asked: Asked, house: House, category: RowMapping, names: Names, key_id: UUID) -> Report:
    lat, lon = (asked.number(name, *KOREA[name]) for name in ("lat", "long"))
    place = asked.text("address_string", 300)
    if (lat is None) != (lon is None):
        raise BadInput("lat과 long을 함께 보내 주세요.", "lat and long must be sent together.")
    if lat is None and not place:
        raise BadInput(
            "위치가 없습니다: lat과 long, 또는 address_string.", "No location: lat and long, or address_string."
        )
    for name in ("email", "device_id"):
        asked.text(name, 300)
    return Report(
        city_id=house.settings.city.id,
        receipt_prefix=house.settings.city.receipt_prefix,
        category=category["id"],
        category_name=category["name_ko"],
        department_id=category["department_id"],
        deadline=category["deadline"],
        description=asked.text("description", MAX_DESCRIPTION),
        said=(*_answers(asked, house.settings.open311.questions.get(category["id"], [])), *_media(asked)),
        name=_name(asked.text("first_name", 60), asked.text("last_name", 60)),
        phone=asked.text("phone", 30),
        place=place,
        lat=lat,
        lon=lon,
        account_id=asked.text("account_id", 200) or None,
        key_id=key_id,
    )


def _answers(asked: Asked, questions: Sequence[Question]) -> list[str]:
    """`attribute[CODE]` as lines for the officer. Raises BadInput for a missing, unknown or mistyped one."""
    given = {
        name.removeprefix("attribute[").partition("]")[0]: values
        for name, values in asked.starting("attribute[").items()
    }
    known = {one.code: one for one in questions}
    if unknown := sorted(set(given) - set(known)):
        raise BadInput(f"모르는 attribute: {unknown[0][:40]}", f"Unknown attribute: {unknown[0][:40]}")
    lines = []
    for one in questions:
        if one.code in given:
            lines.append(f"{one.description.ko}: {_answered(one, given[one.code])}")
        elif one.required:
            raise BadInput(f"attribute[{one.code}] 값이 없습니다.", f"attribute[{one.code}] was not provided.")
    return lines


def _answered(one: Question, values: Sequence[str]) -> str:
    is_fine = all(len(value) <= 1000 for value in values)
    if one.datatype in ("singlevaluelist", "multivaluelist"):
        is_fine = all(value in one.values for value in values)
        values = [one.values[value].ko if is_fine else "" for value in values]
    elif one.datatype == "number":
        is_fine = all(re.fullmatch(r"-?\d{1,15}(\.\d{1,10})?", value, re.ASCII) for value in values)
    elif one.datatype == "datetime":
        is_fine = all(_is_moment(value) for value in values)
    elif one.datatype == "string":
        is_fine = is_fine and not any("\n" in value for value in values)
    if not is_fine or (len(values) > 1 and one.datatype != "multivaluelist"):
        raise BadInput(
            f"attribute[{one.code}] 값을 쓸 수 없습니다.",
            f"attribute[{one.code}] is no {one.datatype} of this service.",
        )
    return ", ".join(values)


def _is_moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _media(asked: Asked) -> list[str]:
    """The address is noted for the officer and never fetched by us."""
    if not (url := asked.text("media_url", 2000)):
        return []
    try:
        is_web = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname) and " " not in url
    except ValueError:
        is_web = False
    if not is_web or "\n" in url:
        raise BadInput("media_url은 http(s) 주소여야 합니다.", "media_url must be an http(s) address.")
    return [f"사진 주소: {url}"]


def _name(first: str, last: str) -> str:
    """Korean order without a blank for Korean names, the other order for others."""
    if _HANGUL.fullmatch(first) and (not last or _HANGUL.fullmatch(last)):
        return last + first
    return f"{first} {last}".strip()


def _notice(filed: Filed, category: RowMapping, names: Names) -> str:
    department = names.department(category["department_id"])
    if filed.due_at is None:
        return say(names.lang, "tip_notice", department=department)
    return say(names.lang, "case_notice", department=department, due=written(filed.due_at, names.lang))
