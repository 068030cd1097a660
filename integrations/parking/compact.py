"""Reads the city's own compact table of lots (demo/<city>/parking_lots.csv): already canonical, one column a fact.

Ids are those of the national standard file and so is the source name, so that importing the national file later
brings these lots up to date instead of doubling them.
"""

import csv
import io
from datetime import date
from pathlib import Path
from typing import get_args

from core.contracts.parking import FeeKind, LotType, Ownership, ParkingFile, ParkingRecord, ReadReport, RowNote, Tariff
from core.errors import BadInput

SOURCE = "kr_standard"
ATTRIBUTION = "전국주차장정보표준데이터(공공데이터포털)"
# fmt: off
COLUMNS = [
    "id", "name", "ownership", "type", "address", "lat", "lon", "capacity", "has_disabled", "has_charging",
    "hours", "hours_note", "fee", "first_minutes", "first_fee_krw", "step_minutes", "step_fee_krw",
    "day_cap_krw", "month_pass_krw", "payment", "remarks", "operator", "phone", "data_date",
]
# fmt: on
_OWNERSHIPS: dict[str, Ownership] = {value: value for value in get_args(Ownership)}
_TYPES: dict[str, LotType] = {value: value for value in get_args(LotType)}
_FEES: dict[str, FeeKind] = {value: value for value in get_args(FeeKind)}
REASONS_KO = {"bad_value": "값을 읽을 수 없음", "wrong_columns": "열 수가 머리글과 다름", "id_repeats": "id가 되풀이됨"}


def read(path: Path) -> ParkingFile:
    """Read a UTF-8 table with exactly the columns of `COLUMNS`. Raises BadInput when it has others."""
    lines = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
    header = next(lines, [])
    if header != COLUMNS:
        odd = sorted(set(COLUMNS) ^ set(header)) or ["order"]
        raise BadInput(
            f"{path.name} 1번째 줄: 열이 맞지 않습니다: {', '.join(odd)}",
            f"{path.name}:1: columns differ: {', '.join(odd)}",
        )
    records: dict[str, ParkingRecord] = {}
    skipped: list[RowNote] = []
    total = 0
    for line, cells in enumerate(lines, start=2):
        if not cells:
            continue
        total += 1
        taken = _record(line, cells)
        if isinstance(taken, ParkingRecord) and taken.uid in records:
            taken = RowNote(line, taken.uid, "id_repeats")
        if isinstance(taken, RowNote):
            skipped.append(taken)
        else:
            records[taken.uid] = taken
    report = ReadReport(SOURCE, ATTRIBUTION, total, len(records), skipped=tuple(skipped), reasons_ko=REASONS_KO)
    return ParkingFile(tuple(records.values()), report)


def _record(line: int, cells: list[str]) -> ParkingRecord | RowNote:
    if len(cells) != len(COLUMNS):
        return RowNote(line, cells[0], "wrong_columns", str(len(cells)))
    cell = {column: value.strip() for column, value in zip(COLUMNS, cells, strict=True)}
    try:
        return _canonical(cell)
    except (ValueError, KeyError) as error:
        return RowNote(line, cell["id"], "bad_value", str(error))


def _canonical(cell: dict[str, str]) -> ParkingRecord:
    lat, lon = _decimal(cell["lat"]), _decimal(cell["lon"])
    if (lat is None) != (lon is None):
        raise ValueError("lat and lon go together")
    return ParkingRecord(
        uid=cell["id"],
        external_ids=(cell["id"],),
        provider=cell["id"].partition(":")[0],
        name=cell["name"],
        ownership=_OWNERSHIPS[cell["ownership"]],
        type=_TYPES[cell["type"]],
        address=cell["address"],
        lat=lat,
        lon=lon,
        capacity=int(cell["capacity"]),
        has_disabled=_flag(cell["has_disabled"]),
        has_charging=_flag(cell["has_charging"]),
        opening_hours=cell["hours"] or None,
        hours_note=cell["hours_note"],
        fee_kind=_FEES[cell["fee"]],
        tariff=_tariff(cell),
        payment=cell["payment"],
        remarks=cell["remarks"],
        operator=cell["operator"],
        phone=cell["phone"],
        data_date=date.fromisoformat(cell["data_date"]) if cell["data_date"] else None,
    )


def _tariff(cell: dict[str, str]) -> Tariff | None:
    first_minutes, first_fee, step_minutes, step_fee, day_cap, month_pass = (
        _whole(cell[column])
        for column in (
            "first_minutes",
            "first_fee_krw",
            "step_minutes",
            "step_fee_krw",
            "day_cap_krw",
            "month_pass_krw",
        )
    )
    made = Tariff(first_minutes, first_fee, step_minutes, step_fee, day_cap, month_pass)
    return None if made == Tariff() else made


def _whole(text: str) -> int | None:
    return int(text) if text else None


def _decimal(text: str) -> float | None:
    return float(text) if text else None


def _flag(text: str) -> bool | None:
    if text not in ("", "yes", "no"):
        raise ValueError(f"expected yes, no or nothing: {text}")
    return {"yes": True, "no": False}.get(text)
