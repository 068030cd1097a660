"""Idempotency-Key for every changing route of the staff api, as one layer around them: asked twice, done once.

A request that changes something says so inside its own transaction (`core.db.BEFORE_COMMIT`), so that even a crash
between the change and its answer leads to no second change. See docs/adr/0018.
"""

import re
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.deps import policy_of
from api.errors import RETRY_AFTER_S
from api.problems import problem
from civic.idempotency.service import Answer, Asked, claim, mark, release, settle
from civic.staff.service import who
from core.contracts.house import Ground
from core.db import BEFORE_COMMIT
from core.errors import NotSignedIn, SinmungoError, Unavailable

PREFIX = "/api/v1/"
METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
HEADER = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
MAX_KEY = 200
MAX_KEPT = 256 * 1024
"""Bytes of an answer that is kept; a larger one was carried out and can be read again."""
KEPT_HEADERS = ("content-type", "etag", "location", "content-language")
OWN_WAY = re.compile(
    r"/api/v1/(session|exports|parking/push|(cases|conversations)/[^/]+/(replies|writing|preview))(/|$)"
)
"""Sign-in has no account yet; replies keep their key with the message, for good, and pushes with what they brought;
the others repeat harmlessly."""
SECRET = re.compile(r"/api/v1/(me|keys|parking/push-keys|webhooks|staff)(/|$)")
"""Answers that may show a secret once: noted as done, never kept."""
RESUMABLE = re.compile(r"/api/v1/bulk$")
"""Each item is guarded by its version, so the rest can be done after a crash."""
log = structlog.get_logger(__name__)


class Idempotency:
    """ASGI layer. Requests without the header pass untouched."""

    def __init__(self, app: ASGIApp, *, house: Ground, max_body: int) -> None:
        self.app = app
        self.house = house
        self.max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = _token(scope) if _is_meant(scope) else ""
        if not token:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            body = await _body(receive, self.max_body)
            if body is None:
                answer = problem(
                    request, 413, "too_large", "보낸 내용이 너무 큽니다.", "The request body is too large."
                )
                return await answer(scope, receive, send)
            found = await self._claimed(request, token, body)
        except NotSignedIn:
            return await self.app(scope, _again(body or b"", receive), send)  # the route says it in its own way
        except SinmungoError as error:
            headers = {"Retry-After": RETRY_AFTER_S} if isinstance(error, Unavailable) else {}
            refused = problem(request, error.status, error.code, error.reason_ko, error.reason_en, headers=headers)
            return await refused(scope, receive, send)
        if isinstance(found, Answer):
            return await _replay(request, found, send)
        await self._carry_out(scope, _again(body, receive), send, found)

    async def _claimed(self, request: Request, token: str, body: bytes) -> UUID | Answer:
        key = request.headers[HEADER]
        if not key or len(key) > MAX_KEY or not key.isprintable():
            raise _BadKey("Idempotency-Key는 1~200자입니다.", "An Idempotency-Key has 1 to 200 characters.")
        now, path = self.house.clock.now(), request.url.path
        target = f"{request.method} {path}" + (f"?{request.url.query}" if request.url.query else "")
        async with self.house.db.transaction() as tx:
            member = (await who(tx, token, now, policy_of(self.house.settings))).member
        asked = Asked(member.city_id, member.id, key, target, body)
        async with self.house.db.transaction() as tx:
            return await claim(tx, asked, now, may_resume=RESUMABLE.match(path) is not None)

    async def _carry_out(self, scope: Scope, receive: Receive, send: Send, claim_id: UUID) -> None:
        """Run the route; keep its answer before the last byte of it leaves."""
        kept = _Kept(is_secret=SECRET.match(scope["path"]) is not None)

        async def sending(message: Message) -> None:
            if kept.take(message):
                BEFORE_COMMIT.set(None)  # what the request leaves to be done afterwards is no part of it
                await self._settle(claim_id, kept.answer())
            await send(message)

        before = BEFORE_COMMIT.set(partial(self._mark, claim_id))
        try:
            await self.app(scope, receive, sending)
        finally:
            BEFORE_COMMIT.reset(before)
            if not kept.is_whole:
                await self._release(claim_id)

    async def _mark(self, claim_id: UUID, tx: Any) -> None:
        await mark(tx, claim_id, self.house.clock.now())

    async def _settle(self, claim_id: UUID, answer: Answer) -> None:
        """A store that goes away here loses the answer and not the change: a repeat is told that it was done."""
        try:
            async with self.house.db.transaction() as tx:
                await settle(tx, claim_id, answer, self.house.clock.now())
        except SinmungoError as error:
            log.warning("answer_not_kept", error=type(error).__name__)

    async def _release(self, claim_id: UUID) -> None:
        try:
            async with self.house.db.transaction() as tx:
                await release(tx, claim_id)
        except SinmungoError as error:
            log.warning("key_not_freed", error=type(error).__name__)


class _BadKey(SinmungoError):
    status = 422
    code = "bad_input"


class _Kept:
    """Gathers an answer while it passes by."""

    def __init__(self, *, is_secret: bool) -> None:
        self.is_whole = False
        self._is_kept = not is_secret
        self._status = 500
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def take(self, message: Message) -> bool:
        """Whether this is the last part."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = Headers(raw=message["headers"])
            self._headers = {name: headers[name] for name in KEPT_HEADERS if name in headers}
            return False
        if self._is_kept:
            self._body += message.get("body", b"")
            self._is_kept = len(self._body) <= MAX_KEPT
        self.is_whole = not message.get("more_body", False)
        return self.is_whole

    def answer(self) -> Answer:
        return Answer(self._status, self._headers, bytes(self._body) if self._is_kept else None)


def _is_meant(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] not in METHODS or not scope["path"].startswith(PREFIX):
        return False
    headers = Headers(scope=scope)
    is_file = headers.get("content-type", "application/json").partition(";")[0].strip().lower() != "application/json"
    return HEADER in headers and not is_file and OWN_WAY.match(scope["path"]) is None


def _token(scope: Scope) -> str:
    kind, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


async def _body(receive: Receive, most: int) -> bytes | None:
    """None when it is longer than `most` bytes."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read already, then whatever else comes (a disconnect)."""
    is_read = False

    async def giving() -> Message:
        nonlocal is_read
        if is_read:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return giving


async def _replay(request: Request, found: Answer, send: Send) -> None:
    if found.body is None:
        answer = problem(
            request,
            409,
            "conflict",
            "이 요청은 이미 처리되었습니다. 답은 다시 보여 드릴 수 없으니 지금 상태를 읽어 주세요.",
            "This request was carried out already. Its answer is not shown twice; read the present state.",
        )
        found = Answer(answer.status_code, dict(answer.headers), bytes(answer.body))
    headers = MutableHeaders(headers={**found.headers, "content-length": str(len(found.body or b""))})
    headers[REPLAYED] = "true"
    if found.status == 204:
        del headers["content-length"]
    await send({"type": "http.response.start", "status": found.status, "headers": headers.raw})
    await send({"type": "http.response.body", "body": found.body or b""})
