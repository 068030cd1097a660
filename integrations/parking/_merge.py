"""Finds the same lot published twice (a city and its facility corporation both send it) and keeps the freshest row."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from rapidfuzz import fuzz

from core.contracts.parking import ParkingRecord, RowNote
from integrations.parking._points import lot_key, meters

_NEAR_METERS = 30.0
_CELL = 0.0004  # about 40 m: two points 30 m apart are in the same cell or in neighbouring ones
_ALIKE = 88.0
_CIRCLED = {chr(0x2460 + n): str(n + 1) for n in range(20)}
_FILLER = re.compile(r"공영|민영|유료|무료|주차장|주차|노상|노외|부설|임시|\(.*?\)|제(?=\d)|[^0-9A-Za-z가-힣]")

Row = tuple[int, ParkingRecord]
"""A record with its line in the file."""


def merged(rows: Sequence[Row]) -> tuple[list[ParkingRecord], list[RowNote]]:
    """One record a lot, in file order, and a note for each row that joined another."""
    names = [name_key(record.name) for _, record in rows]
    parent = list(range(len(rows)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    for one, other in _pairs(rows):
        if root(one) != root(other) and _is_same(rows[one][1], rows[other][1], names[one], names[other]):
            parent[max(root(one), root(other))] = min(root(one), root(other))
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for at in range(len(rows)):
        groups[root(at)].append(at)
    return _settled([[rows[at] for at in group] for group in groups.values()])


def _settled(groups: Sequence[Sequence[Row]]) -> tuple[list[ParkingRecord], list[RowNote]]:
    records: list[ParkingRecord] = []
    notes: list[RowNote] = []
    for group in groups:
        kept_line, kept = max(group, key=lambda row: (row[1].data_date or date.min, row[1].lat is not None, -row[0]))
        others = [(line, record) for line, record in group if line != kept_line]
        records.append(_joined(kept, [record for _, record in others]))
        notes += [RowNote(line, record.uid, "same_lot", f"line {kept_line}") for line, record in others]
    return records, notes


def name_key(name: str) -> str:
    """What is left of a name without the words that every lot has: `사우② 공영주차장` → `사우2`."""
    plain = "".join(_CIRCLED.get(character, character) for character in name)
    return _FILLER.sub("", plain).lower()


def _pairs(rows: Sequence[Row]) -> Iterator[tuple[int, int]]:
    by_cell: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    by_lot: defaultdict[str, list[int]] = defaultdict(list)
    for at, (_, record) in enumerate(rows):
        for key in (lot_key(record.address), f"#{_number(record)}"):
            for other in by_lot[key] if key else ():
                yield other, at
            by_lot[key].append(at)
        if record.lat is None or record.lon is None:
            continue
        row, column = int(record.lat / _CELL), int(record.lon / _CELL)
        for near in ((row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            for other in by_cell.get(near, ()):
                if _are_near(rows[other][1], record):
                    yield other, at
        by_cell[row, column].append(at)


def _number(record: ParkingRecord) -> str:
    """주차장관리번호, which a city and its corporation share; `uid` is code:number, with a tail where it repeats."""
    return record.uid.partition(":")[2].partition("#")[0]


def _are_neighbours(one: ParkingRecord, other: ParkingRecord) -> bool:
    key = lot_key(one.address)
    return bool(key and key == lot_key(other.address)) or _are_near(one, other)


def _are_near(one: ParkingRecord, other: ParkingRecord) -> bool:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return False
    return meters((one.lat, one.lon), (other.lat, other.lon)) <= _NEAR_METERS


def _is_same(one: ParkingRecord, other: ParkingRecord, name: str, other_name: str) -> bool:
    """Near each other, or of one management number: the names must agree, and their numbers exactly (제1 is not 제2).

    A street row and an off-street lot are never one. Rows of the same publisher are joined only when name, size and
    lot number are equal: it knows its own lots, and a small difference is there on purpose.
    """
    if (one.type == "ON_STREET") != (other.type == "ON_STREET"):
        return False
    if one.provider == other.provider:
        lots = {lot_key(one.address), lot_key(other.address)} - {""}
        is_equal = one.name == other.name and one.capacity == other.capacity and len(lots) < 2
        return is_equal and _are_neighbours(one, other)
    if name and name == other_name and _number(one) == _number(other):
        # The number's head names the district and both call it the same: two points of a long street, or a slip.
        return True
    if not _are_neighbours(one, other) or re.findall(r"\d+", name) != re.findall(r"\d+", other_name):
        return False
    if not name or not other_name:
        return one.name == other.name
    is_part = min(len(name), len(other_name)) >= 3 and (name in other_name or other_name in name)
    return is_part or fuzz.ratio(name, other_name) >= _ALIKE


def _joined(kept: ParkingRecord, others: Sequence[ParkingRecord]) -> ParkingRecord:
    """The freshest row, with all ids, and with what only the others know."""
    if not others:
        return kept
    ids = tuple(dict.fromkeys(value for record in (kept, *others) for value in record.external_ids))
    placed = next((record for record in (kept, *others) if record.lat is not None), kept)
    has_disabled = next((r.has_disabled for r in (kept, *others) if r.has_disabled is not None), None)
    road = next((record.road_address for record in (kept, *others) if record.road_address), "")
    return replace(kept, external_ids=ids, lat=placed.lat, lon=placed.lon, has_disabled=has_disabled, road_address=road)
