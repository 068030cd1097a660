"""Staff review pairs over the api: both rows side by side, a decision with its version, and the way back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.parking.matching import LotMatching
from civic.parking.importing import import_lots
from core.contracts.parking import ReadReport
from core.parking_rules import Matching
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW
from tests.civic.parking.lots import lot

URL = "/api/v1/parking/same"


@pytest.fixture
async def pairs(house: SmallHouse) -> list[dict[str, Any]]:
    """Two proposals: 가람 of two sources, 나루 of two sources."""
    async with house.db.transaction() as tx:
        await tx.execute(text("TRUNCATE parking_lots, import_runs CASCADE"))
    for source, first in (("one", 1), ("two", 11)):
        records = [lot(first), lot(first + 1, name="나루 주차장", lat=37.7, address="나래시 나루동 3")]
        async with house.db.transaction() as tx:
            await import_lots(tx, CITY, source, records, ReadReport(source, "", 2, 2), NOW)
    await LotMatching(house.db, CITY, Matching(), house.clock).go()
    async with house.client("agent") as agent:
        found: list[dict[str, Any]] = (await agent.get(URL)).json()["items"]
    return found


async def test_both_rows_stand_side_by_side_page_by_page(house: SmallHouse, pairs: list[dict[str, Any]]) -> None:
    assert len(pairs) == 2
    assert {(one["one"]["source"], one["other"]["source"]) for one in pairs} == {("one", "two")}
    assert pairs[0]["one"]["name"] == pairs[0]["other"]["name"]
    assert "지번 같음" in pairs[0]["reason"]
    async with house.client("agent") as agent:
        first = (await agent.get(URL, params={"limit": 1})).json()
        second = (await agent.get(URL, params={"limit": 1, "cursor": first["next_cursor"]})).json()
        assert [first["items"][0]["id"], second["items"][0]["id"]] == [one["id"] for one in pairs]
        assert (await agent.get(URL, params={"source": "three"})).json()["items"] == []
        assert len((await agent.get(URL, params={"source": "two"})).json()["items"]) == 2


async def test_a_decision_needs_its_version_and_can_be_taken_back(
    house: SmallHouse, pairs: list[dict[str, Any]]
) -> None:
    address = f"{URL}/{pairs[0]['id']}"
    said = {"decision": "same", "reason": "현장에서 확인"}
    async with house.client("manager") as head:
        assert (await head.put(f"{address}/decision", json=said)).status_code == 428
        decided = await head.put(f"{address}/decision", json=said, headers={"If-Match": '"1"'})
        assert (decided.status_code, decided.headers["etag"]) == (200, '"2"')
        body = decided.json()
        assert (body["state"], body["note"], body["decided_by"]) == (
            "same",
            "현장에서 확인",
            str(house.members["manager"].id),
        )
        assert [body["one"]["same_as"], body["other"]["same_as"]].count(None) == 1
        again = await head.put(f"{address}/decision", json=said, headers={"If-Match": '"1"'})
        assert again.status_code == 412
        assert len((await head.get(URL, params={"state": "same"})).json()["items"]) == 1
        undone = await head.post(f"{address}/undo", json={"reason": "아님"}, headers={"If-Match": '"2"'})
        assert undone.json()["state"] == "proposed"
        assert undone.json()["one"]["same_as"] is undone.json()["other"]["same_as"] is None
    house.clock.move(timedelta(seconds=1))
    async with house.client("agent", If_Match='"3"') as agent:
        assert (await agent.put(f"{address}/decision", json=said)).status_code == 403
