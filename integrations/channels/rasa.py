"""A Rasa 3.6 assistant in front of us: it runs our answers as its custom actions, in rasa-sdk's webhook JSON.

Source: Rasa docs "Action server", rasa-sdk 3.6.2 `endpoint.py`, and calls recorded from a Rasa 3.6.21. docs/adr/0011.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeGuard
from urllib.parse import quote, urlsplit

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core import logs
from core.contracts.channel import (
    Button,
    Capabilities,
    Channel,
    Forged,
    House,
    HttpAnswer,
    IncomingMessage,
    Malformed,
    Media,
    OutgoingMessage,
    Received,
    SendFailed,
    Sent,
    WebhookRequest,
)
from core.http import NEVER_LEFT
from core.masking import mask

MAX_TEXT = 4000
MAX_BUTTONS = 20
MAX_LABEL = 40
EVERYTHING = "action_sinmungo"
"""The action that answers whatever was said; every other `action_<intent>` runs one intent."""
_PUSHED = "rasa"
"""What stands for a one-time answer address where late answers can be pushed: the address is the conversation's own."""
_WAIT = {
    "ko": "답변을 준비하고 있습니다. 잠시 뒤에 다시 확인해 주세요.",
    "en": "We are preparing the answer. Please check again in a moment.",
}
_SHOW = {"ko": "답변 보기", "en": "Show answer"}
_SHOW_PAYLOAD = "late:show"
PRESS = "press"
"""The entity in which a button of ours comes back: `/sinmungo{"press": "<payload>"}`."""
_MOST_RANKED = 10
_MOST_ENTITIES = 50
_PAYLOAD = re.compile(r"[\x20-\x7e]{1,64}")
_INTENT = re.compile(r"[a-z0-9_]{1,61}")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


class Settings(BaseModel):
    """`token` is what Rasa must show us: `Authorization: Bearer …` or `?token=…` of its `action_endpoint`.

    `rasa_url`, `rasa_token`: Rasa's own HTTP API, for answers that come too late for the response; empty: these wait
    for the citizen's next message. `output_channel`: which of Rasa's channels speaks them ("latest": where he wrote).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: Annotated[str, Field(min_length=16, pattern=r"^[\x21-\x7e]+$", repr=False)]
    rasa_url: str = ""
    rasa_token: Annotated[str, Field(repr=False)] = ""
    output_channel: Annotated[str, Field(pattern=r"^[\w.-]{1,64}$")] = "latest"
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10

    @field_validator("rasa_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username):
            raise ValueError("an address like http://127.0.0.1:5005")
        return url.rstrip("/")


Word = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
Moment = Annotated[float | None, Field(strict=False, ge=0, le=1e11, allow_inf_nan=False)]
"""Unix seconds, as Rasa stamps its events."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Said(_Part):
    """`latest_message`: what `/model/parse` says of the citizen's words. `intent` is null where nothing was parsed."""

    text: Annotated[str | None, Field(max_length=20_000)] = None
    message_id: Annotated[str | None, Field(max_length=200)] = None
    intent: Any = None
    intent_ranking: Any = None
    entities: Any = None


class Event(_Part):
    """An event of the tracker; only a user's has a `message_id`."""

    event: Annotated[str, Field(max_length=100)] = ""
    message_id: Annotated[str | None, Field(max_length=200)] = None
    timestamp: Moment = None


class Tracker(_Part):
    latest_message: Said
    latest_event_time: Moment = None
    events: list[Any] | None = None


class Call(_Part):
    next_action: Annotated[str, Field(pattern=r"^action_[a-z0-9_]{1,54}$")]
    sender_id: Word
    tracker: Tracker


class Rasa:
    name = "rasa"
    replies: Literal["push", "in_response"] = "in_response"
    capabilities = Capabilities(
        max_text=MAX_TEXT, max_buttons=MAX_BUTTONS, max_label=MAX_LABEL, max_bubbles=10, idempotent=False
    )

    def __init__(self, settings: Settings, house: House) -> None:
        logs.only_hosts()
        self._settings = settings
        self._house = house

    def receive(self, request: WebhookRequest) -> Received:
        """The token, then the call. The same call again, as after a timeout, gives the same `external_id`."""
        self._check(request)
        try:
            call = Call.model_validate(orjson.loads(request.body))
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise Malformed(f"{'.'.join(map(str, first['loc'])) or 'body'}: {first['type']}") from None
        message = self._message(call)
        return Received((message,), ack=_json([_response(_WAIT["ko"], [Button(_SHOW["ko"], _SHOW_PAYLOAD)])]))

    def _check(self, request: WebhookRequest) -> None:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else request.query.get("token", "")
        if not given:
            raise Forged("token is missing", status=401)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._settings.token.encode()):
            raise Forged("token does not fit")

    def _message(self, call: Call) -> IncomingMessage:
        said = call.tracker.latest_message
        intent, text = _words(said)
        payload = _pressed(said)
        if payload == "":
            raise Malformed(f"{PRESS}: not one of our buttons")
        if payload is None and call.next_action != EVERYTHING:
            payload = f"do:{call.next_action.removeprefix('action_')}"
        elif payload is None:
            payload = f"do:{intent}" if intent and intent != "sinmungo" else ""
        return IncomingMessage(
            external_id=self._key(call),
            address=call.sender_id,
            kind="text" if text else "button" if payload else "start",
            text=text,
            payload=payload,
            reply_token=_PUSHED if self._settings.rasa_url else "",
            heard=None if payload else _heard(said),
        )

    def _key(self, call: Call) -> str:
        """A keyed hash of who, which message, and which step after it: one message may lead to several actions."""
        said, steps = _events_tail(call.tracker)
        message_id = said.message_id or call.tracker.latest_message.message_id
        at = said.timestamp if said.timestamp is not None else call.tracker.latest_event_time
        if not message_id and at is None:
            raise Malformed("tracker.latest_message: no message_id and no time")
        parts = orjson.dumps([call.sender_id, message_id, at, call.next_action, steps])
        return hmac.digest(self._house.secret, parts, hashlib.sha256).hex()

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        """rasa-sdk's {"events", "responses"}; pending: a word that more is coming, and a button to ask for it."""
        responses = [_response(message.text, message.buttons) for message in messages]
        if pending:
            known: Literal["ko", "en"] = "ko" if lang in ("", "ko") else "en"
            responses.append(_response(_WAIT[known], [Button(_SHOW[known], _SHOW_PAYLOAD)]))
        return _json(responses)

    async def send(self, message: OutgoingMessage) -> Sent:
        """A late answer as a bot event of Rasa's conversation, which Rasa then says on the citizen's channel."""
        if not self._settings.rasa_url:
            raise SendFailed("Rasa의 주소가 없어 다음 대화 때 전합니다 (no rasa_url: told with the next answer)")
        said = _response(message.text, message.buttons)
        event = {"event": "bot", "text": said["text"], "data": {"buttons": said["buttons"]}}
        query = {"output_channel": self._settings.output_channel, "execute_side_effects": "true"}
        query |= {"include_events": "NONE"}
        query |= {"token": self._settings.rasa_token} if self._settings.rasa_token else {}
        try:
            answer = await self._house.http.post(
                f"{self._settings.rasa_url}/conversations/{quote(message.address, safe='')}/tracker/events",
                params=query,
                json=[event],
                timeout=self._settings.timeout_s,
                follow_redirects=False,
            )
        except NEVER_LEFT as error:
            raise SendFailed(f"Rasa에 연결하지 못했습니다 (not sent: {type(error).__name__})", retry=True) from None
        except httpx.HTTPError as error:
            reason = f"보내는 중에 끊겨 도착했는지 알 수 없습니다 (may have been sent: {type(error).__name__})"
            raise SendFailed(reason, unknown=True) from None
        if not answer.is_success:
            raise _failed(answer)
        return Sent()

    async def fetch(self, media: Media) -> bytes:
        raise SendFailed("Rasa의 액션 호출로는 파일이 오지 않습니다 (an action call carries no files)")

    async def working(self, address: str) -> None:
        """Rasa shows nothing while an action runs."""

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [_fit(text) for text in texts]

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return Rasa(settings, house)


def _response(text: str, buttons: Sequence[Button]) -> dict[str, Any]:
    """One of rasa-sdk's responses. A button's payload is a message that any Rasa reads as intent and entity."""
    return {
        "text": _fit(text),
        "buttons": [
            {"title": one.label, "payload": f"/sinmungo{json.dumps({PRESS: one.payload})}"}
            for one in buttons[:MAX_BUTTONS]
        ],
    }


def _json(responses: list[dict[str, Any]]) -> HttpAnswer:
    return HttpAnswer(body=orjson.dumps({"events": [], "responses": responses}))


def _failed(answer: httpx.Response) -> SendFailed:
    code = answer.status_code
    if code == 429:
        wait = answer.headers.get("retry-after", "")
        seconds = float(wait[:6]) if wait.isascii() and wait.isdigit() else None
        return SendFailed("Rasa가 천천히 보내라고 합니다 (HTTP 429)", retry=True, retry_after=seconds)
    if code >= 500:
        return SendFailed(f"Rasa 오류로 도착했는지 알 수 없습니다 (may have been sent: HTTP {code})", unknown=True)
    return SendFailed(f"Rasa가 거절했습니다 (Rasa refused: HTTP {code})")


def _words(said: Said) -> tuple[str, str]:
    """(intent, text). A message like `/parking_find{"place": "장기동"}` was never spoken: its intent, and its values
    as the words. For spoken words the intent is empty: it is a reading, and not the citizen's choice."""
    text = said.text or ""
    intent = said.intent.get("name") if isinstance(said.intent, dict) else None
    if not isinstance(intent, str) or not _INTENT.fullmatch(intent):
        return "", text
    if not re.fullmatch(rf"/{intent}\s*(?:@[0-9.]+)?\s*(?:\{{.*\}})?\s*", text, re.S):
        return "", text
    values = [one.get("value") for one in _entities(said) if one["entity"] != PRESS]
    return intent, " ".join(str(value) for value in values if isinstance(value, str | int | float))[:1000]


def _pressed(said: Said) -> str | None:
    """The payload of the button that was pressed, "" when it is none of ours, None when no button was pressed."""
    value = next((one.get("value") for one in _entities(said) if one["entity"] == PRESS), None)
    if value is None or not _words(said)[0]:
        return None
    return value if isinstance(value, str) and _PAYLOAD.fullmatch(value) else ""


def _events_tail(tracker: Tracker) -> tuple[Event, int]:
    """The last user event (an empty one if none is to be found) and how many actions have run since."""
    steps = 0
    for raw in reversed(tracker.events or ()):
        try:
            event = Event.model_validate(raw)
        except ValidationError:
            continue
        if event.event == "user":
            return event, steps
        steps += event.event == "action"
    return Event(), 0


def _heard(said: Said) -> dict[str, Any] | None:
    """What Rasa's own language engine made of the words, in the shape of its `/model/parse`, personal numbers masked.

    None when it made nothing of them.
    """
    best = _scored(said.intent)
    if best is None:
        return None
    ranking = [found for one in _few(said.intent_ranking, _MOST_RANKED) if (found := _scored(one))]
    spans = [found for one in _entities(said) if (found := _span(one, len(said.text or "")))]
    return {"intent": best, "intent_ranking": ranking, "entities": spans}


def _few(value: Any, most: int) -> list[Any]:
    return value[:most] if isinstance(value, list) else []


def _entities(said: Said) -> list[dict[str, Any]]:
    found = _few(said.entities, _MOST_ENTITIES)
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("entity"), str)]


def _scored(value: Any) -> dict[str, Any] | None:
    name, share = (value.get("name"), value.get("confidence")) if isinstance(value, dict) else (None, None)
    return {"name": name, "confidence": float(share)} if _is_name(name) and _is_share(share) else None


def _span(one: dict[str, Any], length: int) -> dict[str, Any] | None:
    """Offsets in code points of the text; a value that is no plain word (Duckling's objects) is left out."""
    start, end, value = one.get("start"), one.get("end"), one.get("value")
    is_within = type(start) is int and type(end) is int and 0 <= start < end <= length
    if not is_within or not _is_name(one["entity"]) or not isinstance(value, str) or _UNSTORABLE.search(value):
        return None
    share, role = one.get("confidence_entity", 1.0), one.get("role")
    found = {"entity": one["entity"], "start": start, "end": end, "value": mask(value[:200])}
    found |= {"confidence_entity": float(share) if _is_share(share) else 0.0}
    return found | ({"role": role} if _is_name(role) else {})


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= 100 and not _UNSTORABLE.search(value)


def _is_share(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 <= value <= 1.0001


def _fit(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
