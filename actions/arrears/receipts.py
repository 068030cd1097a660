""" "영수증 주세요", "어제 냈는데 또 왔어요": what came in and where it went; "이자 왜 많아요": what was added."""

from typing import Any

from actions.arrears import owing, tasks, words
from actions.arrears.tasks import Room, day, say
from civic.arrears.asking.receipts import Receipt
from civic.arrears.asking.standing import Standing
from core.contracts.dialogue import Reply, Turn

MOST = 10
"""Payments that are told one by one; the rest as a sum."""


async def tell_paid(turn: Turn, found: Standing, room: Room) -> Reply:
    """A year's payments and what is left. A payment that is not here yet is told with how to prove it."""
    paid = await room.arrears.receipts(found.debtor_id, turn.now)
    rest = paid[MOST:]
    values = {
        "paid": [_shown(one, turn.lang) for one in paid[:MOST]],
        "count": len(paid),
        "sum": sum(one.amount_krw for one in paid),
        "rest": len(rest),
        "rest_krw": sum(one.amount_krw for one in rest),
        "left": found.total_krw,
        "papers": room.papers,
        "days": room.arrears.rules.arrival_days,
        "asks_paper": bool(words.RECEIPT.search(turn.message.text[:200])),
    }
    more = (tasks.LOOK, tasks.PAY) if found.bills else ()
    return say(room, "arrears.paid", values, *more, *((tasks.OBJECT,) if found.bills else ()), tasks.TALK)


async def tell_why(turn: Turn, found: Standing, room: Room) -> Reply:
    """What was added to each bill, and the reckoning of the one with the most, line by line."""
    added = [bill for bill in found.bills if bill.surcharge_krw]
    if not added:
        return await owing.tell_owed(turn, found, room)
    bill = max(added, key=lambda one: one.surcharge_krw)
    values = {
        "count": len(added),
        "sum": sum(one.surcharge_krw for one in added),
        "bill": owing.told(bill, turn),
        "reckoned": await room.arrears.explained(bill.bill_id, turn.now, turn.lang),
    }
    return say(room, "arrears.why", values, tasks.LOOK, tasks.PAY, tasks.PARTS, tasks.TALK)


def _shown(one: Receipt, lang: str) -> dict[str, Any]:
    named = "{0.tax_year} {0.tax_item} {0.period}" if lang == "en" else "{0.tax_year}년 {0.tax_item} {0.period}"
    return {
        "on": day(one.paid_on),
        "way": one.way,
        "krw": one.amount_krw,
        "excess": one.excess_krw,
        "shares": [{"name": named.format(share).strip(), "krw": share.krw} for share in one.shares],
    }
