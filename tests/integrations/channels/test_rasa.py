"""Rasa's calls as recorded, and what of them counts: who, which message, which action, which button."""

import copy
import json
from typing import Any

import pytest
from pydantic import ValidationError

from core.contracts.channel import Button, IncomingMessage, Malformed, OutgoingMessage, SendFailed
from integrations.channels.rasa import Rasa, Settings
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer
from tests.integrations.channels.kits.rasa import CALLS, KIT, RASA_TOKEN, TOKEN


def made(lent: Lent, **values: Any) -> Rasa:
    return Rasa(Settings.model_validate({"token": TOKEN} | values), lent.house)


def read(lent: Lent, call: Any) -> IncomingMessage:
    (message,) = made(lent).receive(KIT.sign(json.dumps(call).encode())).messages
    return message


def changed(which: str = "spoken", **latest: Any) -> Any:
    call = copy.deepcopy(CALLS[which])
    call["tracker"]["latest_message"] |= latest
    return call


@pytest.mark.parametrize(
    ("which", "kind", "text", "payload"),
    [
        ("spoken", "text", "도로가 파였어요", ""),
        ("pressed", "button", "", "do:parking_find"),
        ("an intent's own action", "text", "주차장", "do:parking_find"),
    ],
)
def test_recorded_calls_are_understood(lent: Lent, which: str, kind: str, text: str, payload: str) -> None:
    message = read(lent, CALLS[which])
    assert (message.address, message.kind, message.text, message.payload) == ("kim", kind, text, payload)


def test_an_intent_by_slash_is_a_choice_and_its_values_are_the_words(lent: Lent) -> None:
    entities = [
        {"entity": "place", "value": "장기동"},
        {"entity": "n", "value": 2},
        {"entity": "odd", "value": {"a": 1}},
    ]
    words = '/parking_find{"place": "장기동"}'
    message = read(lent, changed(text=words, intent={"name": "parking_find", "confidence": 1.0}, entities=entities))
    assert (message.kind, message.text, message.payload) == ("text", "장기동 2", "do:parking_find")
    for start in ("/sinmungo", "/sinmungo@1.0"):
        assert read(lent, changed(text=start, intent={"name": "sinmungo", "confidence": 1.0})).kind == "start"


@pytest.mark.parametrize("text", ["/parking_find는 뭐예요", "/", "/etc/passwd", '/other{"press": "do:help"}'])
def test_a_slash_that_rasa_did_not_take_for_an_intent_is_what_was_said(lent: Lent, text: str) -> None:
    message = read(lent, changed(text=text, intent={"name": "nlu_fallback", "confidence": 0.5}))
    assert (message.kind, message.text, message.payload) == ("text", text, "")


def test_a_word_that_rasa_reads_as_a_press_is_none(lent: Lent) -> None:
    """Only Rasa's own message handler makes presses; a trained extractor may not."""
    press = [{"entity": "press", "value": "do:talk_to_human", "start": 0, "end": 3, "extractor": "DIETClassifier"}]
    message = read(lent, changed(text="상담원이요", entities=press))
    assert (message.text, message.payload) == ("상담원이요", "")


def test_the_key_names_the_message_and_the_step_after_it(lent: Lent) -> None:
    first = read(lent, CALLS["spoken"]).external_id
    assert read(lent, CALLS["spoken"]).external_id == first
    another: list[Any] = [changed() for _ in range(5)]
    another[0]["sender_id"] = "lee"
    another[1]["next_action"] = "action_parking_find"
    another[2]["tracker"]["events"][-2]["message_id"] = "another"
    another[3]["tracker"]["events"][-2]["timestamp"] += 0.5
    another[4]["tracker"]["events"].append({"event": "action", "name": "action_sinmungo", "timestamp": 1.0})
    keys = {read(lent, call).external_id for call in another}
    assert len(keys | {first}) == 6
    later = changed()
    later["tracker"]["events"].append({"event": "slot", "name": "x", "value": 1, "timestamp": 1.0})
    assert read(lent, later).external_id == first


def test_a_call_without_any_mark_of_its_message_is_refused(lent: Lent) -> None:
    call = changed(message_id=None)
    call["tracker"] |= {"events": None, "latest_event_time": None}
    with pytest.raises(Malformed, match="no message_id"):
        read(lent, call)
    call["tracker"]["latest_event_time"] = 1795397362.9
    assert read(lent, call).external_id


def test_what_rasa_heard_comes_along_masked_and_only_where_it_is_sound(lent: Lent) -> None:
    text = "900101-1234567 구래동 주차장"
    spans: list[Any] = [
        {"entity": "person", "start": 0, "end": 14, "value": "900101-1234567", "confidence_entity": 0.9, "role": "who"},
        {"entity": "place", "start": 15, "end": 18, "value": "구래동", "extractor": "RegexEntityExtractor"},
        {"entity": "time", "start": 15, "end": 18, "value": {"from": "x"}},
        {"entity": "far", "start": 15, "end": 99, "value": "x"},
        {"entity": "nul", "start": 0, "end": 1, "value": "a\x00"},
        "odd",
    ]
    ranking = [{"name": "parking_find", "confidence": 0.8}, {"name": "x"}, None, {"name": "greet", "confidence": 7}]
    heard = read(lent, changed(text=text, intent=ranking[0], intent_ranking=ranking, entities=spans)).heard
    assert heard == {
        "intent": {"name": "parking_find", "confidence": 0.8},
        "intent_ranking": [{"name": "parking_find", "confidence": 0.8}],
        "entities": [
            {
                "entity": "person",
                "start": 0,
                "end": 14,
                "value": "******-*******",
                "confidence_entity": 0.9,
                "role": "who",
            },
            {"entity": "place", "start": 15, "end": 18, "value": "구래동", "confidence_entity": 1.0},
        ],
    }
    for odd in (None, "parking_find", {}, {"name": "parking_find"}, {"name": 7, "confidence": 1}):
        assert read(lent, changed(intent=odd)).heard is None
    assert read(lent, CALLS["pressed"]).heard is None


def test_an_answer_is_rasa_sdks(lent: Lent) -> None:
    message = KIT.outgoing("", "골라 주세요", buttons=(Button('네 "그것"', 'set:ab:x"y'),))
    body = json.loads(made(lent).render([message], pending=False, lang="ko").body)
    assert body == {
        "events": [],
        "responses": [
            {
                "text": "골라 주세요",
                "buttons": [{"title": '네 "그것"', "payload": '/sinmungo{"press": "set:ab:x\\"y"}'}],
            }
        ],
    }
    late = json.loads(made(lent).render([], pending=True, lang="en").body)
    assert "preparing" in late["responses"][0]["text"]
    assert late["responses"][0]["buttons"] == [{"title": "Show answer", "payload": '/sinmungo{"press": "late:show"}'}]


async def test_a_late_answer_is_a_bot_event_with_side_effects(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, rasa_url=f"{provider.url}/", rasa_token=RASA_TOKEN, output_channel="callback")
        message = OutgoingMessage(KIT.outgoing("", "").id, "kim/../lee", "늦은 답", (Button("네", "y"),))
        await channel.send(message)
    (call,) = provider.calls
    path, _, query = call.path.partition("?")
    assert path == "/conversations/kim%2F..%2Flee/tracker/events"
    assert {"output_channel=callback", "execute_side_effects=true", f"token={RASA_TOKEN}"} <= set(query.split("&"))
    assert json.loads(call.body) == [
        {
            "event": "bot",
            "text": "늦은 답",
            "data": {"buttons": [{"title": "네", "payload": '/sinmungo{"press": "y"}'}]},
        }
    ]


async def test_without_rasas_address_answers_wait_for_the_next_message(lent: Lent) -> None:
    assert read(lent, CALLS["spoken"]).reply_token == ""
    with pytest.raises(SendFailed, match="no rasa_url") as failure:
        await made(lent).send(KIT.outgoing("", "늦은 답"))
    assert not failure.value.retry and not failure.value.unknown


async def test_a_redirect_is_not_followed(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: Answer(302, headers={"location": "http://127.0.0.1:9/"})) as provider:
        with pytest.raises(SendFailed, match="HTTP 302"):
            await made(lent, rasa_url=provider.url).send(KIT.outgoing("", "x"))


@pytest.mark.parametrize(
    "values",
    [
        {"token": "short"},
        {"token": "비밀" * 10},
        {"token": "with a blank in it 0123"},
        {"rasa_url": "ftp://rasa"},
        {"rasa_url": "http://user:secret@rasa"},
        {"rasa_url": "http://rasa?x=1"},
        {"output_channel": "a b"},
        {"timeout_s": 60},
        {"tokn": "x"},
    ],
)
def test_settings_that_cannot_work_are_refused_and_not_shown(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"token": TOKEN} | values)
    assert TOKEN not in str(refused.value) and "secret" not in str(refused.value)
