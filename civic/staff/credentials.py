"""Passwords over time: one's own change, a temporary one from an admin, unlocking, taking a lost second factor away."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff import second_factor
from civic.staff.change import record_by
from civic.staff.lockout import count_failure, is_locked, record
from civic.staff.members import Member, may_grant, member_of
from civic.staff.passwords import check_password, hash_password, matches
from civic.staff.permissions import Action, check
from civic.staff.second_factor import Wrong, locked_row
from civic.staff.sessions import revoke_all
from civic.staff.tables import staff
from core.errors import BadInput, Conflict, Forbidden

_ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Without what is misread over the telephone: l, I, o, O, i, 0, 1."""
_LENGTH = 16


async def change_own_password(
    tx: AsyncConnection, staff_id: UUID, current: str, new: str, now: datetime, *, session_id: UUID | None
) -> Wrong | None:
    """With the present one, temporary or not; all other sessions end. A wrong one counts as a failed sign-in.

    Raises BadInput for a new one that is weak or not new.
    """
    row = await locked_row(tx, staff_id)
    if is_locked(row, now):
        return Wrong()
    if not await matches(row.password_hash, current):
        await count_failure(tx, row, now)
        return Wrong()
    check_password(new, row.login)
    if current == new:
        raise BadInput("지금과 다른 비밀번호를 정해 주세요.", "The new password must differ from the present one.")
    changed = {"password_hash": await hash_password(new), "temporary_until": None, "failed_logins": 0}
    await tx.execute(update(staff).where(staff.c.id == staff_id).values(changed))
    await revoke_all(tx, staff_id, now, keep=session_id)
    await record(tx, row, "staff.password_changed", now)
    return None


async def reset_password(
    tx: AsyncConnection, city_id: str, staff_id: UUID, now: datetime, *, by: Member | None, lifetime: timedelta
) -> tuple[str, datetime]:
    """A temporary password, shown once, and until when it is worth anything. Unlocks, and ends all sessions.

    Raises NotFound, Forbidden (one's own; somebody of a higher role), Conflict (no longer active).
    """
    whose = await _target(tx, city_id, staff_id, by)
    if not whose.is_active:
        raise Conflict("사용이 중지된 계정입니다.", "This account is not active.")
    password, until = _temporary(whose.login), now + lifetime
    changed = {
        "password_hash": await hash_password(password),
        "temporary_until": until,
        "failed_logins": 0,
        "locked_until": None,
        "version": whose.version + 1,
    }
    await tx.execute(update(staff).where(staff.c.id == staff_id).values(changed))
    await revoke_all(tx, staff_id, now)
    await record_by(tx, by, whose, "staff.password_reset", {}, now)
    return password, until


def _temporary(login: str) -> str:
    """16 of 54 characters: 92 random bits. Drawn again until the rule for passwords is kept."""
    while True:
        drawn = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        try:
            check_password(drawn, login)
        except BadInput:
            continue
        return drawn


async def take_factor_away(
    tx: AsyncConnection, city_id: str, staff_id: UUID, now: datetime, *, by: Member | None
) -> None:
    """Somebody lost his telephone and his recovery codes: an admin takes the factor away; all sessions end.

    Raises NotFound, Forbidden (one's own: with password and code instead), Conflict (there is none).
    """
    whose = await _target(tx, city_id, staff_id, by)
    if not whose.has_second_factor:
        raise Conflict("등록된 2단계 인증이 없습니다.", "There is no second factor.")
    await second_factor.clear(tx, await locked_row(tx, staff_id))
    await revoke_all(tx, staff_id, now)
    await record_by(tx, by, whose, "staff.second_factor_taken_away", {}, now)


async def end_sessions(tx: AsyncConnection, city_id: str, staff_id: UUID, now: datetime, *, by: Member | None) -> int:
    """Sign somebody out everywhere; how many sessions ended. Raises NotFound, Forbidden."""
    whose = await member_of(tx, city_id, staff_id, lock=True)
    if by is not None:
        check(by.role, Action.STAFF_CHANGE)
        may_grant(by, whose.role)
    ended = await revoke_all(tx, staff_id, now)
    await record_by(tx, by, whose, "staff.sessions_ended", {"count": ended}, now)
    return ended


async def unlock(tx: AsyncConnection, city_id: str, staff_id: UUID, now: datetime, *, by: Member | None) -> None:
    """Before the quarter of an hour is over. Raises NotFound, Forbidden."""
    whose = await _target(tx, city_id, staff_id, by)
    await tx.execute(update(staff).where(staff.c.id == staff_id).values(failed_logins=0, locked_until=None))
    await record_by(tx, by, whose, "staff.unlocked", {}, now)


async def _target(tx: AsyncConnection, city_id: str, staff_id: UUID, by: Member | None) -> Member:
    """Somebody else's account, locked."""
    whose = await member_of(tx, city_id, staff_id, lock=True)
    if by is not None:
        check(by.role, Action.STAFF_CHANGE)
        may_grant(by, whose.role)
        if by.id == whose.id:
            raise Forbidden("자기 계정에는 쓸 수 없습니다.", "Not for your own account.")
    return whose
