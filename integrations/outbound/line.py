"""What LINE is shown: a text, cards beside it, quick replies under the last of them, in LINE's own measures.

Apart from the channel for its length. Sources: docs/channels/line.md.
"""

from typing import Any

from core import attempts
from core.cards import beside_cards, numbered
from core.contracts.channel import Card, OutgoingMessage

MAX_UNITS = 5000
"""Of one text message, in UTF-16 code units, as LINE counts."""
MAX_ITEMS = 13
"""Quick replies of one message."""
MAX_LABEL = 20
MAX_CARDS = 10
_SHARE = {"ko": "위치 보내기", "en": "Send location"}
_CAMERA = {"ko": "사진 찍기", "en": "Take a photo"}
_ROLL = {"ko": "앨범에서 고르기", "en": "Choose a photo"}
_MORE = {"ko": "자세히 보기", "en": "More"}


def shown(message: OutgoingMessage) -> list[dict[str, Any]]:
    """The words, the cards of a list in the place of its lines, the quick replies on the last of them."""
    made: list[dict[str, Any]] = []
    cards = message.cards[:MAX_CARDS]
    if len(cards) == 1 and not cards[0].url:
        cards = ()  # the text says it better
    words = beside_cards(message.text, cards) if len(cards) > 1 else message.text
    if words or not cards:
        made.append({"type": "text", "text": fit(words)})
    if cards:
        named = [numbered(number, card) for number, card in enumerate(cards, 1)] if len(cards) > 1 else cards
        bubbles = [_card(card, words, message.lang) for card in named]
        alt = attempts.fit(" · ".join(card.title for card in cards) or message.text, 400)
        made.append({"type": "flex", "altText": alt, "contents": {"type": "carousel", "contents": bubbles}})
    if actions := _actions(message):
        made[-1]["quickReply"] = {"items": [{"type": "action", "action": action} for action in actions]}
    return made


def _actions(message: OutgoingMessage) -> list[dict[str, str]]:
    lang = "ko" if message.lang == "ko" else "en"
    native = {
        "": [],
        "place": [{"type": "location", "label": _SHARE[lang]}],
        "photo": [{"type": "camera", "label": _CAMERA[lang]}, {"type": "cameraRoll", "label": _ROLL[lang]}],
    }[message.ask]
    return native + [
        {"type": "postback", "label": label, "data": one.payload, "displayText": label}
        for one in message.buttons[: MAX_ITEMS - len(native)]
        if (label := attempts.fit(one.label, MAX_LABEL))
    ]


def _card(card: Card, words: str, lang: str) -> dict[str, Any]:
    """A Flex bubble: what the words beside it do not say already, and a button where there is more to read."""
    lines = [{"type": "text", "text": attempts.fit(card.title or "·", 200), "weight": "bold", "wrap": True}]
    if card.text and card.text not in words:
        lines.append({"type": "text", "text": attempts.fit(card.text, 1000), "size": "sm", "wrap": True})
    bubble: dict[str, Any] = {"type": "bubble", "body": {"type": "box", "layout": "vertical", "contents": lines}}
    if card.url.isascii() and card.url.startswith("http"):
        action = {"type": "uri", "label": _MORE["ko" if lang == "ko" else "en"], "uri": card.url}
        bubble["footer"] = {"type": "box", "layout": "vertical", "contents": [{"type": "button", "action": action}]}
    return bubble


def fit(text: str) -> str:
    """Cut by UTF-16 code units, never through a character."""
    raw = text.encode("utf-16-le", "replace")
    if len(raw) <= MAX_UNITS * 2:
        return text
    return raw[: (MAX_UNITS - 1) * 2].decode("utf-16-le", "ignore") + "…"
