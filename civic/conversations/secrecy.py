"""Messages about somebody's taxes: staff outside the collecting department see that there is one, and no word of it.

지방세기본법 §86 (과세정보의 비밀유지). A message is marked where it is written; whatever is sent about arrears is one.
"""

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, literal, or_, select

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
