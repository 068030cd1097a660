"""What every answer on the air has in common: its place, what is remembered, the buttons, and having nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from actions.air.asking import Spot, Unknown
from actions.air.counter import Counter
from actions.air.wishing import COMING, NOW, SERVICE, Wish
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn

HOURS, TOMORROW, ELSEWHERE, SOURCE, WHY = "air_hours", "air_tomorrow", "air_elsewhere", "air_source", "air_why"
ALERT = Choice("do:subscribe:air", key="air.button.alert")
_CHOICES = {
    "now": Choice("do:air_now", key="air.button.now"),
    "hours": Choice(f"do:{HOURS}", key="air.button.hours"),
    "forecast": Choice(f"do:{TOMORROW}", key="air.button.tomorrow"),
    "alert": ALERT,
    "elsewhere": Choice(f"do:{ELSEWHERE}", key="air.button.elsewhere"),
    "source": Choice(f"do:{SOURCE}", key="air.button.source"),
    "why": Choice(f"do:{WHY}", key="air.button.why"),
}


def choices(*names: str) -> tuple[Choice, ...]:
    return tuple(_CHOICES[name] for name in names)


def place(where: Spot | None, counter: Counter) -> dict[str, Any]:
    """`place`: as it is said, "" for a pin; of the whole city its name."""
    if where is None:
        return {"place": counter.city.name.ko, "place_en": counter.city.name.en, "is_city": True}
    return {"place": where.name, "place_en": where.name_en, "is_city": False}


def topic(where: Spot | None, wanted: Wish) -> Topic:
    """A place that comes next, by pin or by name, is asked the same."""
    intent = COMING if wanted.asks == "forecast" else NOW
    kept = where.plain() if where is not None else None
    return Topic(SERVICE, intent, memory={**wanted.memory, "place": kept, "pending": intent})


def told(
    key: str,
    values: Mapping[str, Any],
    where: Spot | None,
    wanted: Wish,
    buttons: Sequence[Choice] = (),
) -> Reply:
    """One bubble. What is said of his home or work is not for others to read."""
    is_public = where is None or where.own is None
    return Reply((Say(key, values, tuple(buttons), is_public=is_public),), topic=topic(where, wanted))


def nothing(turn: Turn, counter: Counter, where: Spot | None, wanted: Wish) -> Reply:
    """No value at all: who has them, and whom to call; never a guess."""
    values = {
        **place(where, counter),
        **department(turn, counter),
        "official_url": counter.rules.chat.official_url,
        "asks": wanted.asks,
    }
    return told("air.none", values, where, wanted, (Choice("do:talk_to_human", key="intent.talk_to_human"),))


def department(turn: Turn, counter: Counter) -> dict[str, str]:
    """Who of the city answers for the air."""
    found = counter.book.department(counter.rules.department) if counter.rules.department else None
    found = found or counter.book.department_for("대기 미세먼지")
    return {
        "department": (found.name_en if turn.lang == "en" else found.name_ko) if found else "",
        "phone": found.phone if found else counter.city.phone,
    }


def unknown(turn: Turn, counter: Counter, where: Unknown, wanted: Wish) -> Reply:
    """A place that nobody here knows, or his home of which he has told nothing: he says another or sends a pin."""
    if where.own is not None:
        tell = Choice(f"do:parking_place:{where.own}", key="intent.parking_place")
        say = Say("air.own_unknown", {"kind": where.own}, (tell, *_areas(turn, counter)), ask="place")
    else:
        values = {"name": where.name[:30], "official_url": counter.rules.chat.official_url}
        say = Say("air.unknown_place", values, _areas(turn, counter), ask="place", is_public=True)
    return Reply((say,), topic=topic(None, wanted))


def ask_place(turn: Turn, counter: Counter, wanted: Wish) -> Reply:
    say = Say("air.ask_place", {}, _areas(turn, counter), ask="place", is_public=True)
    return Reply((say,), topic=topic(None, wanted))


def _areas(turn: Turn, counter: Counter) -> tuple[Choice, ...]:
    areas = counter.book.areas_with_lots()
    return tuple(
        Choice(f"do:air_now:at-{one.id}", label=one.name_en if turn.lang == "en" else one.name) for one in areas
    )


def words(keys: Sequence[str], turn: Turn, counter: Counter) -> list[str]:
    """Advice in the citizen's language."""
    return [counter.texts.render(key, turn.lang, {}) for key in keys]
