"""Staff look after the sources: how they are, ask one now, switch it off and on, believe a number again."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select

from bot.parking.rounds import Rounds
from civic.parking.realtime import take_realtime
from civic.parking.tables import parking_lots, parking_quarantine, parking_realtime
from civic.sources.tables import sources
from civic.staff.tables import audit_log
from core.clock import SetClock
from core.contracts.parking import RealtimeRecord
from core.http import Outside
from core.parking_rules import Parking
from tests.api.house import SmallHouse
from tests.bot.parking.town import TERMS, Provider, Town, always, counts, providing
from tests.civic.cases.rows import CITY, NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
async def empty(house: SmallHouse) -> AsyncIterator[None]:
    """No source, lot or number before each test; the clock where it began."""
    house.clock = SetClock(NOW)
    yield
    async with house.db.transaction() as tx:
        for table in (parking_realtime, parking_quarantine, parking_lots, sources):
            await tx.execute(delete(table))
    house.sources.clear()


@pytest.fixture
async def town(house: SmallHouse) -> AsyncIterator[Provider]:
    async with providing(lambda call: always(counts(12, 3, 99))) as provider:
        house.sources["town"] = Town("town", provider.url)
        yield provider


@pytest.fixture
async def manager(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("manager") as client:
        yield client


async def rounds(house: SmallHouse) -> None:
    async with Outside(["127.0.0.1"]) as outside:
        named = dict(house.sources)
        await Rounds(house.db, named, outside, Parking(), CITY, house.clock, "one", spread=lambda low, high: 0.0).go()


async def audited(house: SmallHouse, *ids: str) -> list[tuple[str, str, dict[str, Any]]]:
    query = select(audit_log.c.action, audit_log.c.object_id, audit_log.c.detail).order_by(audit_log.c.at)
    async with house.db.reading() as tx:
        found = (await tx.execute(query.where(audit_log.c.object_id.in_(ids)))).all()
    return [(row.action, row.object_id, row.detail) for row in found]


async def test_the_list_tells_state_ages_and_counts(
    house: SmallHouse, manager: httpx.AsyncClient, town: Provider
) -> None:
    await rounds(house)
    house.clock.move(40 * MINUTE)
    [row] = (await manager.get("/api/v1/parking/sources")).json()["items"]
    assert (row["name"], row["how"], row["state"], row["attribution"]) == ("town", "pull", "active", "가람시")
    assert (row["last_ok_at"], row["next_at"]) == ("2026-09-23T07:00:00Z", "2026-09-23T07:01:00Z")
    assert (row["lots"], row["numbers"], row["quarantined"]) == (3, {"aged": 2, "doubted": 1}, 1)
    assert (row["calls_today"], row["daily_calls"]) == (1, None)
    house.clock.move(2 * HOUR)
    [row] = (await manager.get("/api/v1/parking/sources")).json()["items"]
    assert row["numbers"] == {"withdrawn": 2, "doubted": 1}


async def test_one_source_shows_why_rows_were_left_out(
    house: SmallHouse, manager: httpx.AsyncClient, town: Provider
) -> None:
    await rounds(house)
    answer = await manager.get("/api/v1/parking/sources/town")
    found = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert found["report"]["skip_reasons"] == {"no_capacity": 1}
    assert found["report"]["reasons_ko"]["no_capacity"] == "주차구획수가 없음"
    assert found["realtime_report"]["doubt_reasons"] == {"doubted": 1}
    assert found["realtime_report"]["reasons_ko"]["doubted"] == "믿을 수 없어 알리지 않음(격리)"
    assert (await manager.get("/api/v1/parking/sources/nowhere")).status_code == 404


async def test_a_source_asked_now_is_due_with_its_lots(
    house: SmallHouse, manager: httpx.AsyncClient, town: Provider
) -> None:
    house.sources["asked"] = Town("asked", house.sources.pop("town").url)  # type: ignore[union-attr]
    await rounds(house)
    house.clock.move(timedelta(seconds=10))
    answer = await manager.post("/api/v1/parking/sources/asked/pull", json={"with_lots": True})
    assert answer.status_code == 202
    await rounds(house)
    assert town.calls == 2
    assert house.sources["asked"].wanted_static == [True, True]  # type: ignore[union-attr]
    assert await audited(house, "asked") == [("parking_source.asked_now", "asked", {"with_lots": True})]


async def test_a_source_without_calls_left_is_not_asked_now(
    house: SmallHouse, manager: httpx.AsyncClient, town: Provider
) -> None:
    house.sources["town"] = Town("town", town.url, type(TERMS)(**{**_values(), "daily_calls": 1}))
    await rounds(house)
    answer = await manager.post("/api/v1/parking/sources/town/pull", json={})
    assert answer.status_code == 409
    house.clock.move(timedelta(hours=9))  # past midnight in Korea
    assert (await manager.post("/api/v1/parking/sources/town/pull", json={})).status_code == 202


def _values() -> dict[str, Any]:
    return {name: getattr(TERMS, name) for name in TERMS.__slots__}


async def test_a_source_switched_off_stays_off_until_it_is_switched_on(
    house: SmallHouse, manager: httpx.AsyncClient, town: Provider
) -> None:
    house.sources["switched"] = Town("switched", house.sources.pop("town").url)  # type: ignore[union-attr]
    await rounds(house)
    path = "/api/v1/parking/sources/switched/state"
    off = {"is_on": False, "reason": "제공기관 점검"}
    assert (await manager.put(path, json=off)).status_code == 428
    assert (await manager.put(path, json=off, headers={"If-Match": '"7"'})).status_code == 412
    answer = await manager.put(path, json=off, headers={"If-Match": '"1"'})
    assert (answer.json()["state"], answer.json()["reason"], answer.headers["etag"]) == ("off", "제공기관 점검", '"2"')
    assert (await manager.post("/api/v1/parking/sources/switched/pull", json={})).status_code == 409
    house.clock.move(timedelta(days=1))
    await rounds(house)
    assert town.calls == 1
    on = {"is_on": True, "reason": "점검 끝"}
    assert (await manager.put(path, json=on, headers={"If-Match": '"2"'})).json()["state"] == "active"
    await rounds(house)
    assert town.calls == 2
    assert [(action, detail["reason"]) for action, _, detail in await audited(house, "switched")] == [
        ("parking_source.switched_off", "제공기관 점검"),
        ("parking_source.switched_on", "점검 끝"),
    ]


async def test_a_pull_under_way_is_thrown_away_when_its_source_is_switched_off(
    house: SmallHouse, manager: httpx.AsyncClient
) -> None:
    async def switched_off_meanwhile(call: int) -> tuple[int, Any]:
        path, body = "/api/v1/parking/sources/town/state", {"is_on": False, "reason": "시험"}
        assert (await manager.put(path, json=body, headers={"If-Match": '"1"'})).status_code == 200
        return 200, counts(12)

    async with providing(switched_off_meanwhile) as provider:
        house.sources["town"] = Town("town", provider.url)
        await rounds(house)
        [row] = (await manager.get("/api/v1/parking/sources")).json()["items"]
    assert (provider.calls, row["state"], row["lots"]) == (1, "off", 0)


async def test_the_quarantine_is_listed_and_lifted_with_a_reason(
    house: SmallHouse, manager: httpx.AsyncClient, town: Provider
) -> None:
    await rounds(house)
    [row] = (await manager.get("/api/v1/parking/quarantine")).json()["items"]
    assert (row["uid"], row["lot_name"], row["reason_ko"]) == ("P:3", "가람 공영주차장", "빈자리가 면수보다 많음")
    path = f"/api/v1/parking/quarantine/{row['id']}/lift"
    assert (await manager.post(path, json={})).status_code == 422
    lifted = await manager.post(path, json={"reason": "현장 확인"})
    assert lifted.json()["lifted_by"] == str(house.members["manager"].id)
    assert (await manager.post(path, json={"reason": "현장 확인"})).status_code == 409
    assert (await manager.get("/api/v1/parking/quarantine")).json()["items"] == []
    both = (await manager.get("/api/v1/parking/quarantine", params={"is_live": False, "source": "town"})).json()
    assert [one["id"] for one in both["items"]] == [row["id"]]
    [(action, id, detail)] = await audited(house, row["id"])
    assert (action, id, detail["reason"]) == ("parking_quarantine.lifted", row["id"], "현장 확인")


async def test_a_frozen_lot_that_staff_believe_is_told_with_its_next_number(
    house: SmallHouse, manager: httpx.AsyncClient, town: Provider
) -> None:
    await rounds(house)
    for hour in range(1, 90):
        await says(house, 12, hour)
    assert await free(house) == (None, "frozen")
    rows = (await manager.get("/api/v1/parking/quarantine")).json()["items"]
    frozen = next(one for one in rows if one["reason"] == "frozen")
    house.clock.move(89 * HOUR)
    answer = await manager.post(f"/api/v1/parking/quarantine/{frozen['id']}/lift", json={"reason": "정기권 전용"})
    assert answer.status_code == 200
    await says(house, 12, 90)
    assert await free(house) == (12, "")


async def says(house: SmallHouse, count: int, hour: int) -> None:
    at = NOW + hour * HOUR
    record = RealtimeRecord("town", "P:1", count, fetched_at=at, updated_at=at)
    async with house.db.transaction() as tx:
        await take_realtime(tx, CITY, "town", [record], at, Parking())


async def free(house: SmallHouse) -> tuple[int | None, str]:
    joined = parking_realtime.join(parking_lots, parking_lots.c.id == parking_realtime.c.lot_id)
    query = select(parking_realtime.c.free, parking_realtime.c.reason).select_from(joined)
    async with house.db.reading() as tx:
        row = (await tx.execute(query.where(parking_lots.c.uid == "P:1"))).one()
    return row.free, row.reason
