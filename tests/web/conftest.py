"""One small house and one site a module; every test begins with a quiet desk."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.db import Database
from tests.web.house import SmallHouse
from tests.web.serving import Site


@pytest.fixture(scope="module")
async def house(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SmallHouse]:
    var: Path = tmp_path_factory.mktemp("var")
    async with httpx.AsyncClient(trust_env=False) as http:
        yield SmallHouse(database, var, http)


@pytest.fixture(scope="module")
async def site(house: SmallHouse) -> AsyncIterator[Site]:
    made = Site(house)
    await made.up()
    yield made
    await made.down()


@pytest.fixture(autouse=True)
def quiet(request: pytest.FixtureRequest) -> None:
    if "site" in request.fixturenames:
        request.getfixturevalue("house").reset()


@pytest.fixture
async def visitor(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without scripts: it has opened the page and holds its cookie."""
    async with httpx.AsyncClient(base_url=site.base, headers={"Origin": site.base}, trust_env=False) as client:
        answer = await client.get("/")
        assert answer.status_code == 200
        yield client
