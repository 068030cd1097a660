"""Who may do what in the staff api: one table, role × action."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from core.errors import Forbidden

Role = Literal["agent", "manager", "admin", "auditor"]


class Action(StrEnum):
    CASE_READ = "case.read"
    CASE_CHANGE = "case.change"
    CASE_NOTE = "case.note"
    CONVERSATION_READ = "conversation.read"
    CONVERSATION_HOLD = "conversation.hold"
    REPLY = "conversation.reply"
    INQUIRY_READ = "inquiry.read"
    OUTBOUND_READ = "outbound.read"
    CITY_READ = "city.read"
    ACCESS_LOG_READ = "access_log.read"
    STAFF_READ = "staff.read"
    STAFF_ADD = "staff.add"


_DESK = frozenset(
    {
        Action.CASE_READ,
        Action.CASE_CHANGE,
        Action.CASE_NOTE,
        Action.CONVERSATION_READ,
        Action.CONVERSATION_HOLD,
        Action.REPLY,
        Action.INQUIRY_READ,
        Action.OUTBOUND_READ,
        Action.CITY_READ,
    }
)

ALLOWED: Mapping[Role, frozenset[Action]] = {
    "agent": _DESK,
    "manager": _DESK,
    "admin": _DESK | {Action.ACCESS_LOG_READ, Action.STAFF_READ, Action.STAFF_ADD},
    "auditor": frozenset({Action.ACCESS_LOG_READ, Action.STAFF_READ, Action.CITY_READ}),
}
"""An auditor checks who looked at what, so he sees no citizen's data himself (개인정보의 안전성 확보조치 기준 §5)."""


def check(role: Role, action: Action) -> None:
    """Raises Forbidden."""
    if action not in ALLOWED[role]:
        raise Forbidden("이 작업을 할 권한이 없습니다.", "Your role may not do this.", role=role, action=action.value)
