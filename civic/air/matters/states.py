"""The life of a matter: which state follows which, and by what. One table; nothing else decides."""

from collections.abc import Mapping
from typing import Literal

from core.errors import Conflict

State = Literal["open", "acknowledged", "acting", "verified", "closed"]
Kind = Literal["limit", "episode", "smell", "sensor"]
KINDS: tuple[Kind, ...] = ("limit", "episode", "smell", "sensor")
NAMES: Mapping[State, tuple[str, str]] = {
    "open": ("접수", "Open"),
    "acknowledged": ("확인함", "Acknowledged"),
    "acting": ("조치 중", "Acting"),
    "verified": ("조치 확인", "Verified"),
    "closed": ("종결", "Closed"),
}
KIND_NAMES: Mapping[Kind, tuple[str, str]] = {
    "limit": ("기준 초과", "Over the limit"),
    "episode": ("고농도", "High concentration"),
    "smell": ("악취 신고", "Smell reports"),
    "sensor": ("측정기 점검", "Sensor maintenance"),
}
FOLLOWS: Mapping[State, frozenset[State]] = {
    "open": frozenset({"acknowledged", "acting", "verified", "closed"}),
    "acknowledged": frozenset({"acting", "verified", "closed"}),
    "acting": frozenset({"verified", "closed"}),
    "verified": frozenset({"acting", "closed"}),
    "closed": frozenset({"open"}),
}
"""An action before any acknowledgement is one (open → acting). A refused verification, or a further action, goes back
(verified → acting). What was closed begins again only when the same key is over its line anew (closed → open)."""


def may_follow(state: State, wanted: State) -> bool:
    return wanted in FOLLOWS[state]


def must_follow(state: State, wanted: State) -> None:
    """Raises Conflict."""
    if not may_follow(state, wanted):
        was, to = NAMES[state], NAMES[wanted]
        raise Conflict(
            f"'{was[0]}' 상태에서는 '{to[0]}'(으)로 바꿀 수 없습니다.", f"{was[1]} does not lead to {to[1]}."
        )
