"""A small house with a key and a few cases of each kind."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import insert, update

from civic.cases import change
from civic.cases.case import Actor
from civic.cases.open import open_case
from civic.cases.status import Status
from civic.cases.tables import cases
from civic.city.tables import areas
from civic.keys import service as keys
from civic.keys.service import Scope
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, draft

STAFF = Actor.staff(UUID(int=7), "manager")


@dataclass
class Town:
    """The house, and what a client of it holds."""

    house: SmallHouse
    key: str = ""
    numbers: dict[str, str] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)

    async def file(self, name: str, **values: Any) -> str:
        async with self.house.db.transaction() as tx:
            opened = await open_case(tx, draft(None, **values), self.house.clock.now())
        self.numbers[name], self.ids[name] = opened.receipt_no, opened.id
        return opened.receipt_no

    async def get(self, path: str, **params: str) -> httpx.Response:
        async with self.house.client(None) as client:
            return await client.get(f"/open311/v2/{path}", params=params)

    async def post(self, path: str, data: dict[str, Any]) -> httpx.Response:
        async with self.house.client(None) as client:
            return await client.post(f"/open311/v2/{path}", data=data)


@pytest.fixture(scope="module")
async def town(house: SmallHouse) -> Town:
    house.settings = house.settings.model_copy(
        update={"open311": house.settings.open311.model_copy(update={"reads_per_minute": 6000})}
    )
    made = Town(house)
    async with house.db.transaction() as tx:
        _, made.key = await keys.add(
            tx,
            city_id=CITY,
            name="시민 앱",
            scopes=list(Scope),
            per_minute=6000,
            staff_id=house.members["admin"].id,
            now=NOW,
        )
        await tx.execute(
            insert(areas).values(
                city_id=CITY, id="gurae", name_ko="구래동", name_en="Gurae-dong", kind="dong", lat=37.64, lon=126.62
            )
        )
    words = {
        "title": "홍길동의 민원",
        "body": "홍길동입니다. 010-9876-5432로 전화 주세요.",
        "place": "구래동 6871-1 103호",
    }
    await made.file("open", lat=37.6453219, lon=126.6234567, **words)
    await made.file("closed", **words)
    await made.file("published", **words)
    async with house.db.transaction() as tx:
        await change.change_status(
            tx, made.ids["closed"], Status.ANSWERED, STAFF, NOW, expected_version=None, text="홍길동님께 답변드립니다."
        )
        await tx.execute(update(cases).where(cases.c.id == made.ids["open"]).values(area_id="gurae"))
        text = "가로등을 고쳐 달라는 민원 <b>\x0b&"
        await tx.execute(update(cases).where(cases.c.id == made.ids["published"]).values(public_text=text))
    return made
