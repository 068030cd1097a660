"""Where providers knock: the raw request in a frozen record, handed to the desk. Nothing is parsed here.

A bare ASGI door in front of the staff api: this is the busiest path of the house and has nothing to validate,
document or route.
"""

import re
from types import SimpleNamespace
from typing import Protocol
from urllib.parse import parse_qsl

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from core.contracts.channel import HttpAnswer, WebhookRequest

PREFIX = "/channels/"
MAX_BYTES = 1_048_576
"""No provider of ours posts more than this; what is larger is refused before it is read."""
MAX_PUT_BYTES = 8 * MAX_BYTES
"""A Matrix homeserver puts up to 100 events of 64 KiB at once, and offers what was refused again, for ever."""
_ROUTE = SimpleNamespace(path="/channels/{name}")
_BROKEN = HttpAnswer(500, b'{"type":"about:blank","title":"internal","status":500}', "application/problem+json")
_TOO_LONG = HttpAnswer(413, b'{"type":"about:blank","title":"too long","status":413}', "application/problem+json")
_NOT_ALLOWED = HttpAnswer(405, b'{"type":"about:blank","title":"not allowed","status":405}', "application/problem+json")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
log = structlog.get_logger(__name__)


class Desk(Protocol):
    async def accept(self, channel_name: str, request: WebhookRequest) -> HttpAnswer: ...


class Webhooks:
    """`/channels/<name>` and whatever a provider puts behind it (a Matrix homeserver has paths of its own).

    POST, GET (some providers verify an address by it) and PUT; all else goes to `rest`.
    """

    def __init__(self, desk: Desk, rest: ASGIApp) -> None:
        self._desk = desk
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._rest(scope, receive, send)
            return
        scope["route"] = _ROUTE  # for the access log
        await _send(send, await self._answer(scope, receive))

    async def _answer(self, scope: Scope, receive: Receive) -> HttpAnswer:
        if scope["method"] not in ("POST", "GET", "PUT"):
            return _NOT_ALLOWED
        body = await _body(receive, MAX_PUT_BYTES if scope["method"] == "PUT" else MAX_BYTES)
        if body is None:
            return _TOO_LONG
        try:
            name = scope["path"][len(PREFIX) :].partition("/")[0]
            return await self._desk.accept(name, _record(scope, body))
        except Exception as error:
            log.exception("webhook_failed", error=type(error).__name__)
            return _BROKEN


def _record(scope: Scope, body: bytes) -> WebhookRequest:
    query = scope["query_string"].decode("latin-1")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    path = scope["path"] + (f"?{query}" if query else "")
    return WebhookRequest(
        method=scope["method"],
        headers=headers,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        body=body,
        url=f"{scope['scheme']}://{_host(headers.get('host', ''))}{path}",
    )


def _host(given: str) -> str:
    """The Host header where it is one: channels take the address apart, and anybody may send "[" as his host."""
    return given if _HOST.fullmatch(given) else ""


async def _body(receive: Receive, most: int) -> bytes | None:
    """The whole body, or None as soon as it is longer than `most`, whatever Content-Length claimed."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return body


async def _send(send: Send, answer: HttpAnswer) -> None:
    headers = [
        (b"content-type", answer.content_type.encode("latin-1")),
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    if answer.status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
