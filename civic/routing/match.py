"""Does a rule fit a new case? A pure function that also says why, so that a dry run and the real thing agree."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shapely.geometry import Point  # type: ignore[import-untyped]

from civic.routing.rule import Conditions, Hours, Rule, Track
from core.clock import SEOUL

_DAYS_KO = "월화수목금토일"
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a case says of itself before anybody has it. `department_id` is its category's, `text` title and story.

    `deadline_kind`: the unit of its processing time. Coordinates are WGS 84.
    """

    category: str
    department_id: str
    deadline_kind: str
    text: str
    channel: str
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    has_photos: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """A reason in both languages."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule held against the matter. `because`: what fitted, or the first thing that did not."""

    rule: Rule
    is_match: bool
    because: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """The matter with what was worked out before the rules: its area, its track, the Korean time."""

    matter: Matter
    area_id: str | None
    track: Track
    local: datetime


def first_match(rules: Sequence[Rule], seen: Seen) -> tuple[Rule | None, tuple[Tried, ...]]:
    """The first rule that fits, with every rule that was tried up to it."""
    tried: list[Tried] = []
    for rule in rules:
        outcome = fits(rule.conditions, seen)
        tried.append(Tried(rule, outcome[0], outcome[1]))
        if outcome[0]:
            return rule, tuple(tried)
    return None, tuple(tried)


def fits(conditions: Conditions, seen: Seen) -> tuple[bool, tuple[Why, ...]]:
    """Whether all given conditions hold, and why (or the first that does not)."""
    reasons: list[Why] = []
    for check in _CHECKS:
        answer = check(conditions, seen)
        if answer is None:
            continue
        holds, why = answer
        if not holds:
            return False, (why,)
        reasons.append(why)
    return True, tuple(reasons) or (Why("조건이 없는 규칙", "a rule without conditions"),)


Answer = tuple[bool, Why] | None
"""None: the rule does not ask this."""


def _category(wanted: Conditions, seen: Seen) -> Answer:
    if not wanted.categories:
        return None
    given = seen.matter.category
    return given in wanted.categories, Why(f"분야 {given}", f"category {given}")


def _area(wanted: Conditions, seen: Seen) -> Answer:
    if not wanted.areas:
        return None
    given = seen.area_id
    return given in wanted.areas, Why(f"지역 {given or '모름'}", f"area {given or 'unknown'}")


def _polygon(wanted: Conditions, seen: Seen) -> Answer:
    if wanted.polygon is None:
        return None
    if seen.matter.lat is None or seen.matter.lon is None:
        return False, Why("좌표 없음", "no coordinates")
    # `covers`, not `contains`: a report from the line itself belongs to the area.
    is_in = wanted.polygon.shape.covers(Point(seen.matter.lon, seen.matter.lat))
    return is_in, Why("구역 안", "inside the polygon") if is_in else Why("구역 밖", "outside the polygon")


def _time(wanted: Conditions, seen: Seen) -> Answer:
    """Hours and weekdays together: after midnight a night still belongs to the day on which it began."""
    if wanted.hours is None and not wanted.weekdays:
        return None
    day = seen.local
    if wanted.hours is not None:
        if not is_within(wanted.hours, seen.local):
            return False, Why(f"접수 시각 {seen.local:%H:%M}", f"received at {seen.local:%H:%M}")
        if _runs_over(wanted.hours) and seen.local.time() < wanted.hours.until:
            day = seen.local - timedelta(days=1)
    holds = not wanted.weekdays or day.isoweekday() in wanted.weekdays
    index = day.weekday()
    return holds, Why(
        f"접수 시각 {_DAYS_KO[index]}요일 {seen.local:%H:%M}", f"received {_DAYS_EN[index]} {seen.local:%H:%M}"
    )


def is_within(hours: Hours, local: datetime) -> bool:
    """`since` belongs to the span, `until` does not."""
    at = local.time()
    if _runs_over(hours):
        return at >= hours.since or at < hours.until
    return hours.since <= at < hours.until


def _runs_over(hours: Hours) -> bool:
    return hours.until < hours.since


def _words(wanted: Conditions, seen: Seen) -> Answer:
    words = wanted.words
    if not (words.any or words.all or words.none):
        return None
    said = _squeezed(seen.matter.text)
    if barred := next((word for word in words.none if _squeezed(word) in said), None):
        return False, Why(f"빼는 낱말 ‘{barred}’", f"excluded word '{barred}'")
    if missing := next((word for word in words.all if _squeezed(word) not in said), None):
        return False, Why(f"낱말 ‘{missing}’ 없음", f"no word '{missing}'")
    found = next((word for word in words.any if _squeezed(word) in said), None)
    if words.any and found is None:
        return False, Why("찾는 낱말 없음", "none of the words")
    shown = [word for word in (found, *words.all) if word]
    if not shown:
        return True, Why("빼는 낱말 없음", "no excluded word")
    return True, Why(f"낱말 ‘{', '.join(shown)}’", f"word '{', '.join(shown)}'")


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def _channel(wanted: Conditions, seen: Seen) -> Answer:
    if not wanted.channels:
        return None
    given = seen.matter.channel
    return given in wanted.channels, Why(f"채널 {given}", f"channel {given}")


def _track(wanted: Conditions, seen: Seen) -> Answer:
    if wanted.track is None:
        return None
    korean = "즉결" if seen.track == "instant" else "장기"
    return seen.track == wanted.track, Why(f"{korean} 민원", f"{seen.track} track")


_CHECKS: tuple[Callable[[Conditions, Seen], Answer], ...] = (
    _category,
    _channel,
    _track,
    _time,
    _area,
    _polygon,
    _words,
)


def seen_at(matter: Matter, area_id: str | None, track: Track, now: datetime) -> Seen:
    return Seen(matter, area_id, track, now.astimezone(SEOUL))
