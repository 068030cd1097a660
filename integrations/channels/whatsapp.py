"""WhatsApp Cloud API: one business number, free text for a day after the citizen's last word, then templates.

A wamid holds the citizen's number in base64, so the house keeps a keyed hash of it as the message's id. Source: Meta's
Cloud API pages and OpenAPI (graph v23.0); see docs/channels/whatsapp.md.
"""

import contextlib
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import attempts, logs
from core.code_book import CodeBook
from core.contracts.channel import (
    Capabilities,
    Channel,
    DeliveryReport,
    DeliveryStatus,
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
from integrations.outbound.whatsapp import MAX_BODY, MAX_LABEL, MAX_ROWS, Approved, shown

_REMEMBERED = 2000  # chats whose last message this process can mark as read
_FILES: dict[str, Literal["photo", "file", "voice", "video"]] = {
    "image": "photo",
    "document": "file",
    "audio": "voice",
    "video": "video",
}
_STATUSES: dict[str, DeliveryStatus] = {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed"}
_CODES = CodeBook(Path(__file__).with_name("whatsapp_codes.yml"))


class Settings(BaseModel):
    """`app_secret` proves webhooks, `verify_token` is ours and opens the address check, `access_token` is the system
    user's. `templates`: a notice's key → the approved template. `media_hosts`: where Meta keeps the files.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    phone_number_id: Annotated[str, Field(pattern=r"^[0-9]{5,32}$")]
    access_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,1000}$", repr=False)]
    app_secret: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{32,128}$", repr=False)]
    previous_app_secret: Annotated[str, Field(pattern=r"^(|[0-9a-fA-F]{32,128})$", repr=False)] = ""
    verify_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,256}$", repr=False)]
    templates: Mapping[str, Approved] = {}
    graph_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]$")] = "v23.0"
    api_base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] = "https://graph.facebook.com"
    media_hosts: tuple[str, ...] = ("lookaside.fbsbx.com",)
    rate_per_second: Annotated[float | None, Field(gt=0)] = 40
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


_P = TypeVar("_P", bound=_Part)
Phone = Annotated[str, Field(pattern=r"^\+?[1-9][0-9]{6,14}$")]
Wamid = Annotated[str, Field(min_length=1, max_length=1000)]


class Said(_Part):
    """One message; the part that its `type` names is read by that kind's own rule."""

    id: Wamid
    sender: Annotated[Phone, Field(alias="from")]
    type: str
    timestamp: str = ""


class Status(_Part):
    id: Wamid
    status: str
    errors: list[dict[str, Any]] = []


class Preference(_Part):
    """The citizen's own switch for marketing messages."""

    phone: Annotated[Phone, Field(alias="wa_id")]
    value: Literal["stop", "resume"]
    timestamp: int | str = ""


class WhatsApp:
    name = "whatsapp"
    replies: Literal["push", "in_response"] = "push"

    def __init__(self, settings: Settings, house: House) -> None:
        logs.only_hosts()
        self.capabilities = Capabilities(
            max_text=MAX_BODY,
            max_buttons=MAX_ROWS,
            max_label=MAX_LABEL,
            asks_place=True,
            takes_photo=True,
            rate_per_second=settings.rate_per_second,
            has_phone_address=True,
            window_hours=24,
        )
        self._settings = settings
        self._house = house
        self._secrets = [one.encode() for one in (settings.app_secret, settings.previous_app_secret) if one]
        self._headers = {"authorization": f"Bearer {settings.access_token}"}
        self._graph = f"{settings.api_base_url}/{settings.graph_version}"
        self._messages = f"{self._graph}/{settings.phone_number_id}/messages"
        self._last: OrderedDict[str, str] = OrderedDict()

    def receive(self, request: WebhookRequest) -> Received:
        """Meta's check of the address (GET), else the signature over the raw bytes and all that one call holds."""
        if request.method == "GET":
            return self._verified(request.query)
        self._check(request)
        try:
            raw = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        if not isinstance(raw, dict) or not isinstance(raw.get("entry"), list):
            raise Malformed("the body has no entries")
        messages: list[IncomingMessage] = []
        reports: list[DeliveryReport] = []
        for value in _values(raw["entry"], self._settings.phone_number_id):
            messages += filter(None, map(self._message, _list(value, "messages")))
            messages += filter(None, map(self._preference, _list(value, "user_preferences")))
            reports += filter(None, map(self._report, _list(value, "statuses")))
        return Received(tuple(messages), tuple(reports), ignored="" if messages or reports else "nothing for us")

    def _verified(self, query: Mapping[str, str]) -> Received:
        given, challenge = query.get("hub.verify_token", ""), query.get("hub.challenge", "")
        if not given:
            raise Forged("verify token is missing", status=401)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._settings.verify_token.encode()):
            raise Forged("verify token does not fit")
        if query.get("hub.mode") != "subscribe" or not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", challenge):
            raise Malformed("no challenge to answer")
        ack = HttpAnswer(body=challenge.encode(), content_type="text/plain")
        return Received(ignored="the address was checked", ack=ack)

    def _check(self, request: WebhookRequest) -> None:
        """The prefix is part of the proof: without it another algorithm's value could be meant."""
        given = request.headers.get("x-hub-signature-256", "")
        if not given:
            raise Forged("signature is missing", status=401)
        proof = given.encode("utf-8", "replace")
        made = ["sha256=" + hmac.digest(key, request.body, hashlib.sha256).hex() for key in self._secrets]
        if not any(hmac.compare_digest(one.encode(), proof) for one in made):
            raise Forged("signature does not fit")

    def _named(self, wamid: str) -> str:
        """Our name for Meta's id: the same for the same id, and nothing of the number in it."""
        return hmac.digest(self._house.secret, b"whatsapp.wamid:" + wamid.encode("utf-8", "replace"), "sha256").hex()

    def _message(self, raw: Any) -> IncomingMessage | None:
        said = _read(Said, raw)
        found = _content(said, raw) if said else None
        if said is None or found is None:
            return None
        kind, values = found
        name, address = self._named(said.id), f"+{said.sender.removeprefix('+')}"
        self._remember(address, said.id)
        return IncomingMessage(name, address, kind, sent_at=_at(said.timestamp), provider_id=name, **values)

    def _remember(self, address: str, wamid: str) -> None:
        self._last[address] = wamid
        self._last.move_to_end(address)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)

    def _preference(self, raw: Any) -> IncomingMessage | None:
        one = _read(Preference, raw)
        if one is None:
            return None
        name = self._named(f"preference:{one.phone}:{one.value}:{str(one.timestamp)[:40]}")
        kind: MessageKind = "stop" if one.value == "stop" else "start"
        return IncomingMessage(name, f"+{one.phone.removeprefix('+')}", kind, is_event=True)

    def _report(self, raw: Any) -> DeliveryReport | None:
        one = _read(Status, raw)
        if one is None or one.status not in _STATUSES:
            return None
        reason = _reason(one.errors[0].get("code") if one.errors else None, 0) if one.status == "failed" else ""
        return DeliveryReport(self._named(one.id), _STATUSES[one.status], reason)

    async def send(self, message: OutgoingMessage) -> Sent:
        """One call. Meta takes no idempotency key: what broke off after leaving is `unknown`."""
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": message.address.removeprefix("+"),
        } | shown(message, self._settings.templates)
        answer = await self._post(body)
        found = attempts.said(answer)
        if answer.is_success:
            made = found.get("messages")
            first = made[0].get("id") if isinstance(made, list) and made and isinstance(made[0], dict) else None
            return Sent(self._named(first) if isinstance(first, str) else "")
        error = found.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        raise _refused(code, answer.status_code, attempts.asked_wait(answer, self._house.now()))

    async def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        headers = self._headers | {"content-type": "application/json"}
        return await self._call("POST", self._messages, headers=headers, content=orjson.dumps(body))

    async def _call(self, method: str, url: str, **request: Any) -> httpx.Response:
        wait, now = self._settings.timeout_s, self._house.now()
        return await attempts.call(self._house.http, method, url, provider="왓츠앱", now=now, timeout=wait, **request)

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        """Two steps: the file's address (good for five minutes), then its bytes, from Meta's hosts only."""
        ours = {"phone_number_id": self._settings.phone_number_id}
        path = f"{self._graph}/{media.ref}"
        answer = await self._call("GET", path, params=ours, headers=self._headers, is_safe=True)
        url = attempts.said(answer).get("url")
        if not answer.is_success or not isinstance(url, str):
            raise SendFailed(f"파일 주소를 받지 못했습니다 (media: HTTP {answer.status_code})")
        if not attempts.is_at(url, self._settings.api_base_url, self._settings.media_hosts):
            raise SendFailed("파일이 메타의 서버에 있지 않습니다 (an unknown host)")
        wait = self._settings.timeout_s
        found, elsewhere = await attempts.download(self._house.http, url, headers=self._headers, timeout_s=wait)
        if elsewhere:
            raise SendFailed("메타가 다른 곳을 가리킵니다 (redirected)")
        return found

    async def working(self, address: str) -> None:
        """Blue ticks and dots under the citizen's last message, where this process took it in."""
        if wamid := self._last.get(address):
            with contextlib.suppress(SendFailed):
                seen = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
                await self._post(seen | {"typing_indicator": {"type": "text"}})

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [attempts.fit(text, MAX_BODY) for text in texts]

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return WhatsApp(settings, house)


def _read(model: type[_P], raw: Any) -> _P | None:
    """None for what is not of this shape: an odd part of a call costs only itself."""
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    return found if isinstance(found, list) else []


def _values(entries: list[Any], phone_number_id: str) -> Iterator[dict[str, Any]]:
    """What was said about our number, among all the numbers of the business and all kinds of change."""
    for entry in entries:
        for change in _list(entry, "changes") if isinstance(entry, dict) else []:
            value = change.get("value") if isinstance(change, dict) else None
            if not isinstance(value, dict) or not isinstance(about := value.get("metadata"), dict):
                continue
            if about.get("phone_number_id") == phone_number_id:
                yield value


def _content(said: Said, raw: Mapping[str, Any]) -> tuple[MessageKind, dict[str, Any]] | None:
    """Kind and fields; None for what says nothing to us (a reaction, a notice of Meta's own)."""
    part = raw.get(said.type)
    part = part if isinstance(part, dict) else {}
    if said.type == "text":
        return ("text", {"text": part["body"]}) if isinstance(part.get("body"), str) else None
    if said.type == "button":
        return _pressed(part.get("payload"), part.get("text"))
    if said.type == "interactive":
        reply = part.get(str(part.get("type")))
        return _pressed(reply.get("id"), reply.get("title")) if isinstance(reply, dict) else None
    if said.type == "location":
        place = point(part.get("latitude"), part.get("longitude"), part.get("name"), part.get("address"))
        return ("place", {"place": place}) if place else None
    if kind := _FILES.get(said.type):
        return _file(kind, part)
    if said.type == "request_welcome":
        return "start", {}
    return None if said.type in ("reaction", "system") else ("other", {})


def _pressed(payload: object, name: object) -> tuple[MessageKind, dict[str, Any]] | None:
    """Our payload; of a template's button that carries none of ours, its words."""
    if isinstance(payload, str) and payload.isascii() and payload.isprintable() and 0 < len(payload) <= 64:
        return "button", {"payload": payload, "text": name if isinstance(name, str) else ""}
    return ("text", {"text": name}) if isinstance(name, str) and name else None


def _file(kind: Literal["photo", "file", "voice", "video"], part: Mapping[str, Any]) -> tuple[MessageKind, Any]:
    ref, mime, caption = part.get("id"), part.get("mime_type"), part.get("caption")
    text = caption if isinstance(caption, str) else ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,200}", attempts.told(ref)):
        return "other", {"text": text}
    content_type = attempts.told(mime, 100)
    kind = "photo" if content_type.startswith("image/") else kind
    media = Media(kind, str(ref), content_type)
    return "media" if kind == "photo" else "other", {"text": text, "media": (media,)}


def _at(stamp: str) -> datetime | None:
    return datetime.fromtimestamp(int(stamp), UTC) if re.fullmatch(r"[0-9]{9,10}", stamp) else None


def _refused(code: object, status: int, wait_s: float | None) -> SendFailed:
    reason, number = _reason(code, status), attempts.number(code)
    if number in _CODES.listed("slower"):
        return SendFailed(reason, retry=True, retry_after=wait_s or 60.0)
    if number in _CODES.listed("unsure"):
        return SendFailed(reason, unknown=True)
    return SendFailed(reason, outage=status == 401 or number in _CODES.listed("ours"))


def _reason(code: object, status: int) -> str:
    """Why, for staff: by Meta's number. Its sentences may quote the citizen's and stay out."""
    shown = attempts.number(code) or (f"HTTP {status}" if status else "no code")
    return _CODES.reason("errors", shown, ("왓츠앱이 메시지를 전하지 못했습니다", "Meta"))
