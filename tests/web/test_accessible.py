"""The chat for everybody: axe-core, keyboard alone, narrow and wide, Korean and English, live regions, target sizes."""

import os
from typing import Any

import pytest
from playwright.async_api import expect

from core.contracts.channel import Button, IncomingMessage
from core.loading import ROOT
from tests.web.browser import Chat
from tests.web.house import Said, SmallHouse
from tests.web.test_photos import picture

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def everything(message: IncomingMessage) -> list[Said]:
    if message.text == "끝":
        return [Said("120 다산콜처럼 https://www.example.go.kr 에서도 보실 수 있습니다.")]
    return [
        Said("불이 났다면 119에 신고하세요.", purpose="emergency"),
        Said("어디인가요?\n" + "긴낱말" * 60, (Button("네", "y"), Button("아니요", "n")), ask="place"),
    ]


async def axe(chat: Chat) -> list[str]:
    """Violations that are serious or critical, with the elements they are about."""
    if not AXE.is_file():
        reason = "axe-core가 없습니다 (run npm ci, or python -m web.assets)"
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    await chat.page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = await chat.page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
    )
    return [
        f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical", "moderate")
    ]


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("width", [360, 1440])
async def test_axe_finds_nothing(chat: Chat, house: SmallHouse, lang: str, width: int) -> None:
    house.desk.script = everything
    await chat.page.set_viewport_size({"width": width, "height": 900})
    await chat.page.emulate_media(reduced_motion="reduce")
    await chat.open(f"/?lang={lang}")
    assert await axe(chat) == []
    await chat.write("처음")
    await expect(chat.bubbles("theirs")).to_have_count(2)
    await chat.page.locator(".chip").first.click()
    await chat.write("끝")
    await expect(chat.bubbles("mine")).to_have_count(3)
    await expect(chat.page.locator("li.pending")).to_have_count(0)
    photo = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    await chat.page.locator("#file").set_input_files(photo)  # type: ignore[arg-type]
    assert await axe(chat) == []
    if width == 360:
        await chat.page.locator("#about-open").click()
    assert await axe(chat) == []
    await chat.page.locator("#forget").click()
    assert await axe(chat) == []


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
async def test_nothing_needs_sideways_scrolling(chat: Chat, house: SmallHouse, width: int) -> None:
    house.desk.script = everything
    await chat.page.set_viewport_size({"width": width, "height": 640})
    await chat.open()
    await chat.write("https://www.example.go.kr/" + "a" * 300)
    await expect(chat.bubbles("theirs")).to_have_count(2)
    for element in ("document.documentElement", "document.getElementById('log')"):
        assert await chat.page.evaluate(f"{element}.scrollWidth <= {element}.clientWidth"), element
    box = await chat.page.locator("#send").bounding_box()
    assert box is not None and box["x"] + box["width"] <= width


async def test_every_target_is_large_enough(chat: Chat, house: SmallHouse) -> None:
    house.desk.script = everything
    await chat.write("처음")
    await expect(chat.bubbles("theirs")).to_have_count(2)
    await chat.page.locator("#about-open").click()
    for target in await chat.page.locator("button:visible, .tool:visible, .calls a:visible").all():
        box = await target.bounding_box()
        assert box is not None and box["height"] >= 43.5 and box["width"] >= 43.5, await target.text_content()


async def test_it_is_used_by_keyboard_alone(chat: Chat, house: SmallHouse) -> None:
    house.desk.script = lambda message: (
        [Said("고르세요", (Button("주차", "parking"), Button("신고", "report")))]
        if message.kind == "text"
        else [Said("고맙습니다")]
    )
    keys = chat.page.keyboard
    await keys.press("Tab")
    assert await focused(chat) == "대화 입력창으로 바로 가기"
    await keys.press("Enter")
    await keys.type("안녕하세요")
    await keys.press("Enter")
    await expect(chat.page.locator(".chip")).to_have_count(2)
    assert await chat.page.evaluate("document.activeElement.id") == "text"
    for _ in range(12):
        await keys.press("Shift+Tab")
        if await focused(chat) == "신고":
            break
    outline = (
        "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth"
    )
    assert await chat.page.evaluate(outline) == "solid3px"
    await keys.press("Enter")
    await expect(chat.bubbles("theirs").last).to_have_text("고맙습니다")
    assert await focused(chat) == "신고"


async def test_the_dialog_opens_and_closes_by_keyboard(chat: Chat) -> None:
    await chat.page.locator("#about-open").press("Enter")
    await chat.page.locator("#forget").press("Enter")
    await expect(chat.page.locator("#forget-dialog")).to_be_visible()
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.locator("#forget-dialog")).to_be_hidden()
    assert await chat.page.evaluate("document.activeElement.id") == "forget"
    await chat.page.keyboard.press("Escape")
    await expect(chat.page.locator("#forget")).to_be_hidden()
    assert await chat.page.evaluate("document.activeElement.id") == "about-open"


async def focused(chat: Chat) -> str:
    found: str = await chat.page.evaluate("document.activeElement.textContent.trim()")
    return found


async def test_answers_are_announced_and_old_ones_are_not(chat: Chat) -> None:
    log = chat.page.get_by_role("log", name="대화 내용")
    assert await log.get_attribute("aria-live") == "polite"
    await chat.write("하나")
    await chat.expect("하나", "답: 하나")
    await chat.page.evaluate(
        """() => {
            window.added = [];
            const note = one => one.addedNodes.forEach(node => window.added.push(node.className));
            const watch = new MutationObserver(list => list.forEach(note));
            watch.observe(document.getElementById('messages'), {childList: true});
        }"""
    )
    await chat.write("둘")
    await chat.expect("하나", "답: 하나", "둘", "답: 둘")
    await chat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert [name.split()[:2] for name in await chat.page.evaluate("window.added")] == [
        ["said", "mine"],
        ["said", "theirs"],
    ]


async def test_english_is_english_throughout(chat: Chat) -> None:
    await chat.page.get_by_role("link", name="English").click()
    await expect(chat.page.locator("html")).to_have_attribute("lang", "en")
    await expect(chat.page.locator(".starter").first).to_have_text("Find parking")
    visible = await chat.page.locator("body").inner_text()
    assert [word for word in visible.split() if any("가" <= letter <= "힣" for letter in word)] == ["한국어"]
    await chat.write("한글로 적은 말")
    await expect(chat.bubbles("mine")).to_have_attribute("lang", "ko")


async def test_it_stands_without_the_design_systems_files(chat: Chat) -> None:
    await chat.page.route("**/static/vendor/**", lambda route: route.abort())
    await chat.open()
    await chat.write("글꼴 없이")
    await chat.expect("글꼴 없이", "답: 글꼴 없이")
    colour = await chat.page.locator("li.mine .bubble").evaluate("one => getComputedStyle(one).backgroundColor")
    assert colour == "rgb(11, 80, 208)"
