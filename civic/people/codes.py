"""A code by SMS proves whose telephone it is: few codes, short lives, few guesses, and no word on who is known here."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations import addresses
from civic.conversations.hidden import HIDDEN, forget_hidden
from civic.conversations.outbound import Draft, queue
from civic.conversations.tables import conversations
from civic.people.phone import international
from civic.people.tables import phone_challenges
from core.db import driver
from core.ids import new_id
from core.settings import People
from core.vault import Vault, vault_of

Refusal = Literal["", "locked", "conversation", "number"]
Verdict = Literal["right", "wrong", "expired", "locked"]
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 12))"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a code. `left`: guesses that remain. `until`: when a lock ends. The others: of the challenge that
    was met ("right")."""

    verdict: Verdict
    left: int = 0
    until: datetime | None = None
    phone_index: bytes = b""
    sms_conversation_id: UUID | None = None


def new_code() -> str:
    """Six digits, each as likely as any other."""
    return f"{secrets.randbelow(1_000_000):06}"


def phone_index(vault: Vault, phone: str) -> bytes:
    """The keyed hash that finds a number, the same as `citizens.phone_index`."""
    return vault.index("citizens.phone", phone)


async def refusal(
    tx: AsyncConnection, rules: People, city_id: str, conversation_id: UUID, number: bytes, now: datetime
) -> Refusal:
    """Why no code may be sent now: too many guesses, too many codes for this conversation, or for this number (or the
    whole city: told as the number). Says nothing of whether the number is known to the city.
    """
    if await _locked_until(tx, rules, conversation_id, now):
        return "locked"
    sent = select(func.count()).select_from(phone_challenges)
    hour, day = phone_challenges.c.created_at > now - timedelta(hours=1), now - timedelta(days=1)
    here = sent.where(phone_challenges.c.conversation_id == conversation_id, hour)
    if (await tx.scalar(here) or 0) >= rules.codes_per_hour:
        return "conversation"
    today = sent.where(phone_challenges.c.city_id == city_id, phone_challenges.c.created_at > day)
    if (await tx.scalar(today.where(phone_challenges.c.phone_index == number)) or 0) >= rules.codes_per_number_day:
        return "number"
    return "number" if (await tx.scalar(today) or 0) >= rules.codes_per_city_day else ""


async def send_code(
    tx: AsyncConnection,
    rules: People,
    *,
    city_id: str,
    conversation_id: UUID,
    sms_channel: str,
    phone: str,
    text: str,
    lang: str,
    priority: int,
    now: datetime,
) -> Refusal:
    """Queue one code to the number, or why not. `text` holds HIDDEN where the code stands; earlier codes die.

    Whoever asks for the same number at the same time waits here, so that the bounds hold.
    """
    vault = vault_of(tx)
    number = phone_index(vault, phone)
    connection = await driver(tx)
    await connection.execute(_LOCK, (f"{city_id}:{number.hex()}",))
    if why := await refusal(tx, rules, city_id, conversation_id, number, now):
        return why
    challenge, code = new_id(), new_code()
    target = await open_thread(tx, vault, city_id, sms_channel, phone, now)
    expires = now + timedelta(minutes=rules.code_minutes)
    draft = Draft(
        city_id=city_id,
        conversation_id=target,
        channel=sms_channel,
        body={"text": text, "hidden": code, "lang": lang},
        purpose="reply",
        priority=priority,
        valid_until=expires,
        next_attempt_at=now,
    )
    assert HIDDEN in text
    await tx.execute(
        insert(phone_challenges).values(
            id=challenge,
            city_id=city_id,
            conversation_id=conversation_id,
            sms_conversation_id=target,
            outbound_id=await queue(tx, draft, now),
            phone_index=number,
            code_hash=_hash(vault, challenge, code),
            created_at=now,
            expires_at=expires,
        )
    )
    return ""


async def open_thread(tx: AsyncConnection, vault: Vault, city_id: str, channel: str, phone: str, now: datetime) -> UUID:
    """The conversation with this number on a channel of telephone numbers, made when there is none."""
    made, address = new_id(), international(phone)
    row = upsert(conversations).values(
        id=made,
        city_id=city_id,
        channel=channel,
        address=addresses.key(vault, address, is_phone=True),
        address_sealed=addresses.sealed(vault, made, address, is_phone=True),
        last_inbound_at=now,
        created_at=now,
    )
    same = row.on_conflict_do_update(
        index_elements=["city_id", "channel", "address"], set_={"channel": row.excluded.channel}
    )
    return (await tx.execute(same.returning(conversations.c.id))).scalar_one()  # type: ignore[no-any-return]


async def judge(
    tx: AsyncConnection, rules: People, conversation_id: UUID, code: str, now: datetime, *, settles: bool = True
) -> Judged:
    """Hold a code against the last challenge of this conversation. `settles`: count the failure, or use the code up;
    without it nothing is written and the same call a moment later says the same.
    """
    if until := await _locked_until(tx, rules, conversation_id, now):
        return Judged("locked", until=until)
    row = await _last(tx, conversation_id, locked=settles)
    if row is None or row["used_at"] is not None or row["expires_at"] <= now:
        return Judged("expired")
    # A second look under the lock of the row: what came in side by side is judged one after another.
    if settles and (until := await _locked_until(tx, rules, conversation_id, now)):
        return Judged("locked", until=until)
    is_right = compare_digest(row["code_hash"], _hash(vault_of(tx), row["id"], code))
    here = update(phone_challenges).where(phone_challenges.c.id == row["id"])
    if is_right:
        if settles:
            await tx.execute(here.values(used_at=now))
        return Judged("right", phone_index=row["phone_index"], sms_conversation_id=row["sms_conversation_id"])
    failed = await _failures(tx, rules, conversation_id, now) + 1
    if settles:
        await tx.execute(here.values(failures=phone_challenges.c.failures + 1, failed_at=now))
    if failed >= rules.code_failures:
        return Judged("locked", until=now + timedelta(minutes=rules.lock_minutes))
    return Judged("wrong", left=rules.code_failures - failed)


async def tidy(tx: AsyncConnection, now: datetime) -> int:
    """Codes past their time leave the messages that carried them; challenges of the day before yesterday go."""
    over = select(phone_challenges.c.id, phone_challenges.c.outbound_id).where(
        phone_challenges.c.outbound_id.is_not(None), phone_challenges.c.expires_at < now - timedelta(minutes=1)
    )
    rows = (await tx.execute(over.limit(500).with_for_update(skip_locked=True))).all()
    await forget_hidden(tx, [row.outbound_id for row in rows])
    done = phone_challenges.c.id.in_([row.id for row in rows])
    await tx.execute(update(phone_challenges).where(done).values(outbound_id=None))
    await tx.execute(phone_challenges.delete().where(phone_challenges.c.created_at < now - timedelta(days=2)))
    return len(rows)


async def _last(tx: AsyncConnection, conversation_id: UUID, *, locked: bool) -> RowMapping | None:
    wanted = (
        select(phone_challenges)
        .where(phone_challenges.c.conversation_id == conversation_id)
        .order_by(phone_challenges.c.created_at.desc(), phone_challenges.c.id.desc())
        .limit(1)
    )
    return (await tx.execute(wanted.with_for_update() if locked else wanted)).mappings().one_or_none()


async def _failures(tx: AsyncConnection, rules: People, conversation_id: UUID, now: datetime) -> int:
    row = await _failed(tx, rules, conversation_id, now)
    return int(row.failures or 0)


async def _locked_until(tx: AsyncConnection, rules: People, conversation_id: UUID, now: datetime) -> datetime | None:
    row = await _failed(tx, rules, conversation_id, now)
    if (row.failures or 0) < rules.code_failures:
        return None
    until: datetime = row.last + timedelta(minutes=rules.lock_minutes)
    return until


async def _failed(tx: AsyncConnection, rules: People, conversation_id: UUID, now: datetime) -> Any:
    """How many guesses of this conversation were wrong within the time of a lock, and when the last one was."""
    since = now - timedelta(minutes=rules.lock_minutes)
    failures, last = func.sum(phone_challenges.c.failures), func.max(phone_challenges.c.failed_at)
    wanted = select(failures.label("failures"), last.label("last")).where(
        phone_challenges.c.conversation_id == conversation_id, phone_challenges.c.failed_at > since
    )
    return (await tx.execute(wanted)).one()


def _hash(vault: Vault, challenge: UUID, code: str) -> bytes:
    return vault.index("people.code", f"{challenge}:{code}")
