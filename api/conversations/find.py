"""Which conversations wait, and for whom."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.conversations.schemas import ConversationRow
from civic.cases.visible import conversations_within
from civic.conversations.secrecy import HIDDEN_TAX, has_other_words
from civic.conversations.tables import conversations, inbound, outbound
from civic.people.service import opened_name
from civic.people.tables import citizens
from civic.staff.service import Scope
from core.errors import NotFound
from core.vault import Vault, vault_of

_PREVIEW = 120

_last_in = (
    select(inbound.c.id, inbound.c.seq, inbound.c.text, inbound.c.secrecy)
    .where(inbound.c.conversation_id == conversations.c.id)
    .order_by(inbound.c.seq.desc())
    .limit(1)
    .lateral("last_in")
)
_last_reply = (
    select(outbound.c.seq)
    .where(outbound.c.conversation_id == conversations.c.id, outbound.c.purpose == "reply")
    .order_by(outbound.c.seq.desc())
    .limit(1)
    .lateral("last_reply")
)


def is_waiting() -> ColumnElement[bool]:
    return _last_in.c.seq > func.coalesce(_last_reply.c.seq, 0)


def rows(city_id: str, scope: Scope | None, *, sees_tax: bool = False) -> Select[Any]:
    """Conversations of the city, within what `scope` may see, with their last word; without the door to tax data a
    last word about tax is not shown."""
    wanted = [conversations.c.city_id == city_id]
    if (seen := conversations_within(scope)) is not None:
        wanted.append(seen)
    return (
        select(
            conversations.c.id,
            conversations.c.channel,
            conversations.c.lang,
            conversations.c.owner,
            conversations.c.staff_id,
            conversations.c.citizen_id,
            citizens.c.name_sealed,
            conversations.c.last_inbound_at,
            func.coalesce(is_waiting(), literal(False)).label("is_waiting"),
            _last_in.c.text.label("last_text"),
            and_(_last_in.c.secrecy.is_not(None), literal(not sees_tax)).label("is_hidden"),
            conversations.c.stopped_at.is_not(None).label("is_stopped"),
            conversations.c.unreachable_at.is_not(None).label("is_unreachable"),
        )
        .select_from(
            conversations.outerjoin(citizens, citizens.c.id == conversations.c.citizen_id)
            .outerjoin(_last_in, literal(True))
            .outerjoin(_last_reply, literal(True))
        )
        .where(*wanted)
    )


def of_no_tax(staff_id: UUID) -> ColumnElement[bool]:
    """Those in which something else than tax was said; and what he holds himself, whatever it is about."""
    return or_(has_other_words(), conversations.c.staff_id == staff_id)


def shown(vault: Vault, row: Row[Any]) -> ConversationRow:
    values = dict(row._mapping)
    values["last_text"] = HIDDEN_TAX if values.pop("is_hidden") else (values["last_text"] or "")[:_PREVIEW]
    citizen_id, name = values.pop("citizen_id"), values.pop("name_sealed")
    return ConversationRow.model_validate({**values, "citizen_name": opened_name(vault, citizen_id, name) or None})


async def one(
    tx: AsyncConnection,
    city_id: str,
    conversation_id: object,
    scope: Scope | None = None,
    *,
    sees_tax: bool = False,
) -> ConversationRow:
    """Raises NotFound, outside the scope too."""
    wanted = rows(city_id, scope, sees_tax=sees_tax).where(conversations.c.id == conversation_id)
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        raise NotFound("대화를 찾을 수 없습니다.", "No such conversation.")
    return shown(vault_of(tx), row)
