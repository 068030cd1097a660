"""Settings of our own sensors and of companies' stack monitors: the broker, what is believed, which limits act."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from core.section import Bilingual, Section

Share = Annotated[float, Field(gt=0, le=1)]


class Account(Section):
    """An account of the broker. Without a password it is not used."""

    username: str = ""
    password: str = ""


class Mqtt(Section):
    """The broker of the sensors (deploy/mosquitto). `listener` reads `air/+/up`; `keeper` makes and takes accounts.

    `ca_file`: of the broker's certificate, for TLS; "" without. A batch is what came within `batch_ms`, at most
    `batch_most` messages, which must be at most the broker's `max_inflight_messages`. `most_bytes` of a message and
    `most_rows` in it; a device may send `per_minute` messages in a minute of our clock, what it caught up included.
    """

    enabled: bool = False
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65_535)] = 1883
    ca_file: str = ""
    client_id: Annotated[str, Field(min_length=1, max_length=23)] = "sinmungo-air"
    listener: Account = Account()
    keeper: Account = Account()
    batch_ms: Annotated[int, Field(ge=10, le=5_000)] = 200
    batch_most: Annotated[int, Field(ge=1, le=20_000)] = 2_000
    per_minute: Annotated[int, Field(ge=1, le=100_000)] = 6_000


class Plausible(Section):
    """What a sensor of this pollutant can measure at all, in the unit of the house."""

    least: Decimal
    most: Decimal


class Stuck(Section):
    """The same value over `minutes` with at least `values` of them, while a neighbour within `near_m` moved."""

    minutes: Annotated[int, Field(ge=5, le=2_880)] = 60
    values: Annotated[int, Field(ge=3, le=100_000)] = 10
    near_m: Annotated[float, Field(gt=0, le=50_000)] = 5_000


class Drift(Section):
    """Rolling median of a sensor's hours against those of the nearest official station within `near_m`, over `days`
    and at least `hours` pairs. Beyond `ratio` (or 1/ratio) it has drifted; within `ratio_a` it is an A, `ratio_b` a B.
    """

    near_m: Annotated[float, Field(gt=0, le=50_000)] = 5_000
    days: Annotated[int, Field(ge=1, le=60)] = 7
    hours: Annotated[int, Field(ge=6, le=1_440)] = 48
    ratio_a: Annotated[float, Field(gt=1, le=5)] = 1.25
    ratio_b: Annotated[float, Field(gt=1, le=5)] = 1.5
    ratio: Annotated[float, Field(gt=1, le=10)] = 2.0


class Spike(Section):
    """Spikes: at least `most` values over `times` the median of the last `minutes`, and no more than a fifth of all."""

    minutes: Annotated[int, Field(ge=1, le=240)] = 10
    times: Annotated[float, Field(gt=1, le=100)] = 8
    most: Annotated[int, Field(ge=1, le=1_000)] = 5


class Devices(Section):
    """`ahead_s`: a stamp further ahead of our clock is refused and the device's clock doubted; `behind_s`: a device
    whose newest value is older than this although it is speaking. `late_days`: values of the past older than this are
    refused. `silent_periods`: missed after so many of its periods, at least `silent_minutes`. `ranges` by pollutant.
    `used_grades`: those that take part in alarms and maps. `most_bytes`, `most_rows`: of one message or push.
    `per_minute`: calls that a new key may make in a minute.
    """

    ahead_s: Annotated[int, Field(ge=0, le=3_600)] = 60
    behind_s: Annotated[int, Field(ge=60, le=86_400)] = 900
    late_days: Annotated[int, Field(ge=1, le=90)] = 31
    silent_periods: Annotated[int, Field(ge=2, le=1_000)] = 5
    silent_minutes: Annotated[int, Field(ge=1, le=1_440)] = 15
    most_bytes: Annotated[int, Field(ge=1_024, le=16_777_216)] = 1_048_576
    most_rows: Annotated[int, Field(ge=1, le=100_000)] = 3_600
    per_minute: Annotated[int, Field(ge=1, le=6_000)] = 120
    ranges: dict[str, Plausible] = Field(default_factory=dict)
    stuck: Stuck = Stuck()
    drift: Drift = Drift()
    spike: Spike = Spike()
    used_grades: tuple[Literal["A", "B", "C", "U"], ...] = ("A", "B", "U")


class Limit(Section):
    """A line that acts: the mean over `minutes` at or over `value` (`unit`). Not an alert of the law, which is issued
    by the governor. `applies_to`: the city's sensors, or the stacks of `company` (and of `stack` where one is named).
    `source`: which rule or permit says so.
    """

    name: Bilingual
    applies_to: Literal["sensors", "stacks"] = "sensors"
    pollutant: str
    value: Annotated[Decimal, Field(gt=0)]
    unit: str
    minutes: Annotated[int, Field(ge=1, le=1_440)] = 5
    company: str = ""
    stack: str = ""
    source: str

    @model_validator(mode="after")
    def whose(self) -> "Limit":
        if (self.applies_to == "stacks") != bool(self.company):
            raise ValueError("a limit of stacks names its company, a limit of sensors none")
        return self


class Quorum(Section):
    """Who must agree before a town is alarmed: of the sensors within `within_m` of the highest one that spoke in the
    limit's minutes, at least `least` and the `share`; or one official station within `official_m` at or over the limit
    in its newest hour. Does a fresh official station there read below `against_share` of the limit, then
    `least_against` sensors must agree. An exceedance has ended when nothing was over for `quiet_minutes`.
    """

    within_m: Annotated[float, Field(gt=0, le=20_000)] = 1_500
    least: Annotated[int, Field(ge=2, le=100)] = 2
    share: Share = 0.6
    official_m: Annotated[float, Field(gt=0, le=50_000)] = 3_000
    against_share: Share = 0.5
    least_against: Annotated[int, Field(ge=2, le=100)] = 3
    quiet_minutes: Annotated[int, Field(ge=1, le=1_440)] = 15
