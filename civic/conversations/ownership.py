"""Who answers: the bot, or a named member of staff. Taking over and handing back are events, enforced on the server."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations
from civic.staff.audit import record_change
from core.errors import Conflict, NotFound
from core.vault import vault_of


async def take_over(tx: AsyncConnection, conversation_id: UUID, staff_id: UUID, now: datetime) -> None:
    """From now on the bot is silent (emergencies apart). Raises Conflict when a colleague holds it already."""
    row = await _locked(tx, conversation_id)
    if row.owner == "staff" and row.staff_id not in (None, staff_id):
        raise Conflict(
            "다른 담당자가 이미 상담 중입니다.",
            "A colleague already holds this conversation.",
            held_by=str(row.staff_id),
        )
    await _give(tx, conversation_id, owner="staff", staff_id=staff_id, state=row.state)
    await _record(tx, row.city_id, conversation_id, staff_id, "conversation.take_over", now)


async def is_secret(tx: AsyncConnection, conversation_id: UUID) -> bool:
    """It was handed over in a matter whose door alone may hold it (`conversations.secrecy`)."""
    wanted = select(conversations.c.secrecy).where(conversations.c.id == conversation_id)
    return await tx.scalar(wanted) is not None


async def hand_back(tx: AsyncConnection, conversation_id: UUID, staff_id: UUID, now: datetime) -> None:
    """The bot answers again. Raises Conflict when the bot already does, or a colleague holds it."""
    row = await _locked(tx, conversation_id)
    if row.owner != "staff":
        raise Conflict("이미 자동 응답 상태입니다.", "The bot already holds this conversation.")
    if row.staff_id not in (None, staff_id):
        raise Conflict(
            "다른 담당자가 상담 중인 대화입니다.", "A colleague holds this conversation.", held_by=str(row.staff_id)
        )
    await _give(tx, conversation_id, owner="bot", staff_id=None, state=row.state)
    await _record(tx, row.city_id, conversation_id, staff_id, "conversation.hand_back", now)


async def free(
    tx: AsyncConnection, conversation_id: UUID, by: UUID, now: datetime, *, reason: str, to: UUID | None
) -> UUID | None:
    """A team head takes it from an absent colleague, for `to` or for whoever comes first; who held it until now.

    The caller has checked that `to` may hold it. Raises Conflict when nobody holds it, or `to` does already.
    """
    row = await _locked(tx, conversation_id)
    if to is None and row.staff_id is None:
        raise Conflict("맡은 담당자가 없는 대화입니다.", "Nobody holds this conversation.")
    if to is not None and row.staff_id == to:
        raise Conflict("이미 그 담당자가 맡은 대화입니다.", "He holds this conversation already.")
    await _give(tx, conversation_id, owner="staff", staff_id=to, state=row.state)
    detail = {"from": _word(row.staff_id), "to": _word(to), "reason": reason}
    await _record(tx, row.city_id, conversation_id, by, "conversation.free", now, detail)
    held_by: UUID | None = row.staff_id
    return held_by


def _word(staff_id: UUID | None) -> str | None:
    return str(staff_id) if staff_id else None


async def _locked(tx: AsyncConnection, conversation_id: UUID):  # type: ignore[no-untyped-def]
    row = (
        await tx.execute(select(conversations).where(conversations.c.id == conversation_id).with_for_update())
    ).one_or_none()
    if row is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    return row


async def _give(
    tx: AsyncConnection, conversation_id: UUID, *, owner: str, staff_id: UUID | None, state: dict[str, object]
) -> None:
    # An open form is closed by the change of hands: the person asks in his own words, the bot starts afresh.
    vault, context = vault_of(tx), f"conversations.state:{conversation_id}"
    kept = {key: value for key, value in vault.open_json(state, context).items() if key not in ("form", "question")}
    sealed = vault.seal_json(kept, context)
    here = update(conversations).where(conversations.c.id == conversation_id)
    here = here.values(owner=owner, staff_id=staff_id, state=sealed, idle_at=None, version=conversations.c.version + 1)
    await tx.execute(here.values(secrecy=None) if owner == "bot" else here)


async def _record(
    tx: AsyncConnection,
    city_id: str,
    conversation_id: UUID,
    staff_id: UUID,
    action: str,
    now: datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    await record_change(
        tx,
        city_id=city_id,
        actor_kind="staff",
        actor_id=staff_id,
        action=action,
        object_kind="conversation",
        object_id=str(conversation_id),
        detail=detail or {},
        now=now,
    )
