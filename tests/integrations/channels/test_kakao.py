"""KakaoTalk's own ways: dirt in recorded calls, answers in the response, the callback that works once."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from core.contracts.channel import (
    Forged,
    IncomingMessage,
    Malformed,
    OutgoingMessage,
    Received,
    SendFailed,
)
from core.loading import ROOT
from integrations.channels.kakao import Kakao, Settings
from tests.integrations.channels.conftest import NOW, Lent
from tests.integrations.channels.kits.kakao import ADMIN_KEY, APP_USER, BOT, KIT, SECRET, TOKEN, shown

PAYLOADS = json.loads((Path(__file__).parent / "payloads/kakao.json").read_text("utf-8"))
SHARED = ROOT.parent / "shared/data/channels/kakao/skill_requests.json"
REAL = f"https://bot-api.kakao.com/v1/bots/{BOT}/callback/{TOKEN}"


def made(lent: Lent, **values: Any) -> Kakao:
    return Kakao(Settings.model_validate({"bot_id": BOT, "secret": SECRET} | values), lent.house)


def received(lent: Lent, document: Any, headers: dict[str, str] | None = None, **values: Any) -> Received:
    request = KIT.sign(json.dumps(document).encode())
    return made(lent, **values).receive(replace(request, headers=dict(request.headers) | (headers or {})))


def only(lent: Lent, document: Any, headers: dict[str, str] | None = None, **values: Any) -> IncomingMessage:
    (message,) = received(lent, document, headers, **values).messages
    return message


@pytest.mark.parametrize(
    ("label", "kind", "text", "lang"),
    [
        ("a proxy dropped nothing", "text", "2시간 주차 요금", "ko"),
        ("null in place of an object", "text", "안녕", ""),
        ("the word null", "text", "안녕", "ko"),
        ("the welcome block", "start", "시작", "ko"),
        ("nothing said", "other", "", "ko"),
        ("a stranger's extra", "text", "눌렀음", "ko"),
    ],
)
def test_it_reads_the_dirt_of_recorded_calls(lent: Lent, label: str, kind: str, text: str, lang: str) -> None:
    message = only(lent, PAYLOADS[label]["body"], PAYLOADS[label]["headers"])
    assert (message.kind, message.text, message.lang_hint, message.payload) == (kind, text, lang, "")
    assert (message.address, message.reply_token) == ("aa11", "")


def test_shared_recorded_calls_are_read(lent: Lent) -> None:
    """The recorded calls where they are at hand; each with its own bot's id."""
    recorded = json.loads(SHARED.read_text("utf-8")) if SHARED.exists() else {}
    outcomes = {}
    for label, call in recorded.items():
        document = call.get("body", call)
        bot = document.get("botId") or document["bot"]["id"]
        channel = made(lent, bot_id=bot if bot.isascii() and " " not in bot else BOT)
        request = KIT.sign(json.dumps(document).encode())
        try:
            found = channel.receive(request)
            outcomes[label] = found.ignored or found.messages[0].text
        except Forged as refused:
            outcomes[label] = str(refused)
    assert outcomes == {} or outcomes == {
        "fallback_with_callback": "aaa",
        "number_entity_with_headers": "중고 3번",
        "slot_filling_validation": "a slot-filling check",
        "admin_center_test_call": "the admin centre's test call",
        "group_chat_entrance_webhook": "another bot's id",
    }


@pytest.mark.parametrize(
    ("configured", "called", "fits"),
    [(BOT, BOT, True), (BOT, f"{BOT}!", True), (f"{BOT}!", BOT, True), (BOT, f"{BOT}x", False), (BOT, "", False)],
)
def test_it_listens_to_its_own_bot_and_its_development_twin(
    lent: Lent, configured: str, called: str, fits: bool
) -> None:
    document = KIT.text("안녕") | {"bot": {"id": called}}
    if fits:
        assert only(lent, document, bot_id=configured).text == "안녕"
        return
    with pytest.raises(Forged) as refused:
        received(lent, document, bot_id=configured)
    assert refused.value.status == 403


def test_another_header_name_can_be_set(lent: Lent) -> None:
    document = KIT.text("안녕")
    with pytest.raises(Forged) as refused:
        received(lent, document, header="X-City-Key")
    assert refused.value.status == 401
    assert only(lent, document, {"x-city-key": SECRET}, header="X-City-Key").text == "안녕"


def test_the_key_is_kakaos_request_id(lent: Lent) -> None:
    call = PAYLOADS["a proxy dropped nothing"]
    assert only(lent, call["body"], call["headers"]).external_id == "chp-0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def test_without_a_request_id_the_callback_or_the_minute_tells_calls_apart(lent: Lent) -> None:
    bare = PAYLOADS["the word null"]["body"]
    first, again = only(lent, bare).external_id, only(lent, bare).external_id
    odd = only(lent, bare, {"x-request-id": "x" * 101}).external_id
    lent.clock.move(timedelta(minutes=1))
    later = only(lent, bare).external_id
    assert first == again == odd != later
    assert "aa11" not in first
    assert len({only(lent, KIT.text("네", key)).external_id for key in ("1", "2", "3")}) == 3


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        (REAL, True),
        ("https://kakao.com.evil.example/x", False),
        ("https://evilkakao.com/x", False),
        ("https://evil.example/?https://bot-api.kakao.com/", False),
        ("https://bot-api.kakao.com@evil.example/", False),
        ("https://evil.example\\@bot-api.kakao.com/", False),
        ("https://u:p@bot-api.kakao.com/", False),
        ("https://bot-api.kakao.com:8443/", False),
        ("http://bot-api.kakao.com/", False),
        ("ftp://bot-api.kakao.com/", False),
        ("https://127.0.0.1/", False),
        ("https://bot-api.kakao.com\n.evil.example/", False),
        ("https://bot-api.kakao.com/" + "x" * 2000, False),
        (5, False),
        (None, False),
    ],
)
async def test_late_answers_go_to_kakao_only(lent: Lent, url: Any, taken: bool) -> None:
    found = received(lent, KIT.skill("안녕", callbackUrl=url))
    assert found.messages[0].reply_token == (f"{url}#{NOW.timestamp():.0f}" if taken else "")
    assert json.loads(found.ack.body).get("useCallback", False) is taken
    if not taken and isinstance(url, str):
        with pytest.raises(SendFailed, match="cannot push") as failure:
            await made(lent).send(OutgoingMessage(UUID(int=7), KIT.address, "안녕", reply_token=url))
        assert not failure.value.retry


def test_the_test_button_of_the_admin_centre_gets_an_answer(lent: Lent) -> None:
    assert shown(received(lent, KIT.ignored()["the admin centre's test"]).ack.body) == [
        "신문고에 연결되었습니다. 관리자센터의 시험 호출을 잘 받았습니다."
    ]


@pytest.mark.parametrize("odd", ["true", True, False, None, "odd", [], {"x": 1}])
def test_whether_he_is_a_friend_is_taken_from_no_skill_call(lent: Lent, odd: Any) -> None:
    """Recorded calls say it as a text, as a truth, or not at all: blocks come by the channel webhook alone."""
    document = KIT.text("안녕")
    document["userRequest"]["user"]["properties"] = {"isFriend": odd} if odd is not None else odd
    assert only(lent, document).text == "안녕"


# --- the channel webhook


def befriended(lent: Lent, document: Any, headers: dict[str, str] | None = None, **values: Any) -> Received:
    request = KIT.sign_friendship(json.dumps(document).encode())
    changed = {name: value for name, value in (dict(request.headers) | (headers or {})).items() if value}
    return made(lent, **{"admin_key": ADMIN_KEY} | values).receive(replace(request, headers=changed))


def known(app_user_id: Any, key: str = "appUserId") -> Any:
    document = KIT.text("안녕")
    document["userRequest"]["user"]["properties"][key] = app_user_id
    return document


@pytest.mark.parametrize(("event", "kind"), [("blocked", "stop"), ("added", "start")])
def test_a_block_is_known_by_what_skill_calls_told(lent: Lent, event: str, kind: str) -> None:
    """Kakao names him by his app user id: his messages' ids begin with a keyed hash of it, where calls told it."""
    (found,) = befriended(lent, KIT.friendship(event)).messages
    assert (found.kind, found.is_event, found.address) == (kind, True, "")
    assert found.external_id == "friend-Rvy1c2dkzBAZ5hGD3rqYbxvr"
    for key in ("appUserId", "app_user_id"):
        for value in (APP_USER, int(APP_USER)):
            said = only(lent, known(value, key), {"x-request-id": "chp-0123456789"}, admin_key=ADMIN_KEY)
            assert said.external_id == f"{found.known_by}chp-0123456789"
            assert APP_USER not in said.external_id
    other = only(lent, known("999"), {"x-request-id": "chp-0123456789"}, admin_key=ADMIN_KEY)
    assert not other.external_id.startswith(found.known_by)
    (numeric,) = befriended(lent, KIT.friendship(event, int(APP_USER))).messages
    assert numeric.known_by == found.known_by


@pytest.mark.parametrize("odd", [None, "", "12a", True, [], "9" * 21, 1.5, "١٢"])
def test_an_odd_app_user_id_makes_nobody_known(lent: Lent, odd: Any) -> None:
    headers = {"x-request-id": "chp-0123456789"}
    assert only(lent, known(odd), headers, admin_key=ADMIN_KEY).external_id == "chp-0123456789"


def test_without_an_admin_key_that_door_is_shut_and_nobody_is_known(lent: Lent) -> None:
    with pytest.raises(Forged, match="no admin key"):
        befriended(lent, KIT.friendship("blocked"), admin_key="")
    headers = {"x-request-id": "chp-0123456789"}
    assert only(lent, known(APP_USER), headers).external_id == "chp-0123456789"


@pytest.mark.parametrize(
    ("given", "status"),
    [("", 401), ("KakaoAK ", 403), (ADMIN_KEY, 403), (f"Bearer {ADMIN_KEY}", 403), (f"KakaoAK {ADMIN_KEY}x", 403)],
)
def test_the_channel_webhook_proves_itself_by_the_admin_key(lent: Lent, given: str, status: int) -> None:
    with pytest.raises(Forged) as refused:
        befriended(lent, KIT.friendship("blocked"), {"authorization": given})
    assert refused.value.status == status
    with pytest.raises(Forged):
        made(lent, admin_key=ADMIN_KEY).receive(
            replace(KIT.sign(b"{}"), url="https://city.example/channels/kakao/blocks")
        )


def test_a_change_that_is_not_ours_is_passed_over(lent: Lent) -> None:
    assert befriended(lent, KIT.friendship("wondered")).ignored
    assert befriended(lent, KIT.friendship("blocked", "sub-of-a-token", "open_id")).ignored
    assert befriended(lent, KIT.friendship("blocked"), channel_public_id="_other").ignored
    assert befriended(lent, KIT.friendship("blocked"), channel_public_id="_ZeUTxl").messages
    broken_ones: list[Any] = [{}, [], {"event": "blocked"}, KIT.friendship("blocked") | {"event": None}]
    for broken in broken_ones:
        with pytest.raises(Malformed):
            befriended(lent, broken)
    with pytest.raises(Malformed):
        befriended(lent, KIT.friendship("blocked"), {"x-kakao-resource-id": ""})


def test_an_object_that_is_no_skill_call_is_malformed(lent: Lent) -> None:
    for document in ({}, {"bot": {"id": BOT}}, {"botId": BOT}, {"bot": None, "userRequest": None}):
        with pytest.raises(Malformed):
            received(lent, document)


@pytest.mark.parametrize(
    ("key", "value"),
    [("secret", ""), ("secret", "short"), ("bot_id", ""), ("header", "X Key"), ("block_id", "b/7"), ("colour", "blue")],
)
def test_settings_refuse_what_cannot_work(key: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"bot_id": BOT, "secret": SECRET, key: value})
