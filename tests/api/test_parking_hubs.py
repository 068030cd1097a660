"""From a hub to a hub: what a broker notifies and a publisher publishes is stored, judged, and given out again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from civic.parking.federation import push_keys
from civic.parking.sources import take_pulled
from core.contracts.parking import Mark
from core.db import Database
from core.http import Outside
from integrations.parking import datex2, fiware
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW
from tests.integrations.parking.datex2_documents import document, lot, status, tag
from tests.integrations.parking.hub_feeds import Answer, hub_on_loopback

NGSI = "/api/v1/parking/ngsi-ld/v1/entities?options=keyValues"
ENTITY: Mapping[str, Any] = {
    "id": "urn:ngsi-ld:OffStreetParking:hub:1",
    "type": "OffStreetParking",
    "name": {"type": "Property", "value": "허브 주차장"},
    "totalSpotNumber": {"type": "Property", "value": 80},
    "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [126.71, 37.61]}},
}


def counted(free: int, minutes: int) -> dict[str, Any]:
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    return {"availableSpotNumber": {"type": "Property", "value": free, "observedAt": at}}


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> SmallHouse:
    made = SmallHouse(database, tmp_path)
    made.sources["hub"] = fiware.build("hub", fiware.Settings(mode="push", api="ld", attribution="나래 데이터허브"))
    return made


async def test_a_brokers_notification_comes_out_of_our_own_feed(house: SmallHouse) -> None:
    await house.staff_up()
    async with house.db.transaction() as tx:
        _, key = await push_keys.add(tx, CITY, "hub", "나래 데이터허브", 60, NOW, by=house.members["admin"].id)
    async with house.client(None, Authorization=f"Bearer {key}") as client:

        async def notify(*entities: Mapping[str, Any]) -> dict[str, Any]:
            note = {"id": "urn:ngsi-ld:Notification:1", "type": "Notification", "data": list(entities)}
            headers = {"Content-Type": "application/ld+json"}
            answer = await client.post("/api/v1/parking/push/hub", content=json.dumps(note), headers=headers)
            assert answer.status_code == 200, answer.text
            taken: dict[str, Any] = answer.json()
            return taken

        first = await notify({**ENTITY, **counted(30, 5)})
        assert (first["lots"]["added"], first["realtime"]["stored"]) == (1, 1)
        (shown,) = (await client.get(NGSI)).json()
        assert (shown["name"], shown["availableSpotNumber"], shown["dataProvider"]) == (
            "허브 주차장",
            30,
            "나래 데이터허브",
        )
        assert shown["externalIds"] == ["hub:urn:ngsi-ld:OffStreetParking:hub:1"]
        later = await notify({"id": ENTITY["id"], "type": "OffStreetParking", **counted(12, 1)})
        assert later["lots"] is None
        assert (await client.get(NGSI)).json()[0]["availableSpotNumber"] == 12
        absurd = await notify({"id": ENTITY["id"], "type": "OffStreetParking", **counted(8_000, 0)})
        assert absurd["realtime"]["doubted"] == 1
        assert "availableSpotNumber" not in (await client.get(NGSI)).json()[0], "more free than there are bays"
        table = await client.get("/api/v1/parking/datex2/status.xml")
        assert b"parkingNumberOfVacantSpaces" not in table.content


async def test_a_publishers_tables_come_out_of_our_own_feed(house: SmallHouse) -> None:
    with hub_on_loopback() as hub:
        at = (NOW - timedelta(minutes=3)).isoformat()
        vacant = tag("parkingNumberOfVacantSpaces", 9)
        hub.answers["/lots"] = Answer(document(lot("D1", "나래 표준주차장", more=tag("parkingLayout", "multiStorey"))))
        hub.answers["/now"] = Answer(document(status("D1", vacant, at=at)))
        urls = {"static_url": f"{hub.url}/lots", "realtime_url": f"{hub.url}/now", "attribution": "나래 관제"}
        source = datex2.build("town", datex2.Settings.model_validate(urls))
        async with Outside(["127.0.0.1"]) as http:
            pulled = await source.pull(http, NOW, Mark(), wants_static=True)
    house.sources["town"] = source
    async with house.db.transaction() as tx:
        stored = await take_pulled(tx, CITY, "town", pulled, NOW, house.settings.parking)
    assert stored.lots is not None and (stored.lots.added, stored.numbers.stored) == (1, 1)
    async with house.client(None) as client:
        entities = {one["name"]: one for one in (await client.get(NGSI)).json()}
    shown = entities["나래 표준주차장"]
    assert (shown["availableSpotNumber"], shown["layout"], shown["dataProvider"]) == (9, ["multiStorey"], "나래 관제")
