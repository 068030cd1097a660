"""What the classifier sees of the entities of a text.

Personal numbers stand in the text as one class sign, so that no plate or phone teaches an intent; signs for places,
money and times were measured too and helped nothing. What the lists know of the words (a pharmacy is a shop) stands
behind the text, one kind a line, for a view of its own (docs/adr/0004).
"""

from collections.abc import Iterable, Sequence

from nlu.entities.found import Found

SIGNS = {"plate": "\ue001", "phone": "\ue002", "complaint_no": "\ue003"}


def with_signs(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    """The text with each (start, end, type) span of a signed type replaced; spans must not overlap."""
    pieces: list[str] = []
    last = 0
    for start, end, kind in sorted(spans):
        if kind in SIGNS:
            pieces += [text[last:start], SIGNS[kind]]
            last = end
    return "".join([*pieces, text[last:]])


def seen(comparable: str, clues: Sequence[Found]) -> str:
    """The text as `normalise.comparable` gives it, and the kinds that rules and lists find in it."""
    told: list[str] = []
    for one in clues:
        if one.type == "category":
            told += [f"role {one.role}", f"value {one.value}"]
        elif one.type != "place":  # the city's list is not at hand in training
            told.append(f"type {one.type}")
    return "\n".join([comparable, *told])


def said(text: str) -> str:
    """The text alone; `comparable` leaves no line break in it."""
    return text.partition("\n")[0]


def kinds(text: str) -> list[str]:
    """The kinds alone."""
    return text.split("\n")[1:]
