"""Rasa's entity markup inside an example line, turned into plain text and spans."""

import json
import re
import unicodedata
from dataclasses import dataclass

_MARKUP = re.compile(
    r"\[(?P<text>[^\[\]]+)\]"
    r"(?:\((?P<type>[^:()]+)(?::(?P<value>[^()]+))?\)|(?P<dict>\{[^{}]*\})|\[(?P<dicts>\{[^\[\]]*\})\])"
)


class MarkupError(ValueError):
    """An example whose brackets do not make an entity."""

    def __init__(self, korean: str, english: str) -> None:
        super().__init__(english)
        self.korean = korean
        self.english = english


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled entity; offsets in code points of the example's text."""

    start: int
    end: int
    type: str
    value: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text (NFC), with who wrote it and in which style where the file says so (docs/nlu-labels.md)."""

    text: str
    intent: str
    entities: tuple[Span, ...] = ()
    author: str = ""
    style: str = ""


def parse_line(line: str, intent: str, author: str = "") -> Example:
    """Plain text and spans of one marked-up line. Raises MarkupError."""
    line = unicodedata.normalize("NFC", line)
    plain, spans, last = "", [], 0
    for found in _MARKUP.finditer(line):
        plain += _checked(line[last : found.start()])
        surface = found["text"]
        kind, value, role = _label(found, surface)
        spans.append(Span(len(plain), len(plain) + len(surface), kind, value, role))
        plain += surface
        last = found.end()
    plain += _checked(line[last:])
    return Example(plain, intent, tuple(spans), author)


def _label(found: re.Match[str], surface: str) -> tuple[str, str, str | None]:
    if found["type"]:
        return found["type"].strip(), (found["value"] or surface).strip(), None
    try:
        label = json.loads(found["dict"] or f"[{found['dicts']}]")
    except ValueError as problem:
        korean = f"'[{surface}]' 뒤의 중괄호가 JSON이 아닙니다"
        raise MarkupError(korean, "the braces after an entity must be JSON") from problem
    label = label[0] if isinstance(label, list) else label
    if not isinstance(label, dict) or not isinstance(label.get("entity"), str):
        raise MarkupError(f"'[{surface}]'에 \"entity\" 이름이 없습니다", 'entity markup without "entity"')
    role = label.get("role")
    return label["entity"], str(label.get("value", surface)), str(role) if role is not None else None


def _checked(rest: str) -> str:
    broken = "](" in rest or "]{" in rest or rest.count("[") != rest.count("]")
    if broken:
        raise MarkupError(
            "개체 표시의 괄호 짝이 맞지 않습니다. '[글자](종류)' 꼴이어야 합니다", "unbalanced entity markup"
        )
    return rest
