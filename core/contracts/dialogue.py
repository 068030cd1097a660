"""What a service gives to the conversation: handlers, forms, and replies without any text in them.

`actions/<service>/handlers.py` exposes `INTENTS` (intent name to handler) and `FORMS` (form definitions). A handler
gets the turn and the services its parameters name, and returns a `Reply`; it writes no text and sends nothing.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from core.contracts.channel import Card, GeoPoint, IncomingMessage
from core.contracts.understanding import Understanding

Write = Callable[[AsyncConnection], Awaitable[Mapping[str, Any]]]
"""Runs inside the turn's one transaction; its result joins the template values. Runs again after a lost race."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: a template key for its label (or `label` itself for names of things) and what pressing means.

    `payload` is ASCII, at most 64 bytes: `do:<intent>` runs an intent, `do:<intent>:<argument>` with an argument,
    `pick:<n>` names the nth thing talked about, `form:<name>` opens a form; slot choices are `set:<value>`.
    """

    payload: str
    key: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """One bubble: a template key, its values (plain data), buttons, and a native picker to open.

    `cards`: the things of a list that the text numbers ("1. name …"), in its order. A card without `text` of its own
    gets the lines that the text has on it, so a card never says more than the text. `is_public`: holds nothing of a
    person, so that it may be said where others read; without it such a channel shows a word to go on in private.
    `secrecy`: whose door alone shows it to staff ("tax": 지방세기본법 §86); what it answers is kept the same.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    buttons: tuple[Choice, ...] = ()
    ask: Literal["", "place", "photo"] = ""
    cards: tuple[Card, ...] = ()
    is_public: bool = False
    secrecy: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """What was just talked about, so that "거기 요금은?" and "그럼 두 번째는?" can be understood.

    `items` are JSON-plain things in the order shown, each with at least `id` and `name`; `index` is the one in focus
    (None: the list as a whole); `intent` is the last question asked about them.
    """

    service: str
    intent: str
    items: tuple[Mapping[str, Any], ...] = ()
    index: int | None = None
    memory: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpenForm:
    """Ask the dialogue to open a form with some slots already filled (values as the form stores them)."""

    name: str
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """A handler's answer. Exactly what to say, what to write, and what the conversation should remember."""

    says: tuple[Say, ...] = ()
    write: Write | None = None
    topic: Topic | None = None
    open_form: OpenForm | None = None
    hand_over: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """What a handler knows of the message in hand. All times aware UTC.

    `argument` comes from a pressed button (`do:<intent>:<argument>`); `item` is the thing the citizen refers to from
    the topic ("두 번째", "거기"); `place` is a pin sent now or earlier in this conversation; `photos` are the message's
    pictures, stored already: {sha256, content_type, size}.
    """

    conversation_id: UUID
    city_id: str
    channel: str
    citizen_id: UUID | None
    now: datetime
    lang: str
    message: IncomingMessage
    understanding: Understanding
    argument: str = ""
    item: Mapping[str, Any] | None = None
    topic: Topic | None = None
    place: GeoPoint | None = None
    photos: tuple[Mapping[str, Any], ...] = ()


SlotKind = Literal["text", "choice", "place", "when", "photo", "name", "phone", "confirm", "words"]


Phrases = tuple[tuple[re.Pattern[str], str], ...]
"""Set words, each with the handler that answers them."""
Slots = Mapping[str, Any]
"""A form's answers so far. A place is {label, lat, lon}, a moment {label, at}, photos a list of {sha256, …}."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing a form wants to know. Texts are found by key: `<form>.ask.<slot>` and `<form>.retry.<slot>`.

    `choices` are offered as buttons (computed from the slots so far where they depend on them); with kind "choice" or
    "confirm" the answer must be one of them, by press, number, label or meaning (yes means the first). `set:<value>`
    payloads answer the slot. `optional`: may be skipped. `applies`: asked only if it returns True for the slots so far.
    `check` raises BadInput, or returns the value in its stored form; `fits` the same, knowing the answers so far. Kind
    "words" is read by these alone. `is_secret`: a one-time code; digits given to it
    are heard by no language engine and shown in no thread.
    """

    name: str
    kind: SlotKind
    choices: tuple[Choice, ...] = ()
    choices_for: Callable[[Slots], tuple[Choice, ...]] | None = None
    optional: bool = False
    max_length: int = 1000
    applies: Callable[[Slots], bool] | None = None
    check: Callable[[str], str] | None = None
    is_secret: bool = False
    fits: "Callable[[str, Slots], str] | None" = None

    def offered(self, slots: Slots) -> tuple[Choice, ...]:
        """The choices for the slots so far."""
        return self.choices_for(slots) if self.choices_for else self.choices


@dataclass(frozen=True, slots=True)
class Form:
    """A conversation with a goal: slots in order, then `submit(turn, slots, …services)` returns the Reply.

    `values` adds to the template values of the form's questions (names for ids, summaries). Texts by key besides the
    slots': `<form>.name`, `<form>.cancelled`, `<form>.expired`, `<form>.slot.<slot>` (the slot's name). `secrecy`: of
    all its questions and their answers, as a `Say` has it. `ends`: words that close it, and the handler that answers
    them then. `asides`: words that their handler answers in between, unless a story is asked for; the question stays.
    """

    name: str
    slots: tuple[Slot, ...]
    submit: Callable[..., Awaitable[Reply]]
    values: Callable[[Slots, str], Mapping[str, Any]] | None = None
    secrecy: str = ""
    ends: "Phrases" = ()
    asides: "Phrases" = ()

    def slot(self, name: str) -> Slot:
        return next(slot for slot in self.slots if slot.name == name)


class Wordings(Protocol):
    """The texts themselves, for the one case where a service must keep what was shown: the words of a consent."""

    def render(self, key: str, lang: str, values: Mapping[str, Any]) -> str: ...


Handler = Callable[..., Awaitable[Reply]]
