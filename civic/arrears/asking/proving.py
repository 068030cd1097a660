"""Who he is: a proven telephone that is the debtor's, and one secret. Nothing is told before, not even if he is known.

지방세기본법 §86: tax data go to nobody but the taxpayer. What is asked of the store is the same whoever asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Literal
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.arrears.asking.tables import arrears_attempts, arrears_identified, arrears_locks
from civic.arrears.ledger.people import persons
from civic.arrears.tables import arrears_bills, arrears_debtors
from core.arrears_desk_rules import Asking
from core.db import driver
from core.ids import new_id

How = Literal["tax_no", "pay_no", "birth"]
Kind = Literal["right", "wrong", "locked", "several"]
TAIL = 4
"""Digits at the end of a number that are asked for."""
BIRTH = 6
_NOBODY = UUID(int=0)
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 28))"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a secret. `left`: tries that remain. `until`: when the lock ends. `debtor_id`, `how`: of the one
    that it proved. several: it fits more than one debtor of this telephone, so that staff must help."""

    kind: Kind
    left: int = 0
    until: datetime | None = None
    debtor_id: UUID | None = None
    how: How | None = None


async def known(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> UUID | None:
    """The debtor who has shown in this conversation, lately, that he is it."""
    wanted = (
        select(arrears_identified.c.debtor_id)
        .where(
            arrears_identified.c.conversation_id == conversation_id,
            arrears_identified.c.until > now,
            arrears_identified.c.ended_at.is_(None),
        )
        .order_by(arrears_identified.c.at.desc(), arrears_identified.c.id.desc())
        .limit(1)
    )
    found: UUID | None = await tx.scalar(wanted)
    return found


async def end(tx: AsyncConnection, conversation_id: UUID, now: datetime) -> int:
    """He is done, or somebody else takes the telephone: nothing more is told here until he proves it again."""
    here = update(arrears_identified).where(
        arrears_identified.c.conversation_id == conversation_id,
        arrears_identified.c.until > now,
        arrears_identified.c.ended_at.is_(None),
    )
    return (await tx.execute(here.values(ended_at=now))).rowcount


async def locked_until(
    tx: AsyncConnection, city_id: str, conversation_id: UUID, number: bytes, now: datetime
) -> datetime | None:
    """Until when nothing is asked here or of this number, if too many secrets were wrong."""
    wanted = select(func.max(arrears_locks.c.until)).where(
        arrears_locks.c.city_id == city_id,
        arrears_locks.c.lifted_at.is_(None),
        arrears_locks.c.until > now,
        or_(arrears_locks.c.conversation_id == conversation_id, arrears_locks.c.phone_index == number),
    )
    until: datetime | None = await tx.scalar(wanted)
    return until


async def judge(
    tx: AsyncConnection,
    rules: Asking,
    city_id: str,
    conversation_id: UUID,
    number: bytes,
    secret: str,
    now: datetime,
    *,
    settles: bool = True,
) -> Verdict:
    """Hold a secret (digits) against the debtors of a proven number (its keyed hash). `settles`: count it, lock at the
    last failure, note the proof; without it nothing is written, and the same call a moment later says the same.

    Whoever tries the same number at the same time waits here, so that five are five over all conversations.
    """
    if settles:
        await (await driver(tx)).execute(_LOCK, (f"{city_id}:{number.hex()}",))
    if until := await locked_until(tx, city_id, conversation_id, number, now):
        return Verdict("locked", until=until)
    proven = await _proven(tx, rules, city_id, number, secret)
    failed = await _failures(tx, rules, city_id, conversation_id, number, now)
    if len(proven) == 1:
        (debtor_id, how), *_ = proven
        if settles:
            await _note(tx, city_id, conversation_id, number, now, is_right=True)
            await _identify(tx, rules, city_id, conversation_id, debtor_id, how, now)
        return Verdict("right", debtor_id=debtor_id, how=how)
    if len(proven) > 1:
        return Verdict("several")
    if settles:
        await _note(tx, city_id, conversation_id, number, now, is_right=False)
    if failed + 1 < rules.failures:
        return Verdict("wrong", left=rules.failures - failed - 1)
    until = now + timedelta(minutes=rules.lock_minutes)
    if settles:
        await _lock(tx, city_id, conversation_id, number, failed + 1, now, until)
    return Verdict("locked", until=until)


async def _proven(
    tx: AsyncConnection, rules: Asking, city_id: str, number: bytes, secret: str
) -> Sequence[tuple[UUID, How]]:
    """Debtors of the number to whom the secret belongs. The same questions to the store whoever is behind the number,
    and as many comparisons for nobody as for one."""
    of_number = select(arrears_debtors.c.id).where(
        arrears_debtors.c.city_id == city_id, arrears_debtors.c.phone_index == number
    )
    ids = list(await tx.scalars(of_number.order_by(arrears_debtors.c.id)))
    people = await persons(tx, city_id, ids or [_NOBODY])
    rows = await tx.execute(
        select(arrears_bills.c.debtor_id, arrears_bills.c.pay_no).where(
            arrears_bills.c.debtor_id.in_(ids or [_NOBODY]), arrears_bills.c.state == "open"
        )
    )
    pay_nos: dict[UUID, list[str]] = {}
    for row in rows:
        pay_nos.setdefault(row.debtor_id, []).append(row.pay_no)
    found: list[tuple[UUID, How]] = []
    for debtor_id in ids or [_NOBODY]:
        person = people.get(debtor_id)
        values: list[tuple[How, str]] = [("tax_no", _tail(person.tax_no if person else ""))]
        values.append(("birth", person.birth if person else ""))
        values += [("pay_no", _tail(one)) for one in pay_nos.get(debtor_id, [""])]
        hows = [how for how, value in values if how in rules.secrets and _same(value, secret)]
        if hows and debtor_id != _NOBODY:
            found.append((debtor_id, hows[0]))
    return found


def _tail(number: str) -> str:
    digits = "".join(char for char in number if char.isdigit())
    return digits[-TAIL:] if len(digits) >= TAIL else ""


def _same(value: str, secret: str) -> bool:
    is_same = compare_digest(value.encode(), secret.encode())
    return is_same and bool(value)


async def _failures(
    tx: AsyncConnection, rules: Asking, city_id: str, conversation_id: UUID, number: bytes, now: datetime
) -> int:
    """Wrong secrets within the time of a lock: of this conversation, or of this number, whichever are more."""
    since = now - timedelta(minutes=rules.lock_minutes)
    is_here = arrears_attempts.c.conversation_id == conversation_id
    is_number = arrears_attempts.c.phone_index == number
    wanted = select(func.count().filter(is_here), func.count().filter(is_number)).where(
        arrears_attempts.c.city_id == city_id,
        arrears_attempts.c.at > since,
        arrears_attempts.c.is_right.is_(False),
        arrears_attempts.c.is_forgiven.is_(False),
        or_(is_here, is_number),
    )
    here, of_number = (await tx.execute(wanted)).one()
    return max(here, of_number)


async def _note(
    tx: AsyncConnection, city_id: str, conversation_id: UUID, number: bytes, now: datetime, *, is_right: bool
) -> None:
    values = {"city_id": city_id, "conversation_id": conversation_id, "phone_index": number, "at": now}
    await tx.execute(insert(arrears_attempts).values(id=new_id(), is_right=is_right, **values))


async def _identify(
    tx: AsyncConnection, rules: Asking, city_id: str, conversation_id: UUID, debtor_id: UUID, how: How, now: datetime
) -> None:
    await end(tx, conversation_id, now)
    await tx.execute(
        insert(arrears_identified).values(
            id=new_id(),
            city_id=city_id,
            conversation_id=conversation_id,
            debtor_id=debtor_id,
            how=how,
            at=now,
            until=now + timedelta(minutes=rules.proof_minutes),
        )
    )


async def _lock(
    tx: AsyncConnection,
    city_id: str,
    conversation_id: UUID,
    number: bytes,
    failures: int,
    now: datetime,
    until: datetime,
) -> None:
    await tx.execute(
        insert(arrears_locks).values(
            id=new_id(),
            city_id=city_id,
            conversation_id=conversation_id,
            phone_index=number,
            failures=failures,
            at=now,
            until=until,
        )
    )
