"""The pages of the air: lists and tables that are whole without scripts, charts and a map of the same rows."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from civic.air.service import AirService
from civic.air.tables import air_stations
from core.clock import SetClock
from core.contracts.air import Terms
from core.db import Database
from tests.civic.air.open.told import CITY, NOW, fill
from tests.web.browser import Chat
from tests.web.house import SmallHouse
from tests.web.serving import Site
from tests.web.test_accessible import axe

TERMS = {"airkorea": Terms("한국환경공단 에어코리아, 실시간(미확정) 자료", "공공누리 1유형")}


@pytest.fixture(scope="module")
async def filled(database: Database, house: SmallHouse) -> AsyncIterator[dict[str, int]]:
    await fill(database)
    before = house.clock
    house.clock = SetClock(NOW + timedelta(minutes=10))
    async with database.transaction() as tx:
        ids = {row.name: row.id for row in await tx.execute(select(air_stations.c.name, air_stations.c.id))}
    yield ids
    house.clock = before


@pytest.fixture(scope="module")
async def site(house: SmallHouse) -> AsyncIterator[Site]:
    house.air = AirService(house.db, CITY, house.settings.air, TERMS)
    made = Site(house)
    await made.up()
    yield made
    await made.down()


@pytest.fixture
async def reader(site: Site, filled: dict[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.base, trust_env=False, timeout=60) as client:
        yield client


async def test_the_page_says_values_units_grades_in_words_time_and_whose_they_are(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/air")
    assert answer.status_code == 200
    text = re.sub(r"\s+", " ", answer.text)
    assert re.findall(r'<h3><a href="/air/stations/\d+\?lang=ko">(.*?)</a></h3>', text) == [
        "사우동", "고촌읍", "&lt;큰길&gt; &amp; 대로", "학운리 센서"
    ]  # fmt: skip
    for said in ("보통 <b>72</b>", "09-30 10:00까지 1시간", "한국환경공단 에어코리아, 실시간(미확정) 자료", "µg/m³"):
        assert said in text
    assert "공공 측정소 (도로변대기)" in text and "시 센서" in text
    assert "먼 곳" not in text, "a station of another city is not ours to show"


async def test_a_station_without_a_value_says_why_and_a_corrected_one_what_it_was(reader: httpx.AsyncClient) -> None:
    text = re.sub(r"\s+", " ", (await reader.get("/air?pollutant=PM10")).text)
    assert '<td>– <span class="note">통신장애</span></td>' in text
    text = re.sub(r"\s+", " ", (await reader.get("/air?pollutant=PM25")).text)
    assert '<td data-v="24" data-was="95">24 <s>95</s><span class="sr"> 고치기 전의 값</span></td>' in text
    assert "<td>95 µg/m³ (실시간)</td>" in text, "the list of corrections"
    hole = re.search(r'<th scope="row">09-29 24:00</th><td>(.*?)</td>', text)
    assert hole is not None and hole[1] == "–", "nothing is never zero"


async def test_everybody_is_told_that_all_see_the_same_rows(reader: httpx.AsyncClient) -> None:
    text = (await reader.get("/air")).text
    assert "시민, 시민단체, 사업장, 시청이 모두 같은 행을 봅니다." in text
    for link in ("/api/v1/air/record", "/api/v1/air/hours.csv", "/api/v1/air/sta/v1.1"):
        assert f'href="{link}"' in text
    assert '<a href="/air?lang=ko">' in (await reader.get("/board")).text


async def test_english_says_the_same(reader: httpx.AsyncClient, filled: dict[str, int]) -> None:
    text = re.sub(r"\s+", " ", (await reader.get("/air?lang=en")).text)
    for said in (
        '<html lang="en">',
        "Moderate <b>72</b>",
        "Hour until 09-30 10:00",
        "City&#39;s sensor",
    ):
        assert said in text
    text = (await reader.get(f"/air/stations/{filled['고촌읍']}?lang=en&year=2026")).text
    assert "2026, day by day" in text and "Mean (µg/m³)" in text


async def test_a_stations_page_has_a_year_of_days_and_its_downloads(
    reader: httpx.AsyncClient, filled: dict[str, int]
) -> None:
    number = filled["고촌읍"]
    text = re.sub(r"\s+", " ", (await reader.get(f"/air/stations/{number}?year=2026&pollutant=PM25")).text)
    days = text[text.index('id="table-days"') : text.index('id="recent"')]
    full = re.search(r'<th scope="row">09-29</th>((?:<td.*?</td>)+)', days)
    assert full is not None
    cells = re.findall(r"<td[^>]*>(.*?)</td>", full[1])
    assert cells[1:] == ["20", "28", "24"] and 20 < float(cells[0]) < 28
    short = re.search(r'<th scope="row">09-30</th><td[^>]*>(.*?)</td>', days)
    assert short is not None and short[1] == "–", "ten hours make no day's mean"
    assert len(re.findall("<tr data-t", days)) == 365
    for kind in ("hours.csv", "hours.json"):
        assert f"/api/v1/air/{kind}?station={number}&amp;begin=2026-01-01&amp;end=2026-12-31" in text


@pytest.mark.parametrize("path", ["/air/stations/99999", "/air/stations/99999999999"])
async def test_a_station_that_is_not_there_is_not_found(reader: httpx.AsyncClient, path: str) -> None:
    assert (await reader.get(path)).status_code == 404


async def test_whatever_is_asked_a_page_comes(reader: httpx.AsyncClient, filled: dict[str, int]) -> None:
    for query in ("pollutant=%3Cscript%3E", "lang=xx", "year=0"):
        text = (await reader.get(f"/air?{query}")).text
        assert "<script>" not in text and " style=" not in text
    for query in ("year=1999", "year=9999", "year=x", "pollutant=H2S"):
        assert (await reader.get(f"/air/stations/{filled['사우동']}?{query}")).status_code == 200


@pytest.fixture
async def page(browser: Browser, site: Site, filled: dict[str, int]) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul")
    context.set_default_timeout(15_000)
    made = await context.new_page()
    yield made
    await context.close()


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("width", [360, 1440])
async def test_axe_finds_nothing_and_nothing_runs_out_of_the_page(
    page: Page, site: Site, filled: dict[str, int], lang: str, width: int
) -> None:
    chat = Chat(page, site.base)
    chat.watch()
    await page.set_viewport_size({"width": width, "height": 900})
    for path, charts in (("/air?", 1), (f"/air/stations/{filled['사우동']}?", 2)):
        await page.goto(f"{site.base}{path}lang={lang}")
        await expect(page.locator('.chart[data-drawn="yes"]')).to_have_count(charts)
        if charts == 1:
            await expect(page.locator("#map")).to_have_attribute("data-drawn", "yes")
        assert await axe(chat) == []
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        for target in await page.locator(".choice a, .tools button, .links a, .sites h3 a, summary").all():
            box = await target.bounding_box()
            assert box is not None and box["height"] >= 43.5
    assert chat.errors == [] and chat.foreign == []


READ = """async () => {
  const charts = await import("/static/air/charts.js");
  const found = charts.readTable(document.getElementById("table-hours"));
  return { times: found.times, line: found.lines[0], marks: found.marks[0] };
}"""


@pytest.mark.browser
async def test_the_chart_has_the_holes_and_marks_of_its_table(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/air?pollutant=PM25")
    await expect(page.locator('.chart[data-drawn="yes"] canvas')).to_have_count(1)
    found = await page.evaluate(READ)
    newest = len(found["times"]) - 1
    assert found["line"][newest - 11 : newest - 9] == [None, None]
    assert [place for place, mark in enumerate(found["marks"]) if mark is not None] == [newest - 3]
    assert found["times"][newest] - found["times"][0] == newest * 3600
    await expect(page.locator(".u-legend .u-label")).to_contain_text(["시각", "사우동 (µg/m³)"])


PAINTED = """async () => {
  const charts = await import("/static/air/charts.js");
  const box = document.querySelector(".chart");
  box.replaceChildren();
  const midnight = Date.parse("2026-03-01T00:00:00+09:00") / 1000;
  const times = Array.from({ length: 25 }, (_, hour) => midnight + hour * 3600);
  const values = times.map((_, hour) => (hour > 6 && hour < 12) || (hour > 12 && hour < 18) ? null : 50);
  const found = { times, names: ["one"], lines: [values], marks: [values.map(() => null)] };
  const plot = await charts.drawHours(box, found, "µg/m³");
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const high = Math.round(plot.valToPos(50, "y", true));
  const isBlue = (hour) => {
    const right = Math.round(plot.valToPos(midnight + hour * 3600, "x", true));
    const { data } = plot.ctx.getImageData(right - 1, high - 2, 3, 5);
    const dots = Array.from({ length: 15 }, (_, at) => data.slice(at * 4, at * 4 + 3));
    return dots.some(([red, green, blue]) => blue > 150 && blue > red + 60 && blue > green + 40);
  };
  const first = plot.axes[0]._values.filter((one) => one !== null)[0];
  return { drawn: times.map((_, hour) => isBlue(hour)), first };
}"""


@pytest.mark.browser
async def test_a_hole_is_left_unpainted_and_a_lone_hour_is_seen(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/air?pollutant=PM25")
    await expect(page.locator('.chart[data-drawn="yes"] canvas')).to_have_count(1)
    found = await page.evaluate(PAINTED)
    assert [hour for hour, seen in enumerate(found["drawn"]) if not seen] == [*range(7, 12), *range(13, 18)]
    assert found["first"].startswith("00:00"), "ticks tell the time in Korea"


@pytest.mark.browser
async def test_the_keyboard_reaches_tables_and_pins(page: Page, site: Site) -> None:
    await page.goto(f"{site.base}/air")
    await expect(page.locator("#map .pin")).to_have_count(4)
    pin = page.locator("#map .pin").nth(1)
    await expect(pin).to_have_attribute("aria-label", re.compile("73 고촌읍, ◔ 보통 73"))
    await pin.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".sites > li.chosen h3")).to_have_text("고촌읍")
    await expect(page.locator(".sites > li.chosen h3 a")).to_be_focused()
    await page.locator(".twin summary").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#table-hours")).to_be_visible()


@pytest.mark.browser
async def test_without_scripts_the_tables_are_there_to_be_opened(browser: Browser, site: Site, reader: object) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    try:
        await page.goto(f"{site.base}/air")
        await expect(page.locator(".sites > li")).to_have_count(4)
        await expect(page.locator(".map-part")).to_be_hidden()
        await page.get_by_role("link", name="오존", exact=True).click()
        await page.locator(".twin summary").click()
        await expect(page.locator("#table-hours")).to_contain_text("0.031")
    finally:
        await context.close()
