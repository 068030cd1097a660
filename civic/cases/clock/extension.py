"""How far a period may be extended (연장): within its own length, and how often alone or with consent."""

from collections.abc import Sequence
from math import floor

from civic.cases.clock.deadline import Deadline
from civic.cases.clock.law import Law
from core.errors import BadInput, Conflict

_UNITS = {
    "immediate": ("근무시간", "working hours"),
    "hours": ("근무시간", "working hours"),
    "days": ("일", "days"),
    "weeks": ("주", "weeks"),
    "months": ("개월", "months"),
    "years": ("년", "years"),
}


def size(deadline: Deadline, law: Law) -> int:
    """The period in its own unit: hours for 즉시, else what its amount counts."""
    return law.number("immediate_hours") if deadline.kind == "immediate" else deadline.amount


def unit(deadline: Deadline) -> tuple[str, str]:
    """What an extension of it counts, Korean and English."""
    return _UNITS[deadline.kind]


def most(deadline: Deadline, law: Law) -> int:
    """The longest single extension, in the period's unit (시행령 §21: within the period's length)."""
    return floor(size(deadline, law) * law.share("extension_share"))


def times(law: Law) -> tuple[int, int]:
    """How often a city may extend of itself, and how often in all when the citizen consents."""
    alone = law.number("extensions_alone")
    return alone, alone + law.number("extensions_consented")


def check(deadline: Deadline, amounts: Sequence[int], law: Law) -> None:
    """Raises BadInput for an extension longer than the period or empty, Conflict for one too many."""
    if len(amounts) > times(law)[1]:
        raise Conflict(
            f"처리기간은 {times(law)[1]}번까지만 연장할 수 있습니다.",
            f"A period can be extended {times(law)[1]} times and no more.",
        )
    longest, (korean, english) = most(deadline, law), unit(deadline)
    if any(not 1 <= amount <= longest for amount in amounts):
        raise BadInput(
            f"연장은 처음 처리기간의 범위에서 1~{longest}{korean}까지 할 수 있습니다.",
            f"An extension stays within the original period: 1 to {longest} {english}.",
        )
