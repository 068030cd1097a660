"""자리 나면 알려줘: waits for a place at one lot, tells once, and ends by itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.parking_watch import words
from actions.parking_watch.choosing import (
    WATCH,
    Argument,
    ask_which,
    item,
    lots_topic,
    meant,
    payload,
    shown,
    with_numbers,
)
from civic.city.service import CityBook
from civic.parking.search import Found
from civic.parking.service import ParkingService
from civic.parking.watching import Watch, WatchService
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.contracts.dialogue import Choice, Form, Reply, Say, Topic, Turn

STOP, LIST, UNTIL = "parking_watch_stop", "parking_watch_list", "parking_watch_until"


async def watch(turn: Turn, parking: ParkingService, watches: WatchService, book: CityBook) -> Reply:
    """Begin to wait, or change what is waited for; says why not where it cannot be."""
    if not watches.can_tell(turn.channel):
        return Reply((Say("parking_watch.cannot_tell"),))
    found = await meant(turn, parking, book)
    if found is None:
        return await ask_which(turn, parking, book)
    if found.is_guess:
        guess = (Choice(payload(found.lot.id), label=found.lot.name),)
        return Reply((Say("parking_watch.which", {"place": ""}, guess),))
    if found.number is None or found.number.free is None:
        return await _no_number(turn, found, parking)
    mine = await watches.of(turn.conversation_id, turn.now)
    live = next((one for one in mine if one.lot_id == found.lot.id), None)
    said = Argument.read(turn.argument)
    min_free = said.min_free or words.count(turn.understanding.text) or (live.min_free if live else 1)
    number = found.number
    if number.standing == "fresh" and number.free is not None and number.free >= min_free and not number.is_closed:
        values = {**shown(found), "min_free": min_free}
        return Reply((Say("parking_watch.has_space", values, is_public=True),), topic=_topic(turn, found))
    if live is None and len(mine) >= watches.rules.most:
        return _too_many(mine, watches.rules.most)
    ends_at = _ends_at(turn, said, live, watches)
    return _begun(turn, found, watches, min_free, ends_at, is_changed=live is not None)


def _begun(
    turn: Turn, found: Found, watches: WatchService, min_free: int, ends_at: datetime, *, is_changed: bool
) -> Reply:
    lot_id = found.lot.id

    async def begin(tx: AsyncConnection) -> Mapping[str, Any]:
        is_begun = await watches.begin(tx, turn.conversation_id, lot_id, min_free, ends_at, turn.now)
        return {"is_begun": is_begun, "most": watches.rules.most}

    number = found.number
    values = {
        **shown(found),
        "min_free": min_free,
        "until": clock(ends_at, turn.now),
        "is_changed": is_changed,
        "is_closed": bool(number and number.is_closed) or found.state.is_open is False,
    }
    buttons = (
        Choice(payload(lot_id, 60, min_free), key="parking_watch.hour"),
        Choice(payload(lot_id, 240, min_free), key="parking_watch.four_hours"),
        Choice(f"do:{STOP}:{lot_id}", key="parking_watch.stop"),
    )
    return Reply((Say("parking_watch.begun", values, buttons),), write=begin, topic=_topic(turn, found))


def _ends_at(turn: Turn, said: Argument, live: Watch | None, watches: WatchService) -> datetime:
    rules = watches.rules
    most = timedelta(minutes=rules.most_minutes)
    if said.minutes:
        return turn.now + min(timedelta(minutes=said.minutes), most)
    told = words.until(turn, most)
    return told or (live.ends_at if live else turn.now + timedelta(minutes=rules.minutes))


async def _no_number(turn: Turn, found: Found, parking: ParkingService) -> Reply:
    """Nothing would ever come: say so, and name the nearest lots that count."""
    lot, number = found.lot, found.number
    others: list[Found] = []
    if lot.lat is not None and lot.lon is not None:
        others = await with_numbers(parking, GeoPoint(lot.lat, lot.lon, lot.name), turn, but=lot.id)
    values = {
        **shown(found),
        "standing": number.standing if number else "none",
        "phone": lot.phone,
        "lots": [shown(one) for one in others],
    }
    buttons = tuple(Choice(payload(one.lot.id), label=one.lot.name) for one in others)
    topic = Topic("parking", WATCH, tuple(item(one) for one in others), memory={"pick": WATCH}) if others else None
    return Reply((Say("parking_watch.no_number", values, buttons),), topic=topic)


def _topic(turn: Turn, found: Found) -> Topic:
    """The list stays, so that "거기 요금은?" and "두 번째는?" go on; this lot is in focus."""
    before = lots_topic(turn)
    ids = [one.get("id") for one in before.items] if before else []
    if before and str(found.lot.id) in ids:
        memory = {name: value for name, value in before.memory.items() if name != "pending"}
        if memory.get("pick") == WATCH:
            memory["pick"] = "parking_fee_hours"
        return Topic("parking", WATCH, before.items, ids.index(str(found.lot.id)), memory)
    return Topic("parking", WATCH, (item(found),), 0, {"pick": "parking_fee_hours"})


def _too_many(mine: list[Watch], most: int) -> Reply:
    buttons = tuple(Choice(f"do:{STOP}:{one.lot_id}", label=one.lot_name) for one in mine)
    return Reply((Say("parking_watch.too_many", {"most": most, "names": [one.lot_name for one in mine]}, buttons),))


def clock(at: datetime, now: datetime) -> dict[str, Any]:
    """The wall clock in Korea, and whether it is tomorrow's."""
    here, today = at.astimezone(SEOUL), now.astimezone(SEOUL).date()
    return {"time": f"{here:%H:%M}", "is_tomorrow": here.date() > today}


# -- what only a button or a set phrase leads to ---------------------------------------------------------------------


async def until(turn: Turn, parking: ParkingService, watches: WatchService, book: CityBook) -> Reply:
    """ "1시간만", "6시까지" right after a watch was begun; nothing otherwise."""
    topic = lots_topic(turn)
    if topic is None or topic.intent != WATCH or topic.index is None:
        return Reply()
    if words.until(turn, timedelta(minutes=watches.rules.most_minutes)) is None:
        return Reply()
    return await watch(turn, parking, watches, book)


async def stop(turn: Turn, watches: WatchService) -> Reply:
    """One by its button, else all that live; nothing where none does."""
    mine = await watches.of(turn.conversation_id, turn.now)
    chosen = [one for one in mine if str(one.lot_id) == turn.argument] if turn.argument else mine
    if not chosen:
        return Reply((Say("parking_watch.none"),)) if turn.argument else Reply()
    lot_id: UUID | None = chosen[0].lot_id if turn.argument else None

    async def end(tx: AsyncConnection) -> Mapping[str, Any]:
        return {"count": await watches.stop(tx, turn.conversation_id, turn.now, lot_id=lot_id)}

    return Reply((Say("parking_watch.stopped", {"names": [one.lot_name for one in chosen]}),), write=end)


async def listed(turn: Turn, watches: WatchService) -> Reply:
    """What is waited for, with a way to end each; nothing where there is none, so that other notices are told."""
    mine = await watches.of(turn.conversation_id, turn.now)
    if not mine:
        return Reply()
    rows = [{"name": one.lot_name, "min_free": one.min_free, "until": clock(one.ends_at, turn.now)} for one in mine]
    buttons = tuple(Choice(f"do:{STOP}:{one.lot_id}", label=one.lot_name) for one in mine)
    return Reply((Say("parking_watch.list", {"watches": rows}, buttons),))


INTENTS = {WATCH: watch}
PRESSED = {STOP: stop, LIST: listed, UNTIL: until}
ANYBODYS = ((words.STOP, STOP), (words.LIST, LIST), (words.UNTIL, UNTIL))
FORMS: tuple[Form, ...] = ()
