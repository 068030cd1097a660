"""What pictures prove a wrongly parked car: dated rows by kind (evidence.csv), and whether some pictures meet them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Literal

from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.distance import meters

ROWS = Path(__file__).parent / "evidence.csv"
Failing = Literal["", "too_few", "too_close", "too_late", "elsewhere"]
"""too_few: not enough pictures. too_close: no two so far apart in time. too_late: after the next day's 24:00.
elsewhere: the pictures, or a picture and the pin, are not of one place."""
AHEAD = timedelta(minutes=5)
"""A camera's clock may be so far ahead of ours; one that is more tells nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind's rule. `gap_s`: seconds between two pictures; `days`: whole days after the day of the picture until
    whose 24:00 (Korea) it may be reported; `official_app`: only pictures taken in 안전신문고 count, unless the city's
    own rule says otherwise.
    """

    kind: str
    name_ko: str
    name_en: str
    valid_from: date
    photos: int
    gap_s: int
    days: int
    official_app: bool
    certainty: str
    source: str
    note_ko: str
    note_en: str


@cache
def _rows() -> tuple[Rule, ...]:
    with ROWS.open(encoding="utf-8", newline="") as file:
        return tuple(
            Rule(
                kind=row["kind"],
                name_ko=row["name_ko"],
                name_en=row["name_en"],
                valid_from=date.fromisoformat(row["valid_from"]),
                photos=int(row["photos"]),
                gap_s=int(row["gap_s"]),
                days=int(row["days"]),
                official_app=row["official_app"] == "yes",
                certainty=row["certainty"],
                source=row["source"],
                note_ko=row["note_ko"],
                note_en=row["note_en"],
            )
            for row in csv.DictReader(file)
        )


def rules(day: date) -> dict[str, Rule]:
    """By kind, in the order they are offered: the newest row that holds on the day."""
    found: dict[str, Rule] = {}
    for row in _rows():
        if row.valid_from <= day and (row.kind not in found or found[row.kind].valid_from <= row.valid_from):
            found[row.kind] = row
    return found


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture. `taken_at`, `place`: by its own EXIF, None when it does not say; `arrived_at`: when we got it.

    All times aware.
    """

    arrived_at: datetime
    taken_at: datetime | None = None
    place: GeoPoint | None = None

    @property
    def at(self) -> datetime:
        """When it was taken as far as we know; its arrival at the latest."""
        return self.taken_at if self.taken_at and self.taken_at <= self.arrived_at + AHEAD else self.arrived_at

    @property
    def is_dated(self) -> bool:
        return self.at is self.taken_at


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failing` "" means that the rule is met. `gap_s`: the longest proven time between two pictures. `apart_m`: how
    far apart the places lie, None where fewer than two are known. `is_dated`: the pictures themselves say when.
    """

    failing: Failing
    gap_s: int = 0
    apart_m: float | None = None
    is_dated: bool = False

    @property
    def is_met(self) -> bool:
        return not self.failing


def judge(shots: Sequence[Shot], rule: Rule, now: datetime, *, pin: GeoPoint | None, same_place_m: float) -> Verdict:
    """Whether these pictures are what the rule asks for, reported `now`. `pin`: where he says that it is, exactly."""
    gap_s, is_dated = _gap(shots)
    if len(shots) < rule.photos:
        return Verdict("too_few", gap_s, is_dated=is_dated)
    if gap_s < rule.gap_s:
        return Verdict("too_close", gap_s, is_dated=is_dated)
    apart_m = _apart([shot.place for shot in shots] + [pin])
    if now > deadline(min(shot.at for shot in shots), rule):
        return Verdict("too_late", gap_s, apart_m, is_dated)
    if apart_m is not None and apart_m > same_place_m:
        return Verdict("elsewhere", gap_s, apart_m, is_dated)
    return Verdict("", gap_s, apart_m, is_dated)


def deadline(taken_at: datetime, rule: Rule) -> datetime:
    """24:00 in Korea of the day after (`rule.days`) the picture; that very moment is still in time."""
    day = taken_at.astimezone(SEOUL).date() + timedelta(days=rule.days + 1)
    return datetime.combine(day, time(), SEOUL)


def _gap(shots: Sequence[Shot]) -> tuple[int, bool]:
    """Whole seconds between the two that are farthest apart: by their own clocks where both have one, else by arrival.

    Two dated pictures taken together stay together, however late the second one was sent.
    """
    best, is_dated = 0, False
    for one, other in combinations(shots, 2):
        are_dated = one.is_dated and other.is_dated
        apart = abs(one.at - other.at) if are_dated else abs(one.arrived_at - other.arrived_at)
        if (seconds := int(apart.total_seconds())) > best:
            best, is_dated = seconds, are_dated
    return best, is_dated


def _apart(points: Sequence[GeoPoint | None]) -> float | None:
    known = [one for one in points if one is not None]
    return max((meters(one, other) for one, other in combinations(known, 2)), default=None)
