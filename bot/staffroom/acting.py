"""Who did it and what he wants: the person behind a messenger's member, and the one handler for what he did."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staffroom import changing, reading, replying
from bot.staffroom.office import Asking, Done, Office
from bot.staffroom.words import say
from civic.cases.receipt import read_number
from civic.staffroom.links import CODE_FOR
from civic.staffroom.service import WrongCode, links, posts, rooms
from core.contracts.staffroom import StaffEvent, StaffRoom

Handler = Callable[[Asking], Awaitable[Done]]

BUTTONS: Mapping[str, Handler] = {
    "read": reading.read,
    "take": changing.take,
    "status": changing.ask_status,
    "hold": changing.hold,
    "give_back": changing.give_back,
}
FORMS: Mapping[str, Handler] = {"status": changing.set_status}
LINK, UNLINK, HELP = {"link", "연결"}, {"unlink", "해제"}, {"", "help", "도움말"}
LIMITED_FOR = timedelta(minutes=1)
"""Slack counts what it tells us by the minute (docs.slack.dev, "Rate limiting of the Events API")."""


async def act(office: Office, room: StaffRoom, event: StaffEvent, tx: AsyncConnection, now: datetime) -> Done:
    """In one transaction. Raises what the rules of the case desk raise; an unlinked member learns how to link."""
    if event.kind == "room":
        return await _room_changed(office, room, event, tx, now)
    if event.kind == "command" and event.action in LINK:
        return await _link(office, room, event, tx, now)
    if event.kind == "reply" and not await posts.case_of(tx, office.city_id, room.name, event.room, event.thread):
        return Done(outcome="talk")  # a thread of theirs, and none of ours
    member = await links.who(tx, office.city_id, room.name, event.member, now)
    if member is None:
        is_talk = event.kind == "reply" and event.is_aside
        return Done("" if is_talk else _how(room), outcome="unlinked")
    asking = Asking(office, room, event, member, tx, now)
    if event.kind == "reply":
        return await replying.reply(asking)
    if event.kind == "command":
        return await _command(asking)
    handler = (BUTTONS if event.kind == "button" else FORMS).get(event.action)
    return await handler(asking) if handler else Done(asking.say("told.not_a_card"), outcome="refused")


async def _command(asking: Asking) -> Done:
    event = asking.event
    if event.action in UNLINK:
        mine = asking.member.id
        await links.unlink(asking.tx, asking.office.city_id, mine, asking.now, by=mine, channel=asking.room.name)
        return Done(asking.say("link.ended"))
    number = read_number(f"{event.action} {event.text}".strip())
    if number is not None:
        return await reading.show(asking, number)
    return Done(asking.say("help", command=asking.room.command), outcome="done" if event.action in HELP else "refused")


async def _link(office: Office, room: StaffRoom, event: StaffEvent, tx: AsyncConnection, now: datetime) -> Done:
    days = office.settings.staff.room_link_days
    found = await links.redeem(tx, office.city_id, room.name, event.member, event.text, now, days=days)
    if isinstance(found, WrongCode):
        return Done(say(room.lang, "link.locked" if found.locked_until else "link.wrong"), outcome="refused")
    return Done(say(room.lang, "link.done", who=found.name))


async def _room_changed(office: Office, room: StaffRoom, event: StaffEvent, tx: AsyncConnection, now: datetime) -> Done:
    where = (tx, office.city_id, room.name, event.room)
    if event.action == "gone":
        await rooms.down(*where, f"슬랙이 알려 왔습니다 ({event.text})", now)
    elif event.action == "back":
        await rooms.up(*where, now)
    else:
        await rooms.rest(*where, now + LIMITED_FOR, f"슬랙이 사건을 더 보내지 않습니다 ({event.text})", now)
    return Done()


def _how(room: StaffRoom) -> str:
    minutes = int(CODE_FOR.total_seconds() // 60)
    return say(room.lang, "link.how", command=room.command, minutes=minutes)
