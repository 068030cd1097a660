"""Finds the few lots that one could be compared with, among all: by place, lot number, name in its town, and id."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator
from uuid import UUID

from civic.parking.federation.likeness import Likeness, Sketch, likeness, name_key
from core.parking_rules import Matching

_NEAR, _NEAR_M = 0.0004, 34.0
"""A small cell in degrees, and its narrow side in metres at Korea's northern end: whatever is so near is compared."""
_WIDE, _WIDE_M = 0.002, 170.0
"""A large cell: farther away only lots of one name are."""
_CROWD = 300
"""Lots of one key: no place has so many, so the key says nothing (a placeholder's point, "공영주차장")."""
_MOST_PAIRS = 5
"""Of one lot, the likeliest: nobody reads more."""

Pair = tuple[UUID, UUID]


class Blocks:
    """All lots of a city, kept while the process runs: a changed lot is put again, a gone one dropped."""

    def __init__(self, rules: Matching) -> None:
        self._rules = rules
        self._reach = int(rules.near_m // _NEAR_M) + 1, int(rules.wide_m // _WIDE_M) + 1
        self._lots: dict[UUID, Sketch] = {}
        self._keys: dict[UUID, tuple[Hashable, ...]] = {}
        self._under: defaultdict[Hashable, set[UUID]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._lots)

    def put(self, lot: Sketch) -> None:
        self.drop(lot.id)
        keys = tuple(set(_keys(lot)))
        self._lots[lot.id], self._keys[lot.id] = lot, keys
        for key in keys:
            self._under[key].add(lot.id)

    def drop(self, lot_id: UUID) -> None:
        self._lots.pop(lot_id, None)
        for key in self._keys.pop(lot_id, ()):
            self._under[key].discard(lot_id)
            if not self._under[key]:
                del self._under[key]

    def pairs(self, changed: Collection[UUID]) -> dict[Pair, Likeness]:
        """Every pair with a changed lot that may be one, the smaller id first."""
        found: dict[Pair, Likeness] = {}
        seen: set[Pair] = set()
        for lot_id in changed:
            lot = self._lots.get(lot_id)
            if lot is None:
                continue
            mine: list[tuple[Pair, Likeness]] = []
            for other in self._near(lot):
                pair = (lot_id, other.id) if lot_id < other.id else (other.id, lot_id)
                if pair in seen:
                    continue
                seen.add(pair)
                if (how := likeness(self._lots[pair[0]], self._lots[pair[1]], self._rules)) is not None:
                    mine.append((pair, how))
            found.update(sorted(mine, key=lambda one: -one[1].score)[:_MOST_PAIRS])
        return found

    def _near(self, lot: Sketch) -> Iterator[Sketch]:
        ids: set[UUID] = set()
        for key in set(_asked(lot, self._reach)):
            under = self._under.get(key, ())
            if len(under) <= _CROWD:
                ids.update(under)
        for lot_id in ids:
            other = self._lots[lot_id]
            if other.source != lot.source:
                yield other


def _cell(lot: Sketch, size: float) -> tuple[int, int]:
    return int((lot.lat or 0.0) / size), int((lot.lon or 0.0) / size)


def _keys(lot: Sketch) -> Iterator[Hashable]:
    """Under what a lot is found. Names and towns find rows without a point, and are found by them."""
    name = name_key(lot.name)
    if lot.is_placed:
        yield ("near", *_cell(lot, _NEAR))
        yield ("wide", *_cell(lot, _WIDE), name)
    for number in lot.numbers:
        yield ("lot", *number.block)
        if number.town and name:
            yield ("name" if lot.is_placed else "unplaced name", number.town, name)
        yield ("area" if lot.is_placed else "unplaced area", number.area)
    for one in lot.external_ids:
        yield ("id", one)


def _asked(lot: Sketch, reach: tuple[int, int]) -> Iterator[Hashable]:
    """Under what its like may be found."""
    if lot.is_placed:
        name = name_key(lot.name)
        yield from (("near", row, column) for row, column in _around(_cell(lot, _NEAR), reach[0]))
        yield from (("wide", row, column, name) for row, column in _around(_cell(lot, _WIDE), reach[1]))
    for key in _keys(lot):
        if not isinstance(key, tuple) or key[0] in ("near", "wide"):
            continue
        if key[0] in ("lot", "id"):
            yield key
            continue
        plain = str(key[0]).removeprefix("unplaced ")
        yield (f"unplaced {plain}", *key[1:])
        if not lot.is_placed:
            yield (plain, *key[1:])


def _around(cell: tuple[int, int], reach: int) -> Iterator[tuple[int, int]]:
    steps = range(-reach, reach + 1)
    return ((cell[0] + i, cell[1] + j) for i in steps for j in steps)
