"""What the house asks of a source of parking lots: the canonical form (ParkAPI v3 meanings, our tariff; ADR 0027).

`PARKAPI_NAMES` says what ParkAPI v3 calls the fields that have a shorter name here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal, Protocol

from core.contracts.sources import Http as Http
from core.contracts.sources import Mark as Mark
from core.contracts.sources import ReadReport as ReadReport
from core.contracts.sources import RowNote as RowNote
from core.contracts.sources import SourceFailed as General
from core.contracts.tariff import FeeKind as FeeKind
from core.contracts.tariff import Tariff as Tariff

LotType = Literal["ON_STREET", "OFF_STREET_PARKING_GROUND", "CAR_PARK", "UNDERGROUND", "OTHER"]
Ownership = Literal["public", "private", "unknown"]
Purpose = Literal["CAR", "BIKE", "ITEM"]
OpeningStatus = Literal["OPEN", "CLOSED", "UNKNOWN"]
Supervision = Literal["YES", "NO", "VIDEO", "ATTENDED", "UNKNOWN"]
Audience = Literal[
    "disabled", "charging", "family", "woman", "compact", "senior", "truck", "bus", "motorcycle", "carsharing"
]
"""For whom bays are kept: 장애인, 전기차 충전, 가족(임산부 포함), 여성, 경차, 어르신, 화물, 버스, 이륜차, 나눔카."""
KOREA_LAT = (33.0, 38.7)
KOREA_LON = (124.5, 132.0)
PARKAPI_NAMES: Mapping[str, str] = {
    "provider": "source_uid",
    "external_ids": "external_identifiers",
    "operator": "operator_name",
    "remarks": "description",
    "max_height_cm": "max_height",
    "max_width_cm": "max_width",
    "max_stay_minutes": "max_stay",
    "park_and_ride": "park_and_ride_type",
    "supervision": "supervision_type",
    "has_realtime": "has_realtime_data",
}


@dataclass(frozen=True, slots=True)
class ParkingRecord:
    """One lot. `uid` is unique within the source; `external_ids` holds every id the lot was published under.

    `lat`, `lon`: WGS 84 degrees in Korea (`KOREA_LAT`, `KOREA_LON`), both None when the source's point cannot be
    trusted. `opening_hours`: OSM syntax, None when unknown; a day that the source leaves open is `unknown` inside it,
    and `hours_note` says why in Korean. `has_disabled`, `has_charging`: None when the source does not say; a number in
    `capacity_disabled`/`capacity_charging` says it too. `tariff`: None when no price is known; `fee_description`: the
    source's own words on the price. `provider`: who published the row (a source's own code), the unit in which a newer
    file replaces an older one; `provider_name` its name. `data_date`: the source's reference day;
    `static_data_updated_at`: the moment, where a source tells it. `owner`: the municipality or company whose lot it is,
    as named to a citizen; `attribution`: what must be said beside it, where it differs from the source's.
    `capacity_*`: bays among `capacity` kept for somebody; None: not said. `road_address`: 도로명주소 (`address` is the
    lot address where both are known). `zone_grade`: 급지; `rotation`: 부제시행구분. `group_uid`: the uid that lots
    of one place share. `phone`: the office's, never a person's.
    """

    uid: str
    external_ids: tuple[str, ...]
    provider: str
    name: str
    ownership: Ownership
    type: LotType
    address: str
    lat: float | None
    lon: float | None
    capacity: int
    has_disabled: bool | None
    has_charging: bool | None
    opening_hours: str | None
    hours_note: str
    fee_kind: FeeKind
    tariff: Tariff | None
    payment: str
    remarks: str
    operator: str
    phone: str
    data_date: date | None
    group_uid: str = ""
    purpose: Purpose = "CAR"
    provider_name: str = ""
    owner: str = ""
    attribution: str = ""
    road_address: str = ""
    zone_grade: str = ""
    rotation: str = ""
    capacity_disabled: int | None = None
    capacity_charging: int | None = None
    capacity_family: int | None = None
    capacity_woman: int | None = None
    capacity_compact: int | None = None
    capacity_senior: int | None = None
    capacity_truck: int | None = None
    capacity_bus: int | None = None
    capacity_motorcycle: int | None = None
    capacity_carsharing: int | None = None
    max_height_cm: int | None = None
    max_width_cm: int | None = None
    max_stay_minutes: int | None = None
    park_and_ride: bool | None = None
    supervision: Supervision = "UNKNOWN"
    has_lighting: bool | None = None
    is_covered: bool | None = None
    has_realtime: bool = False
    fee_description: str = ""
    public_url: str = ""
    photo_url: str = ""
    static_data_updated_at: datetime | None = None

    @property
    def has_fee(self) -> bool | None:
        """ParkAPI's flag: mixed lots cost something at some hours."""
        return {"free": False, "paid": True, "mixed": True}.get(self.fee_kind)


@dataclass(frozen=True, slots=True)
class RealtimeRecord:
    """What a source claims of a lot at a moment, joined to the static record on (`source`, `uid`).

    `free`: free bays as the source's own numbers come to (capacity less cars inside), not clamped: negative or above
    the capacity stays so, since the house judges it (`civic.parking.quarantine`). None: not told. `capacity`: the
    capacity at this moment where the source tells one. `updated_at`: when it was counted by the source's clock, None
    when it does not say (then `fetched_at` is the age's start). `is_linked`: False when the source says that the lot
    sends nothing now: unknown, not empty. `opening_status` CLOSED is not full. `reason`: why `free` is None, a key of
    the report's `reasons_ko`. `free_by`, `capacity_by`: the same for bays kept for an audience.
    """

    source: str
    uid: str
    free: int | None
    fetched_at: datetime
    updated_at: datetime | None = None
    capacity: int | None = None
    opening_status: OpeningStatus = "UNKNOWN"
    is_linked: bool = True
    free_by: Mapping[Audience, int] = field(default_factory=dict)
    capacity_by: Mapping[Audience, int] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ParkingFile:
    """A source file, read: the good records, and the account of the others."""

    records: tuple[ParkingRecord, ...]
    report: ReadReport


class ParkingReader(Protocol):
    """A source that comes as a file: a module `integrations/parking/<vendor>.py` with this function."""

    def read(self, path: Path) -> ParkingFile:
        """Read a whole file. Raises BadInput when it is not this source's format at all; bad rows never raise."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What a source declares of itself. `freshness_s`: how long its realtime numbers are normally true.

    `interval_s`: pause between two pulls of realtime numbers (0: it has none); `static_interval_s`: of the lots
    themselves. `daily_calls`: calls a day that the provider allows, None when it sets no limit. `owner` names whose
    lots they are where the rows do not. Each vendor's figures have their source in docs/sources/<vendor>.md.
    """

    attribution: str
    licence: str
    licence_url: str = ""
    owner: str = ""
    freshness_s: int = 1_800
    interval_s: int = 0
    static_interval_s: int = 86_400
    daily_calls: int | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull or push brought. `static` None: lots were not asked for or did not change (304).

    `is_complete`: `static` is all that its publishers have, so lots of theirs that are missing are gone. `report` is
    on the static rows, `realtime_report` on the realtime ones. `gone`: uids that the source says are no more.
    """

    static: tuple[ParkingRecord, ...] | None
    realtime: tuple[RealtimeRecord, ...]
    report: ReadReport
    realtime_report: ReadReport | None = None
    is_complete: bool = True
    gone: tuple[str, ...] = ()
    mark: Mark = field(default_factory=Mark)
    calls: int = 1


class SourceFailed(General):
    code = "parking_source"


class Pulling(Protocol):
    """A source that is asked over the network.

    The module has `Settings` (a core.settings.Section, secrets included) and `build(name, settings) -> Pulling`;
    `name` is the source's name in config.yml and the `source` of all its records.
    """

    @property
    def name(self) -> str: ...

    @property
    def terms(self) -> Terms: ...

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        """One round: realtime numbers always, the lots when `wants_static`. Raises SourceFailed or OutsideFailed."""
        ...


class RealtimeReader(Protocol):
    """A source whose realtime numbers lie in a file or an answer at hand; pure, so that tests and replays use it."""

    def read_realtime(self, path: Path, fetched_at: datetime) -> Pulled:
        """Raises BadInput when it is not this source's format at all; bad rows never raise."""
        ...


class Pushing(Protocol):
    """A source that calls us. Built as `Pulling` is; the endpoint has checked the key, the size and the repeat."""

    @property
    def name(self) -> str: ...

    @property
    def terms(self) -> Terms: ...

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
        """Pure. `headers`: lower-case names. Raises BadInput when it is not this format; bad rows never raise."""
        ...
