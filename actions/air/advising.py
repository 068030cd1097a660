"""What to do, as the keys of the city's own words (advice.*.yml): by grade, for whom, to do what; never a cure, never
more certain than the values. Whoever changes a line asks the health centre.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actions.air import showing
from actions.air.words import Doing, Who
from civic.air.index import Grade
from civic.air.records import Hour
from core.contracts.air import Level

_DUST = ("PM10", "PM25")
_BAD: Grade = 3
_OF_LEVEL: dict[Level, Grade] = {"advisory": 3, "warning": 4, "critical": 4}


@dataclass(frozen=True, slots=True)
class Situation:
    """`grade`: the worst of all that is known; `dust` and `ozone`: of these alone. None: nothing is known of it."""

    grade: Grade | None
    dust: Grade | None
    ozone: Grade | None
    lacking: tuple[str, ...] = ()


def situation(
    hours: Sequence[Hour], standing: Iterable[tuple[str, Level]] = (), *, instead: Iterable[tuple[str, Grade]] = ()
) -> Situation:
    """Of the hours shown, the worst of each; a level that stands makes it no better than 나쁨. `instead`: of farther
    stations, where the hours lack something: it makes matters worse and never better.
    """
    levels = [*((name, _OF_LEVEL[level]) for name, level in standing), *instead]
    by_name: dict[str, list[Grade]] = {}
    for hour in hours:
        for name, value in showing.usable(hour).items():
            if (one := showing.grade_of(name, value, hour.at)) is not None:
                by_name.setdefault(name, []).append(one)
    for name, one in levels:
        by_name.setdefault(name, []).append(one)
    overall = [one for hour in hours if (one := showing.worst(hour)) is not None]
    return Situation(
        grade=max([*overall, *(one for _, one in levels)], default=None),
        dust=max((one for name in _DUST for one in by_name.get(name, ())), default=None),
        ozone=max(by_name.get("O3", ()), default=None),
        lacking=tuple(name for name in showing.MAIN if name not in by_name),
    )


def of_grades(grades: Iterable[tuple[str, int]]) -> Situation:
    """Of a forecast: pollutant and grade."""
    known: dict[str, Grade] = {name: _grade(grade) for name, grade in grades}
    return Situation(
        grade=max(known.values(), default=None),
        dust=max((known[name] for name in _DUST if name in known), default=None),
        ozone=known.get("O3"),
    )


def _grade(number: int) -> Grade:
    return 1 if number <= 1 else 2 if number == 2 else 3 if number == 3 else 4


def verdict(found: Situation, who: Sequence[Who], doing: Sequence[Doing]) -> tuple[str, ...]:
    """The answer to "may we": keys in the order of saying. Without dust's grade nothing is said to be fine."""
    if found.grade is None:
        return ("air.may.unknown",)
    if found.dust is None and found.grade < _BAD:
        return ("air.may.no_dust",)
    whom = "sensitive" if who else "all"
    keys = [key for one in (doing or ("outing",)) for key in _of(one, found, whom)]
    keys += _of_whom(found, who, doing)
    return tuple(dict.fromkeys(keys))


def _of(doing: Doing, found: Situation, whom: str) -> list[str]:
    """By dust where only dust matters; ozone, which no mask holds back, has its own word."""
    is_ozone = found.ozone is not None and found.ozone >= _BAD
    grade = (found.dust or found.grade) if doing in ("mask", "laundry") else found.grade
    keys = [f"air.may.{doing}.{grade}" + ("" if doing in ("window", "laundry") else f".{whom}")]
    if is_ozone and doing in ("mask", "window", "exercise", "outing"):
        keys.append(f"air.ozone.{doing}")
    return keys


def _of_whom(found: Situation, who: Sequence[Who], doing: Sequence[Doing]) -> list[str]:
    keys = []
    if "child" in who and "mask" in doing and (found.dust or 1) >= _BAD:
        keys.append("air.child.mask")
    if "patient" in who:
        keys.append("air.patient")
    return keys


def usual(found: Situation) -> tuple[str, ...]:
    """What to do, when nobody asked for something special."""
    if found.grade is None or (found.dust is None and found.grade < _BAD):
        return ()
    is_ozone = found.ozone is not None and found.ozone >= _BAD
    return (f"air.do.{found.grade}", *(("air.ozone.do",) if is_ozone else ()))
