"""Reads 전국주차장정보표준데이터 (the national standard parking data, portal id 15012896) from its CSV file.

Columns are found by name: older files have 33, newer ones 34. The mapping of a row is `_standard`'s, shared with the
API (kr_standard_api). Attribution: public-sector open data, source and reference date to be named.
"""

from pathlib import Path

from core.contracts.parking import ParkingFile
from core.errors import BadInput
from integrations.parking import _standard, _table

SOURCE = "kr_standard"
ATTRIBUTION = _standard.ATTRIBUTION
REASONS_KO = _standard.REASONS_KO


def recognises(header: str) -> bool:
    """Whether a file with this first line is ours."""
    return "주차장관리번호" in header and "주차구획수" in header


def read(path: Path) -> ParkingFile:
    """Read a CSV file (UTF-8 with or without mark, else CP949). Raises BadInput when it is not this table."""
    return read_text(_table.decoded(path.read_bytes(), path.name), path.name)


def read_text(text: str, name: str = "") -> ParkingFile:
    """The same for text in hand; `name` is for the error message."""
    header, rows = _table.opened(text)
    lacking = ", ".join(_table.missing(header, _standard.NEEDED)[:5])
    if lacking:
        raise BadInput(
            f"{name}: 전국주차장정보표준데이터가 아닙니다. 없는 열: {lacking}",
            f"{name}: not the national standard parking file; missing columns: {lacking}",
        )
    found = _standard.taken(rows)
    return ParkingFile(tuple(found.records), found.report(SOURCE))
