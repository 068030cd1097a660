"""One call to a messenger's API and what its failure means for the message, told in the words of the channel contract.

Never a second try, and never a word of the provider's answer in a reason: it may quote the citizen's number.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import httpx
import orjson

from core.contracts.channel import SendFailed
from core.http import NEVER_LEFT, retry_after

MAX_FILE = 20 * 1024 * 1024
"""Bytes of an attachment that the house takes."""
LONGEST_WAIT_S = 3600.0
"""A Retry-After beyond this is obeyed for this long; the next attempt will be told again."""


class TooMany(SendFailed):
    """HTTP 429; `answer` is for channels whose provider says there which limit it was."""

    def __init__(self, reason: str, answer: httpx.Response, retry_after: float | None) -> None:
        super().__init__(reason, retry=True, retry_after=retry_after, outage=False)
        self.answer = answer


async def call(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    provider: str,
    now: datetime,
    is_safe: bool = False,
    **request: Any,
) -> httpx.Response:
    """The answer, 2xx or a refusal (3xx, 4xx) for the channel to read.

    `provider` is its Korean name. `is_safe`: a repeat does no harm (an idempotency key, a GET). Raises SendFailed when
    the call never left (`retry`), broke off or met a 5xx (`retry` if safe, else `unknown`), or came too often (429).
    """
    try:
        answer = await http.request(method, url, follow_redirects=False, **request)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _broken(error, provider, is_safe=is_safe) from None
    code = answer.status_code
    if code == 429:
        reason = f"{provider} 서버가 천천히 보내라고 합니다 (HTTP 429)"
        raise TooMany(reason, answer, asked_wait(answer, now))
    if code >= 500:
        reason = f"{provider} 서버가 처리하지 못했습니다 (HTTP {code})"
        raise SendFailed(reason, retry=is_safe, unknown=not is_safe)
    return answer


def _broken(error: Exception, provider: str, *, is_safe: bool) -> SendFailed:
    kind = type(error).__name__
    if isinstance(error, NEVER_LEFT) or is_safe:
        return SendFailed(f"{provider} 서버와 통신하지 못했습니다 ({kind})", retry=True)
    return SendFailed(f"보내는 중에 끊겨 도착했는지 알 수 없습니다 (may have been sent: {kind})", unknown=True)


def asked_wait(answer: httpx.Response, now: datetime) -> float | None:
    """Retry-After in seconds, at most an hour; None when it says nothing."""
    try:
        wait = retry_after(answer.headers.get("retry-after", "")[:40], now)
    except OverflowError:
        return LONGEST_WAIT_S
    return None if wait is None else min(wait, LONGEST_WAIT_S)


def said(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object that was answered; empty when it is none."""
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def told(value: object, most: int = 200) -> str:
    """An id as a provider told it, fit for the store; empty when it is none."""
    fits = isinstance(value, str) and len(value) <= most and value.isprintable()
    return value if fits else ""  # type: ignore[return-value]


def number(code: object) -> str:
    """A provider's error number as told; empty for what is none, as it may be anything."""
    shown = str(code) if type(code) in (int, str) else ""
    return shown if shown.isascii() and shown.isdigit() and len(shown) < 9 else ""


async def download(
    http: httpx.AsyncClient,
    url: str,
    *,
    timeout_s: float,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> tuple[bytes, str]:
    """The bytes behind an address, at most 20 MB, or nothing and where a redirect points. Raises SendFailed."""
    found = bytearray()
    try:
        async with http.stream(
            "GET",
            url,
            headers=headers,
            auth=auth or httpx.USE_CLIENT_DEFAULT,
            timeout=timeout_s,
            follow_redirects=False,
        ) as answer:
            if answer.has_redirect_location:
                return b"", str(answer.headers["location"])
            if not answer.is_success or answer.status_code == 202:  # 202: the provider is still preparing it
                again = answer.status_code in (202, 429) or answer.status_code >= 500
                raise SendFailed(f"파일을 받지 못했습니다 (fetch: HTTP {answer.status_code})", retry=again)
            async for part in answer.aiter_bytes():
                found += part
                if len(found) > MAX_FILE:
                    raise SendFailed("파일이 20 MB보다 큽니다 (file is over 20 MB)")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SendFailed(f"파일을 받지 못했습니다 (fetch: {type(error).__name__})", retry=True) from None
    return bytes(found), ""


def is_at(url: object, own: str, hosts: Collection[str] = ()) -> bool:
    """Whether an address lies at the provider: on the origin of `own`, or by https on one of its other hosts."""
    at = origin(url) if isinstance(url, str) else None
    return at is not None and (at == origin(own) or (at[0] == "https" and at[1] in hosts and at[2] is None))


def origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an address; None for what is none."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        return None
    return (parsed.scheme, parsed.host, parsed.port) if parsed.host else None


def fit(text: str, most: int) -> str:
    """The text, cut with an ellipsis where it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
