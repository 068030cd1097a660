"""What of the `arrears:` section of config.yml is about seizure: guards, approvals, banks."""

from typing import Any

from pydantic import Field

from core.section import Section


class Seizure(Section):
    """How a batch of seizures goes (docs/desk/arrears-seizure.md)."""


class Bank(Section):
    """One bank: as officers call it, and by which gateway it is reached. `parallel`: calls at once. `per_second`: calls
    that may begin in a second, by one process; 0: no bound."""

    name: str
    gateway: str
    parallel: int = Field(default=2, ge=1, le=50)
    per_second: float = Field(default=0, ge=0)


class Banks(Section):
    """`gateways`: name to its settings; `vendor` names the file integrations/banks/<vendor>.py, `enabled` switches it
    on (docs/desk/arrears-banks.md). `banks`: by three-digit code. Waits double from `wait_s` to `longest_wait_s`."""

    gateways: dict[str, dict[str, Any]] = {}
    banks: dict[str, Bank] = {}
    parallel: int = Field(default=24, ge=1, le=200)
    look_s: int = Field(default=2, ge=1, le=30)
    lease_s: int = Field(default=120, ge=10)
    wait_s: float = Field(default=5, ge=0)
    longest_wait_s: float = Field(default=900, ge=0)
    most_attempts: int = Field(default=30, ge=1)
    rest_after: int = Field(default=3, ge=1)
    rest_s: float = Field(default=15, ge=0)
    longest_rest_s: float = Field(default=600, ge=0)
    poll_s: float = Field(default=10, ge=0)
    pending_again_minutes: int = Field(default=360, ge=1)
    failing_minutes: int = Field(default=15, ge=0)
    settle_minutes: int = Field(default=60, ge=0)
