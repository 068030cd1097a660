"""Where a 민원 can stand and who may move it: the one table, read by the api, the bot and the screens."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from core.errors import BadInput, Conflict, Forbidden

By = Literal["citizen", "agent", "manager", "system"]


class Status(StrEnum):
    RECEIVED = "received"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING_CITIZEN = "waiting_citizen"
    ANSWERED = "answered"
    REFUSED = "refused"
    TRANSFERRED = "transferred"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


NAMES: Mapping[Status, tuple[str, str]] = {
    Status.RECEIVED: ("접수", "Received"),
    Status.ASSIGNED: ("담당자 지정", "Assigned"),
    Status.IN_PROGRESS: ("처리 중", "In progress"),
    Status.WAITING_CITIZEN: ("보완 요청", "Waiting for the citizen"),
    Status.ANSWERED: ("답변 완료", "Answered"),
    Status.REFUSED: ("불수용", "Not accepted"),
    Status.TRANSFERRED: ("이송", "Transferred to another body"),
    Status.WITHDRAWN: ("취하", "Withdrawn"),
    Status.REOPENED: ("재검토", "Reopened"),
}
"""Korean and English, as citizens and staff read them."""

CLOSED = frozenset({Status.ANSWERED, Status.REFUSED, Status.TRANSFERRED, Status.WITHDRAWN})
OPEN = frozenset(Status) - CLOSED


@dataclass(frozen=True, slots=True)
class Change:
    """One allowed jump and what must be said with it.

    `needs_text`: the answer, the reason, what is missing or why again. `needs_appeal`: how the citizen can object.
    `needs_body`: which public body has it from now on, and how it is reached.
    """

    by: frozenset[By]
    needs_text: bool = False
    needs_appeal: bool = False
    needs_body: bool = False


_STAFF: frozenset[By] = frozenset({"agent", "manager"})
_STAFF_SYSTEM: frozenset[By] = _STAFF | {"system"}
_MANAGER: frozenset[By] = frozenset({"manager"})

_CLOSING = {
    Status.ANSWERED: Change(_STAFF, needs_text=True),  # 민원처리법 §27: the result is told
    Status.REFUSED: Change(_STAFF, needs_text=True, needs_appeal=True),  # 민원처리법 §27 ②: reason and way to object
    Status.TRANSFERRED: Change(_STAFF, needs_text=True, needs_body=True),  # 민원처리법 §16: and he learns where it went
    Status.WITHDRAWN: Change(frozenset({"citizen"})),  # 민원처리법 §22 ②: until the handling is finished
}
_ASKING = {Status.WAITING_CITIZEN: Change(_STAFF, needs_text=True)}  # 민원처리법 §22 ①: what is to be supplied

CHANGES: Mapping[Status, Mapping[Status, Change]] = {
    Status.RECEIVED: {
        Status.ASSIGNED: Change(_STAFF_SYSTEM),
        Status.IN_PROGRESS: Change(_STAFF),
        **_ASKING,
        **_CLOSING,
    },
    Status.ASSIGNED: {
        Status.RECEIVED: Change(_MANAGER),
        Status.IN_PROGRESS: Change(_STAFF),
        **_ASKING,
        **_CLOSING,
    },
    Status.IN_PROGRESS: {
        Status.ASSIGNED: Change(_STAFF_SYSTEM),
        **_ASKING,
        **_CLOSING,
    },
    Status.WAITING_CITIZEN: {
        Status.ASSIGNED: Change(_STAFF_SYSTEM),
        Status.IN_PROGRESS: Change(_STAFF_SYSTEM | {"citizen"}),
        **_CLOSING,
    },
    Status.REOPENED: {
        Status.ASSIGNED: Change(_STAFF_SYSTEM),
        Status.IN_PROGRESS: Change(_STAFF),
        **_ASKING,
        **_CLOSING,
    },
    Status.ANSWERED: {Status.REOPENED: Change(_MANAGER | {"citizen"}, needs_text=True)},
    Status.REFUSED: {Status.REOPENED: Change(_MANAGER | {"citizen"}, needs_text=True)},  # 민원처리법 §35: 이의신청
    Status.TRANSFERRED: {Status.REOPENED: Change(_MANAGER, needs_text=True)},
    Status.WITHDRAWN: {},
}
"""From → to → who may and what it takes. What is not here does not happen."""


def check(old: Status, new: Status, by: By, text: str, *, appeal: str = "", transferred_to: str = "") -> Change:
    """The change, if it is allowed.

    Raises Conflict (no such jump), Forbidden (not by you), BadInput (text, way to object or receiving body missing).
    """
    change = CHANGES[old].get(new)
    if change is None:
        raise Conflict(
            f"'{NAMES[old][0]}' 상태에서 '{NAMES[new][0]}' 상태로 바꿀 수 없습니다.",
            f"A case that is '{old}' cannot become '{new}'.",
            old=old.value,
            new=new.value,
        )
    if by not in change.by:
        raise Forbidden(
            f"'{NAMES[new][0]}' 상태로 바꿀 권한이 없습니다.", f"'{by}' may not set a case to '{new}'.", by=by
        )
    if change.needs_text and not text.strip():
        raise BadInput(
            f"'{NAMES[new][0]}' 상태로 바꾸려면 내용을 적어 주세요.", f"A text is needed to set a case to '{new}'."
        )
    if change.needs_appeal and not appeal.strip():
        raise BadInput(
            "불수용 답변에는 이의를 제기하는 방법(appeal)이 있어야 합니다.",
            "A refusal must say how the citizen can object (appeal).",
        )
    if change.needs_body and not transferred_to.strip():
        raise BadInput(
            "이송하려면 받는 기관과 연락처(transferred_to, transferred_contact)를 적어 주세요.",
            "A transfer must name the receiving body and how to reach it (transferred_to, transferred_contact).",
        )
    return change


def choices(old: Status, by: By) -> list[Status]:
    """What `by` may do next, for a screen's buttons."""
    return [new for new, change in CHANGES[old].items() if by in change.by]
