"""What every piece of the arrears talk shares: who is asked where else, and how a day and a bill are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from actions.arrears import words
from civic.arrears.asking.desk import ArrearsDesk
from civic.arrears.records import BillOwed
from civic.city.book import CityBook
from core.arrears_desk_rules import Way
from core.contracts.dialogue import Choice, Reply, Say, Turn
from core.settings import City

SECRECY = "tax"
INQUIRY, PAYMENT = "arrears_inquiry", "arrears_payment"
INSTALMENT, RELEASE = "arrears_installment", "arrears_seizure_release"
BILL, DEFER, PROTEST, ASK_RELEASE = "arrears_bill", "arrears_defer", "arrears_protest", "arrears_release_ask"
PAID, WHY, COURT = "arrears_paid", "arrears_why", "arrears_court"
GENUINE, DEATH, LESS, MISSED = "arrears_genuine", "arrears_death", "arrears_less", "arrears_missed"
LIVING, PLATE = "arrears_living", "arrears_plate"
UNTIL, HOW_MUCH, NO_MONEY = "arrears_until", "arrears_how_much", "arrears_no_money"
PART, LATER, DETAILS = "arrears_part", "arrears_later", "arrears_details"
END, WRONG, OTHERS = "arrears_end", "arrears_wrong_number", "arrears_others"
ENDS = ((words.END, END),)
"""What closes every form about taxes, and with it the proof of who he is."""
TALK = Choice("do:arrears_talk", key="arrears.button.talk")
PAY = Choice(f"do:{PAYMENT}", key="arrears.button.pay")
PARTS = Choice(f"do:{INSTALMENT}", key="arrears.button.parts")
FREE = Choice(f"do:{RELEASE}", key="arrears.button.free")
LOOK = Choice(f"do:{INQUIRY}", key="arrears.button.look")
TIME = Choice(f"do:{DEFER}", key="arrears.button.time")
OBJECT = Choice(f"do:{PROTEST}", key="arrears.button.object")
SHOW_PAID = Choice(f"do:{PAID}", key="arrears.button.paid")
NO_MORE = Choice(f"do:{WRONG}", key="arrears.button.no_more")


@dataclass(frozen=True, slots=True)
class Room:
    """What a piece of the talk may use. `contact`: the collecting department's name and telephone, for every text.
    `checks`: whom to ask whether a message is genuine; `papers`: where proofs of payment are issued."""

    arrears: ArrearsDesk
    contact: Mapping[str, Any]
    checks: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()


def room(turn: Turn, arrears: ArrearsDesk, book: CityBook, city: City) -> Room:
    found = book.department(arrears.department)
    name = (found.name_ko if turn.lang == "ko" else found.name_en) if found else ""
    rules = arrears.rules
    contact = {"department": name, "phone": found.phone if found else city.phone, "ways": _in(turn.lang, rules.ways)}
    return Room(arrears, contact, tuple(_in(turn.lang, rules.checks)), tuple(_in(turn.lang, rules.papers)))


def _in(lang: str, lines: Sequence[Way]) -> list[str]:
    return [one.en if lang == "en" else one.ko for one in lines]


def kept(reply: Reply) -> Reply:
    """The reply with all that it says marked as tax data."""
    return replace(reply, says=tuple(replace(say, secrecy=SECRECY) for say in reply.says))


def say(room: Room, key: str, values: Mapping[str, Any] | None = None, *buttons: Choice) -> Reply:
    """One bubble that may name the department."""
    return kept(Reply((Say(key, {**room.contact, **(values or {})}, buttons),)))


def day(on: date | None) -> str:
    return f"{on:%Y.%m.%d}" if on else ""


def bill_name(bill: BillOwed, lang: str) -> str:
    """ "2025년 재산세 2기"."""
    named = f"{bill.tax_year} {bill.tax_item}" if lang == "en" else f"{bill.tax_year}년 {bill.tax_item}"
    return f"{named} {bill.period}".strip()


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
