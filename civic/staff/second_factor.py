"""The second factor: codes of an authenticator app (RFC 6238), and recovery codes for the day when it is lost."""

import hashlib
import io
import re
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.lockout import count_failure, is_locked, record
from civic.staff.passwords import matches
from civic.staff.sessions import revoke_all
from civic.staff.tables import recovery_codes, staff
from core.errors import BadInput, Conflict
from core.ids import new_id
from core.vault import vault_of

WINDOW = 1
"""Steps of 30 s before and after, for a clock that is a little off (RFC 6238 §5.2)."""
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10
_TOTP = re.compile(r"\d{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is shown once: the secret to type in, the same as otpauth:// address, and as a QR picture (SVG)."""

    secret: str
    uri: str
    qr_svg: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """Password or code was wrong, or the account is locked; a value, so that the caller commits what it counted."""

    def error(self) -> BadInput:
        return BadInput(
            "비밀번호 또는 인증 번호가 맞지 않습니다. 5번 틀리면 15분 동안 쓸 수 없습니다.",
            "Password or code is wrong. After 5 failures the account is locked for 15 minutes.",
        )


async def enrol(tx: AsyncConnection, staff_id: UUID, issuer: str, now: datetime) -> Enrolment:
    """A new secret, which counts once it is confirmed. Raises Conflict when a confirmed one is there already."""
    row = await locked_row(tx, staff_id)
    if row.totp_confirmed_at is not None:
        raise Conflict(
            "2단계 인증이 이미 등록되어 있습니다. 먼저 해제해 주세요.",
            "A second factor is set already; remove it first.",
        )
    secret = pyotp.random_base32()
    sealed = vault_of(tx).seal(secret, _context(staff_id))
    await tx.execute(update(staff).where(staff.c.id == staff_id).values(totp_sealed=sealed, totp_last_step=None))
    await record(tx, row, "staff.second_factor_begun", now)
    uri = pyotp.TOTP(secret).provisioning_uri(name=row.login, issuer_name=issuer)
    return Enrolment(secret, uri, _qr(uri))


def _qr(uri: str) -> str:
    picture = io.BytesIO()
    segno.make(uri, error="m", micro=False).save(picture, kind="svg", xmldecl=False, scale=5, border=4, nl=False)
    return picture.getvalue().decode()


async def confirm(
    tx: AsyncConnection, staff_id: UUID, code: str, now: datetime, *, session_id: UUID | None
) -> list[str]:
    """From now on the factor counts; other sessions end. The recovery codes, shown once.

    Raises Conflict when nothing was begun or it is confirmed already, BadInput for a wrong code.
    """
    row = await locked_row(tx, staff_id)
    if row.totp_sealed is None or row.totp_confirmed_at is not None:
        raise Conflict("등록 중인 2단계 인증이 없습니다.", "There is no second factor to confirm.")
    step = _step(tx, row, code, now)
    if step is None:
        raise BadInput("인증 번호가 맞지 않습니다.", "This code is wrong.")
    confirmed = {"totp_confirmed_at": now, "totp_last_step": step, "version": row.version + 1}
    await tx.execute(update(staff).where(staff.c.id == staff_id).values(confirmed))
    codes = await _new_codes(tx, row, now)
    await revoke_all(tx, staff_id, now, keep=session_id)
    await record(tx, row, "staff.second_factor_set", now)
    return codes


async def remove(tx: AsyncConnection, staff_id: UUID, password: str, code: str, now: datetime) -> Wrong | None:
    """With password and code; a recovery code will do. Raises Conflict when there is none."""
    row = await locked_row(tx, staff_id)
    if row.totp_confirmed_at is None:
        raise Conflict("등록된 2단계 인증이 없습니다.", "There is no second factor.")
    if is_locked(row, now):
        return Wrong()
    if not await matches(row.password_hash, password) or not await accept(tx, row, code, now):
        await count_failure(tx, row, now)
        return Wrong()
    await clear(tx, row)
    await record(tx, row, "staff.second_factor_removed", now)
    return None


async def clear(tx: AsyncConnection, row: Row[Any]) -> None:
    """Without asking; `totp_asked_at` stays, so that no new days of grace begin."""
    nothing = {"totp_sealed": None, "totp_confirmed_at": None, "totp_last_step": None, "version": row.version + 1}
    await tx.execute(update(staff).where(staff.c.id == row.id).values(nothing))
    await tx.execute(delete(recovery_codes).where(recovery_codes.c.staff_id == row.id))


async def accept(tx: AsyncConnection, row: Row[Any], code: str, now: datetime) -> bool:
    """Whether the code is right, and now used up. `row` is the account's, locked, with a confirmed factor."""
    typed = "".join(code.split())
    if not _TOTP.fullmatch(typed):
        return await _spend(tx, row, typed, now)
    step = _step(tx, row, typed, now)
    if step is None:
        return False
    await tx.execute(update(staff).where(staff.c.id == row.id).values(totp_last_step=step))
    return True


def _step(tx: AsyncConnection, row: Row[Any], code: str, now: datetime) -> int | None:
    """The time step whose code this is, if it is newer than the last one taken: a code is worth something once."""
    if row.totp_sealed is None:
        return None
    totp = pyotp.TOTP(vault_of(tx).open(row.totp_sealed, _context(row.id)))
    try:
        step = totp.verify_and_get_timecode("".join(code.split()), for_time=now, valid_window=WINDOW)
    except OTPVerificationError:
        return None
    return step if row.totp_last_step is None or step > row.totp_last_step else None


async def codes_left(tx: AsyncConnection, staff_id: UUID) -> int:
    unused = (recovery_codes.c.staff_id == staff_id, recovery_codes.c.used_at.is_(None))
    return int((await tx.execute(select(func.count()).where(*unused))).scalar_one())


async def _spend(tx: AsyncConnection, row: Row[Any], code: str, now: datetime) -> bool:
    spent = await tx.execute(
        update(recovery_codes)
        .where(
            recovery_codes.c.staff_id == row.id,
            recovery_codes.c.code_hash == _hash_code(code),
            recovery_codes.c.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(recovery_codes.c.id)
    )
    if spent.one_or_none() is None:
        return False
    await record(tx, row, "staff.recovery_code_used", now)
    return True


async def _new_codes(tx: AsyncConnection, row: Row[Any], now: datetime) -> list[str]:
    await tx.execute(delete(recovery_codes).where(recovery_codes.c.staff_id == row.id))
    raw = [b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    await tx.execute(
        insert(recovery_codes),
        [
            {
                "id": new_id(),
                "city_id": row.city_id,
                "staff_id": row.id,
                "code_hash": _hash_code(code),
                "created_at": now,
            }
            for code in raw
        ],
    )
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in raw]


def _hash_code(code: str) -> str:
    """SHA-256 is enough for 80 random bits."""
    return hashlib.sha256(code.replace("-", "").lower().encode("utf-8", "surrogatepass")).hexdigest()


async def locked_row(tx: AsyncConnection, staff_id: UUID) -> Row[Any]:
    return (await tx.execute(select(staff).where(staff.c.id == staff_id).with_for_update())).one()


def _context(staff_id: UUID) -> str:
    return f"staff.totp_sealed:{staff_id}"
