"""A change of status by a member of staff as every door of his makes it: with the way to object where one is due."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.appeal import default_appeal
from civic.cases.case import Actor, Case
from civic.cases.change import change_status
from civic.cases.clock import DaysOff
from civic.cases.status import Status
from civic.conversations.tables import conversations
from core.settings import Cases


async def decide(
    tx: AsyncConnection,
    rules: Cases,
    case: Case,
    to: Status,
    actor: Actor,
    now: datetime,
    *,
    expected_version: int,
    text: str = "",
    appeal: str | None = None,
    transferred_to: str | None = None,
    transferred_contact: str | None = None,
    days_off: DaysOff | None = None,
) -> Case:
    """A refusal without an `appeal` gets the city's own text, in the citizen's language. Raises what `change_status`
    raises. Whoever decides tells the citizen (`notices.tell`)."""
    if to is Status.REFUSED and appeal is None:
        appeal = default_appeal(rules, now, await _lang(tx, case))
    return await change_status(
        tx,
        case.id,
        to,
        actor,
        now,
        expected_version=expected_version,
        text=text,
        appeal=appeal or "",
        transferred_to=f"{transferred_to} ({transferred_contact})" if transferred_to else "",
        days_off=days_off,
    )


async def _lang(tx: AsyncConnection, case: Case) -> str:
    found = await tx.execute(select(conversations.c.lang).where(conversations.c.id == case.conversation_id))
    return found.scalar_one_or_none() or "ko"
