"""Lots for anybody: our JSON with what a number is worth, and the national table that the portal's own reader reads."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update

from civic.parking.importing import run_import
from civic.parking.tables import parking_lots, parking_realtime
from core.db import Database
from integrations.parking import kr_standard
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW
from tests.civic.parking.lots import file_of, lot

LOTS = "/api/v1/parking/lots"
FILE = file_of(
    lot(1, name="하나 🚗 공영주차장", lat=37.60, has_disabled=True, remarks="=1+1, 경차 할인"),
    lot(2, name="둘", lat=37.61, opening_hours="24/7", fee_kind="free", tariff=None, owner="가람시", zone_grade="2"),
    lot(3, name="셋", lat=37.62, opening_hours="Mo-Fr 09:00-18:00; Sa 09:00-13:00; Su,PH off", phone="031-980-1234"),
    lot(4, name="넷", lat=None, lon=None, opening_hours="Mo,We 10:00-12:00"),
    lot(5, name="사라진 곳"),
)


@pytest.fixture(scope="module")
async def store(database: Database, database_url: str) -> Database:
    await run_import(database_url, CITY, FILE, NOW)
    lots = parking_lots.c
    async with database.transaction() as tx:
        rows = await tx.execute(select(lots.uid, lots.id).where(lots.city_id == CITY))
        ids: dict[str, Any] = {row.uid: row.id for row in rows}
        await tx.execute(update(parking_lots).where(lots.id == ids["P:5"]).values(gone_at=NOW))
        for uid, minutes in (("P:1", 5), ("P:2", 200)):
            at = NOW - timedelta(minutes=minutes)
            told = {"city_id": CITY, "source": "test", "free": 12, "updated_at": at, "fetched_at": at, "changed_at": at}
            await tx.execute(insert(parking_realtime).values(lot_id=ids[uid], opening_status="OPEN", **told))
    return database


@pytest.fixture
async def client(store: Database, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with SmallHouse(store, tmp_path).client(None) as client:
        yield client


async def test_a_page_has_lots_with_what_their_numbers_are_worth(client: httpx.AsyncClient) -> None:
    answer = await client.get(LOTS)
    made = answer.json()
    assert (answer.status_code, made["next"]) == (200, None)
    one, two, three, four = made["items"]
    assert (one["realtime_free_capacity"], one["realtime_standing"], one["realtime_age_minutes"]) == (12, "fresh", 5)
    assert two["realtime_standing"] == "withdrawn" and "realtime_free_capacity" not in two
    assert "realtime_standing" not in three and four["name"] == "넷" and "lat" not in four
    assert one["tariff"]["first_fee_krw"] == 600 and (one["has_fee"], two["has_fee"]) == (True, False)
    assert (one["has_realtime_data"], three["has_realtime_data"]) == (True, False)
    assert one["source_uid"] == "test" and one["external_identifiers"] == ["test:P:1"]
    assert (two["owner"], one["owner"]) == ("가람시", "나래시")


async def test_pages_follow_one_another_and_a_box_keeps_to_itself(client: httpx.AsyncClient) -> None:
    first = (await client.get(LOTS, params={"limit": 3})).json()
    second = (await client.get(LOTS, params={"limit": 3, "after": first["next"]})).json()
    assert [one["name"] for one in first["items"] + second["items"]] == ["하나 🚗 공영주차장", "둘", "셋", "넷"]
    assert second["next"] is None
    boxed = (await client.get(LOTS, params={"box": "126.6,37.605,126.8,37.7"})).json()
    assert [one["name"] for one in boxed["items"]] == ["둘", "셋"]
    for box in ("1,2,3", "nan,0,1,1", "127,37,126,38", "x"):
        assert (await client.get(LOTS, params={"box": box})).status_code == 422


async def test_one_lot_is_read_by_its_id_and_a_gone_one_is_not(store: Database, client: httpx.AsyncClient) -> None:
    listed = (await client.get(LOTS)).json()["items"]
    one = (await client.get(f"{LOTS}/{listed[2]['id']}")).json()["item"]
    assert (one["name"], one["phone"]) == ("셋", "031-980-1234")
    async with store.reading() as tx:
        gone = (await tx.execute(select(parking_lots.c.id).where(parking_lots.c.uid == "P:5"))).scalar_one()
    assert (await client.get(f"{LOTS}/{gone}")).status_code == 404


async def test_what_is_unchanged_is_not_sent_again(client: httpx.AsyncClient) -> None:
    for address in (LOTS, f"{LOTS}.csv"):
        etag = (await client.get(address)).headers["etag"]
        again = await client.get(address, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")


async def test_the_national_table_is_read_back_by_the_readers_of_its_files(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    answer = await client.get(f"{LOTS}.csv")
    path = tmp_path / "lots.csv"
    path.write_bytes(answer.content)
    assert answer.content.decode("cp949").splitlines()[0].count(",") == 33
    found = kr_standard.read(path)
    assert (found.report.rows, len(found.records)) == (4, 4)
    one, two, three, four = found.records
    assert [record.uid for record in found.records] == ["P:1", "P:2", "P:3", "P:4"]
    assert (one.name, one.has_disabled, one.capacity) == ("하나 공영주차장", True, 50)
    assert one.tariff is not None and (one.tariff.first_fee_krw, one.tariff.day_cap_krw) == (600, 7_000)
    assert (two.opening_hours, two.fee_kind, two.owner, two.zone_grade) == ("24/7", "free", "가람시", "2")
    assert three.opening_hours is not None and three.opening_hours.startswith("Mo-Fr 09:00-18:00; Sa 09:00-13:00")
    assert "운영시간(OSM): Mo,We 10:00-12:00" in four.remarks


async def test_a_cell_is_never_a_formula_and_utf8_keeps_every_sign(client: httpx.AsyncClient) -> None:
    text = (await client.get(f"{LOTS}.csv", params={"encoding": "utf-8"})).content.decode("utf-8-sig")
    assert "하나 🚗 공영주차장" in text and ',"\'=1+1, 경차 할인",' in text
    assert (await client.get(f"{LOTS}.csv", params={"encoding": "latin-1"})).status_code == 422
