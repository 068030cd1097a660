"""A preview is what would be sent, on the citizen's channel, and leaves nothing behind."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from core.contracts.channel import Capabilities
from integrations.channels import kakao, telegram
from integrations.outbound.kakao import MAX_BUBBLES, fitted
from tests.api.house import SmallHouse
from tests.api.opened import kinds, looks, opened, told
from tests.bot.memory_channel import TEXT_MESSAGES, MemoryChannel
from tests.civic.cases.rows import NOW


class Narrow(MemoryChannel):
    """Splits as the KakaoTalk channel does."""

    def bubbles(self, texts: Any) -> list[str]:
        return fitted(texts, MAX_BUBBLES)


class Cutting(MemoryChannel):
    """Cuts as the Telegram channel does."""

    def bubbles(self, texts: Any) -> list[str]:
        return [telegram._fit(text) for text in texts]


@pytest.fixture(autouse=True)
def _channels(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    can = Capabilities(max_text=1000, max_buttons=1, max_label=14)
    monkeypatch.setitem(house.channels, "kakao", Narrow("kakao", "in_response", capabilities=can))
    monkeypatch.setitem(house.channels, "texts", MemoryChannel("texts", capabilities=TEXT_MESSAGES))
    monkeypatch.setitem(house.channels, "telegram", Cutting("telegram"))


async def shown(client: httpx.AsyncClient, case: Any, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/api/v1/cases/{case.receipt_no}/preview", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def codes(found: dict[str, Any]) -> list[str]:
    return [one["code"] for one in found["warnings"]]


async def test_a_change_is_shown_as_it_is_then_told_and_leaves_nothing(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    case = await opened(house)
    change = {"status": "answered", "text": "오늘 고쳤습니다."}
    before = await shown(agent, case, kind="status", **change)
    assert await kinds(house, case.id) == ["opened"]
    assert await told(house, case.id) == []
    await agent.patch(f"/api/v1/cases/{case.id}", json=change, headers={"If-Match": '"1"'})
    sent = (await told(house, case.id))[-1]
    assert [bubble["text"] for bubble in before["bubbles"]] == [sent.body["text"]]
    assert before["bubbles"][-1]["buttons"] == [one["label"] for one in sent.body["buttons"]]
    assert (before["channel"], before["purpose"], before["warnings"]) == ("web", "case_notice", [])
    assert (await looks(house, "case.preview"))[-1].subject_id == case.receipt_no


async def test_a_long_reply_is_split_as_its_channel_splits(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case, text = await opened(house, channel="kakao"), "가로등을 고쳤습니다. " * 200
    found = await shown(agent, case, kind="reply", text=text)
    assert [one["text"] for one in found["bubbles"]] == fitted([text.strip()], MAX_BUBBLES)
    assert all(one["characters"] <= 1000 for one in found["bubbles"])
    assert (codes(found), len(found["bubbles"])) == (["split"], 3)


async def test_an_answer_too_long_for_its_channel_is_sent_in_parts_and_said_so(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    case = await opened(house, channel="telegram")
    found = await shown(agent, case, kind="status", status="answered", text="뷁" * 5000)
    assert codes(found) == ["split"]
    assert sum(one["text"].count("뷁") for one in found["bubbles"]) == 5000
    assert all(one["characters"] <= 4000 for one in found["bubbles"])


async def test_what_its_channel_cuts_is_named(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    wide = replace(house.channels["telegram"].capabilities, max_text=9000)
    house.channels["telegram"].capabilities = wide
    case = await opened(house, channel="telegram")
    found = await shown(agent, case, kind="status", status="answered", text="나" * 5000)
    assert codes(found) == ["cut"]
    assert (len(found["bubbles"][0]["text"]), found["bubbles"][0]["text"][-1]) == (4096, "…")


async def test_a_text_message_is_shown_as_the_carrier_gets_it(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house, channel="texts")
    found = await shown(agent, case, kind="status", status="answered", text="고쳤습니다 👍 — 확인해 주세요 🐶")
    (one,) = found["bubbles"]
    assert one["text"].startswith(f"[{case.receipt_no}] 민원에 답변드립니다.")
    assert "고쳤습니다 [좋아요] - 확인해 주세요\n" in one["text"]
    assert "\n1. 1점" in one["text"] and "\n6. 다시 살펴봐 주세요\n" in one["text"]
    assert (one["buttons"], one["kind"], one["bytes"]) == ([], "lms", len(one["text"].encode("cp949")))
    assert one["subject"].endswith(case.receipt_no)
    assert [(warned["code"], warned["en"][-5:]) for warned in found["warnings"]] == [("replaced", "👍 — 🐶")]


async def test_a_reply_by_text_message_names_its_case_and_is_what_is_sent(
    house: SmallHouse, agent: httpx.AsyncClient
) -> None:
    case = await opened(house, channel="texts")
    found = await shown(agent, case, kind="reply", text="내일 나갑니다.")
    wanted = f"[{case.receipt_no}] 내일 나갑니다."
    assert [(one["text"], one["kind"], one["subject"]) for one in found["bubbles"]] == [(wanted, "sms", "")]
    assert found["bubbles"][0]["bytes"] == len(wanted.encode("cp949"))


@pytest.mark.parametrize(
    ("text", "size", "kind", "unsendable"),
    [
        ("가" * 45, 90, "sms", []),
        ("가" * 45 + "a", 91, "lms", []),
        ("가" * 1000 + "a", 2001, "too_long", []),
        ("abc 😀 똠", 9, "sms", ["😀"]),
        ("뷁" * 45, 90, "sms", []),
        ("体", 1, "sms", ["体"]),
    ],
)
async def test_a_text_message_is_counted_in_bytes_of_cp949(
    house: SmallHouse, agent: httpx.AsyncClient, text: str, size: int, kind: str, unsendable: list[str]
) -> None:
    found = await shown(agent, await opened(house), kind="reply", text=text)
    assert found["sms"] == {"bytes": size, "kind": kind, "unsendable": unsendable, "lost": int(text == "体")}


async def test_a_personal_number_is_pointed_out(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    found = await shown(agent, await opened(house), kind="reply", text="주민번호 900101-1234567 확인했습니다.")
    assert codes(found) == ["personal_number"]
    assert found["masked"] == "주민번호 ******-******* 확인했습니다."
    assert "900101-1234567" in found["bubbles"][0]["text"], "the bubble shows what would be sent"


async def test_a_canned_answer_is_shown_filled_and_not_counted(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    case = await opened(house)
    async with house.client("admin") as admin:
        given = {
            "title": "안내",
            "body": "{{ receipt_no }} {{ place }}",
            "expires_at": (NOW + timedelta(days=5)).isoformat(),
        }
        one = (await admin.post("/api/v1/canned", json=given)).json()
    found = await shown(agent, case, kind="canned", canned_id=one["id"])
    assert (found["bubbles"][0]["text"], codes(found)) == (f"{case.receipt_no} (장소)", ["unfilled"])
    assert (await agent.get(f"/api/v1/canned/{one['id']}")).json()["used"] == 0
    house.clock.move(timedelta(days=5))
    try:
        path = f"/api/v1/cases/{case.id}/preview"
        over = await agent.post(path, json={"kind": "canned", "canned_id": one["id"]})
    finally:
        house.clock.move(-timedelta(days=5))
    assert over.status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "status", "status": "withdrawn"}, 403),
        ({"kind": "status", "status": "answered"}, 422),
        ({"kind": "status", "status": "transferred", "text": "이송"}, 422),
        ({"kind": "status", "status": "received"}, 409),
        ({"kind": "status"}, 422),
        ({"kind": "reply"}, 422),
        ({"kind": "reply", "text": "가" * 4001}, 422),
        ({"kind": "canned", "canned_id": "01890000-0000-7000-8000-000000000000"}, 404),
    ],
)
async def test_what_would_be_refused_is_refused_here(
    house: SmallHouse, agent: httpx.AsyncClient, body: dict[str, Any], status: int
) -> None:
    case = await opened(house)
    assert (await agent.post(f"/api/v1/cases/{case.id}/preview", json=body)).status_code == status
    foreign = await opened(house, department_id="parks")
    reply = {"kind": "reply", "text": "x"}
    assert (await agent.post(f"/api/v1/cases/{foreign.id}/preview", json=reply)).status_code == 404


def test_the_channels_show_what_they_send() -> None:
    """Preview and sending go through one function."""
    skill = SimpleNamespace()
    assert kakao.Kakao.bubbles(skill, ["가" * 2500]) == fitted(["가" * 2500], MAX_BUBBLES)  # type: ignore[arg-type]
    assert telegram.Telegram.bubbles(skill, ["가" * 5000]) == [telegram._fit("가" * 5000)]  # type: ignore[arg-type]
