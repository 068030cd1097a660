"""When hourly values reach the lines of 주의보/경보 ("기준 도달"), as a state machine that can stop and go on anywhere.

It says that a criterion is met, never that an alert is issued: that is the governor's decision (발령). Lines:
criteria.csv. Nothing here knows the clock, a table or a telling.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from core.clock import SEOUL
from core.contracts.air import LEVELS, Level
from core.dated import SOURCED, valid

Kind = Literal["reached", "stepped_down", "lifted"]
LEVELS_KO: Mapping[Level, str] = {"advisory": "주의보", "warning": "경보", "critical": "중대경보"}
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A level is reached by `hours` consecutive hours of at least `reach`, and left by one valid hour below `leave`."""

    level: Level
    reach: Decimal
    hours: int
    leave: Decimal


@dataclass(frozen=True, slots=True)
class State:
    """All that the machine remembers of one pollutant in one zone. `runs`: consecutive hours at each level's line.

    `began`: when the episode's first level was reached; `since`: the present level; both are the end of the deciding
    hour. `peak`: the highest valid hour since `began`. `last`: the end of the newest hour taken.
    """

    level: Level | None = None
    began: datetime | None = None
    since: datetime | None = None
    peak: Decimal | None = None
    peak_at: datetime | None = None
    last: datetime | None = None
    runs: Mapping[Level, int] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "level": self.level,
            "began": _iso(self.began),
            "since": _iso(self.since),
            "peak": None if self.peak is None else str(self.peak),
            "peak_at": _iso(self.peak_at),
            "last": _iso(self.last),
            "runs": dict(self.runs),
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "State":
        """What `written` gave. Raises KeyError or ValueError for anything else."""
        level = written["level"]
        if level is not None and level not in LEVELS:
            raise ValueError("no such level")
        return cls(
            level=level,
            began=_moment(written["began"]),
            since=_moment(written["since"]),
            peak=None if written["peak"] is None else Decimal(written["peak"]),
            peak_at=_moment(written["peak_at"]),
            last=_moment(written["last"]),
            runs={one: int(written["runs"][one]) for one in LEVELS if one in written["runs"]},
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A change of level at the end of an hour. `level`: the new one, None when lifted; `value`: the deciding hour."""

    kind: Kind
    at: datetime
    value: Decimal
    level: Level | None
    before: Level | None


@cache
def criteria_on(pollutant: str, day: date) -> tuple[Criterion, ...]:
    """A pollutant's lines as they were on a day (Korea), the lowest first; empty when it has none."""
    found = valid(Path(__file__).with_name("criteria.csv"), day, ["pollutant", "level"], SOURCED)
    return tuple(
        Criterion(level, Decimal(rows[0]["reach"]), int(rows[0]["hours"]), Decimal(rows[0]["leave"]))
        for level in LEVELS
        if (rows := found.get((pollutant, level)))
    )


def step(pollutant: str, state: State, at: datetime, value: Decimal | None) -> tuple[State, Change | None]:
    """Take the hour that ends at `at` (aware). `value`: the zone's hourly value, None when it has no valid one.

    An hour that is not newer than the last is left alone: corrections are a matter of replaying from before them. An
    hour left out breaks the run like a missing one. At most one change an hour: a fall below the line of the lowest
    level lifts at once, whatever stood.
    """
    if at.utcoffset() is None:
        raise ValueError("moments carry their zone")
    if state.last is not None and at <= state.last:
        return state, None
    if value is None:
        return _with(state, last=at, runs={}), None
    # The hour that ends at midnight is of the day before.
    lines = criteria_on(pollutant, (at - HOUR).astimezone(SEOUL).date())
    follows = state.last is not None and at - state.last == HOUR
    runs: dict[Level, int] = {}
    for line in lines:
        if value >= line.reach:
            # Beyond the hours that are needed, more say nothing: the state stays small.
            runs[line.level] = min(line.hours, (state.runs.get(line.level, 0) if follows else 0) + 1)
    level = _level(lines, state.level, runs, value)
    change = _change(state.level, level, at, value)
    return _moved(state, level, change, at, value, runs), change


def replay(
    pollutant: str, hours: Iterable[tuple[datetime, Decimal | None]], state: State | None = None
) -> tuple[State, list[Change]]:
    """Take many hours, oldest first."""
    now = state or State()
    changes = []
    for at, value in hours:
        now, change = step(pollutant, now, at, value)
        if change:
            changes.append(change)
    return now, changes


def zone_value(pollutant: str, values: Sequence[Decimal | None], least: int = 1) -> Decimal | None:
    """What counts for a zone: the mean of its valid stations for dust, the highest for ozone ("any one station" [K]).

    None when fewer than `least` stations are valid. Unrounded.
    """
    there = [one for one in values if one is not None]
    if not there or len(there) < least:
        return None
    return max(there) if pollutant == "O3" else sum(there, Decimal(0)) / len(there)


def _level(
    lines: Sequence[Criterion], standing: Level | None, runs: Mapping[Level, int], value: Decimal
) -> Level | None:
    rank = {level: place for place, level in enumerate(LEVELS)}
    reached = [line.level for line in lines if runs.get(line.level, 0) >= line.hours]
    held = [line.level for line in lines if standing and rank[line.level] <= rank[standing] and value >= line.leave]
    return max([*reached, *held], key=rank.__getitem__, default=None)


def _change(before: Level | None, level: Level | None, at: datetime, value: Decimal) -> Change | None:
    if level == before:
        return None
    if level is None:
        return Change("lifted", at, value, None, before)
    is_higher = before is None or LEVELS.index(level) > LEVELS.index(before)
    return Change("reached" if is_higher else "stepped_down", at, value, level, before)


def _moved(
    state: State, level: Level | None, change: Change | None, at: datetime, value: Decimal, runs: Mapping[Level, int]
) -> State:
    if level is None:
        return State(last=at, runs=runs)
    if state.level is None:
        return State(level, at, at, value, at, at, runs)
    is_peak = state.peak is None or value > state.peak
    return State(
        level=level,
        began=state.began,
        since=at if change else state.since,
        peak=value if is_peak else state.peak,
        peak_at=at if is_peak else state.peak_at,
        last=at,
        runs=runs,
    )


def _with(state: State, *, last: datetime, runs: Mapping[Level, int]) -> State:
    return State(state.level, state.began, state.since, state.peak, state.peak_at, last, runs)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
