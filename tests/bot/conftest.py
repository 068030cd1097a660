"""The demo city, prepared once a run (its model is trained once) and loaded into each module's own database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.prepare import prepare
from core.settings import Settings, read
from tests.bot.city import MORNING, City, open_city


@pytest.fixture(scope="session")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("var")


@pytest.fixture(scope="session")
def settings(var: Path) -> Settings:
    return read().model_copy(update={"var": var})


@pytest.fixture(scope="module")
async def city(settings: Settings, database_url: str, var: Path) -> AsyncIterator[City]:
    await prepare(settings, database_url, MORNING, lambda line: None)
    async with open_city(settings, database_url, var) as made:
        yield made
