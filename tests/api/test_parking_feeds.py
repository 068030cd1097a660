"""The public feeds of lots over HTTP: anybody reads them, in pages or whole, and only what is new."""

import gzip
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update

from civic.parking.feeds import ngsi, reading
from civic.parking.importing import run_import
from civic.parking.tables import parking_lots, parking_realtime
from core.db import Database
from integrations.parking import datex2 as reader
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW
from tests.civic.parking.lots import file_of, lot

NGSI = "/api/v1/parking/ngsi-ld/v1/entities"
DATEX = "/api/v1/parking/datex2"
LOTS = file_of(
    lot(1, name="하나", lat=37.6000, lon=126.7000),
    lot(2, name="둘", lat=37.6010, lon=126.7000, type="ON_STREET"),
    lot(3, name="셋", lat=37.6100, lon=126.7000, opening_hours="24/7"),
    lot(4, name="점 없는 곳", lat=None, lon=None),
    lot(5, name="사라진 곳"),
    lot(6, name="겹친 곳"),
    lot(7, name="자전거", purpose="BIKE"),
)


@pytest.fixture(scope="module")
async def store(database: Database, database_url: str) -> Database:
    await run_import(database_url, CITY, LOTS, NOW)
    lots = parking_lots.c
    async with database.transaction() as tx:
        rows = await tx.execute(select(lots.uid, lots.id).where(lots.city_id == CITY))
        ids: dict[str, Any] = {row.uid: row.id for row in rows}
        await tx.execute(update(parking_lots).where(lots.id == ids["P:5"]).values(gone_at=NOW))
        await tx.execute(update(parking_lots).where(lots.id == ids["P:6"]).values(same_as=ids["P:1"]))
        for uid, minutes in (("P:1", 5), ("P:2", 200)):
            at = NOW - timedelta(minutes=minutes)
            told = {"city_id": CITY, "source": "test", "free": 12, "updated_at": at, "fetched_at": at, "changed_at": at}
            await tx.execute(insert(parking_realtime).values(lot_id=ids[uid], opening_status="OPEN", **told))
    return database


@pytest.fixture
async def client(store: Database, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with SmallHouse(store, tmp_path).client(None) as client:
        yield client


async def names(client: httpx.AsyncClient, query: str, path: str = NGSI) -> list[str]:
    answer = await client.get(f"{path}?options=keyValues&{query}")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()]


async def test_anybody_reads_the_lots_that_are_offered_and_placed(client: httpx.AsyncClient) -> None:
    answer = await client.get(NGSI, params={"count": "true"})
    assert (answer.status_code, answer.headers["ngsild-results-count"]) == (200, "3")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    one, two, three = answer.json()
    assert [each["name"]["value"] for each in (one, two, three)] == ["하나", "둘", "셋"]
    assert (one["type"], two["type"]) == ("OffStreetParking", "OnStreetParking")
    assert one["availableSpotNumber"]["value"] == 12
    assert "availableSpotNumber" not in two, "200 minutes old: not believed any more"
    assert one["license"]["value"]
    assert "phone" not in answer.text


async def test_json_links_to_its_context_and_json_ld_holds_it(client: httpx.AsyncClient) -> None:
    plain = await client.get(NGSI)
    context = re.search(r'<([^>]+)>; rel="http://www.w3.org/ns/json-ld#context"', plain.headers["link"])
    assert context is not None
    told = await client.get(httpx.URL(context[1]).path)
    assert told.json() == {"@context": list(ngsi.CONTEXT)}
    assert told.headers["content-type"] == "application/ld+json"
    linked = await client.get(NGSI, headers={"Accept": "application/ld+json"})
    assert linked.headers["content-type"] == "application/ld+json"
    assert all(one["@context"] == list(ngsi.CONTEXT) for one in linked.json())
    assert "link" not in linked.headers


async def test_a_page_leads_to_the_next_and_back(client: httpx.AsyncClient) -> None:
    linked = {"Accept": "application/ld+json"}
    first = await client.get(f"{NGSI}?options=keyValues&limit=2", headers=linked)
    assert [one["name"] for one in first.json()] == ["하나", "둘"]
    assert set(first.links) == {"next"}
    rest = await client.get(httpx.URL(first.links["next"]["url"]).raw_path.decode(), headers=linked)
    assert [one["name"] for one in rest.json()] == ["셋"]
    assert set(rest.links) == {"prev"}
    only = await client.get(f"{NGSI}?limit=0&count=true")
    assert (only.json(), only.headers["ngsild-results-count"]) == ([], "3")


async def test_it_gives_what_is_asked_for(client: httpx.AsyncClient) -> None:
    assert await names(client, "type=OnStreetParking") == ["둘"]
    assert await names(client, "type=OffStreetParking") == ["하나", "셋"]
    assert await names(client, "type=OffStreetParking,OnStreetParking") == ["하나", "둘", "셋"]
    assert await names(client, "type=https://smartdatamodels.org/dataModel.Parking/OnStreetParking") == ["둘"]
    assert await names(client, "type=WeatherObserved") == []
    three, one = await client.get(f"{NGSI}?options=keyValues&attrs=name,totalSpotNumber"), {"name", "totalSpotNumber"}
    assert {name for each in three.json() for name in each} == {"id", "type", *one}


NEAR = "georel=near;maxDistance==500&geometry=Point&coordinates=[126.7,37.6005]"


async def test_around_a_point_the_nearest_come_first(client: httpx.AsyncClient) -> None:
    assert await names(client, NEAR) == ["하나", "둘"]
    closer = NEAR.replace("37.6005", "37.6009")
    assert await names(client, closer) == ["둘", "하나"]
    assert await names(client, f"{closer}&type=OffStreetParking") == ["하나"]
    assert await names(client, f"{closer}&limit=1&offset=1") == ["하나"]
    assert await names(client, NEAR.replace("500", "20")) == []


async def test_one_entity_is_found_by_its_id(client: httpx.AsyncClient, store: Database) -> None:
    listed = (await client.get(f"{NGSI}?options=keyValues")).json()
    urn = listed[0]["id"]
    assert (await client.get(f"{NGSI}/{urn}?options=keyValues")).json() == listed[0]
    assert await names(client, f"id={listed[2]['id']},{urn},urn:ngsi-ld:OffStreetParking:x:1") == ["셋", "하나"]
    async with store.reading() as tx:
        rows = await tx.execute(select(parking_lots.c.id).where(parking_lots.c.uid.in_(["P:4", "P:5", "P:6", "P:7"])))
        hidden = [f"urn:ngsi-ld:OffStreetParking:{CITY}:{row.id}" for row in rows]
    assert len(hidden) == 4
    for one in (*hidden, "urn:ngsi-ld:OffStreetParking:x:1", "none"):
        assert (await client.get(f"{NGSI}/{one}")).status_code == 404
        assert await names(client, f"id={one}") == []


@pytest.mark.parametrize(
    "query",
    [
        "q=availableSpotNumber>3",
        "idPattern=.*",
        "options=temporalValues",
        "limit=0",
        "limit=1001",
        "offset=-1",
        "count=maybe",
        "georel=within&geometry=Polygon&coordinates=[]",
        "georel=near;maxDistance==10001&geometry=Point&coordinates=[126.7,37.6]",
        "georel=near;maxDistance==500&geometry=Point&coordinates=[126.7]",
        "georel=near;maxDistance==500&geometry=Point&coordinates=[37.6,126.7]",
        "georel=near;maxDistance==500&geometry=Point&coordinates=[126.7,37.6]&geoproperty=place",
        "type=%00",
    ],
)
async def test_what_it_does_not_understand_is_not_passed_over(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"{NGSI}?{query}")
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_types_are_named(client: httpx.AsyncClient) -> None:
    found = (await client.get(f"{NGSI.removesuffix('entities')}types")).json()
    assert found["typeList"] == ["OffStreetParking", "OnStreetParking"]


async def test_datex_is_read_again_by_our_own_reader(client: httpx.AsyncClient, tmp_path: Path) -> None:
    table, status = await client.get(f"{DATEX}/table.xml"), await client.get(f"{DATEX}/status.xml")
    assert (table.status_code, table.headers["content-type"]) == (200, "application/xml")
    (tmp_path / "table.xml").write_bytes(table.content)
    (tmp_path / "status.xml").write_bytes(status.content)
    source = reader.build("back", reader.Settings())
    lots = source.read(tmp_path / "table.xml").records
    assert [(one.name, one.type, one.opening_hours) for one in lots] == [
        ("하나", "OFF_STREET_PARKING_GROUND", "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH unknown"),
        ("둘", "ON_STREET", "Mo-Fr 09:00-22:00; Sa 09:00-22:00; Su,PH unknown"),
        ("셋", "OFF_STREET_PARKING_GROUND", "24/7"),
    ]
    numbers = source.read_realtime(tmp_path / "status.xml", NOW).realtime
    assert [(one.uid, one.free) for one in numbers] == [(lots[0].uid, 12)]
    assert numbers[0].updated_at == NOW - timedelta(minutes=5)


@pytest.fixture
def small_pages() -> Iterator[None]:
    before, reading.PAGE = reading.PAGE, 1
    yield
    reading.PAGE = before


@pytest.mark.usefixtures("small_pages")
async def test_a_long_table_comes_in_pieces_and_packed(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", f"{DATEX}/table.xml", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert gzip.decompress(raw).count(b"</parkingRecord>") == 3
    plain = await client.get(f"{DATEX}/table.xml", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content.count(b"</parkingRecord>") == 3


async def test_only_what_is_new_is_sent(store: Database, tmp_path: Path) -> None:
    house = SmallHouse(store, tmp_path)
    async with house.client(None) as client:
        table, status = await client.get(f"{DATEX}/table.xml"), await client.get(f"{DATEX}/status.xml")

        async def again(part: str, known: httpx.Response) -> int:
            headers = {"If-None-Match": f'"x", {known.headers["etag"]}'}
            answer = await client.get(f"{DATEX}/{part}.xml", headers=headers)
            assert bool(answer.content) == (answer.status_code == 200)
            return answer.status_code

        assert (await again("table", table), await again("status", status)) == (304, 304)
        assert await again("status", table) == 200, "the table's tag is not the numbers'"
        house.clock.move(timedelta(minutes=116))
        assert (await again("table", table), await again("status", status)) == (304, 200), "a number grew too old"
        house.clock.move(-timedelta(minutes=116))
        lots = parking_lots.c
        async with store.transaction() as tx:
            wanted = update(parking_lots).where(lots.city_id == CITY, lots.uid == "P:4")
            await tx.execute(wanted.values(updated_at=datetime(2030, 1, 1, tzinfo=UTC)))
        assert await again("table", table) == 200


async def test_a_city_may_publish_less_or_nothing(store: Database, tmp_path: Path) -> None:
    house = SmallHouse(store, tmp_path)

    def publish(**rules: Any) -> None:
        feeds = house.settings.parking.feeds.model_copy(update=rules)
        parking = house.settings.parking.model_copy(update={"feeds": feeds})
        house.settings = house.settings.model_copy(update={"parking": parking})

    async with house.client(None) as client:
        publish(sources=["another"])
        assert (await client.get(NGSI)).json() == []
        assert b"<parkingRecord " not in (await client.get(f"{DATEX}/table.xml")).content
        publish(sources=["test"])
        assert len((await client.get(NGSI)).json()) == 3
        publish(enabled=False)
        for path in (NGSI, f"{DATEX}/table.xml", f"{DATEX}/status.xml"):
            assert (await client.get(path)).status_code == 404


async def test_a_flood_is_told_to_wait(store: Database, tmp_path: Path) -> None:
    house = SmallHouse(store, tmp_path)
    bound = house.settings.parking.feeds.files_per_minute
    async with house.client(None) as client:
        answers = [(await client.get(f"{DATEX}/status.xml")).status_code for _ in range(bound + 1)]
        assert answers == [200] * bound + [429]
        refused = await client.get(f"{DATEX}/table.xml")
        assert (refused.status_code, "retry-after" in refused.headers) == (429, True)
        assert (await client.get(NGSI)).status_code == 200, "pages are bounded by themselves"
