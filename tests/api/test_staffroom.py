"""Linking a messenger account from one's own session, and seeing and mending what the rooms cannot take."""

from datetime import timedelta

import httpx
import pytest

from civic.cases.open import open_case
from civic.staff.service import Member
from civic.staffroom.service import Card, WrongCode, links, posts, rooms
from civic.staffroom.tables import staff_posts
from core.ids import new_id
from tests.api.house import SmallHouse
from tests.civic.cases.rows import CITY, conversation, draft


async def redeemed(house: SmallHouse, code: str, member: str = "T1/U1") -> Member | WrongCode:
    async with house.db.transaction() as tx:
        return await links.redeem(tx, CITY, "slack", member, code, house.clock.now(), days=90)


async def test_a_code_of_my_session_links_me_and_i_can_end_it(house: SmallHouse, agent: httpx.AsyncClient) -> None:
    made = await agent.post("/api/v1/me/staffroom-code")
    assert made.status_code == 201 and len(made.json()["code"]) == 9
    linked = await redeemed(house, made.json()["code"])
    assert isinstance(linked, Member) and linked.id == house.members["agent"].id
    (row,) = (await agent.get("/api/v1/me/staffroom-links")).json()
    assert (row["channel"], row["member"]) == ("slack", "T1/U1")
    assert (await agent.delete("/api/v1/me/staffroom-links")).status_code == 204
    assert (await agent.get("/api/v1/me/staffroom-links")).json() == []
    assert (await agent.delete("/api/v1/me/staffroom-links")).status_code == 404
    assert isinstance(await redeemed(house, made.json()["code"]), WrongCode)


async def test_a_session_that_must_first_do_something_gets_no_code(house: SmallHouse) -> None:
    """A temporary password, or a second factor that is overdue."""
    new = house.clock.now() + timedelta(hours=1)
    await house.hire("newcomer", "agent", temporary_until=new)
    async with house.client("newcomer") as client:
        assert (await client.post("/api/v1/me/staffroom-code")).status_code == 403


async def test_a_switched_off_account_is_linked_no_more_even_when_it_is_switched_on_again(house: SmallHouse) -> None:
    leaver = await house.hire("leaver", "agent")
    async with house.client("leaver") as client:
        code = (await client.post("/api/v1/me/staffroom-code")).json()["code"]
    assert isinstance(await redeemed(house, code, "T1/U2"), Member)
    async with house.client("admin") as admin:
        for is_active in (False, True):
            etag = (await admin.get(f"/api/v1/staff/{leaver.id}")).headers["ETag"]
            changed = await admin.patch(
                f"/api/v1/staff/{leaver.id}", json={"is_active": is_active}, headers={"If-Match": etag}
            )
            assert changed.status_code == 200
    async with house.db.transaction() as tx:
        assert await links.who(tx, CITY, "slack", "T1/U2", house.clock.now()) is None


async def test_an_admin_ends_a_colleagues_link(house: SmallHouse) -> None:
    other = house.members["colleague"]
    async with house.client("colleague") as client:
        code = (await client.post("/api/v1/me/staffroom-code")).json()["code"]
    await redeemed(house, code, "T1/U3")
    async with house.client("admin") as admin:
        assert (await admin.delete(f"/api/v1/staff/{other.id}/staffroom-links")).status_code == 204
        assert (await admin.delete(f"/api/v1/staff/{other.id}/staffroom-links")).status_code == 404
        assert (await admin.delete(f"/api/v1/staff/{new_id()}/staffroom-links")).status_code == 404
    async with house.db.transaction() as tx:
        assert await links.who(tx, CITY, "slack", "T1/U3", house.clock.now()) is None


async def test_what_a_room_cannot_take_is_seen_with_its_reason_and_tried_again(house: SmallHouse) -> None:
    now, reason = house.clock.now(), "슬랙 채널이 없습니다 (channel_not_found)"
    async with house.db.transaction() as tx:
        case = await open_case(tx, draft(await conversation(tx)), now)
        post = {"id": new_id(), "city_id": CITY, "channel": "slack", "room": "C0ROAD", "case_id": case.id}
        await tx.execute(staff_posts.insert().values(**post, next_attempt_at=now, created_at=now))
        card = Card(post["id"], "C0ROAD", case.id, 1, 0)  # type: ignore[arg-type]
        await posts.failed(tx, card, reason, None)
        assert await rooms.down(tx, CITY, "slack", "C0ROAD", reason, now)
    async with house.client("agent") as agent, house.client("admin") as admin:
        (row,) = (await agent.get("/api/v1/staffroom/rooms")).json()
        assert (row["room"], row["reason"], row["failed"], row["waiting"]) == ("C0ROAD", reason, 1, 0)
        assert row["down_since"] is not None
        assert (await admin.post("/api/v1/staffroom/rooms/slack/C0ROAD/retry")).json() == {"count": 1}
        (row,) = (await agent.get("/api/v1/staffroom/rooms")).json()
        assert (row["reason"], row["failed"], row["waiting"], row["down_since"]) == ("", 0, 1, None)


@pytest.mark.parametrize("room", ["a b", "x" * 65, "%00"])
async def test_a_room_that_cannot_be_is_a_mistake_and_no_crash(house: SmallHouse, room: str) -> None:
    async with house.client("admin") as admin:
        assert (await admin.post(f"/api/v1/staffroom/rooms/slack/{room}/retry")).status_code == 422
