"""What anybody may be told of taxes without showing who he is: nothing of a person is in it.

Words that other services use as well are ours only where taxes are named, or were written of to this telephone lately.
"""

from dataclasses import replace
from typing import Any

from actions.arrears import tasks, words
from actions.arrears.tasks import Room, say
from civic.arrears.asking.desk import ArrearsDesk
from civic.city.book import CityBook
from core.clock import SEOUL
from core.contracts.dialogue import Choice, Reply, Topic, Turn
from core.settings import City


async def about_taxes(turn: Turn, arrears: ArrearsDesk) -> bool:
    """Taxes are named, are talked about just now, or were what the city wrote to this telephone about."""
    if words.TAXED.search(turn.message.text[:200]) or (turn.topic and turn.topic.service == "arrears"):
        return True
    if await arrears.known(turn.conversation_id, turn.now):
        return True
    return arrears.has_number(turn.channel) and await arrears.was_told(turn.conversation_id, turn.now)


async def genuine(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """ "이거 피싱 아니에요?": how to make sure, and whether we wrote to this telephone, which its holder can see."""
    room = tasks.room(turn, arrears, book, city)
    if arrears.is_public(turn.channel):
        return _answer(room, "arrears.genuine", {"sent": [], "is_phone": False})
    sent = await arrears.sent_lately(turn.conversation_id, turn.now) if arrears.has_number(turn.channel) else []
    shown = [f"{at.astimezone(SEOUL):%Y.%m.%d %H:%M}" for at in sent]
    values = {"sent": shown, "is_phone": arrears.has_number(turn.channel)}
    more = (tasks.NO_MORE,) if sent else ()
    return _answer(room, "arrears.genuine", values, tasks.LOOK, *more, tasks.TALK)


async def death(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """Someone has died: nothing of his taxes is told to anybody here, and the telephone can be left in peace."""
    if not await about_taxes(turn, arrears):
        return Reply()
    room = tasks.room(turn, arrears, book, city)
    was_told = arrears.has_number(turn.channel) and await arrears.was_told(turn.conversation_id, turn.now)
    return _answer(room, "arrears.death", {"was_told": was_told}, *((tasks.NO_MORE,) if was_told else ()), tasks.TALK)


async def less(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """ "깎아주세요": nobody may lower it at will, and what there is instead."""
    if not await about_taxes(turn, arrears):
        return Reply()
    room = tasks.room(turn, arrears, book, city)
    return _answer(room, "arrears.less", {}, tasks.PARTS, tasks.TIME, tasks.OBJECT, tasks.TALK)


async def later(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """A day on which he will pay is no request: what it changes, and how to ask for more time."""
    if not await about_taxes(turn, arrears):
        return Reply()
    room = tasks.room(turn, arrears, book, city)
    return _answer(room, "arrears.later", {}, tasks.PAY, tasks.TIME, tasks.PARTS, tasks.TALK)


async def missed(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    room, rules = tasks.room(turn, arrears, book, city), arrears.rules.plans
    values = {"remind": rules.remind_days, "missed": rules.missed_ends, "is_several": rules.missed_ends > 1}
    return _answer(room, "arrears.missed", values, tasks.PARTS, tasks.TALK)


async def living(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """What of a deposit is not seized, by the table of today; whose row is not confirmed is told so."""
    room, floor = tasks.room(turn, arrears, book, city), arrears.floor(turn.now)
    values = {"krw": floor.krw, "is_confirmed": floor.is_confirmed, "hours": arrears.rules.release_hours}
    return _answer(room, "arrears.living", values, tasks.FREE, tasks.TALK)


async def plate(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """Plates are not in this ledger: who keeps them, and what brings them back."""
    return _answer(tasks.room(turn, arrears, book, city), "arrears.plate", {}, tasks.PAY, tasks.PARTS, tasks.TALK)


def _answer(room: Room, key: str, values: dict[str, Any], *buttons: Choice) -> Reply:
    reply = say(room, key, {**values, "checks": room.checks}, *buttons)
    return replace(reply, topic=Topic("arrears", tasks.INQUIRY))
