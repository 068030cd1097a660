"""The web form for what a channel cannot carry: a short signed link into one conversation, good once and for a while.

The link is the whole authority, like a letter's reply card: whoever holds it may add one photo message or one place to
that conversation, and can read nothing of it. See docs/channels/web.md.
"""

import base64
import binascii
import hashlib
import re
import secrets as random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from core.contracts.channel import Capabilities
from core.secret import Secret
from core.settings import Settings

Ask = Literal["photo", "place"]
PATH = "/f/"
REF = "form:"
"""What the `Media.ref` of a photo begins with that came through the form: its bytes lie in our own spool."""
_MARK = 16
"""Characters of the signature that the link carries: 96 bits, so that it fits one text message."""
_TOKEN = re.compile(r"([pl])([A-Za-z0-9_-]{30})([A-Za-z0-9_-]{16})")
_UPLOAD = re.compile(r"([0-9a-f]{32})-([A-Za-z0-9_-]{43})")
_ASKS: dict[str, Ask] = {"p": "photo", "l": "place"}
_CARD_TEXT = 200


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link says. `until`: aware UTC; `external_id`: the id of the one message that it can become."""

    conversation_id: UUID
    ask: Ask
    until: datetime
    external_id: str


class WebForm:
    """Writes the links and reads them back. `minutes`: how long one lives."""

    def __init__(self, secret: bytes, public_url: str, minutes: int, uploads: Path) -> None:
        self._secret = Secret(secret)
        self._base = public_url.rstrip("/")
        self._life = timedelta(minutes=minutes)
        self.minutes = minutes
        self.uploads = uploads

    @classmethod
    def of(cls, settings: Settings, secret: bytes, var: Path) -> "WebForm":
        """As config.yml has it; the spool is the pages' own."""
        return cls(secret, settings.web.public_url, settings.web.form_minutes, var / "uploads")

    def link(self, conversation_id: UUID, ask: Ask, now: datetime) -> str:
        """A new address for one answer in this conversation, about 50 characters behind the public address."""
        until = int((now + self._life).timestamp())
        packed = conversation_id.bytes + until.to_bytes(4, "big") + random.token_bytes(2)
        body = ("p" if ask == "photo" else "l") + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
        return f"{self._base}{PATH}{body}{self._sign(body)}"

    def read(self, token: str) -> Ticket | None:
        """The link's ticket, also when its time is over; None when we never wrote it."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        body = token[:-_MARK]
        # Both sides are 16 ASCII characters by now; the whole signature is compared in constant time.
        if not random.compare_digest(self._sign(body), found[3]):
            return None
        try:
            packed = base64.urlsafe_b64decode(found[2] + "==")
        except binascii.Error:
            return None
        if base64.urlsafe_b64encode(packed).rstrip(b"=").decode() != found[2]:
            return None  # another spelling of the same bytes would be another ticket
        return Ticket(
            conversation_id=UUID(bytes=packed[:16]),
            ask=_ASKS[found[1]],
            until=datetime.fromtimestamp(int.from_bytes(packed[16:20], "big"), UTC),
            external_id=REF + hashlib.sha256(token.encode()).hexdigest()[:32],
        )

    def _sign(self, body: str) -> str:
        return self._secret.sign("web-form", body)[:_MARK]

    def new_upload(self, conversation_id: UUID) -> str:
        """A new name in the spool for a photo of this conversation."""
        nonce = random.token_hex(16)
        return f"{nonce}-{self._secret.sign('form-upload', f'{conversation_id}:{nonce}')}"

    def upload(self, ref: str, conversation_id: UUID) -> Path | None:
        """Where the photo of a `Media.ref` lies; None unless it was sent through the form of this conversation."""
        found = _UPLOAD.fullmatch(ref.removeprefix(REF))
        if found is None or not ref.startswith(REF):
            return None
        is_own = self._secret.verify("form-upload", f"{conversation_id}:{found[1]}", found[2])
        return self.uploads / found[0] if is_own else None


def is_needed(ask: str, can: Capabilities) -> bool:
    """The channel cannot take what is asked for, and what it shows is read by the citizen alone."""
    if ask not in ("photo", "place") or can.is_public:
        return False
    return not (can.takes_photo if ask == "photo" else can.asks_place)


def with_link(body: dict[str, Any], url: str, line: str, title: str, can: Capabilities) -> list[dict[str, Any]]:
    """The question's body with the way to the form: a card with a button where the channel has cards, else the address
    in the text, in a bubble of its own where the text is full. `line` ends the text, `title` names the card."""
    if can.cards:
        cards = [*body.get("cards", ()), {"title": title, "text": line[:_CARD_TEXT], "url": url}]
        return [{**body, "cards": cards}]
    text = f"{body['text']}\n\n{line}\n{url}"
    if len(text) <= can.max_text:
        return [{**body, "text": text}]
    first = {key: value for key, value in body.items() if key not in ("buttons", "ask")}
    return [first, {**body, "text": f"{line}\n{url}"}]
