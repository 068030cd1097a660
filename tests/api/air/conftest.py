"""One filled store a module, a fresh house and a caller without a name for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.db import Database
from tests.api.air import opened
from tests.api.house import SmallHouse


@pytest.fixture(scope="module")
async def told_store(database: Database) -> Database:
    return await opened.filled(database)


@pytest.fixture
def told_house(told_store: Database, tmp_path: Path) -> SmallHouse:
    return opened.house(told_store, tmp_path)


@pytest.fixture
async def client(told_house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with told_house.client(None) as client:
        yield client
