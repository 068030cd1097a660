"""From what to say to what a channel can show: one compiler for all bodies, whoever says them (docs/adr/0019)."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from bot import fitting
from bot.fitting import Body
from bot.replies import Texts
from core import cp949, pieces
from core.contracts.channel import Capabilities, Card
from core.contracts.dialogue import Choice, Say
from core.settings import SmsBytes

SMS = SmsBytes()
_OPEN_TO_ALL = (
    *("emergency.", "intro", "who", "welcome_back", "stop.", "refuse", "clarify", "abuse.", "message.", "intent_line."),
    *(f"general.{name}" for name in ("greet", "thanks", "help", "affirm", "deny", "hand_over")),
)
"""The bot's own texts that hold nothing of a person (a `Say` of a service says so itself)."""
_BULLET = re.compile(r"^\s*[·•]\s*")
split = pieces.split


def compile_says(
    says: Sequence[Say],
    lang: str,
    can: Capabilities,
    texts: Texts,
    *,
    sms: SmsBytes = SMS,
    has_form: bool = False,
    complete: Callable[[Say, Body], list[Body]] | None = None,
) -> list[Body]:
    """The bubbles of a turn as stored bodies {text, buttons | options, ask, lang, cards, subject}, fit for the channel.

    `has_form`: a form is open after them, whose questions are nobody else's to read. `complete` may add to a whole
    body before it is fitted (a link to the web form). Choices written as numbered lines are in `options`, numbered
    through the whole turn, so that a number means one thing: `offered` has them in that order.
    """
    if can.is_public:
        says = _for_all(says, has_form=has_form)
    bodies: list[Body] = []
    for say in says:
        made = whole(say, lang, can, texts)
        for body in complete(say, made) if complete else [made]:
            bodies += fitting.fit(body, can, texts, sms, first=len(offered(bodies)) + 1)
    return [{**body, "is_fitted": True} for body in joined(bodies, can, sms)]


def joined(bodies: Sequence[Body], can: Capabilities, sms: SmsBytes) -> list[Body]:
    """Neighbours made one bubble, as far as texts have room: where a turn has more than the channel's `max_bubbles`,
    and where a long text message takes in its neighbour for nothing (two cost more, and may come in any order).

    Only what is nothing but words goes before the next; a question keeps its choices last.
    """
    kept, at = list(bodies), 0
    while at + 1 < len(kept):
        one, two = kept[at], kept[at + 1]
        text = f"{one['text']}\n\n{two['text']}"
        is_wanted = len(kept) > can.max_bubbles or _is_long(one, can, sms) or _is_long(two, can, sms)
        if is_wanted and set(one) <= {"text", "lang", "subject", "secrecy"} and fitting.has_room(text, can):
            kept[at : at + 2] = [one | two | {"text": text}]
        else:
            at += 1
    return kept


def _is_long(body: Body, can: Capabilities, sms: SmsBytes) -> bool:
    return can.charset == "cp949" and cp949.kind(body["text"], sms=sms.sms) != "sms"


def whole(say: Say, lang: str, can: Capabilities, texts: Texts) -> Body:
    """A Say with all its choices and cards, whatever the channel can show of it."""
    key = f"{say.key}.sms" if fitting.is_text_message(can) and texts.has(f"{say.key}.sms") else say.key
    text = texts.render(key, lang, say.values)
    body: Body = {"text": text, "lang": lang} | ({"secrecy": say.secrecy} if say.secrecy else {})
    if say.buttons:
        body["buttons"] = [
            {"payload": choice.payload, "label": label(choice, say.values, lang, texts)} for choice in say.buttons
        ]
    if say.cards and can.cards:
        body["cards"] = cards_of(say.cards[: can.cards], text)
    if say.ask and (say.ask == "photo" or can.asks_place):
        body["ask"] = say.ask
    return body


def label(choice: Choice, values: Any, lang: str, texts: Texts) -> str:
    """A button's words."""
    return texts.render(choice.key, lang, values) if choice.key else choice.label


def offered(bodies: Sequence[Body]) -> list[dict[str, str]]:
    """The choices written as numbered lines, in the order of their numbers."""
    return [option for body in bodies for option in body.get("options", ())]


def cards_of(cards: Sequence[Card], text: str) -> list[dict[str, str]]:
    """The cards as stored: one without words of its own gets what the text says of it."""
    return [
        {"title": card.title, "text": card.text or _said_of(card.title, number, text), "url": card.url}
        for number, card in enumerate(cards, 1)
    ]


def _said_of(title: str, number: int, text: str) -> str:
    """What stands behind "1. title" and indented below it; of a text on one thing its points."""
    lines = text.split("\n")
    head = re.compile(rf"^{number}\.\s*{re.escape(title)}(?P<rest>.*)$")
    start = next((index for index, line in enumerate(lines) if head.match(line)), None)
    if start is None:
        return "\n".join(_BULLET.sub("", line) for line in lines if _BULLET.match(line))
    found = head.match(lines[start])
    said = [found["rest"].strip(" ·") if found else ""]
    for line in lines[start + 1 :]:
        if not line.startswith(" "):
            break
        said.append(_BULLET.sub("", line).strip())
    return "\n".join(one for one in said if one)


def _for_all(says: Sequence[Say], *, has_form: bool) -> list[Say]:
    """What may be read by all; in the place of everything else one invitation to go on in private."""
    is_safe = [not has_form and (say.is_public or say.key.startswith(_OPEN_TO_ALL)) for say in says]
    kept = [say for say, is_kept in zip(says, is_safe, strict=True) if is_kept or say.key.startswith("emergency.")]
    return kept if all(is_safe) else [*kept, Say("public.elsewhere")]
