"""Campaigns through the staff api: looked at before, started as they were looked at, counted afterwards."""

from typing import Any

import pytest

from tests.api.house import SmallHouse
from tests.civic.cases.rows import conversation

TEXT = {"title": "음악회", "text": "금요일 7시, 라베니체에서 음악회가 열립니다."}


async def test_what_is_started_is_what_was_looked_at(house: SmallHouse) -> None:
    async with house.client("admin") as head:
        made = await head.post("/api/v1/campaigns", json=TEXT)
        assert made.status_code == 201
        address = f"/api/v1/campaigns/{made.json()['id']}"
        changed = await head.put(address, json={**TEXT, "text": "토요일로 옮겼습니다."}, headers={"If-Match": '"1"'})
        assert (changed.json()["text"], changed.headers["etag"]) == ("토요일로 옮겼습니다.", '"2"')
        stale = await head.post(f"{address}/start", headers={"If-Match": '"1"'})
        assert stale.status_code == 412
        begun = await head.post(f"{address}/start", headers={"If-Match": '"2"'})
        assert (begun.json()["status"], begun.json()["deliveries"]) == ("running", {})
        late = await head.put(address, json=TEXT, headers={"If-Match": '"3"'})
        assert late.status_code == 409
        ended = await head.post(f"{address}/cancel", headers={"If-Match": '"3"'})
        assert ended.json()["status"] == "cancelled"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "(광고) 축제"},
        {"is_advertising": False},
        {"text": "   "},
        {"text": "가" * 901},
    ],
)
async def test_what_the_law_does_not_allow_is_refused(house: SmallHouse, wrong: dict[str, Any]) -> None:
    async with house.client("admin") as head:
        answer = await head.post("/api/v1/campaigns", json={**TEXT, **wrong})
    assert answer.status_code in (400, 422)


async def test_a_word_by_telephone_is_kept_with_who_took_it_down_and_the_citizen_is_told(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        thread = await conversation(tx)
    address = f"/api/v1/conversations/{thread}/consents"
    async with house.client("admin") as head:
        given = {"is_given": True, "source": "phone", "wording": "전화로 홍보 문자를 받겠다고 하심"}
        (row,) = (await head.post(address, json=given)).json()
        assert (row["is_given"], row["source"], row["wording"]) == (True, "phone", given["wording"])
        assert row["staff_id"] == (await head.get("/api/v1/me")).json()["id"]
        assert [one["id"] for one in (await head.get(address)).json()] == [row["id"]]
        refused = await head.post("/api/v1/refusals", json={"phone": "010-12"})
        assert refused.status_code in (400, 422)
