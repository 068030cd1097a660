"""What the public reads of a case is what staff released, and it names nobody."""

import pytest
from sqlalchemy import select, update

from civic.cases.open import open_case
from civic.cases.tables import case_events, cases
from civic.people.service import name_citizen
from core.vault import vault_of
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW, conversation, draft

NEUTRAL = "가로등 민원입니다. 내용은 공개하지 않습니다."
FINE = "공원 앞 가로등 3기가 꺼져 9월 28일에 교체했습니다."


async def filed(house: SmallHouse) -> str:
    async with house.db.transaction() as tx:
        thread = await conversation(tx)
        citizen = await name_citizen(tx, vault_of(tx), thread, CITY, "홍 길동", "010-1234-5678", NOW)
        return (await open_case(tx, draft(thread, citizen_id=citizen), NOW)).receipt_no


async def shown(house: SmallHouse, number: str) -> str:
    async with house.client(None) as client:
        answer = await client.get(f"/open311/v2/requests/{number}.json")
    return str(answer.json()[0]["description"])


async def test_a_released_text_is_public_until_it_is_taken_back(house: SmallHouse) -> None:
    number = await filed(house)
    assert await shown(house, number) == NEUTRAL
    async with house.client("manager", If_Match='"1"') as client:
        released = await client.post(f"/api/v1/cases/{number}/publication", json={"text": FINE})
        assert (released.status_code, released.headers["etag"]) == (200, '"2"')
        assert await shown(house, number) == FINE
        stale = await client.post(f"/api/v1/cases/{number}/publication", json={"text": None})
        assert stale.status_code == 412
        client.headers["If-Match"] = '"2"'
        assert (await client.post(f"/api/v1/cases/{number}/publication", json={"text": None})).status_code == 200
    assert await shown(house, number) == NEUTRAL
    async with house.db.transaction() as tx:
        lines = select(case_events.c.from_value, case_events.c.to_value, case_events.c.is_public).join(
            cases, cases.c.id == case_events.c.case_id
        )
        wanted = (cases.c.receipt_no == number, case_events.c.kind == "published")
        found = [tuple(row) for row in await tx.execute(lines.where(*wanted).order_by(case_events.c.seq))]
    assert found == [("closed", "public", False), ("public", "closed", False)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("홍길동님이 알려 주신 가로등", "name"),
        ("홍 길 동 님의 가로등", "name"),
        ("문의 031-980-2114", "telephone"),
        ("문의 010.9999.8888", "telephone"),
        ("+82 10 9999 8888", "telephone"),
        ("연락처 12345678", "telephone"),
        ("900101-1234567", "identity"),
        ("a.b@example.go.kr로 알려 주세요", "e-mail"),
    ],
)
async def test_a_text_that_names_somebody_is_refused(house: SmallHouse, text: str, why: str) -> None:
    number = await filed(house)
    async with house.client("manager", If_Match='"1"') as client:
        refused = await client.post(f"/api/v1/cases/{number}/publication", json={"text": text})
    assert refused.status_code == 422
    assert why in refused.json()["detail_en"]
    assert await shown(house, number) == NEUTRAL


async def test_a_forgotten_citizen_stops_nobody_from_publishing(house: SmallHouse) -> None:
    number = await filed(house)
    async with house.db.transaction() as tx:
        await tx.execute(update(cases).where(cases.c.receipt_no == number).values(citizen_id=None))
    async with house.client("manager", If_Match='"1"') as client:
        answer = await client.post(f"/api/v1/cases/{number}/publication", json={"text": FINE})
    assert answer.status_code == 200
