"""Ten citizens of one village write of one smell by chat: one case, one answer to all, and nobody's name anywhere."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.air.smelling import Smelling
from civic.air.smell.tables import air_smell_clusters, air_smell_reports
from civic.cases import change
from civic.cases.case import Actor
from civic.cases.notices import tell
from civic.cases.status import Status
from civic.cases.tables import cases
from civic.conversations.tables import conversations
from core.ids import new_id
from tests.bot.city import Citizen, City

SAID = "양곡리에서 고무 타는 냄새 심하게 나요"


async def files(citizen: Citizen, number: int) -> None:
    """Three questions after the first sentence."""
    await citizen.say(SAID)
    await citizen.press("동의하고 민원")
    await citizen.say("홍길동")
    [answer, *_] = await citizen.say(f"010-1234-{5600 + number}")
    assert "접수번호는 GP-" in answer.text


def smelling(town: City) -> Smelling:
    house = town.house
    return Smelling(house.db, house.desk, house.settings, house.book, house.clock)


async def counted(town: City, table: Any) -> int:
    async with town.house.db.reading() as tx:
        return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


async def test_a_village_becomes_one_case_and_hears_one_answer(town: City) -> None:
    people = [town.citizen() for _ in range(10)]
    for number, one in enumerate(people[:9]):
        await files(one, number)
    job = smelling(town)
    await job.go()
    assert await counted(town, air_smell_clusters) == 0
    await files(people[9], 9)
    before = [len(town.channel.sent[one.address]) for one in people]
    await job.go()
    await job.go()
    for one, count in zip(people, before, strict=True):
        [said] = one.seen(count)
        assert "모두 10분이" in said.text
        assert "홍길동" not in said.text
    async with town.house.db.transaction() as tx:
        cluster = (await tx.execute(select(air_smell_clusters))).one()
        lead = (await tx.execute(select(cases).where(cases.c.id == cluster.case_id))).one()
        assert (lead.category, lead.joined, lead.lat is not None) == ("odor", 9, True)
        assert (cluster.people, cluster.kind, cluster.strongest) == (10, "plastic", 3)
    town.clock.move(timedelta(minutes=30))
    head = Actor.staff(new_id(), "manager")
    async with town.house.db.transaction() as tx:
        for to in (Status.IN_PROGRESS, Status.ANSWERED):
            after = await change.change_status(
                tx, cluster.case_id, to, head, town.clock.now(), expected_version=None, text="소각을 멈추게 했습니다."
            )
        await tell(
            tx, town.house.settings.messaging, after, "answered", town.clock.now(), text="소각을 멈추게 했습니다."
        )
    for one in people:
        before_answer = len(town.channel.sent[one.address])
        async with town.house.db.reading() as tx:
            his = select(conversations.c.id).where(conversations.c.address == one.address)
            thread = (await tx.execute(his)).scalar_one()
        await town.house.desk.deliver(thread)
        assert "소각을 멈추게 했습니다." in one.seen(before_answer)[-1].text


@pytest.mark.parametrize(("said", "expected"), [(SAID, True), ("양곡리에서 밤마다 축사 냄새가 심하게 나요", False)])
async def test_a_smell_of_every_night_is_no_smell_of_now(town: City, said: str, expected: bool) -> None:
    one = town.citizen()
    await one.say(said)
    await one.press("이름 없이 제보")
    async with town.house.db.reading() as tx:
        found = (await tx.execute(select(air_smell_reports).order_by(air_smell_reports.c.id.desc()).limit(1))).one()
    assert (found.is_now, found.case_id, found.area) == (expected, None, "양촌읍")
    assert found.told_at == town.clock.now()
