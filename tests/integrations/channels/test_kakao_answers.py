"""What KakaoTalk is answered: bubbles, cards and quick replies in the response, and the callback that works once."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.contracts.channel import (
    Button,
    Card,
    IncomingMessage,
    Media,
    OutgoingMessage,
    Received,
    SendFailed,
)
from core.loading import ROOT
from integrations.channels.kakao import Kakao, Settings
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer
from tests.integrations.channels.kits.kakao import BOT, KIT, SECRET, TOKEN, USER, shown

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
