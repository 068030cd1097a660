"""Solapi, the other Korean gateway: short and long texts and 알림톡 out, delivery reports in; texts in where mapped.

Its Python SDK is synchronous, opens a client a call and repeats by itself, so the house's own client makes the calls
with the SDK's signature. What citizens text is read by names from the settings. See docs/channels/solapi.md, ADR 0020.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any, Literal

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field

from core import cp949
from core.callers import Callers
from core.code_book import CodeBook
from core.contracts.channel import (
    Capabilities,
    Channel,
    DeliveryReport,
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
from core.http import NEVER_LEFT, retry_after
from core.phone import domestic, e164

SECRET_HEADER, EVENT_HEADER = "x-solapi-secret", "x-solapi-event-name"
REPORT = "SINGLE-REPORT"
SMS_BYTES, LMS_BYTES, SUBJECT_BYTES = 90, 2000, 40
"""Status codes 1031 and 1014 of Solapi's document."""
MOST = 1000
"""Reports in one call; what others saw were up to a hundred."""
_CODES = CodeBook(Path(__file__).with_name("solapi_codes.yml"))
_CODE = re.compile(r"[0-9]{4}")
_BASE = r"^https://[^/\s?#@]+$|^http://(?:127\.0\.0\.1|localhost)(?::[0-9]+)?$"
_OWN_WORD = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class Alimtalk(BaseModel):
    """`templates`: the house's name of a notice to the id of the template that Kakao approved for it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    pf_id: Annotated[str, Field(min_length=1, repr=False)]
    templates: dict[str, Annotated[str, Field(min_length=1)]] = {}


class Inbound(BaseModel):
    """How a citizen's text is written in Solapi's webhook: no public document of ours says so, ask the vendor.

    `event`: the value of X-Solapi-Event-Name; the others are the field names of one text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: _OWN_WORD
    id: _OWN_WORD
    sender: _OWN_WORD
    text: _OWN_WORD
    sent_at: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]*$", max_length=64)] = ""


class Settings(BaseModel):
    """`webhook_secret` comes back in a header, bare or as its SHA-1; `address_token` in the webhook's own address."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,}$", repr=False)]
    api_secret: Annotated[str, Field(min_length=16, repr=False)]
    sender: Annotated[str, Field(pattern=r"^0[0-9]{7,10}$|^1[0-9]{7}$")]
    webhook_secret: Annotated[str, Field(min_length=32, repr=False)]
    previous_webhook_secret: Annotated[str, Field(pattern=r"^$|^.{32,}$", repr=False)] = ""
    address_token: Annotated[str, Field(pattern=r"^$|^[A-Za-z0-9_-]{32,}$", repr=False)] = ""
    callers: Callers = Callers()
    alimtalk: Alimtalk | None = None
    inbound: Inbound | None = None
    base_url: Annotated[str, Field(pattern=_BASE)] = "https://api.solapi.com"
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10
    rate_per_second: Annotated[float | None, Field(gt=0)] = 10


class Solapi:
    name = "solapi"
    replies: Literal["push", "in_response"] = "push"

    def __init__(self, settings: Settings, house: House) -> None:
        self.capabilities = Capabilities(
            max_text=LMS_BYTES,
            max_buttons=0,
            max_label=40,
            idempotent=False,
            rate_per_second=settings.rate_per_second,
            charset="cp949",
            max_bytes=LMS_BYTES,
            has_phone_address=True,
        )
        self._settings = settings
        self._house = house
        secrets = [each for each in (settings.webhook_secret, settings.previous_webhook_secret) if each]
        self._proofs = [proof for each in secrets for proof in (each.encode(), _sha1(each))]
        self._token = settings.address_token.encode()

    def receive(self, request: WebhookRequest) -> Received:
        """The secret that was given at registration, then a list of reports, or of texts where they are mapped."""
        self._check(request)
        try:
            found = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        items = found if isinstance(found, list) else [found]
        if not items or len(items) > MOST or not all(isinstance(item, dict) for item in items):
            raise Malformed(f"the body is not a list of 1 to {MOST} objects")
        # The SDK's model wraps an item into {"eventDataId", "data"}; what others recorded lies flat.
        flat = [item["data"] if isinstance(item.get("data"), dict) else item for item in items]
        event, inbound = request.headers.get(EVENT_HEADER, ""), self._settings.inbound
        if event == REPORT:
            reports = tuple(report for item in flat for report in _told(item))
            return Received(reports=reports, ignored="" if reports else "no report of a message")
        if inbound is not None and event == inbound.event:
            said = tuple(text for item in flat for text in _said(item, inbound))
            return Received(messages=said, ignored="" if said else "no text of a telephone")
        return Received(ignored="an event of another kind")

    def _check(self, request: WebhookRequest) -> None:
        header, token = request.headers.get(SECRET_HEADER, ""), request.query.get("token", "")
        if not header and not (token and self._token):
            raise Forged("the secret is missing", status=401)
        if not self._settings.callers.include(request.headers):
            raise Forged("the caller is not Solapi")
        given = header.encode("utf-8", "replace")
        fits = [hmac.compare_digest(given, proof) for proof in self._proofs]
        fits.append(bool(self._token) and hmac.compare_digest(token.encode("utf-8", "replace"), self._token))
        if not any(fits):
            raise Forged("the secret does not fit")

    async def send(self, message: OutgoingMessage) -> Sent:
        """One attempt. Solapi has no idempotency key: what broke off after leaving is `unknown` and not sent again."""
        if (number := domestic(message.address)) is None:
            raise SendFailed("국내 전화번호가 아니어서 보낼 수 없습니다 (not a Korean number)")
        one = self._composed(message) | {"to": number, "from": self._settings.sender, "autoTypeDetect": False}
        body = orjson.dumps({"messages": [one], "allowDuplicates": False, "showMessageList": True})
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                answer = await self._house.http.post(
                    f"{self._settings.base_url}/messages/v4/send-many/detail",
                    content=body,
                    headers={"authorization": self._authorization(), "content-type": "application/json"},
                    follow_redirects=False,
                )
        except NEVER_LEFT as error:
            raise SendFailed(f"솔라피에 연결하지 못했습니다 (not sent: {type(error).__name__})", retry=True) from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise _broken(type(error).__name__) from None
        return _taken(answer)

    def _composed(self, message: OutgoingMessage) -> dict[str, Any]:
        kakao, template = self._settings.alimtalk, message.template
        if kakao and template and (found := kakao.templates.get(template.key)):
            values = {f"#{{{name}}}": value for name, value in template.values.items()}
            options = {"pfId": kakao.pf_id, "templateId": found, "variables": values, "disableSms": True}
            return {"type": "ATA", "kakaoOptions": options}
        text = _fit(message.text)
        if not text.strip():
            raise SendFailed("문자로 보낼 글이 없습니다 (nothing left to send)")
        if cp949.size(text) <= SMS_BYTES:
            return {"type": "SMS", "text": text}
        title = cp949.cut(cp949.plain(message.subject).text.strip(), SUBJECT_BYTES)
        return {"type": "LMS", "text": text} | ({"subject": title} if title else {})

    def _authorization(self) -> str:
        """HMAC-SHA256 of date and salt with the API secret, written as the vendor's SDK 5.0.3 writes it."""
        return _signed(self._settings.api_key, self._settings.api_secret, self._house.now().isoformat(), token_hex(16))

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        raise SendFailed("문자로는 파일을 받지 않습니다 (no files come by text)")

    async def working(self, address: str) -> None:
        """A text has no typing sign."""

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [_fit(text) for text in texts]

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return Solapi(settings, house)


def _signed(key: str, secret: str, date: str, salt: str) -> str:
    signature = hmac.digest(secret.encode(), f"{date}{salt}".encode(), hashlib.sha256).hex()
    return f"HMAC-SHA256 ApiKey={key}, Date={date}, salt={salt}, signature={signature}"


def _sha1(secret: str) -> bytes:
    """How Solapi was seen to send a webhook's secret back (several public receivers; not in the SDK)."""
    return hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest().encode()


def _word(value: object, most: int = 128) -> str:
    """Text that may be a key, or nothing."""
    return value if isinstance(value, str) and 0 < len(value) <= most and value.isprintable() else ""


def _told(item: dict[str, Any]) -> Iterator[DeliveryReport]:
    name, code = _word(item.get("messageId")), item.get("statusCode")
    if not name or not isinstance(code, str) or not _CODE.fullmatch(code):
        return
    if code in _CODES.listed("delivered"):
        yield DeliveryReport(name, "delivered")
    elif code in _CODES.listed("underway"):
        yield DeliveryReport(name, "sent")
    else:
        yield DeliveryReport(name, "failed", _CODES.reason("status", code, ("전해지지 않았습니다", "not delivered")))


def _said(item: dict[str, Any], names: Inbound) -> Iterator[IncomingMessage]:
    key, sender, text = _word(item.get(names.id)), item.get(names.sender), item.get(names.text)
    if not key or not isinstance(sender, str) or not isinstance(text, str) or len(text) > 20_000:
        return
    if address := e164(sender):
        yield IncomingMessage(key, address, "text", text, sent_at=_moment(item.get(names.sent_at)))


def _moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at and at.tzinfo and 2000 <= at.year <= 2200 else None


def _taken(answer: httpx.Response) -> Sent:
    """What Solapi said of the one message. Taken in a shape that nobody expected is still taken."""
    code = answer.status_code
    if code == 429:
        wait = retry_after(answer.headers.get("retry-after", ""))
        raise SendFailed("솔라피가 천천히 보내라고 합니다 (HTTP 429)", retry=True, retry_after=wait, outage=False)
    if code >= 500 or 300 <= code < 400:
        raise _broken(f"HTTP {code}")
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        found = None
    found = found if isinstance(found, dict) else {}
    if code >= 400:
        raise _refused(code, found.get("errorCode"))
    if (failed := _first(found, "failedMessageList")) is not None:
        raise _refusal(failed.get("statusCode"))
    return Sent(_word((_first(found, "messageList") or {}).get("messageId")))


def _first(found: dict[str, Any], name: str) -> dict[str, Any] | None:
    listed = found.get(name)
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else None


def _refusal(code: object) -> SendFailed:
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    reason = _CODES.reason("status", code, ("솔라피가 거절했습니다", "refused"))
    return SendFailed(reason, stopped=code in _CODES.listed("stopped"), outage=code in _CODES.listed("account"))


def _refused(status: int, code: object) -> SendFailed:
    """A whole call refused: the API key, the account, the request. `code` is a word of theirs like InvalidAPIKey."""
    said = code if isinstance(code, str) and re.fullmatch(r"[A-Za-z]{1,40}", code) else f"HTTP {status}"
    if status in (401, 403):
        reason = "솔라피가 API 키를 받지 않습니다. 키와 허용된 서버 주소(IP)를 확인하세요"
        return SendFailed(f"{reason} ({said})", outage=True)
    return SendFailed(f"솔라피가 요청을 거절했습니다 ({said})")


def _broken(why: str) -> SendFailed:
    return SendFailed(f"보내는 중에 끊겨 도착했는지 알 수 없습니다 (may have been sent: {why})", unknown=True)


def _fit(text: str) -> str:
    return cp949.cut(cp949.plain(text).text, LMS_BYTES)
