"""Which member of a messenger is which member of staff: told once by a code from a signed-in session, ended by either.

The link gives no rights: each action asks anew for the role and the scope that the person has at that moment.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.staff.service import Member, record_change
from civic.staff.tables import staff
from civic.staffroom.tables import staff_link_codes, staff_link_tries, staff_links
from core.errors import NotFound
from core.ids import new_id

CODE_FOR = timedelta(minutes=10)
MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Nothing that looks like something else; eight of them are 40 random bits."""


@dataclass(frozen=True, slots=True)
class Link:
    """`member` is the person's key in the messenger."""

    channel: str
    member: str
    staff_id: UUID
    created_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class WrongCode:
    """The failure is counted; `locked_until` is set when the next tries are not even looked at."""

    locked_until: datetime | None = None


async def new_code(tx: AsyncConnection, city_id: str, staff_id: UUID, now: datetime) -> tuple[str, datetime]:
    """A code like ABCD-2345, shown once, and when it ends. An earlier one of the same person is worth nothing."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    values = {"city_id": city_id, "code_hash": _hash(letters), "created_at": now, "expires_at": now + CODE_FOR}
    row = upsert(staff_link_codes).values(staff_id=staff_id, **values)
    await tx.execute(row.on_conflict_do_update(index_elements=["staff_id"], set_=values))
    await _record(tx, city_id, staff_id, staff_id, "staff.room_code_made", now)
    return f"{letters[:4]}-{letters[4:]}", values["expires_at"]  # type: ignore[return-value]


async def redeem(
    tx: AsyncConnection, city_id: str, channel: str, member: str, code: str, now: datetime, *, days: int
) -> Member | WrongCode:
    """Link the member to whose code it is; links that either had end. Five failures lock him out for 15 minutes."""
    tries = await _tries(tx, city_id, channel, member, now)
    if tries.locked_until is not None and tries.locked_until > now:
        return WrongCode(tries.locked_until)
    found = await tx.execute(
        delete(staff_link_codes)
        .where(
            staff_link_codes.c.code_hash == _hash(code.upper().replace("-", "")),
            staff_link_codes.c.city_id == city_id,
            staff_link_codes.c.expires_at > now,
        )
        .returning(staff_link_codes.c.staff_id)
    )
    staff_id = found.scalar_one_or_none()
    row = await _active(tx, city_id, staff_id) if staff_id is not None else None
    if row is None:
        return await _failed(tx, tries, now)
    mine = (staff_link_tries.c.city_id == city_id, staff_link_tries.c.channel == channel)
    await tx.execute(delete(staff_link_tries).where(*mine, staff_link_tries.c.member == member))
    await _end(
        tx, city_id, channel, (staff_links.c.member == member) | (staff_links.c.staff_id == row.id), "again", now
    )
    await tx.execute(
        staff_links.insert().values(
            id=new_id(),
            city_id=city_id,
            channel=channel,
            member=member,
            staff_id=row.id,
            created_at=now,
            until_at=now + timedelta(days=days),
        )
    )
    await _record(tx, city_id, row.id, row.id, "staff.room_linked", now, channel=channel, member=member)
    return Member.of(row)


async def who(tx: AsyncConnection, city_id: str, channel: str, member: str, now: datetime) -> Member | None:
    """Who that is now, with the rights he has now; None for whoever is not linked, whose link is over, who has left.

    Neither the link nor the account can end before this transaction does.
    """
    found = await tx.execute(
        select(staff)
        .join(staff_links, staff_links.c.staff_id == staff.c.id)
        .where(
            staff_links.c.city_id == city_id,
            staff_links.c.channel == channel,
            staff_links.c.member == member,
            staff_links.c.ended_at.is_(None),
            staff_links.c.until_at > now,
            staff.c.is_active,
        )
        .with_for_update(read=True)
    )
    row = found.one_or_none()
    return Member.of(row) if row is not None else None


async def links_of(tx: AsyncConnection, city_id: str, staff_id: UUID, now: datetime) -> list[Link]:
    """The links that hold, of one person."""
    wanted = (staff_links.c.city_id == city_id, staff_links.c.staff_id == staff_id)
    columns = [staff_links.c[name] for name in Link.__dataclass_fields__]
    holds = (staff_links.c.ended_at.is_(None), staff_links.c.until_at > now)
    found = await tx.execute(select(*columns).where(*wanted, *holds).order_by(staff_links.c.channel))
    return [Link(**row._mapping) for row in found]


async def unlink(
    tx: AsyncConnection, city_id: str, staff_id: UUID, now: datetime, *, by: UUID, channel: str | None = None
) -> None:
    """By himself, or by whoever may change accounts. Raises NotFound when nothing links him."""
    whose = staff_links.c.staff_id == staff_id
    if not await _end(tx, city_id, channel, whose, "unlinked", now, by=by):
        raise NotFound("연결된 메신저 계정이 없습니다.", "No messenger account is linked.")


async def end_of_leavers(tx: AsyncConnection, city_id: str, now: datetime) -> int:
    """Whose account was switched off has no link, also when it is switched on again; how many."""
    left = select(staff.c.id).where(staff.c.city_id == city_id, ~staff.c.is_active)
    return await _end(tx, city_id, None, staff_links.c.staff_id.in_(left), "left", now)


async def _end(
    tx: AsyncConnection,
    city_id: str,
    channel: str | None,
    whose: ColumnElement[bool],
    reason: str,
    now: datetime,
    *,
    by: UUID | None = None,
) -> int:
    wanted = [staff_links.c.city_id == city_id, staff_links.c.ended_at.is_(None), whose]
    if channel is not None:
        wanted.append(staff_links.c.channel == channel)
    ended = update(staff_links).where(*wanted).values(ended_at=now, ended_reason=reason)
    gone = (await tx.execute(ended.returning(staff_links.c.staff_id, staff_links.c.channel))).all()
    for row in gone:
        await _record(tx, city_id, row.staff_id, by, "staff.room_unlinked", now, channel=row.channel, reason=reason)
    return len(gone)


async def _tries(tx: AsyncConnection, city_id: str, channel: str, member: str, now: datetime) -> Any:
    """His row, locked, so that parallel guesses are counted one by one."""
    key = {"city_id": city_id, "channel": channel, "member": member}
    fresh = upsert(staff_link_tries).values(**key, failures=0, updated_at=now)
    touched = fresh.on_conflict_do_update(index_elements=list(key), set_={"updated_at": now})
    return (await tx.execute(touched.returning(*staff_link_tries.c))).one()


async def _failed(tx: AsyncConnection, tries: Any, now: datetime) -> WrongCode:
    failures = tries.failures + 1
    until = now + LOCKED_FOR if failures >= MAX_FAILURES else None
    mine = (
        staff_link_tries.c.city_id == tries.city_id,
        staff_link_tries.c.channel == tries.channel,
        staff_link_tries.c.member == tries.member,
    )
    counted = {"failures": 0 if until else failures, "locked_until": until}
    await tx.execute(update(staff_link_tries).where(*mine).values(counted))
    return WrongCode(until)


async def _active(tx: AsyncConnection, city_id: str, staff_id: UUID) -> Any:
    wanted = (staff.c.id == staff_id, staff.c.city_id == city_id, staff.c.is_active)
    return (await tx.execute(select(staff).where(*wanted).with_for_update(read=True))).one_or_none()


async def _record(
    tx: AsyncConnection, city_id: str, whose: UUID, by: UUID | None, action: str, now: datetime, **detail: object
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if by else "system",
        actor_id=by,
        action=action,
        object_kind="staff",
        object_id=str(whose),
        detail=detail,
        now=now,
    )


def _hash(letters: str) -> str:
    return hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest()
