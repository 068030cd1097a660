"""The public board: the figures of real rows, nobody recognisable, for everybody at every width, without scripts."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import insert, update

from civic.cases.open import open_case
from civic.cases.tables import cases
from civic.city.tables import departments
from core.clock import SetClock
from core.db import Database
from tests.civic.cases.rows import CITY, departments_of_city, draft
from tests.web.browser import Chat
from tests.web.house import SmallHouse
from tests.web.serving import Site
from tests.web.test_accessible import axe

RECEIVED = datetime(2026, 9, 1, 1, tzinfo=UTC)
CLOSED = datetime(2026, 9, 3, 1, tzinfo=UTC)
LATE = datetime(2026, 9, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 9, 30, 1, tzinfo=UTC)
COUNTS = {"road": (8, 2), "parks": (6, 0), "water": (2, 0), "lib": (3, 1)}
"""Department: cases closed, of them late."""


@pytest.fixture(scope="module")
async def filled(database: Database, house: SmallHouse) -> AsyncIterator[SetClock]:
    clock = SetClock(NOW)
    before, house.clock = house.clock, clock
    async with database.transaction() as tx:
        await departments_of_city(tx)
        for key, korean, english in (("water", "수도과", "Water"), ("lib", "도서관", "Library")):
            one: dict[str, Any] = {"name_ko": korean, "name_en": english, "phone": "", "duties_ko": "", "duties_en": ""}
            more = {"keywords": [], "hours": "", "source": "test"}
            await tx.execute(insert(departments).values(city_id=CITY, id=key, **one, **more))
        for department, (count, late) in COUNTS.items():
            for number in range(count):
                words = {"title": "홍길동의 민원", "body": "010-1234-5678"}
                opened = await open_case(tx, draft(None, department_id=department, **words), RECEIVED)
                closed = LATE if number < late else CLOSED
                values = {"status": "answered", "closed_at": closed, "department_id": department}
                await tx.execute(update(cases).where(cases.c.id == opened.id).values(values))
    yield clock
    house.clock = before


@pytest.fixture
async def reader(site: Site, filled: SetClock) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.base, trust_env=False) as client:
        yield client


async def test_the_figures_are_those_of_the_rows_and_small_departments_stand_together(
    reader: httpx.AsyncClient,
) -> None:
    found = (await reader.get("/board.json")).json()
    assert (found["from"], found["to"], found["k"]) == ("2026-07-03", "2026-09-30", 5)
    shown = {one["department"]: one for one in found["departments"]}
    assert set(shown) == {"road", "parks", None}
    assert (shown["road"]["received"], shown["road"]["closed"], shown["road"]["on_time"]) == (8, 8, 0.75)
    assert (shown["parks"]["name_ko"], shown["parks"]["on_time"]) == ("공원관리과", 1.0)
    assert shown["parks"]["median_working_days"] == 3
    assert (shown[None]["received"], found["departments_summed"]) == (5, 2)
    assert (found["total"]["received"], found["total"]["closed"]) == (19, 19)
    assert min(one["closed"] for one in found["departments"]) >= 5


async def test_the_page_says_the_same_in_both_languages_and_names_nobody(reader: httpx.AsyncClient) -> None:
    korean, english = (await reader.get("/board")).text, (await reader.get("/board", params={"lang": "en"})).text
    for words in ('<html lang="ko">', "도로관리과", "75%", "그 밖의 부서 2곳", "2026-07-03 ~ 2026-09-30", "김포시"):
        assert words in korean
    for words in ('<html lang="en">', "Roads", "75%", "2 other departments", "Gimpo City"):
        assert words in english
    assert not [word for word in ("홍길동", "1234", "수도과", "도서관") if word in korean]


async def test_its_policy_forbids_scripts_styles_and_everything_from_elsewhere(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/board")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "style-src 'self'" in policy
    assert "<script" not in answer.text and "style=" not in answer.text
    assert "http://" not in answer.text and "https://" not in answer.text


async def test_it_is_worked_out_once_a_minute(reader: httpx.AsyncClient, filled: SetClock, database: Database) -> None:
    before = (await reader.get("/board.json")).json()
    async with database.transaction() as tx:
        extra = await open_case(tx, draft(None), NOW)
    try:
        filled.move(timedelta(seconds=59))
        assert (await reader.get("/board.json")).json() == before
        filled.move(timedelta(seconds=2))
        assert (await reader.get("/board.json")).json()["total"]["received"] == before["total"]["received"] + 1
    finally:
        async with database.transaction() as tx:
            await tx.execute(update(cases).where(cases.c.id == extra.id).values(city_id="elsewhere"))
        filled.move(timedelta(minutes=2))


@pytest.fixture
async def page(browser: Browser, site: Site, filled: SetClock) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul")
    context.set_default_timeout(15_000)
    made = await context.new_page()
    yield made
    await context.close()


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("width", [360, 1440])
async def test_axe_finds_nothing_and_nothing_runs_out_of_the_page(
    page: Page, site: Site, lang: str, width: int
) -> None:
    chat = Chat(page, site.base)
    chat.watch()
    await page.set_viewport_size({"width": width, "height": 900})
    await page.goto(f"{site.base}/board?lang={lang}")
    assert await axe(chat) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for target in await page.locator(".lang, .links a").all():
        box = await target.bounding_box()
        assert box is not None and box["height"] >= 43.5
    assert chat.errors == [] and chat.foreign == []


@pytest.mark.browser
async def test_the_chart_shows_what_the_table_says_without_scripts(
    browser: Browser, site: Site, filled: SetClock
) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    try:
        await page.goto(f"{site.base}/board?lang=ko")
        names = await page.locator("tbody th").all_text_contents()
        assert names == ["도로관리과", "공원관리과", "그 밖의 부서 2곳"]
        assert await page.locator("tbody tr").nth(0).locator("td").all_text_contents() == ["8", "8", "3", "75%"]
        rail = await page.locator(".bars li").nth(0).locator(".rail").bounding_box()
        fill = await page.locator(".bars li").nth(0).locator(".fill").bounding_box()
        assert rail is not None and fill is not None
        assert round(fill["width"] / rail["width"], 2) == 0.75
    finally:
        await context.close()


async def test_a_city_with_too_few_cases_shows_no_figure(site: Site, house: SmallHouse, filled: SetClock) -> None:
    before = house.settings
    house.settings = before.model_copy(update={"board": before.board.model_copy(update={"k": 1000})})
    filled.move(timedelta(minutes=2))
    try:
        async with httpx.AsyncClient(base_url=site.base, trust_env=False) as client:
            data, page = (await client.get("/board.json")).json(), (await client.get("/board")).text
        assert (data["total"], data["departments"]) == (None, [])
        assert "1000건 미만" in page and "<table" not in page
    finally:
        house.settings = before
        filled.move(timedelta(minutes=2))
