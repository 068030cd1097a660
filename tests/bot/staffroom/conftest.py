"""Officers with accounts, linked to members of the workspace, and a citizen with a complaint about rubbish."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete

from civic.staff.service import Member, add_staff
from civic.staffroom.service import links
from civic.staffroom.tables import staff_events, staff_lines, staff_link_tries, staff_links, staff_posts, staff_rooms
from tests.bot.city import Citizen, City
from tests.bot.staffroom.workspace import Message, Workspace, workspace

PASSWORD = "long enough 1 for all"


@dataclass
class Scene:
    """`slack` is the workspace. `filed` gives the citizen and the card of his case."""

    city: City
    slack: Workspace

    async def hire(self, user: str, role: str = "agent", *, linked: bool = True, **values: Any) -> Member:
        """A member of staff of the waste department unless said otherwise, whom Slack knows as `user`."""
        house = self.city.house
        given = {"department_id": "recycling", "name": f"김{user[-3:].lower()}", **values}
        login = f"{user.lower()}.{uuid4().hex[:6]}"
        async with house.db.transaction() as tx:
            city_id, now = house.settings.city.id, self.city.clock.now()
            made = await add_staff(tx, city_id=city_id, login=login, role=role, password=PASSWORD, now=now, **given)
        if linked:
            answer = await self.slack.command(user, f"link {await self.code(made)}")
            assert "이어졌습니다" in answer
        return made

    async def code(self, member: Member) -> str:
        async with self.city.house.db.transaction() as tx:
            return (await links.new_code(tx, member.city_id, member.id, self.city.clock.now()))[0]

    async def filed(self) -> tuple[Citizen, Message]:
        citizen = self.city.citizen()
        await citizen.say("구래동 공원 앞에 쓰레기가 며칠째 쌓여 있어요")
        for label in ("쓰레기·무단투기", "계속·매일", "사진 없음", "동의하고 민원"):
            await citizen.press(label)
        await citizen.say("홍길동입니다")
        await citizen.say("01012345678")
        (filed,) = await citizen.press("접수")
        if any(button.label == "새로 접수" for button in filed.buttons):  # another test's case is the same matter
            (filed,) = await citizen.press("새로 접수")
        assert "GP-2026-" in filed.text
        await self.slack.follow()
        return citizen, self.slack.cards("C0WASTE01")[-1]


@pytest.fixture
async def scene(town: City) -> AsyncIterator[Scene]:
    async with workspace(town) as slack:
        yield Scene(town, slack)
    async with town.house.db.transaction() as tx:
        for table in (staff_lines, staff_posts, staff_rooms, staff_events, staff_links, staff_link_tries):
            await tx.execute(delete(table))
