"""The one-tap page as a person meets it: on a phone and on a wide screen, by keyboard, in both languages, with axe."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import func, select

from civic.air.matters.record import read
from civic.air.matters.tables import air_matter_steps
from civic.air.matters.work import set_task
from core.clock import SetClock
from core.vault import open_vault
from tests.civic.air.matters.town import NOON, RULES
from tests.conftest import SECRET
from tests.web.house import SmallHouse
from tests.web.serving import Site
from tests.web.test_accessible import AXE
from tests.web.test_accessible import RULES as AXE_RULES
from tests.web.test_air_ack import Told, tell
from tests.web.test_photos import picture

SHOTS = os.environ.get("SINMUNGO_SHOTS", "")
"""A folder to look at the page in, by hand."""


@pytest.fixture
async def told(house: SmallHouse, site: Site) -> Told:
    await open_vault(house.db, SECRET, NOON)
    house.clock = SetClock(NOON)
    async with house.db.reading() as tx:
        number = await tx.scalar(select(func.count()).select_from(air_matter_steps))
    made = await tell(house, key=f"limit:browser:{number}")
    async with house.db.transaction() as tx:
        matter = await read(tx, house.settings.city.id, made.matter_id, lock=True)
        await set_task(tx, matter, made.staff_id, "A1 배출구 점검", NOON, RULES, company="metal")
    return made


@pytest.fixture(params=[360, 1440])
async def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """The test fails when the page threw, broke its policy or asked another host."""
    context = await browser.new_context(viewport={"width": request.param, "height": 800}, locale="ko-KR")
    context.set_default_timeout(15_000)
    made, errors = await context.new_page(), []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    made.on("request", lambda one: errors.append(one.url) if not one.url.startswith(site.base) else None)
    yield made
    await context.close()
    assert errors == []


async def violations(page: Page) -> list[str]:
    if not AXE.is_file():
        pytest.fail("run npm ci, or python -m web.assets")
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", AXE_RULES)
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found["violations"]]


async def looked_at(page: Page, name: str) -> None:
    """No rule of WCAG is broken and nothing is wider than the screen."""
    if SHOTS:
        width = page.viewport_size["width"] if page.viewport_size else 0
        await page.screenshot(path=str(Path(SHOTS) / f"air-ack-{name}-{width}.png"), full_page=True)
    assert await violations(page) == []
    over: Any = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0


@pytest.mark.browser
async def test_a_contact_acknowledges_by_keyboard_and_tells_what_he_did(page: Page, site: Site, told: Told) -> None:
    await page.goto(site.base + told.company)
    await looked_at(page, "open")
    button = page.get_by_role("button", name="확인했습니다")
    await button.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("확인하신 것으로 적었습니다")
    await page.get_by_role("textbox", name="내용").fill("집진기 필터를 바꾸었습니다.")
    await page.get_by_label("사진 (선택)").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(400, 300))}
    )
    await page.get_by_role("button", name="보내기").click()
    await expect(page.get_by_role("status")).to_contain_text("잘 받았습니다")
    await expect(page.get_by_text("담당자 확인 전")).to_be_visible()
    await looked_at(page, "told")
    [action] = await told.actions()
    assert action.photo_sha256 is not None


@pytest.mark.browser
async def test_it_reads_the_same_in_english_and_says_when_it_is_no_address(page: Page, site: Site, told: Told) -> None:
    await page.goto(site.base + told.company + "?lang=en")
    assert await page.locator("html").get_attribute("lang") == "en"
    await expect(page.get_by_role("button", name="I have it in hand")).to_be_visible()
    await looked_at(page, "english")
    await page.goto(site.base + told.officer)
    await expect(page.get_by_role("button", name="확인했습니다")).to_be_visible()
    await expect(page.get_by_role("textbox")).to_have_count(0)
    await looked_at(page, "officer")
    await page.goto(site.base + "/air/ack/" + "x" * 24)
    await expect(page.get_by_role("heading", name="쓸 수 없는 주소입니다")).to_be_visible()
    await looked_at(page, "gone")
