"""What the house asks of a messenger in which staff work: posts about cases, buttons, forms, answers in a thread.

A channel file that also serves staff fulfils `StaffRoom` beside `Channel`; who may do what is decided by the house and
never by the messenger. See docs/adr/0024.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable
from uuid import UUID

from core.contracts.channel import SendFailed

if TYPE_CHECKING:
    from core.contracts.channel import HttpAnswer

EventKind = Literal["command", "reply", "button", "form", "room"]
EVERYWHERE = "*"
"""The room that stands for all of them: the workspace."""


@dataclass(frozen=True, slots=True)
class StaffEvent:
    """Something that a member of staff did in the messenger, or that became of a room.

    `external_id` is unique within the channel and the same on a re-delivery. `member`: who, by the messenger's own key;
    it says nothing of rights. `room`: where. `thread`: the message under which he wrote, or on which he pressed.
    `action`: what the button, form or command is called. `value`: what the button or form carries. `values`: what was
    filled in, by field. `trigger`: opens a form within three seconds. `is_aside`: he spoke to colleagues, not to the
    citizen. `action` of a "room": "gone", "back" or "limited" (`text` says why).
    """

    external_id: str
    kind: EventKind
    member: str = ""
    room: str = ""
    thread: str = ""
    action: str = ""
    value: str = ""
    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    trigger: str = ""
    is_aside: bool = False
    has_files: bool = False


@dataclass(frozen=True, slots=True)
class StaffButton:
    """`action` names what it does, `value` (at most 200 characters) is given back; `confirm`: asked before it is."""

    label: str
    action: str
    value: str
    style: Literal["", "primary", "danger"] = ""
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class StaffCard:
    """A message to staff, in plain text: the channel escapes it. `fields`: label and value. `note`: small print."""

    title: str
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    buttons: tuple[StaffButton, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class StaffField:
    """One question of a form. `choices`: value and label, the first is chosen; none: text, of lines if `is_long`."""

    name: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    is_required: bool = True
    is_long: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class StaffForm:
    """A form over the room; without `fields` something to read. `value` is given back with what was filled in."""

    name: str
    title: str
    text: str = ""
    fields: tuple[StaffField, ...] = ()
    submit: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class StaffAnswer:
    """What he who acted gets back at once: a text only he sees, or what is wrong with his form, by field."""

    text: str = ""
    card: StaffCard | None = None
    errors: Mapping[str, str] = field(default_factory=dict)


class RoomFailed(SendFailed):
    """As SendFailed. `stopped`: this room is gone. `is_whole`: it holds for all rooms (limit, token), not for one
    message. `is_late`: the trigger of a form is older than the messenger allows."""

    def __init__(
        self,
        reason: str,
        *,
        retry: bool = False,
        retry_after: float | None = None,
        stopped: bool = False,
        unknown: bool = False,
        is_whole: bool = False,
        is_late: bool = False,
    ) -> None:
        outage = True if is_whole and not retry else None
        super().__init__(reason, retry=retry, retry_after=retry_after, stopped=stopped, unknown=unknown, outage=outage)
        self.is_whole = is_whole
        self.is_late = is_late


@runtime_checkable
class StaffRoom(Protocol):
    """Each call is one attempt and raises RoomFailed, nothing else. Message ids are the messenger's own.

    `rooms`: department → room, "default" for all others; empty: staff do not work here. `lang`: of its texts.
    `shows_text`: whether what a citizen wrote may be shown there at all.
    """

    name: str
    rooms: Mapping[str, str]
    lang: Literal["ko", "en"]
    shows_text: bool
    command: str

    async def post(self, room: str, card: StaffCard, *, key: UUID, thread: str = "") -> str:
        """A new message; its id. `key` lies in it unseen, so that `find` knows it again."""
        ...

    async def find(self, room: str, key: UUID, since: datetime, *, thread: str = "") -> str:
        """The id of our message with this key, posted after `since`, or nothing: after a call that broke off."""
        ...

    async def change(self, room: str, message_id: str, card: StaffCard) -> None: ...

    async def whisper(self, room: str, member: str, card: StaffCard, *, thread: str = "") -> None:
        """A message that only this member sees."""
        ...

    async def open_form(self, trigger: str, form: StaffForm) -> None: ...

    def answer(self, event: StaffEvent, answer: StaffAnswer) -> "HttpAnswer":
        """The HTTP body that answers a command or a form."""
        ...
