"""A long text in pieces or cut short, by whatever a provider counts: characters, or the bytes of its charset."""

import re
from collections.abc import Callable

Size = Callable[[str], int]
_SENTENCE_END = re.compile(r"[.!?。]\s")
SIGN = "…"


def split(text: str, most: int, size: Size = len) -> list[str]:
    """The text in pieces of at most `most` by `size`, cut at lines, then sentences, then words; never an empty one.

    A single character larger than `most` stands alone. Raises nothing.
    """
    pieces: list[str] = []
    rest = text
    while size(rest) > most and len(rest) > 1:
        head = rest[: fitting(rest, most, size)]
        cut = max(head.rfind("\n"), 0) or _last_sentence(head) or head.rfind(" ")
        cut = cut if cut > len(head) // 3 else len(head)
        pieces.append(rest[:cut].strip())
        rest = rest[cut:].lstrip()
    return [piece for piece in (*pieces, rest) if piece] or [text.strip()]


def cut(text: str, most: int, size: Size = len) -> str:
    """The text itself where it fits, else its beginning with "…"; "" where not even the sign fits."""
    if size(text) <= most:
        return text
    room = most - size(SIGN)
    if room < 0:
        return ""
    head = text[: fitting(text, room, size)]
    return (head.rstrip() if size(head) <= room else "") + SIGN


def fitting(text: str, most: int, size: Size) -> int:
    """How many characters from the start fit, each being one or more; at least one, so that whoever splits gets on."""
    low, high = 1, max(1, min(len(text), most))
    while low < high:
        middle = (low + high + 1) // 2
        if size(text[:middle]) <= most:
            low = middle
        else:
            high = middle - 1
    return low


def _last_sentence(head: str) -> int:
    ends = [match.end() for match in _SENTENCE_END.finditer(head)]
    return ends[-1] if ends else 0
