"""What a GeoReport client asks: parameters read by the specification's rules, and refusals in its own words."""

import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic_core import PydanticCustomError
from sqlalchemy.exc import DataError
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.deps import client_ip, house_of
from api.fields import storable
from api.open311.writing import Form, Many, answer
from core.errors import BadInput, Forbidden, NotFound, SinmungoError, TooMany, Unavailable
from core.throttle import Throttle

MAX_BODY = 64 * 1024
MAX_FIELDS = 200
WRITES = 600
"""Posts of one address a minute, right key or wrong; each key has its own bound besides."""
MAX_VALUE = 20_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Public data: any page may read it. No cookie is looked at here."""


class Door(APIRoute):
    """Every answer of these routes, refusals too, in the form that the path's suffix names."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                _may_enter(request)
                made = await inner(request)
            except SinmungoError as error:
                made = refused(form_of(request), error)
            except (RequestValidationError, HTTPException, DataError):
                made = refused(form_of(request), BadInput("요청을 읽을 수 없습니다.", "The request cannot be read."))
            for name, value in _OPEN.items():
                made.headers.setdefault(name, value)
            return made

        return handle


def _may_enter(request: Request) -> None:
    """Raises NotFound where the city has switched it off and for an unknown form, TooMany for a flood."""
    house, state = house_of(request), request.app.state
    if not house.settings.open311.enabled:
        raise NotFound("이 도시는 Open311을 열지 않았습니다.", "This city does not offer Open311.")
    if not hasattr(state, "open311_reads"):
        most = house.settings.open311.reads_per_minute
        state.open311_reads, state.open311_writes = Throttle(most, most), Throttle(WRITES, WRITES)
    bound = state.open311_reads if request.method == "GET" else state.open311_writes
    bound.take(client_ip(request, house.settings.web.trusted_proxies))
    if not request.url.path.endswith((".xml", ".json")):
        raise NotFound("주소는 .xml이나 .json으로 끝납니다.", "Addresses end in .xml or .json.")


def form_of(request: Request) -> Form:
    return "json" if request.url.path.endswith(".json") else "xml"


def refused(form: Form, error: SinmungoError) -> Response:
    """404 for what is not there, 403 for a wrong key, 400 for the rest (GeoReport v2, "Errors"); 429 and 503 keep
    their number, since a client must wait."""
    status = next((one.status for one in (NotFound, Forbidden, TooMany, Unavailable) if isinstance(error, one)), 400)
    row = {"code": status, "description": f"{error.reason_ko} ({error.reason_en})"}
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooMany | Unavailable):
        headers["Retry-After"] = str(error.context.get("retry_after", 5))
    return answer(form, Many("errors", "error", [row]), status=status, headers=headers)


class Asked:
    """Parameters by name. An empty one is an absent one; one given several times is a list with commas."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._found: dict[str, list[str]] = {}
        for name, value in pairs:
            if value.strip():
                self._found.setdefault(storable_or_refused(name), []).append(storable_or_refused(value).strip())

    @classmethod
    def query(cls, request: Request) -> "Asked":
        """Raises BadInput for what cannot be stored, NotFound for another jurisdiction."""
        asked = cls(QueryParams(request.url.query).multi_items())
        asked.check_jurisdiction(request)
        return asked

    @classmethod
    async def form(cls, request: Request) -> "Asked":
        """The urlencoded body; the query may not hold what belongs into it. Raises BadInput, NotFound."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise BadInput(
                "application/x-www-form-urlencoded로 보내 주세요.", "Send application/x-www-form-urlencoded."
            )
        try:
            text = (await _body(request)).decode()
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
        except ValueError:
            raise BadInput("본문을 읽을 수 없습니다(UTF-8).", "The body is not urlencoded UTF-8.") from None
        asked = cls(pairs)
        asked.check_jurisdiction(request)
        return asked

    def check_jurisdiction(self, request: Request) -> None:
        ours = house_of(request).settings.open311.jurisdiction_id
        if (given := self.one("jurisdiction_id")) and given != ours:
            raise NotFound("그런 jurisdiction_id가 없습니다.", "jurisdiction_id was not found.")

    def one(self, name: str) -> str:
        """The last value, or nothing."""
        return self._found.get(name, [""])[-1]

    def many(self, name: str) -> list[str]:
        """Comma delimited, declared once or several times."""
        parts = ",".join(self._found.get(name, [])).split(",")
        return list(dict.fromkeys(part.strip() for part in parts if part.strip()))

    def starting(self, prefix: str) -> Mapping[str, list[str]]:
        return {name: values for name, values in self._found.items() if name.startswith(prefix)}

    def text(self, name: str, most: int) -> str:
        """Raises BadInput when it is longer than `most` characters."""
        if len(value := self.one(name)) > most:
            raise BadInput(f"{name}은(는) {most}자까지입니다.", f"{name} is limited to {most} characters.")
        return value

    def number(self, name: str, low: float, high: float) -> float | None:
        if not (value := self.one(name)):
            return None
        try:
            found = float(value)
        except ValueError:
            found = float("nan")
        if not low <= found <= high:
            raise BadInput(f"{name} 값을 쓸 수 없습니다.", f"{name} must be a number from {low:g} to {high:g}.")
        return found

    def moment(self, name: str) -> datetime | None:
        """W3C form with its zone; a bare day begins at midnight in Korea. Raises BadInput."""
        if not (value := self.one(name)):
            return None
        try:
            if _DAY.fullmatch(value):
                value += "T00:00:00+09:00"
            # A plus sign that was not escaped arrives as a blank.
            value = value.replace(" ", "+")
            if _MOMENT.fullmatch(value) and 1970 <= (found := datetime.fromisoformat(value)).year <= 2200:
                return found
        except ValueError:
            pass
        raise BadInput(
            f"{name}은(는) 2026-01-01T00:00:00Z처럼 적어 주세요.", f"{name} must be like 2026-01-01T00:00:00Z."
        )


def storable_or_refused(value: str) -> str:
    try:
        return storable(value[:MAX_VALUE])
    except PydanticCustomError:
        raise BadInput("쓸 수 없는 글자가 있습니다.", "A value holds characters that cannot be used.") from None


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise BadInput("본문이 너무 깁니다.", f"The body is longer than {MAX_BODY} bytes.")
    return body
