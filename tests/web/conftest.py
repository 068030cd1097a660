"""One small house and one site a module; every test begins with a quiet desk."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from core.db import Database
from tests.web.browser import ARGUMENTS, Chat, chromium
from tests.web.house import SmallHouse
from tests.web.letters import Letter, conversation
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


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = chromium()
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        await launched.close()


@pytest.fixture
async def chat(browser: Browser, site: Site) -> AsyncIterator[Chat]:
    """An open, empty chat at 360 px. The test fails when the page threw, broke its policy or asked another host."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, locale="ko-KR", timezone_id="Asia/Seoul"
    )
    context.set_default_timeout(15_000)
    made = Chat(await context.new_page(), site.base)
    made.watch()
    await made.open()
    yield made
    await context.close()
    assert made.errors == []
    assert made.foreign == []


@pytest.fixture
async def letter(site: Site, house: SmallHouse) -> Letter:
    return await conversation(house, site.base)
