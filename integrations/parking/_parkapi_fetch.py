"""One conditional GET for sources that know ETags: the body, or that nothing changed, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx
import orjson

from core.contracts.parking import Http, Mark, SourceFailed
from core.errors import BadInput

LOTS = "lots"
"""The cursor of a mark whose answer's lots were handed on: only then may a 304 answer a question for lots."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` None: not modified since `mark`."""

    body: bytes | None
    mark: Mark


async def get(
    http: Http,
    url: str,
    mark: Mark,
    *,
    wants_static: bool,
    max_mb: int,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    deadline_s: float = 30.0,
) -> Answer:
    """Raises SourceFailed (refused, broken) and OutsideFailed (no answer, 429, 5xx)."""
    asked = {"accept-encoding": "gzip, deflate", **(headers or {})}
    if not wants_static or mark.cursor == LOTS:
        asked |= {"if-none-match": mark.etag} if mark.etag else {}
        asked |= {"if-modified-since": mark.last_modified} if mark.last_modified and not mark.etag else {}
    # httpx takes `params` instead of the address's own query, so that none must be None.
    response = await http.get(
        url, headers=asked, params=params or None, deadline_s=deadline_s, max_bytes=max_mb * 1024 * 1024
    )
    if response.status_code == 304:
        return Answer(None, mark)
    _check(response)
    fresh = Mark(
        etag=response.headers.get("etag", "")[:500],
        last_modified=response.headers.get("last-modified", "")[:100],
        cursor=LOTS if wants_static else "",
    )
    return Answer(response.content, fresh)


def _check(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if status in (401, 403):
        raise SourceFailed(
            "refused", f"출처가 우리의 인증을 받아 주지 않습니다(HTTP {status}).", f"not authorised: HTTP {status}"
        )
    raise SourceFailed(
        "refused", f"출처의 주소가 맞지 않습니다(HTTP {status}).", f"the address is not right: HTTP {status}"
    )


def document(body: bytes) -> object:
    """JSON of an answer. Raises SourceFailed (broken)."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SourceFailed("broken", "출처의 응답이 JSON이 아닙니다.", "the answer is no JSON") from None


def broken(error: BadInput) -> SourceFailed:
    """An answer of another form, as the rounds want to hear it."""
    return SourceFailed("broken", error.reason_ko, error.reason_en)
