"""Which answer each kind of error gets: our own tree, FastAPI's validation, routing, the store's refusals."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.fields import field_errors
from api.problems import problem
from core.errors import NotSignedIn, SinmungoError, TooMany, Unavailable

RETRY_AFTER_S = "5"

_HTTP = {
    400: ("bad_request", "요청을 읽을 수 없습니다.", "The request cannot be read."),
    404: ("not_found", "그런 주소가 없습니다.", "There is nothing at this address."),
    405: ("method_not_allowed", "이 주소에서 쓸 수 없는 방식입니다.", "This address does not take that method."),
    413: ("too_large", "보낸 내용이 너무 큽니다.", "The request body is too large."),
    415: ("unsupported_media", "application/json으로 보내 주세요.", "Send application/json."),
}


class UnsupportedMedia(SinmungoError):
    status = 415
    code = "unsupported_media"


def handle_errors(app: FastAPI) -> None:
    app.add_exception_handler(SinmungoError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DataError, _unstorable)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, SinmungoError)
    headers: dict[str, str] = {}
    if isinstance(error, Unavailable | TooMany):
        headers["Retry-After"] = RETRY_AFTER_S
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(request, error.status, error.code, error.reason_ko, error.reason_en, headers=headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem(request, 400, "broken_json", "JSON 문법이 맞지 않습니다.", "The body is not valid JSON.")
    return problem(
        request,
        422,
        "bad_input",
        "입력값이 맞지 않습니다. errors를 확인해 주세요.",
        "Some values cannot be used; see errors.",
        errors=field_errors(found),
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    fallback = ("internal" if error.status_code >= 500 else "bad_request", *_HTTP[400][1:])
    code, korean, english = _HTTP.get(error.status_code, fallback)
    return problem(request, error.status_code, code, korean, english, headers=error.headers)


async def _unstorable(request: Request, error: Exception) -> Response:
    return problem(request, 422, "bad_input", "저장할 수 없는 값이 있습니다.", "A value cannot be stored.")
