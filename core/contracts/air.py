"""What the house asks of a source of air data: the canonical observation and what stands beside it (ADR 34).

The words are those of SensorThings (phenomenon, result, quality); `docs/sources/` says how each publisher maps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, Protocol

from core.contracts.sources import Http as Http
from core.contracts.sources import Mark as Mark
from core.contracts.sources import ReadReport as ReadReport
from core.contracts.sources import RowNote as RowNote
from core.contracts.sources import SourceFailed as General

Pollutant = Literal["SO2", "CO", "O3", "NO2", "PM10", "PM25"]
"""The six of the index. Sensors and stacks may measure others (H2S, NH3, TVOC, TSP …): `Observation.pollutant`."""
POLLUTANTS: tuple[Pollutant, ...] = ("SO2", "CO", "O3", "NO2", "PM10", "PM25")
UNITS: Mapping[str, str] = {"SO2": "ppm", "CO": "ppm", "O3": "ppm", "NO2": "ppm", "PM10": "µg/m³", "PM25": "µg/m³"}
Quality = Literal["OK", "COMM", "CALIBRATION", "MAINTENANCE", "SUSPECT", "MISSING"]
"""COMM 통신장애, CALIBRATION 점검및교정, MAINTENANCE 장비점검, SUSPECT 자료이상, MISSING: no value and no reason."""
Status = Literal["realtime", "confirmed"]
Origin = Literal["official", "sensor", "stack"]
"""official: a public station. sensor: the city's own. stack: a company's monitor (TMS or alike)."""
Network = Literal["urban", "roadside", "port", "suburban", "background", "sensor", "stack", "unknown"]
"""도시대기, 도로변대기, 항만, 교외대기, 국가배경농도; then our own. Alerts and neighbourhoods go by `urban`."""
Level = Literal["advisory", "warning", "critical"]
"""주의보, 경보, 중대경보 (the last for ozone alone)."""
LEVELS: tuple[Level, ...] = ("advisory", "warning", "critical")
NETWORKS_KO: Mapping[str, Network] = {
    "도시대기": "urban",
    "도로변대기": "roadside",
    "항만": "port",
    "교외대기": "suburban",
    "국가배경농도": "background",
}
FLAGS_KO: Mapping[str, Quality] = {
    "통신장애": "COMM",
    "점검및교정": "CALIBRATION",
    "장비점검": "MAINTENANCE",
    "자료이상": "SUSPECT",
}


@dataclass(frozen=True, slots=True)
class Station:
    """A place of measurement. `uid` is unique within the source and outlives a new name where the source has codes.

    `lat`, `lon`: WGS 84 degrees, both None when not known. `region`: the province as the source calls it now, which
    changes when provinces merge. `measures`: codes of pollutants; empty: not told. `since_year`: of installation.
    """

    source: str
    uid: str
    name: str
    network: Network = "unknown"
    region: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    measures: tuple[str, ...] = ()
    since_year: int | None = None
    origin: Origin = "official"


@dataclass(frozen=True, slots=True)
class Observation:
    """The mean of one pollutant over `period_s` seconds that end at `phenomenon_end` (aware UTC).

    `value` in `unit`, None when nothing was measured: nothing missing is ever zero. OK always has a value, MISSING
    never; a flagged row keeps the value where the source shows one, and no reckoning uses it. `flag`: the source's own
    word for the quality. `received_at`: aware UTC, when we got it.
    """

    source: str
    station_uid: str
    pollutant: str
    value: Decimal | None
    unit: str
    phenomenon_end: datetime
    received_at: datetime
    quality: Quality = "OK"
    status: Status = "realtime"
    origin: Origin = "official"
    flag: str = ""
    period_s: int = 3_600

    def __post_init__(self) -> None:
        if (self.value is None and self.quality == "OK") or (self.value is not None and self.quality == "MISSING"):
            raise ValueError("OK has a value, MISSING has none")
        if self.value is not None and not self.value.is_finite():
            raise ValueError("a value is a finite number")
        if self.phenomenon_end.utcoffset() is None or self.received_at.utcoffset() is None:
            raise ValueError("moments carry their zone")

    @property
    def usable(self) -> Decimal | None:
        """The value that may be reckoned with."""
        return self.value if self.quality == "OK" else None


@dataclass(frozen=True, slots=True)
class OfficialIndex:
    """The index as the publisher itself shows it, which cannot always be rebuilt from the values shown beside it.

    `value` None: the publisher shows none. `grade`: 1 좋음 … 4 매우나쁨. `means`: its own 24 h predicted means by
    pollutant, µg/m³. `grades`: its grade by pollutant.
    """

    source: str
    station_uid: str
    phenomenon_end: datetime
    received_at: datetime
    value: int | None
    grade: int | None
    means: Mapping[str, Decimal] = field(default_factory=dict)
    grades: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wind:
    """The weather of an hour at a place. `from_degrees`: where the wind comes from, 0 ≤ x < 360, clockwise from north.

    `speed` m/s; `u` eastward and `v` northward m/s; `temperature` °C, `humidity` %, `rain` mm. None: not told.
    `place`: a station's number, or `nx,ny` of the grid (`integrations/air/_kma_grid.py`).
    """

    source: str
    place: str
    at: datetime
    received_at: datetime
    from_degrees: Decimal | None
    speed: Decimal | None
    u: Decimal | None = None
    v: Decimal | None = None
    temperature: Decimal | None = None
    humidity: Decimal | None = None
    rain: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OfficialAlert:
    """An alert that a governor issued (발령), relayed word by word beside our own reckoning, which is never called so.

    `lifted_at` None: still standing. `uid`: the publisher's serial number, unique within the source.
    """

    source: str
    uid: str
    region: str
    zone: str
    pollutant: Pollutant
    level: Level
    issued_at: datetime
    lifted_at: datetime | None
    received_at: datetime
    issued_value: Decimal | None = None
    lifted_value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OfficialForecast:
    """The publisher's forecast of a pollutant for a day, in its words. `grades`: region to 1 좋음 … 4 매우나쁨.

    `uid`: unique within the source and kept for a later word on the same day; `issued_at` tells which is newer.
    """

    source: str
    uid: str
    pollutant: Pollutant
    day: date
    issued_at: datetime
    received_at: datetime
    grades: Mapping[str, int]
    overall: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a source declares of itself. `freshness_s`: how long its newest hour is normally the newest.

    `interval_s`: pause between two pulls; `stations_interval_s`: of the list of stations. `daily_calls`: that the
    provider allows, None when it sets no limit.
    """

    attribution: str
    licence: str
    licence_url: str = ""
    freshness_s: int = 5_400
    interval_s: int = 600
    stations_interval_s: int = 86_400
    daily_calls: int | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull, push or file brought. `stations` None: not asked for.

    `next_at`: when the source wishes to be asked next, None: after its interval. `failure`: one of the services it
    asked failed; what the others brought is here.
    """

    observations: tuple[Observation, ...]
    report: ReadReport
    stations: tuple[Station, ...] | None = None
    indices: tuple[OfficialIndex, ...] = ()
    winds: tuple[Wind, ...] = ()
    alerts: tuple[OfficialAlert, ...] = ()
    forecasts: tuple[OfficialForecast, ...] = ()
    mark: Mark = field(default_factory=Mark)
    calls: int = 1
    next_at: datetime | None = None
    failure: General | None = None


class SourceFailed(General):
    code = "air_source"


class AirReader(Protocol):
    """A source that comes as a file, read by the settings it was built with."""

    def read(self, path: Path, received_at: datetime) -> Pulled:
        """Pure but for the file. Raises BadInput when it is not this format at all; bad rows never raise."""
        ...


class Pulling(Protocol):
    """A source that is asked over the network.

    The module `integrations/air/<vendor>.py` has `Settings` (a core.settings.Section, secrets included) and
    `build(name, settings) -> Pulling`; `name` is the source's name in config.yml and the `source` of its records.
    """

    @property
    def name(self) -> str: ...

    @property
    def terms(self) -> Terms: ...

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_stations: bool) -> Pulled:
        """One round. Raises SourceFailed or OutsideFailed."""
        ...


class Remembering(Protocol):
    """A `Pulling` that can be asked for hours gone by. `past_calls`: calls a day that it has left for them."""

    @property
    def name(self) -> str: ...

    @property
    def terms(self) -> Terms: ...

    @property
    def past_calls(self) -> int: ...

    async def past(self, http: Http, now: datetime, station: str, uid: str, since: datetime) -> Pulled:
        """The hours of one station that ended since, asked by its name. Raises SourceFailed or OutsideFailed."""
        ...


DEVICE, PERIOD = "sinmungo-device", "sinmungo-period-s"
"""Headers that the door adds for `Pushing.receive`, from the credential: whose message it is, and how many seconds its
means are when the message does not say. What the sender wrote there himself never arrives."""


class Pushing(Protocol):
    """A source that calls us: a sensor, a company's monitor. The endpoint has checked key, size and repeat."""

    @property
    def name(self) -> str: ...

    @property
    def terms(self) -> Terms: ...

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
        """Pure. `headers`: lower-case names. Raises BadInput when it is not this format; bad rows never raise."""
        ...
