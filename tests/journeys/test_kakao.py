"""KakaoTalk: the answer is in the response; past the deadline it comes by callback or with the next message."""

import json
from typing import Any
from uuid import uuid4

import httpx

from tests.journeys.house import Town
from tests.opened import body, vault_of_tests
from tests.waiting import until


def bubbles(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [words(output) for output in answer.json()["template"]["outputs"]]


def words(output: dict[str, Any]) -> str:
    """What a bubble or a card says."""
    if "simpleText" in output:
        return str(output["simpleText"]["text"])
    return json.dumps(output, ensure_ascii=False)


async def answers(town: Town, user: str) -> list[dict[str, Any]]:
    found = await town.rows(
        """SELECT o.id, o.status, o.body, o.claimed_until FROM outbound o
           JOIN conversations c ON c.id = o.conversation_id WHERE c.address = %s ORDER BY o.seq""",
        user,
    )
    vault = await vault_of_tests(town.database_url)
    return [{**row, "text": body(vault, row["id"], row["body"])["text"]} for row in found]


async def test_the_answer_is_in_the_response(town: Town) -> None:
    user = uuid4().hex
    shown = bubbles(await town.skill(user, "구래동 주차장"))
    assert any("주차장" in text for text in shown)
    await until(lambda: town.is_settled(user))
    assert {row["status"] for row in await answers(town, user)} == {"sent"}


async def test_the_same_call_again_gets_the_same_answer_and_no_second_turn(town: Town) -> None:
    user, request_id = uuid4().hex, uuid4().hex
    first = bubbles(await town.skill(user, "여권 어디서 만들어요?", request_id=request_id))
    for _ in range(3):
        assert bubbles(await town.skill(user, "여권 어디서 만들어요?", request_id=request_id)) == first
    assert await town.rows("SELECT turns FROM conversations WHERE address = %s", user) == [{"turns": 1}]


async def test_a_late_answer_goes_to_the_callback_once(slow_town: Town) -> None:
    user, address = uuid4().hex, f"callback-{uuid4().hex[:8]}"
    async with slow_town.held_up():
        answer = await slow_town.skill(user, "구래동 주차장", callback=f"{slow_town.heard.url}{address}")
    assert answer.json()["useCallback"] is True
    await until(lambda: slow_town.is_settled(user), 30)
    (posted,) = slow_town.heard.firsts[address]
    late = "\n".join(words(output) for output in posted.body["template"]["outputs"])
    for row in await answers(slow_town, user):
        assert row["status"] == "sent"
        assert row["text"].split("\n")[0] in late


async def test_a_late_answer_without_a_callback_comes_with_the_next_message(slow_town: Town) -> None:
    user = uuid4().hex
    async with slow_town.held_up():
        waiting = await slow_town.skill(user, "구래동 주차장")
    assert any("준비하고 있습니다" in text for text in bubbles(waiting))
    assert [one["label"] for one in waiting.json()["template"]["quickReplies"]] == ["답변 보기"]

    async def is_ready() -> bool:
        found = await answers(slow_town, user)
        return bool(found) and all(row["claimed_until"] is None for row in found)

    await until(is_ready, 30)
    late = (await answers(slow_town, user))[0]["text"]
    assert any(late[:40] in text for text in bubbles(await slow_town.skill(user, "답변 보기")))
    await until(lambda: slow_town.is_settled(user), 30)
    assert not any(late[:40] in text for text in bubbles(await slow_town.skill(user, "고마워요")))
