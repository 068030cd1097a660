"""The two doors of the chat that carry frames both ways: the WebSocket, and the event stream for those without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.contracts.channel import HttpAnswer, WebhookRequest
from core.errors import TooMany, Unavailable
from web import sessions
from web.limits import Limits
from web.seam import House

MAX_FRAME_BYTES = 64_000
BEAT_S = 15.0
RESYNC = '{"type":"resync"}'
_WHY = {400: "bad", 401: "expired", 403: "foreign", 413: "too_long", 429: "busy", 503: "away"}


def why(status: int) -> str:
    """The refusal in one word; the page has the sentence for it."""
    return _WHY.get(status, "bad" if status < 500 else "away")


def webhook(headers: dict[str, str], body: bytes, url: str) -> WebhookRequest:
    """A frame as the channel reads it; of the headers only what proves whose page it came from."""
    proof = {name: headers[name] for name in ("cookie", "origin", "host") if name in headers}
    return WebhookRequest("POST", proof | {"content-type": "application/json"}, {}, body, url)


async def socket(house: House, limits: Limits, link: WebSocket) -> None:
    """Serve one open page until it leaves or the session is not ours."""
    session = sessions.session_of(house.secret, link.cookies.get(sessions.COOKIE), house.clock.now())
    if session is None or not sessions.is_ours(link.headers, house.settings.web.public_url):
        await link.close(4401 if session is None else 4403)
        return
    ip = link.client.host if link.client else ""
    try:
        with limits.connection(session, ip):
            async with house.bus.subscribe(f"web:{session}") as queue:
                await link.accept()
                await _either(_listen(house, limits, link, session, ip), _speak(link, queue))
    except (TooMany, Unavailable):
        with suppress(RuntimeError, WebSocketDisconnect):
            await link.close(1013)


async def _either(*halves: Any) -> None:
    """Run both halves until one ends; a page that left is no error."""
    tasks = [asyncio.ensure_future(half) for half in halves]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result


async def _speak(link: WebSocket, queue: asyncio.Queue[str | None]) -> None:
    while True:
        await link.send_text(await queue.get() or RESYNC)


async def _listen(house: House, limits: Limits, link: WebSocket, session: str, ip: str) -> None:
    headers = dict(link.headers)
    while True:
        event = await link.receive()
        if event["type"] == "websocket.disconnect":
            return
        raw: bytes = event.get("bytes") or (event.get("text") or "").encode("utf-8", "replace")
        if len(raw) > MAX_FRAME_BYTES:
            await link.send_json({"type": "refused", "id": None, "reason": "too_long"})
            await link.close(1009)
            return
        await link.send_json(await _answer(house, limits, raw, headers, session, ip))


async def _answer(
    house: House, limits: Limits, raw: bytes, headers: dict[str, str], session: str, ip: str
) -> dict[str, Any]:
    try:
        frame = orjson.loads(raw)
    except orjson.JSONDecodeError:
        frame = None
    if not isinstance(frame, dict):
        return {"type": "refused", "id": None, "reason": "bad"}
    if frame.get("type") == "ping":
        return {"type": "pong"}
    message = frame.get("message")
    if frame.get("type") != "message" or not isinstance(message, dict):
        return {"type": "refused", "id": None, "reason": "bad"}
    message_id = message.get("id") if isinstance(message.get("id"), str) else None
    try:
        limits.message(session, ip)
    except TooMany:
        return {"type": "refused", "id": message_id, "reason": "busy"}
    answer = await house.desk.accept("web", webhook(headers, orjson.dumps(message), "/chat/socket"))
    return said(message_id, answer)


def said(message_id: str | None, answer: HttpAnswer) -> dict[str, Any]:
    """The desk's answer as a frame."""
    if answer.status < 300:
        return {"type": "accepted", "id": message_id}
    return {"type": "refused", "id": message_id, "reason": why(answer.status)}


async def stream(house: House, limits: Limits, session: str, ip: str) -> AsyncIterator[bytes]:
    """Server-sent events: the same frames as the socket's, and a comment now and then so that proxies stay awake."""
    with suppress(TooMany, Unavailable), limits.connection(session, ip):
        async with house.bus.subscribe(f"web:{session}") as queue:
            yield b'retry: 3000\ndata: {"type":"ready"}\n\n'
            while True:
                try:
                    frame = await asyncio.wait_for(queue.get(), BEAT_S)
                except TimeoutError:
                    yield b": beat\n\n"
                    continue
                yield f"data: {frame or RESYNC}\n\n".encode()
