"""Second thoughts in a form: which answer "아니 구래동 말고 장기동" or "전화번호가 틀렸어요" wants changed."""

from collections.abc import Callable, Mapping
from typing import Any

from bot import wording
from bot.state import FormState
from core.contracts.dialogue import Form, Slot, Turn
from core.contracts.understanding import Entity
from core.errors import BadInput

_KIND_OF_ENTITY = {"place": "place", "date": "when", "phone": "phone", "category": "choice"}
STORY = 20
"""A longer text told to an open "what happened?" is the story itself, whatever words of correction it holds."""


Known = Callable[[str, str], bool]
"""Whether the city has this kind (slot name, value): the language engine tells more kinds apart than a city names."""


def new_value(form: Form, state: FormState, turn: Turn, known: Known) -> tuple[str, Any, str] | None:
    """The slot, its new value and how to show it; None when the text corrects no answer given before."""
    text = turn.message.text
    if not wording.is_correction(text) or _is_story(form, state, text):
        return None
    answered = [slot for slot in form.slots if slot.name in state.slots and slot.kind != "confirm"]
    for slot in answered:
        entity = next((one for one in turn.understanding.entities if _fits(slot, one, known)), None)
        if entity is not None:
            value = _value(slot, entity)
            is_korean_name = isinstance(value, dict) and turn.lang == "ko"
            return slot.name, value, value["label"] if is_korean_name else entity.text
    return _by_words(answered, state, text)


def glean(form: Form, state: FormState, turn: Turn) -> list[tuple[str, str]]:
    """Keep what the text tells beyond its question: place, time, number. The slots now answered, and with what."""
    kinds = {kind: entity for entity, kind in _KIND_OF_ENTITY.items() if kind != "choice"}
    told: list[tuple[str, str]] = []
    for slot in form.slots:
        is_open = slot.name not in state.slots and slot.name not in state.skipped and slot.name != state.asking
        entity = turn.understanding.first(kinds[slot.kind]) if is_open and slot.kind in kinds else None
        if entity is None:
            continue
        try:
            state.slots[slot.name] = slot.check(entity.value) if slot.check else _value(slot, entity)
        except BadInput:
            continue
        told.append((slot.name, entity.text))
    return told


def _is_story(form: Form, state: FormState, text: str) -> bool:
    return form.slot(state.asking).kind == "text" and len(text) > STORY


def _fits(slot: Slot, entity: Entity, known: Known) -> bool:
    kind = _KIND_OF_ENTITY.get(entity.type)
    return kind == slot.kind and (kind != "choice" or (slot.name == entity.type and known(slot.name, entity.value)))


def _value(slot: Slot, entity: Entity) -> Any:
    if slot.kind == "place":
        return {"label": entity.value, "lat": entity.detail.get("lat"), "lon": entity.detail.get("lon")}
    return {"label": entity.text, "at": entity.value} if slot.kind == "when" else entity.value


def _by_words(answered: list[Slot], state: FormState, text: str) -> tuple[str, Any, str] | None:
    """ "구래동 말고 우리은행 앞이요": the old words are an answer of ours, so the new ones take its place."""
    both = wording.taken_back(text)
    if both is None:
        return None
    old, new = wording.plain(both[0]), both[1]
    for slot in answered:
        told = state.slots[slot.name]
        if slot.kind not in ("place", "when") or not isinstance(told, dict):
            continue
        label = wording.plain(str(told.get("label", "")))
        if label and (label in old or old.removeprefix("아니") in label):
            value = {"label": new, "lat": None, "lon": None} if slot.kind == "place" else {"label": new, "at": ""}
            return slot.name, value, new
    return None


def named_slot(form: Form, state: FormState, turn: Turn, names: Mapping[str, str]) -> str | None:
    """Which of the answered slots in `names` the text wants to change ("위치 바꿀게요"); None when it names none."""
    text = turn.message.text
    if not text or len(text) > 40 or form.slot(state.asking).kind == "text" or not wording.wants_revising(text):
        return None
    said = wording.plain(text)
    return next((name for name, label in names.items() if wording.plain(label) in said), None)
