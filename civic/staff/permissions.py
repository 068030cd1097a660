"""Who may do what in the staff api: one table, role × action."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from core.errors import Forbidden

Role = Literal["agent", "manager", "admin", "auditor"]
RANK: Mapping[Role, int] = {"auditor": 0, "agent": 1, "manager": 2, "admin": 3}
"""Nobody gives a role above his own, nor changes somebody who has one."""


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
    STAFF_CHANGE = "staff.change"
    CASE_JOIN = "case.join"
    CASE_EXTEND = "case.extend"
    CASE_BULK = "case.bulk"
    CASE_EXPORT = "case.export"
    CASE_EXPORT_CONTACT = "case.export_contact"
    CASE_PUBLISH = "case.publish"
    CASE_REVIEW = "case.review"
    CONVERSATION_FREE = "conversation.free"
    METRICS_READ = "metrics.read"
    VIEW_USE = "view.use"
    CANNED_READ = "canned.read"
    CANNED_WRITE = "canned.write"
    RULE_READ = "rule.read"
    RULE_WRITE = "rule.write"
    DAY_OFF_READ = "day_off.read"
    DAY_OFF_WRITE = "day_off.write"
    GUARD_READ = "guard.read"
    GUARD_WRITE = "guard.write"
    WEBHOOK_READ = "webhook.read"
    WEBHOOK_WRITE = "webhook.write"
    KEY_READ = "key.read"
    KEY_WRITE = "key.write"
    AUDIT_READ = "audit.read"
    PERSON_UNLINK = "person.unlink"
    SUBJECT_EXPORT = "subject.export"
    SUBJECT_FORGET = "subject.forget"
    CHANNEL_READ = "channel.read"
    LETTER_READ = "letter.read"
    LETTER_WRITE = "letter.write"
    LETTER_EXPORT = "letter.export"
    CAMPAIGN_READ = "campaign.read"
    CAMPAIGN_WRITE = "campaign.write"
    CONSENT_WRITE = "consent.write"
    PARKING_WRITE = "parking.write"
    AIR_WRITE = "air.write"
    ARREARS_READ = "arrears.read"
    ARREARS_WRITE = "arrears.write"
    ARREARS_APPROVE = "arrears.approve"
    ARREARS_EXPORT = "arrears.export"


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
        Action.CASE_JOIN,
        Action.CASE_EXTEND,
        Action.CASE_BULK,
        Action.METRICS_READ,
        Action.VIEW_USE,
        Action.CANNED_READ,
        Action.RULE_READ,
        Action.DAY_OFF_READ,
        Action.CONSENT_WRITE,
        Action.CHANNEL_READ,
        Action.LETTER_READ,
        Action.LETTER_WRITE,
        Action.ARREARS_READ,
        Action.ARREARS_WRITE,
    }
)
_HEAD = _DESK | {
    Action.CASE_EXPORT,
    Action.CASE_PUBLISH,
    Action.CASE_REVIEW,
    Action.CONVERSATION_FREE,
    Action.CANNED_WRITE,
    Action.RULE_WRITE,
    Action.GUARD_READ,
    Action.GUARD_WRITE,
    Action.STAFF_READ,
    Action.CAMPAIGN_READ,
    Action.CAMPAIGN_WRITE,
    Action.PERSON_UNLINK,
    Action.LETTER_EXPORT,
    Action.PARKING_WRITE,
    Action.AIR_WRITE,
    Action.ARREARS_APPROVE,
    Action.ARREARS_EXPORT,
}
_CHECK = frozenset(
    {
        Action.ACCESS_LOG_READ,
        Action.AUDIT_READ,
        Action.STAFF_READ,
        Action.CITY_READ,
        Action.METRICS_READ,
        Action.RULE_READ,
        Action.DAY_OFF_READ,
        Action.CHANNEL_READ,
    }
)

ALLOWED: Mapping[Role, frozenset[Action]] = {
    "agent": _DESK,
    "manager": _HEAD,
    "admin": frozenset(Action),
    "auditor": _CHECK,
}
"""An auditor checks who looked at what, so he sees no citizen's data himself (개인정보의 안전성 확보조치 기준 §5)."""


def check(role: Role, action: Action) -> None:
    """Raises Forbidden."""
    if action not in ALLOWED[role]:
        raise Forbidden("이 작업을 할 권한이 없습니다.", "Your role may not do this.", role=role, action=action.value)
