"""Changing staff: nobody raises his own rights, one admin always stays, changed rights end sessions at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from civic.staff.change import MemberChange, change_member
from civic.staff.credentials import change_own_password, end_sessions, reset_password, unlock
from civic.staff.members import Member, add_staff, member_of
from civic.staff.second_factor import Wrong
from civic.staff.sessions import SignedIn, revoke, revoke_others, sessions_of
from civic.staff.sign_in import Refused
from civic.staff.tables import audit_log, staff
from core.db import Database
from core.errors import BadInput, Conflict, Forbidden, NotFound, NotSignedIn, PreconditionFailed
from core.ids import new_id
from tests.civic.cases.rows import CITY, NOW, departments_of_city
from tests.civic.staff.people import PASSWORD, POLICY, add, first_step, row_of, seat, signed_in
from tests.waiting import until

NEW = "새-비밀번호-2026-가을"


async def change(
    database: Database, by: Member | None, whose: Member, *, versions: frozenset[int] | None = None, **values: Any
) -> Member:
    async with database.transaction() as tx:
        await departments_of_city(tx)
        return await change_member(tx, CITY, whose.id, MemberChange(**values), NOW, by=by, versions=versions)


@pytest.mark.parametrize(
    "values",
    [
        {"role": "agent"},
        {"is_active": False},
        {"sees_all": True},
        {"departments": ("parks",)},
        {"department_id": (None,)},
        {"areas": ("gochon",)},
    ],
)
async def test_nobody_changes_his_own_rights(database: Database, values: dict[str, Any]) -> None:
    login = f"own.{next(iter(values))}"
    admin = await add(database, login, "admin")
    with pytest.raises(Forbidden):
        await change(database, admin, admin, **values)
    assert Member.of(await row_of(database, admin)) == admin
    assert (await change(database, admin, admin, name="김새이름")).name == "김새이름"


@pytest.mark.parametrize("role", ["manager", "agent", "auditor"])
async def test_only_an_admin_touches_staff(database: Database, role: str) -> None:
    member, agent = await add(database, f"touch.{role}", role), await add(database, f"touched.{role}")
    with pytest.raises(Forbidden):
        await change(database, member, agent, name="다른이름")
    async with database.transaction() as tx:
        with pytest.raises(Forbidden):
            await reset_password(tx, CITY, agent.id, NOW, by=member, lifetime=timedelta(hours=72))
        with pytest.raises(Forbidden):
            await end_sessions(tx, CITY, agent.id, NOW, by=member)
        with pytest.raises(Forbidden):
            await unlock(tx, CITY, agent.id, NOW, by=member)


async def test_nobody_grants_a_role_above_his_own(database: Database) -> None:
    manager = await add(database, "grant.manager", "manager")
    values: dict[str, Any] = {"city_id": CITY, "name": "김", "department_id": None, "password": PASSWORD, "now": NOW}
    async with database.transaction() as tx:
        with pytest.raises(Forbidden):
            await add_staff(tx, login="grant.above", role="admin", by=manager, **values)
        assert (await add_staff(tx, login="grant.same", role="manager", by=manager, **values)).role == "manager"


async def only_admins(database: Database, *members: Member) -> None:
    """Whoever else is an admin in this database steps down."""
    async with database.transaction() as tx:
        others = (staff.c.role == "admin", staff.c.id.not_in([one.id for one in members]))
        await tx.execute(update(staff).where(*others).values(role="agent"))


async def test_the_last_active_admin_stays(database: Database) -> None:
    first, second = await add(database, "last.first", "admin"), await add(database, "last.second", "admin")
    await only_admins(database, first, second)
    assert not (await change(database, first, second, is_active=False)).is_active
    for values in ({"role": "manager"}, {"is_active": False}):
        with pytest.raises(Conflict):
            await change(database, None, first, **values)
    assert (await change(database, None, first, name="마지막")).name == "마지막"


async def test_two_admins_who_remove_each_other_at_once_leave_one(database: Database) -> None:
    first, second = await add(database, "duel.first", "admin"), await add(database, "duel.second", "admin")
    await only_admins(database, first, second)
    results = await asyncio.gather(
        change(database, first, second, role="agent"),
        change(database, second, first, is_active=False),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in results) == ["Conflict", "Member"]
    rows = [await row_of(database, one) for one in (first, second)]
    assert sum(row.role == "admin" and row.is_active for row in rows) == 1


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ({"role": "manager"}, True),
        ({"departments": ("parks",)}, True),
        ({"department_id": ("parks",)}, True),
        ({"sees_all": True}, True),
        ({"is_active": False}, True),
        ({"name": "김새이름"}, False),
        ({"role": "agent"}, False),
    ],
)
async def test_changed_rights_end_his_sessions_at_once(database: Database, values: dict[str, Any], ends: bool) -> None:
    admin = await add(database, f"rights.{new_id().hex[:12]}", "admin")
    member = await add(database, f"rights.{new_id().hex[:12]}")
    session = await signed_in(database, member.login)
    changed = await change(database, admin, member, **values)
    if ends:
        with pytest.raises(NotSignedIn):
            await seat(database, session.token)
    else:
        assert (await seat(database, session.token)).member == changed


async def test_a_stale_version_changes_nothing_and_each_change_is_one_further(database: Database) -> None:
    admin, member = await add(database, "version.admin", "admin"), await add(database, "version.member")
    assert member.version == 1
    once = await change(database, admin, member, versions=frozenset({1}), departments=("parks", "parks"))
    assert (once.version, once.departments) == (2, ("parks",))
    with pytest.raises(PreconditionFailed):
        await change(database, admin, member, versions=frozenset({1}), name="늦은이름")
    assert (await change(database, admin, member, versions=frozenset({2}), departments=("parks",))).version == 2


async def test_places_that_the_city_does_not_have_are_refused(database: Database) -> None:
    member = await add(database, "places.member")
    for values in ({"departments": ("road", "moon")}, {"department_id": ("moon",)}, {"areas": ("atlantis",)}):
        with pytest.raises(BadInput):
            await change(database, None, member, **values)
    with pytest.raises(NotFound):
        async with database.transaction() as tx:
            await change_member(tx, CITY, new_id(), MemberChange(name="x"), NOW, by=None, versions=None)


async def test_the_audit_row_says_who_changed_which_rights_and_no_name(database: Database) -> None:
    admin, member = await add(database, "audit.admin", "admin"), await add(database, "audit.member")
    await change(database, admin, member, role="manager", name="김승진")
    async with database.transaction() as tx:
        wanted = (audit_log.c.object_id == str(member.id), audit_log.c.action == "staff.changed")
        row = (await tx.execute(select(audit_log).where(*wanted))).one()
    assert (row.actor_id, row.detail) == (admin.id, {"role": "manager", "version": 2})


async def test_a_temporary_password_is_short_lived_and_must_be_changed_first(database: Database) -> None:
    admin, member = await add(database, "reset.admin", "admin"), await add(database, "reset.member")
    old = await signed_in(database, "reset.member")
    async with database.transaction() as tx:
        password, until = await reset_password(tx, CITY, member.id, NOW, by=admin, lifetime=timedelta(hours=72))
        with pytest.raises(Forbidden):
            await reset_password(tx, CITY, admin.id, NOW, by=admin, lifetime=timedelta(hours=72))
    assert until == NOW + timedelta(hours=72)
    with pytest.raises(NotSignedIn):
        await seat(database, old.token)
    assert isinstance(await first_step(database, "reset.member"), Refused)
    assert isinstance(await first_step(database, "reset.member", password, now=until), Refused)
    session = await signed_in(database, "reset.member", password=password)
    assert session.needs == ("password",)
    async with database.transaction() as tx:
        with pytest.raises(BadInput):
            await change_own_password(tx, member.id, password, password, NOW, session_id=None)
    here = (await seat(database, session.token)).session_id
    async with database.transaction() as tx:
        assert await change_own_password(tx, member.id, password, NEW, NOW, session_id=here) is None
    assert (await seat(database, session.token)).needs == ()
    assert isinstance(await first_step(database, "reset.member", password), Refused)
    assert (await signed_in(database, "reset.member", password=NEW)).needs == ()


async def test_an_admin_unlocks_before_the_time_is_over(database: Database) -> None:
    admin, member = await add(database, "unlock.admin", "admin"), await add(database, "unlock.member")
    for _ in range(5):
        await first_step(database, "unlock.member", "wrong password 1")
    assert isinstance(await first_step(database, "unlock.member"), Refused)
    async with database.transaction() as tx:
        await unlock(tx, CITY, member.id, NOW, by=admin)
    assert isinstance(await first_step(database, "unlock.member"), SignedIn)


async def test_changing_my_password_ends_my_other_sessions_and_a_wrong_one_is_counted(database: Database) -> None:
    member = await add(database, "password.mine")
    here, there = await signed_in(database, "password.mine"), await signed_in(database, "password.mine")
    session_id = (await seat(database, here.token)).session_id

    async def attempt(current: str) -> Wrong | None:
        async with database.transaction() as tx:
            return await change_own_password(tx, member.id, current, NEW, NOW, session_id=session_id)

    for _ in range(2):
        assert isinstance(await attempt("wrong password 1"), Wrong)
    assert (await row_of(database, member)).failed_logins == 2
    assert await attempt(PASSWORD) is None
    assert (await seat(database, here.token)).member.id == member.id
    with pytest.raises(NotSignedIn):
        await seat(database, there.token)
    for _ in range(5):
        await attempt("wrong password 1")
    assert isinstance(await attempt(NEW), Wrong), "locked"


async def test_a_session_ends_by_silence_and_its_last_use_is_noted_once_a_minute(database: Database) -> None:
    member = await add(database, "idle.member")
    session = await signed_in(database, "idle.member")

    async def last_seen() -> Any:
        async with database.transaction() as tx:
            return (await sessions_of(tx, member.id, NOW, POLICY))[0].last_seen_at

    await seat(database, session.token, NOW + timedelta(seconds=59))
    assert await last_seen() == NOW
    await seat(database, session.token, NOW + timedelta(seconds=60))
    assert await last_seen() == NOW + timedelta(seconds=60)
    await seat(database, session.token, NOW + timedelta(minutes=30))
    await seat(database, session.token, NOW + timedelta(minutes=59))
    with pytest.raises(NotSignedIn):
        await seat(database, session.token, NOW + timedelta(minutes=89))


async def test_i_see_and_end_my_own_sessions_only(database: Database) -> None:
    mine, his = await add(database, "list.mine"), await add(database, "list.his")
    await signed_in(database, "list.mine")
    here = await seat(database, (await signed_in(database, "list.mine", now=NOW + timedelta(minutes=1))).token)
    other = await seat(database, (await signed_in(database, "list.his")).token)
    async with database.transaction() as tx:
        shown = await sessions_of(tx, mine.id, NOW + timedelta(minutes=2), POLICY)
        assert (len(shown), shown[0].id) == (2, here.session_id)
        assert shown[0].user_agent == "Mozilla/5.0"
        with pytest.raises(NotFound):
            await revoke(tx, mine, other.session_id, NOW)
        assert await revoke_others(tx, mine, here.session_id, NOW) == 1
        await revoke(tx, mine, here.session_id, NOW)
        assert await sessions_of(tx, mine.id, NOW, POLICY) == []
        assert len(await sessions_of(tx, his.id, NOW, POLICY)) == 1


async def somebody_waits(database: Database) -> bool:
    """For a row that another transaction holds."""
    async with database.transaction() as tx:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool((await tx.execute(text(waiting))).scalar_one())


async def test_a_sign_in_that_races_with_leaving_opens_no_session(database: Database) -> None:
    member = await add(database, "race.leaver")
    session = await signed_in(database, "race.leaver")
    async with database.transaction() as tx:
        await tx.execute(update(staff).where(staff.c.id == member.id).values(is_active=False))
        attempt = asyncio.create_task(first_step(database, "race.leaver"))
        await until(lambda: somebody_waits(database))
    assert isinstance(await attempt, Refused)
    with pytest.raises(NotSignedIn):
        await seat(database, session.token)
    async with database.transaction() as tx:
        assert not (await member_of(tx, CITY, member.id)).is_active
