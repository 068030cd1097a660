"""Signing in and out: opaque server sessions, revocable at once (docs/adr/0003)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.audit import record_change
from civic.staff.members import Member
from civic.staff.passwords import hash_password, is_outdated, matches
from civic.staff.tables import staff, staff_sessions
from core.errors import NotSignedIn
from core.ids import new_id

MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` is shown once and stored nowhere; `expires_at` is aware UTC."""

    token: str
    expires_at: datetime
    member: Member


@dataclass(frozen=True, slots=True)
class Refused:
    """Wrong login, wrong password, locked or no longer active: which of these is not told.

    A value and not an error, so that the caller commits the failure it counts.
    """

    def error(self) -> NotSignedIn:
        return NotSignedIn(
            "아이디 또는 비밀번호가 맞지 않습니다. 5번 틀리면 15분 동안 로그인할 수 없습니다.",
            "Login or password is wrong. After 5 failures signing in is locked for 15 minutes.",
        )


async def sign_in(
    tx: AsyncConnection, city_id: str, login: str, password: str, now: datetime, *, lifetime: timedelta
) -> SignedIn | Refused:
    """Try to sign in. The account's row is locked meanwhile, so parallel guesses are counted one by one."""
    wanted = (staff.c.city_id == city_id, staff.c.login == login.strip().lower())
    row = (await tx.execute(select(staff).where(*wanted).with_for_update())).one_or_none()
    is_right = await matches(row.password_hash if row else None, password)
    if row is None:
        return Refused()
    is_locked = row.locked_until is not None and row.locked_until > now
    if is_locked or not row.is_active:
        return Refused()
    if not is_right:
        failures = row.failed_logins + 1
        locks = failures >= MAX_FAILURES
        counted = {"failed_logins": 0 if locks else failures, "locked_until": now + LOCKED_FOR if locks else None}
        await tx.execute(update(staff).where(staff.c.id == row.id).values(counted))
        await _record(tx, Member.of(row), "staff.locked" if locks else "staff.sign_in_failed", now)
        return Refused()
    changes: dict[str, object] = {"failed_logins": 0, "locked_until": None}
    if is_outdated(row.password_hash):
        changes["password_hash"] = await hash_password(password)
    await tx.execute(update(staff).where(staff.c.id == row.id).values(changes))
    return await _open_session(tx, Member.of(row), now, lifetime)


async def _open_session(tx: AsyncConnection, member: Member, now: datetime, lifetime: timedelta) -> SignedIn:
    token = secrets.token_urlsafe(32)
    await tx.execute(
        insert(staff_sessions).values(
            id=new_id(),
            staff_id=member.id,
            token_hash=hash_token(token),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    await _record(tx, member, "staff.signed_in", now)
    return SignedIn(token, now + lifetime, member)


def hash_token(token: str) -> str:
    """SHA-256 is enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


async def sign_out(tx: AsyncConnection, token: str, now: datetime) -> None:
    """Revoke the session; one that is unknown or over already is no error."""
    await tx.execute(
        update(staff_sessions)
        .where(staff_sessions.c.token_hash == hash_token(token), staff_sessions.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


async def who(tx: AsyncConnection, token: str, now: datetime) -> Member:
    """Whose token this is. Raises NotSignedIn when unknown, over, revoked, or the member has left."""
    found = await tx.execute(
        select(staff)
        .join(staff_sessions, staff_sessions.c.staff_id == staff.c.id)
        .where(
            staff_sessions.c.token_hash == hash_token(token),
            staff_sessions.c.revoked_at.is_(None),
            staff_sessions.c.expires_at > now,
            staff.c.is_active,
        )
    )
    row = found.one_or_none()
    if row is None:
        raise NotSignedIn("로그인이 필요합니다.", "Please sign in.")
    return Member.of(row)


async def _record(tx: AsyncConnection, member: Member, action: str, now: datetime) -> None:
    await record_change(
        tx,
        city_id=member.city_id,
        actor_kind="staff",
        actor_id=member.id,
        action=action,
        object_kind="staff",
        object_id=str(member.id),
        detail={},
        now=now,
    )
