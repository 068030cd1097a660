"""One body fitted to one channel: numbered choices, its charset and lengths, the case number first in a text message.

Used twice with one result: by the compiler for a turn's answers, and by the sender for what was queued whole.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid5

from bot.replies import Texts
from core import cp949, pieces
from core.contracts.channel import Button, Capabilities, Card, Channel, OutgoingMessage, SendFailed, Sent
from core.settings import SmsBytes

Body = dict[str, Any]
Option = dict[str, str]
_RECEIPT = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{1,4}-\d{4}-\d{6,9}(?:-\d{1,2})?(?![A-Za-z0-9-])")
_COUNTS = re.compile(r"^(\d{1,2})(?!\d)")
_ENDLESS = Capabilities(max_text=1_000_000, max_buttons=0, max_label=1)
"""A text beside a template stays one: the provider has the template, and the text only where that is refused."""
_OF_EACH = ("lang", "answers", "reply_token", "secrecy")
"""What every piece of a text carries; `template` and `replaces` are the first one's, what asks is the last one's."""


def is_text_message(can: Capabilities) -> bool:
    """A channel to telephones with nothing but text: short words, and the case number first."""
    return can.max_buttons == 0 and can.has_phone_address


def fit(body: Body, can: Capabilities, texts: Texts, sms: SmsBytes, *, first: int = 1) -> list[Body]:
    """The body as the bodies that the channel shows, in order. `sms` in bytes of CP949.

    `first`: the number of its first choice where the channel has no buttons; such choices are kept in `options`.
    """
    say = _sayer(can)
    text, subject = say(body["text"]), say(body.get("subject", ""))
    buttons = [{**one, "label": say(one["label"])} for one in body.get("buttons", ())]
    lines = ""
    if can.max_buttons == 0 and buttons:
        buttons = in_order(buttons)
        lines = "\n".join((*_numbered(buttons, text, first), say(texts.render("choice.how", body.get("lang", ""), {}))))
    elif len(buttons) > can.max_buttons:
        lines = "\n".join(_numbered(buttons, text, first))
    number = _case_number(subject, text) if is_text_message(can) else ""
    parts = _parts(text, lines, number, _ENDLESS if body.get("template") else can)
    made = [{"text": part} | {key: body[key] for key in _OF_EACH if body.get(key)} for part in parts]
    made[0] |= {key: body[key] for key in ("template", "replaces") if body.get(key)}
    made[-1] |= _choices(buttons, can) | {key: body[key] for key in ("ask",) if body.get(key)}
    if cards := body.get("cards", [])[: can.cards]:
        made[-1]["cards"] = [{**card, "title": say(card["title"]), "text": say(card.get("text", ""))} for card in cards]
    for one in made:
        if head := _subject(one, subject, number, can, texts, sms):
            one["subject"] = head
    return made


def in_order(options: Sequence[Option]) -> list[Option]:
    """The choices in the order of their numbers: "5점, 4점 … 1점" is turned, so that 5 means five points."""
    counts = [int(found[1]) for one in options if (found := _COUNTS.match(one["label"]))]
    if len(counts) < 2 or sorted(counts) != list(range(1, len(counts) + 1)):
        return list(options)
    counted = [one for one in options if _COUNTS.match(one["label"])]
    by_count = [one for _, one in sorted(zip(counts, counted, strict=True), key=lambda pair: pair[0])]
    return [*by_count, *(one for one in options if one not in counted)]


def _sayer(can: Capabilities) -> Callable[[str], str]:
    """What the channel's charset makes of a text."""
    return (lambda text: cp949.plain(text).text) if can.charset == "cp949" else (lambda text: text)


def _numbered(options: Sequence[Option], text: str, first: int) -> list[str]:
    """A line a choice; none for what the text has numbered so itself ("1. 구래공영주차장 (350m)")."""
    lines = [f"{number}. {option['label']}" for number, option in enumerate(options, first)]
    said = [re.sub(r"\s+", " ", line.strip()) for line in text.split("\n")]
    return [line for line in lines if not any(one == line or one.startswith((f"{line} ", f"{line}(")) for one in said)]


def _choices(options: list[Option], can: Capabilities) -> Body:
    if not options:
        return {}
    if can.max_buttons == 0:
        return {"options": options}
    shown = options[: can.max_buttons]
    return {"buttons": [{**one, "label": pieces.cut(one["label"], can.max_label)} for one in shown]}


def _case_number(subject: str, text: str) -> str:
    """The one case that the message is about, if it is about one."""
    found = set(_RECEIPT.findall(subject)) or set(_RECEIPT.findall(text))
    return found.pop() if len(found) == 1 else ""


def _parts(text: str, lines: str, number: str, can: Capabilities) -> list[str]:
    """The text and its choices in pieces, the choices together where they fit; the case number leads each piece."""
    if number and not text.startswith((number, f"[{number}]")):
        text = re.sub(rf"\s?\({number}\)", "", text, count=1)
    lead = f"[{number}] " if number else ""
    whole = f"{text}\n{lines}" if lines else text
    found = _split(whole, lead, can)
    if lines and len(found) > 1 and len(_split(lines, lead, can)) == 1:
        found = _split(text, lead, can)
        joined = f"{found[-1]}\n{lines}"
        found = [*found[:-1], joined] if len(_split(joined, lead, can)) == 1 else [*found, lines]
    return [part if not number or part.startswith((number, f"[{number}]")) else lead + part for part in found]


def has_room(text: str, can: Capabilities) -> bool:
    """Whether one message of the channel holds the text."""
    return len(text) <= can.max_text and (can.max_bytes is None or _size(can)(text) <= can.max_bytes)


def _split(text: str, lead: str, can: Capabilities) -> list[str]:
    room = can.max_text - len(lead)
    if can.max_bytes is None:
        return pieces.split(text, room)
    wide = pieces.split(text, can.max_bytes - len(lead), _size(can))
    return [piece for part in wide for piece in pieces.split(part, room)]


def _size(can: Capabilities) -> pieces.Size:
    return cp949.size if can.charset == "cp949" else _utf8


def _utf8(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _subject(one: Body, given: str, number: str, can: Capabilities, texts: Texts, sms: SmsBytes) -> str:
    """What heads the message; a domestic text message has a head only as a long one."""
    if can.charset != "cp949":
        return given
    if cp949.kind(one["text"], sms=sms.sms) == "sms":
        return ""
    head = given or texts.render("sms.subject", one.get("lang", "ko"), {"number": number})
    return cp949.cut(cp949.plain(head).text, sms.subject)


class Fitter:
    """Fits what was queued whole, when it is sent. `sms`: bounds of domestic text messages from config.yml."""

    def __init__(self, texts: Texts, sms: SmsBytes) -> None:
        self.texts = texts
        self._sms = sms

    def fitted(self, message: OutgoingMessage, can: Capabilities) -> list[OutgoingMessage]:
        """The message as the channel shows it: itself if it was compiled for it, else one message or several.

        The first has the message's own id, the others ids made of it, so that a second try has the same ones. Where
        others read, nobody knows what it holds: it is a word to go on in private.
        """
        if message.is_fitted and (message.reply_token or _keeps_to(message, can)):
            return [message]  # a one-time address takes one message, however much the turn said
        body = _body(message)
        if can.is_public:
            body = {"text": self.texts.render("public.elsewhere", message.lang, {}), "lang": message.lang}
        bodies = fit(body, can, self.texts, self._sms)
        return [_message(message, one, number) for number, one in enumerate(bodies)]

    async def send(self, channel: Channel, message: OutgoingMessage) -> Sent:
        """One attempt, whole or in pieces. Raises SendFailed; after a first piece went out without an idempotency key
        nothing is tried again, as the beginning would come twice."""
        sent = Sent()
        for number, piece in enumerate(self.fitted(message, channel.capabilities)):
            try:
                sent = await channel.send(piece)
            except SendFailed as failure:
                if number == 0 or channel.capabilities.idempotent:
                    raise
                reason = f"나눈 글 가운데 {number}통만 보냈습니다. ({number} of the parts went out.) {failure.reason}"
                raise SendFailed(
                    reason, stopped=failure.stopped, unknown=failure.unknown, outage=failure.outage
                ) from None
        return sent


def _keeps_to(message: OutgoingMessage, can: Capabilities) -> bool:
    """It has no more than the channel shows: what was fitted to another one, or to its limits of yesterday, may."""
    is_sendable = can.charset != "cp949" or not cp949.refused(message.text)
    return is_sendable and len(message.buttons) <= can.max_buttons and has_room(message.text, can)


def _body(message: OutgoingMessage) -> Body:
    template = message.template
    return {
        "text": message.text,
        "lang": message.lang,
        "buttons": [{"payload": button.payload, "label": button.label} for button in message.buttons],
        "ask": message.ask,
        "cards": [{"title": card.title, "text": card.text, "url": card.url} for card in message.cards],
        "template": {"key": template.key, "values": template.values} if template else None,
        "subject": message.subject,
    }


def _message(whole: OutgoingMessage, body: Body, number: int) -> OutgoingMessage:
    return replace(
        whole,
        id=uuid5(whole.id, str(number)) if number else whole.id,
        text=body["text"],
        buttons=tuple(Button(**button) for button in body.get("buttons", ())),
        ask=body.get("ask", ""),
        cards=tuple(Card(**card) for card in body.get("cards", ())),
        template=whole.template if body.get("template") else None,
        subject=body.get("subject", ""),
        replaces="" if number else whole.replaces,
        is_fitted=True,
    )
