"""The light engine behind Rasa's language API: its JSON, its errors, its fallback."""

from typing import Any

import httpx
import pytest

from integrations.language._parsed import parse
from tests.api.rasa.caller import ACTION_TOKEN, HTTP_TOKEN, Doors


async def asked(doors: Doors, body: Any) -> httpx.Response:
    async with doors.client(HTTP_TOKEN) as client:
        return await client.post("/model/parse", json=body)


async def test_a_text_is_read_in_rasas_shape(doors: Doors) -> None:
    text = "내일 저녁에 구래동에서 차 댈 데 있어요?"
    answer = await asked(doors, {"text": text, "message_id": "m", "metadata": {}})
    assert answer.status_code == 200
    found = answer.json()
    assert list(found) == ["text", "intent", "entities", "text_tokens", "intent_ranking"]
    assert found["text"] == text
    assert found["intent"] == found["intent_ranking"][0]
    assert found["intent"]["name"] == "parking_find"
    assert 1 < len(found["intent_ranking"]) <= 10
    (place,) = [one for one in found["entities"] if one["entity"] == "place"]
    assert text[place["start"] : place["end"]] == "구래동"
    assert {"value", "confidence_entity", "extractor"} <= set(place)
    words = [text[start:end] for start, end in found["text_tokens"]]
    assert "구래동" in words and "에서" in words
    assert "".join(words) == text.replace(" ", "")


async def test_our_own_client_of_rasa_reads_it(doors: Doors) -> None:
    text = "가로등이 고장 났어요"
    parsed = parse((await asked(doors, {"text": text})).content, text)
    assert parsed.intent.name in {one.name for one in parsed.intent_ranking}


@pytest.mark.parametrize("text", ["", "   ", "…", "ㅁㄴㅇㄹ", "오늘 비트코인 시세 알려줘"])
async def test_what_is_not_ours_falls_back_as_rasa_does(doors: Doors, text: str) -> None:
    found = (await asked(doors, {"text": text})).json()
    assert found["intent"]["name"] == "nlu_fallback"
    assert [one["name"] for one in found["intent_ranking"]].count("nlu_fallback") == 1
    assert found["intent_ranking"][0]["name"] == "nlu_fallback"


async def test_personal_numbers_do_not_come_back(doors: Doors) -> None:
    found = (await asked(doors, {"text": "900101-1234567 여권"})).json()
    assert "1234567" not in str(found)


async def test_status_and_version_are_rasas(doors: Doors) -> None:
    async with doors.client(HTTP_TOKEN) as client:
        status = (await client.get("/status")).json()
    assert set(status) == {"model_file", "model_id", "num_active_training_jobs"}
    async with doors.client("") as client:
        version = (await client.get("/version")).json()
        assert (await client.get(f"/status?token={HTTP_TOKEN}")).status_code == 200
    assert version == {"version": "3.6.21", "minimum_compatible_version": "3.6.21"}


@pytest.mark.parametrize("token", ["", "wrong", ACTION_TOKEN, HTTP_TOKEN[:-1]])
async def test_the_token_is_asked_of_everybody(doors: Doors, token: str) -> None:
    async with doors.client(token) as client:
        for answer in (await client.get("/status"), await client.post("/model/parse", json={"text": "안녕"})):
            assert_failure(answer, 401, "NotAuthenticated")


@pytest.mark.parametrize(
    ("content", "code", "reason"),
    [
        (b"", 400, "BadRequest"),
        (b"{}", 400, "BadRequest"),
        (b'{"message": "x"}', 400, "BadRequest"),
        (b"[]", 400, "BadRequest"),
        (b"{", 400, "ParsingError"),
        (b"\xff", 400, "ParsingError"),
        (b'{"text": null}', 400, "ParsingError"),
        (b'{"text": 7}', 400, "ParsingError"),
        (b'{"text": "a\\u0000b"}', 400, "ParsingError"),
        (b'{"text": "' + b"x" * 20_001 + b'"}', 400, "ParsingError"),
        (b'{"text": "' + b"x" * 300_000 + b'"}', 413, "BadRequest"),
    ],
)
async def test_what_cannot_be_read_is_refused_in_rasas_shape(
    doors: Doors, content: bytes, code: int, reason: str
) -> None:
    async with doors.client(HTTP_TOKEN) as client:
        answer = await client.post("/model/parse", content=content, headers={"content-type": "application/json"})
    assert_failure(answer, code, reason)


def assert_failure(answer: httpx.Response, code: int, reason: str) -> None:
    found = answer.json()
    assert set(found) == {"version", "status", "message", "reason", "details", "help", "code"}
    assert (answer.status_code, found["code"], found["reason"], found["status"]) == (code, code, reason, "failure")
