"""What an update of Telegram says: messages, pressed buttons, corrections, albums, and who let the bot in or out.

Apart from the channel for its length. Source: core.telegram.org/bots/api#update, Bot API 10.1.
"""

from collections.abc import Callable
from typing import Any, Literal

import orjson
from telegram import (
    Animation,
    Audio,
    CallbackQuery,
    ChatMemberUpdated,
    Document,
    InaccessibleMessage,
    Location,
    Message,
    PhotoSize,
    Update,
    Video,
    VideoNote,
    Voice,
)
from telegram.constants import ChatMemberStatus, ChatType

from core.contracts.channel import GeoPoint, HttpAnswer, IncomingMessage, Media, MessageKind, Pressed, Received

KINDS = ["message", "edited_message", "callback_query", "my_chat_member"]
"""`allowed_updates` for setWebhook and getUpdates: all that is read here."""
Made = Callable[..., IncomingMessage]
_OUT = (ChatMemberStatus.LEFT, ChatMemberStatus.BANNED)
_NO_GROUPS = {
    "ko": "안녕하세요. 저는 개인정보를 지키기 위해 1:1 대화에서만 도와드립니다. 제 이름을 눌러 대화를 시작해 주세요.",
    "en": "Hello. To protect your privacy I only help in private chats. Please press my name to start one.",
}


def read(update: Update) -> Received:
    """Raises TypeError or ValueError where the library let a wrong type pass."""
    key = str(update.update_id)
    if update.callback_query:
        return _pressed(key, update.callback_query)
    if update.my_chat_member:
        return _membership(key, update.my_chat_member)
    if update.edited_message:
        return _corrected(key, update.edited_message)
    message = update.message
    if message is None:
        return Received(ignored="an update of another kind")
    if message.chat.type != ChatType.PRIVATE:
        return _in_a_group(message)
    found = _said(key, message)
    return Received((found,)) if found else Received(ignored="a service message")


def answer(method: str, **values: Any) -> HttpAnswer:
    """One call of the Bot API in the acknowledgement itself ("Making requests when getting updates")."""
    return HttpAnswer(body=orjson.dumps({"method": method, **values}))


def _membership(key: str, change: ChatMemberUpdated) -> Received:
    """In a private chat: blocked, or let in again. In a group: somebody added the bot, who says why it leaves it at
    that."""
    now, before = change.new_chat_member.status, change.old_chat_member.status
    if change.chat.type != ChatType.PRIVATE:
        if before not in _OUT or now in _OUT or change.chat.type == ChatType.CHANNEL:
            return Received(ignored="a change in a group")
        lang = _lang(change.from_user.language_code)
        return Received(ignored="added to a group", ack=_no_groups(_whole(change.chat.id), lang))
    kind: MessageKind = "stop" if now == ChatMemberStatus.BANNED else "start"
    return Received((IncomingMessage(key, str(_whole(change.chat.id)), kind, is_event=True),))


def _in_a_group(message: Message) -> Received:
    """Only a command is meant for the bot there; people's talk is theirs."""
    if message.chat.type == ChatType.CHANNEL or not _text(message.text).startswith("/"):
        return Received(ignored="not a private chat")
    lang = _lang(message.from_user.language_code if message.from_user else None)
    return Received(ignored="a command in a group", ack=_no_groups(_whole(message.chat.id), lang))


def _no_groups(chat_id: int, lang: str) -> HttpAnswer:
    return answer("sendMessage", chat_id=chat_id, text=_NO_GROUPS["ko" if lang[:2] in ("", "ko") else "en"])


def _pressed(key: str, query: CallbackQuery) -> Received:
    ack = answer("answerCallbackQuery", callback_query_id=_text(query.id))
    if query.message is None or query.message.chat.type != ChatType.PRIVATE or not query.data:
        return Received(ignored="a button that is not ours", ack=ack)
    payload = _text(query.data)
    if not payload.isascii() or len(payload) > 64:
        return Received(ignored="a button that is not ours", ack=ack)
    question = _question(query, payload)
    message = IncomingMessage(
        external_id=key,
        address=str(_whole(query.message.chat.id)),
        kind="button",
        text=question.label,
        payload=payload,
        lang_hint=_lang(query.from_user.language_code),
        pressed=question,
    )
    return Received((message,), ack=ack)


def _question(query: CallbackQuery, payload: str) -> Pressed:
    """Of a message that is too old Telegram tells the id alone."""
    message = query.message
    assert message is not None
    provider_id = str(_whole(message.message_id))
    if isinstance(message, InaccessibleMessage) or not isinstance(message, Message):
        return Pressed(provider_id)
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    label = next((_text(one.text) for row in rows for one in row if one.callback_data == payload), "")
    return Pressed(provider_id, _text(message.text), label)


def _corrected(key: str, message: Message) -> Received:
    """The citizen's corrected words. A live location that moves on is one too: the place at the beginning counts."""
    if message.chat.type != ChatType.PRIVATE:
        return Received(ignored="not a private chat")
    text = _text(message.text or message.caption)
    if not text.strip() or message.location or message.venue:
        return Received(ignored="a correction without words")
    found = IncomingMessage(
        external_id=key,
        address=str(_whole(message.chat.id)),
        kind="text",
        text=text,
        lang_hint=_lang(message.from_user.language_code if message.from_user else None),
        sent_at=message.edit_date or message.date,
        provider_id=str(_whole(message.message_id)),
        edits=str(_whole(message.message_id)),
    )
    return Received((found,))


def _said(key: str, message: Message) -> IncomingMessage | None:
    """None for what Telegram itself says in a chat (pinned, timer set…)."""
    text = _text(message.text or message.caption)

    def made(kind: MessageKind, text: str = text, **values: Any) -> IncomingMessage:
        return IncomingMessage(
            key,
            str(_whole(message.chat.id)),
            kind,
            text,
            lang_hint=_lang(message.from_user.language_code if message.from_user else None),
            sent_at=message.date,
            provider_id=str(_whole(message.message_id)),
            album=_album(message.media_group_id),
            **values,
        )

    if message.text:
        return _command(text, made) or made("text")
    if message.venue:
        return made("place", place=_point(message.venue.location, f"{message.venue.title} {message.venue.address}"))
    if message.location:
        return made("place", place=_point(message.location, ""))
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return made("media", media=(_media("photo", largest, "image/jpeg"),))
    return _attached(message, made)


def _command(text: str, made: Made) -> IncomingMessage | None:
    """/start (with a deep link's value), /stop, /help; another command is said as it stands."""
    command, _, rest = text.partition(" ")
    match command.partition("@")[0].lower():
        case "/start":
            return made("start", rest.strip())
        case "/stop":
            return made("stop", rest.strip())
        case "/help":
            return made("text", rest.strip()) if rest.strip() else made("button", text, payload="do:help")
    return None


def _attached(message: Message, made: Made) -> IncomingMessage | None:
    attached: Any = message.effective_attachment
    if isinstance(attached, Document) and _text(attached.mime_type).startswith("image/"):
        return made("media", media=(_media("photo", attached, _text(attached.mime_type)),))
    if isinstance(attached, Document | Audio):
        return made("other", media=(_media("file", attached, _text(attached.mime_type)),))
    if isinstance(attached, Voice):
        return made("other", media=(_media("voice", attached, _text(attached.mime_type)),))
    if isinstance(attached, Video | Animation | VideoNote):
        return made("other", media=(_media("video", attached, "video/mp4"),))
    return made("other") if attached else None


def _whole(value: object) -> int:
    if type(value) is not int:
        raise TypeError("not an id")
    return value


def _album(value: object) -> str:
    name = _text(value)
    return name if name.isascii() and name.isprintable() and len(name) <= 64 else ""


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
