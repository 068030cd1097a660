"""Links and codes: the one-tap address of a step, and how a company's contact ties his messenger to his entry.

A token is 144 random bits and lies in the message alone; we keep its SHA-256. It opens one matter for one person.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.people import DUTY, mark_of
from civic.air.matters.record import Actor
from civic.air.matters.tables import air_contact_codes, air_contact_links, air_matter_steps, air_matters
from civic.staff.service import active_member, record_change
from core.air_rules import Air, Contact
from core.errors import NotFound
from core.ids import new_id

PATH = "/air/ack/"
CODE_HOURS = 24
_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without letters that are taken for others; ten of them are 49 bits."""


@dataclass(frozen=True, slots=True)
class Door:
    """What a token opens. `is_over`: its time has passed, or its matter began anew, or its person has left."""

    step_id: UUID
    matter_id: UUID
    lane: str
    actor: Actor
    until: datetime
    is_over: bool

    @property
    def is_company(self) -> bool:
        return self.lane != DUTY


def new_token() -> tuple[str, str]:
    """A token and its hash."""
    token = secrets.token_urlsafe(18)
    return token, hashed(token)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def door(tx: AsyncConnection, city_id: str, token: str, now: datetime, rules: Air) -> Door | None:
    """None for a token that we never wrote."""
    step = air_matter_steps.c
    wanted = (
        select(step.id, step.matter_id, step.round, step.lane, step.person, step.staff_id, step.token_until)
        .add_columns(air_matters.c.round.label("now_round"))
        .join(air_matters, air_matters.c.id == step.matter_id)
        .where(step.city_id == city_id, step.token_hash == hashed(token))
    )
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        return None
    if row.lane == DUTY:
        member = await active_member(tx, city_id, row.staff_id) if row.staff_id else None
        actor, is_there = Actor("staff", row.staff_id), member is not None
    else:
        company = rules.companies.get(row.lane)
        marks = {mark_of(row.lane, one) for one in company.contacts} if company else set()
        actor, is_there = Actor.of_company(row.lane), row.person.removeprefix("contact:") in marks
    is_over = now >= row.token_until or row.round != row.now_round or not is_there
    return Door(row.id, row.matter_id, row.lane, actor, row.token_until, is_over)


async def new_code(
    tx: AsyncConnection, city_id: str, company: str, number: int, by: UUID, now: datetime, rules: Air
) -> tuple[str, datetime]:
    """A code for contact `number` (from 1) of a company, to be told him by the city; it lives a day and works once.

    Raises NotFound.
    """
    contact = contact_of(rules, company, number)
    code = "".join(secrets.choice(_LETTERS) for _ in range(10))
    until = now + timedelta(hours=CODE_HOURS)
    mark = mark_of(company, contact)
    earlier = air_contact_codes.c
    await tx.execute(
        delete(air_contact_codes).where(
            earlier.city_id == city_id, (earlier.expires_at < now) | (earlier.mark == mark), earlier.used_at.is_(None)
        )
    )
    await tx.execute(
        insert(air_contact_codes).values(
            id=new_id(),
            city_id=city_id,
            company=company,
            mark=mark,
            code_hash=hashed(code),
            made_by=by,
            made_at=now,
            expires_at=until,
        )
    )
    await _record(tx, city_id, "air_contact.code_made", company, mark, now, by=by)
    return f"{code[:5]}-{code[5:]}", until


async def redeem(
    tx: AsyncConnection, city_id: str, conversation_id: UUID, code: str, now: datetime, rules: Air
) -> str | None:
    """The company whose contact is told in this conversation from now on; None for a code that is none (any more)."""
    plain = "".join(one for one in code.upper() if one.isalnum())
    found = air_contact_codes.c
    wanted = (found.city_id == city_id, found.code_hash == hashed(plain), found.used_at.is_(None))
    used = update(air_contact_codes).where(*wanted, found.expires_at > now).values(used_at=now)
    row = (await tx.execute(used.returning(found.company, found.mark))).one_or_none()
    if row is None or row.company not in rules.companies:
        return None
    link = upsert(air_contact_links).values(
        city_id=city_id, company=row.company, mark=row.mark, conversation_id=conversation_id, linked_at=now
    )
    same = {"conversation_id": conversation_id, "linked_at": now}
    await tx.execute(link.on_conflict_do_update(index_elements=["city_id", "company", "mark"], set_=same))
    await _record(tx, city_id, "air_contact.linked", row.company, row.mark, now)
    return str(row.company)


async def unlink(tx: AsyncConnection, city_id: str, conversation_id: UUID, now: datetime) -> int:
    """This conversation is no contact's any more; of how many companies it was."""
    link = air_contact_links.c
    gone = delete(air_contact_links).where(link.city_id == city_id, link.conversation_id == conversation_id)
    rows = (await tx.execute(gone.returning(link.company, link.mark))).all()
    for row in rows:
        await _record(tx, city_id, "air_contact.unlinked", row.company, row.mark, now)
    return len(rows)


def contact_of(rules: Air, company: str, number: int) -> Contact:
    """Raises NotFound."""
    found = rules.companies.get(company)
    if found is None or not 1 <= number <= len(found.contacts):
        raise NotFound("config.yml에 그런 사업장 연락처가 없습니다.", "No such contact of a company.")
    return found.contacts[number - 1]


async def _record(
    tx: AsyncConnection, city_id: str, action: str, company: str, mark: str, now: datetime, *, by: UUID | None = None
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff" if by else "system",
        actor_id=by,
        action=action,
        object_kind="air_company",
        object_id=company,
        detail={"contact": mark},
        now=now,
    )
