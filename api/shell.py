"""The outer layers of every request: safe headers on the way out, and a last net that shows no internals."""

import traceback
from collections.abc import Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem

log = structlog.get_logger(__name__)

SAFE_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SafeHeaders:
    """Sets each safe header that the answer does not set itself; nothing of the api is cached."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                has_own_policy = "content-security-policy" in headers
                for name, value in SAFE_HEADERS.items():
                    if not (name == "X-Frame-Options" and has_own_policy):
                        headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_safely)


class BodyBound:
    """Refuses a staff request that announces a too long body; one that lies about it is stopped while it is read."""

    def __init__(self, app: ASGIApp, *, most: int, prefix: str) -> None:
        self.app = app
        self.most = most
        self.prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self.prefix):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or len(length) > 15 or int(length) > self.most:
            answer = problem(request, 413, "too_large", "보낸 내용이 너무 큽니다.", "The request body is too large.")
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)


class LastNet:
    """An error that nobody foresaw: 500 without internals to the caller, type and place to the log.

    The log gets no message and no local values, since these may hold a citizen's words.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_started = False

        async def watch(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)[-6:]
            log.error(
                "unforeseen",
                error=type(error).__name__,
                method=scope["method"],
                at=[f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames],
            )
            if has_started:
                raise
            answer = problem(
                Request(scope),
                500,
                "internal",
                "처리하지 못했습니다. 잠시 뒤 다시 해 주세요.",
                "Something went wrong. Please try again later.",
            )
            await answer(scope, receive, send)
