"""The city's own web chat: frames of the page in, frames onto the bus out; the page itself lives in web/.

A session is a signed, short-lived random id in a cookie; there is no login. Photos are spooled by the page's server
under a token bound to the session. See docs/adr/0007 and docs/channels/web.md.
"""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.contracts.channel import (
    Capabilities,
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
from core.secret import Secret

COOKIE = "sinmungo_session"
MAX_TEXT = 4000
MAX_FRAME_BYTES = 64_000
MAX_NOTIFY_BYTES = 7900
HEAD = 1000
MAX_PHOTO_BYTES = 20_000_000
_SESSION = re.compile(r"[0-9a-f]{8}[0-9a-f]{32}")
_TOKEN = re.compile(r"([0-9a-f]{32})-([A-Za-z0-9_-]{43})")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
_KINDS: dict[str, MessageKind] = {
    "text": "text",
    "button": "button",
    "place": "place",
    "photo": "media",
    "start": "start",
}
_MAGIC = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


class Settings(BaseModel):
    """`frame_ancestors`: other sites of the city that may show the chat in a frame, as https origins.

    `session_days`: how long one browser keeps the same anonymous conversation.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    session_days: Annotated[int, Field(ge=1, le=30)] = 7
    frame_ancestors: tuple[str, ...] = ()

    @field_validator("frame_ancestors")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(one) for one in value):
            raise ValueError("expected origins such as https://www.example.go.kr")
        return value


class Frame(BaseModel):
    """What the page sends. `id` is made by the page once a message and stays the same when it is sent again."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, allow_inf_nan=False)

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    type: Annotated[str, Field(max_length=20)]
    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    payload: Annotated[str, Field(max_length=64, pattern=r"^[\x20-\x7e]*$")] = ""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    accuracy: Annotated[float, Field(ge=0)] | None = None
    upload: Annotated[str, Field(max_length=120)] = ""
    lang: Literal["", "ko", "en"] = ""


class WebChat:
    """Implements core.contracts.channel.Channel."""

    name = "web"
    replies: Literal["push", "in_response"] = "push"
    capabilities = Capabilities(
        max_text=MAX_TEXT, max_buttons=10, max_label=40, asks_place=True, takes_photo=True, idempotent=True
    )

    def __init__(self, settings: Settings, house: House) -> None:
        self.settings = settings
        self.house = house
        self.secret = Secret(house.secret)
        self.uploads = house.var / "uploads"

    def receive(self, request: WebhookRequest) -> Received:
        """One frame: the cookie says whose, Origin says from where. Raises Forged or Malformed."""
        self._check_origin(request)
        session = self._session(request)
        frame = _parsed(request)
        kind = _KINDS.get(frame.type)
        if kind is None:
            return Received(ignored="unknown type of frame")
        message = IncomingMessage(
            external_id=f"{session}:{frame.id}",
            address=session,
            kind=kind,
            text=frame.text if kind in ("text", "button", "media") else "",
            payload=frame.payload if kind == "button" else "",
            place=_place(frame) if kind == "place" else None,
            media=(self._photo(frame.upload, session),) if kind == "media" else (),
            lang_hint=frame.lang,
        )
        if kind == "text" and not message.text.strip():
            raise Malformed("text: empty")
        if kind == "button" and not message.payload:
            raise Malformed("payload: empty")
        return Received(messages=(message,), ack=HttpAnswer(200, orjson.dumps({"accepted": frame.id})))

    async def send(self, message: OutgoingMessage) -> Sent:
        """Publish to whatever pages are open; the thread in the database serves those that are not."""
        topic = self._topic(message.address)
        head = {"type": "message", "id": str(message.id)}
        frame = orjson.dumps(
            head
            | {
                "text": message.text,
                "buttons": [{"label": one.label, "payload": one.payload} for one in message.buttons],
                "ask": message.ask,
                "lang": message.lang,
                "purpose": message.purpose,
                "at": self.house.now().isoformat(),
            }
        )
        if not _fits(topic, frame):
            # The bus takes no more: the beginning at once, the whole from the thread.
            frame = orjson.dumps(head | {"text": message.text[:HEAD], "fetch": True})
        try:
            await self.house.publish(topic, frame.decode())
        except Exception as error:
            raise SendFailed(f"bus: {type(error).__name__}", retry=True) from error
        return Sent(provider_id=str(message.id), status="sent")

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        """The spooled photo. Its token was checked against the session when the message came in."""
        path = self._path(media.ref)
        if path is None:
            raise SendFailed("not an upload of the web chat")
        try:
            return await asyncio.to_thread(_read, path)
        except OSError as error:
            raise SendFailed("the uploaded photo is no longer there") from error

    async def working(self, address: str) -> None:
        try:
            await self.house.publish(self._topic(address), '{"type":"typing"}')
        except Exception:
            return

    async def aclose(self) -> None:
        return None

    def _topic(self, address: str) -> str:
        return f"{self.name}:{address}"

    def _check_origin(self, request: WebhookRequest) -> None:
        origin = request.headers.get("origin", "").lower()
        if not _ORIGIN.fullmatch(origin):
            raise Forged("no usable Origin")
        home = urlsplit(self.house.public_url.lower())
        if origin == f"{home.scheme}://{home.netloc}":
            return
        if urlsplit(origin).netloc != request.headers.get("host", "").lower():
            raise Forged("foreign Origin")

    def _session(self, request: WebhookRequest) -> str:
        """The id in the signed cookie: eight hex digits of its expiry, then 128 random bits."""
        pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
        value = next((value for name, _, value in pairs if name == COOKIE), None)
        if value is None:
            raise Forged("no session", status=401)
        session, _, mark = value.partition(".")
        if not _SESSION.fullmatch(session) or not self.secret.verify("web-session", session, mark):
            raise Forged("wrong session signature")
        if int(session[:8], 16) <= self.house.now().timestamp():
            raise Forged("session expired", status=401)
        return session

    def _photo(self, token: str, session: str) -> Media:
        found = _TOKEN.fullmatch(token)
        if not found or not self.secret.verify("web-upload", f"{session}:{found[1]}", found[2]):
            raise Malformed("upload: not an upload of this session")
        path = self.uploads / token
        try:
            with path.open("rb") as file:
                start, size = file.read(16), path.stat().st_size
        except OSError:
            raise Malformed("upload: no longer there") from None
        content_type = next((name for magic, name in _MAGIC if start.startswith(magic)), "")
        if not content_type:
            raise Malformed("upload: not a picture")
        return Media(kind="photo", ref=token, content_type=content_type, size=size)

    def _path(self, token: str) -> Path | None:
        return self.uploads / token if _TOKEN.fullmatch(token) else None


def build(settings: Settings, house: House) -> WebChat:
    return WebChat(settings, house)


def _parsed(request: WebhookRequest) -> Frame:
    if request.method != "POST":
        raise Malformed("method: expected POST")
    if len(request.body) > MAX_FRAME_BYTES:
        raise Malformed(f"body: more than {MAX_FRAME_BYTES} bytes")
    try:
        frame = Frame.model_validate_json(request.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Malformed(f"{where}: {first['msg']}") from None
    UUID(frame.id)
    return frame


def _fits(topic: str, frame: bytes) -> bool:
    """Whether the bus takes it: topic and payload travel as JSON within JSON."""
    return len(orjson.dumps({"topic": topic, "payload": frame.decode()})) <= MAX_NOTIFY_BYTES


def _place(frame: Frame) -> GeoPoint:
    if frame.lat is None or frame.lon is None:
        raise Malformed("lat, lon: expected two numbers")
    return GeoPoint(lat=frame.lat, lon=frame.lon)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        found = file.read(MAX_PHOTO_BYTES + 1)
    if len(found) > MAX_PHOTO_BYTES:
        raise OSError("too large")
    return found
