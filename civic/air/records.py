"""What the store tells of the air: stations, hours and the newest of each, as everybody in the house reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from civic.air.index import Grade
from core.contracts.air import Network, Origin, Quality, Status

Basis = Literal["publisher", "ours", "none"]
"""Whose index it is: the publisher's own, ours from the values shown, or none because a part is missing."""


@dataclass(frozen=True, slots=True)
class Site:
    """A station or sensor as stored. `former`: names it had. `company`: of config.yml, "" where it is no stack.

    `grade`: of a sensor, "" for official stations (civic/air/devices).
    """

    id: int
    source: str
    uid: str
    name: str
    network: Network
    origin: Origin
    region: str
    address: str
    lat: float | None
    lon: float | None
    former: tuple[str, ...] = ()
    company: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One value as it stands now. `corrected`: an earlier version said otherwise (see the versions)."""

    pollutant: str
    value: Decimal | None
    unit: str
    quality: Quality
    status: Status
    flag: str = ""
    corrected: bool = False

    @property
    def usable(self) -> Decimal | None:
        return self.value if self.quality == "OK" else None


@dataclass(frozen=True, slots=True)
class Hour:
    """A site's hour that ended at `at` (aware UTC). `values` by pollutant; what was not told is not in it.

    `index`, `grade`, `parts` (sub-indices), `dominant`: by `basis`. `means`: 24 h predicted means, µg/m³.
    """

    site_id: int
    at: datetime
    values: Mapping[str, Measured]
    index: int | None = None
    grade: Grade | None = None
    basis: Basis = "none"
    dominant: str = ""
    parts: Mapping[str, int] | None = None
    means: Mapping[str, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """A site with its newest hour. `distance_m` from the point asked for, None where none was. `attribution`: to be
    shown with it. `is_stale`: older than its source says is normal; it is told with its time and never as "now".
    """

    site: Site
    hour: Hour
    distance_m: float | None
    attribution: str
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A word on a value: what was said, with when it was first and last received. `stands`: it is what is shown now.

    Of an hour and pollutant the one that stands comes first, then the newest told.
    """

    site_id: int
    at: datetime
    pollutant: str
    value: Decimal | None
    unit: str
    quality: Quality
    status: Status
    flag: str
    received_at: datetime
    last_received_at: datetime
    stands: bool


@dataclass(frozen=True, slots=True)
class Running:
    """A sensor in the hour that runs: means so far by pollutant and what index they would give. Provisional.

    `at`: its newest second. `values` by `packing.key_of`: the pollutant, with its unit where that is not the usual one.
    """

    site_id: int
    at: datetime
    values: Mapping[str, Decimal]
    index: int | None
    grade: Grade | None
    dominant: str
    parts: Mapping[str, int]
