"""How much one caller may ask of one process: token buckets, bounded in memory, that say how long to wait."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from core.errors import TooMany

_KEPT = 20_000


class Throttle:
    """At most `burst` calls of a key at once, then `per_minute`. The key that was quiet longest is forgotten first."""

    def __init__(self, burst: float, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._per_s = per_minute / 60
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Raises TooMany with `context["retry_after"]` in whole seconds."""
        now = self._clock()
        tokens, at = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_s)
        is_fine = tokens >= 1
        self._buckets[key] = (tokens - 1 if is_fine else tokens, now)
        while len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        if not is_fine:
            raise TooMany(
                "요청이 너무 많습니다. 잠시 뒤 다시 해 주세요.",
                "Too many requests; try again shortly.",
                retry_after=max(1, math.ceil((1 - tokens) / self._per_s)),
            )
