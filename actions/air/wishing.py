"""What a citizen asks of the air: the question, the pollutants, for whom, to do what, and for which days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from actions.air import words
from actions.air.words import Asks, Doing, Who
from core.clock import SEOUL
from core.contracts.air import POLLUTANTS
from core.contracts.dialogue import Turn
from core.contracts.understanding import Understanding

SERVICE = "air"
NOW, COMING = "air_now", "air_forecast_alert"
DUST = ("PM10", "PM25")
_MOST_DAYS = 7


@dataclass(frozen=True, slots=True)
class Wish:
    """`pollutants`: empty for all. `days`: of Korea, in order; empty: the present. `part`: a part of the day that was
    named (밤, 내일 오후), as it was said. `is_reversed`: the dirtiest places and not the cleanest.
    """

    asks: Asks
    pollutants: tuple[str, ...] = ()
    who: tuple[Who, ...] = ()
    doing: tuple[Doing, ...] = ()
    days: tuple[date, ...] = ()
    part: str = ""
    is_reversed: bool = False
    is_indoors: bool = False
    is_yellow_dust: bool = False

    @property
    def wants_advice(self) -> bool:
        return bool(self.who or self.doing)

    @property
    def memory(self) -> dict[str, Any]:
        """What the next question may lean on."""
        return {
            "asks": self.asks,
            "pollutants": list(self.pollutants),
            "who": list(self.who),
            "doing": list(self.doing),
            "days": [day.isoformat() for day in self.days],
        }


def wish(turn: Turn, intent: str, asks: Asks | None = None) -> Wish:
    """Read from the text, completed from the question that it continues: "장기동은?" asks the same elsewhere, "창문은?"
    is still about the child. `intent` COMING means the forecast where nothing else is said. `asks`: a button's.
    """
    seen = turn.understanding
    today = turn.now.astimezone(SEOUL).date()
    days, part = _days(seen)
    who = tuple(name for name, pattern in words.WHO.items() if pattern.search(seen.text))
    doing = tuple(name for name, pattern in words.DOING.items() if pattern.search(seen.text))
    named = pollutants(seen)
    said = asks or _asked(seen, days, today, has_advice=bool(who or doing))
    kept = _continued(turn, is_whole=bool(said or named or days), has_advice=bool(who or doing))
    if not said and "asks" in kept:
        said, days = kept["asks"], tuple(date.fromisoformat(day) for day in kept.get("days", ()))
        named = tuple(name for name in POLLUTANTS if name in kept.get("pollutants", ()))
    said = said or ("forecast" if intent == COMING and not (who or doing) else "now")
    if said == "forecast" and not days:
        days = (today, today + timedelta(days=1)) if words.FUTURE.search(seen.text) else (today + timedelta(days=1),)
    return Wish(
        asks=said,
        pollutants=named,
        who=who or tuple(name for name in words.WHO if name in kept.get("who", ())),
        doing=doing or tuple(name for name in words.DOING if name in kept.get("doing", ())),
        days=days,
        part=part,
        is_reversed=bool(words.DIRTY.search(seen.text)),
        is_indoors=bool(words.INDOORS.search(seen.text)),
        is_yellow_dust=bool(words.YELLOW_DUST.search(seen.text)),
    )


def _continued(turn: Turn, *, is_whole: bool, has_advice: bool) -> Mapping[str, Any]:
    """Of the question before: all of it where the text names but a place or somebody; for whom and for which day it was
    where it says what to do; nothing where it asks a whole question of its own.
    """
    topic = turn.topic
    if topic is None or topic.service != SERVICE or turn.message.kind == "button" or is_whole:
        return {}
    memory = topic.memory
    coming = {name: memory[name] for name in ("asks", "days") if name in memory} if _is_coming(memory) else {}
    if has_advice:
        kept = {"who": memory.get("who", ()), "doing": memory.get("doing", ())}
        return {**kept, **coming}
    has_place = bool(turn.understanding.all("place")) or turn.message.place is not None
    return memory if has_place else {}


def _is_coming(memory: Mapping[str, Any]) -> bool:
    return memory.get("asks") == "forecast"


def names_asked(turn: Turn) -> Asks | None:
    """The question that the words alone ask, whatever was talked about."""
    seen = turn.understanding
    days, _ = _days(seen)
    return _asked(seen, days, turn.now.astimezone(SEOUL).date(), has_advice=False)


def pollutants(seen: Understanding) -> tuple[str, ...]:
    """Those that the text names, in the order of the index. 미세먼지 means both sizes, as it does on every sign."""
    text = words.POLLUTANTS["PM25"].sub(" ", seen.text)
    found = {name for name, pattern in words.POLLUTANTS.items() if name != "PM25" and pattern.search(text)}
    if words.POLLUTANTS["PM25"].search(seen.text):
        found.add("PM25")
    found |= {words.OF_ENTITY[one.value] for one in seen.all("category") if one.value in words.OF_ENTITY}
    if "PM10" in found and not _is_coarse_alone(seen.text):
        found.add("PM25")
    return tuple(one for one in POLLUTANTS if one in found)


def _is_coarse_alone(text: str) -> bool:
    """PM10 by its number, or yellow dust: the finer size is not meant."""
    return bool(words.YELLOW_DUST.search(text)) or "10" in text


def _asked(seen: Understanding, days: tuple[date, ...], today: date, *, has_advice: bool) -> Asks | None:
    """What the words ask for, the most particular first; None: nothing but the air itself."""
    text = seen.text
    is_past = bool(days) and days[-1] < today
    is_coming = bool(days) and days[-1] > today
    first: tuple[tuple[Asks, bool], ...] = (
        ("limits", bool(words.LIMITS.search(text))),
        ("criteria", bool(words.CRITERIA.search(text))),
        ("grades", bool(words.GRADES.search(text))),
        ("alerts", bool(words.ALERTS.search(text))),
        ("source", bool(words.SOURCE.search(text))),
        ("stations", bool(words.STATIONS.search(text))),
        ("why", bool(words.WHY.search(text)) and not has_advice),
        ("hours", bool(words.HOURS.search(text)) and not is_coming),
        ("past", is_past or (bool(words.PAST.search(text)) and not is_coming)),
        ("forecast", is_coming or bool(words.FUTURE.search(text)) or _is_later_today(seen)),
        ("clean", _compares_places(seen) or bool(words.CLEAN.search(text) or words.DIRTY.search(text))),
    )
    return next((name for name, is_asked in first if is_asked), None)


def _compares_places(seen: Understanding) -> bool:
    return len({one.value for one in seen.all("place")}) > 1


def _is_later_today(seen: Understanding) -> bool:
    """ "밤에는?", "저녁에 나가도 돼?": a part of the day, of which only the day has a forecast."""
    return any(one.detail.get("grain") == "part" for one in seen.all("date")) and not words.PAST.search(seen.text)


def _days(seen: Understanding) -> tuple[tuple[date, ...], str]:
    """Days that are named, at most a week of them, and the part of a day in the citizen's word."""
    found: set[date] = set()
    part = ""
    for one in seen.all("date"):
        begin = _moment(one.value)
        if begin is None:
            continue
        end = _moment(str(one.detail.get("end", ""))) or begin
        last = max(begin, end - timedelta(seconds=1)) if end > begin else begin
        count = min((last.date() - begin.date()).days, _MOST_DAYS - 1)
        found |= {begin.date() + timedelta(days=n) for n in range(count + 1)}
        if one.detail.get("grain") in ("part", "minute", "hour"):
            part = one.text
    return tuple(sorted(found)), part


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(SEOUL)
    except ValueError:
        return None
