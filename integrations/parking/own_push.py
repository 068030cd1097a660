"""Takes pushes in the house's own words: lots and numbers as JSON, small and strict (docs/parking-push.md).

For an operator who writes his sender for us; who speaks ParkAPI already uses that vendor.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.contracts.parking import (
    KOREA_LAT,
    KOREA_LON,
    Audience,
    LotType,
    OpeningStatus,
    Ownership,
    ParkingRecord,
    Pulled,
    Pushing,
    ReadReport,
    RealtimeRecord,
    RowNote,
    Supervision,
    Terms,
)
from core.contracts.tariff import FeeKind, Tariff
from core.errors import BadInput
from core.section import Section

MOST_ROWS = 20_000
REASONS_KO = {
    "not_a_row": "JSON 객체가 아니거나 uid가 없음",
    "bad_field": "값이 형식에 맞지 않음",
    "outside": "좌표가 정한 범위 밖임",
}
Text = Annotated[str, Field(max_length=2_000)]
Uid = Annotated[str, Field(min_length=1, max_length=200)]
Bays = Annotated[int, Field(ge=0, le=100_000, strict=True)]


class Settings(Section):
    """`owner`: whose lots they are, as named to citizens. `lat`, `lon`: within which points are taken."""

    owner: Annotated[str, Field(min_length=1)]
    attribution: str = ""
    licence: str = ""
    licence_url: str = ""
    freshness_s: Annotated[int, Field(ge=30)] = 600
    lat: tuple[float, float] = KOREA_LAT
    lon: tuple[float, float] = KOREA_LON


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    uid: Uid


class Lot(_Row):
    """A lot in the fields of `core.contracts.parking.ParkingRecord`; what is left out is not known."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    capacity: Bays
    lat: float | None = None
    lon: float | None = None
    address: Text = ""
    road_address: Text = ""
    type: LotType = "OTHER"
    ownership: Ownership = "unknown"
    external_ids: Annotated[list[Uid], Field(max_length=20)] = []
    has_disabled: bool | None = None
    has_charging: bool | None = None
    opening_hours: Annotated[str, Field(max_length=400)] | None = None
    hours_note: Text = ""
    fee_kind: FeeKind = "unknown"
    fee_description: Text = ""
    tariff: Tariff | None = None
    payment: Text = ""
    remarks: Text = ""
    operator: Text = ""
    owner: Text = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    data_date: date | None = None
    static_data_updated_at: AwareDatetime | None = None
    capacity_disabled: Bays | None = None
    capacity_charging: Bays | None = None
    capacity_family: Bays | None = None
    capacity_woman: Bays | None = None
    capacity_compact: Bays | None = None
    capacity_senior: Bays | None = None
    capacity_truck: Bays | None = None
    capacity_bus: Bays | None = None
    capacity_motorcycle: Bays | None = None
    capacity_carsharing: Bays | None = None
    max_height_cm: Annotated[int, Field(ge=50, le=1_000, strict=True)] | None = None
    max_width_cm: Annotated[int, Field(ge=50, le=1_000, strict=True)] | None = None
    max_stay_minutes: Annotated[int, Field(ge=1, le=100_000, strict=True)] | None = None
    park_and_ride: bool | None = None
    supervision: Supervision = "UNKNOWN"
    has_lighting: bool | None = None
    is_covered: bool | None = None
    has_realtime: bool = False
    public_url: Annotated[str, Field(max_length=500, pattern=r"^(https?://\S+)?$")] = ""
    photo_url: Annotated[str, Field(max_length=500, pattern=r"^(https?://\S+)?$")] = ""

    @model_validator(mode="after")
    def _is_placed_whole(self) -> "Lot":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon come together")
        return self


class Count(_Row):
    """What is free now. `free` may lie outside 0…capacity: the house judges it. `updated_at`: when it was counted."""

    free: Annotated[int, Field(ge=-100_000, le=100_000, strict=True)] | None = None
    capacity: Bays | None = None
    opening_status: OpeningStatus = "UNKNOWN"
    is_linked: bool = True
    updated_at: AwareDatetime | None = None
    free_by: dict[Audience, int] = {}
    capacity_by: dict[Audience, Bays] = {}


class OwnPush:
    """See core.contracts.parking.Pushing."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self.terms = Terms(
            attribution=settings.attribution or settings.owner,
            licence=settings.licence,
            licence_url=settings.licence_url,
            owner=settings.owner,
            freshness_s=settings.freshness_s,
        )

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
        given = _given(body)
        lots, counts, gone = given.get("lots"), given.get("realtime", []), given.get("gone", [])
        is_about_lots = lots is not None or bool(gone)
        records, skipped = self._records(lots or [])
        numbers, realtime_skipped = self._numbers(counts, now)
        return Pulled(
            static=tuple(records) if is_about_lots else None,
            realtime=tuple(numbers),
            report=self._report(len(records), skipped),
            realtime_report=self._report(len(numbers), realtime_skipped) if "realtime" in given else None,
            is_complete=given.get("complete", False) and lots is not None and not skipped,
            gone=tuple(gone),
        )

    def _records(self, rows: list[Any]) -> tuple[list[ParkingRecord], list[RowNote]]:
        records: list[ParkingRecord] = []
        skipped: list[RowNote] = []
        for line, row in enumerate(rows, start=1):
            taken = _read(Lot, row, line)
            if isinstance(taken, RowNote):
                skipped.append(taken)
            elif not self._is_inside(taken):
                skipped.append(RowNote(line, taken.uid, "outside"))
            else:
                records.append(self._record(taken))
        return records, skipped

    def _record(self, lot: Lot) -> ParkingRecord:
        values = {name: getattr(lot, name) for name in Lot.model_fields}
        values["external_ids"] = tuple(dict.fromkeys([lot.uid, *lot.external_ids]))
        values["owner"] = lot.owner or self._settings.owner
        return ParkingRecord(**values, provider=self.name)

    def _is_inside(self, lot: Lot) -> bool:
        if lot.lat is None or lot.lon is None:
            return True
        (south, north), (west, east) = self._settings.lat, self._settings.lon
        return south <= lot.lat <= north and west <= lot.lon <= east

    def _numbers(self, rows: list[Any], now: datetime) -> tuple[list[RealtimeRecord], list[RowNote]]:
        numbers: list[RealtimeRecord] = []
        skipped: list[RowNote] = []
        for line, row in enumerate(rows, start=1):
            taken = _read(Count, row, line)
            if isinstance(taken, RowNote):
                skipped.append(taken)
                continue
            values = {name: getattr(taken, name) for name in Count.model_fields}
            numbers.append(RealtimeRecord(source=self.name, fetched_at=now, **values))
        return numbers, skipped

    def _report(self, accepted: int, skipped: list[RowNote]) -> ReadReport:
        rows = accepted + len(skipped)
        return ReadReport(self.name, self.terms.attribution, rows, accepted, (), tuple(skipped), reasons_ko=REASONS_KO)


def build(name: str, settings: Settings) -> Pushing:
    return OwnPush(name, settings)


R = TypeVar("R", bound=_Row)
_KEYS = {"lots": list, "realtime": list, "gone": list, "complete": bool}


def _given(body: bytes) -> dict[str, Any]:
    """The four parts of a push. Raises BadInput."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadInput("JSON이 아닙니다.", "The body is not JSON.") from None
    if not isinstance(found, dict) or not found or set(found) - set(_KEYS):
        raise BadInput(
            "lots, realtime, gone, complete 가운데 하나 이상이 있는 JSON 객체를 보내 주세요.",
            "Send a JSON object with one or more of lots, realtime, gone and complete.",
        )
    if not all(isinstance(value, _KEYS[name]) for name, value in found.items()):
        raise BadInput(
            "lots, realtime, gone은 목록이고 complete는 true나 false입니다.",
            "lots, realtime and gone are lists, complete is true or false.",
        )
    if sum(len(found.get(name, ())) for name in ("lots", "realtime", "gone")) > MOST_ROWS:
        raise BadInput(f"한 번에 {MOST_ROWS:,}줄까지 보낼 수 있습니다.", f"At most {MOST_ROWS:,} rows a push.")
    if not all(isinstance(uid, str) for uid in found.get("gone", ())):
        raise BadInput("gone은 uid의 목록입니다.", "gone is a list of uids.")
    return found


def _read(kind: type[R], row: Any, line: int) -> R | RowNote:
    uid = row.get("uid") if isinstance(row, dict) else None
    if not isinstance(uid, str) or not uid.strip():
        return RowNote(line, "", "not_a_row")
    try:
        return kind.model_validate(row)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:100]
        return RowNote(line, uid[:200], "bad_field", where or "lat, lon")
