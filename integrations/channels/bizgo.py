"""Bizgo, a Korean gateway: short and long texts and 알림톡 out, citizens' texts (MO) and delivery reports in.

Bizgo signs a timestamp and not the body, so a signature is good for one body only (core/stamps.py), and callers can be
bound to its addresses. See docs/channels/bizgo.md and docs/adr/0020.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

import httpx
import orjson
from bizgo import (
    AlimtalkMessage,
    APIConnectionError,
    APIError,
    AsyncBizgo,
    BizgoError,
    Destination,
    DuplicateRequestError,
    InternalServerError,
    MmsMessage,
    RateLimitError,
    SendResult,
    SmsMessage,
)
from bizgo.webhooks import WebhookVerificationError, verify_signature
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

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
from core.phone import domestic, e164
from core.stamps import Stamps

STAMP, SIGNATURE = "x-ib-timestamp", "x-ib-signature"
MAX_SKEW_S = 300
SMS_BYTES, LMS_BYTES = 90, 2000
"""x-max-bytes of `sms.text` and `mms.text` in Bizgo's OpenAPI document 1.2.0."""
REMEMBERED_S = 86_400
"""The longest idempotencyTtl that Bizgo takes; without one it refuses the key (A309)."""
_CODES = CodeBook(Path(__file__).with_name("bizgo_codes.yml"))
_UNKNOWN = ("전해지지 않았습니다", "not delivered")
_BASE = r"^https://[^/\s?#@]+$|^http://(?:127\.0\.0\.1|localhost)(?::[0-9]+)?$"
_REPORT_CODE = re.compile(r"[0-9A-Z]{5}")


class Alimtalk(BaseModel):
    """`templates`: the house's name of a notice to the code of the template that Kakao approved for it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sender_key: Annotated[str, Field(min_length=1, repr=False)]
    templates: dict[str, Annotated[str, Field(min_length=1)]] = {}


class Settings(BaseModel):
    """`bodies_per_stamp`: how many calls may bear one timestamp; more than one only beside a list of callers."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    api_key: Annotated[str, Field(pattern=r"^[\x21-\x7e]{8,}$", repr=False)]
    sender: Annotated[str, Field(pattern=r"^0[0-9]{7,10}$|^1[0-9]{7}$")]
    webhook_secret: Annotated[str, Field(min_length=8, repr=False)]
    previous_webhook_secret: Annotated[str, Field(pattern=r"^$|^.{8,}$", repr=False)] = ""
    mo_number: Annotated[str, Field(pattern=r"^$|^#?[0-9]{4,12}$")] = ""
    callers: Callers = Callers()
    bodies_per_stamp: Annotated[int, Field(ge=1, le=1000)] = 1
    alimtalk: Alimtalk | None = None
    base_url: Annotated[str, Field(pattern=_BASE)] = "https://mars.ibapi.kr"
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10
    rate_per_second: Annotated[float | None, Field(gt=0)] = 150
    subject_bytes: Annotated[int, Field(ge=2, le=200)] = 40
    report_wait_s: Annotated[float, Field(ge=1)] = 5

    @model_validator(mode="after")
    def _stamps_are_shared_only_among_known_callers(self) -> Self:
        if self.bodies_per_stamp > 1 and not self.callers.are_checked:
            raise ValueError("bodies_per_stamp가 1보다 크면 callers도 적어야 합니다 (needs callers)")
        return self


Word = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Said(BaseModel):
    """A citizen's text (문자 수신, MO). `originator` is the telephone; `from` is whatever its owner typed, unread."""

    model_config = ConfigDict(strict=True, frozen=True)

    msgKey: Word  # noqa: N815 - the provider's name
    originator: Annotated[str, Field(max_length=64)]
    content: Annotated[str, Field(max_length=20_000)]
    to: Annotated[str, Field(max_length=64)] = ""
    occurredTime: Annotated[str, Field(max_length=64)] = ""  # noqa: N815


class Told(BaseModel):
    """A delivery report. `ref` is our own reference, given back."""

    model_config = ConfigDict(strict=True, frozen=True)

    msgKey: Word  # noqa: N815
    reportCode: Annotated[str, Field(max_length=64)]  # noqa: N815
    ref: Annotated[str | None, Field(max_length=200)] = None


class Bizgo:
    name = "bizgo"
    replies: Literal["push", "in_response"] = "push"

    def __init__(self, settings: Settings, house: House) -> None:
        self.capabilities = Capabilities(
            max_text=LMS_BYTES,
            max_buttons=0,
            max_label=40,
            idempotent=True,
            rate_per_second=settings.rate_per_second,
            charset="cp949",
            max_bytes=LMS_BYTES,
            has_phone_address=True,
        )
        self._settings = settings
        self._house = house
        self._secrets = [each for each in (settings.webhook_secret, settings.previous_webhook_secret) if each]
        self._stamps = Stamps(MAX_SKEW_S, settings.bodies_per_stamp)
        self._last_stamp = 0
        # The house's client neither repeats nor follows redirects, which is what `trust_http_client` asks to promise.
        self._client = AsyncBizgo(
            settings.api_key,
            base_url=settings.base_url,
            max_retries=0,
            rate_limit=None,
            http_client=house.http,
            trust_http_client=True,
        )

    def receive(self, request: WebhookRequest) -> Received:
        """Signature, clock, caller and reuse, then one text or one report; Bizgo wants its msgKey back within 5 s."""
        self._check(request)
        try:
            found = orjson.loads(request.body)
            if not isinstance(found, dict):
                raise Malformed("the body is not a JSON object")
            if found.get("serviceType") == "MO":
                return self._said(Said.model_validate(found))
            if "reportCode" in found:
                return _told(Told.model_validate(found))
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise Malformed(f"{'.'.join(str(part) for part in first['loc'])}: {first['type']}") from None
        key = found.get("msgKey")
        return Received(ignored="an event of another kind", ack=_ack(key if isinstance(key, str) else ""))

    def _check(self, request: WebhookRequest) -> None:
        stamp, signature = request.headers.get(STAMP, ""), request.headers.get(SIGNATURE, "")
        if not stamp or not signature:
            raise Forged("signature or timestamp is missing", status=401)
        if not self._settings.callers.include(request.headers):
            raise Forged("the caller is not Bizgo")
        now = self._house.now().timestamp()
        if not any(_is_signed(secret, stamp, signature, now) for secret in self._secrets):
            raise Forged("signature or timestamp does not fit")
        if not self._stamps.take(stamp, request.body, now):
            raise Forged("the signature was used for another body")

    def _said(self, one: Said) -> Received:
        ack = _ack(one.msgKey)
        wanted = self._settings.mo_number.removeprefix("#")
        if wanted and one.to.removeprefix("#") != wanted:
            return Received(ignored="a text to another number", ack=ack)
        if (address := e164(one.originator)) is None:
            return Received(ignored="a text without a telephone number", ack=ack)
        message = IncomingMessage(one.msgKey, address, "text", one.content, sent_at=_moment(one.occurredTime))
        return Received(messages=(message,), ack=ack)

    async def send(self, message: OutgoingMessage) -> Sent:
        """One attempt, under a key that Bizgo remembers for a day. Acceptance only: what became of it is reported."""
        if (number := domestic(message.address)) is None:
            raise SendFailed("국내 전화번호가 아니어서 보낼 수 없습니다 (not a Korean number)")
        body, values, key = self._composed(message)
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                result = await self._client.send.omni(
                    to=[Destination(to=number, replace_words=values) if values is not None else Destination(to=number)],
                    messages=[body],
                    ref=key,
                    idempotency_key=key,
                    idempotency_ttl=REMEMBERED_S,
                )
        except DuplicateRequestError:
            return Sent(key)
        except (BizgoError, httpx.HTTPError, TimeoutError) as error:
            raise _failure(error) from None
        return _taken(result, key)

    def _composed(
        self, message: OutgoingMessage
    ) -> tuple[SmsMessage | MmsMessage | AlimtalkMessage, dict[str, str] | None, str]:
        """The message, the template's values, and its idempotency key: another one as 알림톡 than as a text.

        The house falls back from 알림톡 to a text under the same id, and Bizgo would take that for a repeat.
        """
        kakao, template = self._settings.alimtalk, message.template
        if kakao and template and (code := kakao.templates.get(template.key)):
            notice = AlimtalkMessage(sender_key=kakao.sender_key, template_code=code, send_type="template")
            return notice, dict(template.values), f"{message.id}-at"
        text, sender = _fit(message.text), self._settings.sender
        if not text.strip():
            raise SendFailed("문자로 보낼 글이 없습니다 (nothing left to send)")
        if cp949.size(text) <= SMS_BYTES:
            return SmsMessage(from_=sender, text=text), None, str(message.id)
        title = cp949.cut(cp949.plain(message.subject).text.strip(), self._settings.subject_bytes)
        long = MmsMessage(from_=sender, text=text, title=title) if title else MmsMessage(from_=sender, text=text)
        return long, None, str(message.id)

    async def poll(self) -> AsyncIterator[WebhookRequest]:
        """Delivery reports of an API key set to POLLING in Bizgo's console, without end. Raises SendFailed.

        A batch is acknowledged when all of it was consumed; one that was not comes again.
        """
        while True:
            try:
                batch = await self._client.reports.poll()
                for report in batch.reports:
                    yield self._as_posted(orjson.dumps(report.model_dump(by_alias=True, exclude_none=True)))
                if batch.report_id:
                    await self._client.reports.ack(batch.report_id)
            except (BizgoError, httpx.HTTPError) as error:
                raise _failure(error) from None
            if batch.empty:
                await asyncio.sleep(self._settings.report_wait_s)

    def _as_posted(self, body: bytes) -> WebhookRequest:
        self._last_stamp = max(int(self._house.now().timestamp() * 1000), self._last_stamp + 1)
        stamp = str(self._last_stamp)
        signature = hmac.digest(self._secrets[0].encode(), stamp.encode(), hashlib.sha256).hex()
        return WebhookRequest("POST", {STAMP: stamp, SIGNATURE: signature}, {}, body)

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
    return Bizgo(settings, house)


def _is_signed(secret: str, stamp: str, signature: str, now: float) -> bool:
    """By the vendor's own check: whether the signature is hex or base64 is not documented, and it takes both."""
    try:
        verify_signature(secret=secret, timestamp=stamp, signature=signature, tolerance=MAX_SKEW_S, now=now)
    except WebhookVerificationError:
        return False
    return True


def _ack(key: str) -> HttpAnswer:
    return HttpAnswer(body=orjson.dumps({"msgKey": key}))


def _told(one: Told) -> Received:
    """The report under both names of the message: Bizgo's key, and ours, which stands for a send that it knew."""
    ack, code = _ack(one.msgKey), one.reportCode
    if not _REPORT_CODE.fullmatch(code):
        return Received(ignored="a report without a code", ack=ack)
    names = dict.fromkeys(name for name in (one.msgKey, _reference(one.ref)) if name)
    if code in _CODES.listed("delivered"):
        reports = tuple(DeliveryReport(name, "delivered") for name in names)
    else:
        status: Literal["sent", "failed"] = "sent" if code in _CODES.listed("unsure") else "failed"
        reports = tuple(DeliveryReport(name, status, _why(code)) for name in names)
    return Received(reports=reports, ack=ack)


def _reference(ref: str | None) -> str:
    return ref if ref and len(ref) <= 128 and ref.isascii() and ref.isprintable() else ""


def _why(code: str) -> str:
    """What a report's code means to staff; SMS (2…) and LMS (3…) say the same in their last four digits."""
    if code[0] in "23" and _CODES.has("text", code[1:]):
        return _CODES.reason("text", code[1:], _UNKNOWN, shown=code)
    return _CODES.reason("alimtalk" if _CODES.has("alimtalk", code) else "other", code, _UNKNOWN)


def _taken(result: SendResult, key: str) -> Sent:
    """One number, one result. A301: it was accepted before under this key, and its reports name our reference."""
    if result.failed:
        raise _refusal(result.failed[0].code, "service")
    return Sent(next((found for found in result.msg_keys if len(found) <= 128), key))


def _failure(error: Exception) -> SendFailed:
    """What a failed call means. Bizgo knows the key for a day, so whatever broke off is simply sent again."""
    if isinstance(error, RateLimitError):
        reason = "비즈고가 천천히 보내라고 합니다 (rate limit)"
        return SendFailed(reason, retry=True, retry_after=error.retry_after, outage=False)
    if isinstance(error, APIError) and not isinstance(error, InternalServerError):
        return _refusal(error.code, error.layer, error.http_status)
    kind = type(error).__name__
    if isinstance(error, APIConnectionError | httpx.HTTPError | TimeoutError):
        return SendFailed(f"비즈고와 통신하지 못했습니다 ({kind})", retry=True)
    return SendFailed(f"비즈고가 지금 받지 못합니다 ({kind})", retry=True)


def _refusal(code: str | None, layer: str, http_status: int | None = None) -> SendFailed:
    """A code's meaning depends on who said it: A503 is a busy gateway, and a wrong button to the service behind it."""
    code = code if code and re.fullmatch(r"[A-Z0-9]{2,8}", code) else ""
    if code in _CODES.listed("busy") if layer == "service" else code.startswith("A5"):
        return SendFailed(f"비즈고가 지금 받지 못합니다 ({code})", retry=True)
    reason = _CODES.reason(layer, code, ("비즈고가 거절했습니다", f"refused: HTTP {http_status or 200}"))
    is_stopped = layer == "service" and code in _CODES.listed("stopped")
    return SendFailed(reason, stopped=is_stopped, outage=code in _CODES.listed("account", layer))


def _fit(text: str) -> str:
    return cp949.cut(cp949.plain(text).text, LMS_BYTES)


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo and 2000 <= at.year <= 2200 else None
