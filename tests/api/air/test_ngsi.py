"""Stations as AirQualityObserved: the shape that a hub expects, with units said and nothing missing as zero."""

from typing import Any

import httpx
import pytest

from tests.api.air.opened import CREDIT

NGSI = "/api/v1/air/ngsi-ld/v1"
SAUDONG: dict[str, Any] = {
    "type": "AirQualityObserved",
    "name": "사우동",
    "dateObserved": "2026-09-30T01:00:00.000Z",
    "location": {"type": "Point", "coordinates": [126.716, 37.6182]},
    "address": {"streetAddress": "경기 김포시 돌문로 37", "addressCountry": "KR"},
    "areaServed": "경기",
    "typeofLocation": "outdoor",
    "so2": 0.003,
    "co": 0.4,
    "o3": 0.031,
    "no2": 0.021,
    "pm10": 41,
    "pm25": 20,
    "airQualityIndex": 72,
    "airQualityLevel": "moderate",
    "stationCode": "131471",
    "network": "urban",
    "origin": "official",
    "source": "airkorea",
    "dataProvider": CREDIT,
}


async def test_a_station_has_the_shape_of_the_data_model(client: httpx.AsyncClient) -> None:
    (found,) = (await client.get(f"{NGSI}/entities?options=keyValues&limit=1")).json()
    assert found.pop("id").startswith("urn:ngsi-ld:AirQualityObserved:gimpo:")
    assert found == SAUDONG


async def test_normalized_values_say_unit_and_moment(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{NGSI}/entities?limit=1&attrs=pm10,so2,airQualityIndex")
    (found,) = answer.json()
    at = "2026-09-30T01:00:00.000Z"
    status = {"type": "Property", "value": "realtime"}
    assert found["pm10"] == {"type": "Property", "value": 41, "observedAt": at, "status": status, "unitCode": "GQ"}
    assert found["so2"]["unitCode"] == "59", "parts per million in UN/CEFACT's list"
    assert found["airQualityIndex"]["basis"]["value"] == "publisher"
    assert set(found) == {"id", "type", "pm10", "so2", "airQualityIndex"}
    assert "ngsi-ld/v1/context.jsonld" in answer.headers["link"]


async def test_pages_counts_and_points_are_as_for_lots(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{NGSI}/entities?options=keyValues&limit=2&offset=2&count=true")
    assert answer.headers["ngsild-results-count"] == "5"
    assert 'rel="prev"' in answer.headers["link"] and 'rel="next"' in answer.headers["link"]
    assert [one["name"] for one in answer.json()] == ["<큰길> & 대로", "먼 곳"]
    near = "georel=near;maxDistance==6000&geometry=Point&coordinates=[126.77,37.60]"
    found = (await client.get(f"{NGSI}/entities?options=keyValues&{near}")).json()
    assert [one["name"] for one in found] == ["고촌읍", "사우동"]
    assert (await client.get(f"{NGSI}/entities?type=OffStreetParking")).json() == []


async def test_one_entity_is_found_by_its_urn_and_as_json_ld_carries_its_context(client: httpx.AsyncClient) -> None:
    (first,) = (await client.get(f"{NGSI}/entities?limit=1")).json()
    headers = {"Accept": "application/ld+json"}
    found = (await client.get(f"{NGSI}/entities/{first['id']}", headers=headers)).json()
    assert found["id"] == first["id"] and "dataModel.Environment" in found["@context"][0]
    assert (await client.get(f"{NGSI}/types")).json()["typeList"] == ["AirQualityObserved"]


@pytest.mark.parametrize("query", ["q=pm10>3", "options=wide", "limit=0", "georel=within"])
async def test_what_is_not_understood_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"{NGSI}/entities?{query}")).status_code == 422


@pytest.mark.parametrize("name", ["urn:ngsi-ld:AirQualityObserved:gimpo:99999", "urn:ngsi-ld:Other:gimpo:1", "x"])
async def test_what_nobody_has_is_not_found(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"{NGSI}/entities/{name}")).status_code == 404
