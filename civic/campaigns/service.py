"""What other rooms may use of campaigns."""

from civic.campaigns.filling import Sender, fill, text_for
from civic.campaigns.marking import MARK, marked
from civic.campaigns.writing import (
    MAX_TEXT,
    Campaign,
    Draft,
    add,
    audience,
    cancel,
    figures,
    listed,
    must_be_read,
    read,
    rewrite,
    start,
)

__all__ = [
    "MARK",
    "MAX_TEXT",
    "Campaign",
    "Draft",
    "Sender",
    "add",
    "audience",
    "cancel",
    "figures",
    "fill",
    "listed",
    "marked",
    "must_be_read",
    "read",
    "rewrite",
    "start",
    "text_for",
]
