"""Accounts over HTTP: two steps, limited sessions, revoking in mid-flight, administration, freeing a conversation."""

import asyncio
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import select, text, update

from civic.cases.open import open_case
from civic.cases.tables import cases
from civic.conversations.tables import conversations
from civic.staff.tables import audit_log, staff, staff_notices, staff_sessions
from core.ids import new_id
from tests.api.house import PASSWORD, SmallHouse
from tests.api.test_permissions import ANYBODY, ROUTES, WITH_A_KEY, address
from tests.civic.cases.rows import NOW, conversation, draft
from tests.waiting import until

ENROLMENT = {
    ("DELETE", "/api/v1/session"),
    ("GET", "/api/v1/me"),
    ("POST", "/api/v1/me/password"),
    ("POST", "/api/v1/me/totp"),
    ("POST", "/api/v1/me/totp/confirm"),
}
"""All that a session opens whose owner must still change his password or set a second factor."""
LIMITED = {
    "password": {"temporary_until": NOW + timedelta(days=1)},
    "second_factor": {"totp_asked_at": NOW - timedelta(days=400)},
}


async def set_row(house: SmallHouse, name: str, **values: Any) -> None:
    async with house.db.transaction() as tx:
        await tx.execute(update(staff).where(staff.c.id == house.members[name].id).values(**values))


@pytest.fixture(scope="module")
async def house(house: SmallHouse) -> SmallHouse:
    for need, values in LIMITED.items():
        await house.hire(need, "admin")
        await set_row(house, need, **values)
    return house


@pytest.mark.parametrize("route", [one for one in ROUTES if ROUTES[one][0] not in (ANYBODY, WITH_A_KEY)], ids=" ".join)
@pytest.mark.parametrize("need", LIMITED)
async def test_a_limited_session_opens_nothing_but_enrolment(
    house: SmallHouse, need: str, route: tuple[str, str]
) -> None:
    method, path = route
    async with house.client(need, If_Match='"1"') as limited:
        if route == ("DELETE", "/api/v1/session"):
            limited.headers["Authorization"] = f"Bearer {await house.another_session(need)}"
        answer = await limited.request(method, address(path), json=ROUTES[route][1])
    assert (answer.status_code == 403) is (route not in ENROLMENT)
    if route not in ENROLMENT:
        assert answer.json()["detail_en"].startswith(("Change your temporary", "Set your second"))


async def test_enrolling_over_http_frees_the_session_and_then_takes_two_steps(house: SmallHouse) -> None:
    await house.hire("fresh", "manager")
    await set_row(house, "fresh", totp_asked_at=NOW - timedelta(days=400))
    async with house.client("fresh") as limited:
        assert (await limited.get("/api/v1/me")).json()["needs"] == ["second_factor"]
        begun = await limited.post("/api/v1/me/totp")
        assert begun.status_code == 201 and begun.headers["cache-control"] == "no-store"
        assert begun.json()["qr_svg"].startswith("<svg") and begun.json()["uri"].startswith("otpauth://totp/")
        totp = pyotp.TOTP(begun.json()["secret"])
        codes = (await limited.post("/api/v1/me/totp/confirm", json={"code": totp.at(NOW)})).json()["recovery_codes"]
        assert len(codes) == 10
        me = (await limited.get("/api/v1/me")).json()
        assert (me["needs"], me["has_second_factor"]) == ([], True)
        assert (await limited.get("/api/v1/cases")).status_code == 200
    async with house.client(None) as stranger:
        first = await stranger.post("/api/v1/session", json={"login": "fresh.one", "password": PASSWORD})
        assert set(first.json()) == {"needs", "challenge", "expires_at"} and first.json()["needs"] == "totp"
        body = {"challenge": first.json()["challenge"], "code": totp.at(NOW)}
        used = await stranger.post("/api/v1/session/second", json=body)
        assert used.status_code == 401, "it confirmed the factor and is used up"
        opened = await stranger.post("/api/v1/session/second", json={**body, "code": codes[0]})
        assert opened.status_code == 200
        assert opened.json()["staff"]["login"] == "fresh.one"
        signed = {"Authorization": f"Bearer {opened.json()['token']}"}
        assert (await stranger.get("/api/v1/me", headers=signed)).status_code == 200
        wrong = {"password": "wrong password 1", "code": codes[1]}
        assert (await stranger.request("DELETE", "/api/v1/me/totp", json=wrong, headers=signed)).status_code == 422
        right = {"password": PASSWORD, "code": codes[1]}
        assert (await stranger.request("DELETE", "/api/v1/me/totp", json=right, headers=signed)).status_code == 204
        assert (await stranger.get("/api/v1/me", headers=signed)).json()["needs"] == ["second_factor"]


async def waiters(house: SmallHouse) -> bool:
    async with house.db.transaction() as tx:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool((await tx.execute(text(waiting))).scalar_one())


async def test_a_session_revoked_in_mid_flight_changes_nothing_and_shows_nothing(house: SmallHouse) -> None:
    """The request was let in, waits for the conversation, and meanwhile its session is ended by an admin."""
    await house.hire("leaver", "agent")
    async with house.db.transaction() as tx:
        thread = await conversation(tx)
        case = await open_case(tx, draft(thread), NOW)
    async with house.client("leaver", If_Match='"1"') as leaver, house.client("admin") as admin:
        async with house.db.transaction() as tx:
            await tx.execute(select(conversations).where(conversations.c.id == thread).with_for_update())
            change = {"status": "assigned", "staff_id": str(house.members["leaver"].id)}
            request = asyncio.create_task(leaver.patch(f"/api/v1/cases/{case.receipt_no}", json=change))
            await until(lambda: waiters(house))
            ended = await admin.delete(f"/api/v1/staff/{house.members['leaver'].id}/sessions")
            assert ended.json() == {"count": 1}
        answer = await request
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/not_signed_in"
    async with house.db.transaction() as tx:
        row = (await tx.execute(select(cases.c.version, cases.c.staff_id).where(cases.c.id == case.id))).one()
    assert tuple(row) == (1, None)


async def test_an_admin_changes_staff_with_if_match_and_his_own_rights_never(house: SmallHouse) -> None:
    member = await house.hire("changed", "agent")
    url = f"/api/v1/staff/{member.id}"
    async with house.client("admin") as admin, house.client("manager") as manager:
        read = await admin.get(url)
        assert (read.headers["etag"], read.json()["departments"]) == ('"1"', [])
        change = {"departments": ["parks"], "role": "manager"}
        assert (await admin.patch(url, json=change)).status_code == 428
        assert (await manager.patch(url, json=change, headers={"If-Match": '"1"'})).status_code == 403
        changed = await admin.patch(url, json=change, headers={"If-Match": '"1"'})
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        assert (changed.json()["departments"], changed.json()["role"]) == (["parks"], "manager")
        assert (await admin.patch(url, json={"name": "늦음"}, headers={"If-Match": '"1"'})).status_code == 412
        for wrong in ({"departments": ["moon"]}, {"areas": ["atlantis"]}, {"role": "mayor"}, {}):
            assert (await admin.patch(url, json=wrong, headers={"If-Match": '"2"'})).status_code == 422
        own = f"/api/v1/staff/{house.members['admin'].id}"
        tag = (await admin.get(own)).headers["etag"]
        for mine in ({"role": "agent"}, {"sees_all": True}, {"is_active": False}, {"department_id": None}):
            assert (await admin.patch(own, json=mine, headers={"If-Match": tag})).status_code == 403
    async with house.client("changed") as former:
        assert (await former.get("/api/v1/me")).status_code == 401


async def test_a_member_added_by_an_admin_changes_his_password_first(house: SmallHouse) -> None:
    new = {"login": "temp.one", "name": "김임시", "role": "agent", "department_id": "road", "password": PASSWORD}
    async with house.client("admin") as admin, house.client(None) as stranger:
        made = await admin.post("/api/v1/staff", json=new)
        assert made.status_code == 201
        opened = await stranger.post("/api/v1/session", json={"login": "temp.one", "password": PASSWORD})
        assert opened.json()["staff"]["needs"] == ["password"]
        signed = {"Authorization": f"Bearer {opened.json()['token']}"}
        assert (await stranger.get("/api/v1/cases", headers=signed)).status_code == 403
        change = {"current": PASSWORD, "new": "다음-비밀번호-2027"}
        assert (await stranger.post("/api/v1/me/password", json=change, headers=signed)).status_code == 204
        assert (await stranger.get("/api/v1/cases", headers=signed)).status_code == 200
        reset = await admin.post(f"/api/v1/staff/{made.json()['id']}/password-reset")
        assert (await stranger.get("/api/v1/cases", headers=signed)).status_code == 401
        login = {"login": "temp.one", "password": reset.json()["password"]}
        assert (await stranger.post("/api/v1/session", json=login)).json()["staff"]["needs"] == ["password"]


async def test_i_end_one_of_my_sessions_or_all_others(house: SmallHouse) -> None:
    await house.hire("sitter", "agent")
    for _ in range(3):
        await house.another_session("sitter")
    async with house.client("sitter") as me:
        rows = (await me.get("/api/v1/me/sessions")).json()
        assert [row["is_this"] for row in rows].count(True) == 1 and len(rows) == 4
        other = next(row["id"] for row in rows if not row["is_this"])
        assert (await me.delete(f"/api/v1/me/sessions/{other}")).status_code == 204
        assert (await me.delete(f"/api/v1/me/sessions/{other}")).status_code == 404
        assert (await me.delete("/api/v1/me/sessions")).json() == {"count": 2}
        assert len((await me.get("/api/v1/me/sessions")).json()) == 1
    async with house.client("agent") as colleague:
        assert (await colleague.delete(f"/api/v1/me/sessions/{rows[0]['id']}")).status_code == 404


async def test_a_session_is_over_after_silence(house: SmallHouse) -> None:
    await house.hire("sleeper", "agent")
    patient, house.settings = (
        house.settings,
        house.settings.model_copy(update={"staff": house.settings.staff.model_copy(update={"idle_minutes": 30})}),
    )
    try:
        async with house.client("sleeper") as sleeper:
            house.clock.move(timedelta(minutes=29))
            assert (await sleeper.get("/api/v1/me")).status_code == 200
            house.clock.move(timedelta(minutes=29))
            assert (await sleeper.get("/api/v1/me")).status_code == 200
            house.clock.move(timedelta(minutes=30))
            assert (await sleeper.get("/api/v1/me")).status_code == 401
    finally:
        house.clock.move(-timedelta(minutes=88))
        house.settings = patient


async def held_by(house: SmallHouse, name: str, department_id: str = "road") -> Any:
    """A conversation with a case of the department, held by this member."""
    async with house.db.transaction() as tx:
        thread = await conversation(tx, owner="staff", staff_id=house.members[name].id)
        case = await open_case(tx, draft(thread, department_id=department_id), NOW)
        await tx.execute(update(cases).where(cases.c.id == case.id).values(department_id=department_id))
    return thread


async def test_a_team_head_frees_an_absent_colleagues_conversation_and_both_hear_of_it(house: SmallHouse) -> None:
    thread = await held_by(house, "colleague")
    url = f"/api/v1/conversations/{thread}/free"
    async with house.client("manager") as manager, house.client("agent") as agent:
        assert (await agent.post(url, json={"reason": "휴가"})).status_code == 403
        assert (await manager.post(url, json={})).status_code == 422
        freed = (await manager.post(url, json={"reason": "담당자 병가"})).json()
        assert (freed["owner"], freed["staff_id"]) == ("staff", None)
        assert (await manager.post(url, json={"reason": "또"})).status_code == 409
        given = {"reason": "이어서", "staff_id": str(house.members["agent"].id)}
        assert (await manager.post(url, json=given)).json()["staff_id"] == given["staff_id"]
        assert (await agent.post(f"/api/v1/conversations/{thread}/replies", json={"text": "네"})).status_code == 201
    async with house.db.transaction() as tx:
        wanted = (audit_log.c.object_id == str(thread), audit_log.c.action == "conversation.free")
        details = (await tx.execute(select(audit_log.c.detail).where(*wanted).order_by(audit_log.c.id))).scalars().all()
        notices = select(staff_notices.c.staff_id).where(staff_notices.c.kind == "conversation")
        told = set((await tx.execute(notices)).scalars())
    assert [one["reason"] for one in details] == ["담당자 병가", "이어서"]
    assert details[0]["from"] == str(house.members["colleague"].id)
    assert told == {house.members["colleague"].id, house.members["agent"].id}


async def test_a_conversation_is_given_to_nobody_who_may_not_see_it_already(house: SmallHouse) -> None:
    thread = await held_by(house, "colleague")
    parks = await house.hire("gardener", "agent", department_id="parks")
    async with house.client("manager") as manager:
        for whom in (parks.id, house.members["auditor"].id, new_id()):
            answer = await manager.post(
                f"/api/v1/conversations/{thread}/free", json={"reason": "이어서", "staff_id": str(whom)}
            )
            assert answer.status_code == 422
    theirs = await held_by(house, "gardener", "parks")
    async with house.client("manager") as manager:
        assert (await manager.post(f"/api/v1/conversations/{theirs}/free", json={"reason": "x"})).status_code == 404


async def test_where_a_session_came_from_is_kept(house: SmallHouse) -> None:
    await house.hire("traveller", "agent")
    async with house.client(None, User_Agent="Mozilla/5.0 " + "x" * 500) as stranger:
        await stranger.post("/api/v1/session", json={"login": "traveller.one", "password": PASSWORD})
    async with house.db.transaction() as tx:
        wanted = staff_sessions.c.staff_id == house.members["traveller"].id
        rows = (await tx.execute(select(staff_sessions).where(wanted, staff_sessions.c.source_ip != ""))).all()
    assert [(row.source_ip, len(row.user_agent)) for row in rows] == [("10.1.2.3", 120)]
