"""Signing in, in one step or two: the password, then the second factor of whoever has one."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff import second_factor, sources
from civic.staff.lockout import count_failure, is_locked, record
from civic.staff.passwords import hash_password, is_outdated, matches
from civic.staff.policy import NOWHERE, Origin, Policy
from civic.staff.sessions import SignedIn, hash_token, open_session
from civic.staff.tables import challenges, staff
from core.errors import NotSignedIn, SinmungoError, TooMany
from core.ids import new_id

CHALLENGE_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Challenged:
    """The password was right. `challenge` goes with the code, within five minutes."""

    challenge: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """Wrong login, wrong password or code, locked or no longer active: which of these is not told.

    A value and not an error, so that the caller commits the failure it counts.
    """

    by_address: bool = False

    def error(self) -> SinmungoError:
        if self.by_address:
            return TooMany(
                "이 주소에서 로그인에 너무 많이 실패했습니다. 15분 뒤에 다시 해 주세요.",
                "Too many failed sign-ins from this address. Try again in 15 minutes.",
            )
        return NotSignedIn(
            "아이디 또는 비밀번호가 맞지 않습니다. 5번 틀리면 15분 동안 로그인할 수 없습니다.",
            "Login or password is wrong. After 5 failures signing in is locked for 15 minutes.",
        )


async def sign_in(
    tx: AsyncConnection,
    city_id: str,
    login: str,
    password: str,
    now: datetime,
    policy: Policy,
    origin: Origin = NOWHERE,
) -> SignedIn | Challenged | Refused:
    """The first step. Rows of address and account are locked meanwhile, so parallel guesses are counted one by one."""
    if await sources.locked(tx, city_id, origin.ip, now):
        return Refused(by_address=True)
    wanted = (staff.c.city_id == city_id, staff.c.login == login.strip().lower())
    row = (await tx.execute(select(staff).where(*wanted).with_for_update())).one_or_none()
    is_right = await matches(row.password_hash if row else None, password)
    if row is None or is_locked(row, now) or not row.is_active or not is_right or _is_stale(row, now):
        await sources.count(tx, city_id, origin.ip, now, policy.source_failures)
        if row is not None and not is_locked(row, now) and row.is_active and not is_right:
            await count_failure(tx, row, now)
        return Refused()
    if is_outdated(row.password_hash):
        fresh = {"password_hash": await hash_password(password)}
        await tx.execute(update(staff).where(staff.c.id == row.id).values(fresh))
    if row.totp_confirmed_at is None:
        return await open_session(tx, row, now, policy, origin)
    # Earlier failures stay counted: or whoever has the password could guess codes for ever.
    return await _challenge(tx, row, now)


def _is_stale(row: Row[Any], now: datetime) -> bool:
    return row.temporary_until is not None and row.temporary_until <= now


async def _challenge(tx: AsyncConnection, row: Row[Any], now: datetime) -> Challenged:
    token = secrets.token_urlsafe(32)
    await tx.execute(
        insert(challenges).values(
            id=new_id(),
            city_id=row.city_id,
            staff_id=row.id,
            token_hash=hash_token(token),
            created_at=now,
            expires_at=now + CHALLENGE_FOR,
        )
    )
    return Challenged(token, now + CHALLENGE_FOR)


async def second_step(
    tx: AsyncConnection,
    city_id: str,
    challenge: str,
    code: str,
    now: datetime,
    policy: Policy,
    origin: Origin = NOWHERE,
) -> SignedIn | Refused:
    """A code of the app or a recovery code, for a challenge that is fresh and unused; failures count as in step one."""
    if await sources.locked(tx, city_id, origin.ip, now):
        return Refused(by_address=True)
    is_his = (challenges.c.city_id == city_id, challenges.c.token_hash == hash_token(challenge))
    owner = (await tx.execute(select(challenges.c.staff_id).where(*is_his))).scalar_one_or_none()
    row = None
    if owner is not None:
        row = (await tx.execute(select(staff).where(staff.c.id == owner).with_for_update())).one()
        is_open = (*is_his, challenges.c.used_at.is_(None), challenges.c.expires_at > now)
        if (await tx.execute(select(challenges.c.id).where(*is_open))).one_or_none() is None:
            row = None
    if row is None or is_locked(row, now) or not row.is_active:
        await sources.count(tx, city_id, origin.ip, now, policy.source_failures)
        return Refused()
    if not await second_factor.accept(tx, row, code, now):
        await sources.count(tx, city_id, origin.ip, now, policy.source_failures)
        await count_failure(tx, row, now)
        return Refused()
    await tx.execute(update(challenges).where(*is_his).values(used_at=now))
    await record(tx, row, "staff.second_factor_passed", now)
    return await open_session(tx, row, now, policy, origin)
