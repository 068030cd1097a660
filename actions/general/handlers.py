"""Courtesies, help, and the way to a person: what every city's desk must be able to say."""

from civic.city.book import CityBook
from civic.guard.service import GuardService
from core.clock import SEOUL
from core.contracts.dialogue import Choice, Reply, Say, Turn
from core.settings import City

_OFFERS = tuple(
    Choice(f"do:{name}", key=f"intent.{name}")
    for name in ("parking_find", "complaint_file", "complaint_status", "office_info", "talk_to_human")
)


async def greet(turn: Turn) -> Reply:
    return Reply((Say("general.greet", buttons=_OFFERS),))


async def thank(turn: Turn) -> Reply:
    return Reply((Say("general.thanks"),))


async def give_help(turn: Turn) -> Reply:
    return Reply((Say("general.help", buttons=_OFFERS),))


async def affirm(turn: Turn) -> Reply:
    """A "yes" to nothing that was asked."""
    return Reply((Say("general.affirm", buttons=_OFFERS),))


async def deny(turn: Turn) -> Reply:
    return Reply((Say("general.deny", buttons=_OFFERS),))


async def hand_over(turn: Turn, guard: GuardService) -> Reply:
    """From here on staff hold the conversation; the bot is silent until they hand it back.

    While replies pause to protect staff nobody is called; filing and looking up go on.
    """
    until = await guard.resting_until(turn.conversation_id, turn.now)
    if until is not None:
        return Reply((Say("general.resting", {"until": f"{until.astimezone(SEOUL):%Y-%m-%d %H:%M}"}, _OFFERS[1:3]),))
    return Reply((Say("general.hand_over"),), hand_over=True)


async def refuse_kindly(turn: Turn) -> Reply:
    return Reply((Say("refuse", buttons=(_OFFERS[-1], Choice("do:help", key="intent.help"))),))


async def unserved(turn: Turn, book: CityBook, city: City) -> Reply:
    """A matter of this city that the bot cannot settle itself yet: the department that can, and a person.

    `turn.argument` is the intent.
    """
    found = book.department_for(turn.understanding.text or turn.message.text)
    values = {
        "department": (found.name_ko if turn.lang == "ko" else found.name_en) if found else "",
        "phone": found.phone if found else city.phone,
    }
    buttons = (
        Choice("do:talk_to_human", key="intent.talk_to_human"),
        Choice("do:complaint_file", key="intent.complaint_file"),
    )
    return Reply((Say(f"intent_line.{_KIND.get(turn.argument.split('_')[0], 'other')}", values, buttons),))


_KIND = {"town": "town"}

INTENTS = {
    "greet": greet,
    "thanks": thank,
    "help": give_help,
    "affirm": affirm,
    "deny": deny,
    "talk_to_human": hand_over,
    "out_of_scope": refuse_kindly,
    "unserved": unserved,
}
