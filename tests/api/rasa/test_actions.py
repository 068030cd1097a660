"""We as a Rasa assistant's action server: the city's own answers, forms and receipts in rasa-sdk's webhook JSON."""

import asyncio
from typing import Any

import pytest

from civic.people.service import opened_name
from tests import opened
from tests.api.rasa.caller import Doors, slash

FILED = """SELECT k.receipt_no, k.channel, k.body, p.id AS citizen, p.name_sealed FROM cases k
           JOIN conversations c ON c.id = k.conversation_id
           LEFT JOIN citizens p ON p.id = k.citizen_id WHERE c.address = :sender"""
HEARD = """SELECT i.id, i.text, i.content, i.outcome, i.intent, c.channel FROM inbound i
           JOIN conversations c ON c.id = i.conversation_id WHERE c.address = :sender"""
TURNS = "SELECT turns FROM conversations WHERE channel = 'rasa' AND address = :sender"


async def kept(doors: Doors, sender: str) -> list[dict[str, Any]]:
    """What a sender said, as it was stored, opened."""
    return [opened.said(doors.house.vault, row) for row in await doors.rows(HEARD, sender=sender)]


async def test_it_tells_that_it_lives_and_what_it_can(doors: Doors) -> None:
    async with doors.client() as client:
        assert (await client.get("/actions/health")).json() == {"status": "ok"}
        names = [one["name"] for one in (await client.get("/actions/actions")).json()]
    assert names[0] == "action_sinmungo"
    assert {"action_parking_find", "action_complaint_file", "action_office_info"} <= set(names)
    assert "action_unserved" not in names
    assert set(names[1:]) == {f"action_{intent}" for intent in doors.house.dialogue.intents - {"unserved"}}


async def test_whatever_is_said_is_answered_by_the_city(doors: Doors) -> None:
    citizen = doors.citizen()
    assert "주차장" in await citizen.say("구래동 주차장 어디 있어요?")
    (row,) = await kept(doors, citizen.sender)
    assert row["text"] == "구래동 주차장 어디 있어요?"
    assert (row["outcome"], row["intent"], row["channel"]) == ("answered", "parking_find", "rasa")


async def test_a_complaint_is_filed_through_buttons_and_its_number_stands_in_a_slot(doors: Doors) -> None:
    citizen = doors.citizen()
    await citizen.say("구래동 공원 앞에 쓰레기가 며칠째 쌓여 있어요")
    assert citizen.slots["sinmungo_open_form"]
    assert citizen.buttons[0]["payload"].startswith('/sinmungo{"press": "set:')
    await citizen.press("쓰레기·무단투기")
    await citizen.press("계속·매일")
    await citizen.press("사진 없음")
    await citizen.press("동의하고 민원")
    await citizen.say("홍길동입니다")
    await citizen.say("01012345678")
    said = await citizen.press("접수")
    (filed,) = await doors.rows(FILED, sender=citizen.sender)
    assert filed["receipt_no"] in said
    name = opened_name(doors.house.vault, filed["citizen"], filed["name_sealed"])
    assert (filed["channel"], name) == ("rasa", "홍길동")
    assert citizen.slots == {
        "sinmungo_case_no": filed["receipt_no"], "sinmungo_open_form": None, "theirs": None
    }  # fmt: skip


async def test_the_same_call_again_files_nothing_and_says_the_same(doors: Doors) -> None:
    citizen = doors.citizen()
    await citizen.say("장기동 한강중앙공원 앞 가로등이 나갔어요")
    for answer in ("네", "지금", "사진 없음", "제보로 할게요"):
        said = await citizen.say(answer)
    assert "이대로 접수할까요" in said
    first = await citizen.press("접수")
    repeated = [await doors.post(citizen.calls[-1]) for _ in range(3)]
    together = await asyncio.gather(*(doors.post(citizen.calls[-1]) for _ in range(5)))
    for again in (*repeated, *together):
        assert "\n".join(one["text"] for one in again.json()["responses"]) == first
    counted = (
        "SELECT count(*) AS n FROM inquiries q JOIN conversations c ON c.id = q.conversation_id WHERE c.address = :s"
    )
    assert await doors.rows(counted, s=citizen.sender) == [{"n": 1}]
    assert await doors.rows(TURNS, sender=citizen.sender) == [{"turns": len(citizen.calls)}]


async def test_a_call_repeated_while_it_runs_is_one_message(doors: Doors) -> None:
    citizen = doors.citizen()
    tracker = citizen.told({"text": "여권 어디서 만들어요?", "intent": None, "entities": []})
    call = {"next_action": "action_sinmungo", "sender_id": citizen.sender, "tracker": tracker, "version": "3.6.21"}
    answers = await asyncio.gather(*(doors.post(call) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert await doors.rows(TURNS, sender=citizen.sender) == [{"turns": 1}]


async def test_two_actions_for_one_message_are_two_turns(doors: Doors) -> None:
    citizen = doors.citizen()
    tracker = citizen.told({"text": "구래동", "intent": None, "entities": []})
    assert "주차장" in await citizen.call(tracker, "action_parking_find")
    assert await citizen.call(tracker, "action_office_info")
    assert await citizen.call(tracker, "action_office_info")
    assert await doors.rows(TURNS, sender=citizen.sender) == [{"turns": 3}]


async def test_an_intents_own_action_runs_it_whatever_was_said(doors: Doors) -> None:
    citizen = doors.citizen()
    said = await citizen.say("구래동이요", "action_parking_find", intent={"name": "their_own", "confidence": 0.99})
    assert "주차장" in said and "구래" in said
    (row,) = await kept(doors, citizen.sender)
    assert (row["text"], row["intent"]) == ("구래동이요", "parking_find")


async def test_what_rasa_heard_is_believed_where_we_know_it(doors: Doors) -> None:
    """Nobody could tell from the words; the value of the place is ours all the same."""
    heard: Any = {"intent": {"name": "parking_find", "confidence": 0.93}, "entities": []}
    assert "주차장" in await doors.citizen().say("구래동 거기 그거 있나", **heard)
    for strange in ("nlu_fallback", "book_flight"):
        said = await doors.citizen().say("여권은 어디서 만드나요?", intent={"name": strange, "confidence": 0.97})
        assert "주차장" not in said


async def test_an_intent_that_was_chosen_and_not_spoken(doors: Doors) -> None:
    citizen = doors.citizen()
    words = '/parking_find{"place": "구래동"}'
    said = await citizen.call(citizen.told(slash(words, "parking_find", {"place": "구래동"})), "action_sinmungo")
    assert "구래" in said
    (row,) = await kept(doors, citizen.sender)
    assert (row["text"], row["content"]["payload"]) == ("구래동", "do:parking_find")
    assert await citizen.call(citizen.told(slash("/sinmungo", "sinmungo", {})), "action_sinmungo")


async def test_what_should_not_be_kept_is_masked_everywhere(doors: Doors) -> None:
    citizen = doors.citizen()
    span = {"entity": "person", "start": 0, "end": 14, "value": "900101-1234567", "confidence_entity": 0.9}
    heard: Any = {"intent": {"name": "office_info", "confidence": 0.9}, "entities": [span]}
    await citizen.say("900101-1234567 이 번호로 여권 되나요?", **heard)
    stored = await kept(doors, citizen.sender)
    assert "1234567" not in str(stored) and "******-*******" in str(stored)


async def test_slots_that_the_assistant_does_not_declare_are_left_alone(doors: Doors) -> None:
    citizen = doors.citizen()
    citizen.slots = {}
    await citizen.say("가로등이 꺼졌어요")
    assert citizen.slots == {}


@pytest.mark.parametrize("text", ["🚨" * 500, "a\x00b", "\u202e거꾸로", "'; DROP TABLE cases; --", "{{7*7}}", " "])
async def test_odd_words_are_answered(doors: Doors, text: str) -> None:
    body: Any = await doors.citizen().say(text)
    assert body
