"""Cards and lines reach their rooms once, in order and no faster than allowed, whatever Slack does."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select

from civic.cases.case import Actor
from civic.cases.change import add_note, assign
from civic.cases.find import find_by_receipt
from civic.staff.tables import staff_notices
from civic.staffroom.service import RoomState, rooms
from civic.staffroom.tables import staff_posts
from tests.bot.staffroom.conftest import Scene
from tests.bot.staffroom.workspace import OTHERS, WASTE, Message
from tests.integrations.channels.kits import CUT, Answer, Call
from tests.integrations.channels.kits.slack import fields, refusal

LIMITED = refusal("ratelimited", 429, retry_after="30")
STAFF = Actor.system()


async def state(scene: Scene, room: str) -> RoomState:
    async with scene.city.house.db.transaction() as tx:
        return next(one for one in await rooms.states(tx, scene.city.house.settings.city.id) if one.room == room)


async def change(scene: Scene, card: Message, **values: Any) -> None:
    """By somebody at a screen: a note, or another department."""
    async with scene.city.house.db.transaction() as tx:
        case = await find_by_receipt(tx, scene.city.house.settings.city.id, card.text.partition(" ")[0])
        assert case is not None
        now = scene.city.clock.now()
        if values:
            await assign(tx, case.id, STAFF, now, expected_version=None, **values)
        else:
            await add_note(tx, case.id, "메모", STAFF, now, is_internal=True)


async def test_a_post_that_broke_off_after_it_arrived_is_found_and_not_posted_twice(scene: Scene) -> None:
    def arrived(call: Call) -> Answer:
        scene.slack.do("chat.postMessage", fields(call))
        return CUT

    scene.slack.answers["chat.postMessage"] = [arrived]
    _, card = await scene.filed()
    await scene.slack.follow(10)
    assert len(scene.slack.cards(WASTE)) == 1
    await scene.hire("U0ONE")
    await scene.slack.press("U0ONE", card, "담당하기")
    assert "김one" in card.text


async def test_a_post_that_broke_off_before_it_arrived_is_posted_again(scene: Scene) -> None:
    scene.slack.answers["chat.postMessage"] = [CUT, refusal("internal_error")]
    with pytest.raises(IndexError):
        await scene.filed()
    await scene.slack.follow(60)
    assert len(scene.slack.cards(WASTE)) == 1


async def test_a_line_that_broke_off_is_found_too(scene: Scene) -> None:
    def arrived(call: Call) -> Answer:
        scene.slack.do("chat.postMessage", fields(call))
        return CUT

    _, card = await scene.filed()
    await change(scene, card)
    scene.slack.answers["chat.postMessage"] = [arrived]
    await scene.slack.follow(20)
    assert scene.slack.lines(card) == ["자동 님이 내부 메모를 남겼습니다."]


async def test_one_new_message_a_second_and_each_case_in_its_order(scene: Scene) -> None:
    _, first = await scene.filed()
    for _ in range(3):
        await change(scene, first)
    await scene.slack.follow()
    await change(scene, first, department_id="parks")
    seen = []
    for _ in range(5):
        seen.append((len(scene.slack.lines(first)), len(scene.slack.cards(OTHERS))))
        await scene.slack.follow()
    # a line a second in the one room; the new card meanwhile in the other
    assert seen == [(1, 0), (2, 1), (3, 1), (4, 1), (4, 1)]
    noted = ["자동 님이 내부 메모를 남겼습니다."] * 3
    assert scene.slack.lines(first) == [*noted, "부서: 자원순환과 → 공원녹지과 (자동)"]


async def test_a_case_that_moves_leaves_only_whither_and_gets_a_card_where_it_goes(scene: Scene) -> None:
    _, card = await scene.filed()
    await change(scene, card, department_id="parks")
    await scene.slack.follow(3)
    assert "옮겨졌습니다" in card.text and not card.buttons
    assert "홍○○" not in card.text and "구래동" not in card.text
    (moved,) = scene.slack.cards(OTHERS)
    assert "담당하기" in moved.buttons and moved.text.partition(" ")[0] == card.text.partition(" ")[0]


async def test_too_many_calls_rest_the_whole_workspace_as_long_as_slack_says(scene: Scene) -> None:
    scene.slack.answers["chat.postMessage"] = [LIMITED]
    with pytest.raises(IndexError):
        await scene.filed()
    calls = len(scene.slack.calls)
    whole = await state(scene, "*")
    assert "천천히" in whole.reason and (await state(scene, WASTE)).waiting == 1
    await scene.slack.follow(29)
    assert len(scene.slack.calls) == calls
    await scene.slack.follow(2)
    assert len(scene.slack.cards(WASTE)) == 1
    assert (await state(scene, "*")).reason == "" and (await state(scene, WASTE)).waiting == 0


@pytest.mark.parametrize(
    ("word", "where"), [("is_archived", WASTE), ("channel_not_found", WASTE), ("token_revoked", "*")]
)
async def test_a_room_that_is_gone_is_told_once_and_comes_back_by_itself(scene: Scene, word: str, where: str) -> None:
    scene.slack.answers["chat.postMessage"] = [refusal(word)] * 2
    with pytest.raises(IndexError):
        await scene.filed()
    for _ in range(2):
        scene.city.move(minutes=10)
        await scene.slack.follow()
        if not scene.slack.cards(WASTE):
            ill = await state(scene, where)
            assert ill.down_since is not None and word in ill.reason
    async with scene.city.house.db.transaction() as tx:
        told = (await tx.execute(select(staff_notices).where(staff_notices.c.kind == "room_down"))).all()
    assert len([one for one in told if word in one.text_ko and "관리" not in one.text_ko]) == 1
    assert len(scene.slack.cards(WASTE)) == 1
    assert (await state(scene, where)).down_since is None


async def test_slack_itself_tells_of_a_room_that_is_gone_or_back(scene: Scene) -> None:
    archived = {"type": "channel_archive", "channel": WASTE, "user": "U0ADMIN"}
    await scene.slack.told(scene.slack.event(archived, "arch"))
    assert "channel_archive" in (await state(scene, WASTE)).reason
    with pytest.raises(IndexError):
        await scene.filed()
    await scene.slack.told(scene.slack.event({**archived, "type": "channel_unarchive"}, "back"))
    await scene.slack.follow()
    assert len(scene.slack.cards(WASTE)) == 1
    limited = {"type": "app_rate_limited", "team_id": "T0SUITE01", "minute_rate_limited": 1790000000}
    await scene.slack.told(scene.slack.signed(json.dumps(limited).encode(), "application/json"))
    assert "app_rate_limited" in (await state(scene, "*")).reason


async def test_a_card_that_somebody_deleted_is_given_up_visibly(scene: Scene) -> None:
    _, card = await scene.filed()
    del scene.slack.messages[card.ts]
    await change(scene, card)
    await scene.slack.follow(5)
    assert (await state(scene, WASTE)).failed >= 1
    async with scene.city.house.db.transaction() as tx:
        post = (await tx.execute(select(staff_posts).where(staff_posts.c.message_id == card.ts))).one()
    assert (post.status, "message_not_found" in post.reason) == ("failed", True)


async def test_two_processes_post_each_card_once(scene: Scene) -> None:
    desk = scene.city.house.desk.staffroom
    assert desk is not None
    _, card = await scene.filed()
    for _ in range(3):
        await change(scene, card)
    for _ in range(6):
        scene.city.move(seconds=1)
        await asyncio.gather(desk.follow(), desk.follow(), desk.follow())
    assert len(scene.slack.cards(WASTE)) == 1
    assert len(scene.slack.lines(card)) == 3


async def test_what_changes_while_a_card_is_posted_is_shown_after(scene: Scene) -> None:
    desk = scene.city.house.desk.staffroom
    assert desk is not None
    member = await scene.hire("U0ONE", linked=False)
    moved: list[asyncio.Task[None]] = []

    def meanwhile(call: Call) -> Answer:
        answer = scene.slack.do("chat.postMessage", fields(call))
        (new,) = scene.slack.cards(WASTE)

        async def taken() -> None:
            await change(scene, new, staff=(member.id,))
            await desk._following.go()

        moved.append(asyncio.get_running_loop().create_task(taken()))
        return answer

    scene.slack.answers["chat.postMessage"] = [meanwhile]
    _, card = await scene.filed()
    await asyncio.gather(*moved)
    await scene.slack.follow(2)
    assert "김one" in card.text


async def test_a_change_that_shows_nothing_new_costs_no_call(scene: Scene) -> None:
    _, card = await scene.filed()
    await change(scene, card)
    await scene.slack.follow(3)
    drawn = len(card.was)
    case_version_on_buttons = card.buttons["담당하기"]["value"]
    await scene.slack.follow(3)
    assert len(card.was) == drawn
    assert case_version_on_buttons.rpartition(":")[2] != "1"
