"""What anybody reads and downloads of the air: the same rows for all, nothing missing as zero, words that were replaced
beside those that stand.
"""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.db import Database
from tests.api.air.opened import CREDIT, house
from tests.api.house import ROLES, SmallHouse
from tests.civic.air.open.told import NEWEST

AIR = "/api/v1/air"


async def ids(client: httpx.AsyncClient) -> dict[str, int]:
    return {one["name"]: one["id"] for one in (await client.get(f"{AIR}/stations")).json()["items"]}


async def lines(client: httpx.AsyncClient, query: str) -> list[dict[str, str]]:
    answer = await client.get(f"{AIR}/hours.csv?lang=en&{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf"), "a spreadsheet reads Korean by the mark"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_a_file_has_every_hour_with_its_quality_origin_status_and_version(client: httpx.AsyncClient) -> None:
    known = await ids(client)
    found = await lines(client, f"station={known['사우동']}&begin=2026-09-30&end=2026-09-30&pollutant=PM25,PM10")
    newest = [one for one in found if one["hour"] == "10"]
    assert [(one["pollutant"], one["value"], one["unit"]) for one in newest] == [
        ("PM10", "41", "µg/m³"),
        ("PM25", "20", "µg/m³"),
    ]
    assert {(one["origin"], one["status"], one["version"], one["attribution"]) for one in newest} == {
        ("official", "realtime", "1", CREDIT)
    }
    failed = next(one for one in found if (one["hour"], one["pollutant"]) == ("9", "PM10"))
    assert (failed["value"], failed["quality"], failed["flag"]) == ("", "COMM", "통신장애")
    assert [one["value"] for one in found if one["pollutant"] == "PM25" and one["hour"] == "7"] == ["24"]


async def test_midnight_is_the_24th_hour_of_the_old_day_and_says_its_moment(client: httpx.AsyncClient) -> None:
    known = await ids(client)
    found = await lines(client, f"station={known['고촌읍']}&begin=2026-09-29&end=2026-09-29&pollutant=O3")
    assert (found[-1]["date"], found[-1]["hour"], found[-1]["ended_at"]) == (
        "2026-09-29", "24", "2026-09-30T00:00:00+09:00"
    )  # fmt: skip
    assert len(found) == 24


async def test_a_replaced_word_is_a_row_of_its_own_where_asked(client: httpx.AsyncClient) -> None:
    known = await ids(client)
    query = f"station={known['사우동']}&begin=2026-09-30&end=2026-09-30&pollutant=PM25&versions=all"
    found = [one for one in await lines(client, query) if one["hour"] == "7"]
    assert [(one["value"], one["version"], one["stands"]) for one in found] == [("24", "2", "1"), ("95", "1", "0")]


async def test_rows_as_json_are_those_of_the_table(client: httpx.AsyncClient) -> None:
    known = await ids(client)
    query = f"station={known['사우동']},{known['학운리 센서']}&begin=2026-09-30&end=2026-09-30"
    table = await lines(client, query)
    found = (await client.get(f"{AIR}/hours.json?{query}")).json()
    rows = [dict(zip(found["columns"], one, strict=True)) for one in found["rows"]]
    assert [(str(one["station_id"]), one["pollutant"], one["ended_at"]) for one in rows] == [
        (one["station_id"], one["pollutant"], one["ended_at"]) for one in table
    ]
    assert {one["value"] for one in rows if one["quality"] == "COMM"} == {None}


async def test_without_a_station_it_is_the_citys_own(client: httpx.AsyncClient) -> None:
    found = await lines(client, "begin=2026-09-30&end=2026-09-30")
    assert {one["station"] for one in found} == {"사우동", "고촌읍", "<큰길> & 대로", "학운리 센서"}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("begin=2026-09-30&end=2026-09-01", 422),
        ("begin=2020-01-01&end=2026-09-01", 422),
        ("begin=0001-01-01&end=0001-01-02", 422),
        ("end=9999-12-31", 422),
        ("station=x", 422),
        ("station=999999", 404),
    ],
)
async def test_what_cannot_be_given_is_refused(client: httpx.AsyncClient, query: str, status: int) -> None:
    assert (await client.get(f"{AIR}/hours.csv?{query}")).status_code == status


async def test_arrays_have_a_hole_where_nothing_was_told(client: httpx.AsyncClient) -> None:
    known = await ids(client)
    answer = await client.get(f"{AIR}/stations/{known['사우동']}/series?begin=2026-09-28&end=2026-09-30")
    body: dict[str, Any] = answer.json()
    fine = body["pollutants"]["PM25"]
    assert body["first_end"] == "2026-09-27T16:00:00Z" and body["count"] == len(fine["values"]) == 58
    newest = body["count"] - 1
    assert fine["values"][newest - 11 : newest - 9] == [None, None], "two hours that nobody told of"
    assert fine["corrected"] == [newest - 3] and fine["values"][newest - 3] == 24
    assert body["pollutants"]["PM10"]["flagged"] == {str(newest - 1): ["COMM", None]}
    assert body["index"][newest] == 72 and fine["unit"] == "µg/m³"
    assert (await client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304


async def test_days_have_a_mean_only_of_enough_hours(client: httpx.AsyncClient) -> None:
    known = await ids(client)
    query = "series?begin=2026-09-28&end=2026-09-30&step=day"
    body = (await client.get(f"{AIR}/stations/{known['고촌읍']}/{query}")).json()
    fine = body["pollutants"]["PM25"]
    assert fine["hours"] == [24, 24, 10] and fine["mean"][2] is None and fine["high"] == [28, 28, 28]
    assert 20 < fine["mean"][0] < 28


async def test_the_record_is_the_same_for_a_citizen_and_for_every_member_of_staff(
    told_store: Database, tmp_path: Path
) -> None:
    made = house(told_store, tmp_path)
    await made.staff_up()
    seen = set()
    for role in (None, *ROLES):
        async with made.client(role) as client:
            answer = await client.get(f"{AIR}/record")
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["cache-control"] == "public, max-age=30"
            seen.add(answer.content)
    assert len(seen) == 1


async def test_the_record_tells_zones_corrections_and_forecasts(client: httpx.AsyncClient) -> None:
    found = (await client.get(f"{AIR}/record")).json()
    zone = found["zones"][0]
    assert (zone["code"], zone["index"], zone["highest_station"], zone["stations_told"]) == ("gimpo", 73, "고촌읍", 2)
    assert zone["values"]["PM25"] == {"value": 20.5, "unit": "µg/m³"}
    (fixed,) = found["corrections"]
    assert (fixed["station_name"], fixed["stands"]["value"], [one["value"] for one in fixed["before"]]) == (
        "사우동", 24, [95]
    )  # fmt: skip
    assert found["forecasts"][0]["grades"] == {"경기북부": 2, "서울": 3}
    assert found["smell_complaints"] == {"k": 5, "has_hidden": False, "counts": []}


async def test_a_flood_is_slowed_and_a_city_may_publish_nothing(told_store: Database, tmp_path: Path) -> None:
    slow = house(told_store, tmp_path)
    public = slow.settings.air.public
    air = slow.settings.air.model_copy(update={"public": public.model_copy(update={"files_per_minute": 1})})
    slow.settings = slow.settings.model_copy(update={"air": air})
    async with slow.client(None) as client:
        assert (await client.get(f"{AIR}/hours.csv")).status_code == 200
        assert (await client.get(f"{AIR}/hours.csv")).status_code == 429
        assert (await client.get(f"{AIR}/stations")).status_code == 200, "a page is cheaper than a file"
    shut = house(told_store, tmp_path)
    air = shut.settings.air.model_copy(update={"public": public.model_copy(update={"enabled": False})})
    shut.settings = shut.settings.model_copy(update={"air": air})
    async with shut.client(None) as client:
        assert (await client.get(f"{AIR}/record")).status_code == 404


async def test_an_old_hour_is_told_with_its_time_and_not_as_now(told_house: SmallHouse) -> None:
    told_house.clock.move(timedelta(hours=5))
    async with told_house.client(None) as client:
        found = (await client.get(f"{AIR}/stations")).json()["items"]
    assert {one["is_stale"] for one in found} == {True}
    assert {one["ended_at"] for one in found} == {NEWEST.isoformat().replace("+00:00", "Z")}
