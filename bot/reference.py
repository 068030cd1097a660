"""Follow-ups: "거기 요금은?", "그럼 두 번째는?", "구래동 말고 장기동" lean on what was just talked about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import wording
from core.contracts.dialogue import Topic, Turn

_REFINING = frozenset({"place", "duration", "date"})
"""Entities that change an earlier question rather than make a new one."""
_REPLIES = frozenset({"affirm", "deny"})
SHORT = 20


@dataclass(frozen=True, slots=True)
class Reference:
    """The intent to run again, and the thing meant (None: the question as a whole, with what the text adds)."""

    intent: str
    item: Mapping[str, Any] | None = None
    index: int | None = None


def refer(turn: Turn, service_of: Mapping[str, str]) -> Reference | None:
    """What the text refers to in the live topic; None when it stands on its own."""
    topic = turn.topic
    if topic is None:
        return None
    seen = turn.understanding
    # What was talked about settles a doubt: a half-understood text that sounds like the topic is about the topic.
    is_near = seen.band == "ask" and service_of.get(seen.intent) == topic.service
    # "not Gurae, Janggi-dong please", "그럼 두 번째는?": a yes or no that names one is about the question before.
    names_one = seen.first("place") is not None or seen.first("ordinal") is not None
    is_mere_reply = seen.intent in _REPLIES and names_one
    is_own = (seen.band == "act" and seen.intent in service_of and not is_mere_reply) or is_near
    is_same_service = is_own and service_of[seen.intent] == topic.service
    if is_own and not is_same_service:
        return None
    ordinal = _ordinal(turn, topic)
    if ordinal is not None:
        return Reference(_intent(turn, topic, is_same_service), topic.items[ordinal], ordinal)
    if seen.first("place") is not None:
        # A new place: the same question about somewhere else, unless the text asks a question of its own.
        asks_again = not is_own and (wording.is_correction(seen.text) or _is_bare(turn))
        return Reference(str(topic.memory.get("pending", topic.intent))) if asks_again else None
    if wording.points_back(turn.message.text) and topic.items:
        index = topic.index if topic.index is not None else 0
        return Reference(_intent(turn, topic, is_same_service), topic.items[index], index)
    if is_same_service and topic.index is not None and len(turn.message.text) <= SHORT:
        return Reference(seen.intent, topic.items[topic.index], topic.index)
    if not is_own and topic.items and len(turn.message.text) <= SHORT and wording.wants_others(turn.message.text):
        return Reference(topic.intent)
    if is_near and len(turn.message.text) <= SHORT:
        return Reference(seen.intent)
    if not is_own and _is_bare(turn):
        item = topic.items[topic.index] if topic.index is not None else None
        return Reference(str(topic.memory.get("pending", topic.intent)), item, topic.index)
    return None


def _intent(turn: Turn, topic: Topic, is_same_service: bool) -> str:
    """A thing of the list is asked about in detail, unless the text names what it wants to know."""
    return turn.understanding.intent if is_same_service else str(topic.memory.get("pick", topic.intent))


def _ordinal(turn: Turn, topic: Topic) -> int | None:
    entity = turn.understanding.first("ordinal")
    if entity is None or not entity.value.lstrip("-").isdigit():
        return None
    index = int(entity.value) - 1 if int(entity.value) > 0 else len(topic.items) - 1
    return index if 0 <= index < len(topic.items) else None


def _is_bare(turn: Turn) -> bool:
    """Nothing but a place, a length of time, a kind of car: the rest is particles and politeness."""
    seen = turn.understanding
    others = [one for one in seen.entities if one.type not in _REFINING and one.role != "vehicle"]
    if not seen.entities or others:
        return False
    return len(seen.text) - sum(entity.end - entity.start for entity in seen.entities) <= 8
