"""What a conversation remembers between messages, as plain JSON in its row."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Topic


@dataclass(slots=True)
class FormState:
    """An open form. `nonce` marks its buttons, so that a press on an older question is recognised as stale. `told`:
    which question each message answered, by the provider's id of the message, for those that can be corrected."""

    name: str
    nonce: str
    slots: dict[str, Any] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    asking: str = ""
    tries: int = 0
    told: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Question:
    """The choices last shown: typed numbers and labels mean their buttons. `text`: what the citizen had asked.

    `is_numbered`: shown as numbered lines and nothing else, so that a number can only mean one of them. `at`: when
    (ISO); the question is forgotten with the topic, except where a form waits for its answer.
    """

    options: list[dict[str, str]] = field(default_factory=list)
    text: str = ""
    is_numbered: bool = False
    at: str = ""


@dataclass(slots=True)
class State:
    """`said` and `album`: the provider's ids of the last text and of the last album of pictures."""

    form: FormState | None = None
    question: Question | None = None
    topic: Topic | None = None
    topic_at: datetime | None = None
    place: GeoPoint | None = None
    warnings: int = 0
    said: str = ""
    album: str = ""
    has_old_numbers: bool = False
    """Numbered choices were shown, too long ago to go by them; known for one turn and not stored."""

    @classmethod
    def read(cls, stored: dict[str, Any], now: datetime, topic_age: timedelta) -> "State":
        """From the row; a topic, pin or question older than `topic_age` is forgotten."""
        topic_at = datetime.fromisoformat(stored["topic_at"]) if stored.get("topic_at") else None
        is_fresh = topic_at is not None and now - topic_at <= topic_age
        topic = stored.get("topic")
        place = stored.get("place")
        question = Question(**stored["question"]) if stored.get("question") else None
        is_past = bool(question and question.at and now - datetime.fromisoformat(question.at) > topic_age)
        is_over = is_past and not stored.get("form")
        return cls(
            form=FormState(**stored["form"]) if stored.get("form") else None,
            question=None if is_over else question,
            has_old_numbers=bool(is_over and question and question.is_numbered),
            topic=_topic(topic) if topic and is_fresh else None,
            topic_at=topic_at if is_fresh else None,
            place=GeoPoint(**place) if place and is_fresh else None,
            warnings=stored.get("warnings", 0),
            said=stored.get("said", ""),
            album=stored.get("album", ""),
        )

    def write(self) -> dict[str, Any]:
        """To the row: only what is set."""
        stored: dict[str, Any] = {}
        if self.form:
            form = self.form
            stored["form"] = {
                "name": form.name,
                "nonce": form.nonce,
                "slots": form.slots,
                "skipped": form.skipped,
                "asking": form.asking,
                "tries": form.tries,
            } | ({"told": form.told} if form.told else {})
        if self.question and self.question.options:
            question = self.question
            stored["question"] = {"options": question.options, "text": question.text, "at": question.at}
            if question.is_numbered:
                stored["question"]["is_numbered"] = True
        if self.topic_at:
            stored["topic_at"] = self.topic_at.isoformat()
        if self.topic:
            topic = self.topic
            stored["topic"] = {
                "service": topic.service,
                "intent": topic.intent,
                "items": [dict(item) for item in topic.items],
                "index": topic.index,
                "memory": dict(topic.memory),
            }
        if self.place:
            stored["place"] = {"lat": self.place.lat, "lon": self.place.lon, "label": self.place.label}
        for name in ("warnings", "said", "album"):
            if value := getattr(self, name):
                stored[name] = value
        return stored


def _topic(stored: dict[str, Any]) -> Topic:
    return Topic(
        service=stored["service"],
        intent=stored["intent"],
        items=tuple(stored["items"]),
        index=stored["index"],
        memory=stored["memory"],
    )
