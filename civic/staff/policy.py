"""The city's own rules of signing in, as values: how long a session lasts, who needs a second factor, what locks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

Need = Literal["password", "second_factor"]
"""What a member must do before anything else is open to him."""

MAX_FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`lifetime` and `idle` end a session. `roles` must have a second factor `grace` after their first sign-in.

    `source_failures`: so many failed sign-ins from one address within a quarter of an hour lock it for as long.
    개인정보의 안전성 확보조치 기준 §5 (locking), §6 (second factor from outside, ending idle sessions).
    """

    lifetime: timedelta = timedelta(hours=9)
    idle: timedelta = timedelta(minutes=30)
    roles: Collection[str] = ("admin", "manager", "auditor")
    grace: timedelta = timedelta(days=14)
    source_failures: int = 30

    def asks_second_factor(self, role: str) -> bool:
        return role in self.roles

    def second_factor_due(self, row: Any) -> datetime | None:
        """Until when this row of `staff` may do without; None when it has one or need not."""
        if row.totp_confirmed_at is not None or not self.asks_second_factor(row.role) or row.totp_asked_at is None:
            return None
        due: datetime = row.totp_asked_at + self.grace
        return due

    def needs(self, row: Any, now: datetime) -> tuple[Need, ...]:
        """Of a row of `staff`; worked out at every request, so that grace also ends within a session."""
        found: list[Need] = []
        if row.temporary_until is not None:
            found.append("password")
        due = self.second_factor_due(row)
        if due is not None and due <= now:
            found.append("second_factor")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody asks from: the address as far as trusted proxies say, the beginning of his user agent."""

    ip: str = ""
    user_agent: str = ""


NOWHERE = Origin()
