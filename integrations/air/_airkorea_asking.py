"""How AirKorea is asked: page by page, each service for itself, so that one that fails keeps no other answer back."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.contracts.air import Http, Mark, Observation, SourceFailed
from core.datagokr import GatewayFailed, Page, decoded_key, read_page
from core.http import OutsideFailed

DEADLINE_S = 30.0
MOST_BYTES = 24 * 1024 * 1024
FORECAST_PAUSE = timedelta(minutes=50)
"""It is issued four times a day, and asked about once an hour."""
THERE = 0.5
"""An hour is there when so many of its stations have told it: some are behind for days."""
_WORST = ("refused", "broken", "quota", "retry")


class Asked(Protocol):
    """What of the settings says how to ask."""

    @property
    def key(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def rows(self) -> int: ...

    @property
    def most_pages(self) -> int: ...


class Asking:
    """One round: counts its calls, remembers which service failed and why. Reasons hold no key and no body."""

    def __init__(self, http: Http, settings: Asked) -> None:
        self.calls = 0
        self._http = http
        self._settings = settings
        self._answered = 0
        self._failed: dict[str, SourceFailed] = {}

    async def attempt(self, name: str, ask: Callable[[], Awaitable[Page]]) -> Page | None:
        """What a service answers; None when it fails, which is told by `failure`."""
        try:
            page = await ask()
        except SourceFailed as failed:
            self._failed[name] = failed
            return None
        except OutsideFailed as failed:
            self._failed[name] = SourceFailed("retry", failed.reason_ko, failed.reason_en)
            return None
        self._answered += 1
        return page

    def failure(self) -> SourceFailed | None:
        """Of those that failed, named; raised when nobody answered at all."""
        if not self._failed:
            return None
        worst = min((one.kind for one in self._failed.values()), key=_WORST.index)
        ko = ", ".join(f"{name}: {one.reason_ko}" for name, one in self._failed.items())
        en = ", ".join(f"{name}: {one.reason_en}" for name, one in self._failed.items())
        failed = SourceFailed(worst, ko, en, calls=max(1, self.calls))
        if not self._answered:
            raise failed
        return failed

    async def pages(self, service: str, asked: Mapping[str, str], operation: str = "") -> Page:
        """All pages as one. Raises SourceFailed, OutsideFailed."""
        whole = await self._page(service, asked, operation, 1)
        for number in range(2, self._settings.most_pages + 1):
            if _count(whole) >= (whole.total or 0):
                break
            page = await self._page(service, asked, operation, number)
            if not _count(page):
                break
            whole = Page(whole.items + page.items, whole.odd + page.odd, whole.total)
        return whole

    async def _page(self, service: str, asked: Mapping[str, str], operation: str, number: int) -> Page:
        settings = self._settings
        params = {
            **asked,
            "serviceKey": decoded_key(settings.key),
            "returnType": "json",
            "numOfRows": str(settings.rows),
            "pageNo": str(number),
        }
        url = f"{settings.url.rstrip('/')}/{service}"
        self.calls += 1
        response = await self._http.get(url, params=params, deadline_s=DEADLINE_S, max_bytes=MOST_BYTES)
        try:
            return read_page(response.content, response.status_code, operation=operation)
        except GatewayFailed as failure:
            raise SourceFailed(failure.kind, failure.reason_ko, failure.reason_en, result=failure.result) from None


def _count(page: Page) -> int:
    return len(page.items) + page.odd


@dataclass(frozen=True, slots=True)
class Seen:
    """How far the rounds came, kept in the mark: the newest hour that is there, and when the forecast was asked."""

    hour: datetime | None = None
    forecast: datetime | None = None

    @classmethod
    def of(cls, mark: Mark) -> "Seen":
        """A mark that nobody can read is none."""
        try:
            kept = json.loads(mark.cursor or "{}")
            hour, forecast = (kept.get(name) for name in ("hour", "forecast"))
            return cls(*(datetime.fromisoformat(one) if one else None for one in (hour, forecast)))
        except (ValueError, TypeError, AttributeError):
            return cls()

    def mark(self) -> Mark:
        kept = {"hour": self.hour, "forecast": self.forecast}
        return Mark(cursor=json.dumps({name: one.isoformat() for name, one in kept.items() if one is not None}))

    def wants_hour(self, now: datetime, minutes: Sequence[int]) -> bool:
        """Until it is there, and in the last slot of the hour once more."""
        return self.hour is None or self.hour < hour_of(now) or now.minute >= max(minutes)

    def wants_forecast(self, now: datetime) -> bool:
        return self.forecast is None or now - self.forecast >= FORECAST_PAUSE

    def with_hours(self, observations: Sequence[Observation]) -> "Seen":
        """The newest hour that most of the answer's stations have told."""
        ends: dict[datetime, set[str]] = {}
        for one in observations:
            ends.setdefault(one.phenomenon_end, set()).add(one.station_uid)
        if not ends:
            return self
        newest = max(ends)
        everybody = len(set().union(*ends.values()))
        is_there = len(ends[newest]) >= THERE * everybody
        return Seen(newest if is_there else self.hour, self.forecast)


def hour_of(now: datetime) -> datetime:
    """The hour that ended last."""
    return now.replace(minute=0, second=0, microsecond=0)


def next_of(minutes: Sequence[int], now: datetime) -> datetime:
    """The next of the minutes past the hour."""
    slots = [hour_of(now) + timedelta(hours=later, minutes=one) for later in (0, 1) for one in sorted(minutes)]
    return next(slot for slot in slots if slot > now)
