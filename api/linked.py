"""NGSI-LD over HTTP, read only, whatever is published: what may be asked, pages, and the two bodies of an answer."""

import re
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Query, Request, Response

from api.deps import House
from api.fields import Plain
from api.open_data import OPEN
from api.problems import described
from core.contracts.channel import GeoPoint
from core.errors import BadInput
from core.linked import Form

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
_FORMS: dict[str, Form] = {
    "normalized": "normalized",
    "concise": "concise",
    "keyValues": "keyValues",
    "simplified": "keyValues",
}
_KNOWN = {
    *("type", "id", "attrs", "limit", "offset", "count", "options", "format"),
    *("georel", "geometry", "coordinates", "geoproperty", "local"),
}


def refuse_unknown(request: Request) -> None:
    """Raises BadInput: a filter that is passed over would give entities that were not asked for."""
    strange = sorted(set(request.query_params) - _KNOWN)
    if strange:
        raise BadInput(
            f"이 피드가 모르는 조건입니다: {strange[0][:40]}",
            f"Unknown parameter: {strange[0][:40]}",
        )


def names(said: str) -> tuple[str, ...]:
    """Types or attributes of a list; of a name written out as an address its last part."""
    return tuple(one.strip().rpartition("/")[2] for one in said.split(",") if one.strip())


def form(options: str, format: str) -> tuple[Form, bool]:
    """The form asked for, and whether `options` asks for a count. Raises BadInput for a form that there is not."""
    words = [one.strip() for one in f"{options},{format}".split(",") if one.strip()]
    strange = [one for one in words if one not in _FORMS and one != "count"]
    if strange:
        raise BadInput(f"모르는 형식입니다: {strange[0][:40]}", f"Unknown format or option: {strange[0][:40]}")
    forms = [_FORMS[one] for one in words if one in _FORMS]
    return forms[-1] if forms else "normalized", "count" in words


def size(limit: int, most: int, *, is_counted: bool) -> int:
    """Entities on a page. Raises BadInput for nothing asked for (§6.4.3.2)."""
    if not limit and not is_counted:
        raise BadInput("limit가 0이면 count=true가 있어야 합니다.", "limit=0 needs count=true.")
    return min(limit, most)


def point(georel: str, geometry: str, coordinates: str, geoproperty: str) -> tuple[GeoPoint, float] | None:
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


def links(request: Request, house: House, size: int, offset: int, total: int, given: int) -> list[str]:
    """§6.3.10: the page before and the page after."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in ("limit", "offset")]
    base = house.settings.web.public_url.rstrip("/") + request.url.path

    def link(at: int, word: str) -> str:
        query = urlencode([*kept, ("limit", str(size)), ("offset", str(at))])
        return f'<{base}?{query}>; rel="{word}"; type="{LINKED}"'

    found = [link(max(0, offset - size), "prev")] if offset else []
    return [*found, link(offset + size, "next")] if offset + given < total and given else found


def answer(
    request: Request, house: House, base: str, context: Sequence[str], body: Any, links: list[str], told: dict[str, str]
) -> Response:
    """As JSON-LD with its @context inside, or as JSON with a link to `base`/context.jsonld (§6.3.5, §6.3.6)."""
    headers = {**OPEN, **told, "Vary": "Accept"}
    if LINKED in request.headers.get("accept", ""):
        for one in body if isinstance(body, list) else [body]:
            one["@context"] = list(context)
        media_type = LINKED
    else:
        address = f"{house.settings.web.public_url.rstrip('/')}/api/v1{base}/context.jsonld"
        links = [f'<{address}>; rel="http://www.w3.org/ns/json-ld#context"; type="{LINKED}"', *links]
        media_type = JSON
    if links:
        headers["Link"] = ", ".join(links)
    return Response(orjson.dumps(body), media_type=media_type, headers=headers)


def context_file(context: Sequence[str]) -> Response:
    """What the names mean."""
    return Response(orjson.dumps({"@context": list(context)}), media_type=LINKED, headers=dict(OPEN))
