"""Telegram: private chats with one bot, by webhook, or by long polling on a developer's machine.

python-telegram-bot reads updates and makes calls; its Application stays out, as turns, order and retries are the
house's (docs/adr/0005). Source: core.telegram.org/bots/api, Bot API 10.1.
"""

import contextlib
import hmac
import logging
import os
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field
from telegram import (
    Animation,
    Audio,
    Bot,
    CallbackQuery,
    Document,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    Location,
    Message,
    PhotoSize,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
    Video,
    VideoNote,
    Voice,
)
from telegram.constants import ChatAction, ChatMemberStatus, ChatType
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from core import logs
from core.contracts.channel import (
    Capabilities,
    Channel,
    Forged,
    GeoPoint,
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

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's own switch: durations as timedelta, and no warning

MAX_TEXT = 4096
MAX_BUTTONS = 100
MAX_FILE = 20 * 1024 * 1024
POLL_S = 25
HEADER = "x-telegram-bot-api-secret-token"
KINDS = ["message", "callback_query", "my_chat_member"]
"""`allowed_updates` for setWebhook and getUpdates: all that is read here."""
_SHARE = {"ko": "📍 현재 위치 보내기", "en": "📍 Send my location"}
_Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove


class Settings(BaseModel):
    """`token` from @BotFather; `webhook_secret` is ours, the `secret_token` of setWebhook."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    token: Annotated[str, Field(pattern=r"^\d{5,20}:[A-Za-z0-9_-]{30,100}$", repr=False)]
    webhook_secret: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,256}$", repr=False)]
    api_base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+(/[^\s]*[^/\s])?$")] = "https://api.telegram.org"
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10


class _Request(HTTPXRequest):
    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the library's, which would write a broken answer (a proxy's page with our token) into the log."""
        try:
            found = orjson.loads(payload)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise TelegramError("Invalid server response") from None
        return found


class Telegram:
    name = "telegram"
    replies: Literal["push", "in_response"] = "push"
    capabilities = Capabilities(
        max_text=MAX_TEXT,
        max_buttons=24,
        max_label=40,
        asks_place=True,
        takes_photo=True,
        idempotent=False,
        rate_per_second=25,
    )

    def __init__(self, settings: Settings, house: House) -> None:
        logs.only_hosts()
        logging.getLogger("telegram").setLevel(logging.INFO)  # at DEBUG the library writes citizens' texts
        self._house = house
        self._secret = settings.webhook_secret
        self._timeout_s = settings.timeout_s
        self._api = f"{settings.api_base_url}/bot{settings.token}"
        wait = settings.timeout_s
        self._request = _Request(read_timeout=wait, write_timeout=wait, connect_timeout=min(wait, 5), pool_timeout=1)
        self._bot = Bot(
            settings.token,
            base_url=f"{settings.api_base_url}/bot",
            base_file_url=f"{settings.api_base_url}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )

    def receive(self, request: WebhookRequest) -> Received:
        """Secret header, then one Update. What the library cannot read is acknowledged, or it would come for ever.

        A pressed button is answered in the acknowledgement itself (Bot API, "Making requests when getting updates"):
        every press is answered, once, after it was stored, even when no reply follows.
        """
        given = request.headers.get(HEADER, "")
        if not given:
            raise Forged("secret token is missing", status=401)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._secret.encode()):
            raise Forged("secret token does not fit")
        try:
            raw = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        if not isinstance(raw, dict) or type(raw.get("update_id")) is not int:
            raise Malformed("the body is not an update")
        try:
            return _read(Update.de_json(raw, None))
        except (
            Exception
        ):  # TypeError, KeyError, AttributeError, OverflowError…: whatever the library and a wrong type make
            return Received(ignored="an update that cannot be read")

    async def send(self, message: OutgoingMessage) -> Sent:
        """One sendMessage. Telegram takes no idempotency key: what broke off after leaving is `unknown`."""
        text = _fit(message.text)
        try:
            sent = await self._bot.send_message(
                message.address,
                text,
                reply_markup=_markup(message),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except TelegramError as error:
            raise _failure(error) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            return Sent()  # taken (HTTP 2xx), but told in a shape that the library does not know
        return Sent(provider_id=str(sent.message_id))

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        """getFile, then its bytes, at most 20 MB. Raises SendFailed; a file's address lives an hour, so ask again."""
        try:
            found = await self._bot.get_file(media.ref)
            if not found.file_path or (found.file_size or 0) > MAX_FILE:
                raise SendFailed("파일이 없거나 20 MB보다 큽니다 (no file, or over 20 MB)")
            return await self._download(found.file_path)
        except TelegramError as error:
            failure = _failure(error)
            again = failure.retry or failure.unknown
            raise SendFailed(failure.reason, retry=again, retry_after=failure.retry_after) from None
        except (httpx.HTTPError, httpx.InvalidURL, KeyError, TypeError, ValueError, AttributeError) as error:
            raise SendFailed(f"파일을 받지 못했습니다 (fetch: {type(error).__name__})", retry=True) from None

    async def _download(self, url: str) -> bytes:
        found = bytearray()
        async with self._house.http.stream("GET", url, timeout=self._timeout_s, follow_redirects=False) as answer:
            if not answer.is_success:
                again = answer.status_code >= 500 or answer.status_code == 429
                raise SendFailed(f"파일을 받지 못했습니다 (fetch: HTTP {answer.status_code})", retry=again)
            async for part in answer.aiter_bytes():
                found += part
                if len(found) > MAX_FILE:
                    raise SendFailed("파일이 20 MB보다 큽니다 (file is over 20 MB)")
        return bytes(found)

    async def working(self, address: str) -> None:
        """ "typing…" for five seconds or until the next message."""
        with contextlib.suppress(Exception):
            await self._bot.send_chat_action(address, ChatAction.TYPING)

    async def register(self, url: str) -> str:
        """setWebhook with our secret token and the kinds read here. Raises SendFailed."""
        try:
            await self._bot.set_webhook(url, secret_token=self._secret, allowed_updates=KINDS)
            name = (await self._bot.get_me()).username
        except TelegramError as error:
            raise SendFailed(f"텔레그램이 거절했습니다 (setWebhook: {type(error).__name__})") from None
        return f"@{name}"

    async def poll(self) -> AsyncIterator[WebhookRequest]:
        """Long polling without end. Raises SendFailed when a call fails; a new poll() goes on where this one stood.

        Telegram forgets an update when the next call names a higher offset, so not before the consumer came back.
        """
        offset: int | None = None
        while True:
            for update in await self._updates(offset):
                yield WebhookRequest("POST", {HEADER: self._secret}, {}, orjson.dumps(update))
                offset = int(update["update_id"]) + 1
                if pressed := update.get("callback_query"):
                    with contextlib.suppress(Exception):
                        await self._bot.answer_callback_query(pressed["id"])

    async def _updates(self, offset: int | None) -> list[dict[str, Any]]:
        """Raw, because the library refuses a whole batch for one update that it cannot read."""
        body = {"timeout": POLL_S, "allowed_updates": KINDS} | ({"offset": offset} if offset is not None else {})
        try:
            answer = await self._house.http.post(f"{self._api}/getUpdates", json=body, timeout=POLL_S + 10)
            found = orjson.loads(answer.content)
        except (httpx.HTTPError, orjson.JSONDecodeError) as error:
            reason = f"텔레그램에 연결하지 못했습니다 (getUpdates: {type(error).__name__})"
            raise SendFailed(reason, retry=True) from None
        if answer.status_code == 409:
            raise SendFailed(
                "웹훅이 등록되어 있거나 다른 곳에서 같은 봇을 받고 있습니다. deleteWebhook을 먼저 부르세요 "
                "(a webhook is set, or another process polls)"
            )
        if not answer.is_success:
            again = answer.status_code >= 500 or answer.status_code == 429
            raise SendFailed(f"텔레그램이 거절했습니다 (getUpdates: HTTP {answer.status_code})", retry=again)
        return list(found["result"])

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [_fit(text) for text in texts]

    async def aclose(self) -> None:
        await self._request.shutdown()


def build(settings: Settings, house: House) -> Channel:
    return Telegram(settings, house)


def _read(update: Update) -> Received:
    """Raises TypeError or ValueError where the library let a wrong type pass."""
    key = str(update.update_id)
    if update.callback_query:
        return _pressed(key, update.callback_query)
    if (change := update.my_chat_member) and change.chat.type == ChatType.PRIVATE:
        if change.new_chat_member.status == ChatMemberStatus.BANNED:
            return Received((IncomingMessage(key, _id(change.chat.id), "stop"),))
        return Received(ignored="the bot was let in again")
    message = update.message
    if message is None:
        return Received(ignored="an update of another kind")
    if message.chat.type != ChatType.PRIVATE:
        return Received(ignored="not a private chat")
    found = _said(key, message)
    return Received((found,)) if found else Received(ignored="a service message")


def _pressed(key: str, query: CallbackQuery) -> Received:
    answered = orjson.dumps({"method": "answerCallbackQuery", "callback_query_id": _text(query.id)})
    ack = HttpAnswer(body=answered)
    if query.message is None or query.message.chat.type != ChatType.PRIVATE or not query.data:
        return Received(ignored="a button that is not ours", ack=ack)
    payload = _text(query.data)
    if not payload.isascii() or len(payload) > 64:
        return Received(ignored="a button that is not ours", ack=ack)
    address, lang = _id(query.message.chat.id), _lang(query.from_user.language_code)
    return Received((IncomingMessage(key, address, "button", payload=payload, lang_hint=lang),), ack=ack)


def _said(key: str, message: Message) -> IncomingMessage | None:
    """None for what Telegram itself says in a chat (pinned, timer set…)."""
    address = _id(message.chat.id)
    lang = _lang(message.from_user.language_code if message.from_user else None)
    text = _text(message.text or message.caption)

    def made(kind: Any, text: str = text, **values: Any) -> IncomingMessage:
        return IncomingMessage(key, address, kind, text, lang_hint=lang, sent_at=message.date, **values)

    if message.text:
        command, _, rest = text.partition(" ")
        known = {"/start": "start", "/stop": "stop"}.get(command.partition("@")[0])
        return made(known, rest.strip()) if known else made("text")
    if message.venue:
        return made("place", place=_point(message.venue.location, f"{message.venue.title} {message.venue.address}"))
    if message.location:
        return made("place", place=_point(message.location, ""))
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return made("media", media=(_media("photo", largest, "image/jpeg"),))
    attached = message.effective_attachment
    if isinstance(attached, Document) and _text(attached.mime_type).startswith("image/"):
        return made("media", media=(_media("photo", attached, _text(attached.mime_type)),))
    if isinstance(attached, Document | Audio):
        return made("other", media=(_media("file", attached, _text(attached.mime_type)),))
    if isinstance(attached, Voice):
        return made("other", media=(_media("voice", attached, _text(attached.mime_type)),))
    if isinstance(attached, Video | Animation | VideoNote):
        return made("other", media=(_media("video", attached, "video/mp4"),))
    return made("other") if attached else None


def _id(value: object) -> str:
    if type(value) is not int:
        raise TypeError("not a chat id")
    return str(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _lang(value: object) -> str:
    code = _text(value)
    return code if code.isascii() and code.isprintable() and len(code) <= 16 else ""


def _point(location: Location, label: str) -> GeoPoint:
    lat, lon = float(location.latitude), float(location.longitude)
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError("not on the earth")
    return GeoPoint(lat, lon, label.strip())


def _media(
    kind: Literal["photo", "file", "voice", "video"],
    file: PhotoSize | Document | Audio | Voice | Video | Animation | VideoNote,
    content_type: str,
) -> Media:
    ref = _text(file.file_id)
    if not (ref.isascii() and ref.isprintable() and 0 < len(ref) <= 1000 and content_type.isprintable()):
        raise ValueError("not a file id")
    size = file.file_size or 0
    return Media(kind, ref, content_type, size if type(size) is int and size > 0 else 0)


def _markup(message: OutgoingMessage) -> _Markup:
    """Telegram shows one keyboard a message. Asking for a place needs the keyboard below the text field, so there the
    buttons become keys beside it and come back as text of their label; else they hang under the message, and a key
    left over from an earlier question is taken away."""
    buttons = message.buttons[:MAX_BUTTONS]
    if message.ask == "place":
        share = KeyboardButton(_SHARE["ko" if message.lang == "ko" else "en"], request_location=True)
        keys = [[share], *([KeyboardButton(one.label)] for one in buttons)]
        return ReplyKeyboardMarkup(keys, resize_keyboard=True, one_time_keyboard=True)
    if not buttons:
        return ReplyKeyboardRemove()
    wide = 2 if all(len(one.label) <= 12 for one in buttons) else 1
    made = [InlineKeyboardButton(one.label, callback_data=one.payload) for one in buttons]
    return InlineKeyboardMarkup([made[at : at + wide] for at in range(0, len(made), wide)])


def _failure(error: TelegramError) -> SendFailed:
    """What a failed call means for the message. The order matters: BadRequest is a NetworkError to the library."""
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
        return SendFailed("텔레그램이 천천히 보내라고 합니다 (flood control)", retry=True, retry_after=seconds)
    if error.message.startswith("Too Many Requests"):
        return SendFailed("텔레그램이 천천히 보내라고 합니다 (flood control)", retry=True)
    if isinstance(error, Forbidden):
        return SendFailed("시민이 봇을 차단했거나 탈퇴했습니다 (blocked by the citizen)", stopped=True)
    if isinstance(error, InvalidToken):
        return SendFailed("텔레그램이 봇 토큰을 받지 않습니다. 설정의 token을 확인하세요 (the bot token is not valid)")
    if isinstance(error, BadRequest):
        said = error.message.partition(". ")[0][:100]
        return SendFailed(f"텔레그램이 메시지를 거절했습니다 ({said})")
    if isinstance(error.__cause__, NEVER_LEFT):
        cause = type(error.__cause__).__name__
        return SendFailed(f"텔레그램에 연결하지 못했습니다 (not sent: {cause})", retry=True)
    kind = type(error.__cause__ or error).__name__
    return SendFailed(f"보내는 중에 끊겨 도착했는지 알 수 없습니다 (may have been sent: {kind})", unknown=True)


def _fit(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
