"""Which day a phrase means, counted from the moment it was said."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

from nlu.entities.numerals import native_number

_DAYS = {
    "오늘": 0, "금일": 0, "today": 0, "tonight": 0, "내일": 1, "낼": 1, "명일": 1, "tomorrow": 1, "모레": 2,
    "낼모레": 2, "내일모레": 2, "글피": 3, "어제": -1, "어저께": -1, "yesterday": -1, "그제": -2, "그저께": -2,
    "엊그제": -2,
}  # fmt: skip
_WEEKS = {
    "이번": 0,
    "금주": 0,
    "this": 0,
    "다음": 1,
    "담": 1,
    "차주": 1,
    "next": 1,
    "다다음": 2,
    "지난": -1,
    "저번": -1,
    "last": -1,
    "이": 0,
}
_YEARS = {"재작년": -2, "작년": -1, "지난해": -1, "올해": 0, "올한해": 0, "금년": 0, "내년": 1, "후년": 2,
          "thisyear": 0, "lastyear": -1, "nextyear": 1}  # fmt: skip
_SEASONS = {"봄": 3, "여름": 6, "가을": 9, "겨울": 12, "spring": 3, "summer": 6, "autumn": 9, "winter": 12}
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip
_THIRDS = {"초": 1, "초순": 1, "중순": 11, "하순": 21, "말": 21}
_NTH = {"첫째": 1, "둘째": 2, "셋째": 3, "넷째": 4, "다섯째": 5}
# Days that are the same in every year; those of the lunar calendar are named, not placed.
_SOLAR = {
    "삼일절": (3, 1), "어린이날": (5, 5), "어버이날": (5, 8), "스승의날": (5, 15), "현충일": (6, 6),
    "제헌절": (7, 17), "광복절": (8, 15), "개천절": (10, 3), "한글날": (10, 9), "성탄절": (12, 25),
    "크리스마스": (12, 25), "크리스마스이브": (12, 24), "식목일": (4, 5),
    "근로자의날": (5, 1), "노동절": (5, 1), "신정": (1, 1),
    "새해": (1, 1), "christmas": (12, 25), "christmaseve": (12, 24), "newyear'sday": (1, 1),
    "newyear'seve": (12, 31), "children'sday": (5, 5), "childrensday": (5, 5),
}  # fmt: skip
_WEEKDAYS = "월화수목금토일"
_ENGLISH_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_WORDS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "일주일": 7}
_MINUTES = {"분": 1, "시간": 60, "minute": 1, "hour": 60}
_DAY_UNITS = {"일": 1, "주": 7, "주일": 7, "day": 1, "week": 7}
_BACKWARD = {"전", "ago"}


@dataclass(frozen=True, slots=True)
class Moment:
    """A resolved start with its grain; `end` (exclusive) where the phrase names a stretch."""

    start: datetime
    grain: str
    end: datetime | None = None


class Unplaced(Exception):
    """Words that mean days, but no one day of the calendar."""


def resolve_year(match: re.Match[str], now: datetime) -> Moment:
    """The year of a `date_grammar.YEAR` match, from its first moment."""
    word = match["year_word"]
    year = int(match["full_year"]) if word is None else now.year + _YEARS[word.replace(" ", "")]
    first = now.replace(year=year, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return Moment(first, "year", first.replace(year=year + 1))


def resolve_day(match: re.Match[str], now: datetime) -> Moment:
    """The moment of a `date_grammar.DAY` match.

    Raises ValueError or OverflowError for days no calendar has, Unplaced for names of days that move.
    """
    said = {name: text for name, text in match.groupdict().items() if text is not None}
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for resolver in (_relative, _named, _week, _month, _dated, _counted):
        moment = resolver(said, now, today)
        if moment is not None:
            return moment
    raise ValueError(match[0])


def _relative(said: dict[str, str], now: datetime, today: datetime) -> Moment | None:
    if "day" in said:
        return _day(today + timedelta(days=_DAYS[said["day"].replace(" ", "")]))
    return _day(today - timedelta(days=1)) if "last_night" in said else None


def _named(said: dict[str, str], now: datetime, today: datetime) -> Moment | None:
    if "loose" in said:
        date = _SOLAR.get(said["loose"].replace(" ", ""))
        if date is None:
            raise Unplaced(said["loose"])
        return _day(
            _nearest([today.replace(year=today.year + step, month=date[0], day=date[1]) for step in (0, 1, -1)], today)
        )
    if "season" in said:
        month = next(month for word, month in _SEASONS.items() if word in said["season"])
        first = _nearest([today.replace(year=today.year + step, month=month, day=1) for step in (0, 1, -1)], today)
        return Moment(first, "season", _plus_months(first, 3))
    return None


def _week(said: dict[str, str], now: datetime, today: datetime) -> Moment | None:
    monday = today - timedelta(days=today.weekday())
    which = (
        said.get("week_of")
        or said.get("this_week")
        or (said.get("en_which") if said.get("en_span") != "month" else None)
    )
    if which:
        monday += timedelta(weeks=_WEEKS[which])
        if "week_day" in said:
            return _day(monday + timedelta(days=_WEEKDAYS.index(said["week_day"])))
        if "week_end" in said or said.get("en_span") == "weekend":
            return _weekend(monday)
        return Moment(monday, "week", monday + timedelta(weeks=1))
    if "weekend" in said or "en_weekend" in said:
        return _weekend(monday)
    if "weekday" in said:
        return _day(today + timedelta(days=(_WEEKDAYS.index(said["weekday"]) - today.weekday()) % 7))
    if "en_weekday" in said:
        number = _ENGLISH_WEEKDAYS.index(said["en_weekday"])
        if "en_of" in said:
            return _day(monday + timedelta(weeks=_WEEKS[said["en_of"]], days=number))
        return _day(today + timedelta(days=(number - today.weekday()) % 7))
    return None


def _month(said: dict[str, str], now: datetime, today: datetime) -> Moment | None:
    which = said.get("month_of") or ("다음" if "next_month" in said else None)
    if said.get("en_span") == "month":
        which = said["en_which"]
    if which:
        return _of_month(_plus_months(today.replace(day=1), _WEEKS[which]), said, "said")
    named = said.get("only_month") or said.get("en_month")
    if named and "en_day" not in said:
        month = int(named) if named.isdigit() else _MONTHS.index(named) + 1
        years = [today.replace(year=today.year + step, month=month, day=1) for step in (0, 1, -1)]
        return _of_month(_nearest(years, today), said, "only")
    return None


def _of_month(first: datetime, said: dict[str, str], group: str) -> Moment:
    """A month, or the third or week of it that is said."""
    after = _plus_months(first, 1)
    if third := said.get(f"{group}_third"):
        start = first.replace(day=_THIRDS[third])
        return Moment(start, "third", after if start.day == 21 else start + timedelta(days=10))
    if week := said.get(f"{group}_week"):
        monday = first - timedelta(days=first.weekday()) + timedelta(weeks=_NTH.get(week) or int(week), days=-7)
        return Moment(monday, "week", monday + timedelta(weeks=1))
    return Moment(first, "month", after)


def _dated(said: dict[str, str], now: datetime, today: datetime) -> Moment | None:
    if "year" in said:
        year, month, day = (int(said[name]) for name in ("year", "year_month", "year_day"))
        return _day(today.replace(year=year, month=month, day=day))
    month_text = said.get("month") or said.get("slash_month")
    if "en_day" in said:
        month_text = str(_MONTHS.index(said["en_month"]) + 1)
    if month_text:
        month, day = int(month_text), int(said.get("month_day") or said.get("en_day") or said["slash_day"])
        years = [today.year + step for step in (0, 1, -1) if day <= monthrange(today.year + step, month)[1]]
        return _day(_nearest([today.replace(year=year, month=month, day=day) for year in years], today))
    if "day_of_month" in said:
        day = int(said["day_of_month"])
        months = [_plus_months(today.replace(day=1), step) for step in (0, 1, -1)]
        return _day(_nearest([m.replace(day=day) for m in months if day <= monthrange(m.year, m.month)[1]], today))
    return None


def _counted(said: dict[str, str], now: datetime, today: datetime) -> Moment | None:
    if "ago_word" in said:
        sign = -1 if said["ago_word_way"] in _BACKWARD else 1
        return _day(today + timedelta(days=sign * _DAY_WORDS[said["ago_word"]]))
    number_text = said.get("ago_number") or said.get("en_number") or said.get("en_in")
    if number_text is None:
        return None
    unit = said.get("ago_unit") or said.get("en_unit") or said["en_in_unit"]
    way = said.get("ago_way") or said.get("en_way") or "later"
    count = (native_number(number_text) or 0) * (-1 if way in _BACKWARD else 1)
    if unit in _MINUTES:
        start = now.replace(second=0, microsecond=0) + timedelta(minutes=count * _MINUTES[unit])
        return Moment(start, "minute")
    if unit in _DAY_UNITS:
        return _day(today + timedelta(days=count * _DAY_UNITS[unit]))
    return _day(_plus_months(today, count))


def _day(start: datetime) -> Moment:
    return Moment(start, "day", start + timedelta(days=1))


def _weekend(monday: datetime) -> Moment:
    return Moment(monday + timedelta(days=5), "weekend", monday + timedelta(days=7))


def _plus_months(start: datetime, months: int) -> datetime:
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    return start.replace(year=year, month=month + 1, day=min(start.day, monthrange(year, month + 1)[1]))


def _nearest(days: list[datetime], today: datetime) -> datetime:
    """The nearest of the candidates; a tie goes to the future."""
    return min(days, key=lambda day: (abs(day - today), day < today))
