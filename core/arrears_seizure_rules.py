"""What of the `arrears:` section of config.yml is about seizure: guards, approvals, banks."""

from typing import Annotated, Any, Literal

from pydantic import Field

from core.section import Section

Won = Annotated[int, Field(ge=0)]
Stopping = Literal["deferral", "instalment", "dispute", "died", "bankrupt", "rehabilitation", "suspended", "other"]


class Floor(Section):
    """Which row of civic/arrears/seizure/floors.csv protects a person's deposits, and how it counts.

    `confirmed`: the `rule` of the row that the city's legal office confirmed; "": the highest of those valid that day,
    which never takes too much. `reading` all: once over all accounts of a person together; each: for every account.
    """

    confirmed: str = ""
    reading: Literal["all", "each"] = "all"
    reading_source: str = ""


class Seizure(Section):
    """How a batch of seizures goes (docs/desk/arrears-seizure.md).

    `least_krw`: below it nobody's deposits are seized. `stops_on`, `releases_on`: stops that forbid a seizure, and
    those that also let go what is held (a paid debt and proven welfare always do). `cost_krw`: 체납처분비 of one
    seizure. `lookup_minutes`: how long all banks together have to tell what lies there, then the batch goes on without
    those that are silent; 0: it waits until staff say otherwise. `order` listed: as `banks` lists them, the rest after.
    `collect_after_days`: from seizure to collection.
    `at_once`: how many debtors one transaction takes; `look_s`: seconds between two looks at what is due.
    """

    approvals: Annotated[int, Field(ge=2, le=9)] = 2
    least_krw: Won = 0
    least_source: str = ""
    grace_days: Annotated[int, Field(ge=0, le=60)] = 0
    needs_service: bool = True
    stops_on: list[Stopping] = ["deferral", "suspended", "instalment", "dispute", "died", "bankrupt", "rehabilitation"]
    releases_on: list[Stopping] = ["deferral", "suspended", "instalment"]
    stops_source: str = ""
    floor: Floor = Floor()
    cost_krw: Won = 0
    cost_source: str = ""
    order: Literal["largest", "listed"] = "largest"
    banks: list[Annotated[str, Field(pattern=r"^\d{3}$")]] = []
    joins: bool = True
    eases: bool = True
    lookup_minutes: Annotated[int, Field(ge=0, le=43_200)] = 1_440
    lookup_source: str = ""
    collect_after_days: Annotated[int, Field(ge=0, le=365)] = 0
    release_minutes: Annotated[int, Field(ge=1)] = 10
    release_source: str = ""
    at_once: Annotated[int, Field(ge=1, le=2000)] = 250
    look_s: Annotated[int, Field(ge=1, le=59)] = 1


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
    idle_poll_minutes: int = Field(default=60, ge=1)
    pending_again_minutes: int = Field(default=360, ge=1)
    failing_minutes: int = Field(default=15, ge=0)
    settle_minutes: int = Field(default=60, ge=0)
    keep_days: int = Field(default=90, ge=1)
