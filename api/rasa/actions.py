"""We as a Rasa assistant's action server: rasa-sdk's `/webhook`, `/health` and `/actions`, all under `/actions`.

What is said and written is the desk's, as on any channel; here are Rasa's own answers for what goes wrong.
"""

from typing import Any
from urllib.parse import parse_qsl

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.rasa.guard import TooLong, body_of, refusal
from api.rasa.seam import House
from api.rasa.slots import slot_events
from core import metrics
from core.contracts.channel import Channel, Forged, Malformed, WebhookRequest
from core.errors import Unavailable

MAX_BYTES = 4 * 1024 * 1024
"""Rasa sends the conversation's whole tracker and its domain with each call."""
EVERYTHING = "action_sinmungo"
_INTERNAL = {"unserved"}
log = structlog.get_logger(__name__)


def router(house: House) -> APIRouter:
    """The routes; to be included where the channel `rasa` is open."""
    made = APIRouter(prefix="/actions", include_in_schema=False)
    channel = house.channels["rasa"]
    token = str(house.settings.channels["rasa"]["token"])
    names = [EVERYTHING, *(f"action_{intent}" for intent in sorted(set(house.dialogue.intents) - _INTERNAL))]

    @made.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @made.get("/actions")
    async def actions(request: Request) -> Response:
        if status := refusal(request, token):
            return _not_let_in(status)
        return JSONResponse([{"name": name} for name in names])

    @made.post("/webhook")
    async def webhook(request: Request) -> Response:
        try:
            body = await body_of(request, MAX_BYTES)
        except TooLong:
            return _error(413, "요청이 너무 깁니다.", "The call is too long.", action_name="")
        except ValueError:
            return _error(400, "압축을 풀 수 없습니다.", "The call cannot be unpacked.", action_name="")
        return await _run(house, channel, names, _record(request, body))

    return made


async def _run(house: House, channel: Channel, names: list[str], record: WebhookRequest) -> Response:
    """One call, answered in Rasa's shapes: 400 makes Rasa choose another action, anything else ends its turn."""
    try:
        received = channel.receive(record)
    except Forged as forged:
        metrics.WEBHOOK_REFUSED.labels(channel.name, "forged").inc()
        return _not_let_in(forged.status)
    except Malformed as broken:
        metrics.WEBHOOK_REFUSED.labels(channel.name, "malformed").inc()
        english = f"The call cannot be read: {broken}"
        return _error(400, "호출을 읽을 수 없습니다.", english, action_name=_named(record.body))
    call = orjson.loads(record.body)
    name = str(call["next_action"])
    if name not in names:
        return _error(404, "그런 액션이 없습니다.", f"No registered action found for name '{name}'.", action_name=name)
    about = {"request_body": {"next_action": name}}  # never the tracker: it holds the citizen's words
    try:
        answer = await house.desk.handle(channel, received)
        said = orjson.loads(answer.body)
        said["events"] = await _slots(house, received.messages[0].address, call)
    except Unavailable:
        metrics.WEBHOOK_REFUSED.labels(channel.name, "unavailable").inc()
        korean = "잠시 뒤에 다시 불러 주세요."
        return _error(503, korean, "Try again later.", {"Retry-After": "5"}, **about)
    except Exception as error:
        log.exception("rasa_action_failed", action=name, error=type(error).__name__)
        return _error(500, "액션을 실행하지 못했습니다.", "The action failed.", **about)
    return Response(orjson.dumps(said), media_type="application/json")


async def _slots(house: House, sender_id: str, call: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer is given already: without the store it goes out with no events rather than not at all."""
    declared = call["tracker"].get("slots")
    try:
        city_id = house.settings.city.id
        return await slot_events(house.db, city_id, sender_id, declared if isinstance(declared, dict) else ())
    except Unavailable:
        return []


def _record(request: Request, body: bytes) -> WebhookRequest:
    query = dict(parse_qsl(request.url.query, keep_blank_values=True))
    return WebhookRequest(request.method, dict(request.headers), query, body)


def _named(body: bytes) -> str:
    """The action of a call that could not be read, if it at least names one: Rasa wants it back with a 400."""
    try:
        call = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    name = call.get("next_action") if isinstance(call, dict) else None
    return name[:100] if isinstance(name, str) else ""


def _not_let_in(status: int) -> Response:
    if status == 401:
        return _error(401, "토큰이 없습니다.", "The token is missing.", {"WWW-Authenticate": "Bearer"})
    return _error(403, "토큰이 맞지 않습니다.", "The token does not fit.")


def _error(
    status: int, korean: str, english: str, headers: dict[str, str] | None = None, **more: object
) -> JSONResponse:
    return JSONResponse({"error": f"{korean} ({english})", **more}, status, headers)
