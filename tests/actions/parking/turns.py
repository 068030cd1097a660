"""A citizen's turn made by hand: the text, and what the language engine would have found in it."""

from datetime import UTC, datetime
from uuid import UUID

from core.contracts.channel import GeoPoint, IncomingMessage, MessageKind
from core.contracts.dialogue import Topic, Turn
from core.contracts.understanding import Entity, IntentScore, Lang, Understanding

WEDNESDAY_14 = datetime(2026, 9, 30, 5, tzinfo=UTC)  # 14:00 in Korea
_ID = UUID(int=1)


def place(value: str, lat: float | None = None, lon: float | None = None, kind: str = "dong") -> Entity:
    detail: dict[str, str | float | int] = {"kind": kind}
    if lat is not None and lon is not None:
        detail |= {"lat": lat, "lon": lon}
    return Entity("place", 0, 0, value, value, detail=detail)


def duration(minutes: int, text: str = "") -> Entity:
    return Entity("duration", 0, 0, text, str(minutes))


def moment(iso: str, grain: str) -> Entity:
    return Entity("date", 0, 0, "", iso, detail={"grain": grain})


def ordinal(number: int) -> Entity:
    return Entity("ordinal", 0, 0, "", str(number))


def turn(
    text: str = "",
    *entities: Entity,
    lang: Lang = "ko",
    pin: GeoPoint | None = None,
    earlier_pin: GeoPoint | None = None,
    argument: str = "",
    topic: Topic | None = None,
    pick: int | None = None,
) -> Turn:
    """`pin` is this message's own place; `pick` the number of the topic's thing that is referred to."""
    kind: MessageKind = "place" if pin else "button" if argument or (pick and not text) else "text"
    item = topic.items[pick - 1] if topic and pick else None
    if topic and pick:
        topic = Topic(topic.service, topic.intent, topic.items, pick - 1, topic.memory)
    return Turn(
        conversation_id=_ID,
        city_id="gimpo",
        channel="web",
        citizen_id=None,
        now=WEDNESDAY_14,
        lang=lang,
        message=IncomingMessage("m", "a", kind, text=text, place=pin),
        understanding=Understanding(text, lang, "act", (IntentScore("x", 1.0),), entities),
        argument=argument,
        item=item,
        topic=topic,
        place=pin or earlier_pin,
    )
