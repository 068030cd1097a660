"""Extending the 처리기간 (연장, 시행령 §21): once alone, once more with the citizen's consent, always with a reason."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import Actor, Case
from civic.cases.clock import DaysOff, Deadline
from civic.cases.clock import law as laws
from civic.cases.clock.extension import check, most, times
from civic.cases.clock.recount import due_after_pauses, started_at
from civic.cases.status import Status
from civic.cases.tables import case_events
from civic.cases.writing import event, his, locked, must_be_open, store
from core.errors import BadInput, Conflict

NEW_DATE = {"warn_level": 0, "warn_at": None, "progress_at": None}
"""What a new due date leaves to the rounds: nobody has been warned of it, nothing is planned."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A further extension that waits for the citizen's word. `amount` counts the unit of the period."""

    amount: int
    reason: str
    at: datetime


async def extend(
    tx: AsyncConnection,
    case_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
    reason: str,
    amount: int | None = None,
    consented: bool = False,
    days_off: DaysOff | None = None,
) -> Case:
    """Extend by `amount` units of the period (hours for 즉시); None: by as much as it was long at first.

    `consented`: the citizen agreed outside the conversation, and the member of staff answers for that. `days_off`:
    config.yml's. The caller tells the citizen (notice "extended", reason and new date).
    Raises NotFound, PreconditionFailed (not `expected_version`), BadInput (no reason, too long), Conflict (closed,
    over, one too many, or the citizen's consent is missing).
    """
    case = await _extendable(tx, case_id, now, expected_version, reason, days_off)
    if _extensions(case) >= times(laws.at(started_at(case)))[0]:
        if not consented:
            raise Conflict(
                "다시 연장하려면 민원인의 동의가 필요합니다.", "A further extension needs the citizen's consent."
            )
        await event(tx, case, actor, "consented", now, to_value="yes", public=True)
    return await _extended(tx, case, actor, now, _amount(case, amount), reason, days_off)


async def ask_consent(
    tx: AsyncConnection,
    case_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int | None,
    reason: str,
    amount: int | None = None,
    days_off: DaysOff | None = None,
) -> Case:
    """Put a further extension to the citizen. The caller asks him (notice "extension_asked", reason).

    Raises what `extend` raises, and Conflict while the city may still extend without asking.
    """
    case = await _extendable(tx, case_id, now, expected_version, reason, days_off)
    if _extensions(case) < times(laws.at(started_at(case)))[0]:
        raise Conflict("아직은 동의 없이 연장할 수 있습니다.", "No consent is needed yet.")
    wanted = _amount(case, amount)
    await event(tx, case, actor, "extension_asked", now, to_value=str(wanted), text=reason.strip(), public=True)
    return await store(tx, case, {}, now)


async def asked_of(tx: AsyncConnection, case_id: UUID) -> Asked | None:
    """The extension that the citizen has been asked for and has not answered."""
    last = (
        await tx.execute(
            select(case_events)
            .where(
                case_events.c.case_id == case_id,
                case_events.c.kind.in_(("extension_asked", "consented", "extended")),
            )
            .order_by(case_events.c.seq.desc())
            .limit(1)
        )
    ).one_or_none()
    return (
        Asked(int(last.to_value), last.text, last.at) if last is not None and last.kind == "extension_asked" else None
    )


async def answer_consent(
    tx: AsyncConnection,
    case_id: UUID,
    conversation_id: UUID,
    now: datetime,
    *,
    agreed: bool,
    days_off: DaysOff | None = None,
) -> Case:
    """The citizen's own yes or no to what `ask_consent` put to him; a yes extends at once.

    Raises NotFound when the case is not his, Conflict when nothing is asked or the time is over.
    """
    await his(tx, case_id, conversation_id)
    case = await locked(tx, case_id, None)
    asked = await asked_of(tx, case_id)
    if asked is None:
        raise Conflict("연장에 대해 여쭌 것이 없습니다.", "No extension has been asked for.")
    await event(
        tx, case, Actor.citizen(case.citizen_id), "consented", now, to_value="yes" if agreed else "no", public=True
    )
    if not agreed:
        return await store(tx, case, {}, now)
    await _must_run(tx, case, now, days_off)
    return await _extended(tx, case, Actor.system(), now, asked.amount, asked.reason, days_off)


async def _extendable(
    tx: AsyncConnection, case_id: UUID, now: datetime, version: int | None, reason: str, days_off: DaysOff | None
) -> Case:
    if not reason.strip():
        raise BadInput("연장하는 까닭을 적어 주세요.", "An extension needs a reason.")
    case = await locked(tx, case_id, version)
    await _must_run(tx, case, now, days_off)
    if _extensions(case) >= (last := times(laws.at(started_at(case)))[1]):
        raise Conflict(
            f"처리기간은 {last}번까지만 연장할 수 있습니다.",
            f"A period can be extended {last} times and no more.",
        )
    return case


async def _must_run(tx: AsyncConnection, case: Case, now: datetime, days_off: DaysOff | None) -> None:
    """Only a period that still runs can be extended; while the citizen is asked (보완) it stands and is not over."""
    must_be_open(case)
    end = case.due_at
    if case.status is Status.WAITING_CITIZEN:
        end = (await due_after_pauses(tx, case, days_off, until=now)).at
    if now > end:
        raise Conflict("처리 기한이 지난 민원은 연장할 수 없습니다.", "The period is over and cannot be extended.")


def _extensions(case: Case) -> int:
    """Of the period that runs: a case that is opened again starts with none."""
    return len(case.due_rule.get("extensions", []))


def _amount(case: Case, amount: int | None) -> int:
    law, deadline = laws.at(started_at(case)), Deadline.read(case.due_rule["deadline"])
    wanted = most(deadline, law) if amount is None else amount
    check(deadline, [wanted], law)
    return wanted


async def _extended(
    tx: AsyncConnection, case: Case, actor: Actor, now: datetime, amount: int, reason: str, days_off: DaysOff | None
) -> Case:
    known = list(case.due_rule.get("extensions", []))
    when = await due_after_pauses(tx, case, days_off, extension=[*known, amount])
    await event(tx, case, actor, "extended", now, to_value=str(amount), text=reason.strip(), public=True)
    await event(
        tx, case, actor, "due", now, from_value=case.due_at.isoformat(), to_value=when.at.isoformat(), public=True
    )
    values = {"extensions": len(known) + 1, "due_at": when.at, "due_rule": when.rule, **NEW_DATE}
    return await store(tx, case, values, now)
