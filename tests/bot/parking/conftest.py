"""A city of its own, a clock that stands, and the way out, for tests of the rounds."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from core.clock import SetClock
from core.http import Outside
from tests.bot.parking.house import START


@pytest.fixture
async def city_id() -> str:
    return f"city-{uuid4().hex[:8]}"


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with Outside(["127.0.0.1"]) as found:
        yield found


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)
