"""What Kakao is answered: at most three bubbles or cards and ten quick replies, and how a text is made to fit.

Apart from the channel for its length. Sources: docs/channels/kakao.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.cards import beside_cards, numbered
from core.contracts.channel import Button, Card, OutgoingMessage

MAX_TEXT = 1000
MAX_BUBBLES = 3
MAX_BUTTONS = 10
MAX_LABEL = 14
MAX_CARDS = 5
SHOW_PAYLOAD = "late:show"
"""What the "show the answer" button carries where buttons can carry something (`block_id` is set)."""
_WAIT = {
    "ko": "답변을 준비하고 있습니다. 잠시 뒤에 다시 확인해 주세요.",
    "en": "We are preparing the answer. Please check again in a moment.",
}
_SHOW = {"ko": "답변 보기", "en": "Show answer"}
_GOT = {"ko": "메시지를 받았습니다.", "en": "We have received your message."}
_TESTED = "신문고에 연결되었습니다. 관리자센터의 시험 호출을 잘 받았습니다."
_LIST = {"ko": "안내", "en": "List"}
_SAID = 100
"""Characters of what a quick reply says for the citizen: enough to find its button by, ten of them small enough."""
_SENTENCE_END = re.compile(r"[.!?。…]\s|\n")


class Limits(BaseModel):
    """What Kakao takes, as far as guides and third-party libraries tell (not confirmed by Kakao, hence settings).

    Characters of a card's title and words, of a list's heading and of one item's words; bytes of a whole answer;
    seconds in which a callback address is good.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    card_title: Annotated[int, Field(ge=5)] = 40
    card_text: Annotated[int, Field(ge=10)] = 230
    list_title: Annotated[int, Field(ge=5)] = 40
    list_text: Annotated[int, Field(ge=5)] = 40
    carousel_text: Annotated[int, Field(ge=10)] = 128
    answer_bytes: Annotated[int, Field(ge=15_000)] = 30_000
    callback_s: Annotated[int, Field(ge=10, le=300)] = 60


@dataclass(slots=True)
class _Shown:
    text: str
    card: dict[str, Any] | None


class Answers:
    """`block_id`: the block that the skill hangs on; with it a quick reply brings its payload back."""

    def __init__(self, block_id: str, limits: Limits) -> None:
        self._block_id = block_id
        self._limits = limits

    def tested(self) -> dict[str, Any]:
        """To the admin centre's test call."""
        return self._made(_simple([_TESTED]), ())

    def pending(self, messages: Sequence[OutgoingMessage], *, has_callback: bool, lang: str) -> dict[str, Any]:
        wait, texts = _WAIT[_known(lang)], _texts(messages)
        if has_callback:
            shown = "\n\n".join(texts) or wait
            return {"version": "2.0", "useCallback": True, "data": {"text": fitted([shown], 1)[0]}}
        bubbles = [*fitted(texts, MAX_BUBBLES - 1), wait]
        return self._made(_simple(bubbles), (_show(lang), *_buttons(messages)))

    def body(self, messages: Sequence[OutgoingMessage], lang: str) -> dict[str, Any]:
        """Cards in place of the lines that they stand for; what asks for the web form offers to go on after it."""
        shown = [_Shown(message.text, self._card(message)) for message in messages]
        for extra in [one for one in shown if one.card][: 1 - MAX_BUBBLES]:
            extra.card = None  # no room: its words hold all that it says
        cards = [one.card for one in shown if one.card]
        texts = [
            beside_cards(one.text, message.cards) if one.card else one.text
            for one, message in zip(shown, messages, strict=True)
        ]
        bubbles = fitted([text for text in texts if text.strip()], MAX_BUBBLES - len(cards))
        if not bubbles and not cards:
            bubbles = [_GOT[_known(lang)]]
        is_form = any(message.ask and message.cards for message in messages)
        buttons = _buttons(messages)
        if is_form:
            buttons = (*buttons[: MAX_BUTTONS - 1], _show(lang))
        return self._made([*_simple(bubbles), *cards], buttons)

    def _made(self, outputs: list[dict[str, Any]], buttons: Sequence[Button]) -> dict[str, Any]:
        template: dict[str, Any] = {"outputs": outputs}
        if buttons:
            template["quickReplies"] = [self._quick_reply(one) for one in buttons[:MAX_BUTTONS]]
        return {"version": "2.0", "template": template}

    def _card(self, message: OutgoingMessage) -> dict[str, Any] | None:
        """What shows the message's cards without losing a word: a list where each fits a line, else cards side by side.

        None where the text says it better: a card that is cut, or a single one with nothing to press.
        """
        cards, limits = message.cards[:MAX_CARDS], self._limits
        if len(cards) == 1:
            return {"basicCard": self._basic(cards[0], message.text)} if _is_link(cards[0].url) else None
        if not cards or beside_cards(message.text, cards) == message.text.strip():
            return None
        lines = [" · ".join(card.text.split("\n")) for card in cards]
        if all(len(line) <= limits.list_text for line in lines):
            return self._list(message, list(zip(cards, lines, strict=True)))
        if all(len(card.text) <= limits.carousel_text for card in cards):
            items = [self._basic(numbered(number, card)) for number, card in enumerate(cards, 1)]
            return {"carousel": {"type": "basicCard", "items": items}}
        return None

    def _basic(self, card: Card, said: str = "") -> dict[str, Any]:
        """A card; of its words those that the text beside it does not say already."""
        found: dict[str, Any] = {"title": _cut(card.title, self._limits.card_title)}
        if card.text and card.text not in said:
            found["description"] = _cut(card.text, self._limits.card_text)
        if _is_link(card.url):
            button = {"action": "webLink", "label": _cut(card.title, MAX_LABEL), "webLinkUrl": card.url}
            found["buttons"] = [button]
        return found

    def _list(self, message: OutgoingMessage, rows: Sequence[tuple[Card, str]]) -> dict[str, Any]:
        heading = beside_cards(message.text, message.cards).partition("\n")[0] or _LIST[_known(message.lang)]
        items = []
        for number, (card, line) in enumerate(rows, 1):
            item: dict[str, Any] = {"title": _cut(f"{number}. {card.title}", self._limits.card_title)}
            item |= {"description": line} if line else {}
            item |= {"link": {"web": card.url}} if _is_link(card.url) else {}
            items.append(item)
        return {"listCard": {"header": {"title": _cut(heading, self._limits.list_title)}, "items": items}}

    def _quick_reply(self, button: Button) -> dict[str, Any]:
        """By "message" only the label comes back (the dialogue finds the button by it); by "block" the payload."""
        label = _cut(button.label, MAX_LABEL)
        reply: dict[str, Any] = {"label": label, "action": "message", "messageText": button.label[:_SAID]}
        if self._block_id:
            reply |= {"action": "block", "blockId": self._block_id, "extra": {"payload": button.payload}}
        return reply


def _show(lang: str) -> Button:
    return Button(_SHOW[_known(lang)], SHOW_PAYLOAD)


def _simple(bubbles: Sequence[str]) -> list[dict[str, Any]]:
    return [{"simpleText": {"text": bubble}} for bubble in bubbles]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _is_link(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= 500


def _known(lang: str) -> Literal["ko", "en"]:
    return "ko" if lang in ("", "ko") else "en"


def _texts(messages: Sequence[OutgoingMessage]) -> list[str]:
    return [message.text for message in messages if message.text.strip()]


def _buttons(messages: Sequence[OutgoingMessage]) -> tuple[Button, ...]:
    """Those of all messages, each label once: Kakao has one row of them under the whole answer."""
    return tuple({button.label: button for message in messages for button in message.buttons}.values())


def fitted(texts: Sequence[str], most: int) -> list[str]:
    """At most `most` bubbles: a text each, long ones split; packed together when they are too many; then cut."""
    pieces = [piece for text in texts for piece in _pieces(text)]
    if len(pieces) > most:
        pieces = _pieces("\n\n".join(texts))
    if len(pieces) > most:
        last = pieces[most - 1]
        pieces = [*pieces[: most - 1], last[: MAX_TEXT - 1] + "…"]
    return pieces


def _pieces(text: str) -> list[str]:
    """Split at the last sentence end of the second half of each 1000 characters, else at a space, else anywhere."""
    pieces = []
    while len(text) > MAX_TEXT:
        ends = [match.end() for match in _SENTENCE_END.finditer(text, MAX_TEXT // 2, MAX_TEXT)]
        at = ends[-1] if ends else text.rfind(" ", MAX_TEXT // 2, MAX_TEXT) + 1 or MAX_TEXT
        pieces.append(text[:at].rstrip() or "…")
        text = text[at:].lstrip()
    return [*pieces, text] if text else pieces
