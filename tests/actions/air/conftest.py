"""The demo city's book and a fresh town for the tests of answers on the air."""

import pytest

from civic.city.service import CityBook, load, open_book
from core.db import Database
from core.loading import ROOT
from tests.actions.air.sky import NOON
from tests.actions.air.town import Town


@pytest.fixture(scope="module")
async def book(database: Database) -> CityBook:
    async with database.transaction() as tx:
        await load(tx, "gimpo", ROOT / "demo/gimpo", NOON)
        return await open_book(tx, "gimpo")


@pytest.fixture
def town(database: Database, book: CityBook) -> Town:
    return Town(database, book)
