"""Who is who: a code from a signed-in session, once and shortly; ended by either, by time, and with the account."""

from typing import Any
from uuid import UUID

import pytest

from civic.staff.change import MemberChange, change_member
from tests.bot.staffroom.conftest import Scene

USER, OTHER = "U0LINKED", "U0ANOTHER"


async def changed(scene: Scene, staff_id: UUID, **values: Any) -> None:
    async with scene.city.house.db.transaction() as tx:
        city_id, now = scene.city.house.settings.city.id, scene.city.clock.now()
        await change_member(tx, city_id, staff_id, MemberChange(**values), now, by=None, versions=None)


async def is_linked(scene: Scene, user: str = USER) -> bool:
    """Who is not linked learns how to link and nothing else."""
    return "찾을 수 없습니다" in await scene.slack.command(user, "GP-2026-999999")


async def test_a_code_links_once(scene: Scene) -> None:
    member = await scene.hire(USER, linked=False)
    assert not await is_linked(scene)
    code = await scene.code(member)
    assert "이어졌습니다" in await scene.slack.command(USER, f"link {code.lower()}")
    assert await is_linked(scene)
    assert "맞지 않거나" in await scene.slack.command(OTHER, f"link {code}")
    assert not await is_linked(scene, OTHER)


async def test_a_code_typed_to_the_app_links_too_and_is_no_message_of_a_citizen(scene: Scene) -> None:
    member = await scene.hire(USER, linked=False)
    await scene.slack.say(USER, f"연결 {await scene.code(member)}")
    said = [one.text for one in scene.slack.messages.values() if one.room == "D0DIRECT1"]
    assert len(said) == 1 and "이어졌습니다" in said[0]
    assert await is_linked(scene)


async def test_a_newer_code_makes_the_older_worthless_and_ten_minutes_every_one(scene: Scene) -> None:
    member = await scene.hire(USER, linked=False)
    older, newer = await scene.code(member), await scene.code(member)
    assert "맞지 않거나" in await scene.slack.command(USER, f"link {older}")
    scene.city.move(minutes=10)
    assert "맞지 않거나" in await scene.slack.command(USER, f"link {newer}")
    assert not await is_linked(scene)


async def test_five_wrong_codes_lock_who_typed_them_and_nobody_else(scene: Scene) -> None:
    member = await scene.hire(USER, linked=False)
    said = [await scene.slack.command(USER, f"link ABCD-234{digit}") for digit in "23456"]
    assert ["맞지 않거나" in one for one in said] == [True] * 4 + [False] and "15분" in said[4]
    assert "15분" in await scene.slack.command(USER, f"link {await scene.code(member)}")
    assert not await is_linked(scene)
    assert "이어졌습니다" in await scene.slack.command(OTHER, f"link {await scene.code(member)}")
    scene.city.move(minutes=15)
    assert "이어졌습니다" in await scene.slack.command(USER, f"link {await scene.code(member)}")
    assert (await is_linked(scene), await is_linked(scene, OTHER)) == (True, False)  # one person, one member


async def test_a_link_ends_by_a_word_and_by_time(scene: Scene) -> None:
    await scene.hire(USER)
    assert "끊었습니다" in await scene.slack.command(USER, "unlink")
    assert not await is_linked(scene)
    await scene.hire(OTHER)
    scene.city.move(days=scene.city.house.settings.staff.room_link_days, seconds=-1)
    assert await is_linked(scene, OTHER)
    scene.city.move(seconds=1)
    assert not await is_linked(scene, OTHER)


@pytest.mark.parametrize("swept", [True, False])
async def test_whoever_left_can_do_nothing_at_once_and_after_the_sweep_for_good(scene: Scene, swept: bool) -> None:
    member = await scene.hire(USER)
    await changed(scene, member.id, is_active=False)
    assert not await is_linked(scene)
    desk = scene.city.house.desk.staffroom
    if swept and desk is not None:
        await desk.sweep()
    await changed(scene, member.id, is_active=True)
    assert await is_linked(scene) is not swept


async def test_rights_are_those_of_the_moment_and_not_of_the_linking(scene: Scene) -> None:
    member = await scene.hire(USER)
    _, card = await scene.filed()
    await changed(scene, member.id, department_id=("parks",))
    await scene.slack.press(USER, card, "담당하기")
    assert "찾을 수 없습니다" in scene.slack.whispered(USER)[-1]
    await changed(scene, member.id, role="auditor")
    await scene.slack.press(USER, card, "담당하기")
    assert "권한이 없습니다" in scene.slack.whispered(USER)[-1]
