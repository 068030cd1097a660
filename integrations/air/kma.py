"""기상청 초단기실황 (getUltraSrtNcst): wind and weather of a grid cell at an hour; fields in docs/sources/kma.md."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from core.contracts.air import Pulled, ReadReport, RowNote, Wind
from core.datagokr import cell, read_page
from integrations.air._values import moment, number

ATTRIBUTION = "기상청"
MISSING_FROM = Decimal(-900)
"""−998.9, −998 and −999 stand for nothing; no true value is so low."""
REASONS_KO = {
    "not_a_row": "행이 아님",
    "no_time": "시각이나 격자를 읽을 수 없음",
    "no_value": "값이 없음(결측이거나 글자)",
}
_FIELDS = ("UUU", "VVV", "VEC", "WSD", "T1H", "REH", "RN1")


def read_ncst(body: bytes, received_at: datetime, *, status: int = 200, source: str = "kma") -> Pulled:
    """Winds by cell (`place` is `nx,ny`) and hour; no data is an empty answer.

    Raises core.datagokr.GatewayFailed; its `result` 10 means an hour of more than a day ago, which can no longer be
    asked for. Numbers come as text or as numbers.
    """
    page = read_page(body, status)
    notes = [RowNote(0, "", "not_a_row")] * page.odd
    cells: dict[tuple[str, datetime], dict[str, Decimal]] = {}
    accepted = 0
    for line, row in enumerate(page.items, 1):
        at = moment(f"{cell(row.get('baseDate'))}{cell(row.get('baseTime')).zfill(4)}")
        nx, ny = number(row.get("nx")), number(row.get("ny"))
        if at is None or nx is None or ny is None:
            notes.append(RowNote(line, cell(row.get("category")), "no_time"))
            continue
        values = cells.setdefault((f"{nx},{ny}", at), {})
        value = number(row.get("obsrValue"))
        if value is None or value <= MISSING_FROM:
            notes.append(RowNote(line, cell(row.get("category")), "no_value"))
            continue
        values[cell(row.get("category"))] = value
        accepted += 1
    winds = [_wind(values, source, place, at, received_at) for (place, at), values in cells.items()]
    return Pulled(
        observations=(),
        report=_report(source, accepted, notes),
        winds=tuple(wind for wind, values in zip(winds, cells.values(), strict=True) if values),
    )


def _wind(values: Mapping[str, Decimal], source: str, place: str, at: datetime, received_at: datetime) -> Wind:
    u, v, degrees, speed, temperature, humidity, rain = (values.get(field) for field in _FIELDS)
    return Wind(
        source=source,
        place=place,
        at=at,
        received_at=received_at,
        from_degrees=None if degrees is None or not 0 <= degrees <= 360 else degrees % 360,
        speed=None if speed is None or speed < 0 else speed,
        u=u,
        v=v,
        temperature=temperature,
        humidity=humidity,
        rain=None if rain is None or rain < 0 else rain,
    )


def _report(source: str, accepted: int, notes: list[RowNote]) -> ReadReport:
    used = {note.reason for note in notes}
    reasons = {reason: text for reason, text in REASONS_KO.items() if reason in used}
    return ReadReport(source, ATTRIBUTION, accepted + len(notes), accepted, skipped=tuple(notes), reasons_ko=reasons)
