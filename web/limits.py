"""How much one browser and one address may ask of the chat: token buckets and open connections, bounded in memory."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.errors import TooMany

_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` at once, then `per_second`."""

    burst: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Rates:
    session_messages: Rate = Rate(20, 1)
    ip_messages: Rate = Rate(300, 20)
    session_photos: Rate = Rate(10, 0.2)
    ip_photos: Rate = Rate(60, 2)
    ip_reads: Rate = Rate(300, 20)
    session_connections: int = 12
    ip_connections: int = 300


class Limits:
    """One a process. The oldest keys are forgotten first, so that a flood of sessions cannot fill the memory."""

    def __init__(self, rates: Rates | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.rates = rates or Rates()
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._open: Counter[str] = Counter()

    def message(self, session: str, ip: str) -> None:
        """Raises TooMany."""
        self._take(f"m:{session}", self.rates.session_messages)
        self._take(f"mi:{ip}", self.rates.ip_messages)

    def photo(self, session: str, ip: str) -> None:
        """Raises TooMany."""
        self._take(f"p:{session}", self.rates.session_photos)
        self._take(f"pi:{ip}", self.rates.ip_photos)

    def read(self, ip: str) -> None:
        """Raises TooMany."""
        self._take(f"ri:{ip}", self.rates.ip_reads)

    @contextmanager
    def connection(self, session: str, ip: str) -> Iterator[None]:
        """Holds a place for an open socket or stream. Raises TooMany."""
        keys = ((f"s:{session}", self.rates.session_connections), (f"i:{ip}", self.rates.ip_connections))
        if any(self._open[key] >= most for key, most in keys):
            raise _too_many()
        for key, _ in keys:
            self._open[key] += 1
        try:
            yield
        finally:
            for key, _ in keys:
                self._open[key] -= 1
                if self._open[key] <= 0:
                    del self._open[key]

    def _take(self, key: str, rate: Rate) -> None:
        now = self._clock()
        tokens, since = self._buckets.pop(key, (rate.burst, now))
        tokens = min(rate.burst, tokens + (now - since) * rate.per_second)
        self._buckets[key] = (max(tokens - 1, 0) if tokens >= 1 else tokens, now)
        if len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        if tokens < 1:
            raise _too_many()


def _too_many() -> TooMany:
    return TooMany("요청이 너무 많습니다. 잠시 뒤 다시 시도해 주십시오.", "Too many requests; try again shortly.")
