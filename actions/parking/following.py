"""Short follow-ups on the lots just shown: a telephone, the hours, the way, the cheapest, the nearest, yes."""

import re
from dataclasses import replace

from actions.parking import comparing, leaving, lots, naming, prices, showing
from actions.parking.asking import own_kind, recalled
from actions.parking.counter import Answer, Counter
from actions.parking.wishing import wish
from actions.parking.words import (
    ARRIVING,
    CHEAPER,
    CLOSER,
    ELSEWHERE,
    HOURS,
    LEAVING,
    PAYMENT,
    PHONE,
    SPACE,
    WATCHES,
    WAY,
    YES,
)
from core.contracts.dialogue import Reply, Topic, Turn

_SHORT = 40
_NOTHING = Reply()
"""The words are no follow-up, and are read as any others."""


def _follows(turn: Turn) -> Topic | None:
    """The lots that a short text leans on; None when there are none, or it speaks of something else."""
    topic = showing.own_topic(turn.topic)
    text = turn.understanding.text
    is_named = turn.understanding.first("place") is not None or own_kind(turn) is not None
    is_else = is_named or bool(ELSEWHERE.search(text) or WATCHES.search(text))
    if topic is None or not topic.items or is_else or len(text) > _SHORT or naming.says_a_lot(turn):
        return None
    return topic


def _pointed(turn: Turn, topic: Topic) -> Turn:
    """The turn with the lot that is meant: the one numbered, the one in focus, else the first."""
    entity = turn.understanding.first("ordinal")
    at = topic.index if topic.index is not None else 0
    if entity is not None and entity.value.lstrip("-").isdigit():
        said = int(entity.value)
        at = said - 1 if said > 0 else len(topic.items) - 1
    at = min(max(at, 0), len(topic.items) - 1)
    return replace(turn, item=topic.items[at], topic=replace(topic, index=at))


def _names_a_lot(turn: Turn) -> bool:
    """ "구래1 주차장 전화번호": a lot by name and one thing of it need no list before."""
    text = turn.understanding.text
    return len(text) <= _SHORT and naming.says_a_lot(turn) and not ELSEWHERE.search(text) and not WATCHES.search(text)


def _of_one(name: str) -> Answer:
    async def answer(turn: Turn, counter: Counter) -> Reply:
        topic = _follows(turn) if turn.message.kind != "button" else showing.own_topic(turn.topic)
        if topic is not None and topic.items:
            turn = _pointed(turn, topic)
        elif turn.message.kind == "button" or not _names_a_lot(turn):
            return _NOTHING
        wanted = wish(turn, is_fee=True)
        found = await naming.meant(turn, counter, wanted)
        if found is None or isinstance(found, naming.Guesses):
            return _NOTHING
        if name == "lot" or (turn.message.kind != "button" and lots.fact_asked(turn) is None):
            return await lots.detail(turn, counter, found, wanted)
        return lots.fact(turn, counter, found, wanted, name)

    answer.__name__ = f"parking_{name}"
    return answer


async def parking_cheapest(turn: Turn, counter: Counter) -> Reply:
    """ "제일 싼 데" of the list or of the lots named; with one lot only, of those around it."""
    wanted = wish(turn, is_fee=True)
    if named := await naming.several(turn, counter, wanted):
        return comparing.of_lots(turn, counter, named, wanted)
    topic = _follows(turn)
    if topic is None:
        return _NOTHING
    if len(topic.items) > 1:
        return await comparing.of_topic(turn, counter, topic, wanted)
    where = recalled(topic.memory.get("place"), counter)
    return await comparing.around(turn, counter, where, wanted) if where else _NOTHING


async def parking_nearest(turn: Turn, counter: Counter) -> Reply:
    """ "제일 가까운 데" of the list: that lot's card."""
    topic = _follows(turn)
    if topic is None:
        return _NOTHING
    known = [(one["distance_m"], at) for at, one in enumerate(topic.items) if one.get("distance_m") is not None]
    at = min(known)[1] if known else 0
    turn = replace(turn, item=topic.items[at], topic=replace(topic, index=at))
    wanted = wish(turn, is_fee=True)
    found = await naming.meant(turn, counter, wanted)
    if found is None or isinstance(found, naming.Guesses):
        return _NOTHING
    return await lots.detail(turn, counter, found, wanted)


async def parking_when(turn: Turn, counter: Counter) -> Reply:
    """ "언제 가면 여유로워?" of the lot talked about; a place to leave from may be named with it."""
    topic, text = showing.own_topic(turn.topic), turn.understanding.text
    if topic is None or not topic.items or ELSEWHERE.search(_FROM.sub("", text)):
        return _NOTHING
    if not LEAVING.search(text) and turn.understanding.first("date") is None:
        return _NOTHING
    return await leaving.leave(turn, counter) or _NOTHING


async def parking_space(turn: Turn, counter: Counter) -> Reply:
    """ "30분 뒤에 자리 있을까?" of the lot in focus, else of the whole list."""
    topic = _follows(turn)
    if topic is None:
        return _NOTHING
    wanted = wish(turn)
    has_one = turn.understanding.first("ordinal") is not None or _THERE.search(turn.understanding.text)
    if topic.index is None and len(topic.items) > 1 and not has_one:
        return await prices.again(turn, counter, topic, wanted) or _NOTHING
    turn = _pointed(turn, topic)
    found = await naming.meant(turn, counter, wanted)
    if found is None or isinstance(found, naming.Guesses):
        return _NOTHING
    return await lots.spaces(turn, counter, found, wanted)


async def parking_yes(turn: Turn, counter: Counter) -> Reply:
    """Yes to "혹시 ○○ 말씀이세요?"."""
    topic = showing.own_topic(turn.topic)
    if topic is None or topic.memory.get("asked") != "guess" or len(topic.items) != 1:
        return _NOTHING
    turn = replace(turn, item=topic.items[0], topic=replace(topic, index=0))
    wanted = wish(turn)
    found = await naming.meant(turn, counter, wanted)
    if found is None or isinstance(found, naming.Guesses):
        return _NOTHING
    return await lots.detail(turn, counter, found, wanted)


_FROM = re.compile(r"[가-힣]+에서")
_THERE = re.compile(r"거기|그\s*(?:주차장|곳|쪽)|\bthere\b|\bit\b", re.I)
ANSWERS: dict[str, Answer] = {
    "parking_phone": _of_one("phone"),
    "parking_payment": _of_one("payment"),
    "parking_open": _of_one("hours"),
    "parking_way": _of_one("way"),
    "parking_lot": _of_one("lot"),
    "parking_cheapest": parking_cheapest,
    "parking_nearest": parking_nearest,
    "parking_when": parking_when,
    "parking_space": parking_space,
    "parking_yes": parking_yes,
}
PHRASES: tuple[tuple[re.Pattern[str], str], ...] = (
    (YES, "parking_yes"),
    (LEAVING, "parking_when"),
    (ARRIVING, "parking_when"),
    (CHEAPER, "parking_cheapest"),
    (CLOSER, "parking_nearest"),
    (SPACE, "parking_space"),
    (PHONE, "parking_phone"),
    (PAYMENT, "parking_payment"),
    (HOURS, "parking_open"),
    (WAY, "parking_way"),
)
"""Words that mean their one thing while lots are talked about, and nothing otherwise."""
