"""From what to say to what a channel can show: lengths, number of buttons, labels; nothing is dropped silently."""

import re
from collections.abc import Sequence
from typing import Any

from bot.replies import Texts
from core.contracts.channel import Capabilities
from core.contracts.dialogue import Choice, Say

Body = dict[str, Any]


def compile_says(says: Sequence[Say], lang: str, can: Capabilities, texts: Texts) -> list[Body]:
    """The bubbles of a turn as stored bodies {text, buttons, ask, lang}, fit for the channel."""
    bodies: list[Body] = []
    for say in says:
        buttons = [(choice.payload, label(choice, say.values, lang, texts)) for choice in say.buttons]
        text = texts.render(say.key, lang, say.values)
        if len(buttons) > can.max_buttons:
            text += "\n" + "\n".join(f"{index}. {name}" for index, (_, name) in enumerate(buttons, 1))
            buttons = buttons[: can.max_buttons]
        pieces = split(text, can.max_text)
        bodies += [{"text": piece, "lang": lang} for piece in pieces[:-1]]
        last: Body = {"text": pieces[-1], "lang": lang}
        if buttons:
            last["buttons"] = [{"payload": payload, "label": _cut(name, can.max_label)} for payload, name in buttons]
        if say.ask and (say.ask == "photo" or can.asks_place):
            last["ask"] = say.ask
        bodies.append(last)
    return bodies


def label(choice: Choice, values: Any, lang: str, texts: Texts) -> str:
    """A button's words."""
    return texts.render(choice.key, lang, values) if choice.key else choice.label


def split(text: str, most: int) -> list[str]:
    """The text in pieces of at most `most` characters, cut at lines, then sentences, then words."""
    pieces: list[str] = []
    rest = text
    while len(rest) > most:
        head = rest[:most]
        cut = max(head.rfind("\n"), 0) or _last(r"[.!?。]\s", head) or head.rfind(" ")
        cut = cut if cut > most // 3 else most
        pieces.append(rest[:cut].strip())
        rest = rest[cut:].lstrip()
    return [piece for piece in (*pieces, rest) if piece] or [text.strip()]


def _last(pattern: str, text: str) -> int:
    found = [match.end() for match in re.finditer(pattern, text)]
    return found[-1] if found else 0


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
