"""A source as staff see it, whatever it tells of: how it is, when it is asked next, and what may be done to it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from api.fields import Plain
from civic.sources.book import korean_day

SourceName = Annotated[str, Path(max_length=60, pattern=r"^[A-Za-z0-9_-]+$", examples=["kotsa"])]
Why = Annotated[Plain, Field(min_length=2, max_length=300, examples=["제공기관 점검 안내(10월 3일까지)"])]


class BookRow(BaseModel):
    """`how`: we ask it, or it calls us; null while nobody names it any more. `static_*`: what seldom changes."""

    name: str
    vendor: str
    how: Literal["pull", "push"] | None
    state: Literal["active", "backing_off", "failing", "off"]
    reason: str = Field(description="왜 실패하고 있는지, 왜 껐는지")
    next_at: datetime | None
    static_next_at: datetime | None
    last_try_at: datetime | None
    last_ok_at: datetime | None
    last_static_at: datetime | None
    failing_since: datetime | None
    failures: int
    calls_today: int
    daily_calls: int | None
    attribution: str
    version: int


def values(row: RowMapping, source: Any, how: str | None, now: datetime) -> dict[str, Any]:
    """The fields of `BookRow` but for `how` where nobody knows the source; `source`: the opened one, or None."""
    known = {name: row[name] for name in BookRow.model_fields if name in row}
    return {
        **known,
        "how": how,
        "calls_today": row["calls"] if row["calls_day"] == korean_day(now) else 0,
        "daily_calls": source.terms.daily_calls if source else None,
        "attribution": source.terms.attribution if source else "",
    }


def how_of(source: object | None) -> Literal["pull", "push"] | None:
    if source is None:
        return None
    return "pull" if hasattr(source, "pull") else "push"


class Switch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    is_on: bool
    reason: Why
