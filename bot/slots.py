"""Reading one answer into one slot of a form: what counts as an answer, and what is kept of it."""

from collections.abc import Callable, Mapping
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
class Unread:
    """Not an answer. `reason` is a ready sentence where a check gave one, in (ko, en)."""

    reason: tuple[str, str] | None = None


Answer = Filled | Skipped | Denied | Unread
Reader = Callable[[Slot, Turn, Mapping[str, Any], Mapping[str, str]], Answer]


def read(slot: Slot, turn: Turn, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer:
    """The message as an answer to the slot. `labels`: payload to shown label of the choices."""
    text = turn.message.text
    if picked := _picked(slot, text, slots, labels):
        return picked
    if slot.optional and not turn.photos and wording.is_skip(text):
        return Skipped()
    answer = _READERS[slot.kind](slot, turn, slots, labels)
    if isinstance(answer, Filled) and slot.check and isinstance(answer.value, str):
        try:
            return Filled(slot.check(answer.value))
        except BadInput as error:
            return Unread((error.reason_ko, error.reason_en))
    return answer


def by_payload(slot: Slot, value: str) -> Answer:
    """A pressed choice."""
    if value == "skip":
        return Skipped()
    return Filled({"label": value, "at": ""} if slot.kind == "when" else value)


def _picked(slot: Slot, text: str, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer | None:
    """A choice named by its number or its label."""
    choices = slot.offered(slots)
    if not choices or not text:
        return None
    number = wording.number_of(text)
    if number is not None and 1 <= number <= len(choices):
        return _chosen(slot, choices[number - 1], labels)
    word = wording.plain(text)
    for choice in choices:
        if word and wording.is_label(text, labels.get(choice.payload, choice.label)):
            return _chosen(slot, choice, labels)
    return None


def _chosen(slot: Slot, choice: Choice, labels: Mapping[str, str]) -> Answer:
    value = choice.payload.removeprefix("set:")
    if value == "skip":
        return Skipped()
    return Filled({"label": labels.get(choice.payload, value), "at": ""} if slot.kind == "when" else value)


def _text(slot: Slot, turn: Turn, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer:
    text = turn.message.text.strip()
    if len(text) > slot.max_length:
        return Unread(
            (
                f"조금 깁니다. {slot.max_length:,}자 안으로 적어 주세요. (지금 {len(text):,}자)",
                f"That is a little long. Please keep it within {slot.max_length:,} characters (now {len(text):,}).",
            )
        )
    if len(wording.plain(text)) < 2 or wording.is_yes(text) or wording.is_no(text):
        return Unread()
    return Filled(text)


def _choice(slot: Slot, turn: Turn, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer:
    choices = slot.offered(slots)
    values = {choice.payload.removeprefix("set:") for choice in choices}
    for entity in turn.understanding.entities:
        if entity.value in values:
            return Filled(entity.value)
    if wording.is_yes(turn.message.text) and choices:
        return Filled(choices[0].payload.removeprefix("set:"))
    if wording.is_no(turn.message.text):
        return Denied()
    word = wording.plain(turn.message.text)
    for choice in choices:
        label = wording.plain(labels.get(choice.payload, ""))
        if len(word) >= 2 and label and (word in label or label in word):
            return Filled(choice.payload.removeprefix("set:"))
    return Unread()


def _place(slot: Slot, turn: Turn, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer:
    if pin := turn.message.place:
        return Filled({"label": pin.label, "lat": pin.lat, "lon": pin.lon})
    text = turn.message.text.strip()
    if entity := turn.understanding.first("place"):
        # The whole sentence says more than the name ("구래역 2번 출구 앞"), the name says where it lies.
        label = text if len(text) <= 60 and not wording.is_correction(text) else entity.value
        return Filled({"label": label, "lat": entity.detail.get("lat"), "lon": entity.detail.get("lon")})
    if turn.place and wording.is_here(text):
        return Filled({"label": turn.place.label, "lat": turn.place.lat, "lon": turn.place.lon})
    if len(wording.plain(text)) < 2 or wording.is_yes(text) or wording.is_no(text) or len(text) > 200:
        return Unread()
    return Filled({"label": text, "lat": None, "lon": None})


def _when(slot: Slot, turn: Turn, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer:
    text = turn.message.text.strip()
    if entity := turn.understanding.first("when"):
        return Filled({"label": text if len(text) <= 60 else entity.text, "at": entity.value})
    if 2 <= len(text) <= 100 and not wording.is_yes(text) and not wording.is_no(text):
        return Filled({"label": text, "at": ""})
    return Unread()


def _photo(slot: Slot, turn: Turn, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer:
    if turn.photos:
        return Filled([*slots.get(slot.name, ()), *map(dict, turn.photos)][:MAX_PHOTOS])
    return Skipped() if wording.is_no(turn.message.text) else Unread()


def _phone(slot: Slot, turn: Turn, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer:
    entity = turn.understanding.first("phone")
    return Filled(entity.value if entity else turn.message.text.strip())


def _name(slot: Slot, turn: Turn, slots: Mapping[str, Any], labels: Mapping[str, str]) -> Answer:
    return Filled(turn.message.text.strip())


_READERS: Mapping[str, Reader] = {
    "text": _text,
    "choice": _choice,
    "confirm": _choice,
    "place": _place,
    "when": _when,
    "photo": _photo,
    "phone": _phone,
    "name": _name,
}
