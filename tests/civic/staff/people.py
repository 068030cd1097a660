"""Members of staff and their sign-ins, for the tests of the staff room."""

from datetime import datetime, timedelta
from typing import Any

import pyotp
from sqlalchemy import select, update

from civic.staff import second_factor
from civic.staff.members import Member, add_staff
from civic.staff.policy import Origin, Policy
from civic.staff.sessions import Seat, SignedIn, who
from civic.staff.sign_in import Challenged, Refused, second_step, sign_in
from civic.staff.tables import staff
from core.db import Database
from tests.civic.cases.rows import CITY, NOW

PASSWORD = "sinmungo-북소리-2026"
POLICY = Policy(lifetime=timedelta(hours=9), idle=timedelta(minutes=30), grace=timedelta(days=14), source_failures=8)


async def add(database: Database, login: str, role: str = "agent", **values: Any) -> Member:
    async with database.transaction() as tx:
        given = {"name": "김담당", "department_id": "road", "password": PASSWORD, "now": NOW, **values}
        return await add_staff(tx, city_id=CITY, login=login, role=role, **given)


async def first_step(
    database: Database, login: str, password: str = PASSWORD, *, now: datetime = NOW, ip: str = ""
) -> SignedIn | Challenged | Refused:
    async with database.transaction() as tx:
        return await sign_in(tx, CITY, login, password, now, POLICY, Origin(ip, "Mozilla/5.0"))


async def signed_in(database: Database, login: str, *, now: datetime = NOW, password: str = PASSWORD) -> SignedIn:
    result = await first_step(database, login, password, now=now)
    assert isinstance(result, SignedIn)
    return result


async def challenged(database: Database, login: str, *, now: datetime = NOW) -> str:
    result = await first_step(database, login, now=now)
    assert isinstance(result, Challenged)
    return result.challenge


async def answer(
    database: Database, challenge: str, code: str, *, now: datetime = NOW, ip: str = ""
) -> SignedIn | Refused:
    async with database.transaction() as tx:
        return await second_step(tx, CITY, challenge, code, now, POLICY, Origin(ip))


async def seat(database: Database, token: str, now: datetime = NOW) -> Seat:
    """Raises NotSignedIn."""
    async with database.transaction() as tx:
        return await who(tx, token, now, POLICY)


async def enrolled(database: Database, member: Member, now: datetime = NOW) -> tuple[pyotp.TOTP, list[str]]:
    """His app, and his recovery codes; the code of `now` is used up."""
    async with database.transaction() as tx:
        made = await second_factor.enrol(tx, member.id, "김포시 신문고", now)
    totp = pyotp.TOTP(made.secret)
    async with database.transaction() as tx:
        codes = await second_factor.confirm(tx, member.id, totp.at(now), now, session_id=None)
    return totp, codes


async def row_of(database: Database, member: Member) -> Any:
    async with database.transaction() as tx:
        return (await tx.execute(select(staff).where(staff.c.id == member.id))).one()


async def set_row(database: Database, member: Member, **values: Any) -> None:
    async with database.transaction() as tx:
        await tx.execute(update(staff).where(staff.c.id == member.id).values(**values))
