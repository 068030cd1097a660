"""What the tagger sees of each character; training and the running engine share this code, so they cannot drift apart.

Spaces are dropped (Korean spacing is a habit, not a rule) and come back as clues about where words open.
"""

from collections.abc import Iterable

from nlu.entities.compact import Compact
from nlu.entities.found import Found

_EDGE = "^"
# Two letters at most: what follows tells whether a listed word ends where the list says, or goes on (나무|뿌리).
_PARTICLES = frozenset("은는이가을를의도만에로요과와랑서엔나며고께")


def tagging_features(compacted: Compact, clues: Iterable[Found]) -> list[list[str]]:
    """One list of features a character of `compacted.text`. `clues` are finds of lists and rules in the spaced text.

    Cost grows with the length of the text only: about fifteen short strings a character.
    """
    text = compacted.text
    size = len(text)
    opens = [at in compacted.opens for at in range(size)] + [True]
    starts, ends = _word_bounds(opens)
    hints = _hints(compacted, clues, opens)
    padded = f"{_EDGE}{_EDGE}{text}{_EDGE}{_EDGE}{_EDGE}"
    rows: list[list[str]] = []
    for at in range(size):
        start, end = starts[at], ends[at]
        two_back, back, char, next_, two_on = (padded[at + step] for step in range(5))
        place = ("B" if at == start else "") + ("E" if at + 1 == end else "")
        hint = hints[at]
        before = hints[at - 1] if at else ""
        row = [
            f"0{char}",
            f"1{back}",
            f"2{next_}",
            f"3{back}{char}",
            f"4{char}{next_}",
            f"6{next_}{two_on}",
            f"8{two_back}{back}{char}",
            f"9{char}{next_}{two_on}",
            f"p{place}",
            f"q{place}{char}",
            f"h{hint}",
            f"n{hints[end] if end < size else _EDGE}{place}",
            f"v{hints[start - 1] if start else _EDGE}{place}",
            f"y{text[max(0, start - 1) : start]}|{place}",
            f"z{text[end : end + 2]}|{place}",
        ]
        if hint or before:
            row += (f"i{before}|{hint}", f"j{hint}{place}", f"k{hint}{next_}")
        rows.append(row)
    return rows


def _word_bounds(opens: list[bool]) -> tuple[list[int], list[int]]:
    """For every character start and end of its word; `opens` has one more item than the text."""
    size = len(opens) - 1
    starts, ends = [0] * size, [size] * size
    for at in range(1, size):
        starts[at] = at if opens[at] else starts[at - 1]
    for at in range(size - 2, -1, -1):
        ends[at] = at + 1 if opens[at + 1] else ends[at + 1]
    return starts, ends


def _hints(compacted: Compact, clues: Iterable[Found], opens: list[bool]) -> list[str]:
    """For each character what covers it: `B`egins or goes on (`I`), the kind, `<` when a word opens there, `>` when it
    ends there or goes on with a particle; `L` and the kind for the letters of a word before a listed ending
    (벚꽃|축제).
    """
    size = len(compacted.text)
    hints = [""] * size
    ordered = sorted(clues, key=lambda one: one.start)
    if not ordered:
        return hints
    number = {at: position for position, at in enumerate(compacted.origin)}
    for one in ordered:
        if one.start not in number or one.end - 1 not in number:
            continue
        start, end = number[one.start], number[one.end - 1] + 1
        kind = one.role or one.type if one.type == "category" else one.type
        closed = opens[end] or compacted.text[end] in _PARTICLES
        mark = f"{kind}{'<' if opens[start] else ''}{'>' if closed else ''}"
        hints[start] = f"B{mark}"
        hints[start + 1 : end] = [f"I{mark}"] * (end - start - 1)
        at = start - 1
        while closed and not opens[at + 1] and at >= 0 and not hints[at]:
            hints[at] = f"L{kind}"
            at -= 1
    return hints
