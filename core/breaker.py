"""A circuit breaker: a system that keeps failing is left alone for a while, so that nobody waits for it in vain."""

import time
from collections.abc import Callable

FAILURES = 5
FIRST_REST_S = 5.0
LONGEST_REST_S = 120.0


class Breaker:
    """Opens after five failures in a row. After a rest one call may try; its failure doubles the rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rest_s = FIRST_REST_S
        self._try_at = 0.0

    @property
    def is_resting(self) -> bool:
        """Whether it is open, be it that the next call may be the trial."""
        return self._failures >= FAILURES

    def may_call(self) -> bool:
        """False while it rests. The first call after the rest is the trial: others stay refused until it is over."""
        if self._failures < FAILURES:
            return True
        if self._clock() < self._try_at:
            return False
        self._try_at = self._clock() + self._rest_s
        return True

    def succeeded(self) -> None:
        self._failures = 0
        self._rest_s = FIRST_REST_S

    def failed(self) -> None:
        self._failures += 1
        if self._failures == FAILURES:
            self._try_at = self._clock() + self._rest_s
        elif self._failures > FAILURES:
            self._rest_s = min(self._rest_s * 2, LONGEST_REST_S)
            self._try_at = self._clock() + self._rest_s
