"""Sessions of staff: opaque tokens, revocable at once, ended by time, by silence and by every change of rights."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.lockout import record
from civic.staff.members import Member
from civic.staff.policy import Need, Origin, Policy
from civic.staff.tables import challenges, staff, staff_sessions
from core.errors import NotFound, NotSignedIn
from core.ids import new_id

_SEEN_EVERY = timedelta(minutes=1)
_AGENT_CHARS = 120
_KEPT_FOR = timedelta(days=90)
"""Rows of sessions long over; who signed in when stays in the audit log."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` is shown once and stored nowhere; `expires_at` is aware UTC; `needs` limits what the session opens."""

    token: str
    expires_at: datetime
    member: Member
    needs: tuple[Need, ...] = ()
    second_factor_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """Who asks, by which session, and what he must do first."""

    member: Member
    session_id: UUID
    needs: tuple[Need, ...]
    second_factor_due: datetime | None


@dataclass(frozen=True, slots=True)
class OpenSession:
    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    source_ip: str
    user_agent: str


def hash_token(token: str) -> str:
    """SHA-256 is enough for 256 random bits: there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


async def open_session(tx: AsyncConnection, row: Row[Any], now: datetime, policy: Policy, origin: Origin) -> SignedIn:
    """For the locked `row` of staff, after all that is asked of him was right: earlier failures are forgotten."""
    changed: dict[str, object] = {"failed_logins": 0, "locked_until": None}
    if row.totp_asked_at is None and policy.asks_second_factor(row.role):
        changed["totp_asked_at"] = now
    row = (await tx.execute(update(staff).where(staff.c.id == row.id).values(changed).returning(staff))).one()
    token, expires_at = secrets.token_urlsafe(32), now + policy.lifetime
    await tx.execute(
        insert(staff_sessions).values(
            id=new_id(),
            staff_id=row.id,
            token_hash=hash_token(token),
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            source_ip=origin.ip,
            user_agent=origin.user_agent[:_AGENT_CHARS],
        )
    )
    await record(tx, row, "staff.signed_in", now)
    return SignedIn(token, expires_at, Member.of(row), policy.needs(row, now), policy.second_factor_due(row))


async def sign_out(tx: AsyncConnection, token: str, now: datetime) -> None:
    """Revoke the session; one that is unknown or over already is no error."""
    await tx.execute(
        update(staff_sessions)
        .where(staff_sessions.c.token_hash == hash_token(token), staff_sessions.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


async def who(tx: AsyncConnection, token: str, now: datetime, policy: Policy) -> Seat:
    """Whose token this is. Raises NotSignedIn when unknown, over, idle too long, revoked, or the member has left."""
    found = await tx.execute(
        select(staff, staff_sessions.c.id.label("session_id"), staff_sessions.c.last_seen_at)
        .join(staff_sessions, staff_sessions.c.staff_id == staff.c.id)
        .where(staff_sessions.c.token_hash == hash_token(token), _is_live(now), _last_seen() > now - policy.idle)
    )
    row = found.one_or_none()
    if row is None:
        raise not_signed_in()
    if row.last_seen_at is None or row.last_seen_at <= now - _SEEN_EVERY:
        await tx.execute(update(staff_sessions).where(staff_sessions.c.id == row.session_id).values(last_seen_at=now))
    return Seat(Member.of(row), row.session_id, policy.needs(row, now), policy.second_factor_due(row))


async def still_signed_in(tx: AsyncConnection, session_id: UUID, now: datetime) -> None:
    """Asked again in the transaction that reads or changes: what was revoked meanwhile brings nothing out or in.

    Raises NotSignedIn.
    """
    found = await tx.execute(
        select(staff_sessions.c.id)
        .join(staff, staff.c.id == staff_sessions.c.staff_id)
        .where(staff_sessions.c.id == session_id, _is_live(now))
    )
    if found.one_or_none() is None:
        raise not_signed_in()


async def sessions_of(tx: AsyncConnection, staff_id: UUID, now: datetime, policy: Policy) -> list[OpenSession]:
    """The member's open sessions, the latest seen first."""
    names = [name for name in OpenSession.__dataclass_fields__ if name != "last_seen_at"]
    found = await tx.execute(
        select(*(staff_sessions.c[name] for name in names), _last_seen().label("last_seen_at"))
        .join(staff, staff.c.id == staff_sessions.c.staff_id)
        .where(staff_sessions.c.staff_id == staff_id, _is_live(now), _last_seen() > now - policy.idle)
        .order_by(_last_seen().desc(), staff_sessions.c.id.desc())
    )
    return [OpenSession(**row._mapping) for row in found]


async def revoke(tx: AsyncConnection, member: Member, session_id: UUID, now: datetime) -> None:
    """One of his own. Raises NotFound for any other."""
    ended = await tx.execute(
        update(staff_sessions)
        .where(
            staff_sessions.c.id == session_id,
            staff_sessions.c.staff_id == member.id,
            staff_sessions.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .returning(staff_sessions.c.id)
    )
    if ended.one_or_none() is None:
        raise NotFound("로그인 세션을 찾을 수 없습니다.", "No such session.")
    await record(tx, member, "staff.session_revoked", now, count=1)


async def revoke_others(tx: AsyncConnection, member: Member, keep: UUID | None, now: datetime) -> int:
    """All of his own but the one he sits in; how many."""
    await tx.execute(select(staff.c.id).where(staff.c.id == member.id).with_for_update())
    count = await revoke_all(tx, member.id, now, keep=keep)
    await record(tx, member, "staff.session_revoked", now, count=count)
    return count


async def revoke_all(tx: AsyncConnection, staff_id: UUID, now: datetime, *, keep: UUID | None = None) -> int:
    """Every session of his but `keep`, and half-finished sign-ins; how many sessions. The caller holds his row."""
    wanted = [staff_sessions.c.staff_id == staff_id, staff_sessions.c.revoked_at.is_(None)]
    if keep is not None:
        wanted.append(staff_sessions.c.id != keep)
    ended = await tx.execute(update(staff_sessions).where(*wanted).values(revoked_at=now))
    await tx.execute(
        update(challenges).where(challenges.c.staff_id == staff_id, challenges.c.used_at.is_(None)).values(used_at=now)
    )
    return ended.rowcount


async def forget(tx: AsyncConnection, city_id: str, now: datetime) -> None:
    """Sessions over for a quarter of a year, and challenges of yesterday."""
    people = select(staff.c.id).where(staff.c.city_id == city_id)
    await tx.execute(
        delete(staff_sessions).where(
            staff_sessions.c.staff_id.in_(people), staff_sessions.c.expires_at < now - _KEPT_FOR
        )
    )
    await tx.execute(
        delete(challenges).where(challenges.c.city_id == city_id, challenges.c.expires_at < now - timedelta(days=1))
    )


def _is_live(now: datetime) -> Any:
    return and_(staff_sessions.c.revoked_at.is_(None), staff_sessions.c.expires_at > now, staff.c.is_active)


def _last_seen() -> Any:
    return func.coalesce(staff_sessions.c.last_seen_at, staff_sessions.c.created_at)


def not_signed_in() -> NotSignedIn:
    return NotSignedIn("로그인이 필요합니다.", "Please sign in.")
