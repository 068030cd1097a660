"""What bad input gets at the city's door: a clear 4xx or an honest answer, never a 5xx, no row for a forgery."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.crash.partner import signature, signed
from tests.journeys.house import Citizen, Town
from tests.opened import said, vault_of_tests


async def post(town: Town, raw: bytes, headers: dict[str, str], channel: str = "partner") -> httpx.Response:
    return await town.client.post(f"{await town.door()}/channels/{channel}", content=raw, headers=headers)


async def stored(town: Town) -> list[dict[str, Any]]:
    return await town.rows(
        "SELECT (SELECT count(*) FROM conversations) AS threads, (SELECT count(*) FROM inbound) AS messages"
    )


def message(**changes: Any) -> dict[str, Any]:
    return {"id": uuid4().hex, "from": uuid4().hex, "type": "text", "text": "안녕하세요"} | changes


FORGED: dict[str, tuple[Callable[[dict[str, str]], dict[str, str]], int]] = {
    "unsigned": (lambda headers: {"content-type": "application/json"}, 401),
    "no timestamp": (lambda headers: {k: v for k, v in headers.items() if "timestamp" not in k}, 401),
    "no signature": (lambda headers: {k: v for k, v in headers.items() if "signature" not in k}, 401),
    "empty signature": (lambda headers: headers | {"x-sinmungo-signature": ""}, 401),
    "wrong signature": (lambda headers: headers | {"x-sinmungo-signature": "v1=" + "0" * 64}, 403),
    "no version": (lambda headers: headers | {"x-sinmungo-signature": headers["x-sinmungo-signature"][3:]}, 403),
    "old": (lambda headers: headers | {"x-sinmungo-timestamp": "1000000000"}, 403),
    "no number": (lambda headers: headers | {"x-sinmungo-timestamp": "now"}, 403),
}


@pytest.mark.parametrize("case", FORGED)
async def test_a_forged_webhook_is_refused_and_leaves_no_row(town: Town, case: str) -> None:
    forge, status = FORGED[case]
    before = await stored(town)
    raw, headers = signed(message())
    assert (await post(town, raw, forge(headers))).status_code == status
    assert await stored(town) == before


async def test_a_body_under_another_ones_signature_is_refused(town: Town) -> None:
    before = await stored(town)
    _, headers = signed(message())
    raw, _ = signed(message())
    assert (await post(town, raw, headers)).status_code == 403
    raw, headers = signed(message(), secret="x" * 40)
    assert (await post(town, raw, headers)).status_code == 403
    assert (await post(town, b"{}", {}, "kakao")).status_code == 401
    assert (await post(town, b"{}", {"x-sinmungo-secret": "x" * 30}, "kakao")).status_code == 403
    assert await stored(town) == before


BROKEN = {
    "nothing": b"",
    "no JSON": b"{",
    "half": json.dumps(message()).encode()[:-5],
    "CP949": json.dumps(message(), ensure_ascii=False).encode("cp949"),
    "UTF-16": json.dumps(message()).encode("utf-16"),
    "lone surrogate": b'{"id":"a","from":"b","type":"text","text":"\\ud800"}',
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "null text": json.dumps(message(text=None)).encode(),
    "null id": json.dumps(message(id=None)).encode(),
    "a number for text": json.dumps(message(text=1)).encode(),
    "an object for text": json.dumps(message(text={})).encode(),
    "NUL in the id": json.dumps(message(id="a\x00b")).encode(),
    "no sender": b'{"id":"a","text":"b"}',
    "a long id": json.dumps(message(id="x" * 1000)).encode(),
    "1 MB of text": json.dumps(message(text="가" * 170_000)).encode(),
    "nowhere": json.dumps(message(type="place", lat=1e9, lon=0)).encode(),
    "not a number": b'{"id":"a","from":"b","type":"place","lat":NaN,"lon":0}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_body_gets_a_clear_400_and_leaves_no_row(town: Town, case: str) -> None:
    before = await stored(town)
    answer = await post(town, BROKEN[case], signature(BROKEN[case]))
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["title"]
    assert await stored(town) == before


@pytest.mark.parametrize("is_announced", [True, False])
async def test_more_than_a_megabyte_is_refused_whatever_the_length_header_says(town: Town, is_announced: bool) -> None:
    raw, headers = signed(message(text="x" * 1_100_000))

    async def parts() -> Any:
        for start in range(0, len(raw), 65_536):
            yield raw[start : start + 65_536]

    base = await town.door()
    content = raw if is_announced else parts()
    answer = await town.client.post(f"{base}/channels/partner", content=content, headers=headers)
    assert answer.status_code == 413


async def test_an_unknown_event_or_channel_is_no_error_of_ours(town: Town) -> None:
    citizen = Citizen(town)
    assert await citizen.post({"type": "dance"})
    raw, headers = signed({"reports": [{"id": "nobody's", "status": "danced"}, {"id": "nobody's", "status": "read"}]})
    assert (await post(town, raw, headers)).status_code == 200
    assert (await post(town, raw, headers, "nowhere")).status_code == 404
    assert (await town.client.get(f"{await town.door()}/channels/partner")).status_code == 401


ODD = {
    "nothing": "",
    "spaces": "   \n\t ",
    "10,000 emoji": "😀" * 10_000,
    "joined emoji": "👨‍👩‍👧‍👦" * 500,
    "zero width": "구\u200b래\u200d동\u2060 주\ufeff차장",
    "only zero width": "\u200b\u200d\ufeff",
    "bidi": "\u202e주차장 \u2066구래동\u2069 \u202a",
    "combining": "z" + "\u0301" * 5000,
    "SQL": "'; DROP TABLE conversations; --",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ 7 * 7 }} {% for x in y %} ${jndi:ldap://x} %s %n {0}",
    "NUL": "구래동\x00주차장",
    "controls": "".join(map(chr, range(1, 32))),
    "decomposed Hangul": "\u1100\u116e\u1105\u1162\u1103\u1169\u11bc \u110c\u116e\u110e\u1161\u110c\u1161\u11bc",
    "20,000 letters": "주차 " * 6_600,
    "digits": "9" * 5000,
    "brackets": "(" * 5000,
}


@pytest.mark.parametrize("case", ODD)
async def test_odd_text_gets_an_honest_answer_and_is_kept(town: Town, case: str) -> None:
    citizen = Citizen(town)
    answer = await citizen.say(ODD[case])
    assert answer
    assert "문제가 생겼습니다" not in answer
    assert "49" not in answer or case != "template"
    found = await town.rows(
        "SELECT i.id, i.outcome, i.text FROM inbound i JOIN conversations c ON c.id = i.conversation_id "
        "WHERE c.address = %s",
        citizen.address,
    )
    vault = await vault_of_tests(town.database_url)
    assert [row["outcome"] for row in found] in (["answered"], ["refused"])  # refused: an honest "not mine"
    kept = said(vault, found[0])["text"]
    assert kept == ODD[case].replace("\x00", "\ufffd") or case == "digits"  # long numbers may be masked
    assert await citizen.say("구래동 주차장")


async def test_odd_text_to_a_skill_gets_an_answer_too(town: Town) -> None:
    for text in ODD.values():
        answer = await town.skill(uuid4().hex, text)
        assert answer.status_code == 200, answer.text
        assert answer.json()["template"]["outputs"]


async def test_html_said_in_chat_reaches_staff_as_text(town: Town) -> None:
    from tests.journeys.test_citizen_and_staff import signed_in

    citizen = Citizen(town)
    await citizen.say(ODD["HTML"])
    (found,) = await town.rows("SELECT id FROM conversations WHERE address = %s", citizen.address)
    token, _ = await signed_in(town)
    read = await town.staff(token, "GET", f"/conversations/{found['id']}")
    assert read.headers["content-type"] == "application/json"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.json()["thread"][0]["text"] == ODD["HTML"]
