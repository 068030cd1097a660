"""A text without its spaces, and the way back: Korean spacing is optional, so names are looked for without it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Compact:
    """`text` has no spaces; `origin[i]` is where its i-th character stood; `opens` holds the starts of words."""

    text: str
    origin: tuple[int, ...]
    opens: frozenset[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the spaced text of a non-empty span of `text`."""
        return self.origin[start], self.origin[end - 1] + 1

    def crosses_space(self, start: int, end: int) -> bool:
        """Whether the span covers the beginning of a later word."""
        return any(at in self.opens for at in range(start + 1, end))


def compact(text: str) -> Compact:
    """Drop spaces. A word opens after a space, after a mark, and where script changes to or from digits and Latin."""
    origin = tuple(at for at, char in enumerate(text) if not char.isspace())
    opens = {
        number
        for number, at in enumerate(origin)
        if at == 0 or not text[at - 1].isalnum() or (text[at - 1].isascii() != text[at].isascii())
    }
    return Compact("".join(text[at] for at in origin), origin, frozenset(opens))
