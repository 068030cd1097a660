"""A channel for dialogue tests: what is sent is kept in a list. It speaks the real contract and reaches nobody."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import orjson

from core.contracts.channel import (
    Capabilities,
    HttpAnswer,
    IncomingMessage,
    Media,
    OutgoingMessage,
    Received,
    Sent,
    WebhookRequest,
)

TEXT_MESSAGES = Capabilities(
    max_text=2000,
    max_buttons=0,
    max_label=40,
    idempotent=True,
    charset="cp949",
    max_bytes=2000,
    has_phone_address=True,
)
"""As a Korean gateway takes them: 90 bytes of CP949, or 2,000 in a long one, and nothing to press."""


@dataclass
class MemoryChannel:
    """`sent` holds every message by address; `files` what `fetch` gives; `failures` what the next sends raise."""

    name: str = "memory"
    replies: Literal["push", "in_response"] = "push"
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(
            max_text=4000, max_buttons=10, max_label=40, asks_place=True, takes_photo=True, idempotent=True
        )
    )
    sent: dict[str, list[OutgoingMessage]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, bytes] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    inbox: list[IncomingMessage] = field(default_factory=list)

    def receive(self, request: WebhookRequest) -> Received:
        taken, self.inbox = tuple(self.inbox), []
        return Received(taken)

    async def send(self, message: OutgoingMessage) -> Sent:
        if self.failures:
            raise self.failures.pop(0)
        self.sent[message.address].append(message)
        return Sent(provider_id=str(message.id))

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer(body=orjson.dumps({"pending": pending, "texts": [message.text for message in messages]}))

    async def fetch(self, media: Media) -> bytes:
        return self.files[media.ref]

    async def working(self, address: str) -> None:
        return None

    async def aclose(self) -> None:
        return None
