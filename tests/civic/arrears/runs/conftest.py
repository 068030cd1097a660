"""A small city that sends notices, one a module; each test has its own clock and nobody who owes anything yet."""

from collections.abc import AsyncIterator

import pytest

from core.db import Database
from tests.civic.arrears.runs.town import Town
from tests.civic.arrears.runs.town import town as open_town


@pytest.fixture(scope="module")
async def city(database: Database) -> AsyncIterator[Town]:
    with open_town(database) as opened:
        await opened.up()
        yield opened


@pytest.fixture
async def town(city: Town) -> AsyncIterator[Town]:
    """Officers, words and accounts of the module; its own channel, clock, and nobody who owes anything."""
    with open_town(city.db) as opened:
        opened.officers = city.officers
        yield opened
        await opened.sender.close()
        await opened.clean()
