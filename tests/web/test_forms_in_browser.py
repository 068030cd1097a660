"""The web form as a person meets it: on a phone, by keyboard, without scripts, in both languages, with axe-core."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from bot.webform import Ask
from tests.web.letters import Letter
from tests.web.serving import Site
from tests.web.test_accessible import AXE, RULES
from tests.web.test_photos import picture

# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def page(browser: Browser, site: Site) -> AsyncIterator[Page]:
    """A phone, 360 px wide. The test fails when the page threw, broke its policy or asked another host."""
    context = await browser.new_context(
        viewport={"width": 360, "height": 740},
        locale="ko-KR",
        geolocation={"latitude": 37.6453, "longitude": 126.6287, "accuracy": 18},
    )
    context.set_default_timeout(15_000)
    made, errors = await context.new_page(), []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    made.on("request", lambda one: errors.append(one.url) if not one.url.startswith((site.base, "blob:")) else None)
    yield made
    await context.close()
    assert errors == []


def file(name: str = "a.jpg", raw: bytes = b"", kind: str = "image/jpeg") -> Any:
    return {"name": name, "mimeType": kind, "buffer": raw or picture(size=(400, 300))}


async def violations(page: Page) -> list[str]:
    if not AXE.is_file():
        pytest.fail("run npm ci, or python -m web.assets")
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})",
        RULES,
    )
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found["violations"]]


@pytest.mark.browser
class TestInABrowser:
    async def test_photos_are_looked_at_taken_out_and_sent(self, page: Page, letter: Letter) -> None:
        await page.goto(letter.base + letter.path("photo"))
        await page.locator("#photos").set_input_files([file(), file("b.png", picture("PNG"), "image/png")])
        await expect(page.locator("#note")).to_have_text("사진 2장을 골랐습니다.")
        await page.get_by_role("button", name="1번째 사진 빼기").click()
        await expect(page.locator("#chosen img")).to_have_count(1)
        await page.locator("#photos").set_input_files([file() for _ in range(6)])
        await expect(page.locator("#note")).to_contain_text("5장까지")
        await expect(page.locator("#chosen img")).to_have_count(5)
        assert await violations(page) == []
        await page.get_by_role("button", name="보내기", exact=True).click()
        await expect(page.get_by_role("heading", name="잘 받았습니다")).to_be_visible()
        assert await violations(page) == []
        assert [len(one.media) for one in letter.heard] == [5]

    async def test_the_position_is_read_after_a_press_and_sent_with_the_form(self, page: Page, letter: Letter) -> None:
        await page.context.grant_permissions(["geolocation"], origin=letter.base)
        await page.goto(letter.base + letter.path("place"))
        assert await page.locator("#lat").input_value() == ""
        await page.get_by_role("button", name="현재 위치 확인하기").click()
        await expect(page.locator("#note")).to_contain_text("오차 약 18m")
        assert await violations(page) == []
        await page.get_by_role("button", name="보내기", exact=True).click()
        await expect(page.get_by_role("heading", name="잘 받았습니다")).to_be_visible()
        place = letter.heard[0].place
        assert place and (place.lat, place.lon) == (37.6453, 126.6287)

    async def test_a_refusal_goes_when_it_is_put_right(self, page: Page, letter: Letter) -> None:
        await page.goto(letter.base + letter.path("photo"))
        await page.locator("#send").click()
        await expect(page.get_by_role("alert")).to_contain_text("먼저 골라")
        await page.locator("#photos").set_input_files([file()])
        await expect(page.locator("#problem")).to_be_hidden()

    async def test_who_gives_no_position_writes_it(self, page: Page, letter: Letter) -> None:
        await page.context.clear_permissions()
        await page.goto(letter.base + letter.path("place"))
        await page.get_by_role("button", name="보내기", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("주소를 적어 주세요")
        assert await violations(page) == []
        await page.get_by_label("주소나 장소 이름").fill("구래동 우체국")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="잘 받았습니다")).to_be_visible()
        assert letter.heard[0].text == "구래동 우체국"

    async def test_it_is_used_by_keyboard_alone(self, page: Page, letter: Letter) -> None:
        await page.goto(letter.base + letter.path("photo"))
        await page.locator("#photos").set_input_files([file(), file()])
        seen = []
        await page.keyboard.press("Tab")
        for _ in range(8):
            await page.keyboard.press("Tab")
            seen.append(await page.evaluate("document.activeElement.id || document.activeElement.ariaLabel"))
            if seen[-1] == "send":
                break
        assert [one for one in seen if one in ("photos", "1번째 사진 빼기", "2번째 사진 빼기", "send")] == [
            "photos",
            "1번째 사진 빼기",
            "2번째 사진 빼기",
            "send",
        ]
        await page.get_by_role("button", name="2번째 사진 빼기").focus()
        await page.keyboard.press("Enter")
        focused = await page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert focused == "1번째 사진 빼기", "focus stays near what was taken out"
        await page.locator("#send").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="잘 받았습니다")).to_be_visible()

    @pytest.mark.parametrize("ask", ["photo", "place"])
    @pytest.mark.parametrize("width", [320, 360, 1440])
    async def test_it_fits_every_width_in_both_languages(
        self, page: Page, letter: Letter, ask: Ask, width: int
    ) -> None:
        await page.set_viewport_size({"width": width, "height": 740})
        for lang in ("ko", "en"):
            await page.goto(letter.base + letter.path(ask) + f"?lang={lang}")
            assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            assert await violations(page) == []
            for target in await page.locator("button:visible, .lang:visible, input[type=text]:visible").all():
                box = await target.bounding_box()
                assert box is not None and box["height"] >= 43.5 and box["width"] >= 43.5
            if lang == "en":
                words = (await page.locator("body").inner_text()).split()
                assert [word for word in words if any("가" <= one <= "힣" for one in word)] == ["한국어"]

    async def test_courteous_pages_for_links_that_ended_or_broke(self, page: Page, letter: Letter) -> None:
        for path in (letter.path("photo", before=timedelta(days=2)), "/f/xyz"):
            for lang in ("ko", "en"):
                await page.goto(f"{letter.base}{path}?lang={lang}")
                assert await violations(page) == []
                await expect(page.locator("a[href^='tel:']")).to_be_visible()

    async def test_a_lost_line_is_told_and_the_photos_stay(self, page: Page, letter: Letter) -> None:
        await page.goto(letter.base + letter.path("photo"))
        await page.locator("#photos").set_input_files([file()])
        await page.context.set_offline(True)
        await page.get_by_role("button", name="보내기", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("연결을 확인하고")
        await page.context.set_offline(False)
        await page.get_by_role("button", name="보내기", exact=True).click()
        await expect(page.get_by_role("heading", name="잘 받았습니다")).to_be_visible()
        assert len(letter.heard) == 1

    async def test_it_works_without_scripts(self, browser: Browser, letter: Letter) -> None:
        context = await browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
        page = await context.new_page()
        await page.goto(letter.base + letter.path("photo"))
        await page.locator("#send").click()
        await expect(page.get_by_role("alert")).to_contain_text("먼저 골라")
        await page.locator("#photos").set_input_files([file(), file()])
        await page.locator("#send").click()
        await expect(page.get_by_role("heading", name="잘 받았습니다")).to_be_visible()
        assert [len(one.media) for one in letter.heard] == [2]
        await context.close()
