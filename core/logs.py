"""JSON lines on stderr, with nobody's words, names or numbers in them, whoever writes them: us or a library."""

import logging
import re
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TextIO
from uuid import UUID

import httpx
import orjson
import structlog
from structlog.types import EventDict, WrappedLogger

from core import metrics
from core.errors import SinmungoError

BLOCKED = "[blocked]"
_EXACT = frozenset({"text", "phone", "address", "name", "token", "secret", "payload", "callback", "body", "password"})
_PARTS = frozenset(
    {"phone", "address", "token", "secret", "payload", "callback", "password", "authorization", "cookie"}
)
_OWN_NUMBERS = re.compile(
    r"(?<![0-9a-fA-F.-])(?:"
    r"(?:\+?82[-. ]?|0)\d{1,2}[-. )]{0,2}\d{3,4}[-. ]?\d{4}"
    r"|\d{6}-?[1-8]\d{6}"
    r"|\d{4}[- ]?\d{4}[- ]?\d{4}[- ]?\d{4}"
    r")(?![0-9a-fA-F-])"
)
_QUERY = re.compile(r"(https?://[^\s?#'\"]+)[?#][^\s'\"]*")
_CREDENTIALS = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@'\"]+@")
_DEEPEST = 6
_LONGEST = 2_000


def clean(value: Any, *, depth: int = 0) -> Any:
    """The value as it may be written down: numbers of persons starred, addresses cut, foreign objects by type only."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, BaseException):
        return type(value).__name__
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _clean_item(str(key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(item, depth=depth + 1) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return f"<{type(value).__name__}>"


def _clean_item(key: str, value: Any, depth: int) -> Any:
    lower = key.lower()
    if lower in _EXACT or not _PARTS.isdisjoint(re.split(r"[_.\- ]", lower)):
        return value if value is None or isinstance(value, bool) else BLOCKED
    return clean(value, depth=depth)


def _clean_text(value: str) -> str:
    value = _CREDENTIALS.sub(r"\1***@", _QUERY.sub(r"\1", value[:_LONGEST]))
    return _OWN_NUMBERS.sub(lambda match: re.sub(r"\d", "*", match[0]), value)


def without_persons(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """structlog processor: the last word on what a line may hold."""
    return {key: _clean_item(key, value, 0) for key, value in event.items()}


def where_it_broke(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """structlog processor: a traceback as places in the code; messages of foreign errors quote input and go."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        if isinstance(error, SinmungoError):
            event["reason"] = error.reason_en
        frames = traceback.extract_tb(error.__traceback__)[-12:]
        event["trace"] = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _line(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS, default=str).decode("utf-8", "replace")


def _flat(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event


def configure(*, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Set up both structlog and the standard library's logging; a second call replaces the first."""
    before: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before, processors=[_flat, where_it_broke, without_persons, _line]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "asyncio", "sqlalchemy", "alembic", "dbos", "telegram"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for server in ("uvicorn", "uvicorn.error"):
        logging.getLogger(server).handlers[:] = []
        logging.getLogger(server).propagate = True
    access = logging.getLogger("uvicorn.access")
    access.handlers[:] = []
    access.propagate = False
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class _HostOnly(logging.Filter):
    """httpx logs whole addresses; a bot token or a one-time callback may be in them: scheme and host stay."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                part.copy_with(raw_path=b"/") if isinstance(part, httpx.URL) else part for part in record.args
            )
        return True


_HOST_ONLY = _HostOnly()


def only_hosts() -> None:
    """For channels whose providers put secrets into addresses; asking twice changes nothing."""
    logging.getLogger("httpx").addFilter(_HOST_ONLY)


class AccessLog:
    """ASGI middleware in place of uvicorn's access log: one line and two figures a request, by route pattern.

    The raw path and the query stay out: a receipt number or a sign-in code may be in them.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._log = structlog.get_logger("access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, took_s: float) -> None:
        route = str(getattr(scope.get("route"), "path", "") or "(none)")
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        metrics.HTTP_REQUESTS.labels(route, method, str(status)).inc()
        metrics.HTTP_SECONDS.labels(route, method).observe(took_s)
        if route not in _UNLOGGED and not (route in _BUSY and status < 400):
            self._log.info("http", route=route, method=method, status=status, took_ms=round(took_s * 1000, 1))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics"})
_BUSY = frozenset({"/channels/{name}"})
"""Logged only when refused: the figures count the rest, and a line each would cost more than the routing."""
