"""Slack's own ways: signatures as its library makes them, every kind of call, cards and forms, what a refusal means."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from pydantic import ValidationError
from slack_sdk.signature import SignatureVerifier

from core.clock import SetClock
from core.contracts.channel import Button, Forged, Malformed, Media, OutgoingMessage, Received, SendFailed
from core.contracts.staffroom import (
    EVERYWHERE,
    RoomFailed,
    StaffAnswer,
    StaffButton,
    StaffCard,
    StaffEvent,
    StaffField,
    StaffForm,
    StaffRoom,
)
from core.loading import ROOT
from integrations.channels.slack import SIGNATURE, STAMP, Settings, Slack
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits import slack as kit
from tests.integrations.channels.kits.slack import (
    KIT,
    ROOM,
    SECRET,
    TEAM,
    TOKEN,
    USER,
    event,
    fields,
    form,
    interaction,
)

SHARED = ROOT.parent / "shared/data/channels/slack"
CARD = StaffCard(
    "GP-2026-000001 · 가로등", fields=(("상태", "접수 <b>&"),), buttons=(StaffButton("담당", "take", "x:1"),)
)


def made(lent: Lent, url: str = "http://127.0.0.1:9") -> Slack:
    channel = KIT.build(lent.house, url)
    assert isinstance(channel, Slack)
    return channel


def heard(lent: Lent, document: Any) -> Received:
    return made(lent).receive(KIT.sign(json.dumps(document).encode()))


def did(received: Received) -> StaffEvent:
    assert not received.messages
    (one,) = received.staff
    return one


# -- who calls --


def test_the_vendors_library_agrees_with_our_guard(lent: Lent) -> None:
    """The judge is slack-sdk's verifier: what it signs is let in, and what is let in it finds right."""
    clock: Any = type("Clock", (), {"now": staticmethod(lambda: float(kit.STAMP))})()
    judge = SignatureVerifier(SECRET, clock)
    for body in ('{"type":"url_verification","challenge":"c"}', '{"text":"가나다 🚨"}', "{}"):
        signature = judge.generate_signature(timestamp=str(kit.STAMP), body=body)
        headers = {STAMP: str(kit.STAMP), SIGNATURE: str(signature), "content-type": "application/json"}
        request = kit.signed(body.encode())
        assert request.headers[SIGNATURE] == signature
        assert judge.is_valid_request(request.body, headers)
        made(lent).receive(request)


@pytest.mark.parametrize(("off", "fits"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_a_stamp_may_be_five_minutes_off_either_way(lent: Lent, off: int, fits: bool) -> None:
    request = kit.signed(b"{}", stamp=str(kit.STAMP + off))
    if fits:
        assert made(lent).receive(request).ignored
    else:
        with pytest.raises(Forged):
            made(lent).receive(request)


def test_an_unsigned_certificate_check_is_refused(lent: Lent) -> None:
    request = form({"ssl_check": "1", "token": "x"})
    with pytest.raises(Forged) as refused:
        made(lent).receive(KIT.unsigned(request))
    assert refused.value.status == 401
    assert made(lent).receive(request).ignored


def test_the_address_is_verified_by_its_challenge(lent: Lent) -> None:
    received = heard(lent, {"type": "url_verification", "challenge": "3eZbrw1a"})
    assert json.loads(received.ack.body) == {"challenge": "3eZbrw1a"}


def test_another_workspace_is_not_heard_where_one_is_named(lent: Lent) -> None:
    settings = Settings(bot_token=TOKEN, signing_secret=SECRET, team_id="T0ANOTHER")
    assert Slack(settings, lent.house).receive(KIT.sign(json.dumps(kit.said("안녕")).encode())).ignored


@pytest.mark.parametrize("body", [b"payload=%7B", b"payload=12", b"payload=%FF", b"%FF=%FE", b"command"])
def test_a_broken_form_is_malformed(lent: Lent, body: bytes) -> None:
    kind = "application/x-www-form-urlencoded"
    if body == b"command":
        assert made(lent).receive(kit.signed(body, kind=kind)).ignored
        return
    if body == b"%FF=%FE":
        with pytest.raises(Malformed):
            made(lent).receive(kit.signed(body, kind=kind))
        return
    with pytest.raises(Malformed):
        made(lent).receive(kit.signed(body, kind=kind))


# -- what they say --


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("&lt;b&gt; &amp;amp; 안녕", "<b> &amp; 안녕"),
        ("보세요 <https://www.gimpo.go.kr|www.gimpo.go.kr>", "보세요 https://www.gimpo.go.kr"),
        ("<https://a.kr/x?y=1&amp;z=2|여기>", "여기 (https://a.kr/x?y=1&z=2)"),
        ("<mailto:a@b.kr|a@b.kr> <tel:0319802114|031-980-2114>", "a@b.kr 031-980-2114 (0319802114)"),
        ("<@U0SOMEONE> <#C0ROADS|roads> <!here>", "@ #roads @"),
        ("a < b > c", "a < b > c"),
    ],
)
def test_slacks_own_writing_becomes_what_a_person_sees(lent: Lent, raw: str, text: str) -> None:
    document = kit.said("x")
    document["event"]["text"] = raw
    assert heard(lent, document).messages[0].text == text


def test_a_reply_in_a_thread_of_a_desk_room_is_the_staffs(lent: Lent) -> None:
    said = {"channel": ROOM, "channel_type": "channel", "thread_ts": "1789999000.000100"}
    one = did(heard(lent, kit.said("확인했습니다", **said)))
    assert (one.kind, one.member, one.room, one.thread) == ("reply", f"{TEAM}/{USER}", ROOM, "1789999000.000100")
    assert (one.text, one.external_id, one.is_aside, one.has_files) == ("확인했습니다", "Ev0SUITE1", False, False)
    document = kit.said("x", **said)
    document["event"]["text"] = "<@U0OTHER> 봐 주세요"
    assert did(heard(lent, document)).is_aside
    assert did(heard(lent, kit.said("도면", **said, subtype="file_share", files=[{"id": "F1"}]))).has_files


def test_a_button_a_form_and_a_command_are_the_staffs(lent: Lent) -> None:
    pressed = did(heard(lent, kit.pressed("staff:take", "x:7", room=ROOM)))
    assert (pressed.kind, pressed.action, pressed.value, pressed.room) == ("button", "take", "x:7", ROOM)
    assert pressed.trigger and pressed.thread == f"{kit.STAMP - 60}.000200"
    view = {
        "callback_id": "staff:status",
        "private_metadata": "x:7",
        "state": {
            "values": {
                "status": {"status": {"type": "static_select", "selected_option": {"value": "answered"}}},
                "text": {"text": {"type": "plain_text_input", "value": "치웠습니다"}},
                "body": {"body": {"type": "plain_text_input", "value": None}},
            }
        },
    }
    payload = {
        "type": "view_submission",
        "team": {"id": TEAM},
        "user": {"id": USER},
        "trigger_id": "1.2.3",
        "view": view,
    }
    filled = did(made(lent).receive(interaction(payload)))
    assert (filled.kind, filled.action, filled.value) == ("form", "status", "x:7")
    assert filled.values == {"status": "answered", "text": "치웠습니다", "body": ""}
    given = {"team_id": TEAM, "user_id": USER, "channel_id": "C0ANY", "command": "/sinmungo", "trigger_id": "9.9"}
    typed = did(made(lent).receive(form(given | {"text": " LINK abcd-2345 "})))
    assert (typed.kind, typed.action, typed.text, typed.external_id) == ("command", "link", "abcd-2345", "c:9.9")


def test_a_linking_code_typed_to_the_app_is_no_citizens_message(lent: Lent) -> None:
    one = did(heard(lent, kit.said("연결 ABCD-2345")))
    assert (one.kind, one.action, one.text, one.trigger) == ("command", "link", "ABCD-2345", "")
    assert heard(lent, kit.said("연결이 자꾸 끊겨요")).messages


@pytest.mark.parametrize(
    ("content", "room", "action"),
    [
        ({"type": "channel_archive", "channel": ROOM, "user": USER}, ROOM, "gone"),
        ({"type": "channel_deleted", "channel": ROOM}, ROOM, "gone"),
        ({"type": "channel_left", "channel": ROOM}, ROOM, "gone"),
        ({"type": "group_archive", "channel": ROOM}, ROOM, "gone"),
        ({"type": "channel_unarchive", "channel": ROOM, "user": USER}, ROOM, "back"),
        ({"type": "tokens_revoked", "tokens": {"bot": ["U0APP"]}}, EVERYWHERE, "gone"),
        ({"type": "app_uninstalled"}, EVERYWHERE, "gone"),
    ],
)
def test_what_becomes_of_a_room_is_told(lent: Lent, content: Any, room: str, action: str) -> None:
    one = did(heard(lent, event(content)))
    assert (one.kind, one.room, one.action, one.member) == ("room", room, action, "")


def test_another_room_is_nothing_to_us(lent: Lent) -> None:
    assert heard(lent, event({"type": "channel_archive", "channel": "C0OTHER01", "user": USER})).ignored


def test_without_rooms_nobody_is_staff(lent: Lent) -> None:
    channel = Slack(Settings(bot_token=TOKEN, signing_secret=SECRET), lent.house)
    for request in (
        interaction(kit.pressed("staff:take", "x:7", room=ROOM)),
        KIT.sign(json.dumps({"type": "app_rate_limited", "minute_rate_limited": 1, "team_id": TEAM}).encode()),
    ):
        assert channel.receive(request).ignored


# -- what we say --


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


# -- settings, and what others recorded --


@pytest.mark.parametrize(
    "given",
    [
        {"bot_token": "xoxp-1-2"},
        {"signing_secret": ""},
        {"rooms": {"road": "#roads"}},
        {"rooms": {"road": "D0DIRECT1"}},
        {"command": "sinmungo"},
        {"api_base_url": "https://slack.com/api/"},
        {"unknown": 1},
    ],
)
def test_a_wrong_setting_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"bot_token": TOKEN, "signing_secret": SECRET, **given})


def recorded() -> Iterator[Any]:
    """Extra pass over payloads that the vendor published (not shipped with the code)."""
    if (SHARED / "inbound.json").exists():
        for name, content in json.loads((SHARED / "inbound.json").read_text("utf-8")).items():
            yield pytest.param(content, id=name)
    yield pytest.param(event({"type": "reaction_added", "user": USER}), id="our own")


@pytest.mark.parametrize("content", list(recorded()))
def test_every_recorded_call_is_taken_and_none_is_a_citizens(lent: Lent, content: Any) -> None:
    """They are of channels that are nobody's desk here, and of other apps' buttons."""
    if isinstance(content, str):
        request = kit.signed(content.encode(), kind="application/x-www-form-urlencoded")
    elif "challenge" in content or content.get("type") == "event_callback":
        request = KIT.sign(json.dumps(content).encode())
    else:
        request = kit.signed(f"payload={quote(json.dumps(content))}".encode(), kind="application/x-www-form-urlencoded")
    received = made(lent).receive(request)
    assert received.ack.status == 200 and not received.messages
    assert received.ignored or received.staff[0].kind == "command"


def vectors() -> Iterator[Any]:
    if (SHARED / "signature_vector.json").exists():
        yield json.loads((SHARED / "signature_vector.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", list(vectors()) or [None])
def test_the_vendors_own_example_of_a_signature_fits(lent: Lent, vector: Any) -> None:
    if vector is None:  # the same promise is kept above against the vendor's library
        return
    stamp = str(vector["timestamp"])
    lent.clock.move(datetime.fromtimestamp(int(stamp), UTC) - lent.clock.now())
    assert isinstance(lent.clock, SetClock)
    settings = Settings(bot_token=TOKEN, signing_secret=vector["signing_secret"])
    headers = {STAMP: stamp, SIGNATURE: vector["signature"], "content-type": "application/x-www-form-urlencoded"}
    request = kit.signed(vector["body"].encode())
    received = Slack(settings, lent.house).receive(type(request)("POST", headers, {}, vector["body"].encode()))
    assert received.ack.status == 200
