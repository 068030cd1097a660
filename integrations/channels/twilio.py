"""SMS through Twilio: forms signed over our public address, numbered choices, one send that is never repeated blindly.

Twilio's own validator checks the signature; the call goes through the house's client, as the vendor's opens a session a
send and logs numbers. Source: twilio.com/docs/messaging and the vendor's OpenAPI; see docs/channels/twilio.md.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, model_validator
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

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

MAX_TEXT = 1600
MAX_FIELDS = 300
"""Names in one form; Twilio sends some thirty, and two a picture."""
_ACK = HttpAnswer(body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml")
"""No answer in the response: replies go by REST, one way for all channels."""
_MESSAGE = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_STATUSES: dict[str, DeliveryStatus] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
"""What Twilio calls a message's state; accepted, queued, sending and scheduled tell us nothing new."""
_OPTED: dict[str, MessageKind] = {"STOP": "stop", "START": "start"}
_FileKind = Literal["photo", "file", "voice", "video"]
_KINDS: dict[str, _FileKind] = {"image": "photo", "audio": "voice", "video": "video"}
_CODES = CodeBook(Path(__file__).with_name("twilio_codes.yml"))
Sid = Annotated[str, Field(pattern=r"^(|[A-Z]{2}[0-9a-fA-F]{32})$")]


class Settings(BaseModel):
    """`sender`: our number in E.164, or the service that holds it. `webhook_url`: the address as it was entered at
    Twilio, to the letter, as that is what Twilio signs; empty: `web.public_url` and /channels/twilio.

    `api_key` and its secret, where given, make the calls in place of the account's own token. `previous_auth_token`
    still opens webhooks while the token is being changed. `media_hosts`: where Twilio's own file addresses may point.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-fA-F]{32}$")]
    auth_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,128}$", repr=False)]
    previous_auth_token: Annotated[str, Field(pattern=r"^(|[\x21-\x7e]{16,128})$", repr=False)] = ""
    api_key: Sid = ""
    api_key_secret: Annotated[str, Field(pattern=r"^[\x21-\x7e]{0,128}$", repr=False)] = ""
    sender: Annotated[str, Field(pattern=r"^(|\+[1-9][0-9]{6,14}|[0-9]{3,8})$")] = ""
    messaging_service_sid: Sid = ""
    webhook_url: Annotated[str, Field(pattern=r"^(|https?://[^\s#]+)$")] = ""
    api_base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] = "https://api.twilio.com"
    media_hosts: tuple[str, ...] = ("media.twiliocdn.com", "mms.twiliocdn.com", "s3-external-1.amazonaws.com")
    takes_photo: bool = False
    rate_per_second: Annotated[float | None, Field(gt=0)] = 1.0
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10

    @model_validator(mode="after")
    def _has_sender(self) -> "Settings":
        if bool(self.sender) == bool(self.messaging_service_sid):
            raise ValueError("give one of sender and messaging_service_sid")
        if bool(self.api_key) != bool(self.api_key_secret):
            raise ValueError("api_key and api_key_secret go together")
        return self


class _Form(dict[str, list[str]]):
    """A form whose names may repeat, as the validator wants it."""

    def getlist(self, name: str) -> list[str]:
        return self[name]

    def one(self, name: str) -> str:
        """The first value, or nothing."""
        return self.get(name, [""])[0]


class Twilio:
    name = "twilio"
    replies: Literal["push", "in_response"] = "push"

    def __init__(self, settings: Settings, house: House) -> None:
        logs.only_hosts()
        self.capabilities = Capabilities(
            max_text=MAX_TEXT,
            max_buttons=0,
            max_label=40,
            takes_photo=settings.takes_photo,
            rate_per_second=settings.rate_per_second,
            has_phone_address=True,
        )
        self._settings = settings
        self._house = house
        self._url = settings.webhook_url or f"{house.public_url.rstrip('/')}/channels/twilio"
        tokens = (settings.auth_token, settings.previous_auth_token)
        self._validators = [RequestValidator(token) for token in tokens if token]
        self._calls = f"{settings.api_base_url}/2010-04-01/Accounts/{settings.account_sid}"
        own = (settings.account_sid, settings.auth_token)
        self._auth = (settings.api_key, settings.api_key_secret) if settings.api_key else own

    def receive(self, request: WebhookRequest) -> Received:
        """The signature over our public address and every field, then a message or a report on one of ours.

        The body is always read as the form that was signed: nothing of it can be changed or left out of the signature.
        """
        given = request.headers.get("x-twilio-signature", "")
        if not given:
            raise Forged("signature is missing", status=401)
        form = _parsed(request.body)
        # validate() tries the address with and without its port, as Twilio's senders do not agree on it.
        if not any(one.validate(self._url, form, given) for one in self._validators):
            raise Forged("signature does not fit")
        key = form.one("MessageSid")
        if not _MESSAGE.fullmatch(key):
            raise Malformed("MessageSid is missing or no message id")
        if status := form.one("MessageStatus"):
            return _report(key, status, form.one("ErrorCode"))
        return self._message(key, form)

    def _message(self, key: str, form: _Form) -> Received:
        address, text = form.one("From"), form.one("Body")
        if not _PHONE.fullmatch(address):
            return Received(ignored="a sender that is no telephone (WhatsApp by Twilio, a short code)", ack=_ACK)
        media = tuple(self._media(form))
        kind: MessageKind = "text"
        if media:
            kind = "media" if media[0].kind == "photo" else "other"
        kind = _OPTED.get(form.one("OptOutType"), kind)
        message = IncomingMessage(key, address, kind, text, media=media, provider_id=key)
        return Received((message,), ack=_ACK)

    def _media(self, form: _Form) -> list[Media]:
        """Pictures first. Only what lies at Twilio is taken, as our credentials go with the call for it."""
        found = []
        count = form.one("NumMedia")
        for index in range(min(int(count), 10) if count.isascii() and count.isdigit() and len(count) < 4 else 0):
            ref, content_type = form.one(f"MediaUrl{index}"), form.one(f"MediaContentType{index}")
            fits = len(ref) <= 1000 and ref.isprintable() and ref.isascii() and content_type.isprintable()
            if fits and attempts.is_at(ref, self._settings.api_base_url):
                kind: _FileKind = _KINDS.get(content_type.partition("/")[0], "file")
                found.append(Media(kind, ref, content_type[:100]))
        return sorted(found, key=lambda one: one.kind != "photo")

    async def send(self, message: OutgoingMessage) -> Sent:
        """One Message resource. Twilio takes no idempotency key: what broke off after leaving is `unknown`."""
        form = {
            "To": message.address,
            "Body": attempts.fit(message.text, MAX_TEXT),
            "StatusCallback": self._url,
        }
        if self._settings.messaging_service_sid:
            form["MessagingServiceSid"] = self._settings.messaging_service_sid
        else:
            form["From"] = self._settings.sender
        answer = await attempts.call(
            self._house.http,
            "POST",
            f"{self._calls}/Messages.json",
            provider="트윌리오",
            now=self._house.now(),
            data=form,
            auth=self._auth,
            timeout=self._settings.timeout_s,
        )
        found = attempts.said(answer)
        if answer.is_success:
            return Sent(attempts.told(found.get("sid")))
        code = str(found.get("code", ""))
        is_ours = answer.status_code == 401 or code in _CODES.listed("ours")
        is_over = code in _CODES.listed("stopped")
        raise SendFailed(_reason(code, answer.status_code), stopped=is_over, outage=is_ours)

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return _ACK

    async def fetch(self, media: Media) -> bytes:
        """The file from Twilio with our credentials, then from where Twilio points, without them. Raises SendFailed."""
        own, hosts = self._settings.api_base_url, self._settings.media_hosts
        if not attempts.is_at(media.ref, own):
            raise SendFailed("파일 주소가 트윌리오가 아닙니다 (the file is not at Twilio)")
        wait = self._settings.timeout_s
        found, elsewhere = await attempts.download(self._house.http, media.ref, auth=self._auth, timeout_s=wait)
        if not elsewhere:
            return found
        if not attempts.is_at(elsewhere, own, hosts):
            raise SendFailed("트윌리오가 모르는 곳을 가리킵니다 (redirected to an unknown host)")
        found, further = await attempts.download(self._house.http, elsewhere, timeout_s=wait)
        if further:
            raise SendFailed("파일 주소가 끝없이 이어집니다 (redirected twice)")
        return found

    async def working(self, address: str) -> None:
        """SMS has no typing sign."""

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [attempts.fit(text, MAX_TEXT) for text in texts]

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return Twilio(settings, house)


def _parsed(body: bytes) -> _Form:
    """The form, in Python's reading of it. Raises Forged when it has more names than any of Twilio's."""
    form = _Form()
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Forged("no form of Twilio's") from None
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def _report(key: str, status: str, code: str) -> Received:
    known = _STATUSES.get(status)
    if known is None:
        return Received(ignored="a state on the way", ack=_ACK)
    reason = _reason(code, 0) if known == "failed" else ""
    return Received(reports=(DeliveryReport(key, known, reason),), ack=_ACK)


def _reason(code: str, status: int) -> str:
    """Why, for staff: by Twilio's number. Its sentences quote the citizen's and stay out."""
    shown = attempts.number(code) or (f"HTTP {status}" if status else "no code")
    return _CODES.reason("errors", shown, ("트윌리오가 메시지를 전하지 못했습니다", "Twilio"))
