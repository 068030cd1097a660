"""What other rooms may use of canned answers."""

from civic.canned.answers import (
    WARN_BEFORE,
    Canned,
    CannedDraft,
    Filled,
    State,
    add,
    change,
    ending,
    fill,
    preview,
    read,
    remove,
    search,
)
from civic.canned.placeholders import NAMES
from civic.canned.values import values_of

__all__ = [
    "NAMES",
    "WARN_BEFORE",
    "Canned",
    "CannedDraft",
    "Filled",
    "State",
    "add",
    "change",
    "ending",
    "fill",
    "preview",
    "read",
    "remove",
    "search",
    "values_of",
]
