"""One row of an operator's sheet as a lot, with the cells that could not be read named by their address."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from core.contracts.parking import FeeKind, LotType, Ownership, ParkingRecord, Purpose, Supervision, Tariff
from integrations.parking import _korean, _parkapi_hours
from integrations.parking._parkapi_sheet import cell_name
from integrations.parking._parkapi_values import Bounds, bays, decimal, flag, place, text
from integrations.parking._tariff import Prices, tariff

_TYPES: Mapping[str, LotType] = {
    "tiefgarage": "UNDERGROUND",
    "parkhaus": "CAR_PARK",
    "parkdeck": "CAR_PARK",
    "parkplatz": "OFF_STREET_PARKING_GROUND",
    "amstraßenrand": "ON_STREET",
    "지하": "UNDERGROUND",
    "지하주차장": "UNDERGROUND",
    "주차타워": "CAR_PARK",
    "주차빌딩": "CAR_PARK",
    "건물": "CAR_PARK",
    "기계식": "CAR_PARK",
    "지평식": "OFF_STREET_PARKING_GROUND",
    "on_street": "ON_STREET",
    "off_street_parking_ground": "OFF_STREET_PARKING_GROUND",
    "car_park": "CAR_PARK",
    "underground": "UNDERGROUND",
}
_PURPOSES: Mapping[str, Purpose] = {
    "": "CAR", "auto": "CAR", "car": "CAR", "자동차": "CAR", "승용차": "CAR",
    "fahrrad": "BIKE", "bike": "BIKE", "자전거": "BIKE", "item": "ITEM", "보관함": "ITEM",
}  # fmt: skip
_SUPERVISION: Mapping[str, Supervision] = {
    "video": "VIDEO",
    "cctv": "VIDEO",
    "attended": "ATTENDED",
    "관리인": "ATTENDED",
}
_COUNTS = ("disabled", "charging", "family", "woman", "compact", "senior", "truck", "bus", "motorcycle", "carsharing")
_PRICES = ("first_minutes", "first_fee", "step_minutes", "step_fee", "day_fee", "month_fee")
_STAY = re.compile(
    r"(?P<count>\d{1,4})\s*(?P<unit>분|시간|일|주|개월|월|Minuten?|Stunden?|Tage?|Wochen?|Monate?|Quartale?)"
)
_STAY_MINUTES = {"분": 1, "M": 1, "시": 60, "S": 60, "일": 1_440, "T": 1_440, "주": 10_080, "W": 10_080}
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})


@dataclass(slots=True)
class Row:
    """A row's cells by field. `doubts`: reason and where, gathered while it is read."""

    number: int
    columns: Mapping[str, int]
    cells: Sequence[object]
    doubts: list[tuple[str, str]] = field(default_factory=list)

    def get(self, name: str) -> object:
        at = self.columns.get(name)
        value = self.cells[at] if at is not None and at < len(self.cells) else None
        if isinstance(value, str) and value.strip() in _ERRORS:
            self.doubt("cell_error", name)
            return None
        return value

    def text(self, name: str, most: int = 4_096) -> str:
        return text(self.get(name), most)

    def where(self, name: str) -> str:
        at = self.columns.get(name)
        return "" if at is None else f"{cell_name(self.number, at)} 칸"

    def doubt(self, reason: str, name: str) -> None:
        self.doubts.append((reason, self.where(name)))

    def count(self, name: str) -> int | None:
        """A number of bays; None for a blank, and None with a doubt for anything that is no number."""
        value = self.get(name)
        found = bays(re.sub(r"\s*(?:면|대|cm|㎝)$", "", value) if isinstance(value, str) else value)
        if found is None and value is not None and text(value) not in ("", "-"):
            self.doubt("number_unreadable", name)
        return found


@dataclass(frozen=True, slots=True)
class Rules:
    source: str
    provider: str
    bounds: Bounds
    ownership: Ownership
    purposes: tuple[Purpose, ...]
    owner: str
    modified: date | None


def record(row: Row, rules: Rules) -> ParkingRecord | tuple[str, str]:
    """The lot, or why it is none and where."""
    name, address, road = row.text("name", 200), row.text("address", 512), row.text("road_address", 512)
    uid = row.text("uid", 256) if "uid" in row.columns else f"{name}@{address or road}"[:256]
    lat, lon, doubt = place(row.get("lat"), row.get("lon"), rules.bounds)
    capacity = row.count("capacity") if row.text("capacity") else None
    purpose = _PURPOSES.get(row.text("purpose", 40).lower())
    refusals = {
        "uid": "" if uid else "no_id",
        "name": "" if name else "no_name",
        "capacity": "no_capacity" if capacity is None else "",
        "purpose": "" if purpose in rules.purposes else "other_purpose",
        "lat": "" if lat is not None or address or road else "nowhere_here" if doubt == "point_outside" else "nowhere",
    }
    for at, reason in refusals.items():
        if reason:
            return reason, row.where(at)
    if doubt:
        row.doubt(doubt, "lat")
    if capacity == 0:
        row.doubt("capacity_zero", "capacity")
    known = {"uid": uid, "name": name, "address": address or road, "road_address": road, "lat": lat, "lon": lon}
    return _made(row, rules, {**known, "capacity": capacity, "purpose": purpose})


def _made(row: Row, rules: Rules, known: Mapping[str, Any]) -> ParkingRecord:
    hours, note = _hours(row)
    ownership = _ownership(row.text("ownership", 40)) if "ownership" in row.columns else rules.ownership
    operator, phone = _office(row, ownership)
    fee_kind, prices = _fees(row)
    counts: dict[str, Any] = {f"capacity_{one}": row.count(f"capacity_{one}") for one in _COUNTS}
    return ParkingRecord(
        **known,
        **counts,
        external_ids=(known["uid"],),
        provider=rules.provider,
        ownership=ownership,
        type=_type(row.text("type", 60), known["name"]),
        has_disabled=flag(row.get("has_disabled")),
        has_charging=flag(row.get("has_charging")),
        opening_hours=hours,
        hours_note=note,
        fee_kind=fee_kind,
        tariff=prices,
        payment=row.text("payment", 200),
        remarks=row.text("remarks"),
        operator=operator,
        phone=phone,
        data_date=_date(row) or rules.modified,
        owner=_korean.owner(ownership, rules.owner, operator) if rules.owner else "",
        zone_grade=row.text("zone_grade", 40),
        rotation=row.text("rotation", 40),
        max_height_cm=_centimetres(row, "max_height"),
        max_width_cm=_centimetres(row, "max_width"),
        max_stay_minutes=_stay(row),
        park_and_ride=_ride(row),
        supervision=_supervision(row.get("supervision")),
        has_lighting=flag(row.get("has_lighting")),
        is_covered=flag(row.get("is_covered")),
        has_realtime=flag(row.get("has_realtime")) is True,
        fee_description=row.text("fee_description"),
        public_url=_url(row.text("public_url", 2_000)),
    )


def _office(row: Row, ownership: Ownership) -> tuple[str, str]:
    """Who runs it and the office's phone; a person's name or number is left out."""
    operator, is_person = _korean.operator(row.text("operator", 200), is_private=ownership == "private")
    phone, is_mobile = _korean.phone(row.text("phone", 100))
    if is_person:
        row.doubt("person_name", "operator")
    if is_mobile:
        row.doubt("mobile_phone", "phone")
    return operator, phone


def _fees(row: Row) -> tuple[FeeKind, Tariff | None]:
    """ja, 유료, TRUE… in the words that prices are read with."""
    word = {True: "유료", False: "무료", None: row.text("fee", 20)}[flag(row.get("fee"))]
    kind, prices, doubts = tariff(Prices(word, *(row.text(one, 40) for one in _PRICES)))
    # A sheet that has no columns for prices is not to be blamed for a blank.
    if set(_PRICES) & row.columns.keys() or doubts != ("paid_without_price",):
        row.doubts += [(reason, row.where("fee")) for reason in doubts]
    return kind, prices


def _ride(row: Row) -> bool | None:
    """Yes and no, or what to ride on with (Bus, 지하철)."""
    found = flag(row.get("park_and_ride"))
    return True if found is None and row.text("park_and_ride") not in ("", "-") else found


def _hours(row: Row) -> tuple[str | None, str]:
    if found := row.text("opening_hours", 512):
        return found, ""
    if flag(row.get("is_all_day")) is True:
        return "24/7", ""
    cells = {name: row.get(name) for name in row.columns if name.partition("_")[2] in _TIMES or name == "hours"}
    try:
        return _parkapi_hours.osm(cells)
    except _parkapi_hours.NotATime as error:
        row.doubt("time_unreadable", error.field)
        return None, _parkapi_hours.UNSURE


_TIMES = frozenset({"start", "end", "hours"})


def _ownership(word: str) -> Ownership:
    return "public" if word.startswith("공영") else "private" if word.startswith("민영") else "unknown"


def _type(word: str, name: str) -> LotType:
    known = _TYPES.get(re.sub(r"\s+", "", word).lower())
    if known:
        return known
    return _korean.lot_type(word, name) if word else _korean.built(name) or "OTHER"


def _supervision(value: object) -> Supervision:
    known = _SUPERVISION.get(text(value, 20).lower())
    return known or {True: "YES", False: "NO", None: "UNKNOWN"}[flag(value)]  # type: ignore[return-value]


def _date(row: Row) -> date | None:
    value = row.get("data_date")
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = re.fullmatch(r"(\d{4})[-./년 ]{0,2}(\d{1,2})[-./월 ]{0,2}(\d{1,2})(?:\D.*)?", text(value, 40))
    try:
        found = date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        found = None
    if found is None and value is not None and text(value):
        row.doubt("date_unreadable", "data_date")
    return found


def _centimetres(row: Row, name: str) -> int | None:
    """Written in centimetres or, below 10, in metres: no entrance is 10 cm high and none 10 m."""
    value = row.get(name)
    number = decimal(re.sub(r"\s*(?:cm|㎝|m|미터)$", "", value.strip()) if isinstance(value, str) else value)
    if number is None or number <= 0:
        if text(value) not in ("", "-", "0", "없음"):
            row.doubt("number_unreadable", name)
        return None
    found = round(number * 100) if number < 10 else round(number)
    return found if found < 10_000 else None


def _stay(row: Row) -> int | None:
    """Text with its unit (24 Stunden, 2시간); a bare number is ParkAPI's: seconds."""
    value = row.get("max_stay")
    match = _STAY.search(value) if isinstance(value, str) else None
    if match:
        unit = match["unit"]
        factor = 43_200 if unit in ("개월", "월") or unit.startswith("Mon") else 129_600 if unit.startswith("Q") else 0
        return int(match["count"]) * (factor or _STAY_MINUTES[unit[0]]) or None
    seconds = bays(value)
    return max(1, seconds // 60) if seconds else None


def _url(found: str) -> str:
    return found if found.startswith(("https://", "http://")) else ""
