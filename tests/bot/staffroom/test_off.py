"""A city without rooms pays nothing: no job is scheduled, no place is kept, nothing is followed."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from bot.schedules import _schedule_staffroom
from civic.staffroom.tables import staff_rooms
from tests.bot.city import City
from tests.bot.staffroom.workspace import workspace


def scheduled(city: City) -> list[str]:
    found: list[str] = []
    jobs: Any = SimpleNamespace(every=lambda name, cron, tick: found.append(name))
    _schedule_staffroom(jobs, city.house)
    return found


async def test_rooms_are_followed_only_where_there_are_any(town: City) -> None:
    assert scheduled(town) == []
    async with workspace(town, rooms={}) as slack:
        assert scheduled(town) == []
        await slack.follow(3)
        assert slack.calls == []
        async with town.house.db.transaction() as tx:
            assert (await tx.execute(select(staff_rooms))).all() == []
    async with workspace(town):
        assert scheduled(town) == ["staffroom.follow", "staffroom.sweep", "staffroom.forget"]


async def test_a_citizen_of_the_workspace_files_and_asks_like_anybody(town: City) -> None:
    """He writes to the app directly and presses its buttons."""
    async with workspace(town) as slack:
        await slack.say("U0CITIZEN", "가로등 고장 신고하고 싶어요")
        asked = list(slack.messages.values())[-1]
        assert asked.room == "D0DIRECT1" and asked.buttons
        label = next(iter(asked.buttons))
        await slack.press("U0CITIZEN", asked, label)
        assert len(slack.messages) >= 2
        assert list(slack.messages.values())[-1].ts != asked.ts
