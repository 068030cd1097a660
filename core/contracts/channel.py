"""What the house asks of a messenger: read its webhook, send to it, say what it can show.

A channel is one file `integrations/channels/<name>.py` with a `Settings` model and `build(settings, house)`; it never
touches the database, never waits, never retries: the sender above it does. See docs/adr/0005.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable
from uuid import UUID

import httpx

if TYPE_CHECKING:
    from core.contracts.staffroom import StaffEvent

MessageKind = Literal["text", "button", "place", "media", "start", "stop", "other"]
Purpose = Literal["reply", "case_notice", "alert", "arrears", "campaign", "emergency"]
DeliveryStatus = Literal["sent", "delivered", "read", "failed"]


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """An inbound HTTP request, unparsed. Header names are lower case; `body` is the raw bytes as received."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    url: str = ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What the provider gets back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """WGS 84 degrees; `label` is the provider's name for the place, if any."""

    lat: float
    lon: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A file the citizen attached. `ref` is what `Channel.fetch` needs to get its bytes."""

    kind: Literal["photo", "file", "voice", "video"]
    ref: str
    content_type: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Pressed:
    """The message of ours that a pressed button stands under: the provider's id of it, its words, the button's name."""

    provider_id: str
    text: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """One message of one citizen. `external_id` is unique within the channel and the same on a re-delivery.

    `address` is where to answer (chat id, user key). `payload` is set for a pressed button, and is "encrypted" where
    kind "other" means that we were written to in a way we cannot open. `reply_token` is a one-time address for a late
    answer (Kakao callback URL); it is a secret and is never logged. `heard`: what a provider with a language engine of
    its own read in `text`, as Rasa's `/model/parse` says it, plain JSON, masked.
    `provider_id`: the provider's own id of the message, by which answers and corrections name it. `edits`: the
    provider_id of an earlier message whose words these now are. `album`: the same for pictures sent as one. `is_event`:
    the provider tells it, the citizen said nothing (he blocked us, let us in again): it is noted, never answered.
    `known_by` (with an empty `address`): the event names him by another key; the ids of his messages begin with this.
    `pressed` is for closing the question at once and is not stored.
    """

    external_id: str
    address: str
    kind: MessageKind
    text: str = ""
    payload: str = ""
    place: GeoPoint | None = None
    media: tuple[Media, ...] = ()
    lang_hint: str = ""
    sent_at: datetime | None = None
    reply_token: str = ""
    heard: Mapping[str, Any] | None = None
    provider_id: str = ""
    edits: str = ""
    album: str = ""
    is_event: bool = False
    known_by: str = ""
    pressed: Pressed | None = None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The provider's word on a message we sent, by the provider's own id."""

    provider_id: str
    status: DeliveryStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What one webhook call held. Empty with `ignored` set: not for us, acknowledge and forget.

    `staff`: what members of staff did in their own rooms of this messenger (core/contracts/staffroom.py).
    `withdrawn`: external ids of messages that their writers took back; our copies lose their words.
    """

    messages: tuple[IncomingMessage, ...] = ()
    reports: tuple[DeliveryReport, ...] = ()
    ignored: str = ""
    ack: HttpAnswer = field(default_factory=HttpAnswer)
    staff: tuple["StaffEvent", ...] = ()
    withdrawn: tuple[str, ...] = ()


class Forged(Exception):
    """No signature, or a wrong one: 401 when missing, 403 when wrong; no row, no effect."""

    def __init__(self, reason: str, *, status: Literal[401, 403] = 403) -> None:
        super().__init__(reason)
        self.status = status


class Malformed(Exception):
    """Authentic but unreadable (broken JSON, wrong types): 400 and no effect."""


@dataclass(frozen=True, slots=True)
class Button:
    """A choice the citizen can press. `payload` is ASCII of at most 64 bytes (Telegram's limit)."""

    label: str
    payload: str


@dataclass(frozen=True, slots=True)
class Card:
    """One thing of a list that the text speaks of: a car park, a case. `url`: where more of it is to be read."""

    title: str
    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A text that the provider approved beforehand (알림톡, WhatsApp): its key in our settings and its variables."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One bubble to one address. `id` is the idempotency key towards providers that take one.

    `ask` requests a native picker where the channel has one. `text` is plain text, never markup, and holds all that
    the cards say: a channel that has no cards shows the text alone. `subject`: a short line for channels that head a
    long message (LMS). `answers`: the provider's id of the message that this one answers. `replaces`: the provider's
    id of a message of ours to be changed instead of sending a new one, where the channel can. `is_fitted`: compiled
    for its channel when it was written (a copy for another channel must not say so); what was queued whole (a notice,
    a staff answer) is fitted as it is sent.
    """

    id: UUID
    address: str
    text: str
    buttons: tuple[Button, ...] = ()
    ask: Literal["", "place", "photo"] = ""
    lang: str = "ko"
    purpose: Purpose = "reply"
    reply_token: str = ""
    cards: tuple[Card, ...] = ()
    template: Template | None = None
    subject: str = ""
    answers: str = ""
    replaces: str = ""
    is_fitted: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took it. `provider_id` ties later delivery reports to the message."""

    provider_id: str = ""
    status: DeliveryStatus = "sent"


class SendFailed(Exception):
    """The provider did not take it. `reason` is shown to staff and holds no text and no address.

    `retry`: a later try may work, not before `retry_after` seconds. `stopped`: the citizen blocked or left us.
    `unknown`: the call broke off and the provider may have taken it; without idempotency it is not re-sent.
    `outage`: the provider itself failed and not this message, so that the next one would fail alike; None: as `retry`
    and `unknown` without `retry_after` say. A channel sets it where our own credentials were refused (401).
    """

    def __init__(
        self,
        reason: str,
        *,
        retry: bool = False,
        retry_after: float | None = None,
        stopped: bool = False,
        unknown: bool = False,
        outage: bool | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
        self.retry_after = retry_after
        self.stopped = stopped
        self.unknown = unknown
        self.outage = (retry or unknown) and retry_after is None if outage is None else outage


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can show and take. Lengths in characters, rate in messages a second.

    `max_buttons` 0: choices are written as numbered lines and answered by number, word or free text. `charset` cp949:
    characters outside it are replaced before sending, and `max_bytes` counts in it. `cards`: how many of a list it
    shows natively. `edits`: a message of ours can be changed. `threads`: a message can stand under another.
    `is_public`: what is said there can be read by others, so nothing personal is. `has_phone_address`: its addresses
    are telephone numbers, kept sealed. `window_hours`: free text only so long after the citizen's last word (else a
    template).
    """

    max_text: int
    max_buttons: int
    max_label: int
    max_bubbles: int = 10
    asks_place: bool = False
    takes_photo: bool = False
    idempotent: bool = False
    rate_per_second: float | None = None
    charset: Literal["unicode", "cp949"] = "unicode"
    max_bytes: int | None = None
    cards: int = 0
    edits: bool = False
    threads: bool = False
    is_public: bool = False
    has_phone_address: bool = False
    window_hours: int | None = None


@dataclass(frozen=True, slots=True)
class House:
    """What the house lends a channel at construction.

    `publish(topic, payload)` reaches every process (LISTEN/NOTIFY, payload at most 7,900 bytes). `secret` is the
    installation's key for signing short-lived tokens. `var` is the folder for spooled files. `now` is the clock.
    """

    http: httpx.AsyncClient
    publish: Callable[[str, str], Awaitable[None]]
    secret: bytes
    var: Path
    public_url: str
    now: Callable[[], datetime]


class Channel(Protocol):
    """One provider, made by its module's `build(settings, house)` once a process; `aclose` frees its connections."""

    name: str
    replies: Literal["push", "in_response"]
    capabilities: Capabilities

    def receive(self, request: WebhookRequest) -> Received:
        """Check the signature on the raw bytes, then parse. Raises Forged or Malformed, nothing else."""
        ...

    async def send(self, message: OutgoingMessage) -> Sent:
        """One attempt. Raises SendFailed, nothing else."""
        ...

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        """The HTTP body that carries the replies (in_response only). `pending`: more follows later."""
        ...

    async def fetch(self, media: Media) -> bytes:
        """The bytes of an attachment, at most 20 MB. Raises SendFailed."""
        ...

    async def working(self, address: str) -> None:
        """Show "typing" where the provider has it; never raises."""
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class Fitting(Protocol):
    """A channel that splits or cuts texts for its provider; one that is none shows a text as it is."""

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        """What the citizen will see of these messages, bubble by bubble: the same code that sends them."""
        ...


@runtime_checkable
class Closing(Protocol):
    """A channel that can take the choices away under a question that was answered."""

    async def close(self, pressed: Pressed, address: str) -> None:
        """The buttons are gone and the choice stands in their place; never raises, as it only tidies."""
        ...


@runtime_checkable
class Polling(Protocol):
    """A channel that can also be pulled, for a developer's machine without a public address."""

    def poll(self) -> AsyncIterator[WebhookRequest]:
        """Updates as if they had been posted, authentic, in order; a request counts as done on the next."""
        ...


@runtime_checkable
class Registering(Protocol):
    """A channel whose provider must be told our address by a call (others are registered on their provider's page)."""

    async def register(self, url: str) -> str:
        """Point the provider's webhook at `url`; what it answered, in a word for the operator. Raises SendFailed."""
        ...
