"""The page of lots: a list that is whole without scripts, and a map of the same rows, for everybody at every width."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import insert, select

from civic.city.book import CityBook, Place
from civic.parking.importing import run_import
from civic.parking.tables import parking_lots, parking_realtime
from core.clock import SetClock
from core.db import Database
from tests.civic.parking.lots import file_of, lot
from tests.web.browser import Chat
from tests.web.house import SmallHouse
from tests.web.serving import Site
from tests.web.test_accessible import axe

NOW = datetime(2026, 9, 30, 1, tzinfo=UTC)
TOWN = Place("guraedong", "구래동", "Gurae-dong", "dong", 37.6453, 126.6287)
LOTS = file_of(
    lot(1, name="가람 <공영> 주차장", lat=37.6460, lon=126.6287, owner="김포시", phone="031-980-1234"),
    lot(2, name="누리 주차장", lat=37.6470, lon=126.6287, fee_kind="free", tariff=None, opening_hours="24/7"),
    lot(3, name="다솜 주차장", lat=37.6480, lon=126.6287, has_charging=True),
    lot(4, name="라온 주차장", lat=37.6490, lon=126.6287, owner="부천시"),
    lot(5, name="마루 주차장", lat=37.6500, lon=126.6300),
    lot(6, name="먼 주차장", lat=37.7000, lon=126.6287),
)
TOLD: dict[str, dict[str, Any]] = {
    "P:1": {"free": 12, "opening_status": "OPEN"},
    "P:2": {"free": 0, "opening_status": "OPEN"},
    "P:3": {"free": 3, "opening_status": "CLOSED"},
    "P:4": {"free": 9, "opening_status": "OPEN", "age": 45},
    "P:5": {"free": None, "opening_status": "UNKNOWN", "is_linked": False},
}


@pytest.fixture(scope="module")
async def filled(database: Database, database_url: str, house: SmallHouse) -> AsyncIterator[None]:
    city_id = house.settings.city.id
    await run_import(database_url, city_id, LOTS, NOW)
    async with database.transaction() as tx:
        lots = parking_lots.c
        ids = {row.uid: row.id for row in await tx.execute(select(lots.uid, lots.id).where(lots.city_id == city_id))}
        for uid, told in TOLD.items():
            at = NOW - timedelta(minutes=told.get("age", 3))
            values = {name: value for name, value in told.items() if name != "age"}
            moments = {"updated_at": at, "fetched_at": at, "changed_at": at}
            row = {"lot_id": ids[uid], "city_id": city_id, "source": "test", **moments, **values}
            await tx.execute(insert(parking_realtime).values(row))
    before = house.clock, house.book
    house.clock, house.book = SetClock(NOW), CityBook(city_id, "", (TOWN,), (), (), ())
    yield
    house.clock, house.book = before


@pytest.fixture
async def reader(site: Site, filled: None) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.base, trust_env=False) as client:
        yield client


async def names(reader: httpx.AsyncClient, **query: str) -> list[str]:
    answer = await reader.get("/parking", params=query)
    assert answer.status_code == 200
    return re.findall(r"<h3>(.*?)</h3>", answer.text)


async def test_a_named_place_has_its_nearest_lots_with_what_may_be_said_of_them(reader: httpx.AsyncClient) -> None:
    text = (await reader.get("/parking", params={"q": "구래동"})).text
    assert re.findall(r"<h3>(.*?)</h3>", text) == [
        "가람 &lt;공영&gt; 주차장", "누리 주차장", "다솜 주차장", "라온 주차장", "마루 주차장"
    ]  # fmt: skip
    badges = re.findall(r'<p class="badge (\w+)">(.*?)</p>', text)
    assert badges == [
        ("many", "빈자리 12면 <span>3분 전</span>"),
        ("full", "만차 <span>3분 전</span>"),
        ("silent", "지금 닫혀 있음 <span>3분 전</span>"),
        ("aged", "빈자리 9면 <span>45분 전</span>"),
        ("silent", "실시간 연결이 끊김"),
    ]
    for words in ("구래동 주변 주차장", "78m", "1,500원", "무료", "24시간", "부천시", "tel:031-980-1234"):
        assert words in text


async def test_the_boxes_rule_lots_out_and_stay_ticked(reader: httpx.AsyncClient) -> None:
    assert await names(reader, q="구래동", vacant="1") == ["가람 &lt;공영&gt; 주차장", "라온 주차장"]
    assert await names(reader, q="구래동", free="1") == ["누리 주차장"]
    assert await names(reader, q="구래동", ev="1", height="2.3") == ["다솜 주차장"]
    text = (await reader.get("/parking", params={"q": "구래동", "ev": "1", "height": "2.3"})).text
    assert 'name="ev" value="1" checked' in text and 'value="2.3"' in text


async def test_a_point_a_lot_and_an_unknown_name_are_understood(reader: httpx.AsyncClient) -> None:
    assert (await names(reader, at="37.70,126.6287"))[0] == "먼 주차장"
    assert (await names(reader, q="라온 주차장"))[0] == "라온 주차장"
    unknown = (await reader.get("/parking", params={"q": '"><script>x'})).text
    assert "찾지 못했습니다" in unknown and "<script>x" not in unknown
    for at in ("x", "91,200", "37.6;126", "1e9,1"):
        assert (await reader.get("/parking", params={"at": at})).status_code == 200


async def test_english_says_the_same(reader: httpx.AsyncClient) -> None:
    text = (await reader.get("/parking", params={"q": "구래동", "lang": "en"})).text
    for words in ('<html lang="en">', "Car parks near Gurae-dong", "12 free", "Full", "Closed now", "₩1,500"):
        assert words in text


async def test_its_policy_lets_nothing_in_from_elsewhere(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/parking", params={"q": "구래동"})
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "connect-src 'self'" in policy and "https:" not in policy
    assert " style=" not in answer.text


@pytest.fixture
async def page(browser: Browser, site: Site, filled: None) -> AsyncIterator[Page]:
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
    await page.goto(f"{site.base}/parking?q=구래동&lang={lang}")
    await expect(page.locator("#map")).to_have_attribute("data-drawn", "yes")
    assert await axe(chat) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    for target in await page.locator(".go, .box, .tools button, .tools a, .lots .links a").all():
        box = await target.bounding_box()
        assert box is not None and box["height"] >= 43.5
    assert chat.errors == [] and chat.foreign == []


@pytest.mark.browser
async def test_the_map_has_the_lots_of_the_list_and_leads_to_them(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/parking?q=구래동")
    pins = page.locator("#map .pin")
    await expect(pins).to_have_count(5)
    assert await pins.all_text_contents() == ["12", "0", "P", "9", "P"]
    await expect(pins.nth(3)).to_have_attribute("aria-label", re.compile("9 라온 주차장, 빈자리 9면 45분 전"))
    await pins.nth(3).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".lots > li.chosen h3")).to_have_text("라온 주차장")
    again = await page.locator("#again").get_attribute("href")
    assert again is not None and re.search(r"at=37\.6\d+%2C126\.6\d+", again)


@pytest.mark.browser
async def test_without_scripts_or_a_map_the_list_is_whole(browser: Browser, site: Site, filled: None) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    try:
        await page.goto(f"{site.base}/parking?q=구래동")
        await expect(page.locator(".lots > li")).to_have_count(5)
        await expect(page.locator(".map-part")).to_be_hidden()
        await page.get_by_label("무료").check()
        await page.get_by_role("button", name="찾기").click()
        await expect(page.locator(".lots h3")).to_have_text(["누리 주차장"])
    finally:
        await context.close()
