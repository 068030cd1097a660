"""What one turn decided, before anything is written or rendered."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from bot.state import State
from core.contracts.channel import Purpose
from core.contracts.dialogue import Handler, Say, Write


@dataclass(frozen=True, slots=True)
class Part:
    """Bubbles whose values are completed by their own write, if there is one."""

    says: tuple[Say, ...]
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """What no training line teaches: handlers that only a button or a set phrase leads to, and those phrases.

    `phrases` are about a citizen's own cases; `anybodys` mean their one thing whoever says them. `hushed` may hold a
    secret where no form is open: where their handler has an answer, no engine hears them and no thread keeps them.
    """

    handlers: Mapping[str, Handler] = field(default_factory=dict)
    phrases: tuple[tuple[re.Pattern[str], str], ...] = ()
    anybodys: tuple[tuple[re.Pattern[str], str], ...] = ()
    hushed: tuple[tuple[re.Pattern[str], str], ...] = ()


@dataclass(slots=True)
class Outcome:
    """`owner`: who holds the conversation afterwards. `stop`: "stop", "resume" or nothing. `is_secret`: the message
    held a one-time code, and its words are not kept. `secrecy`: of the form that was open before or is open after it;
    what is said may have its own.
    """

    state: State
    lang: str
    owner: str = "bot"
    outcome: str = "answered"
    purpose: Purpose = "reply"
    stop: str = ""
    is_secret: bool = False
    secrecy: str = ""
    intent: str | None = None
    confidence: float | None = None
    parts: list[Part] = field(default_factory=list)

    def say(self, key: str, **extra: Any) -> None:
        """Add one bubble without a write."""
        self.parts.append(Part((Say(key, **extra),)))


class Services:
    """What handlers may ask for by parameter name; checked once, at start."""

    def __init__(self, services: Mapping[str, Any]) -> None:
        self._services = dict(services)

    def bind(self, handler: Callable[..., Any], own: tuple[str, ...]) -> Callable[..., Any]:
        """The handler with its services filled in; the parameters named in `own` stay for the caller.

        Raises TypeError at start-up when a handler asks for a service that nobody offers.
        """
        wanted = [name for name in signature(handler).parameters if name not in own]
        if unknown := [name for name in wanted if name not in self._services]:
            raise TypeError(f"{handler.__module__}.{handler.__name__} asks for unknown services: {', '.join(unknown)}")
        given = {name: self._services[name] for name in wanted}

        def call(*arguments: Any) -> Any:
            return handler(*arguments, **given)

        return call
