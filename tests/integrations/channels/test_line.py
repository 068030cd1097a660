"""LINE's own ways: reply token or push, quick replies, cards, what was taken back, two secrets."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from linebot.v3.webhook import SignatureValidator  # type: ignore[import-untyped]

from core.contracts.channel import (
    Button,
    Card,
    Forged,
    GeoPoint,
    IncomingMessage,
    Media,
    Received,
    Registering,
    SendFailed,
)
from core.loading import ROOT
from integrations.channels import line
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import CUT, Answer, Call
from tests.integrations.channels.kits.line import KIT, NOW_MS, PERSON, REPLY_TOKEN, SECRET, signature, told

SHARED = ROOT.parent / "shared/data/channels/line"
NOWHERE = "http://127.0.0.1:9"


def made(lent: Lent, url: str = NOWHERE, **values: Any) -> line.Line:
    return line.Line(KIT.settings(url, **values), lent.house)


def received(lent: Lent, *events: Any) -> Received:
    return made(lent).receive(KIT.sign(json.dumps(KIT.call(*events)).encode()))


def said(lent: Lent, kind: str, **content: Any) -> IncomingMessage:
    message = {"id": "77", "type": kind} | content
    return received(lent, KIT.event("message", replyToken=REPLY_TOKEN, message=message)).messages[0]


class TestSignature:
    @pytest.mark.parametrize("text", ["안녕", "🚨 <b>&", '{"a":"\\u00e9"}', ""])
    def test_our_signer_and_lines_agree(self, text: str) -> None:
        assert SignatureValidator(SECRET).validate(text, signature(text.encode()))
        assert not SignatureValidator(SECRET).validate(text + " ", signature(text.encode()))

    def test_both_secrets_open_while_one_is_being_changed(self, lent: Lent) -> None:
        old = "0" * 32
        body = json.dumps(KIT.text("안녕")).encode()
        proof = base64.b64encode(hmac.new(old.encode(), body, hashlib.sha256).digest()).decode()
        request = KIT.sign(body).__class__("POST", {"x-line-signature": proof}, {}, body)
        assert made(lent, previous_channel_secret=old).receive(request).messages
        with pytest.raises(Forged):
            made(lent).receive(request)


class TestReceive:
    def test_one_odd_event_costs_only_itself(self, lent: Lent) -> None:
        good = KIT.event("message", "2", message={"id": "9", "type": "text", "text": "네"})
        found = received(lent, {"type": "message"}, None, 5, good, KIT.event("follow", "3"), {"source": []})
        assert [one.kind for one in found.messages] == ["text", "start"]

    def test_a_message_is_named_by_its_own_id_and_an_event_by_the_events(self, lent: Lent) -> None:
        assert said(lent, "text", text="네").external_id == "77"
        assert received(lent, KIT.event("follow", "3")).messages[0].external_id == f"01HV{3:022d}"

    def test_it_keeps_the_time_and_the_reply_token_with_it(self, lent: Lent) -> None:
        message = said(lent, "text", text="네")
        assert message.reply_token == f"{NOW_MS - 2000}:{REPLY_TOKEN}"
        assert message.sent_at == datetime.fromtimestamp(1_789_999_998, UTC)

    def test_the_token_of_an_event_that_came_again_is_not_used(self, lent: Lent) -> None:
        again = KIT.event(
            "message",
            replyToken=REPLY_TOKEN,
            message={"id": "77", "type": "text", "text": "네"},
            deliveryContext={"isRedelivery": True},
        )
        message = received(lent, again).messages[0]
        assert (message.external_id, message.reply_token) == ("77", "")

    def test_leaving_is_an_event_and_coming_is_a_word(self, lent: Lent) -> None:
        """A block is noted and not answered; a new friend is greeted, by his token."""
        gone = received(lent, KIT.event("unfollow")).messages[0]
        came = received(lent, KIT.event("follow", replyToken=REPLY_TOKEN, follow={"isUnblocked": True})).messages[0]
        assert (gone.kind, gone.is_event) == ("stop", True)
        assert (came.kind, came.is_event, bool(came.reply_token)) == ("start", False, True)

    def test_what_was_taken_back_is_named_by_the_messages_id(self, lent: Lent) -> None:
        found = received(lent, KIT.event("unsend", unsend={"messageId": "77"}))
        assert (found.withdrawn, found.messages, found.ignored) == (("77",), (), "")

    def test_a_place_has_its_name(self, lent: Lent) -> None:
        found = said(lent, "location", title="구래역", address="김포시\n구래동", latitude=37.6, longitude=126)
        assert found.place == GeoPoint(37.6, 126.0, "구래역 김포시 구래동")

    @pytest.mark.parametrize(
        ("kind", "content", "expected", "media"),
        [
            ("image", {"contentProvider": {"type": "line"}}, "media", (Media("photo", "77", "image/jpeg"),)),
            ("file", {"fileName": "a.hwp", "fileSize": 2138}, "other", (Media("file", "77", "", 2138),)),
            ("audio", {"duration": 60}, "other", (Media("voice", "77"),)),
            ("video", {"contentProvider": {"type": "line"}}, "other", (Media("video", "77"),)),
            ("image", {"contentProvider": {"type": "external", "originalContentUrl": "http://x"}}, "other", ()),
            ("sticker", {"packageId": "1", "stickerId": "2"}, "other", ()),
            ("hologram", {}, "other", ()),
        ],
    )
    def test_files_are_kept_by_the_messages_id(
        self, lent: Lent, kind: str, content: dict[str, Any], expected: str, media: tuple[Media, ...]
    ) -> None:
        message = said(lent, kind, **content)
        assert (message.kind, message.media) == (expected, media)


class TestSend:
    async def sent(
        self, lent: Lent, serve: Serve, *script: Answer, words: str = "접수했습니다.", **values: Any
    ) -> list[Call]:
        async with serve(KIT.ok) as provider:
            provider.script.extend(script)
            await made(lent, provider.url).send(KIT.outgoing("", words, **values))
            return provider.calls

    async def test_a_fresh_token_makes_a_free_reply(self, lent: Lent, serve: Serve) -> None:
        (call,) = await self.sent(lent, serve)
        assert call.path == "/v2/bot/message/reply"
        assert "x-line-retry-key" not in call.headers
        assert json.loads(call.body) == {
            "replyToken": REPLY_TOKEN,
            "messages": [{"type": "text", "text": "접수했습니다."}],
        }

    @pytest.mark.parametrize("token", ["", "x", f"{NOW_MS - 50_001}:{REPLY_TOKEN}", f"soon:{REPLY_TOKEN}", "1:"])
    async def test_an_old_token_or_none_makes_a_push_with_its_key(self, lent: Lent, serve: Serve, token: str) -> None:
        (call,) = await self.sent(lent, serve, reply_token=token)
        assert call.path == "/v2/bot/message/push"
        assert call.headers["x-line-retry-key"] == "00000000-0000-0000-0000-000000000007"
        assert json.loads(call.body)["to"] == PERSON

    async def test_a_token_that_was_used_makes_a_push(self, lent: Lent, serve: Serve) -> None:
        """By another process: LINE refuses it, so nothing was sent by it."""
        calls = await self.sent(lent, serve, told(400, "Invalid reply token"))
        assert [call.path.rpartition("/")[2] for call in calls] == ["reply", "push"]

    async def test_the_second_bubble_of_a_turn_does_not_try_the_token_again(self, lent: Lent, serve: Serve) -> None:
        async with serve(KIT.ok) as provider:
            channel = made(lent, provider.url)
            for text in ("안녕하세요.", "무엇을 도와드릴까요?"):
                await channel.send(KIT.outgoing("", text))
        assert [call.path.rpartition("/")[2] for call in provider.calls] == ["reply", "push"]

    async def test_a_token_is_kept_for_the_next_try_when_line_is_busy(self, lent: Lent, serve: Serve) -> None:
        async with serve(KIT.ok) as provider:
            provider.script.append(told(429, "The API rate limit has been exceeded. Try again later."))
            channel = made(lent, provider.url)
            with pytest.raises(SendFailed):
                await channel.send(KIT.outgoing("", "안녕하세요."))
            await channel.send(KIT.outgoing("", "안녕하세요."))
        assert [call.path.rpartition("/")[2] for call in provider.calls] == ["reply", "reply"]

    async def test_a_reply_that_was_refused_for_another_reason_is_not_pushed(self, lent: Lent, serve: Serve) -> None:
        async with serve(lambda call: told(400, "The request body has 1 error(s)")) as provider:
            with pytest.raises(SendFailed, match="HTTP 400"):
                await made(lent, provider.url).send(KIT.outgoing("", "안녕"))
            assert len(provider.calls) == 1

    async def test_a_broken_reply_is_unknown_and_a_broken_push_is_tried_again(self, lent: Lent, serve: Serve) -> None:
        for token, expected in ((f"{NOW_MS}:{REPLY_TOKEN}", (False, True)), ("", (True, False))):
            for trouble in (CUT, Answer(500)):
                async with serve(lambda call, trouble=trouble: trouble) as provider:  # type: ignore[misc]
                    with pytest.raises(SendFailed) as failure:
                        await made(lent, provider.url).send(KIT.outgoing("", "안녕", reply_token=token))
                    assert (failure.value.retry, failure.value.unknown) == expected
                    assert len(provider.calls) == 1

    async def test_a_retry_key_that_was_accepted_before_counts_as_sent(self, lent: Lent, serve: Serve) -> None:
        body = b'{"message": "The retry key is already accepted", "sentMessages": [{"id": "461"}]}'
        async with serve(lambda call: Answer(409, body)) as provider:
            found = await made(lent, provider.url).send(KIT.outgoing("", "안녕", reply_token=""))
        assert found.provider_id == "461"

    async def test_a_used_up_month_is_not_waited_for(self, lent: Lent, serve: Serve) -> None:
        async with serve(lambda call: told(429, "You have reached your monthly limit.")) as provider:
            with pytest.raises(SendFailed, match="monthly quota") as failure:
                await made(lent, provider.url).send(KIT.outgoing("", "안녕", reply_token=""))
        assert (failure.value.retry, failure.value.unknown) == (False, False)

    async def test_choices_are_quick_replies_that_bring_their_payload(self, lent: Lent, serve: Serve) -> None:
        buttons = (Button("네", "y"), Button("아주 긴 이름의 단추를 눌러 주세요 지금", "n"))
        (call,) = await self.sent(lent, serve, buttons=buttons)
        items = json.loads(call.body)["messages"][0]["quickReply"]["items"]
        assert items[0]["action"] == {"type": "postback", "label": "네", "data": "y", "displayText": "네"}
        assert len(items[1]["action"]["label"]) == 20

    @pytest.mark.parametrize(
        ("ask", "native"), [("place", ["location"]), ("photo", ["camera", "cameraRoll"]), ("", [])]
    )
    async def test_what_is_asked_for_has_its_own_keys_beside_all_choices(
        self, lent: Lent, serve: Serve, ask: str, native: list[str]
    ) -> None:
        most = made(lent).capabilities.max_buttons
        buttons = tuple(Button(f"{index}번", f"b:{index}") for index in range(most))
        (call,) = await self.sent(lent, serve, ask=ask, buttons=buttons)
        kinds = [one["action"]["type"] for one in json.loads(call.body)["messages"][0]["quickReply"]["items"]]
        assert kinds == native + ["postback"] * most
        assert len(kinds) <= 13

    async def test_the_cards_of_a_list_stand_in_the_place_of_its_lines(self, lent: Lent, serve: Serve) -> None:
        cards = (Card("구래 공영주차장", "12면 비었습니다", "https://a.go.kr/p/1"), Card("한강 주차장", "만차입니다"))
        listed = "가까운 곳입니다.\n1. 구래 공영주차장\n   12면 비었습니다\n2. 한강 주차장\n   만차입니다\n골라 주세요."
        (call,) = await self.sent(lent, serve, words=listed, cards=cards, buttons=(Button("네", "y"),))
        text, flex = json.loads(call.body)["messages"]
        assert text == {"type": "text", "text": "가까운 곳입니다.\n골라 주세요."}
        assert len(flex["quickReply"]["items"]) == 1
        assert flex["altText"] == "구래 공영주차장 · 한강 주차장"
        first, second = flex["contents"]["contents"]
        assert [one["text"] for one in first["body"]["contents"]] == ["1. 구래 공영주차장", "12면 비었습니다"]
        assert [one["text"] for one in second["body"]["contents"]] == ["2. 한강 주차장", "만차입니다"]
        assert first["footer"]["contents"][0]["action"]["uri"] == "https://a.go.kr/p/1"
        assert "footer" not in second

    async def test_one_card_is_a_way_to_more_and_says_nothing_twice(self, lent: Lent, serve: Serve) -> None:
        words = "사진을 올려 주세요."
        (call,) = await self.sent(lent, serve, words=words, cards=(Card("사진 올리기", words, "https://a.go.kr/f/1"),))
        text, flex = json.loads(call.body)["messages"]
        assert text["text"] == words
        assert [one["text"] for one in flex["contents"]["contents"][0]["body"]["contents"]] == ["사진 올리기"]
        (call,) = await self.sent(lent, serve, words=words, cards=(Card("여기", words),))
        assert [one["type"] for one in json.loads(call.body)["messages"]] == ["text"]

    async def test_lengths_are_counted_as_line_counts_them(self, lent: Lent, serve: Serve) -> None:
        async with serve(KIT.ok) as provider:
            await made(lent, provider.url).send(KIT.outgoing("", "가" + "🚨" * 3000))
            (text,) = KIT.texts(provider.calls, [])
        assert len(text.encode("utf-16-le")) // 2 <= 5000
        assert set(text) == {"가", "🚨", "…"}
        most = made(lent).capabilities.max_text
        assert made(lent).bubbles(["🚨" * most]) == ["🚨" * most]

    async def test_the_dots_are_shown_to_the_person(self, lent: Lent, serve: Serve) -> None:
        async with serve(KIT.ok) as provider:
            await made(lent, provider.url).working(PERSON)
            (call,) = provider.calls
        assert (call.path, json.loads(call.body)) == (
            "/v2/bot/chat/loading/start",
            {"chatId": PERSON, "loadingSeconds": 20},
        )

    async def test_the_webhook_is_registered_and_the_account_named(self, lent: Lent, serve: Serve) -> None:
        def answer(call: Call) -> Answer:
            return Answer(body=b'{"basicId": "@gimpo"}' if call.method == "GET" else b"{}")

        async with serve(answer) as provider:
            channel = made(lent, provider.url)
            assert isinstance(channel, Registering)
            assert await channel.register("https://a.go.kr/channels/line") == "@gimpo"
            put, get = provider.calls
        assert (put.method, put.path) == ("PUT", "/v2/bot/channel/webhook/endpoint")
        assert json.loads(put.body) == {"endpoint": "https://a.go.kr/channels/line"}
        assert (get.method, get.path) == ("GET", "/v2/bot/info")

    async def test_a_wrong_access_token_is_an_outage(self, lent: Lent, serve: Serve) -> None:
        async with serve(lambda call: told(401, "Authentication failed")) as provider:
            channel = made(lent, provider.url)
            with pytest.raises(SendFailed) as failure:
                await channel.send(KIT.outgoing("", "안녕", reply_token=""))
            assert failure.value.outage
            with pytest.raises(SendFailed):
                await channel.register("https://a.go.kr/channels/line")


async def test_a_video_that_is_not_ready_may_come_later(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: Answer(202)) as provider:
        with pytest.raises(SendFailed) as failure:
            await made(lent, provider.url).fetch(Media("video", "77"))
    assert failure.value.retry


def test_a_token_ages_by_the_houses_clock(lent: Lent) -> None:
    channel = made(lent)
    kept = f"{NOW_MS}:{REPLY_TOKEN}"
    assert channel._fresh(kept) == REPLY_TOKEN
    lent.clock.move(timedelta(seconds=51))
    assert channel._fresh(kept) == ""


def test_recorded_events_are_read(lent: Lent) -> None:
    """The vendor's own test events, where the folder is there."""
    path = SHARED / "webhook.json"
    if not path.is_file():
        return
    found = made(lent).receive(KIT.sign(path.read_bytes()))
    assert [one.kind for one in found.messages] == ["text", "place", "start", "stop", "button", "other", "text"]
    assert {one.address for one in found.messages} == {PERSON}
    assert found.messages[5].media == (Media("file", "325708", "", 2138),)
    assert found.messages[6].reply_token == ""
    assert found.withdrawn == (), "that one was said and taken back in a group"
