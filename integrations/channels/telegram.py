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
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from core import logs
from core.contracts.channel import (
    Capabilities,
    Channel,
    Forged,
    House,
    HttpAnswer,
    Malformed,
    Media,
    OutgoingMessage,
    Pressed,
    Received,
    SendFailed,
    Sent,
    WebhookRequest,
)
from core.http import NEVER_LEFT
from integrations.inbound import telegram as inbound

os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's own switch: durations as timedelta, and no warning

MAX_TEXT = 4096
MAX_BUTTONS = 100
MAX_FILE = 20 * 1024 * 1024
POLL_S = 25
HEADER = "x-telegram-bot-api-secret-token"
KINDS = inbound.KINDS
_SHARE = {"ko": "📍 현재 위치 보내기", "en": "📍 Send my location"}
_COMMANDS = {
    "ko": {"start": "처음부터 이야기하기", "help": "할 수 있는 일 보기", "stop": "알림 그만 받기"},
    "en": {"start": "Start over", "help": "What I can do", "stop": "Stop notices"},
}
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
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
        edits=True,
        threads=True,
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
            return inbound.read(Update.de_json(raw, None))
        except (
            Exception
        ):  # TypeError, KeyError, AttributeError, OverflowError…: whatever the library and a wrong type make
            return Received(ignored="an update that cannot be read")

    async def send(self, message: OutgoingMessage) -> Sent:
        """One sendMessage. Telegram takes no idempotency key: what broke off after leaving is `unknown`.

        `replaces` changes that message of ours instead; where Telegram says that it is gone, a new one is sent.
        """
        try:
            if message.replaces.isdigit() and (changed := await self._changed(message)):
                return changed
            sent = await self._bot.send_message(
                message.address,
                _fit(message.text),
                reply_markup=_markup(message),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_parameters=_answering(message),
            )
        except TelegramError as error:
            raise _failure(error) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            return Sent()  # taken (HTTP 2xx), but told in a shape that the library does not know
        return Sent(provider_id=str(sent.message_id))

    async def _changed(self, message: OutgoingMessage) -> Sent | None:
        """The message that `replaces` names, with the new text; None when it cannot be changed any more."""
        try:
            await self._edit(message.replaces, message.address, _fit(message.text), _inline(message))
        except BadRequest as error:
            said = error.message.lower()
            if any(gone in said for gone in _GONE):
                return None
            if "message is not modified" not in said:
                raise
        return Sent(provider_id=message.replaces)

    async def _edit(self, provider_id: str, address: str, text: str, markup: InlineKeyboardMarkup | None) -> None:
        await self._bot.edit_message_text(
            text,
            chat_id=address,
            message_id=int(provider_id),
            reply_markup=markup,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )

    async def close(self, pressed: Pressed, address: str) -> None:
        """The question keeps its words, loses its buttons, and says what was chosen. Never raises: it only tidies."""
        with contextlib.suppress(Exception):
            text = f"{pressed.text}\n\n☑️ {pressed.label}"
            if pressed.text and pressed.label and _units(text) <= MAX_TEXT:
                await self._edit(pressed.provider_id, address, text, None)
            else:
                await self._bot.edit_message_reply_markup(chat_id=address, message_id=int(pressed.provider_id))

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
        """setWebhook with our secret token and the kinds read here; the commands' menu. Raises SendFailed."""
        try:
            await self._bot.set_webhook(url, secret_token=self._secret, allowed_updates=KINDS)
            name = (await self._bot.get_me()).username
        except TelegramError as error:
            raise SendFailed(f"텔레그램이 거절했습니다 (setWebhook: {type(error).__name__})") from None
        with contextlib.suppress(TelegramError):  # a menu is a comfort: without it the bot works as well
            for lang, commands in _COMMANDS.items():
                menu = [BotCommand(word, told) for word, told in commands.items()]
                await self._bot.set_my_commands(menu, language_code="" if lang == "en" else lang)
        return f"@{name}"

    async def poll(self) -> AsyncIterator[WebhookRequest]:
        """Long polling without end. Raises SendFailed when a call fails; a new poll() goes on where this one stood.

        Telegram forgets an update when the next call names a higher offset, so not before the consumer came back.
        """
        offset: int | None = None
        while True:
            for update in await self._updates(offset):
                request = WebhookRequest("POST", {HEADER: self._secret}, {}, orjson.dumps(update))
                yield request
                offset = int(update["update_id"]) + 1
                with contextlib.suppress(Exception):
                    await self._say_what_the_webhook_would(self.receive(request).ack)

    async def _say_what_the_webhook_would(self, ack: HttpAnswer) -> None:
        """What stands in an acknowledgement is a call of its own where nobody reads acknowledgements."""
        if ack.body:
            values = orjson.loads(ack.body)
            await self._house.http.post(f"{self._api}/{values.pop('method')}", data=values, timeout=self._timeout_s)

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


def _markup(message: OutgoingMessage) -> _Markup:
    """Telegram shows one keyboard a message. Asking for a place needs the keyboard below the text field, so there the
    buttons become keys beside it and come back as text of their label; else they hang under the message, and a key
    left over from an earlier question is taken away."""
    buttons = message.buttons[:MAX_BUTTONS]
    if message.ask == "place":
        share = KeyboardButton(_SHARE["ko" if message.lang == "ko" else "en"], request_location=True)
        keys = [[share], *([KeyboardButton(_whole(one.label))] for one in buttons)]
        return ReplyKeyboardMarkup(keys, resize_keyboard=True, one_time_keyboard=True)
    return _inline(message) or ReplyKeyboardRemove()


def _inline(message: OutgoingMessage) -> InlineKeyboardMarkup | None:
    buttons = message.buttons[:MAX_BUTTONS]
    wide = 2 if all(len(one.label) <= 12 for one in buttons) else 1
    made = [InlineKeyboardButton(_whole(one.label), callback_data=one.payload) for one in buttons]
    return InlineKeyboardMarkup([made[at : at + wide] for at in range(0, len(made), wide)]) if made else None


def _answering(message: OutgoingMessage) -> ReplyParameters | None:
    """Under the message that it answers, or plainly when that one is gone."""
    if not message.answers.isdigit():
        return None
    return ReplyParameters(int(message.answers), allow_sending_without_reply=True)


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
        reason = "텔레그램이 봇 토큰을 받지 않습니다. 설정의 token을 확인하세요 (the bot token is not valid)"
        return SendFailed(reason, outage=True)
    if isinstance(error, BadRequest):
        said = error.message.partition(". ")[0][:100]
        return SendFailed(f"텔레그램이 메시지를 거절했습니다 ({said})")
    if isinstance(error.__cause__, NEVER_LEFT):
        cause = type(error.__cause__).__name__
        return SendFailed(f"텔레그램에 연결하지 못했습니다 (not sent: {cause})", retry=True)
    kind = type(error.__cause__ or error).__name__
    return SendFailed(f"보내는 중에 끊겨 도착했는지 알 수 없습니다 (may have been sent: {kind})", unknown=True)


def _fit(text: str) -> str:
    """At most 4,096 UTF-16 units, as Telegram counts: an emoji is two and is never cut in half."""
    text = _whole(text)
    if _units(text) <= MAX_TEXT:
        return text
    return text.encode("utf-16-le")[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "ignore") + "…"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "replace")) // 2


def _whole(text: str) -> str:
    """Half a pair of surrogates cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()
