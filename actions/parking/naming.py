"""Which lot is meant: one that is named, rightly or with a slip, or one of those talked about."""

from dataclasses import dataclass
from uuid import UUID

from actions.parking import showing
from actions.parking.counter import Counter
from actions.parking.wishing import Wish
from actions.parking.words import DESCRIBES, HERE, KIND_OF_LOT, LOT_NAME, NO_NAME, SLIPS_OF_LOT
from civic.parking.lots import squeezed
from civic.parking.search import Found
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn

_MOST_GUESSES = 4


@dataclass(frozen=True, slots=True)
class Guesses:
    """Lots whose names are like the one said; the citizen is asked which."""

    said: str
    found: tuple[Found, ...]


async def meant(turn: Turn, counter: Counter, wanted: Wish) -> Found | Guesses | None:
    """The lot that a text names, else the one it points at. None: it means no single lot."""
    if (named := await _named(turn, counter, wanted)) is not None:
        return named
    if turn.item is not None and (id := lot_id(turn.item.get("id"))) is not None:
        return await counter.parking.lot(id, wanted.at)
    topic = showing.own_topic(turn.topic)
    is_open_question = turn.understanding.first("place") is None and not HERE.search(turn.understanding.text)
    if topic and is_open_question and not turn.argument and turn.message.place is None:
        focus = 0 if len(topic.items) == 1 else topic.index
        if focus is not None and focus < len(topic.items):
            id = lot_id(topic.items[focus].get("id"))
            return await counter.parking.lot(id, wanted.at) if id else None
    return None


async def several(turn: Turn, counter: Counter, wanted: Wish) -> list[Found]:
    """The lots of the city's list that a text names, two or more: "구래1이랑 장기③ 중에 어디가 싸요?"."""
    said = [one.value for one in turn.understanding.all("place") if one.detail.get("kind") == "parking_lot"]
    if len(said) < 2:
        return []
    found: dict[UUID, Found] = {}
    for name in said[:_MOST_GUESSES]:
        for one in await counter.parking.by_name(name, wanted.at, 1, around=counter.book.center):
            if not one.is_guess:
                found.setdefault(one.lot.id, one)
    return list(found.values()) if len(found) > 1 else []


def says_a_lot(turn: Turn) -> bool:
    """Whether the text names a lot: one of the city's list, or some name before 주차장."""
    places = turn.understanding.all("place")
    return any(one.detail.get("kind") == "parking_lot" for one in places) or bool(_chunks(turn))


async def _named(turn: Turn, counter: Counter, wanted: Wish) -> Found | Guesses | None:
    center = counter.book.center
    places = turn.understanding.all("place")
    listed = next((one for one in places if one.detail.get("kind") == "parking_lot"), None)
    if listed is not None:
        found = await counter.parking.by_name(listed.value, wanted.at, _MOST_GUESSES, around=center)
        if found and not found[0].is_guess:
            return _settled(turn, listed.value, found[:1] if not _is_same(found[0], listed.value) else found)
    for chunk in _chunks(turn):
        if counter.book.place(chunk) is None and len(squeezed(chunk)) >= 2:
            found = await counter.parking.by_name(chunk, wanted.at, _MOST_GUESSES, around=center)
            if found:
                return _settled(turn, chunk, found)
    if not places:
        found = await counter.parking.by_name(
            turn.understanding.text, wanted.at, _MOST_GUESSES, around=center, is_sentence=True
        )
        if found:
            return _settled(turn, found[0].lot.name, found)
    return None


def _settled(turn: Turn, said: str, found: list[Found]) -> Found | Guesses:
    """One lot, where the name is its own or only it has the name; else the question which.

    사우3구역 공영 and 사우3구역 노상 differ in a word that every lot has: the one written whole is meant.
    """
    sure = [one for one in found if not one.is_guess]
    if same := [one for one in sure if _is_same(one, said)]:
        text = SLIPS_OF_LOT.sub("주차장", turn.understanding.text).replace(" ", "")
        whole = [one for one in same if one.lot.name.replace(" ", "") in text]
        sure = whole[:1] or same
    return sure[0] if len(sure) == 1 else Guesses(said, tuple(sure or found))


def _is_same(one: Found, said: str) -> bool:
    return squeezed(one.lot.name) == squeezed(said)


def unknown_name(turn: Turn) -> str:
    """What a text calls a lot that is not among ours, "" where it merely describes one."""
    chunk = next(iter(_chunks(turn)), "")
    return "" if turn.understanding.first("place") or DESCRIBES.search(chunk) else chunk


def _chunks(turn: Turn) -> list[str]:
    """What may be the name before 주차장: as it is written, without the kind of lot, its last word alone.

    Empty where the words before it name nothing: "가까운 공영 주차장".
    """
    text = SLIPS_OF_LOT.sub("주차장", turn.understanding.text[:200])
    for found in LOT_NAME.finditer(text):
        name = found["name"].strip()
        short = KIND_OF_LOT.sub("", name)
        if short and not NO_NAME.fullmatch(short.replace(" ", "")) and not NO_NAME.fullmatch(short.split()[-1]):
            return list(dict.fromkeys((name, short, short.split()[-1])))
    return []


def guess(turn: Turn, guesses: Guesses) -> Reply:
    """혹시 ○○ 말씀이세요? Choosing one shows it."""
    items = tuple(showing.item(one) for one in guesses.found)
    buttons = tuple(Choice(f"pick:{n}", label=one.lot.name) for n, one in enumerate(guesses.found, start=1))
    values = {"names": [one.lot.name for one in guesses.found], "said": guesses.said[:30]}
    topic = Topic("parking", "parking_fee_hours", items, memory={"pick": "parking_fee_hours", "asked": "guess"})
    return Reply((Say("parking.guess", values, buttons, is_public=True),), topic=topic)


def lot_id(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
