"""Staff look after the sources of air as after those of parking: how they are, ask one now, switch it off and on."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, select

from bot.air.gaps import remembering
from bot.air.rounds import Rounds
from civic.sources.tables import sources
from civic.staff.tables import audit_log
from core.clock import SetClock
from core.http import Outside
from integrations.air import airkorea
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW
from tests.integrations.air.country import NAMES, Country, row, told
from tests.integrations.parking.portal import Portal, serving

PATH = "/api/v1/air/sources"


@pytest.fixture(autouse=True)
async def empty(house: SmallHouse) -> AsyncIterator[None]:
    house.clock = SetClock(NOW + timedelta(minutes=20))
    yield
    async with house.db.transaction() as tx:
        await tx.execute(delete(sources))
    house.air_sources.clear()


@pytest.fixture
async def country(house: SmallHouse) -> AsyncIterator[Portal]:
    country = Country(hours=[row(name, told(NOW), pm10="33") for name in NAMES])
    async with serving(country) as (portal, _):
        settings = {"key": "a%2Bb", "url": portal.url, "alerts": False, "ozone": False, "forecasts": False}
        house.air_sources["keco"] = airkorea.build("keco", airkorea.Settings.model_validate(settings))
        yield portal


@pytest.fixture
async def manager(house: SmallHouse) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client("manager") as client:
        yield client


async def rounds(house: SmallHouse) -> None:
    rules = house.settings.air
    named: dict[str, Any] = {**house.air_sources, **remembering(house.air_sources, house.db, CITY, rules)}
    async with Outside(["127.0.0.1"]) as outside:
        go = Rounds(house.db, named, outside, rules, CITY, house.clock, "one", spread=lambda low, high: 0.0)
        await go.go()


async def test_the_list_tells_state_stations_and_the_newest_hour(
    house: SmallHouse, manager: httpx.AsyncClient, country: Portal
) -> None:
    await rounds(house)
    main, gaps = (await manager.get(PATH)).json()["items"]
    assert (main["name"], main["how"], main["state"], main["attribution"]) == (
        "keco",
        "pull",
        "active",
        "한국환경공단 에어코리아, 실시간(미확정) 자료",
    )
    assert (main["stations"], main["newest_at"]) == (3, NOW.isoformat().replace("+00:00", "Z"))
    assert (main["calls_today"], main["daily_calls"]) == (2, 350)
    assert (gaps["name"], gaps["how"], gaps["keeps_as"]) == ("keco-gaps", "pull", "keco")
    shown = (await manager.get(f"{PATH}/keco")).json()
    assert shown["report"]["stations"] == 3
    assert shown["realtime_report"]["taken"]["stored"] == 18
    assert (await manager.get(f"{PATH}/nowhere")).status_code == 404


async def test_a_source_is_asked_now_and_switched_off_with_a_reason(
    house: SmallHouse, manager: httpx.AsyncClient, country: Portal
) -> None:
    await rounds(house)
    calls = len(country.asked)
    house.clock.move(timedelta(seconds=10))
    answer = await manager.post(f"{PATH}/keco/pull", json={"with_stations": True})
    assert answer.status_code == 202
    await rounds(house)
    assert [one.parts[-1] for one in country.asked[calls:]] == ["getCtprvnRltmMesureDnsty", "getMsrstnList"]
    off = {"is_on": False, "reason": "제공기관 점검"}
    assert (await manager.put(f"{PATH}/keco/state", json=off)).status_code == 428
    answer = await manager.put(f"{PATH}/keco/state", json=off, headers={"If-Match": '"1"'})
    assert (answer.json()["state"], answer.headers["etag"]) == ("off", '"2"')
    assert (await manager.post(f"{PATH}/keco/pull", json={})).status_code == 409
    query = select(audit_log.c.action).where(audit_log.c.object_id == "keco").order_by(audit_log.c.at)
    async with house.db.reading() as tx:
        found = list((await tx.execute(query)).scalars())
    assert found == ["air_source.asked_now", "air_source.switched_off"]


async def test_sources_of_one_name_in_parking_and_air_are_two(
    house: SmallHouse, manager: httpx.AsyncClient, country: Portal
) -> None:
    await rounds(house)
    assert (await manager.get("/api/v1/parking/sources")).json()["items"] == []
    assert (await manager.get("/api/v1/parking/sources/keco")).status_code == 404
