"""What the doors for Rasa refuse, and in which words: strangers, strange calls, too much of anything."""

import json
import zlib
from types import SimpleNamespace
from typing import Any

import pytest

from api.rasa.routes import router
from core.settings import read
from tests.api.rasa.caller import ACTION_TOKEN, HTTP_TOKEN, Doors

COUNT = "SELECT (SELECT count(*) FROM inbound) AS messages, (SELECT count(*) FROM conversations) AS threads"


def call(**changes: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"text": "안녕하세요", "intent": None, "entities": [], "message_id": "m-1"}
    tracker = {"sender_id": "s", "slots": {}, "latest_message": message, "events": []}
    return {"next_action": "action_sinmungo", "sender_id": "s", "tracker": tracker, **changes}


def said(**changes: Any) -> dict[str, Any]:
    made = call()
    made["tracker"]["latest_message"].update(changes)
    return made


def pressed(value: Any) -> dict[str, Any]:
    """A button that is none of ours."""
    words = f"/sinmungo{json.dumps({'press': value})}"
    return said(text=words, intent={"name": "sinmungo"}, entities=[{"entity": "press", "value": value}])


@pytest.mark.parametrize("path", ["/actions/webhook", "/actions/actions"])
async def test_nobody_comes_in_without_the_token(doors: Doors, path: str) -> None:
    before = await doors.rows(COUNT)
    for token, status in (("", 401), ("x" * 30, 403), (ACTION_TOKEN[:-1], 403), (HTTP_TOKEN, 403)):
        async with doors.client(token) as client:
            answer = await (client.get(path) if path.endswith("actions") else client.post(path, json=call()))
        assert answer.status_code == status
        assert set(answer.json()) == {"error"} and "토큰" in answer.json()["error"]
    assert await doors.rows(COUNT) == before


async def test_the_token_may_stand_in_the_address(doors: Doors) -> None:
    async with doors.client("") as client:
        assert (await client.get(f"/actions/actions?token={ACTION_TOKEN}")).status_code == 200
        assert (await client.post(f"/actions/webhook?token={ACTION_TOKEN}", json=call())).status_code == 200
        assert (await client.post("/actions/webhook?token=wrong", json=call())).status_code == 403


async def test_an_unknown_action_is_404_and_nothing_is_stored(doors: Doors) -> None:
    before = await doors.rows(COUNT)
    for name in ("action_book_flight", "action_unserved", "action_"):
        answer = await doors.post(call(next_action=name))
        assert answer.status_code == (400 if name == "action_" else 404)
        assert answer.json()["action_name"] == name
    assert await doors.rows(COUNT) == before


@pytest.mark.parametrize(
    "broken",
    [
        {}, [], "text", None, 7,
        call(sender_id=""), call(sender_id="x" * 129), call(sender_id="a\x00b"), call(sender_id=7),
        call(next_action="utter_greet"), call(next_action="action_" + "x" * 60), call(next_action=None),
        call(tracker=None), call(tracker={}), call(tracker={"latest_message": None}),
        call(tracker={"latest_message": {"text": "안녕"}}),
        said(text="가" * 20_001), said(text=7), said(message_id="x" * 201),
        pressed("단추"), pressed(7), pressed("x" * 65), pressed(["do:help"]),
    ],
    ids=lambda one: json.dumps(one, ensure_ascii=False)[:50],
)  # fmt: skip
async def test_a_strange_call_is_a_rejected_execution(doors: Doors, broken: Any) -> None:
    before = await doors.rows(COUNT)
    answer = await doors.post(broken)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "action_name"}
    assert "호출을 읽을 수 없습니다" in answer.json()["error"]
    assert "안녕" not in answer.text
    assert await doors.rows(COUNT) == before


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b'{"a": NaN}'])
async def test_broken_json_is_refused(doors: Doors, content: bytes) -> None:
    async with doors.client() as client:
        answer = await client.post("/actions/webhook", content=content)
    assert (answer.status_code, answer.json()["action_name"]) == (400, "")


async def test_odd_trackers_are_no_reason_to_refuse(doors: Doors) -> None:
    """Whatever policies, extractors and channels leave in a tracker."""
    odd: list[Any] = [None, "x", 7, [], {"a": [None] * 100}, "x" * 5000, 2**70, True]
    for number, value in enumerate(odd):
        made: Any = said(intent=value, entities=value, intent_ranking=value, metadata=value, message_id=f"odd-{number}")
        made |= {"domain": value, "version": value}
        made["tracker"] |= {"slots": value, "active_loop": value, "latest_action_name": value, "events": [value, value]}
        answer = await doors.post(made)
        assert answer.status_code == 200, (value, answer.text)
        assert answer.json()["responses"]


async def test_a_body_is_read_no_further_than_the_bound(doors: Doors) -> None:
    huge = json.dumps(call(domain="x" * (4 * 1024 * 1024))).encode()
    bomb = zlib.compress(b" " * (64 * 1024 * 1024))
    async with doors.client() as client:
        assert (await client.post("/actions/webhook", content=huge)).status_code == 413
        packed = {"content-encoding": "deflate"}
        assert (await client.post("/actions/webhook", content=bomb, headers=packed)).status_code == 413
        assert (await client.post("/actions/webhook", content=b"no deflate", headers=packed)).status_code == 400
        assert (await client.post("/actions/webhook", content=bomb[:200], headers=packed)).status_code == 400
        small = zlib.compress(json.dumps(said(message_id="packed")).encode())
        assert (await client.post("/actions/webhook", content=small, headers=packed)).status_code == 200


async def test_both_doors_are_closed_by_default(doors: Doors) -> None:
    """Without a section in config.yml there is nothing at these addresses."""
    closed: Any = SimpleNamespace(settings=read(), channels={})
    assert router(closed).routes == []
    assert read().nlu.http.enabled is False
    assert read().channels["rasa"]["enabled"] is False
