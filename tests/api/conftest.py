"""One small house a module."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.db import Database
from tests.api.house import SmallHouse


@pytest.fixture(scope="module")
async def house(database: Database, tmp_path_factory: pytest.TempPathFactory) -> SmallHouse:
    made = SmallHouse(database, Path(tmp_path_factory.mktemp("var")))
    await made.staff_up()
    return made


@pytest.fixture
async def agent(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("agent") as client:
        yield client


@pytest.fixture
async def stranger(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(None) as client:
        yield client
