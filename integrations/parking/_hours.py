"""Turns "operating days plus three pairs of times" into OSM opening hours, leaving unknown what the row leaves open.

The source writes 00:00-00:00 both for "all day" and for "closed", so a day is believed only when the row agrees with
itself; every string is checked with the opening-hours library before it leaves this file.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from opening_hours import validate

UNSURE = "시간 확인 필요"
_TIME = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::00)?")
_CLOSED_WORDS = re.compile(r"휴무|휴장|미운영|운영\s*안|폐쇄")
_MARKET = re.compile(r"장날\s*휴무\s*\(?\s*(\d)일?\s*[+,·]\s*(\d)일?")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_KINDS = {"평일": "weekday", "토요일": "saturday", "일요일": "sunday", "공휴일": "holiday", "휴일": "holiday"}
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Opening:
    """`text`: OSM opening hours or None; `note`: what a citizen should check; `doubt`: why, "" when all is said."""

    text: str | None
    note: str
    doubt: str


@lru_cache(maxsize=4_096)  # few kinds of week stand in many rows
def opening(days: str, weekday: Pair, saturday: Pair, holiday: Pair, remarks: str) -> Opening:
    """Hours of a week. The holiday pair also holds for Sundays (the standard has no pair of its own for them)."""
    named = operating_days(days)
    if named is None:
        return Opening(None, UNSURE, "days_unreadable")
    pairs = {"Mo-Fr": weekday, "Sa": saturday, "Su,PH": holiday}
    is_operating = {
        "Mo-Fr": "weekday" in named,
        "Sa": "saturday" in named,
        # "평일+일요일" without 공휴일 says nothing of public holidays; such a row stays unsure for the pair.
        "Su,PH": "holiday" in named,
    }
    asked = [pair for day, pair in pairs.items() if is_operating[day]]
    is_all_midnight = bool(asked) and all(_minutes(pair) == (0, 0) for pair in asked)
    spans = {
        day: _span(pair, believes_midnight=is_all_midnight and not _CLOSED_WORDS.search(remarks))
        if is_operating[day]
        else None
        for day, pair in pairs.items()
    }
    if not any(spans.values()):
        return Opening(None, UNSURE, "hours_ambiguous")
    return _written(spans, is_operating, remarks, is_all_midnight=is_all_midnight)


def week(pairs: Mapping[str, Pair]) -> Opening:
    """Hours of sources with a pair for each day: keys of `DAYS`; a pair `("", "")` or a missing day is unknown.

    Midnight to midnight is believed, with a note, only when every day that has a pair says so.
    """
    given = {day: pair for day, pair in pairs.items() if any(pair)}
    is_all_midnight = bool(given) and all(_minutes(pair) == (0, 0) for pair in given.values())
    spans = {day: _span(given[day], believes_midnight=is_all_midnight) if day in given else None for day in DAYS}
    if not any(spans.values()):
        return Opening(None, UNSURE, "hours_ambiguous" if given else "")
    notes = [f"{UNSURE}(원자료에 00:00~00:00으로 적힘)"] if is_all_midnight else []
    unsure = [name for day, name in DAYS.items() if spans[day] is None]
    if unsure:
        notes.append(f"{'·'.join(unsure)} {UNSURE}")
    doubt = "hours_midnight" if is_all_midnight else "hours_ambiguous" if unsure else ""
    if set(spans.values()) == {"00:00-24:00"}:
        return Opening("24/7", "; ".join(notes), doubt)
    return Opening(_in_runs(spans), "; ".join(notes), doubt)


DAYS = {
    "Mo": "월요일", "Tu": "화요일", "We": "수요일", "Th": "목요일", "Fr": "금요일", "Sa": "토요일", "Su": "일요일",
    "PH": "공휴일",
}  # fmt: skip


def _in_runs(spans: Mapping[str, str | None]) -> str:
    """`Mo-Fr 09:00-19:00; Sa,Su unknown; PH 10:00-12:00`: days in a row that are alike stand together."""
    runs: list[tuple[list[str], str]] = []
    for day in DAYS:
        said = spans[day] or "unknown"
        if runs and runs[-1][1] == said:
            runs[-1][0].append(day)
        else:
            runs.append(([day], said))
    return "; ".join(f"{_named(days)} {said}" for days, said in runs)


def _named(days: Sequence[str]) -> str:
    week_days = [day for day in days if day != "PH"]
    parts = [f"{week_days[0]}-{week_days[-1]}"] if len(week_days) > 2 else list(week_days)
    return ",".join([*parts, "PH"] if "PH" in days else parts)


def clock(text: str) -> str:
    """`0900`, `900`, `0`, `090000` and `9:00` as HH:MM, since tables lose leading zeros; "" for anything else."""
    if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?", text):
        return ":".join(text.split(":")[:2])
    if not re.fullmatch(r"[0-9]{1,6}", text):
        return ""
    digits = text.zfill(4) if len(text) <= 4 else text.zfill(6)
    return f"{digits[:2]}:{digits[2:4]}"


def operating_days(text: str) -> frozenset[str] | None:
    """The kinds of day a row names; None when it is not a list of kinds but free text, or nothing."""
    words = [word for word in re.split(r"[+,·/\s]+", text) if word]
    if not words or any(word not in _KINDS for word in words):
        return None
    return frozenset(_KINDS[word] for word in words)


def _written(
    spans: dict[str, str | None], is_operating: dict[str, bool], remarks: str, *, is_all_midnight: bool
) -> Opening:
    notes = [f"{UNSURE}(원자료에 00:00~00:00으로 적힘)"] if is_all_midnight else []
    doubt = "hours_midnight" if is_all_midnight else ""
    idle = [_KOREAN[day] for day in spans if not is_operating[day]]
    unsure = [_KOREAN[day] for day, span in spans.items() if span is None and is_operating[day]]
    if idle:
        notes.append(f"{'·'.join(idle)}은 운영요일이 아니므로 이용 가능 여부 확인 필요")
    if unsure:
        notes.append(f"{'·'.join(unsure)} {UNSURE}")
        doubt = doubt or "hours_ambiguous"
    market = _MARKET.search(remarks)
    if set(spans.values()) == {"00:00-24:00"} and not market:
        return Opening("24/7", "; ".join(notes), doubt)
    text = "; ".join(f"{day} {span or 'unknown'}" for day, span in spans.items())
    if market:
        text += f"; {_market_days(int(market[1]), int(market[2]))} off"
        notes.append(f"장날(끝자리 {market[1]}·{market[2]}일) 휴무")
    return Opening(text, "; ".join(notes), doubt) if _is_valid(text) else Opening(None, UNSURE, "hours_invalid")


_KOREAN = {"Mo-Fr": "평일", "Sa": "토요일", "Su,PH": "일요일·공휴일"}


@cache
def _market_days(first: int, second: int) -> str:
    """Five-day markets meet on dates with these two last digits; the 31st keeps none by custom."""
    days = sorted(day for day in range(1, 31) if day % 10 in {first % 10, second % 10})
    return ",".join(f"{month} {day:02d}" for month in _MONTHS for day in days if (month, day) != ("Feb", 30))


@cache
def _is_valid(text: str) -> bool:
    return bool(validate(text))


def _minutes(pair: Pair) -> tuple[int, int] | None:
    found = [_TIME.fullmatch(value.strip()) for value in pair]
    if found[0] is None or found[1] is None:
        return None
    start, end = (int(match[1]) * 60 + int(match[2]) for match in found if match)
    return (start, end) if max(start, end) <= 1440 else None


def _span(pair: Pair, *, believes_midnight: bool) -> str | None:
    """One day's hours in OSM form; None when the pair does not tell. Closing before opening runs past midnight."""
    minutes = _minutes(pair)
    if minutes is None:
        return None
    start, end = minutes
    if minutes == (0, 0):
        return "00:00-24:00" if believes_midnight else None
    if end == 1439:
        end = 1440  # 23:59 is how the source writes "until midnight"
    if start == end or start == 1440 or minutes[0] == minutes[1]:
        return None
    end = 1440 if end == 0 else end
    return f"{_clock(start)}-{_clock(end)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
