"""What the shared suite (test_contract.py) must know about a channel: one file kits/<channel>.py with a `KIT`.

A kit is a small class after `Kit` below. It says how the provider signs a request (`sign`), what its messages look
like (`text`, `button`, `place`, `photo`, `ignored`: JSON documents with own-made values, signed by the suite), how to
spoil a signature (`unsigned`, `forged`), how the provider's server answers (`ok`, `failures`), and how to read what
went out (`texts`). A channel that has no such thing (no buttons, nothing to send to) leaves the attribute as it is here
and the suite leaves those tests out. kits/partner.py is the shortest example.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar, Literal
from uuid import UUID

from core.contracts.channel import Channel, House, OutgoingMessage, WebhookRequest
from core.loading import ROOT

Sign = Callable[[bytes], WebhookRequest]
Failure = Literal["too_many", "error", "blocked", "refused"]


@dataclass(frozen=True)
class Call:
    """One HTTP request that the counterpart got."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the counterpart does: answer, cut the line after reading the request, or never answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    how: Literal["answer", "cut", "hang"] = "answer"


CUT = Answer(how="cut")
HANG = Answer(how="hang")


class Kit:
    """One channel's facts for the shared suite."""

    secrets: tuple[str, ...] = ()
    """Strings that no log line and no exception may hold."""
    limit: int
    """The most characters the provider takes in one bubble."""
    address: str
    """Where answers to the sender of `text()` go."""
    failures: ClassVar[Mapping[Failure, Answer]] = {}
    """too_many: the provider's own 429, asking for 7 s. error: its 5xx. blocked: the citizen left. refused: bad input.
    Empty: `send` makes no HTTP call."""
    file: bytes = b""
    """The bytes that `ok` serves for the photo of `photo()`; empty: the channel fetches nothing."""

    most_bytes: int = 10_000_000
    """The largest body of one call or answer, where the provider bounds it."""

    timeout_s: float = 10
    """The time limit that `build` sets for a call; the suite shortens it where a server never answers."""

    def build(self, house: House, url: str) -> Channel:
        """The channel, with the provider's server at `url`."""
        raise NotImplementedError

    def sign(self, body: bytes) -> WebhookRequest:
        """An authentic request around any bytes. The suite's clock stands at `NOW`."""
        raise NotImplementedError

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        """The same without its proof: Forged, 401."""
        raise NotImplementedError

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        """The same with a wrong proof, by label: Forged, 403 (odd characters, other body, too old…)."""
        raise NotImplementedError

    def text(self, text: str, key: str = "1") -> Any:
        """A JSON document in which `address` says `text`; another `key` is another message."""
        raise NotImplementedError

    def button(self, payload: str) -> Any:
        return None

    def place(self, lat: float, lon: float) -> Any:
        return None

    def photo(self, url: str) -> Any:
        """`url` is the counterpart's, for channels whose messages carry the address of the file."""
        return None

    def ignored(self) -> Mapping[str, Any]:
        """Authentic documents that are not for us, by label."""
        return {}

    def doors(self) -> Mapping[str, tuple[Sign, Any]]:
        """Further webhooks behind the channel's name, by label: how to sign a body there, and a document."""
        return {}

    def outgoing(self, url: str, text: str, **values: Any) -> OutgoingMessage:
        """A message that can be sent; channels with a one-time answer address put `url` in it."""
        return OutgoingMessage(id=UUID(int=7), address=self.address, text=text, **values)

    def ok(self, call: Call) -> Answer:
        """How the provider's server answers a good call."""
        return Answer()

    def measure(self, text: str) -> int:
        """The length of a bubble as the provider counts it against `limit`."""
        return len(text)

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        """The bubbles that went out, as the provider got them."""
        raise NotImplementedError


def impatient(kit: Kit) -> Kit:
    """The same kit with a time limit short enough to wait for."""
    hasty = copy(kit)
    hasty.timeout_s = 0.5
    return hasty


def kit_of(name: str) -> Kit | None:
    """The kit of a channel, or None while nobody has written one."""
    if not (ROOT / "tests/integrations/channels/kits" / f"{name}.py").exists():
        return None
    found = import_module(f"tests.integrations.channels.kits.{name}").KIT
    assert isinstance(found, Kit)
    return found
