"""How many messages of a device a process takes in a minute of the clock: one that floods keeps nobody else waiting."""

from datetime import datetime


class Pace:
    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute: datetime | None = None
        self._counts: dict[str, int] = {}

    def may(self, name: str, now: datetime) -> bool:
        """Counts this message. False beyond the minute's number."""
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._counts = minute, {}
        self._counts[name] = self._counts.get(name, 0) + 1
        return self._counts[name] <= self._per_minute
