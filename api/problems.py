"""RFC 9457 problem+json, Korean and English side by side; the only place where an error becomes an answer."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

TITLES: Mapping[str, tuple[str, str]] = {
    "bad_input": ("입력값을 확인해 주세요", "Check the input"),
    "broken_json": ("JSON을 읽을 수 없습니다", "The JSON cannot be read"),
    "bad_request": ("요청을 읽을 수 없습니다", "The request cannot be read"),
    "not_signed_in": ("로그인이 필요합니다", "Sign in first"),
    "forbidden": ("권한이 없습니다", "Not allowed"),
    "not_found": ("찾을 수 없습니다", "Not found"),
    "method_not_allowed": ("쓸 수 없는 방식입니다", "Method not allowed"),
    "conflict": ("지금은 할 수 없습니다", "Not possible in the present state"),
    "precondition_failed": ("그 사이에 바뀌었습니다", "Changed meanwhile"),
    "precondition_required": ("If-Match가 필요합니다", "If-Match is required"),
    "too_large": ("너무 큽니다", "Too large"),
    "unsupported_media": ("받을 수 없는 형식입니다", "Unsupported media type"),
    "too_many": ("요청이 너무 많습니다", "Too many requests"),
    "unavailable": ("잠시 쉬고 있습니다", "Temporarily unavailable"),
    "config": ("설정을 확인해 주세요", "Check the configuration"),
    "internal": ("처리하지 못했습니다", "Something went wrong"),
}
"""Code → Korean and English title. The problem type is /problems/<code>."""


class FieldError(BaseModel):
    field: str
    ko: str
    en: str


class Problem(BaseModel):
    """RFC 9457, with the English twin of title and detail; `errors` when single fields are wrong."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    title_en: str
    detail_en: str
    errors: list[FieldError] = []


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses as problems, for the OpenAPI description."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def problem(
    request: Request,
    status: int,
    code: str,
    detail_ko: str,
    detail_en: str,
    *,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Title and detail in the language that Accept-Language prefers (Korean by default), English always beside."""
    title_ko, title_en = TITLES.get(code, TITLES["internal"])
    is_english = prefers_english(request.headers.get("accept-language", ""))
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": title_en if is_english else title_ko,
        "status": status,
        "detail": detail_en if is_english else detail_ko,
        "instance": request.url.path,
        "title_en": title_en,
        "detail_en": detail_en,
    }
    if errors:
        body["errors"] = list(errors)
    return Response(
        orjson.dumps(body),
        status,
        media_type="application/problem+json",
        headers={
            "Content-Language": "en" if is_english else "ko",
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
    )


def prefers_english(accept_language: str) -> bool:
    """RFC 9110 §12.5.4 for two languages: English only when it weighs more than Korean (and than `*`)."""
    weights = {"ko": 0.0, "en": 0.0, "*": 0.0}
    for item in accept_language[:200].lower().split(","):
        name, _, parameter = item.strip().partition(";")
        language = name.strip().split("-")[0]
        if language in weights:
            weights[language] = max(weights[language], _weight(parameter))
    return weights["en"] > max(weights["ko"], weights["*"])


def _weight(parameter: str) -> float:
    if not parameter:
        return 1.0
    _, _, number = parameter.partition("q=")
    try:
        return max(0.0, min(float(number), 1.0))
    except ValueError:
        return 0.0
