"""Our own signed JSON door, by which another public body's system exchanges messages with the city.

Every field and every answer is described in docs/channels/partner.md; nobody else's format is involved.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Literal, get_args

import httpx
import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from core.contracts.channel import (
    Capabilities,
    Channel,
    DeliveryReport,
    DeliveryStatus,
    Forged,
    GeoPoint,
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

MAX_SKEW_S = 300
MAX_TEXT = 4000
MAX_FILE = 20 * 1024 * 1024
_KINDS: dict[str, MessageKind] = {
    "text": "text",
    "button": "button",
    "place": "place",
    "photo": "media",
    "start": "start",
    "stop": "stop",
}
_STATUSES = frozenset(get_args(DeliveryStatus))


class Settings(BaseModel):
    """`secret` signs what we send and opens what we get; `previous_secret` still opens while it is being changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    secret: Annotated[str, Field(min_length=32, repr=False)]
    previous_secret: Annotated[str, Field(pattern=r"^$|^.{32,}$", repr=False)] = ""
    outbound_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")]
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10
    rate_per_second: Annotated[float | None, Field(gt=0)] = None


Word = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Photo(BaseModel):
    """A file on the partner's own server (same origin as `outbound_url`); `size` in bytes, 0 when not known."""

    model_config = ConfigDict(strict=True, frozen=True)

    url: Annotated[str, Field(max_length=1000, pattern=r"^https?://[^\x00-\x20]+$")]
    content_type: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = ""
    size: Annotated[int, Field(ge=0, le=MAX_FILE)] = 0


class Message(BaseModel):
    """One message of one citizen; unknown fields are passed over, an unknown `type` becomes "other"."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: Word
    sender: Annotated[Word, Field(alias="from")]
    type: Annotated[str, Field(max_length=32)] = "text"
    text: Annotated[str, Field(max_length=20_000)] = ""
    payload: Annotated[str, Field(max_length=64, pattern=r"^[\x20-\x7e]*$")] = ""
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    label: Annotated[str, Field(max_length=200)] = ""
    photo: Photo | None = None
    lang: Annotated[str, Field(max_length=16, pattern=r"^[A-Za-z-]*$")] = ""
    sent_at: Annotated[
        AwareDatetime | None,
        Field(strict=False, ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC)),
    ] = None


class Report(BaseModel):
    """The partner's word on a message of ours: `id` is the one it gave, or the Idempotency-Key if it gave none."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: Word
    status: str
    reason: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class Batch(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    messages: Annotated[list[Message], Field(max_length=100)] = []
    reports: Annotated[list[Report], Field(max_length=100)] = []


class Partner:
    name = "partner"
    replies: Literal["push", "in_response"] = "push"

    def __init__(self, settings: Settings, house: House) -> None:
        self.capabilities = Capabilities(
            max_text=MAX_TEXT,
            max_buttons=20,
            max_label=40,
            asks_place=True,
            takes_photo=True,
            idempotent=True,
            rate_per_second=settings.rate_per_second,
        )
        self._settings = settings
        self._house = house
        self._secrets = [key.encode() for key in (settings.secret, settings.previous_secret) if key]
        self._origin = _origin(settings.outbound_url)

    def receive(self, request: WebhookRequest) -> Received:
        """Signature, clock, then the body: one message, or {"messages": [...], "reports": [...]}; all or nothing."""
        self._check(request)
        try:
            found = orjson.loads(request.body)
            if not isinstance(found, dict):
                raise Malformed("the body is not a JSON object")
            if "messages" not in found and "reports" not in found:
                return Received(messages=(_incoming(Message.model_validate(found)),))
            batch = Batch.model_validate(found)
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise Malformed(f"{_path(first['loc'])}: {first['type']}") from None
        reports = tuple(
            DeliveryReport(one.id, one.status, one.reason)  # type: ignore[arg-type]
            for one in batch.reports
            if one.status in _STATUSES
        )
        messages = tuple(map(_incoming, batch.messages))
        return Received(messages, reports, ignored="" if messages or reports else "nothing in it")

    def _check(self, request: WebhookRequest) -> None:
        stamp = request.headers.get("x-sinmungo-timestamp", "")
        given = request.headers.get("x-sinmungo-signature", "")
        if not stamp or not given:
            raise Forged("timestamp or signature is missing", status=401)
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise Forged("timestamp is not in Unix seconds")
        if abs(self._house.now().timestamp() - int(stamp)) > MAX_SKEW_S:
            raise Forged("timestamp is more than 300 s off")
        signature = given.encode("utf-8", "replace")
        if not any(hmac.compare_digest(_sign(key, stamp, request.body), signature) for key in self._secrets):
            raise Forged("signature does not fit")

    async def send(self, message: OutgoingMessage) -> Sent:
        """One signed POST. The Idempotency-Key makes a repeat harmless, so whatever broke off may be tried again."""
        body = orjson.dumps(
            {
                "id": str(message.id),
                "to": message.address,
                "text": _fit(message.text),
                "buttons": [{"label": one.label, "payload": one.payload} for one in message.buttons[:20]],
                "ask": message.ask,
                "lang": message.lang,
                "purpose": message.purpose,
            }
        )
        headers = self._signed(body) | {"content-type": "application/json", "idempotency-key": str(message.id)}
        try:
            answer = await self._house.http.post(
                self._settings.outbound_url,
                content=body,
                headers=headers,
                timeout=self._settings.timeout_s,
                follow_redirects=False,
            )
        except httpx.HTTPError as error:
            raise SendFailed(
                f"연계 기관 서버와 통신하지 못했습니다 (partner unreachable: {type(error).__name__})", retry=True
            ) from None
        if answer.is_success or answer.status_code == 409:
            return Sent(_given_id(answer.content) or str(message.id))
        raise self._failed(answer)

    def _failed(self, answer: httpx.Response) -> SendFailed:
        code = answer.status_code
        if code == 410:
            return SendFailed("시민이 연계 채널을 떠났습니다 (the citizen left, HTTP 410)", stopped=True)
        if code == 429 or code >= 500:
            wait = _wait_s(answer.headers.get("retry-after", ""), self._house.now())
            reason = f"연계 기관 서버가 지금 받지 못합니다 (partner answered HTTP {code})"
            return SendFailed(reason, retry=True, retry_after=wait)
        return SendFailed(f"연계 기관 서버가 거절했습니다 (partner refused: HTTP {code})", outage=code in (401, 403))

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        """A signed GET (over an empty body) to the partner's own server, and to no other. Raises SendFailed."""
        if _origin(media.ref) != self._origin:
            raise SendFailed("사진 주소가 연계 기관 서버가 아닙니다 (the file is not on the partner's server)")
        found = bytearray()
        try:
            async with self._house.http.stream(
                "GET",
                media.ref,
                headers=self._signed(b""),
                timeout=self._settings.timeout_s,
                follow_redirects=False,
            ) as answer:
                if not answer.is_success:
                    raise self._failed(answer)
                async for part in answer.aiter_bytes():
                    found += part
                    if len(found) > MAX_FILE:
                        raise SendFailed("파일이 20 MB보다 큽니다 (file is over 20 MB)")
        except httpx.HTTPError as error:
            raise SendFailed(f"파일을 받지 못했습니다 (fetch: {type(error).__name__})", retry=True) from None
        return bytes(found)

    async def working(self, address: str) -> None:
        """The partner's channel has no typing sign."""

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [_fit(text) for text in texts]

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp = str(int(self._house.now().timestamp()))
        signature = _sign(self._secrets[0], stamp, body).decode()
        return {"x-sinmungo-timestamp": stamp, "x-sinmungo-signature": signature}


def build(settings: Settings, house: House) -> Channel:
    return Partner(settings, house)


def _sign(key: bytes, stamp: str, body: bytes) -> bytes:
    """`v1=` and the hex HMAC-SHA256 of "<timestamp>.<raw body>"."""
    return b"v1=" + hmac.digest(key, stamp.encode() + b"." + body, hashlib.sha256).hex().encode()


def _incoming(one: Message) -> IncomingMessage:
    kind = _KINDS.get(one.type, "other")
    has_place = kind == "place" and one.lat is not None and one.lon is not None
    if (kind == "place" and not has_place) or (kind == "media" and one.photo is None):
        raise Malformed(f"a {one.type} message lacks its {one.type}")
    return IncomingMessage(
        external_id=one.id,
        address=one.sender,
        kind=kind,
        text=one.text,
        payload=one.payload if kind == "button" else "",
        place=GeoPoint(one.lat, one.lon, one.label) if one.lat is not None and one.lon is not None else None,
        media=(Media("photo", one.photo.url, one.photo.content_type, one.photo.size),) if one.photo else (),
        lang_hint=one.lang,
        sent_at=one.sent_at,
    )


def _path(where: tuple[int | str, ...]) -> str:
    """The place of a fault as our own model names it: a partner's field name is never echoed."""
    return ".".join(str(part) for part in where)


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    return parsed.scheme, parsed.host, parsed.port


def _given_id(body: bytes) -> str:
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    given = found.get("id") if isinstance(found, dict) else None
    return given if isinstance(given, str) and len(given) <= 128 and "\x00" not in given else ""


def _wait_s(value: str, now: datetime) -> float | None:
    """Retry-After in seconds from now, from its number or its date (RFC 9110 §10.2.3)."""
    if value.isascii() and value.isdigit():
        return float(value[:6])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp())


def _fit(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
