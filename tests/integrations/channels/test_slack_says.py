"""What the house says by Slack: messages to citizens, cards, whispers and forms for staff, and what a refusal means."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from core.contracts.channel import Button, Media, OutgoingMessage, SendFailed
from core.contracts.staffroom import (
    RoomFailed,
    StaffAnswer,
    StaffButton,
    StaffCard,
    StaffEvent,
    StaffField,
    StaffForm,
    StaffRoom,
)
from integrations.channels.slack import Slack
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits import slack as kit
from tests.integrations.channels.kits.slack import KIT, ROOM, TEAM, TOKEN, USER, fields

BUTTON = StaffButton("담당", "take", "x:1")
CARD = StaffCard("GP-2026-000001 · 가로등", fields=(("상태", "접수 <b>&"),), buttons=(BUTTON,))


def made(lent: Lent, url: str = "http://127.0.0.1:9") -> Slack:
    channel = KIT.build(lent.house, url)
    assert isinstance(channel, Slack)
    return channel


async def test_a_citizens_buttons_are_blocks_and_his_text_is_escaped(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        message = KIT.outgoing(provider.url, "<!channel> 값 & 뜻", buttons=(Button("네", "y"), Button("아니요", "n")))
        sent = await channel.send(message)
        await channel.aclose()
    said = fields(provider.calls[0])
    assert sent.provider_id == f"{kit.STAMP}.000900"
    assert said["channel"] == "D0DIRECT1" and said["text"] == "&lt;!channel&gt; 값 &amp; 뜻"
    assert [one["value"] for one in said["blocks"][1]["elements"]] == ["y", "n"]
    assert provider.calls[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_a_message_can_replace_one(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        await channel.send(OutgoingMessage(UUID(int=1), KIT.address, "고침", replaces="1790000000.000900"))
        await channel.aclose()
    assert provider.calls[0].path == "/api/chat.update"
    assert fields(provider.calls[0])["ts"] == "1790000000.000900"


async def test_the_token_goes_to_slacks_own_host_only(lent: Lent, serve: Serve) -> None:
    """Whatever address a file names."""

    def elsewhere(call: Call) -> Answer:
        return kit.ok(file={"id": "F0PHOTO01", "url_private_download": "http://127.0.0.1:9/files-pri/x"})

    async with serve(elsewhere) as provider:
        channel = made(lent, provider.url)
        with pytest.raises(SendFailed, match="주소가 아닙니다"):
            await channel.fetch(Media("photo", "F0PHOTO01"))
        await channel.aclose()
    assert len(provider.calls) == 1


async def test_a_card_carries_its_key_and_calls_nobody(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        assert isinstance(channel, StaffRoom)
        ts = await channel.post(ROOM, CARD, key=UUID(int=7), thread="1.1")
        await channel.change(ROOM, ts, CARD)
        await channel.aclose()
    said, again = (fields(call) for call in provider.calls)
    assert said["metadata"]["event_payload"] == {"key": str(UUID(int=7))} and said["thread_ts"] == "1.1"
    assert said["blocks"][1]["fields"][0] == {"type": "mrkdwn", "verbatim": True, "text": "*상태*\n접수 &lt;b&gt;&amp;"}
    assert said["blocks"][2]["elements"][0]["action_id"] == "staff:take"
    assert (again["channel"], again["ts"]) == (ROOM, ts)


async def test_a_whisper_is_for_one_pair_of_eyes(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: kit.ok(message_ts="1.1", ts="1.1")) as provider:
        channel = made(lent, provider.url)
        for room in (ROOM, "D0DIRECT1"):
            await channel.whisper(room, f"{TEAM}/{USER}", StaffCard("", "안 됩니다"), thread="1.1")
        await channel.aclose()
    assert [call.path for call in provider.calls] == ["/api/chat.postEphemeral", "/api/chat.postMessage"]
    assert fields(provider.calls[0])["user"] == USER


async def test_a_message_is_found_by_its_key_page_after_page(lent: Lent, serve: Serve) -> None:
    def page(call: Call) -> Answer:
        asked = fields(call)
        if "cursor" not in asked:
            return kit.ok(
                messages=[{"ts": "9.9"}, {"ts": "8.8", "metadata": None}], response_metadata={"next_cursor": "n"}
            )
        found = {"ts": "7.7", "metadata": {"event_type": "x", "event_payload": {"key": str(UUID(int=7))}}}
        return kit.ok(messages=[found], response_metadata={"next_cursor": ""})

    since = datetime(2026, 9, 21, tzinfo=UTC)
    async with serve(page) as provider:
        channel = made(lent, provider.url)
        assert await channel.find(ROOM, UUID(int=7), since) == "7.7"
        assert await channel.find(ROOM, UUID(int=8), since, thread="1.1") == ""
        await channel.aclose()
    asked = [(call.path.partition("?")[0], fields(call)) for call in provider.calls]
    assert [name for name, _ in asked] == ["/api/conversations.history"] * 2 + ["/api/conversations.replies"] * 2
    assert float(asked[0][1]["oldest"]) == (since - timedelta(minutes=1)).timestamp()


async def test_a_form_has_its_questions_and_comes_back_with_what_it_carries(lent: Lent, serve: Serve) -> None:
    questions = (
        StaffField("status", "새 상태", choices=(("answered", "답변 완료"), ("refused", "불수용"))),
        StaffField("text", "글", is_required=False, is_long=True, hint="그대로 전해집니다"),
    )
    asked = StaffForm(
        "status", "아주 긴 제목이라 스물네 글자를 넘는 창의 제목입니다", "읽을 것", questions, "바꾸기", "x:7"
    )
    async with serve(lambda call: kit.ok(view={"id": "V1"})) as provider:
        channel = made(lent, provider.url)
        await channel.open_form("1.2.3", asked)
        await channel.open_form("1.2.3", StaffForm("read", "읽기", "가" * 40_000))
        await channel.aclose()
    first, second = (fields(call)["view"] for call in provider.calls)
    assert (first["callback_id"], first["private_metadata"]) == ("staff:status", "x:7")
    assert len(first["title"]["text"]) == 24 and first["submit"]["text"] == "바꾸기"
    assert [block.get("block_id") for block in first["blocks"]] == [None, "status", "text"]
    assert first["blocks"][1]["element"]["initial_option"]["value"] == "answered"
    assert "submit" not in second and len(second["blocks"]) == 10
    assert all(len(block["text"]["text"]) <= 3000 for block in second["blocks"])


def test_forms_and_commands_are_answered_in_the_response(lent: Lent) -> None:
    channel = made(lent)
    filled, typed = StaffEvent("1", "form", action="status"), StaffEvent("2", "command", trigger="1.1")
    wrong = json.loads(channel.answer(filled, StaffAnswer(errors={"text": "적어 주세요"})).body)
    assert wrong == {"response_action": "errors", "errors": {"text": "적어 주세요"}}
    assert json.loads(channel.answer(filled, StaffAnswer("연결하세요")).body)["response_action"] == "update"
    assert channel.answer(filled, StaffAnswer()).body == b""
    shown = json.loads(channel.answer(typed, StaffAnswer(card=CARD)).body)
    assert shown["response_type"] == "ephemeral" and shown["blocks"][0]["type"] == "header"
    assert channel.answer(StaffEvent("3", "button"), StaffAnswer("x")).body == b""


@pytest.mark.parametrize(
    ("answer", "flags"),
    [
        (kit.refusal("ratelimited", 429, retry_after="30"), {"retry", "is_whole"}),
        (kit.refusal("token_revoked"), {"is_whole", "outage"}),
        (kit.refusal("missing_scope"), {"is_whole", "outage"}),
        (kit.refusal("channel_not_found"), {"stopped"}),
        (kit.refusal("is_archived"), {"stopped"}),
        (kit.refusal("not_in_channel"), {"stopped"}),
        (kit.refusal("expired_trigger_id"), {"is_late"}),
        (kit.refusal("msg_too_long"), set()),
        (kit.refusal("internal_error"), {"unknown", "outage"}),
        (Answer(200, b"<html>", {"content-type": "text/html"}), {"unknown", "outage"}),
        (Answer(200, b"[]", {"content-type": "application/json"}), {"unknown", "outage"}),
        (Answer(200, b"{", {"content-type": "application/json"}), {"unknown", "outage"}),
        (Answer(200, b'{"ok": false, "error": ["x"]}', {"content-type": "application/json"}), set()),
    ],
)
async def test_a_refusal_means_the_message_the_room_or_all(
    lent: Lent, serve: Serve, answer: Answer, flags: set[str]
) -> None:
    async with serve(lambda call: answer) as provider:
        channel = made(lent, provider.url)
        with pytest.raises(RoomFailed) as failure:
            await channel.post(ROOM, CARD, key=UUID(int=7))
        await channel.aclose()
    told = ("retry", "unknown", "stopped", "is_whole", "is_late", "outage")
    assert {name for name in told if getattr(failure.value, name)} == flags
    assert failure.value.retry_after == (30 if "retry" in flags else None)
