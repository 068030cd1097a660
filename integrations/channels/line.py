"""LINE: one official account, one person a chat; answers by reply token while it lives, else by push with a retry key.

The vendor's webhook parser reads text where we hold bytes and refuses a whole call for one odd event, so our own few
models read it. Source: developers.line.biz/en/reference/messaging-api and its OpenAPI; see docs/channels/line.md.
"""

import base64
import contextlib
import hashlib
import hmac
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import attempts, logs
from core.contracts.channel import (
    Capabilities,
    Channel,
    Forged,
    House,
    HttpAnswer,
    IncomingMessage,
    Malformed,
    Media,
    MessageKind,
    OutgoingMessage,
    Received,
    SendFailed,
    Sent,
    WebhookRequest,
)
from core.point import point
from integrations.outbound.line import MAX_CARDS, MAX_ITEMS, MAX_LABEL, MAX_UNITS, fit, shown

_FILES: dict[str, Literal["photo", "file", "voice", "video"]] = {
    "image": "photo",
    "file": "file",
    "audio": "voice",
    "video": "video",
}


class Settings(BaseModel):
    """`channel_secret` proves webhooks (`previous_channel_secret` while it is being changed), `access_token` is the
    long-lived token of the same Messaging API channel.

    `reply_within_s`: how long after an event its reply token is used; LINE says "about a minute", so less.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    channel_secret: Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,128}$", repr=False)]
    previous_channel_secret: Annotated[str, Field(pattern=r"^(|[\x21-\x7e]{16,128})$", repr=False)] = ""
    access_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,1000}$", repr=False)]
    reply_within_s: Annotated[float, Field(ge=0, le=60)] = 50
    api_base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] = "https://api.line.me"
    data_base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] = "https://api-data.line.me"
    rate_per_second: Annotated[float | None, Field(gt=0)] = 100
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10


Word = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Source(_Part):
    type: str
    user: Annotated[Word | None, Field(alias="userId")] = None


class Content(_Part):
    """A message as it was said; what a kind of it has is read only there."""

    id: Word
    type: str
    text: Any = None
    title: Any = None
    address: Any = None
    latitude: Any = None
    longitude: Any = None
    size: Annotated[Any, Field(alias="fileSize")] = None
    provider: Annotated[Any, Field(alias="contentProvider")] = None
    quotes: Annotated[Any, Field(alias="quotedMessageId")] = None


class Postback(_Part):
    data: str


class Unsend(_Part):
    message: Annotated[Word, Field(alias="messageId")]


class Delivery(_Part):
    is_again: Annotated[bool, Field(alias="isRedelivery")] = False


class Event(_Part):
    """`mode` is standby where another system answers for the account just now."""

    id: Annotated[Word, Field(alias="webhookEventId")]
    type: str
    mode: str = "active"
    timestamp: int
    source: Source
    delivery: Annotated[Delivery | None, Field(alias="deliveryContext")] = None
    token: Annotated[Word | None, Field(alias="replyToken")] = None
    message: Content | None = None
    postback: Postback | None = None
    unsend: Unsend | None = None


class Line:
    name = "line"
    replies: Literal["push", "in_response"] = "push"

    def __init__(self, settings: Settings, house: House) -> None:
        logs.only_hosts()
        self.capabilities = Capabilities(
            max_text=MAX_UNITS // 2,  # so that emoji, two units each, fit as well
            max_buttons=MAX_ITEMS - 2,  # beside camera and album
            max_label=MAX_LABEL,
            max_bubbles=1,  # one reply is free, whatever follows it is a push
            asks_place=True,
            takes_photo=True,
            idempotent=False,  # a push is (see `send`), a reply is not
            rate_per_second=settings.rate_per_second,
            cards=MAX_CARDS,
        )
        self._settings = settings
        self._house = house
        secrets = (settings.channel_secret, settings.previous_channel_secret)
        self._secrets = [secret.encode() for secret in secrets if secret]
        self._headers = {"authorization": f"Bearer {settings.access_token}"}
        self._spent: deque[str] = deque(maxlen=500)  # the second bubble of a turn need not ask

    def receive(self, request: WebhookRequest) -> Received:
        """Signature over the raw bytes, then every event by itself: an odd one costs only itself."""
        self._check(request)
        try:
            raw = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        if not isinstance(raw, dict) or not isinstance(raw.get("events"), list):
            raise Malformed("the body has no events")
        events = [event for one in raw["events"] if (event := _event(one)) is not None]
        mine = [event for event in events if event.source.type == "user" and event.source.user]
        messages = tuple(message for event in mine if (message := _message(event)) is not None)
        withdrawn = tuple(event.unsend.message for event in mine if event.type == "unsend" and event.unsend)
        return Received(messages, ignored="" if messages or withdrawn else "nothing for us", withdrawn=withdrawn)

    def _check(self, request: WebhookRequest) -> None:
        given = request.headers.get("x-line-signature", "")
        if not given:
            raise Forged("signature is missing", status=401)
        proof = given.encode("utf-8", "replace")
        made = [base64.b64encode(hmac.digest(secret, request.body, hashlib.sha256)) for secret in self._secrets]
        if not any(hmac.compare_digest(one, proof) for one in made):
            raise Forged("signature does not fit")

    async def send(self, message: OutgoingMessage) -> Sent:
        """By reply token while it is fresh, which is free; a token that LINE does not take any more, or none: by push.

        A push carries the message's id as retry key, so a broken one may be tried again. A reply has no key: a broken
        one is `unknown`. A reply that was refused was not sent, so the push after it doubles nothing.
        """
        bubbles = shown(message)
        if token := self._fresh(message.reply_token):
            answer = await self._post("message/reply", {"replyToken": token, "messages": bubbles})
            self._spent.append(token)
            if answer.is_success:
                return _sent(answer)
            if "reply token" not in str(attempts.said(answer).get("message", "")).lower():
                raise _refused(answer)
        key = {"x-line-retry-key": str(message.id)}
        answer = await self._post("message/push", {"to": message.address, "messages": bubbles}, key)
        if answer.is_success or answer.status_code == 409:  # 409: this key was accepted before
            return _sent(answer)
        raise _refused(answer)

    async def _post(self, path: str, body: Mapping[str, Any], extra: Mapping[str, str] | None = None) -> httpx.Response:
        """Raises SendFailed; a month's quota that is used up comes as 429, and waiting does not help then."""
        try:
            return await self._call("POST", path, body, extra, is_safe=extra is not None)
        except attempts.TooMany as failure:
            if "monthly" in str(attempts.said(failure.answer).get("message", "")).lower():
                raise SendFailed("이번 달에 보낼 수 있는 메시지를 다 썼습니다 (monthly quota used up)") from None
            raise

    async def _call(
        self, method: str, path: str, body: Any = None, extra: Mapping[str, str] | None = None, *, is_safe: bool
    ) -> httpx.Response:
        json = {"content-type": "application/json"} if body is not None else {}
        return await attempts.call(
            self._house.http,
            method,
            f"{self._settings.api_base_url}/v2/bot/{path}",
            provider="라인",
            now=self._house.now(),
            is_safe=is_safe,
            headers=self._headers | json | dict(extra or {}),
            content=orjson.dumps(body) if body is not None else None,
            timeout=self._settings.timeout_s,
        )

    def _fresh(self, kept: str) -> str:
        """The reply token, if its event is young enough; we keep it behind the event's time in milliseconds."""
        stamp, _, token = kept.partition(":")
        if not token or not stamp.isdigit():
            return ""
        age_s = self._house.now().timestamp() - int(stamp) / 1000
        is_good = age_s <= self._settings.reply_within_s and token not in self._spent
        return token if is_good else ""

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        """The content of a message from LINE's data host. Raises SendFailed; `retry` while a video is being made."""
        url = f"{self._settings.data_base_url}/v2/bot/message/{media.ref}/content"
        found, elsewhere = await attempts.download(
            self._house.http, url, headers=self._headers, timeout_s=self._settings.timeout_s
        )
        if elsewhere:
            raise SendFailed("라인이 다른 곳을 가리킵니다 (redirected)")
        return found

    async def working(self, address: str) -> None:
        """Dots for twenty seconds or until the next message."""
        with contextlib.suppress(SendFailed):
            await self._post("chat/loading/start", {"chatId": address, "loadingSeconds": 20})

    async def register(self, url: str) -> str:
        """Set the account's webhook address and read its name. Raises SendFailed."""
        answer = await self._call("PUT", "channel/webhook/endpoint", {"endpoint": url}, is_safe=True)
        if answer.is_success:
            answer = await self._call("GET", "info", is_safe=True)
        if not answer.is_success:
            raise _refused(answer)
        return attempts.told(attempts.said(answer).get("basicId"))

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [fit(text) for text in texts]

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return Line(settings, house)


def _event(raw: Any) -> Event | None:
    """None for what is no event that we know how to read."""
    try:
        return Event.model_validate(raw)
    except ValidationError:
        return None


def _message(event: Event) -> IncomingMessage | None:
    """None for events that say nothing to us; `source.user` is there."""
    kinds: dict[str, MessageKind] = {"follow": "start", "unfollow": "stop"}
    if event.mode != "active":
        return None
    if event.type == "message" and event.message:
        return _said(event, event.message)
    if event.type == "postback" and event.postback:
        data = event.postback.data
        return _made(event, "button", payload=data) if data.isascii() and 0 < len(data) <= 64 else None
    if kind := kinds.get(event.type):
        return _made(event, kind, is_event=kind == "stop")
    return None


def _said(event: Event, content: Content) -> IncomingMessage | None:
    key = content.id
    if content.type == "text" and isinstance(content.text, str):
        return _made(event, "text", key, content.text)
    if content.type == "location":
        place = point(content.latitude, content.longitude, content.title, content.address)
        return _made(event, "place", key, place=place) if place else None
    kind = _FILES.get(content.type)
    is_theirs = isinstance(content.provider, dict) and content.provider.get("type") == "external"
    if kind is None or is_theirs:  # stickers; a picture on somebody else's server is not fetched
        return _made(event, "other", key)
    size = content.size if type(content.size) is int and 0 < content.size < 2**40 else 0
    media = Media(kind, content.id, "image/jpeg" if kind == "photo" else "", size)
    return _made(event, "media" if kind == "photo" else "other", key, media=(media,))


def _made(event: Event, kind: MessageKind, key: str = "", text: str = "", **values: Any) -> IncomingMessage:
    """A message is named by its own id, by which it may be taken back; any other event by the event's.

    The token of an event that comes again was used, or is too old.
    """
    is_again = event.delivery is not None and event.delivery.is_again
    token = f"{event.timestamp}:{event.token}" if event.token and not is_again and event.timestamp > 0 else ""
    return IncomingMessage(
        external_id=key or event.id,
        address=event.source.user or "",
        kind=kind,
        text=text,
        sent_at=_at(event.timestamp),
        reply_token=token,
        provider_id=event.message.id if event.message else "",
        **values,
    )


def _at(stamp_ms: int) -> datetime | None:
    return datetime.fromtimestamp(stamp_ms / 1000, UTC) if 0 < stamp_ms < 4_000_000_000_000 else None


def _sent(answer: httpx.Response) -> Sent:
    made = attempts.said(answer).get("sentMessages")
    first = made[0] if isinstance(made, list) and made and isinstance(made[0], dict) else {}
    return Sent(attempts.told(first.get("id")))


def _refused(answer: httpx.Response) -> SendFailed:
    """LINE's sentences may hold the user id; they are read here and stay out of the reason."""
    code, why = answer.status_code, str(attempts.said(answer).get("message", "")).lower()
    if code == 401:
        return SendFailed("라인이 액세스 토큰을 받지 않습니다. 설정을 확인하세요 (HTTP 401)", outage=True)
    if code == 400 and "failed to send messages" in why:
        return SendFailed("시민이 계정을 차단했거나 없는 사용자입니다 (the citizen cannot be reached)", stopped=True)
    return SendFailed(f"라인이 메시지를 거절했습니다 (LINE: HTTP {code})")
