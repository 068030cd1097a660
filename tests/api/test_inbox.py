"""The staff inbox over HTTP: who reads what, who took it, and that nothing is written to where nobody reads."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from civic.staff.notices import notify
from civic.staff.tables import staff
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, NOW


async def noticed(house: SmallHouse, **whom: Any) -> UUID:
    async with house.db.transaction() as tx:
        (one,) = await notify(tx, city_id=CITY, kind="test", text_ko="알림", text_en="notice", now=NOW, **whom)
    return one


async def seen(house: SmallHouse, role: str, notice: UUID) -> bool:
    async with house.client(role) as client:
        items = (await client.get("/api/v1/inbox", params={"limit": 200})).json()["items"]
        is_listed = str(notice) in [item["id"] for item in items]
        answer = await client.post(f"/api/v1/inbox/{notice}/read")
    assert answer.status_code == (200 if is_listed else 404)
    return is_listed


@pytest.mark.parametrize(
    ("whom", "readers"),
    [
        ({"staff": "agent"}, {"agent"}),
        ({"role": "agent", "department_id": "road"}, {"agent", "colleague"}),
        ({"role": "manager", "department_id": "road"}, {"manager"}),
        ({"role": "manager", "department_id": "parks"}, {"manager"}),  # nobody heads the parks: all heads hear it
        ({"role": "auditor"}, {"auditor"}),
        ({}, {"admin"}),
    ],
)
async def test_a_notice_is_read_by_whom_it_is_for(house: SmallHouse, whom: dict[str, str], readers: set[str]) -> None:
    to = {"staff_ids": [house.members[whom["staff"]].id]} if "staff" in whom else whom
    notice = await noticed(house, **to)
    roles = ("agent", "colleague", "manager", "admin", "auditor")
    assert {role for role in roles if await seen(house, role, notice)} == readers


async def test_a_further_department_of_his_counts_too(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        mine = staff.c.id == house.members["colleague"].id
        await tx.execute(update(staff).where(mine).values(departments=["water"]))
    notice = await noticed(house, role="agent", department_id="water")
    assert {role for role in ("agent", "colleague") if await seen(house, role, notice)} == {"colleague"}
    async with house.db.transaction() as tx:
        await tx.execute(update(staff).where(mine).values(departments=[]))


async def test_who_reads_it_first_is_kept_and_unread_is_counted(house: SmallHouse) -> None:
    async with house.client("agent") as one, house.client("colleague") as other:
        before = (await one.get("/api/v1/inbox")).json()["unread"]
        notice = await noticed(house, role="agent", department_id="road")
        assert (await one.get("/api/v1/inbox")).json()["unread"] == before + 1
        house.clock.move(timedelta(minutes=5))
        first = (await one.post(f"/api/v1/inbox/{notice}/read")).json()
        house.clock.move(timedelta(minutes=5))
        again = (await other.post(f"/api/v1/inbox/{notice}/read")).json()
        assert first["read_at"] == again["read_at"] is not None
        left = (await other.get("/api/v1/inbox", params={"unread": True, "limit": 200})).json()["items"]
        assert str(notice) not in [item["id"] for item in left]


async def test_a_person_who_left_is_not_written_to(house: SmallHouse) -> None:
    async with house.db.transaction() as tx:
        gone = house.members["colleague"].id
        await tx.execute(update(staff).where(staff.c.id == gone).values(is_active=False))
    try:
        notice = await noticed(house, staff_ids=[gone], department_id="road")
        assert await seen(house, "manager", notice)
    finally:
        async with house.db.transaction() as tx:
            await tx.execute(update(staff).where(staff.c.id == gone).values(is_active=True))
