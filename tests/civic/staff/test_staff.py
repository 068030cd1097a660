"""Signing in: passwords that are not stored, tokens that can be taken back, guesses that are counted."""

import asyncio
import time
from datetime import timedelta
from typing import get_args

import pytest
from sqlalchemy import select

from civic.staff.access import record_access
from civic.staff.members import Member, active_member, add_staff, list_staff
from civic.staff.passwords import check_password
from civic.staff.permissions import ALLOWED, Action, Role, check
from civic.staff.policy import Policy
from civic.staff.sessions import SignedIn, hash_token, sign_out, who
from civic.staff.sign_in import Challenged, Refused, sign_in
from civic.staff.tables import access_log, audit_log, staff, staff_sessions
from core.db import Database
from core.errors import BadInput, Conflict, Forbidden, NotSignedIn
from core.ids import new_id
from tests.civic.cases.rows import CITY, NOW

PASSWORD = "sinmungo-북소리-2026"
DAY = timedelta(hours=9)
POLICY = Policy(lifetime=DAY, idle=2 * DAY)


async def add(database: Database, login: str, role: str = "agent", password: str = PASSWORD) -> Member:
    async with database.transaction() as tx:
        return await add_staff(
            tx, city_id=CITY, login=login, name="김담당", role=role, department_id="road", password=password, now=NOW
        )


async def attempt(
    database: Database, login: str, password: str = PASSWORD, after: timedelta = timedelta()
) -> SignedIn | Challenged | Refused:
    async with database.transaction() as tx:
        return await sign_in(tx, CITY, login, password, NOW + after, POLICY)


async def signed_in(database: Database, login: str, after: timedelta = timedelta()) -> SignedIn:
    result = await attempt(database, login, after=after)
    assert isinstance(result, SignedIn)
    return result


async def test_a_right_password_opens_a_session_and_only_its_hash_is_kept(database: Database) -> None:
    member = await add(database, "Kim.One")
    session = await signed_in(database, " KIM.one ")
    assert session.expires_at == NOW + DAY
    assert len(session.token) == 43
    async with database.transaction() as tx:
        assert (await who(tx, session.token, NOW, POLICY)).member == member == session.member
        kept = (await tx.execute(select(staff_sessions).where(staff_sessions.c.staff_id == member.id))).one()
        password = (await tx.execute(select(staff.c.password_hash).where(staff.c.id == member.id))).scalar_one()
    assert kept.token_hash == hash_token(session.token)
    assert session.token not in str(kept)
    assert password.startswith("$argon2id$") and PASSWORD not in password


async def test_a_session_ends_by_time_by_signing_out_and_by_leaving(database: Database) -> None:
    member = await add(database, "kim.two")
    first, second = await signed_in(database, "kim.two"), await signed_in(database, "kim.two")
    async with database.transaction() as tx:
        with pytest.raises(NotSignedIn):
            await who(tx, first.token, NOW + DAY, POLICY)
        await sign_out(tx, first.token, NOW)
        await sign_out(tx, first.token, NOW)
        with pytest.raises(NotSignedIn):
            await who(tx, first.token, NOW, POLICY)
        assert (await who(tx, second.token, NOW, POLICY)).member.id == member.id
        await tx.execute(staff.update().where(staff.c.id == member.id).values(is_active=False))
        with pytest.raises(NotSignedIn):
            await who(tx, second.token, NOW, POLICY)
        assert await active_member(tx, CITY, member.id) is None
    assert isinstance(await attempt(database, "kim.two"), Refused)


@pytest.mark.parametrize("token", ["", "x", "한글", "a" * 10_000])
async def test_no_such_token(database: Database, token: str) -> None:
    async with database.transaction() as tx:
        with pytest.raises(NotSignedIn):
            await who(tx, token, NOW, POLICY)


async def test_five_failures_lock_for_fifteen_minutes(database: Database) -> None:
    member = await add(database, "kim.three")
    for _ in range(5):
        assert isinstance(await attempt(database, "kim.three", "wrong password 1"), Refused)
    assert isinstance(await attempt(database, "kim.three", after=timedelta(minutes=14)), Refused)
    await signed_in(database, "kim.three", after=timedelta(minutes=15))
    async with database.transaction() as tx:
        rows = await tx.execute(select(audit_log.c.action).where(audit_log.c.object_id == str(member.id)))
        actions = [action for (action,) in rows]
    assert actions.count("staff.sign_in_failed") == 4
    assert actions.count("staff.locked") == 1


async def test_parallel_guesses_are_counted_one_by_one(database: Database) -> None:
    member = await add(database, "kim.four")
    await asyncio.gather(*(attempt(database, "kim.four", f"wrong guess {number}") for number in range(5)))
    assert isinstance(await attempt(database, "kim.four"), Refused)
    async with database.transaction() as tx:
        row = (await tx.execute(select(staff).where(staff.c.id == member.id))).one()
    assert row.locked_until == NOW + timedelta(minutes=15)


async def test_a_success_forgets_earlier_failures(database: Database) -> None:
    await add(database, "kim.five")
    for _ in range(2):
        for _ in range(4):
            await attempt(database, "kim.five", "wrong password 1")
        await signed_in(database, "kim.five")


async def test_an_unknown_login_costs_the_same_work(database: Database) -> None:
    await add(database, "kim.six")
    await attempt(database, "nobody", "warm up 12345")

    async def spent(login: str) -> float:
        best = 1e9
        for _ in range(4):
            start = time.perf_counter()
            assert isinstance(await attempt(database, login, "wrong password 1"), Refused)
            best = min(best, time.perf_counter() - start)
        return best

    known, unknown = await spent("kim.six"), await spent("nobody")
    assert unknown > known / 3


@pytest.mark.parametrize(
    "password",
    ["", "short1!", "onlyletters", "1234567890123", "aaaaaaaa1111", "kim.nine-2026!", "a1" * 70, "tab\tabcdefg1"],
)
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(BadInput):
        check_password(password, "kim.nine")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"login": "a"}, BadInput),
        ({"login": "김담당"}, BadInput),
        ({"login": "ok.login", "role": "mayor"}, BadInput),
        ({"login": "ok.login", "password": "weak"}, BadInput),
        ({"login": "taken"}, Conflict),
    ],
)
async def test_a_bad_member_is_not_added(database: Database, values: dict[str, str], error: type[Exception]) -> None:
    async with database.transaction() as tx:
        if await active_member(tx, CITY, new_id()) is None and "taken" not in {
            m.login for m in await list_staff(tx, CITY)
        }:
            await add_staff(
                tx, city_id=CITY, login="taken", name="김", role="agent", department_id=None, password=PASSWORD, now=NOW
            )
    with pytest.raises(error):
        await add(database, **values)


def test_each_role_may_do_what_the_table_says_and_nothing_else() -> None:
    assert set(ALLOWED) == set(get_args(Role))
    for role, allowed in ALLOWED.items():
        for action in Action:
            if action in allowed:
                check(role, action)
            else:
                with pytest.raises(Forbidden):
                    check(role, action)
    personal = {Action.CASE_READ, Action.CONVERSATION_READ, Action.INQUIRY_READ}
    assert not ALLOWED["auditor"] & personal
    assert all(action in ALLOWED["admin"] for action in Action)


async def test_a_look_leaves_a_row(database: Database) -> None:
    async with database.transaction() as tx:
        who_looked = new_id()
        await record_access(
            tx,
            city_id=CITY,
            staff_id=who_looked,
            action="case.read",
            subject_kind="case",
            subject_id="GP-2026-000001",
            source_ip="10.0.0.7",
            now=NOW,
        )
        row = (await tx.execute(select(access_log).where(access_log.c.staff_id == who_looked))).one()
    assert (row.subject_id, row.source_ip, row.at) == ("GP-2026-000001", "10.0.0.7", NOW)
