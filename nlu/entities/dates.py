"""Days, parts of the day and clock times put together into moments (ISO 8601, Asia/Seoul)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nlu.entities.date_grammar import BETWEEN, CLOCK, DAY, EDGE, EDGE_ROLES, ENGLISH_EDGE, PART, YEAR
from nlu.entities.days import Moment, Unplaced, resolve_day, resolve_year
from nlu.entities.found import Found
from nlu.entities.numerals import native_number

SEOUL = ZoneInfo("Asia/Seoul")

# First and last hour of each part of the day, as Koreans use the words.
_PARTS = {
    "새벽": (0, 6), "아침": (6, 9), "오전": (6, 12), "점심": (12, 14), "대낮": (11, 15), "한낮": (11, 15),
    "낮": (11, 17), "오후": (12, 18), "초저녁": (17, 19), "저녁": (18, 21),
    "한밤중": (23, 24), "한밤": (23, 24), "늦은 밤": (22, 24), "밤": (21, 24), "야간": (20, 24), "심야": (23, 24),
    "morning": (6, 12), "afternoon": (12, 18), "evening": (18, 21), "night": (21, 24),
}  # fmt: skip
_AFTERNOON = {
    "오후",
    "초저녁",
    "저녁",
    "한밤중",
    "늦은 밤",
    "밤",
    "점심",
    "대낮",
    "한낮",
    "낮",
    "afternoon",
    "evening",
    "night",
    "pm",
    "p.m.",
}
_MORNING = {"새벽", "아침", "오전", "morning", "am", "a.m."}
# "3시" without 오전/오후 is nearly always the afternoon in a day-time conversation.
_EARLIEST_BARE_HOUR = 7
_ORDER = {"year": 0, "day": 1, "part": 2, "clock": 3}

_Piece = tuple[str, re.Match[str]]


def find_dates(text: str, now: datetime) -> Iterator[Found]:
    """`date` entities of folded text. Role `until` or `from` when the sentence says so (모레까지, from 3 pm).

    Words for days that no one date can stand for (공휴일, 평일, 설 연휴) have themselves as value and grain `named`.
    """
    now = now.astimezone(SEOUL)
    for group in _groups(text):
        start, end = group[0][1].start(), group[-1][1].end()
        try:
            moment = _resolve(dict(group), now)
        except Unplaced:
            yield Found(start, end, "date", text[start:end], detail={"grain": "named"})
            continue
        except (ValueError, OverflowError):
            continue
        edge = EDGE.match(text, end) or ENGLISH_EDGE.search(text, max(0, start - 8), start)
        detail: dict[str, str | float | int] = {"grain": moment.grain}
        if moment.end is not None:
            detail["end"] = moment.end.isoformat()
        role = EDGE_ROLES[edge[1]] if edge else None
        yield Found(start, end, "date", moment.start.isoformat(), role=role, detail=detail)


def _groups(text: str) -> Iterator[list[_Piece]]:
    """Runs of day, part and clock that belong to one moment."""
    pieces: list[_Piece] = [("year", match) for match in YEAR.finditer(text)]
    pieces += [("day", match) for match in DAY.finditer(text)]
    pieces += [("part", match) for match in PART.finditer(text)]
    pieces += [("clock", match) for match in CLOCK.finditer(text)]
    pieces.sort(key=lambda piece: (piece[1].start(), -piece[1].end()))
    group: list[_Piece] = []
    for kind, match in pieces:
        if group and match.start() < group[-1][1].end():
            continue
        if group and not _continues(group, kind, match, text):
            yield group
            group = []
        group.append((kind, match))
    if group:
        yield group


def _continues(group: list[_Piece], kind: str, match: re.Match[str], text: str) -> bool:
    last_kind, last = group[-1]
    if _ORDER[kind] <= _ORDER[last_kind]:
        return False
    between = BETWEEN.match(text, last.end())
    return between is not None and between.end() >= match.start()


def _resolve(said: dict[str, re.Match[str]], now: datetime) -> Moment:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = Moment(today, "day", today + timedelta(days=1))
    if "year" in said:
        moment = resolve_year(said["year"], now)
        # From the middle of the year the nearest March is that year's own.
        now = moment.start.replace(month=7)
    if "day" in said:
        moment = resolve_day(said["day"], now)
    part = said["part"]["part"].removeprefix("this ").removeprefix("late ") if "part" in said else None
    implied = {"tonight": "evening", "last_night": "night"}
    if part is None and "day" in said:
        part = implied.get(said["day"][0]) or (implied["last_night"] if said["day"]["last_night"] else None)
    if "clock" in said:
        midnight = moment.start.replace(hour=0, minute=0)
        return Moment(midnight + _clock(said["clock"], part), "minute")
    if part is None:
        return moment
    first, last = _PARTS[part]
    midnight = moment.start.replace(hour=0, minute=0)
    return replace(moment, start=midnight + timedelta(hours=first), grain="part", end=midnight + timedelta(hours=last))


def _clock(match: re.Match[str], part: str | None) -> timedelta:
    """Time since midnight; 밤 12시 and 자정 are the end of the day."""
    if sharp := match["sharp"]:
        return timedelta(hours=24 if sharp in {"자정", "midnight"} else 12)
    written = match["hour"] or match["hour_word"] or match["hh"] or match["en_hour"]
    hour = native_number(written) or 0
    minute = 30 if match["half"] else int(match["minute"] or match["mm"] or 0)
    if hour > 24 or minute > 59:
        raise ValueError(match[0])
    half = match["colon_half"] or match["en_half"] or part
    return timedelta(hours=_hour_of_day(hour, half, on_the_dial=match["hh"] is None), minutes=minute)


def _hour_of_day(hour: int, half: str | None, *, on_the_dial: bool) -> int:
    if half in _MORNING:
        return 0 if hour == 12 else hour
    if half in {"밤", "한밤중", "늦은 밤", "night"} and (hour == 12 or hour <= 5):
        return 24 + hour % 12
    if half in _AFTERNOON:
        return hour if hour >= 12 or (half in {"낮", "대낮", "한낮", "점심"} and hour >= 10) else hour + 12
    if on_the_dial and 0 < hour < _EARLIEST_BARE_HOUR:
        return hour + 12
    return hour
