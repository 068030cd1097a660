"""How a message is read when reading may ask another process: bounded in time, and never without an answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from core.contracts.understanding import Understanding

Hear = Callable[[str], Awaitable[Understanding]]
"""Reads one text of a message. Never raises for any text."""


class Reader(Protocol):
    """Reads messages for one process. `bot.listening` has the one that answers at once, from the engine in process;
    `integrations/language/<name>.py` has those that ask a server, made by `build(settings, light, intents)`.
    """

    def hear(self, now_iso: str) -> Hear:
        """The reading of one message that came at `now_iso` (aware ISO 8601). However many texts of it are read, the
        waiting for others is bounded once for all of them; past that the engine in process answers.
        """
        ...

    def health(self) -> Mapping[str, str | int]:
        """What operators should see of the server asked: its state and counts, no citizen's words. Empty: none."""
        ...

    async def aclose(self) -> None: ...
