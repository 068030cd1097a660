"""The demo city, prepared once a run and loaded into each module's own database."""

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import delete, update

from bot.prepare import prepare
from civic.cases.tables import cases
from civic.conversations.tables import throttles
from core.settings import Settings, read
from tests.bot.city import MORNING, City, open_city
from tests.bot.memory_channel import TEXT_MESSAGES, MemoryChannel
from tests.bot.people import People, open_people
from tests.trained import trained


@pytest.fixture(scope="session")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("var")
    shutil.copytree(trained(), folder / "nlu")
    return folder


@pytest.fixture(scope="session")
def settings(var: Path) -> Settings:
    return read().model_copy(update={"var": var})


@pytest.fixture(scope="module")
async def city(settings: Settings, database_url: str, var: Path) -> AsyncIterator[City]:
    await prepare(settings, database_url, MORNING, lambda line: None)
    async with open_city(settings, database_url, var) as made:
        yield made


@pytest.fixture
def texting(city: City) -> City:
    """The city on a channel of plain text messages, as a Korean gateway carries them."""
    channel = city.house.channels.setdefault("texts", MemoryChannel("texts", capabilities=TEXT_MESSAGES))
    assert isinstance(channel, MemoryChannel)
    return City(city.house, channel, city.clock)


@pytest.fixture
async def town(city: City) -> AsyncIterator[City]:
    """The city in the morning with a channel of its own, so that pauses and rates stay within one test."""
    channel = MemoryChannel(name=f"c-{uuid4().hex[:8]}")
    city.clock.move(MORNING - city.clock.now())
    city.house.channels[channel.name] = channel
    yield City(city.house, channel, city.clock)
    del city.house.channels[channel.name]
    async with city.house.db.transaction() as tx:
        await tx.execute(delete(throttles))


@pytest.fixture(scope="module")
async def whole(settings: Settings, database_url: str, var: Path) -> AsyncIterator[People]:
    await prepare(settings, database_url, MORNING, lambda line: None)
    async with open_people(settings, database_url, var) as made:
        yield made


@pytest.fixture
async def people(whole: People) -> People:
    """The morning; what earlier tests sent is no matter for bounds of this one, as each has numbers of its own."""
    whole.city.clock.move(MORNING - whole.city.clock.now())
    async with whole.house.db.transaction() as tx:
        await tx.execute(update(cases).values(received_at=cases.c.received_at - timedelta(days=60)))
    return whole
