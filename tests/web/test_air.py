"""The pages of the air: lists and tables that are whole without scripts, charts and a map of the same rows."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from civic.air.service import AirService
from civic.air.tables import air_stations
from core.clock import SetClock
from core.contracts.air import Terms
from core.db import Database
from tests.civic.air.open.told import CITY, NOW, fill
from tests.web.house import SmallHouse
from tests.web.serving import Site

TERMS = {"airkorea": Terms("한국환경공단 에어코리아, 실시간(미확정) 자료", "공공누리 1유형")}


@pytest.fixture(scope="module")
async def filled(database: Database, house: SmallHouse) -> AsyncIterator[dict[str, int]]:
    await fill(database)
    before = house.clock
    house.clock = SetClock(NOW + timedelta(minutes=10))
    async with database.transaction() as tx:
        ids = {row.name: row.id for row in await tx.execute(select(air_stations.c.name, air_stations.c.id))}
    yield ids
    house.clock = before


@pytest.fixture(scope="module")
async def site(house: SmallHouse) -> AsyncIterator[Site]:
    house.air = AirService(house.db, CITY, house.settings.air, TERMS)
    made = Site(house)
    await made.up()
    yield made
    await made.down()


@pytest.fixture
async def reader(site: Site, filled: dict[str, int]) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=site.base, trust_env=False) as client:
        yield client


async def test_the_page_says_values_units_grades_in_words_time_and_whose_they_are(reader: httpx.AsyncClient) -> None:
    answer = await reader.get("/air")
    assert answer.status_code == 200
    text = re.sub(r"\s+", " ", answer.text)
    assert re.findall(r'<h3><a href="/air/stations/\d+\?lang=ko">(.*?)</a></h3>', text) == [
        "사우동", "고촌읍", "&lt;큰길&gt; &amp; 대로", "학운리 센서"
    ]  # fmt: skip
    for said in ("보통 <b>72</b>", "09-30 10:00까지 1시간", "한국환경공단 에어코리아, 실시간(미확정) 자료", "µg/m³"):
        assert said in text
    assert "공공 측정소 (도로변대기)" in text and "시 센서" in text
    assert "먼 곳" not in text, "a station of another city is not ours to show"
