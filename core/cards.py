"""Cards beside a text that says the same: what is left to say in words, and how a card is called by its number."""

import re
from collections.abc import Sequence
from dataclasses import replace

from core.contracts.channel import Card


def beside_cards(text: str, cards: Sequence[Card]) -> str:
    """The text without the numbered lines (and what is indented below them) that cards show."""
    kept, is_inside = [], False
    heads = [re.compile(rf"{number}\.\s*{re.escape(card.title)}") for number, card in enumerate(cards, 1)]
    for line in text.split("\n"):
        is_inside = any(head.match(line) for head in heads) or (is_inside and line.startswith(" "))
        kept += [] if is_inside else [line]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def numbered(number: int, card: Card) -> Card:
    """As the text numbers it, so that "2번" can be said of it."""
    return replace(card, title=f"{number}. {card.title}")
