"""Reading one answer into one slot of a form: what counts as an answer, and what is kept of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import wording
from core.contracts.dialogue import Choice, Slot, Turn
from core.errors import BadInput

MAX_PHOTOS = 5


@dataclass(frozen=True, slots=True)
class Filled:
    value: Any


@dataclass(frozen=True, slots=True)
class Skipped:
    pass


@dataclass(frozen=True, slots=True)
class Denied:
    """ "No" to an offered guess: ask again with the wider choice."""


@dataclass(frozen=True, slots=True)
class Declined:
    """He would rather not say: the form may offer another way."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Not an answer. `reason` is a ready sentence where a check gave one, in (ko, en). `is_near`: it was read, and does
    not fit the answers so far: no question in between."""

    reason: tuple[str, str] | None = None
    is_near: bool = False


Answer = Filled | Skipped | Denied | Declined | Unread


@dataclass(frozen=True, slots=True)
class Shown:
    """How the choices look to the citizen: label by payload, and the other words that mean the same choice.

    `is_kind(slot name, value)`: the city has such a kind, even if it is not offered. `has_guess`: the question names a
    guess (the form's values hold "guess"), so that a bare yes means the first choice.
    """

    labels: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]
    is_kind: Callable[[str, str], bool]
    has_guess: bool


Reader = Callable[[Slot, Turn, Mapping[str, Any], Shown], Answer]


def read(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    """The message as an answer to the slot."""
    text = turn.message.text
    if chosen := picked(slot, text, slots, shown):
        return chosen
    if slot.optional and not turn.photos and (wording.is_skip(text) or wording.is_done(text)):
        return Skipped()
    answer = _READERS[slot.kind](slot, turn, slots, shown)
    is_near = False
    if isinstance(answer, Filled) and isinstance(answer.value, str) and (slot.check or slot.fits):
        try:
            value = slot.check(answer.value) if slot.check else answer.value
            is_near = True
            return Filled(slot.fits(value, slots) if slot.fits else value)
        except BadInput as error:
            return Unread((error.reason_ko, error.reason_en), is_near)
    return answer


def by_payload(slot: Slot, value: str) -> Answer:
    """A pressed choice."""
    if value == "skip":
        return Skipped()
    return Filled({"label": value, "at": ""} if slot.kind == "when" else value)


def picked(slot: Slot, text: str, slots: Mapping[str, Any], shown: Shown) -> Answer | None:
    """A choice named by its number or its label."""
    choices = slot.offered(slots)
    if not choices or not text:
        return None
    number = wording.number_of(text)
    if number is not None and 1 <= number <= len(choices):
        return by_payload(slot, _value(choices[number - 1]))
    for choice in choices:
        if wording.is_label(text, shown.labels[choice.payload]):
            return by_payload(slot, _value(choice))
    return None


def _value(choice: Choice) -> str:
    return choice.payload.removeprefix("set:")


def _text(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    text = turn.message.text.strip()
    if len(text) > slot.max_length:
        return Unread(
            (
                f"글이 조금 깁니다. {slot.max_length:,}자 안으로 줄여서 다시 보내 주시겠어요? (지금 {len(text):,}자)",
                f"That is a little long. Could you shorten it to {slot.max_length:,} characters? (now {len(text):,})",
            )
        )
    is_word_of_steering = wording.is_yes(text) or wording.is_no(text) or wording.is_skip(text)
    if wording.says_nothing(text) or len(wording.plain(text)) < 2 or is_word_of_steering:
        return Unread()
    return Filled(text)


def _words(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    text = turn.message.text.strip()
    return Filled(text) if text and len(text) <= slot.max_length else Unread()


def _choice(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    """One of the choices, by its name, by another word for it, by yes; or any other kind that the words name.

    Yes means the first only where the question names a guess or asks to confirm: to "this or that?" it says nothing,
    and consent is never taken from it.
    """
    text = turn.message.text
    choices = slot.offered(slots)
    values = [_value(choice) for choice in choices]
    is_guess = slot.kind == "confirm" or shown.has_guess
    for entity in turn.understanding.entities:
        if entity.type == slot.name and (entity.value in values or shown.is_kind(slot.name, entity.value)):
            return Filled(entity.value)
    if not wording.is_question(text) and (named := named_choice(wording.after_negation(text), choices, shown)):
        return Filled(named)
    if is_guess and choices and _says(turn, "affirm"):
        return Filled(values[0])
    if _says(turn, "deny"):
        return Denied()
    if wording.is_skip(text):
        # "모르겠어요" to a guess asks for the whole list; to the whole list it means the last, which is the rest.
        return Denied() if is_guess else (Filled(values[-1]) if slots.get(f"{slot.name}_denied") else Unread())
    return Declined() if wording.declines(text) else Unread()


def _says(turn: Turn, intent: str) -> bool:
    """Yes or no, as a known word or as the language engine heard it in a short sentence."""
    text, seen = turn.message.text, turn.understanding
    is_known = wording.is_yes(text) if intent == "affirm" else wording.is_no(text)
    return is_known or (len(text) <= 20 and seen.band == "act" and seen.intent == intent)


def named_choice(text: str, choices: Sequence[Choice], shown: Shown) -> str | None:
    """The choice whose label or other word stands in the text; the longest word wins ("동의 안 해요" over "동의")."""
    said = wording.plain(text)
    if len(said) < 2 or len(said) > 40:
        return None
    best = (0, "")
    for choice in choices:
        label = wording.plain(shown.labels[choice.payload])
        if label and (said in label or label in said):
            best = max(best, (len(label), _value(choice)))
        for word in shown.words.get(choice.payload, ()):
            if wording.plain(word) in said:
                best = max(best, (len(wording.plain(word)), _value(choice)))
    return best[1] or None


def _place(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    if pin := turn.message.place:
        return Filled({"label": pin.label, "lat": pin.lat, "lon": pin.lon})
    text = turn.message.text.strip()
    if entity := turn.understanding.first("place"):
        # The whole sentence says more than the name ("구래역 2번 출구 앞"), the name says where it lies.
        is_whole = len(text) <= 60 and not wording.is_correction(text)
        label = wording.bare_noun(text) if is_whole else entity.value
        return Filled({"label": label, "lat": entity.detail.get("lat"), "lon": entity.detail.get("lon")})
    if wording.is_here(text):
        point = turn.place
        return Filled({"label": point.label, "lat": point.lat, "lon": point.lon}) if point else Unread()
    is_long = len(text) > 200
    if is_long or "?" in text or wording.says_nothing(text) or len(wording.plain(text)) < 2:
        return Unread()
    if wording.is_yes(text) or wording.is_no(text) or wording.wants_another(text):
        return Unread()
    return Filled({"label": wording.bare_noun(text), "lat": None, "lon": None})


def _when(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    text = turn.message.text.strip()
    if entity := turn.understanding.first("date"):
        return Filled({"label": wording.bare_noun(text) if len(text) <= 60 else entity.text, "at": entity.value})
    is_word_of_steering = wording.is_yes(text) or wording.is_no(text) or wording.wants_another(text)
    if len(text) > 100 or len(wording.plain(text)) < 2 or wording.says_nothing(text) or is_word_of_steering:
        return Unread()
    return Unread() if "?" in text else Filled({"label": wording.bare_noun(text), "at": ""})


def _photo(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    if turn.photos:
        return Filled([*slots.get(slot.name, ()), *map(dict, turn.photos)][:MAX_PHOTOS])
    text = turn.message.text
    is_none = wording.is_no(text) or (len(text) <= 40 and "?" not in text and wording.has_none(text))
    return Skipped() if is_none else Unread()


def _phone(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    text = turn.message.text.strip()
    if entity := turn.understanding.first("phone"):
        return Filled(entity.value)
    return Declined() if _would_rather_not(text) else Filled(wording.bare_number(text))


def _name(slot: Slot, turn: Turn, slots: Mapping[str, Any], shown: Shown) -> Answer:
    text = turn.message.text.strip()
    if _would_rather_not(text):
        return Declined()
    if entity := turn.understanding.first("phone"):
        # "홍길동 010-1234-5678": the number answers its own question.
        text = text.replace(entity.text, " ").strip(" ,/")
    return Unread() if wording.is_yes(text) else Filled(wording.bare_name(text))


def _would_rather_not(text: str) -> bool:
    return wording.declines(text) or wording.is_no(text) or wording.is_skip(text)


_READERS: Mapping[str, Reader] = {
    "text": _text,
    "words": _words,
    "choice": _choice,
    "confirm": _choice,
    "place": _place,
    "when": _when,
    "photo": _photo,
    "phone": _phone,
    "name": _name,
}
