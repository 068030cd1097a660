"""Unpaid taxes by chat: shown to the taxpayer alone, with every way to pay, to be given time, and to be heard."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.arrears import (
    court,
    informing,
    owing,
    parting,
    paying,
    proving,
    receipts,
    releasing,
    tasks,
    words,
    writing,
)
from actions.arrears.tasks import Room, say
from civic.arrears.asking.desk import ArrearsDesk
from civic.city.book import CityBook
from civic.people.service import PeopleService
from core.contracts.dialogue import Form, Reply, Say, Turn
from core.settings import City

TALK, LOCKED = "arrears_talk", "arrears_locked"
Handler = Callable[[Turn, ArrearsDesk, PeopleService, CityBook, City], Awaitable[Reply]]


def _task(then: str) -> Handler:
    """What he came for, as it is said or pressed."""

    async def handler(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
        return await _do(turn, then, tasks.room(turn, arrears, book, city), people)

    return handler


def _if_taxes(does: Handler) -> Handler:
    """For words that mean taxes only where they are spoken of: "얼마에요" alone, "돈업서요", "반만 낼게요"."""

    async def handler(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
        if not await informing.about_taxes(turn, arrears):
            return Reply()
        return await does(turn, arrears, people, book, city)

    return handler


async def divide(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    """More time, or a part of it now, is asked for in the same breath by many: what the words name is what is begun."""
    text, then = turn.message.text[:200], tasks.INSTALMENT
    if words.MORE_TIME.search(text):
        then = tasks.DEFER
    elif words.PART_FIRST.search(text):
        then = tasks.PAYMENT
    return await _do(turn, then, tasks.room(turn, arrears, book, city), people)


async def free(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    if words.PLATE.search(turn.message.text[:200]):
        return await informing.plate(turn, arrears, book, city)
    return await _do(turn, tasks.RELEASE, tasks.room(turn, arrears, book, city), people)


async def paid(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    """A receipt is asked for in so many words; that he paid means taxes only where they are spoken of."""
    is_asked = turn.message.kind != "text" or words.RECEIPT.search(turn.message.text[:200])
    if not is_asked and not await informing.about_taxes(turn, arrears):
        return Reply()
    return await _do(turn, tasks.PAID, tasks.room(turn, arrears, book, city), people)


async def details(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    """ "첫 번째 자세히" with no list before it: the list. With one, it says itself which is meant."""
    if (turn.topic and turn.topic.items) or await arrears.known(turn.conversation_id, turn.now) is None:
        return Reply()
    return await _do(turn, tasks.INQUIRY, tasks.room(turn, arrears, book, city), people)


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
        tasks.PAID: receipts.tell_paid,
        tasks.WHY: receipts.tell_why,
        tasks.COURT: court.begin,
    }.get(then, owing.tell_owed)
    return await told(turn, found, room)


def forms(arrears: ArrearsDesk) -> tuple[Form, ...]:
    return (
        *proving.forms(arrears, answer),
        parting.form(arrears),
        releasing.form(),
        court.form(),
        *writing.forms(arrears),
    )


INTENTS = {
    tasks.INQUIRY: _task(tasks.INQUIRY),
    tasks.PAYMENT: _task(tasks.PAYMENT),
    tasks.INSTALMENT: divide,
    tasks.RELEASE: free,
}
PRESSED = {
    tasks.BILL: _task(tasks.BILL),
    tasks.ASK_RELEASE: _task(tasks.ASK_RELEASE),
    tasks.DEFER: _task(tasks.DEFER),
    tasks.PROTEST: _task(tasks.PROTEST),
    tasks.PAID: paid,
    tasks.WHY: _task(tasks.WHY),
    tasks.COURT: _task(tasks.COURT),
    tasks.UNTIL: _task(tasks.INQUIRY),
    tasks.HOW_MUCH: _if_taxes(_task(tasks.INQUIRY)),
    tasks.NO_MONEY: _if_taxes(divide),
    tasks.PART: _if_taxes(_task(tasks.PAYMENT)),
    tasks.DETAILS: details,
    tasks.LATER: informing.later,
    tasks.GENUINE: informing.genuine,
    tasks.DEATH: informing.death,
    tasks.LESS: informing.less,
    tasks.MISSED: informing.missed,
    tasks.LIVING: informing.living,
    tasks.PLATE: informing.plate,
    tasks.END: end,
    tasks.WRONG: wrong_number,
    tasks.OTHERS: tell_others,
    TALK: talk,
    LOCKED: proving.still_locked,
}
ANYBODYS = (
    (words.PHISHING, tasks.GENUINE),
    (words.WRONG_NUMBER, tasks.WRONG),
    (words.END, tasks.END),
    (words.DEATH, tasks.DEATH),
    (words.THIRD_PERSON, tasks.OTHERS),
    (words.PROTEST, tasks.PROTEST),
    (words.COURT, tasks.COURT),
    (words.MISSED, tasks.MISSED),
    (words.LIVING, tasks.LIVING),
    (words.PAID, tasks.PAID),
    (words.LESS, tasks.LESS),
    (words.WHY, tasks.WHY),
    (words.UNTIL, tasks.UNTIL),
    (words.HOW_MUCH, tasks.HOW_MUCH),
    (words.LATER, tasks.LATER),
    (words.HALF, tasks.PART),
    (words.PART_FIRST, tasks.PART),
    (words.NO_MONEY, tasks.NO_MONEY),
    (words.DETAILS, tasks.DETAILS),
)
"""Words that mean one thing whoever says them; a handler that says nothing lets the next one hear them."""
HUSHED = ((words.MAYBE_SECRET, LOCKED),)
"""Digits that may be a secret, where no form asks for one."""
