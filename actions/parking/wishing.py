"""What a citizen wishes of a lot: its kind, how long he stays and from when, whose discount is his."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actions.parking.words import (
    ABOUT_PARKING,
    DISCOUNTS,
    FILTERS,
    FREE_PLACE,
    HEIGHT,
    HEIGHT_CM,
    SPACE,
    UNSAID,
    WANTS_MONTH,
)
from civic.parking.search import Filters
from core.clock import SEOUL
from core.contracts.dialogue import Topic, Turn
from core.contracts.tariff import DiscountKind
from core.contracts.understanding import Entity

LONGEST_MINUTES = 60 * 24 * 31
_SAID_OF_BAYS: Mapping[str, DiscountKind] = {
    "ev": "electric", "disabled": "disabled", "compact": "compact", "family": "pregnant"
}  # fmt: skip
"""One word, two wishes: a bay for somebody, or his discount. Where the words look for the bay, it is not the price."""
_BAYS = {"ev", "disabled", "family", "woman", "compact"}
_SOON = timedelta(minutes=10)
_RANGE = re.compile(r"부터|에서|~|-|\bfrom\b|\bto\b", re.I)
_NIGHTS = re.compile(r"(?a)(?<![\d가-힣])(?:\d{1,2}|한|두|세|네)\s?박(?=이|에|은|을|로|하|만|정도|[^가-힣]|$)")
_NOW = re.compile(r"지금|현재|방금|당장|\bnow\b", re.I)
_MORNING = re.compile(r"오전|아침|새벽|\bam\b|a\.m\.|:", re.I)
_AFTER = re.compile(r"^\s?(?:쯤|정도)?\s?(?:뒤|후|있다가|later)")


@dataclass(frozen=True, slots=True)
class Wish:
    """What kind of lot, for how long, at which moment.

    `minutes` None: not said. `at`: the moment that openness and free places are asked for; `is_now` False: it was
    named. `entered_at`: when the stay begins that is priced. `kinds`: the discounts that he says are his.
    `is_by_night`: the stay was said in nights. `wants_space`: he asks for a free place.
    """

    filters: Filters
    minutes: int | None
    at: datetime
    is_now: bool
    now: datetime
    unsaid: tuple[str, ...]
    wants_month: bool
    entered_at: datetime
    kinds: tuple[DiscountKind, ...] = ()
    is_by_night: bool = False
    wants_space: bool = False

    @property
    def memory(self) -> dict[str, Any]:
        """What the next question may lean on."""
        return {
            "filters": [name for name in FILTERS if getattr(self.filters, name)],
            "height_cm": self.filters.height_cm,
            "minutes": self.minutes,
            "kinds": list(self.kinds),
            "at": None if self.is_now else self.at.isoformat(),
        }


def names_of(filters: Filters) -> list[str]:
    """The filters that are on, height last, as the templates name them."""
    return [name for name in FILTERS if getattr(filters, name)] + (["height_cm"] if filters.height_cm else [])


def remembered_filters(memory: Mapping[str, Any]) -> Filters:
    names = [str(name) for name in memory.get("filters", ()) if str(name) in FILTERS]
    height = memory.get("height_cm", 0)
    return Filters(**dict.fromkeys(names, True), height_cm=height if isinstance(height, int) else 0)


def wish(turn: Turn, *, is_fee: bool = False) -> Wish:
    """Read from the text, completed from the question that it continues.

    `is_fee`: the text asks for a price, so that 장애인 or 경차 in it names a discount and no bay.
    """
    text = turn.understanding.text
    memory = _continued(turn.topic, text)
    filters = _filters(text, memory)
    said = tuple(kind for kind, words in DISCOUNTS.items() if words.search(text))
    if not is_fee:
        said = tuple(kind for kind in said if not _is_of_bay(kind, filters))
    at, is_now = _moment(turn, memory)
    stay = _stay(turn, memory)
    entered_at = stay.entered_at or at
    if stay.entered_at is not None and at < stay.entered_at:
        at, is_now = stay.entered_at, False
    return Wish(
        filters=filters,
        minutes=stay.minutes,
        at=at,
        is_now=is_now,
        now=turn.now,
        unsaid=tuple(name for name, words in UNSAID.items() if words.search(text)),
        wants_month=bool(WANTS_MONTH.search(text)),
        entered_at=entered_at,
        kinds=said or tuple(kind for kind in DISCOUNTS if kind in memory.get("kinds", ())),
        is_by_night=bool(_NIGHTS.search(text)),
        wants_space=filters.vacant or bool(SPACE.search(text) and (FREE_PLACE.search(text) or not _has_bay(filters))),
    )


def _has_bay(filters: Filters) -> bool:
    return any(getattr(filters, name) for name in _BAYS)


def _is_of_bay(kind: DiscountKind, filters: Filters) -> bool:
    return any(getattr(filters, name) for name, other in _SAID_OF_BAYS.items() if other == kind)


def _filters(text: str, memory: Mapping[str, Any]) -> Filters:
    said = {name: True for name, words in FILTERS.items() if words.search(text)}
    if said.keys() & _BAYS and not FREE_PLACE.search(text):
        said.pop("vacant", None)  # "임산부 자리 있는 데" asks for the kind of bay, not whether one is free
    height = _height(text)
    if not said and not height:
        return remembered_filters(memory)
    return Filters(**said, height_cm=height)


def _height(text: str) -> int:
    """Centimetres: "높이 2.3", "2m 30", "차고 2.3m", "210cm"; 0 when none is said."""
    if found := HEIGHT.search(text):
        metres = found["a"] or found["d"]
        rest = found["b"] or found["c"] or found["e"] or found["f"] or "0"
        return int(metres) * 100 + int(rest.ljust(2, "0")[:2])
    if found := HEIGHT_CM.search(text):
        return int(found["cm"])
    return 0


def _continued(topic: Topic | None, text: str) -> Mapping[str, Any]:
    """What the question before wished for, unless this text asks a whole question of its own."""
    if topic is None or topic.service != "parking" or ABOUT_PARKING.search(text):
        return {}
    return topic.memory


@dataclass(frozen=True, slots=True)
class _Stay:
    minutes: int | None
    entered_at: datetime | None = None


def _stay(turn: Turn, memory: Mapping[str, Any]) -> _Stay:
    """How long: from one clock to another, else a length of time, else what was said before."""
    seen, text = turn.understanding, turn.understanding.text
    if (between := _between(turn)) is not None:
        return between
    duration = next((one for one in seen.all("duration") if not _AFTER.match(text[one.end : one.end + 8])), None)
    if duration is not None and not FILTERS["all_day"].search(text):
        return _Stay(_minutes(duration.value))
    kept = memory.get("minutes")
    return _Stay(kept if isinstance(kept, int) else None)


def _between(turn: Turn) -> _Stay | None:
    """ "오후 2시부터 6시까지"; past midnight where the second clock is the earlier one."""
    clocks = [one for one in turn.understanding.all("date") if one.detail.get("grain") == "minute"]
    if len(clocks) < 2:
        return None
    first, second = clocks[0], clocks[1]
    between = turn.understanding.text[first.end : second.start]
    if first.role != "from" and not _RANGE.search(between):
        return None
    begin, end = _parsed(first), _parsed(second)
    if begin is None or end is None:
        return None
    if end <= begin:
        end = datetime.combine(begin.date(), end.timetz())
        end += timedelta(days=1) if end <= begin else timedelta()
    minutes = int((end - begin).total_seconds() // 60)
    return _Stay(minutes, begin) if 0 < minutes <= LONGEST_MINUTES else None


def _minutes(value: str) -> int | None:
    return int(value) if value.isdigit() and 0 < int(value) <= LONGEST_MINUTES else None


def _moment(turn: Turn, memory: Mapping[str, Any]) -> tuple[datetime, bool]:
    """The moment that openness and places are asked for, else the one asked about before; a bare day is its noon."""
    said = ((one, _parsed(one)) for one in turn.understanding.all("date"))
    entity, at = next(((one, found) for one, found in said if found is not None), (None, None))
    if entity is not None and at is not None:
        at = _ahead(entity, at, turn.now)
    elif (kept := memory.get("at")) and not _NOW.search(turn.understanding.text):
        at = datetime.fromisoformat(str(kept))
    if at is None:
        return turn.now, True
    is_near = abs(at - turn.now) < _SOON or at < turn.now
    return (turn.now, True) if is_near else (at, False)


def _ahead(entity: Entity, at: datetime, now: datetime) -> datetime:
    """ "7시" said in the afternoon is seven in the evening: nobody asks for a place this morning."""
    is_bare = entity.detail.get("grain") == "minute" and not _MORNING.search(entity.text)
    later = at + timedelta(hours=12)
    is_past = at < now and at.date() == now.astimezone(SEOUL).date() and at.hour < 12
    return later if is_bare and is_past and later > now else at


def _parsed(entity: Entity) -> datetime | None:
    try:
        at = datetime.fromisoformat(entity.value).astimezone(SEOUL)
    except ValueError:
        return None
    return at.replace(hour=12, minute=0) if entity.detail.get("grain") == "day" else at
