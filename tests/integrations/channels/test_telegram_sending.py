"""What goes out to Telegram: keyboards, replacements, refusals, lengths, files."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from core.contracts.channel import (
    Button,
    Closing,
    Media,
    OutgoingMessage,
    Pressed,
    Received,
    Registering,
    SendFailed,
)
from core.loading import ROOT
from integrations.channels.telegram import KINDS, MAX_FILE, MAX_TEXT, Telegram
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.telegram import KIT, TOKEN, fields, refusal, result

PAYLOADS = json.loads((Path(__file__).parent / "payloads/telegram.json").read_text("utf-8"))
SHARED = ROOT.parent / "shared/data/channels/telegram"


def made(lent: Lent, url: str = "http://127.0.0.1:9") -> Telegram:
    channel = KIT.build(lent.house, url)
    assert isinstance(channel, Telegram)
    return channel


def received(lent: Lent, update: Any) -> Received:
    return made(lent).receive(KIT.sign(json.dumps(update).encode()))


# --- sending


async def keyboard(lent: Lent, serve: Serve, **values: Any) -> Any:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        sent = await channel.send(KIT.outgoing(provider.url, "어디인가요?", **values))
        await channel.aclose()
    assert sent.provider_id == "31"
    return json.loads(fields(provider.calls[0])["reply_markup"])


YES_NO = (Button("네", "y"), Button("아니요", "n"))


async def test_buttons_hang_under_the_message(lent: Lent, serve: Serve) -> None:
    assert await keyboard(lent, serve, buttons=YES_NO) == {
        "inline_keyboard": [[{"text": "네", "callback_data": "y"}, {"text": "아니요", "callback_data": "n"}]]
    }


async def test_long_labels_get_a_row_each(lent: Lent, serve: Serve) -> None:
    buttons = (Button("불법 주정차 신고하기 (사진 필요)", "a"), Button("취소", "b"))
    assert [len(row) for row in (await keyboard(lent, serve, buttons=buttons))["inline_keyboard"]] == [1, 1]


@pytest.mark.parametrize(("lang", "share"), [("ko", "📍 현재 위치 보내기"), ("en", "📍 Send my location")])
async def test_asking_for_a_place_shows_the_key_for_it(
    lent: Lent, serve: Serve, lang: Literal["ko", "en"], share: str
) -> None:
    shown = await keyboard(lent, serve, ask="place", lang=lang, buttons=YES_NO)
    assert shown["keyboard"] == [[{"text": share, "request_location": True}], [{"text": "네"}], [{"text": "아니요"}]]
    assert shown["one_time_keyboard"] is shown["resize_keyboard"] is True


async def test_a_plain_message_takes_a_left_over_key_away(lent: Lent, serve: Serve) -> None:
    assert await keyboard(lent, serve) == {"remove_keyboard": True}


@pytest.mark.parametrize(
    ("answer", "flags", "word"),
    [
        (refusal(401, "Unauthorized"), (False, False, False), "token"),
        (refusal(404, "Not Found"), (False, False, False), "token"),
        (refusal(403, "Forbidden: user is deactivated"), (False, True, False), "차단"),
        (refusal(429, "Too Many Requests"), (True, False, False), "천천히"),
        (Answer(429, b"<html>slow down</html>"), (True, False, False), "천천히"),
        (Answer(200, b"<html>"), (False, False, True), "may have been sent"),
        (refusal(400, "Bad Request: message text is empty"), (False, False, False), "text is empty"),
        (Answer(400, b"<html>/bot" + TOKEN.encode()), (False, False, False), "Bad Request"),
    ],
)
async def test_each_refusal_says_what_to_do(
    lent: Lent, serve: Serve, answer: Answer, flags: tuple[bool, bool, bool], word: str
) -> None:
    async with serve(lambda call: answer) as provider:
        channel = made(lent, provider.url)
        with pytest.raises(SendFailed) as failure:
            await channel.send(KIT.outgoing(provider.url, "안녕"))
        await channel.aclose()
    assert (failure.value.retry, failure.value.stopped, failure.value.unknown) == flags
    assert word in failure.value.reason and TOKEN not in failure.value.reason
    assert len(provider.calls) == 1, "one attempt, whatever comes"


async def test_a_strange_receipt_counts_as_sent(lent: Lent, serve: Serve) -> None:
    """HTTP 200 is the proof; to send again would show the message twice."""
    receipts: list[Any] = [{"message_id": 5}, {}, [], "ok"]
    for receipt in receipts:
        async with serve(lambda call, receipt=receipt: result(receipt)) as provider:  # type: ignore[misc]
            channel = made(lent, provider.url)
            sent = await channel.send(OutgoingMessage(KIT.outgoing("", "x").id, "5550001", "안녕"))
            await channel.aclose()
            assert sent.status == "sent", receipt


async def test_working_shows_typing(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        await channel.working("5550001")
        await channel.aclose()
    assert fields(provider.calls[0]) == {"chat_id": "5550001", "action": "typing"}


async def test_it_registers_its_webhook_with_the_secret_and_the_kinds_it_reads(lent: Lent, serve: Serve) -> None:
    bot = {"id": 1, "is_bot": True, "first_name": "신문고", "username": "sinmungo_bot"}

    def answer(call: Call) -> Answer:
        return result(bot if call.path.endswith("/getMe") else True)

    async with serve(answer) as provider:
        channel = made(lent, provider.url)
        assert isinstance(channel, Registering)
        assert await channel.register("https://city.example/channels/telegram") == "@sinmungo_bot"
        await channel.aclose()
    menus = [fields(call).get("language_code", "") for call in provider.calls if call.path.endswith("/setMyCommands")]
    assert menus == ["ko", ""], "the English menu is everybody else's"
    asked = fields(provider.calls[0])
    assert asked["url"] == "https://city.example/channels/telegram"
    assert len(asked["secret_token"]) >= 16
    assert asked["allowed_updates"] == json.dumps(KINDS)


# --- changing what was said


async def test_a_pressed_question_shows_its_choice_and_loses_its_buttons(lent: Lent, serve: Serve) -> None:
    (pressed,) = received(lent, PAYLOADS["a pressed button"]).messages
    (old,) = received(lent, PAYLOADS["a button of a deleted message"]).messages
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        assert isinstance(channel, Closing)
        assert pressed.pressed and old.pressed
        await channel.close(pressed.pressed, pressed.address)
        await channel.close(old.pressed, old.address)
        await channel.aclose()
    edited, emptied = provider.calls
    assert edited.path.endswith("/editMessageText") and emptied.path.endswith("/editMessageReplyMarkup")
    assert fields(edited)["text"] == "어떤 종류인가요?\n\n☑️ 도로"
    assert "reply_markup" not in fields(edited) and "reply_markup" not in fields(emptied)
    assert (fields(edited)["message_id"], fields(emptied)["message_id"]) == ("21", "2")


async def test_a_long_question_keeps_its_words(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        await channel.close(Pressed("7", "가" * MAX_TEXT, "네"), "5550001")
        await channel.aclose()
    assert provider.calls[0].path.endswith("/editMessageReplyMarkup")


@pytest.mark.parametrize("trouble", [refusal(400, "Bad Request: message can't be edited"), Answer(500), Answer(403)])
async def test_closing_a_question_never_fails(lent: Lent, serve: Serve, trouble: Answer) -> None:
    async with serve(lambda call: trouble) as provider:
        channel = made(lent, provider.url)
        await channel.close(Pressed("21", "맞습니까?", "네"), "5550001")
        await channel.close(Pressed("not a number"), "5550001")
        await channel.aclose()


async def test_a_message_can_replace_an_earlier_one(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        sent = await channel.send(KIT.outgoing(provider.url, "처리 중입니다", replaces="31", buttons=YES_NO))
        await channel.aclose()
    (call,) = provider.calls
    assert call.path.endswith("/editMessageText") and fields(call)["message_id"] == "31"
    assert "inline_keyboard" in fields(call)["reply_markup"]
    assert sent.provider_id == "31"


@pytest.mark.parametrize(
    ("said", "calls", "provider_id"),
    [("message to edit not found", 2, "31"), ("message is not modified: same", 1, "77")],
)
async def test_what_cannot_be_replaced_is_said_anew_and_what_stands_there_already_is_left(
    lent: Lent, serve: Serve, said: str, calls: int, provider_id: str
) -> None:
    def answer(call: Call) -> Answer:
        return refusal(400, f"Bad Request: {said}") if call.path.endswith("/editMessageText") else KIT.ok(call)

    async with serve(answer) as provider:
        channel = made(lent, provider.url)
        sent = await channel.send(KIT.outgoing(provider.url, "처리 중입니다", replaces="77"))
        await channel.aclose()
    assert (len(provider.calls), sent.provider_id) == (calls, provider_id)


async def test_an_answer_stands_under_what_it_answers(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        await channel.send(KIT.outgoing(provider.url, "네", answers="17"))
        await channel.send(KIT.outgoing(provider.url, "네", answers="web:not-ours"))
        await channel.aclose()
    under, plain = (fields(call) for call in provider.calls)
    assert json.loads(under["reply_parameters"]) == {"message_id": 17, "allow_sending_without_reply": True}
    assert "reply_parameters" not in plain


@pytest.mark.parametrize(
    ("text", "length"),
    [("가" * 4096, 4096), ("🚨" * 2048, 4096), ("🚨" * 2049, 4095), ("a" + "🚨" * 2048, 4096), ("가" * 4097, 4096)],
)
async def test_lengths_are_counted_in_utf_16_and_no_emoji_is_cut_in_half(
    lent: Lent, serve: Serve, text: str, length: int
) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        await channel.send(KIT.outgoing(provider.url, text))
        await channel.aclose()
    (sent,) = KIT.texts(provider.calls, [])
    assert KIT.measure(sent) == length
    assert sent == text or (sent.endswith("…") and text.startswith(sent[:-1]))


async def test_half_a_character_does_not_swallow_a_message(lent: Lent, serve: Serve) -> None:
    """It cannot be written as UTF-8: without a stand-in the call would never leave and count as sent."""
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        await channel.send(KIT.outgoing(provider.url, "위험 \ud83d", buttons=(Button("\udea8", "y"),)))
        await channel.aclose()
    assert KIT.texts(provider.calls, []) == ["위험 ?"]


# --- files


async def test_a_file_over_20_mb_is_not_taken(lent: Lent, serve: Serve) -> None:
    told = {"file_id": "f", "file_unique_id": "u", "file_path": "photos/big.jpg"}
    for size, content in ((MAX_FILE + 1, b""), (1000, b"x" * (MAX_FILE + 1))):

        def answer(call: Call, size: int = size, content: bytes = content) -> Answer:
            return Answer(body=content) if call.method == "GET" else result(told | {"file_size": size})

        async with serve(answer) as provider:
            channel = made(lent, provider.url)
            with pytest.raises(SendFailed, match="20 MB") as failure:
                await channel.fetch(Media("photo", "f"))
            await channel.aclose()
        assert not failure.value.retry
