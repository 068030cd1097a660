"""Messages about somebody's taxes: staff outside the collecting department see that there is one, and no word of it.

지방세기본법 §86 (과세정보의 비밀유지). A message is marked where it is written; whatever is sent about arrears is one.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, Table, and_, exists, literal, or_, select

from civic.conversations.tables import conversations, inbound, outbound

HIDDEN_TAX = "과세정보라 표시하지 않습니다. (Tax information, not shown.)"


def is_secret(of: Table) -> ColumnElement[bool]:
    """Over `inbound` or `outbound`: under tax secrecy."""
    marked = of.c.secrecy.is_not(None)
    return or_(marked, outbound.c.purpose == "arrears") if of is outbound else marked


def has_other_words() -> ColumnElement[bool]:
    """Over `conversations`: something else than tax was said there, or nothing yet. A thread that a notice of arrears
    opened would tell by its being there that he owes."""
    here: dict[Table, Any] = {one: one.c.conversation_id == conversations.c.id for one in (inbound, outbound)}
    secret = [exists(select(literal(1)).where(here[one], is_secret(one))) for one in here]
    plain = [exists(select(literal(1)).where(here[one], is_secret(one).is_not(True))) for one in here]
    return or_(*plain, and_(*(~one for one in secret)))


def came_with_tax(conversation_id: UUID, at: datetime) -> Exists:
    """Whether a file that was kept in this conversation at this moment came with a message under tax secrecy."""
    return exists(
        select(literal(1)).where(
            inbound.c.conversation_id == conversation_id,
            is_secret(inbound),
            inbound.c.received_at <= at,
            or_(inbound.c.processed_at.is_(None), inbound.c.processed_at >= at),
        )
    )
