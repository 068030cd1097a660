"""Fees and hours: of the lot meant, of the lots talked about, or of those around a place."""

from typing import Any

from actions.parking import comparing, finding, leaving, lots, naming, showing, waiting
from actions.parking.asking import Spot, Unknown, own_kind
from actions.parking.counter import Counter
from actions.parking.finding import FEE
from actions.parking.naming import lot_id
from actions.parking.ways import cards
from actions.parking.wishing import Wish, wish
from actions.parking.words import CHEAPER, CLOSER, LEAVING, SEEKS
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn


async def fee_hours(turn: Turn, counter: Counter) -> Reply:
    """The price and the hours asked for; asks which lot when none is meant."""
    text = turn.understanding.text
    if SEEKS.search(text):
        return await finding.find(turn, counter)
    wanted = wish(turn, is_fee=True)
    topic = showing.own_topic(turn.topic)
    where = finding.place_meant(turn, counter)
    is_named = bool(turn.understanding.first("place")) or own_kind(turn) is not None
    is_elsewhere = turn.message.place is not None or is_named or bool(turn.argument)
    is_about_list = topic and topic.items and not is_elsewhere and not isinstance(where, Unknown)
    if CHEAPER.search(text):
        if named := await naming.several(turn, counter, wanted):
            return comparing.of_lots(turn, counter, named, wanted)
        if is_about_list and topic and len(topic.items) > 1:
            return await comparing.of_topic(turn, counter, topic, wanted)
        if isinstance(where, Spot):
            return await comparing.around(turn, counter, where, wanted)
    if LEAVING.search(text) and (reply := await leaving.leave(turn, counter)) is not None:
        return reply
    meant = await naming.meant(turn, counter, wanted) if own_kind(turn) is None else None
    if meant is not None:
        return await lots.told(turn, counter, meant, wanted)
    if is_about_list and topic and not CLOSER.search(text):
        reply = await again(turn, counter, topic, wanted)
        if reply is not None:
            return reply
    if isinstance(where, Spot):
        return await finding.around(turn, counter, where, wanted, FEE)
    return finding.ask_place(turn, counter, wanted, where, FEE)


async def again(turn: Turn, counter: Counter, topic: Topic, wanted: Wish) -> Reply | None:
    """The lots of the list, once more, for the time or the moment now asked for; None when they are all gone."""
    distances = {str(one.get("id")): one.get("distance_m") for one in topic.items}
    ids = [id for one in topic.items if (id := lot_id(one.get("id")))]
    found = await counter.parking.lots(ids, wanted.at)
    if not found:
        return None
    values: dict[str, Any] = {
        **await finding.page_values(turn, counter, found, wanted),
        "mode": "again",
        "unsaid": list(wanted.unsaid),
        "wants_month": wanted.wants_month,
        "height_cm": 0,
        "at": "" if wanted.is_now else showing.clock_text(wanted.at, turn.now),
        "next_space": None,
    }
    for shown, one in zip(values["lots"], found, strict=True):
        shown["distance_m"] = distances.get(str(one.lot.id))
    buttons = tuple(Choice(f"pick:{n}", label=one.lot.name) for n, one in enumerate(found, start=1))
    buttons = (*buttons, *waiting.choices(found, wanted, counter))
    told = {key: wanted.memory[key] for key in ("minutes", "kinds", "at")}
    memory = {**topic.memory, **told, "pick": FEE}
    kept = {str(one.lot.id) for one in found}
    items = tuple(one for one in topic.items if str(one.get("id")) in kept)
    says = (Say("parking.found", values, buttons, cards=cards(found, counter), is_public=True),)
    return Reply(says, topic=Topic("parking", FEE, items, None, memory))
