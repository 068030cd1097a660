"""The way out to other people's systems: one deadline, honest retries, a breaker a host, no secrets in the log."""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx
import structlog

from core import metrics
from core.breaker import Breaker
from core.errors import Unavailable
from core.guarded import AddressRefused, GuardedTransport, TooLarge

log = structlog.get_logger(__name__)

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""RFC 9110 §9.2.2."""
BUSY = frozenset({429, 500, 502, 503, 504})
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Failures before a single byte of the request went out: it may be sent again without being sent twice."""
FIRST_WAIT_S = 0.2
AGENT = "Sinmungo/1"


class OutsideFailed(Unavailable):
    """Another system did not answer usefully. `status` is its HTTP status or 0, `retry_after` its wish in seconds.

    `is_unknown`: it may have done what was asked although we have no answer.
    """

    code = "outside"

    def __init__(
        self, host: str, why: str, *, status: int = 0, retry_after: float | None = None, is_unknown: bool = False
    ) -> None:
        super().__init__(f"외부 시스템({host})이 응답하지 않습니다: {why}", f"{host}: {why}", host=host, status=status)
        self.why = why
        self.status = status
        self.retry_after = retry_after
        self.is_unknown = is_unknown


def guarded_client(allowed: Collection[str] = (), *, timeout_s: float = 10.0) -> httpx.AsyncClient:
    """A plain httpx client for channels (House.http) that cannot reach inside addresses but those `allowed`."""
    return httpx.AsyncClient(
        transport=GuardedTransport(allowed),
        timeout=httpx.Timeout(timeout_s, connect=min(5.0, timeout_s)),
        headers={"user-agent": AGENT},
        trust_env=False,
    )


class Outside:
    """What services read other systems with. Share one a process; `client` is the same door without the manners."""

    def __init__(self, allowed: Collection[str] = (), *, clock: Callable[[], float] = time.monotonic) -> None:
        self.client = guarded_client(allowed)
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    async def aclose(self) -> None:
        await self.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def get(self, url: str, **options: Any) -> httpx.Response:
        return await self.request("GET", url, **options)

    async def request(
        self,
        method: str,
        url: str,
        *,
        deadline_s: float = 10.0,
        attempts: int = 3,
        is_idempotent: bool | None = None,
        max_bytes: int = 4 * 1024 * 1024,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """The whole answer, read, within `deadline_s` over all attempts; any status below 500 but 429 is an answer.

        Only calls that may be repeated are tried again (by method, or as `is_idempotent` says), with growing waits
        or the host's Retry-After. `content`, `json`, `data` and `files` are httpx's. Raises OutsideFailed.
        """
        request = self.client.build_request(method, url, headers=headers, params=params, **content)
        request.extensions["max_bytes"] = max_bytes
        host = request.url.host
        may_repeat = is_idempotent if is_idempotent is not None else method.upper() in IDEMPOTENT
        began, attempt = self._clock(), 0
        try:
            async with asyncio.timeout(deadline_s):
                while True:
                    attempt += 1
                    outcome = await self._once(request, host, may_repeat)
                    if isinstance(outcome, httpx.Response):
                        return outcome
                    left = deadline_s - (self._clock() - began)
                    wait_s = _wait(attempt, outcome.retry_after)
                    if not may_repeat or attempt >= attempts or not outcome.retry or wait_s >= left:
                        raise outcome
                    await asyncio.sleep(wait_s)
        except TimeoutError:
            self._breaker(host).failed()
            self._note(host, method, "deadline", 0, began)
            raise OutsideFailed(host, "deadline", is_unknown=not may_repeat) from None

    async def _once(self, request: httpx.Request, host: str, may_repeat: bool) -> httpx.Response | OutsideFailed:
        breaker, began = self._breaker(host), self._clock()
        if not breaker.may_call():
            self._note(host, request.method, "breaker", 0, began)
            return _final(OutsideFailed(host, "resting after failures"))
        try:
            response = await self.client.send(request)
        except (TooLarge, httpx.UnsupportedProtocol, httpx.DecodingError) as error:
            self._note(host, request.method, type(error).__name__, 0, began)
            return _final(OutsideFailed(host, type(error).__name__))
        except httpx.TransportError as error:
            if isinstance(error.__cause__, AddressRefused):
                self._note(host, request.method, "refused", 0, began)
                return _final(OutsideFailed(host, "inside address refused"))
            breaker.failed()
            self._note(host, request.method, type(error).__name__, 0, began)
            is_sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            return OutsideFailed(host, type(error).__name__, is_unknown=is_sent and not may_repeat)
        self._note(host, request.method, "answered", response.status_code, began)
        if response.status_code not in BUSY:
            breaker.succeeded()
            return response
        if response.status_code != 429:
            breaker.failed()
        return OutsideFailed(
            host,
            f"HTTP {response.status_code}",
            status=response.status_code,
            retry_after=retry_after(response.headers.get("retry-after", "")),
        )

    def _breaker(self, host: str) -> Breaker:
        return self._breakers.setdefault(host, Breaker(self._clock))

    def _note(self, host: str, method: str, outcome: str, status: int, began: float) -> None:
        """Host and figures only: paths and queries hold keys (a Telegram token is a path)."""
        metrics.OUTSIDE_CALLS.labels(host, outcome).inc()
        took_ms = round((self._clock() - began) * 1000, 1)
        log.info("outside.call", host=host, method=method, outcome=outcome, status=status, took_ms=took_ms)


def retry_after(value: str, now: datetime | None = None) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 §10.2.3), a number or a date; None when it says nothing."""
    try:
        return max(0.0, float(int(value)))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - (now or datetime.now(UTC))).total_seconds())


def _final(error: OutsideFailed) -> OutsideFailed:
    error.retry = False
    return error


def _wait(attempt: int, wished: float | None) -> float:
    grown: float = FIRST_WAIT_S * 2.0 ** (attempt - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, no secret
    return grown if wished is None else max(grown, wished)
