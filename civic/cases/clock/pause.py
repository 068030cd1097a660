"""Time that is not counted (보완), as spans without overlap and as whole days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.clock import SEOUL


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that is not counted (보완). Aware moments, `start` <= `end`."""

    start: datetime
    end: datetime


def merged(pauses: Iterable[Pause]) -> list[Pause]:
    """The same time in order and without overlap; what touches becomes one."""
    whole: list[Pause] = []
    for pause in sorted(pauses, key=lambda pause: pause.start):
        if whole and pause.start <= whole[-1].end:
            whole[-1] = Pause(whole[-1].start, max(whole[-1].end, pause.end))
        else:
            whole.append(pause)
    return whole


def days_of(pauses: Sequence[Pause]) -> frozenset[date]:
    """Every Korean day that a pause touches, first and last included (행정절차법 시행령 §11 제1호)."""
    days: set[date] = set()
    for pause in pauses:
        day, last = pause.start.astimezone(SEOUL).date(), pause.end.astimezone(SEOUL).date()
        while day <= last:
            days.add(day)
            day += timedelta(days=1)
    return frozenset(days)
