"""The SensorThings shape: sets, entities and what hangs on them, pages that join, missing values that stay null."""

from typing import Any

import httpx
import pytest

STA = "/api/v1/air/sta/v1.1"


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path if path.startswith("http") else f"{STA}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def thing(client: httpx.AsyncClient, name: str = "사우동") -> int:
    found = (await get(client, "/Things"))["value"]
    return next(int(one["@iot.id"]) for one in found if one["name"] == name)


async def test_the_root_names_its_sets_and_only_what_it_can(client: httpx.AsyncClient) -> None:
    root = await get(client, "")
    assert [one["name"] for one in root["value"]] == [
        "Things", "Locations", "Datastreams", "Sensors", "ObservedProperties", "Observations"
    ]  # fmt: skip
    told = " ".join(root["serverSettings"]["conformance"])
    assert "create-update-delete" not in told and "resource-path-to-entities" in told


async def test_a_thing_has_links_of_its_own_and_to_its_neighbours(client: httpx.AsyncClient) -> None:
    number = await thing(client)
    found = await get(client, f"/Things({number})")
    link = found["@iot.selfLink"]
    assert link.endswith(f"/api/v1/air/sta/v1.1/Things({number})")
    assert found["Datastreams@iot.navigationLink"] == f"{link}/Datastreams"
    assert found["properties"]["stationCode"] == "131471" and found["properties"]["network"] == "urban"
    (where,) = (await get(client, f"/Things({number})/Locations"))["value"]
    assert where["encodingType"] == "application/geo+json"
    assert where["location"] == {"type": "Point", "coordinates": [126.716, 37.6182]}


async def test_a_stream_says_unit_property_and_span(client: httpx.AsyncClient) -> None:
    number = await thing(client)
    streams = (await get(client, f"/Things({number})/Datastreams?$expand=ObservedProperty,Thing"))["value"]
    assert [one["@iot.id"] for one in streams] == [
        f"{number}:{code}" for code in ("CAI", "CO", "NO2", "O3", "PM10", "PM25", "SO2")
    ]
    dust = streams[4]
    assert dust["unitOfMeasurement"]["symbol"] == "µg/m³"
    assert dust["observationType"].endswith("OM_Measurement")
    assert dust["ObservedProperty"]["definition"].endswith("/aq/pollutant/5")
    assert dust["Thing"]["name"] == "사우동" and "Thing@iot.navigationLink" not in dust
    begin, end = dust["phenomenonTime"].split("/")
    assert begin < "2026-09-28T00:00:00Z" < "2026-09-30T01:00:00Z" <= end


async def test_observations_are_hours_with_their_quality_and_a_missing_one_is_null(client: httpx.AsyncClient) -> None:
    number = await thing(client)
    path = f"/Datastreams('{number}:PM10')/Observations?$orderby=phenomenonTime desc&$top=2"
    newest, failed = (await get(client, path))["value"]
    assert newest["phenomenonTime"] == "2026-09-30T00:00:00Z/2026-09-30T01:00:00Z"
    assert (newest["result"], newest["resultQuality"], newest["parameters"]) == (41, "OK", {"status": "realtime"})
    assert (failed["result"], failed["resultQuality"]) == (None, "COMM")
    assert newest["@iot.id"] == f"{number}:PM10:2026093001"
    assert (await get(client, f"/Observations('{newest['@iot.id']}')"))["result"] == 41
    back = await get(client, f"/Observations('{newest['@iot.id']}')/Datastream")
    assert back["@iot.id"] == f"{number}:PM10"


@pytest.mark.parametrize("way", ["asc", "desc"])
async def test_next_links_lead_through_all_and_show_none_twice(client: httpx.AsyncClient, way: str) -> None:
    number = await thing(client)
    path = f"/Datastreams('{number}:PM25')/Observations?$orderby=phenomenonTime {way}&$top=25&$count=true"
    first = page = await get(client, path)
    found = [one["phenomenonTime"] for one in page["value"]]
    while link := page.get("@iot.nextLink"):
        page = await get(client, link.partition(STA)[2])
        found += [one["phenomenonTime"] for one in page["value"]]
    assert first["@iot.count"] == len(found) == len(set(found)) == 58, "sixty hours of which two were never told"
    assert found == sorted(found, reverse=way == "desc")


async def test_a_span_of_time_is_cut_by_the_end_of_its_hours(client: httpx.AsyncClient) -> None:
    number = await thing(client)
    said = "phenomenonTime gt 2026-09-29T20:00:00Z and phenomenonTime le 2026-09-29T23:00:00Z"
    found = (await get(client, f"/Datastreams('{number}:O3')/Observations?$filter={said}"))["value"]
    assert [one["phenomenonTime"][-9:-7] for one in found] == ["21", "22", "23"]


async def test_all_observations_of_a_property_come_from_every_station(client: httpx.AsyncClient) -> None:
    path = "/ObservedProperties('PM25')/Datastreams?$count=true"
    assert (await get(client, path))["@iot.count"] == 5
    newest = await get(client, "/Observations?$orderby=phenomenonTime desc&$top=3&$expand=Datastream")
    assert {one["phenomenonTime"][-20:] for one in newest["value"]} == {"2026-09-30T01:00:00Z"}
    assert all("observedArea" in one["Datastream"] for one in newest["value"])
    assert "@iot.nextLink" in newest


@pytest.mark.parametrize(
    "path",
    [
        "/Things?$filter=name eq 'x'",
        "/Things?$select=name",
        "/Things?$expand=Observations",
        "/Things?$top=x",
        "/Things?$orderby=phenomenonTime",
        "/Observations?$filter=result gt 3",
        "/Observations?$filter=phenomenonTime gt 2026-99-29T20:00:00Z",
    ],
)
async def test_what_is_not_understood_is_refused(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"{STA}{path}")).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/Things(99999)",
        "/Things('x')",
        "/Datastreams(1)",
        "/Datastreams('1:XX')",
        "/Observations('1:PM10:2026139901')",
        "/FeaturesOfInterest",
        "/Things(1)/Sensors",
        "/Things(1)/Datastreams/Observations",
        "/../x",
    ],
)
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"{STA}{path}")).status_code == 404
