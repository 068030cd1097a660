"""Which way a message that did not arrive takes next: rules over what became of it and what is known of its reader.

Every step is taken at most once, in the order of the settings, so a chain ends (docs/adr/0022).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.settings import Fallback, Way

SAME_CHANNEL: frozenset[Way] = frozenset({"text"})
TO_PHONE: frozenset[Way] = frozenset({"alimtalk", "sms"})


@dataclass(frozen=True, slots=True)
class Fallen:
    """What did not arrive. `way`: by which step it had come (""; the first). `cause`: opted_out, unreachable,
    channel_down, or "". `first_channel`: where the chain began. `has_template`: it went as one; `knows_template`: the
    first one did. `is_on_phone`: it went to a telephone number.
    """

    status: str
    cause: str
    purpose: str
    notice: str
    way: str
    first_channel: str
    has_template: bool
    knows_template: bool
    is_on_phone: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """What is known of who should have read it: a number that takes texts, a channel for texts, and whether a letter
    can be written (he filed the case and gave his name)."""

    has_mobile: bool
    has_sms_channel: bool
    can_get_letter: bool


@dataclass(frozen=True, slots=True)
class Next:
    """`way`, or "task" (an officer must see to it) or "none"; `why`: what was passed over, for staff."""

    way: str
    why: str


def next_way(rules: Fallback, fallen: Fallen, reader: Reader) -> Next:
    """The first way that is open after those already taken."""
    must = fallen.purpose == "case_notice" and fallen.notice in rules.statutory.kinds
    left = _left(rules, fallen)
    passed: list[str] = []
    if fallen.status == "cancelled" and not fallen.cause:
        return Next("none", "보낼 필요가 없어진 글 (withdrawn)")
    if fallen.cause == "opted_out":
        left = [way for way in left if must and way in rules.statutory.despite_opt_out]
        passed.append("수신거부 (opted out)")
    if fallen.status == "unknown":
        left = [way for way in left if must and way in rules.statutory.after_unknown]
        passed.append("전달 여부를 알 수 없음 (may have arrived)")
    for way in left:
        if not (shut := _shut(way, fallen, reader, must=must)):
            return Next(way, "; ".join(passed))
        passed.append(f"{way}: {shut}")
    is_over = must or (fallen.status == "unknown" and fallen.purpose == "case_notice")
    return Next("task" if is_over else "none", "; ".join(passed))


def _left(rules: Fallback, fallen: Fallen) -> Sequence[Way]:
    ways = list(rules.channels.get(fallen.first_channel, ())) or rules.purposes.get(fallen.purpose, [])  # type: ignore[call-overload]
    if not fallen.way:
        return ways
    return next((ways[at + 1 :] for at, way in enumerate(ways) if way == fallen.way), [])


def _shut(way: Way, fallen: Fallen, reader: Reader, *, must: bool) -> str:
    """Why this way is not open; empty when it is."""
    if way == "text":
        if not fallen.has_template:
            return "템플릿 없이 보낸 글 (was plain text)"
        return "같은 채널로는 닿지 않음 (not by this channel)" if fallen.cause else ""
    if way == "letter":
        if not must:
            return "우편 통지 대상이 아님 (no letter for this kind)"
        return "" if reader.can_get_letter else "받는 분을 알 수 없음 (no name)"
    if not reader.has_sms_channel:
        return "문자 채널 없음 (no SMS channel)"
    if not reader.has_mobile:
        return "휴대전화 번호 없음 (no mobile number)"
    if way == "alimtalk":
        if not fallen.knows_template:
            return "템플릿 없음 (no template)"
        return "이미 같은 번호로 보냄 (tried at this number)" if fallen.is_on_phone else ""
    is_same = fallen.is_on_phone and not fallen.has_template
    return "이미 같은 번호로 보냄 (tried at this number)" if is_same else ""
