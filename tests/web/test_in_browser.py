"""The chat as a person uses it, in a real browser: talk, press, reload, lose the line, keyboard alone."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from core.contracts.channel import Button, IncomingMessage
from tests.waiting import until
from tests.web.browser import Chat
from tests.web.house import Said, SmallHouse
from tests.web.serving import Site
from tests.web.test_photos import picture

pytestmark = pytest.mark.browser

XSS = "<img src=x onerror=alert(1)><script>alert(2)</script>\n\"'&amp; javascript:alert(3) {{7*7}}"


def menu(message: IncomingMessage) -> list[Said]:
    if message.kind == "button":
        return [Said(f"{message.payload} 고름")]
    return [Said("무엇을 도와드릴까요?", (Button("주차", "parking"), Button("신고", "report")))]


class TestTalk:
    async def test_a_sentence_is_sent_with_enter_and_answered(self, chat: Chat) -> None:
        await chat.write("구래동 주차장 어디예요?")
        await chat.expect("구래동 주차장 어디예요?", "답: 구래동 주차장 어디예요?")
        assert await chat.box.input_value() == ""

    async def test_shift_enter_breaks_the_line(self, chat: Chat) -> None:
        await chat.box.press_sequentially("첫 줄")
        await chat.box.press("Shift+Enter")
        await chat.box.press_sequentially("둘째 줄")
        await chat.box.press("Enter")
        await chat.expect("첫 줄\n둘째 줄", "답: 첫 줄\n둘째 줄")

    async def test_enter_that_ends_a_syllable_sends_nothing(self, chat: Chat, house: SmallHouse) -> None:
        await chat.box.fill("안녕하세")
        for event in ({"isComposing": True, "keyCode": 13}, {"isComposing": False, "keyCode": 229}):
            await chat.box.dispatch_event("keydown", {"key": "Enter", "bubbles": True} | event)
        assert await chat.box.input_value() == "안녕하세"
        await chat.write("안녕하세요")
        await chat.expect("안녕하세요", "답: 안녕하세요")

    async def test_a_starter_asks_for_the_citizen(self, chat: Chat) -> None:
        starters = chat.page.locator(".starter")
        assert await starters.all_text_contents() == [
            "주차장 찾기",
            "민원 신고",
            "민원 조회",
            "담당 부서 안내",
            "상담원 연결",
        ]
        await starters.nth(1).click()
        await chat.expect("민원 신고", "답: 민원 신고")
        await expect(starters.first).to_be_hidden()
        await chat.page.get_by_role("button", name="자주 찾는 일 열기").click()
        await expect(starters.first).to_be_visible()

    async def test_a_chip_answers_once(self, chat: Chat, house: SmallHouse) -> None:
        house.desk.script = menu
        await chat.write("도와줘")
        chip = chat.page.get_by_role("button", name="신고", exact=True)
        await chip.click()
        await chat.expect("도와줘", "무엇을 도와드릴까요?", "신고", "report 고름")
        for used in await chat.page.locator(".chip").all():
            assert await used.get_attribute("aria-disabled") == "true"
            await used.dispatch_event("click")
        assert await chat.page.locator(".chip.chosen").get_attribute("aria-label") == "신고, 선택함"
        assert [message.payload for message in house.desk.seen] == ["", "report"]

    async def test_markup_is_shown_as_text(self, chat: Chat) -> None:
        await chat.write(XSS)
        await chat.expect(XSS, f"답: {XSS}")
        await chat.open()
        await chat.expect(XSS, f"답: {XSS}")
        assert await chat.page.locator(".said img, .said script, .said a").count() == 0

    async def test_links_are_links_and_nothing_more(self, chat: Chat, house: SmallHouse) -> None:
        text = 'https://www.example.go.kr/a?b=1&c=2. 문의 031-980-2114, javascript:alert(1) http://x"onclick=y'
        house.desk.script = lambda message: [Said(text)]
        await chat.write("링크")
        await chat.expect("링크", text)
        links = chat.page.locator(".theirs .text a")
        found = [await link.get_attribute("href") for link in await links.all()]
        assert found == ["https://www.example.go.kr/a?b=1&c=2", "tel:031-980-2114", "http://x/"]
        assert await links.first.get_attribute("rel") == "noopener noreferrer nofollow"

    async def test_an_emergency_offers_the_call(self, chat: Chat, house: SmallHouse) -> None:
        house.desk.script = lambda message: [Said("119에 신고하세요. 범죄는 112입니다.", purpose="emergency")]
        await chat.write("불이야")
        await expect(chat.page.get_by_role("link", name="119 전화", exact=True)).to_have_attribute("href", "tel:119")
        await expect(chat.page.locator("li.emergency .urgent-name")).to_have_text("긴급 안내")

    async def test_too_long_is_said_before_it_is_sent(self, chat: Chat, house: SmallHouse) -> None:
        await chat.write("가" * 4001)
        await expect(chat.page.locator("#note")).to_contain_text("4,001자")
        assert len(await chat.box.input_value()) == 4001
        await chat.write("🚨" * 4000)
        await chat.expect("🚨" * 4000, "답: " + "🚨" * 4000)

    async def test_typing_is_shown_until_the_answer(self, chat: Chat, house: SmallHouse) -> None:
        go_on = asyncio.Event()
        house.desk.before_turn = _waits(go_on)
        await chat.write("천천히")
        await until(lambda: house.desk.seen)
        await house.channel.working(house.desk.seen[0].address)
        await expect(chat.page.locator("#typing")).to_be_visible()
        await expect(chat.page.locator("#typing")).to_contain_text("답변을 작성하고 있습니다")
        go_on.set()
        await chat.expect("천천히", "답: 천천히")
        await expect(chat.page.locator("#typing")).to_be_hidden()


def _waits(event: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        await event.wait()

    return wait


class TestLine:
    """The connection goes and comes back; nothing is lost and nothing is doubled."""

    async def test_a_reload_keeps_the_thread_and_the_draft(self, chat: Chat) -> None:
        await chat.write("하나")
        await chat.expect("하나", "답: 하나")
        await chat.box.fill("쓰다 만 글")
        await chat.open()
        await chat.expect("하나", "답: 하나")
        assert await chat.box.input_value() == "쓰다 만 글"

    async def test_what_is_said_while_the_city_is_away_arrives_once_and_in_order(
        self, chat: Chat, site: Site, house: SmallHouse
    ) -> None:
        await chat.write("하나")
        await chat.expect("하나", "답: 하나")
        await site.down()
        for text in ("둘", "셋"):
            await chat.write(text)
        banner = chat.page.locator("#banner")
        await expect(banner).to_have_text("연결이 끊겼습니다. 다시 연결하는 중…")
        await expect(chat.page.locator("li.pending")).to_have_count(2)
        await site.up()
        await until(lambda: [message.text for message in house.desk.seen] == ["하나", "둘", "셋"], 30)
        await expect(chat.page.locator("li.pending")).to_have_count(0)
        await expect(chat.bubbles("theirs")).to_have_count(3)
        assert sorted(await chat.texts()) == sorted(["하나", "둘", "셋", "답: 하나", "답: 둘", "답: 셋"])
        await expect(banner).to_have_text("다시 연결되었습니다.")
        await chat.open()
        assert await chat.bubbles("mine").all_text_contents() == ["하나", "둘", "셋"]
        assert len(house.desk.seen) == 3

    async def test_what_was_said_before_a_reload_without_a_line_is_sent_after_it(
        self, chat: Chat, house: SmallHouse
    ) -> None:
        house.desk.refuses = 503
        await chat.write("꼭 전해 주세요")
        await expect(chat.page.locator("#note")).to_contain_text("자동으로 다시 보내 드립니다")
        await chat.open()
        await expect(chat.page.locator("li.pending")).to_have_count(1)
        house.desk.refuses = 0
        await chat.expect("꼭 전해 주세요", "답: 꼭 전해 주세요")
        assert len(house.desk.seen) == 1

    async def test_a_browser_that_is_offline_says_so_and_catches_up(self, chat: Chat, house: SmallHouse) -> None:
        await chat.page.context.set_offline(True)
        await expect(chat.page.locator("#banner")).to_contain_text("인터넷 연결이 없습니다")
        await chat.write("오프라인")
        await expect(chat.page.locator("li.pending")).to_have_count(1)
        await chat.page.context.set_offline(False)
        await chat.expect("오프라인", "답: 오프라인")
        assert len(house.desk.seen) == 1

    async def test_an_answer_given_while_away_is_there_on_return(self, chat: Chat, house: SmallHouse) -> None:
        go_on = asyncio.Event()
        house.desk.before_turn = _waits(go_on)
        await chat.write("느린 질문")
        await until(lambda: house.desk.seen)
        await chat.page.context.set_offline(True)
        await expect(chat.page.locator("#banner")).to_contain_text("인터넷 연결이 없습니다")
        go_on.set()
        await until(lambda: not house.desk.turns)
        await chat.page.context.set_offline(False)
        await chat.expect("느린 질문", "답: 느린 질문")

    async def test_a_resync_reads_the_thread_again(self, chat: Chat, house: SmallHouse) -> None:
        await chat.write("하나")
        await chat.expect("하나", "답: 하나")
        publish, house.channel.house = house.channel.house, _deaf(house)
        await chat.write("둘")
        await until(lambda: len(house.desk.seen) == 2 and not house.desk.turns)
        house.channel.house = publish
        assert await chat.bubbles("theirs").count() == 1
        house.bus.lose()
        await chat.expect("하나", "답: 하나", "둘", "답: 둘")

    async def test_without_websocket_the_stream_serves(self, chat: Chat) -> None:
        await chat.page.add_init_script("delete window.WebSocket")
        await chat.open()
        async with chat.page.expect_request("**/chat/messages"):
            await chat.write("다른 길")
        await chat.expect("다른 길", "답: 다른 길")

    async def test_without_any_live_line_the_thread_is_read(self, chat: Chat) -> None:
        await chat.page.route("**/chat/events", lambda route: route.abort())
        await chat.page.add_init_script("delete window.WebSocket")
        await chat.open()
        await chat.write("먼 길")
        await chat.expect("먼 길", "답: 먼 길")

    async def test_a_session_that_is_over_offers_a_new_one(self, chat: Chat) -> None:
        await chat.page.context.clear_cookies()
        await chat.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await chat.page.context.set_offline(True)
        await chat.page.context.set_offline(False)
        await chat.page.get_by_role("button", name="새로 시작").click()
        await chat.page.wait_for_load_state()
        await chat.write("다시")
        await chat.expect("다시", "답: 다시")

    async def test_two_tabs_show_the_same(self, chat: Chat, site: Site) -> None:
        other = Chat(await chat.page.context.new_page(), site.base)
        await other.open()
        await chat.write("함께 보기")
        await chat.expect("함께 보기", "답: 함께 보기")
        await other.expect("함께 보기", "답: 함께 보기")


def _deaf(house: SmallHouse):  # type: ignore[no-untyped-def]
    """The channel's house with a bus that loses everything."""
    from dataclasses import replace

    async def publish(topic: str, payload: str) -> None:
        return None

    return replace(house.channel.house, publish=publish)


class TestPlaceAndPhoto:
    async def test_the_position_is_sent_after_a_press(self, chat: Chat, house: SmallHouse) -> None:
        await chat.page.context.grant_permissions(["geolocation"])
        await chat.page.context.set_geolocation({"latitude": 37.6453, "longitude": 126.6287})
        await chat.page.get_by_role("button", name="현재 위치 보내기").click()
        await expect(chat.bubbles("theirs")).to_have_text("위치 37.645, 126.629 가까이를 찾아봅니다.")
        await expect(chat.page.locator(".pin")).to_contain_text("북위 37.6453, 동경 126.6287")

    async def test_a_refused_position_names_the_other_way(self, chat: Chat, house: SmallHouse) -> None:
        house.desk.script = lambda message: [Said("어디인가요?", ask="place")]
        await chat.write("신고")
        await chat.page.locator(".chip.native").click()
        await expect(chat.page.locator("#note")).to_contain_text("동 이름이나 주소를 적어 주세요")

    async def test_a_photo_is_looked_at_then_sent(self, chat: Chat) -> None:
        photo = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture(size=(80, 60))}
        await chat.page.locator("#file").set_input_files(photo)  # type: ignore[arg-type]
        await expect(chat.page.locator("#preview-image")).to_be_visible()
        await chat.page.get_by_role("button", name="이 사진 보내기").click()
        await expect(chat.bubbles("theirs")).to_have_text("사진 한 장을 받았습니다.")
        await chat.open()
        image = chat.page.locator("img.photo")
        await expect(image).to_have_attribute("alt", "내가 보낸 사진")
        assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 80

    async def test_a_file_that_is_no_photo_is_refused_in_words(self, chat: Chat) -> None:
        files = chat.page.locator("#file")
        await files.set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"})
        await expect(chat.page.locator("#preview-note")).to_contain_text("JPEG, PNG, WebP")
        await chat.page.get_by_role("button", name="취소").click()
        await files.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff no"})
        await chat.page.get_by_role("button", name="이 사진 보내기").click()
        await expect(chat.page.locator("#preview-note")).to_contain_text("JPEG, PNG, WebP")

    async def test_the_chat_is_cleared_on_this_device(self, chat: Chat) -> None:
        await chat.write("지울 이야기")
        await chat.expect("지울 이야기", "답: 지울 이야기")
        await chat.page.get_by_role("button", name="이용 안내").click()
        await chat.page.get_by_role("button", name="이 기기에서 대화 지우기").click()
        async with chat.page.expect_navigation():
            await chat.page.get_by_role("button", name="지우기", exact=True).click()
        await expect(chat.page.locator(".starter").first).to_be_visible()
        assert await chat.texts() == []
