"""KakaoTalk's own ways: dirt in recorded calls, answers in the response, the callback that works once."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.contracts.channel import (
    Button,
    Card,
    Forged,
    IncomingMessage,
    Malformed,
    Media,
    OutgoingMessage,
    Received,
    SendFailed,
)
from core.loading import ROOT
from integrations.channels.kakao import Kakao, Settings
from tests.integrations.channels.conftest import NOW, Lent, Serve
from tests.integrations.channels.kits import Answer
from tests.integrations.channels.kits.kakao import ADMIN_KEY, APP_USER, BOT, KIT, SECRET, TOKEN, USER, shown

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
            await made(lent).send(said("안녕", reply_token=url))
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
    for broken in ({}, [], {"event": "blocked"}, KIT.friendship("blocked") | {"event": None}):
        with pytest.raises(Malformed):
            befriended(lent, broken)
    with pytest.raises(Malformed):
        befriended(lent, KIT.friendship("blocked"), {"x-kakao-resource-id": ""})


def test_an_object_that_is_no_skill_call_is_malformed(lent: Lent) -> None:
    for document in ({}, {"bot": {"id": BOT}}, {"botId": BOT}, {"bot": None, "userRequest": None}):
        with pytest.raises(Malformed):
            received(lent, document)


# --- the answer in the response


def said(text: str, **values: Any) -> OutgoingMessage:
    return OutgoingMessage(id=KIT.outgoing("", "").id, address=USER, text=text, **values)


def rendered(lent: Lent, *messages: OutgoingMessage, pending: bool = False, lang: str = "ko", **values: Any) -> Any:
    answer = made(lent, **values).render(messages, pending=pending, lang=lang)
    assert answer.content_type.startswith("application/json")
    return json.loads(answer.body)


def bubbles(answer: Any) -> list[str]:
    return shown(json.dumps(answer, ensure_ascii=False).encode())


def test_each_message_is_a_bubble(lent: Lent) -> None:
    answer = rendered(lent, said("하나", buttons=(Button("네", "y"),)), said("둘"))
    assert answer == {
        "version": "2.0",
        "template": {
            "outputs": [{"simpleText": {"text": "하나"}}, {"simpleText": {"text": "둘"}}],
            "quickReplies": [{"label": "네", "action": "message", "messageText": "네"}],
        },
    }


def test_with_a_block_buttons_bring_their_payload_back(lent: Lent) -> None:
    (reply,) = rendered(lent, said("맞나요?", buttons=(Button("네", "form:y"),)), block_id="b77")["template"][
        "quickReplies"
    ]
    assert reply == {
        "label": "네",
        "action": "block",
        "blockId": "b77",
        "messageText": "네",
        "extra": {"payload": "form:y"},
    }
    assert only(lent, KIT.skill("네", extra=reply["extra"])).payload == "form:y"


def test_a_long_label_is_cut_but_comes_back_whole(lent: Lent) -> None:
    label = "불법 주정차 신고하기 (사진이 필요합니다)"
    (reply,) = rendered(lent, said("?", buttons=(Button(label, "x"),)))["template"]["quickReplies"]
    assert (reply["label"], reply["messageText"]) == ("불법 주정차 신고하기 (…", label)


def test_ten_buttons_at_most_and_each_label_once(lent: Lent) -> None:
    twice = said("?", buttons=tuple(Button(f"{n}번", f"n:{n}") for n in range(8)))
    more = said("?", buttons=tuple(Button(f"{n}번", f"n:{n}") for n in range(4, 20)))
    labels = [reply["label"] for reply in rendered(lent, twice, more)["template"]["quickReplies"]]
    assert labels == [f"{n}번" for n in range(10)]


def test_a_long_text_is_split_where_a_sentence_ends(lent: Lent) -> None:
    sentence = "접수하신 민원은 담당 부서에서 확인하고 있습니다. "
    first, second = bubbles(rendered(lent, said(sentence * 50)))
    assert first.endswith("있습니다.") and second.startswith("접수하신")
    assert f"{first} {second}" == (sentence * 50)


def test_many_short_messages_are_packed_and_nothing_is_lost(lent: Lent) -> None:
    texts = [f"{n}. 안내 문장입니다." for n in range(9)]
    assert bubbles(rendered(lent, *map(said, texts))) == ["\n\n".join(texts)]


def test_what_does_not_fit_is_cut_with_a_mark(lent: Lent) -> None:
    found = bubbles(rendered(lent, said("가" * 5000)))
    assert [len(bubble) for bubble in found] == [1000, 1000, 1000]
    assert found[-1].endswith("…")


@pytest.mark.parametrize(("lang", "word"), [("ko", "메시지를 받았습니다."), ("en", "We have received your message.")])
def test_no_words_are_still_an_answer(lent: Lent, lang: str, word: str) -> None:
    """Kakao shows an error for an answer without a bubble, for example while staff hold the conversation."""
    assert bubbles(rendered(lent, lang=lang)) == [word]


def test_pending_with_a_callback_asks_kakao_to_wait(lent: Lent) -> None:
    assert rendered(lent, said("", reply_token=REAL), pending=True) == {
        "version": "2.0",
        "useCallback": True,
        "data": {"text": "답변을 준비하고 있습니다. 잠시 뒤에 다시 확인해 주세요."},
    }
    assert rendered(lent, said("먼저 119에 전화하세요.", reply_token=REAL), pending=True)["data"] == {
        "text": "먼저 119에 전화하세요."
    }


def test_pending_without_a_callback_offers_to_show_the_answer(lent: Lent) -> None:
    answer = rendered(lent, said("먼저 119에 전화하세요."), pending=True)
    assert bubbles(answer) == ["먼저 119에 전화하세요.", "답변을 준비하고 있습니다. 잠시 뒤에 다시 확인해 주세요."]
    assert [reply["label"] for reply in answer["template"]["quickReplies"]] == ["답변 보기"]
    by_block = rendered(lent, pending=True, lang="en", block_id="b77")["template"]["quickReplies"]
    assert [(reply["label"], reply["extra"]) for reply in by_block] == [("Show answer", {"payload": "late:show"})]


def test_the_acknowledgement_is_the_answer_for_a_late_turn(lent: Lent) -> None:
    with_callback = received(lent, KIT.text("안녕")).ack
    without = received(lent, PAYLOADS["the word null"]["body"]).ack
    assert json.loads(with_callback.body)["useCallback"] is True
    assert bubbles(json.loads(without.body)) == ["답변을 준비하고 있습니다. 잠시 뒤에 다시 확인해 주세요."]


# --- cards

LOTS = (
    Card("구래 제1공영주차장", "12면 남음\n10분 300원\n24시간", "https://city.example/p/1"),
    Card("구래 제2공영주차장", "만차", ""),
)
LOT_TEXT = """구래동 근처 주차장입니다.

1. 구래 제1공영주차장 · 12면 남음
   10분 300원
   24시간
2. 구래 제2공영주차장 · 만차

번호로 물어보셔도 됩니다."""


def test_several_cards_are_a_list_in_place_of_the_lines_they_stand_for(lent: Lent) -> None:
    text, cards = rendered(lent, said(LOT_TEXT, cards=LOTS))["template"]["outputs"]
    assert text == {"simpleText": {"text": "구래동 근처 주차장입니다.\n\n번호로 물어보셔도 됩니다."}}
    assert cards == {
        "listCard": {
            "header": {"title": "구래동 근처 주차장입니다."},
            "items": [
                {
                    "title": "1. 구래 제1공영주차장",
                    "description": "12면 남음 · 10분 300원 · 24시간",
                    "link": {"web": "https://city.example/p/1"},
                },
                {"title": "2. 구래 제2공영주차장", "description": "만차"},
            ],
        }
    }


def test_one_card_is_a_card_with_its_link_as_a_button(lent: Lent) -> None:
    link = "https://city.example/f/pAaIHbe4Wc7"
    form = said("사진이 있으면 보내 주세요.", cards=(Card("사진 올리기", "30분 동안, 한 번", link),), ask="photo")
    template = rendered(lent, form)["template"]
    assert template["outputs"] == [
        {"simpleText": {"text": "사진이 있으면 보내 주세요."}},
        {
            "basicCard": {
                "title": "사진 올리기",
                "description": "30분 동안, 한 번",
                "buttons": [{"action": "webLink", "label": "사진 올리기", "webLinkUrl": link}],
            }
        },
    ]
    assert [reply["label"] for reply in template["quickReplies"]] == ["답변 보기"], "to go on after the form"


def test_the_way_back_from_the_form_is_there_beside_ten_buttons(lent: Lent) -> None:
    buttons = tuple(Button(f"{n}번", f"n:{n}") for n in range(12))
    form = said("?", cards=(Card("사진 올리기", "", "https://x.example/f/y"),), ask="photo", buttons=buttons)
    labels = [reply["label"] for reply in rendered(lent, form)["template"]["quickReplies"]]
    assert len(labels) == 10 and labels[0] == "0번" and labels[-1] == "답변 보기"


def test_with_cards_three_outputs_stay_three_and_no_words_are_lost(lent: Lent) -> None:
    """What has no room as a card is said in words, which hold all that the cards say."""
    messages = [said(f"{n}번째 안내\n\n{LOT_TEXT}", cards=LOTS) for n in range(4)]
    outputs = rendered(lent, *messages)["template"]["outputs"]
    assert [next(iter(one)) for one in outputs] == ["simpleText", "listCard", "listCard"]
    text = outputs[0]["simpleText"]["text"]
    assert text.count("1. 구래 제1공영주차장") == 2 and all(f"{n}번째 안내" in text for n in range(4))


def test_an_answer_of_cards_alone_needs_no_bubble(lent: Lent) -> None:
    outputs = rendered(lent, said("1. 구래 제1공영주차장\n2. 구래 제2공영주차장", cards=LOTS))["template"]["outputs"]
    assert [next(iter(one)) for one in outputs] == ["listCard"]
    assert outputs[0]["listCard"]["header"] == {"title": "안내"}


def test_what_is_too_long_for_a_line_stands_on_cards_side_by_side(lent: Lent) -> None:
    long = (Card(LOTS[0].title, "공영 노외 46면, 지금 운영, 23:00까지\n1시간 1,500원, 2시간 3,300원"), LOTS[1])
    text, cards = rendered(lent, said(LOT_TEXT, cards=long))["template"]["outputs"]
    assert "1. " not in text["simpleText"]["text"]
    assert cards["carousel"]["type"] == "basicCard"
    assert cards["carousel"]["items"][0] == {"title": "1. 구래 제1공영주차장", "description": long[0].text}


def test_no_card_is_shown_that_would_lose_words_or_say_them_twice(lent: Lent) -> None:
    cut = (Card(LOTS[0].title, "가" * 200), LOTS[1])
    alone = Card("구래1", "공영 노외 46면")
    for message in (
        said(LOT_TEXT, cards=cut),
        said("구래1\n· 공영 노외 46면", cards=(alone,)),
        said("번호 없는 글", cards=(alone, alone)),
    ):
        outputs = rendered(lent, message)["template"]["outputs"]
        assert outputs == [{"simpleText": {"text": message.text}}]
    linked = Card("사진 올리기", "여기서 올려 주세요.", "https://x.example/f/y")
    (_, card) = rendered(lent, said("사진이 필요합니다. 여기서 올려 주세요.", cards=(linked,)))["template"]["outputs"]
    assert "description" not in card["basicCard"]


def test_only_web_addresses_become_links(lent: Lent) -> None:
    for url in ("javascript:alert(1)", "tel:119", "https://" + "x" * 600):
        (bubble,) = rendered(lent, said("제목: 설명", cards=(Card("제목", "설명", url),)))["template"]["outputs"]
        assert bubble == {"simpleText": {"text": "제목: 설명"}}


def test_the_largest_answer_is_smaller_than_kakao_takes(lent: Lent) -> None:
    wild = "\x01" * 5000
    cards = tuple(Card("🚨" * 100, "🚨" * 500, "https://x.example/" + "a" * 400) for _ in range(9))
    buttons = tuple(Button(f"{n}" + "🚨" * 500, "p" * 64) for n in range(30))
    for texts in (wild, "🚨" * 5000, "\udcff" * 5000):
        messages = [said(texts, cards=cards, buttons=buttons) for _ in range(5)]
        for values in ({}, {"block_id": "b77"}):
            answer = made(lent, **values).render(messages, pending=False, lang="ko")
            assert len(answer.body) <= 30_000
            assert json.loads(answer.body)["version"] == "2.0"


# --- the late answer


async def called_back(lent: Lent, serve: Serve, answer: Answer) -> Any:
    async with serve(lambda call: answer) as provider:
        channel = KIT.build(lent.house, provider.url)
        try:
            return await channel.send(KIT.outgoing(provider.url, "늦은 답", buttons=(Button("네", "y"),)))
        finally:
            assert [call.path for call in provider.calls] == [f"/v1/bots/{BOT}/callback/{TOKEN}"]
            assert json.loads(provider.calls[0].body)["template"]["quickReplies"][0]["label"] == "네"


async def test_a_late_answer_is_one_post(lent: Lent, serve: Serve) -> None:
    assert (await called_back(lent, serve, KIT.ok(None))).provider_id == "t-1"  # type: ignore[arg-type]
    for receipt in (b"", b"[]", b"<html>", b'{"taskId": 5}'):
        assert (await called_back(lent, serve, Answer(body=receipt))).provider_id == ""


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b'{"status": "FAIL", "message": "expired"}'),
        Answer(200, b'{"status": "ERROR"}'),
        Answer(404),
        Answer(302, headers={"location": "http://127.0.0.1:9/"}),
    ],
)
async def test_after_a_used_or_old_callback_the_message_waits_for_the_next_answer(
    lent: Lent, serve: Serve, answer: Answer
) -> None:
    with pytest.raises(SendFailed) as failure:
        await called_back(lent, serve, answer)
    assert (failure.value.retry, failure.value.unknown) == (True, False)


async def test_a_callback_older_than_its_minute_is_not_tried(lent: Lent, serve: Serve) -> None:
    """The answer waits for the citizen's next word, and the channel is not thought to be down."""
    async with serve(KIT.ok) as provider:
        channel = KIT.build(lent.house, provider.url)
        url = f"{provider.url}/v1/bots/{BOT}/callback/{TOKEN}"
        document = KIT.skill("안녕", callbackUrl=url)
        token = channel.receive(KIT.sign(json.dumps(document).encode())).messages[0].reply_token
        lent.clock.move(timedelta(seconds=59))
        await channel.send(said("늦은 답", reply_token=token))
        lent.clock.move(timedelta(seconds=2))
        with pytest.raises(SendFailed, match="expired") as failure:
            await channel.send(said("더 늦은 답", reply_token=token))
    assert [call.path for call in provider.calls] == [f"/v1/bots/{BOT}/callback/{TOKEN}"]
    assert (failure.value.retry, failure.value.unknown, failure.value.outage) == (True, False, False)


async def test_a_skill_cannot_speak_first_and_carries_no_files(lent: Lent) -> None:
    with pytest.raises(SendFailed, match="cannot push") as failure:
        await made(lent).send(said("안녕"))
    assert (failure.value.retry, failure.value.stopped, failure.value.unknown) == (False, False, False)
    with pytest.raises(SendFailed, match="no files"):
        await made(lent).fetch(Media("photo", "x"))


@pytest.mark.parametrize(
    ("key", "value"),
    [("secret", ""), ("secret", "short"), ("bot_id", ""), ("header", "X Key"), ("block_id", "b/7"), ("colour", "blue")],
)
def test_settings_refuse_what_cannot_work(key: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"bot_id": BOT, "secret": SECRET, key: value})
