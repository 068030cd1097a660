"""Unpaid taxes by chat: shown to the taxpayer alone, with every way to pay, to be given time, and to be heard."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.arrears import owing, parting, paying, proving, releasing, tasks, words, writing
from actions.arrears.tasks import Room, say
from civic.arrears.asking.desk import ArrearsDesk
from civic.city.book import CityBook
from civic.people.service import PeopleService
from core.contracts.dialogue import Form, Reply, Say, Turn
from core.settings import City

END, WRONG, TALK, OTHERS = "arrears_end", "arrears_wrong_number", "arrears_talk", "arrears_others"


async def inquire(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    return await _do(turn, tasks.INQUIRY, tasks.room(turn, arrears, book, city), people)


async def pay(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    return await _do(turn, tasks.PAYMENT, tasks.room(turn, arrears, book, city), people)


async def divide(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    """More time, or a part of it now, is asked for in the same breath by many: what the words name is what is begun."""
    text, then = turn.message.text[:200], tasks.INSTALMENT
    if words.MORE_TIME.search(text):
        then = tasks.DEFER
    elif words.PART_FIRST.search(text):
        then = tasks.PAYMENT
    return await _do(turn, then, tasks.room(turn, arrears, book, city), people)


async def free(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    return await _do(turn, tasks.RELEASE, tasks.room(turn, arrears, book, city), people)


async def bill(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    return await _do(turn, tasks.BILL, tasks.room(turn, arrears, book, city), people)


async def ask_release(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    return await _do(turn, tasks.ASK_RELEASE, tasks.room(turn, arrears, book, city), people)


async def defer(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    return await _do(turn, tasks.DEFER, tasks.room(turn, arrears, book, city), people)


async def protest(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    return await _do(turn, tasks.PROTEST, tasks.room(turn, arrears, book, city), people)


async def tell_others(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """Another person's: how to pay, never an amount, never if there is any (지방세기본법 §86, 지방세징수법 §20)."""
    return say(tasks.room(turn, arrears, book, city), "arrears.others", {}, tasks.TALK)


async def wrong_number(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """Believed at once from the telephone that word of arrears went to, and told in the same words whoever has it.

    Elsewhere the words mean something else.
    """
    room = tasks.room(turn, arrears, book, city)
    if not arrears.has_number(turn.channel) or not await arrears.was_told(turn.conversation_id, turn.now):
        return Reply()
    number = await arrears.proven_number(turn.conversation_id, turn.channel, turn.message.address, turn.now)
    if number is None:
        return Reply()

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await arrears.wrong_number(tx, turn.conversation_id, number, turn.now)
        return {}

    return Reply(say(room, "arrears.wrong_number").says, write=write)


async def end(turn: Turn, arrears: ArrearsDesk) -> Reply:
    """Only where somebody is known here: elsewhere "끝" means something else."""
    if await arrears.known(turn.conversation_id, turn.now) is None:
        return Reply()

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await arrears.end(tx, turn.conversation_id, turn.now)
        return {}

    return tasks.kept(Reply((Say("arrears.ended"),), write=write))


async def talk(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """To the collecting department alone: what is marked as tax data opens to nobody else."""
    reply = say(tasks.room(turn, arrears, book, city), "arrears.handed_over")
    return Reply(reply.says, hand_over=True)


async def _do(turn: Turn, then: str, room: Room, people: PeopleService) -> Reply:
    """What he came for, if he is known here; else who he is comes first."""
    if room.arrears.is_public(turn.channel):
        return tasks.kept(Reply((Say("arrears.in_private", dict(room.contact), is_public=True),)))
    if not turn.argument and words.THIRD_PERSON.search(turn.message.text[:200]):
        return say(room, "arrears.others", {}, tasks.TALK)
    krw = paying.amount_in(turn) if then == tasks.PAYMENT else 0
    debtor_id = await room.arrears.known(turn.conversation_id, turn.now)
    if debtor_id is None:
        return await proving.prove(turn, {"then": then, "krw": krw}, room, people)
    return await answer(turn, debtor_id, then, {"krw": krw}, room)


async def answer(turn: Turn, debtor_id: UUID, then: str, errand: Mapping[str, Any], room: Room) -> Reply:
    """To somebody who has shown who he is."""
    found = await room.arrears.standing(debtor_id, turn.now)
    if then == tasks.PAYMENT:
        return await paying.tell_ways(turn, debtor_id, found, room, int(errand.get("krw", 0)))
    told = {
        tasks.INSTALMENT: parting.propose,
        tasks.RELEASE: releasing.tell_seized,
        tasks.ASK_RELEASE: releasing.ask_release,
        tasks.DEFER: writing.begin_deferral,
        tasks.PROTEST: writing.begin_protest,
        tasks.BILL: owing.tell_bill,
    }.get(then, owing.tell_owed)
    return await told(turn, found, room)


def forms(arrears: ArrearsDesk) -> tuple[Form, ...]:
    return (*proving.forms(arrears, answer), parting.form(arrears), releasing.form(), *writing.forms(arrears))


INTENTS = {
    tasks.INQUIRY: inquire,
    tasks.PAYMENT: pay,
    tasks.INSTALMENT: divide,
    tasks.RELEASE: free,
}
PRESSED = {
    tasks.BILL: bill,
    tasks.ASK_RELEASE: ask_release,
    tasks.DEFER: defer,
    tasks.PROTEST: protest,
    END: end,
    WRONG: wrong_number,
    TALK: talk,
    OTHERS: tell_others,
}
ANYBODYS = (
    (words.WRONG_NUMBER, WRONG),
    (words.END, END),
    (words.THIRD_PERSON, OTHERS),
    (words.PROTEST, tasks.PROTEST),
)
"""Words that mean one thing whoever says them; a handler that says nothing lets the next one hear them."""
