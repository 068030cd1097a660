"""One body a signature, for gateways that sign the time of a call and not its content.

Whoever saw such a signature could put any words under it while the clock allows; what came first under it stays.
"""

import hashlib

MOST = 100_000
"""Stamps remembered, about 20 MB: a call every six milliseconds over the ten minutes that one may live."""


class Stamps:
    """Which bodies came under which timestamp (Unix seconds, or milliseconds from 13 digits on), in this process.

    An honest repeat brings its body again and is let through: the store knows its key. Another body under a used
    timestamp is a forgery, or a second call that the gateway made in the same moment (`bodies` above one).
    """

    def __init__(self, skew_s: float, bodies: int = 1, *, most: int = MOST) -> None:
        self._skew_s = skew_s
        self._bodies = bodies
        self._most = most
        self._known: dict[str, tuple[bytes, ...]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def take(self, stamp: str, body: bytes, now: float) -> bool:
        """Whether the body may stand under the stamp, whose signature was checked; digits only, `now` in seconds."""
        while self._known and (len(self._known) >= self._most or self._is_past(next(iter(self._known)), now)):
            del self._known[next(iter(self._known))]
        mark = hashlib.blake2b(body, digest_size=16).digest()
        marks = self._known.get(stamp, ())
        if mark in marks:
            return True
        if len(marks) >= self._bodies:
            return False
        self._known[stamp] = (*marks, mark)
        return True

    def _is_past(self, stamp: str, now: float) -> bool:
        return int(stamp) / (1000 if len(stamp) >= 13 else 1) < now - self._skew_s
