"""What every channel test needs: a house that lends little, a clock that stands, a counterpart on the loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from core.clock import SetClock
from core.contracts.channel import House
from tests.integrations.channels.counterpart import Counterpart, serving
from tests.integrations.channels.kits import Answer, Call

NOW = datetime.fromtimestamp(1_790_000_000, UTC)

Serve = Callable[[Callable[[Call], Answer]], AbstractAsyncContextManager[Counterpart]]


@dataclass
class Lent:
    """A `House` for tests, the clock in it, and what was published through it."""

    house: House
    clock: SetClock
    published: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
async def lent(tmp_path: Path) -> AsyncIterator[Lent]:
    published: list[tuple[str, str]] = []

    async def publish(topic: str, payload: str) -> None:
        published.append((topic, payload))

    clock = SetClock(NOW)
    async with httpx.AsyncClient(trust_env=False) as http:
        house = House(
            http=http,
            publish=publish,
            secret=b"house-secret-of-the-suite-01234567",
            var=tmp_path,
            public_url="http://localhost:8000",
            now=clock.now,
        )
        yield Lent(house, clock, published)


@pytest.fixture
def serve() -> Serve:
    """`async with serve(answer) as counterpart`: the provider's server, running."""
    return serving
