"""What the feeds of hubs (DATEX II, FIWARE, GeoJSON) have in common: terms, bounds, values as text, the account kept.

Foreign values come as text or as numbers, with units or without; what cannot be read is None and never an error.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from core.contracts.parking import (
    KOREA_LAT,
    KOREA_LON,
    ParkingFile,
    ParkingRecord,
    ReadReport,
    RealtimeRecord,
    RowNote,
    Terms,
)
from core.section import Section

NO_ID, NO_NAME, NO_CAPACITY, NOWHERE, NO_NUMBER = "no_id", "no_name", "no_capacity", "nowhere", "no_number"
SAME_UID, OUTSIDE, GROUP, NO_BAYS = "same_uid", "point_outside", "group", "capacity_zero"
REASONS_KO: Mapping[str, str] = {
    NO_ID: "관리번호가 없거나 지나치게 긺",
    NO_NAME: "이름이 없음",
    NO_CAPACITY: "주차면수가 없거나 숫자가 아님",
    NOWHERE: "좌표도 주소도 없음",
    NO_NUMBER: "빈자리 수가 없음",
    SAME_UID: "한 답 안에서 같은 관리번호가 되풀이됨",
    OUTSIDE: "좌표가 이 출처의 범위 밖임",
    GROUP: "주차장이 아니라 여러 주차장의 묶음임",
    NO_BAYS: "주차면수가 0으로 적힘(면수 확인 필요)",
}
UID_MOST = 400
_NUMBER = re.compile(r"[-+]?\d{1,12}(?:[.,]\d{1,12})?")


class Bounds(Section):
    """Where lots of a source may lie, WGS 84 degrees; wider than Korea only for feeds from elsewhere."""

    lat: tuple[float, float] = KOREA_LAT
    lon: tuple[float, float] = KOREA_LON

    @model_validator(mode="after")
    def _is_a_box(self) -> "Bounds":
        if not (-90 <= self.lat[0] < self.lat[1] <= 90 and -180 <= self.lon[0] < self.lon[1] <= 180):
            raise ValueError("작은 값부터 두 개: lat은 -90…90, lon은 -180…180 (two values, the smaller first)")
        return self

    def take(self, lat: float | None, lon: float | None) -> tuple[float, float] | None:
        """The point, rounded to a centimetre, where it is in the box."""
        if lat is None or lon is None or not (math.isfinite(lat) and math.isfinite(lon)):
            return None
        inside = self.lat[0] <= lat <= self.lat[1] and self.lon[0] <= lon <= self.lon[1]
        return (round(lat, 7), round(lon, 7)) if inside else None


def zone_named(name: str) -> str:
    """For settings. Raises ValueError for a zone that this machine does not know."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name[:40]}: 그런 시간대가 없습니다 (no such time zone)") from None
    return name


def web_address(url: str) -> str:
    """For settings. Raises ValueError for what is no http address."""
    if url and not re.fullmatch(r"https?://[^\s@/]+(/\S*)?", url):
        raise ValueError("https:// 또는 http://로 시작하는 주소여야 합니다 (an http address without a user name)")
    return url


Zone = Annotated[str, AfterValidator(zone_named)]
Url = Annotated[str, AfterValidator(web_address)]


class HubSettings(Section):
    """What each of these sources declares in config.yml. `interval_s` 0: numbers are not asked for."""

    attribution: str = ""
    licence: str = ""
    licence_url: Url = ""
    owner: str = ""
    time_zone: Zone = "Asia/Seoul"
    bounds: Bounds = Bounds()
    interval_s: Annotated[int, Field(ge=0, le=86_400)] = 300
    static_interval_s: Annotated[int, Field(ge=300, le=2_678_400)] = 86_400
    freshness_s: Annotated[int, Field(ge=60, le=86_400)] = 1_800
    daily_calls: Annotated[int, Field(ge=1)] | None = None
    max_mb: Annotated[int, Field(ge=1, le=64)] = 16
    deadline_s: Annotated[float, Field(gt=0, le=60)] = 20.0
    token: Annotated[str, Field(repr=False)] = ""

    def terms(self, name: str) -> Terms:
        return Terms(
            attribution=self.attribution or name,
            licence=self.licence,
            licence_url=self.licence_url,
            owner=self.owner,
            freshness_s=self.freshness_s,
            interval_s=self.interval_s,
            static_interval_s=self.static_interval_s,
            daily_calls=self.daily_calls,
        )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def max_bytes(self) -> int:
        return self.max_mb * 1024 * 1024


T = TypeVar("T", ParkingRecord, RealtimeRecord)


@dataclass
class Account(Generic[T]):
    """What reading has come to so far: each row is taken once, or noted with the reason why not."""

    rows: int = 0
    taken: dict[str, T] = field(default_factory=dict)
    skipped: list[RowNote] = field(default_factory=list)
    doubts: list[RowNote] = field(default_factory=list)

    def skip(self, uid: str, reason: str, detail: str = "") -> None:
        """The row read last is left out."""
        self.skipped.append(RowNote(self.rows, uid[:UID_MOST], reason, detail[:120]))

    def doubt(self, uid: str, reason: str, detail: str = "") -> None:
        self.doubts.append(RowNote(self.rows, uid[:UID_MOST], reason, detail[:120]))

    def take(self, record: T) -> None:
        if record.uid in self.taken:
            self.skip(record.uid, SAME_UID)
        else:
            self.taken[record.uid] = record

    @property
    def records(self) -> tuple[T, ...]:
        return tuple(self.taken.values())

    def report(self, source: str, attribution: str) -> ReadReport:
        return ReadReport(
            source,
            attribution,
            self.rows,
            len(self.taken),
            skipped=tuple(self.skipped),
            doubts=tuple(self.doubts),
            reasons_ko=REASONS_KO,
        )


def file_of(lots: Account[ParkingRecord], source: str, attribution: str) -> ParkingFile:
    return ParkingFile(lots.records, lots.report(source, attribution))


def words(value: Any, most: int = 2_000) -> str:
    """Text with single blanks; "" for anything that is not a text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)  # ids that a feed writes as 4.0
    return re.sub(r"\s+", " ", str(value).replace("\0", "")).strip()[:most]


def number(value: Any) -> float | None:
    """A finite number out of a number or out of text that begins with one (`2,05 m`, `350`)."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e15 else None
    found = _NUMBER.match(value.strip()) if isinstance(value, str) else None
    return float(found[0].replace(",", ".")) if found else None


def whole(value: Any) -> int | None:
    """A whole number; `12.0` is one and `12.5` is none."""
    found = number(value)
    return int(found) if found is not None and found == int(found) and abs(found) < 1e9 else None


def count(value: Any) -> int | None:
    """Bays: a whole number that is not negative and not beyond what the house stores."""
    found = whole(value)
    return found if found is not None and 0 <= found <= 1_000_000 else None


def moment(value: Any, zone: ZoneInfo, form: str = "") -> datetime | None:
    """An aware UTC moment from ISO 8601, from `form` (strptime; `s` and `ms`: seconds since 1970), else None.

    A time without an offset is the source's own zone's.
    """
    try:
        if form in ("s", "ms"):
            seconds = number(value)
            if seconds is None:
                return None
            return datetime.fromtimestamp(seconds / (1_000 if form == "ms" else 1), UTC)
        text = words(value, 64)
        made = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 - zone below
        made = made if made.tzinfo else made.replace(tzinfo=zone)
        return made.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
