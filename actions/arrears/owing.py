""" "얼마예요?": all bills in one message with what comes next, and one bill with its reckoning."""

from typing import Any

from actions.arrears import tasks
from actions.arrears.tasks import Room, bill_name, day, say
from civic.arrears.asking.desk import korean_day
from civic.arrears.asking.standing import Standing, stage
from civic.arrears.records import BillOwed
from core.contracts.dialogue import Choice, Reply, Topic, Turn

MOST = 10
"""Bills that are told one by one; the rest as a sum."""
_QUIET = frozenset({"deferral", "instalment", "dispute", "suspended", "bankrupt", "rehabilitation"})
"""Stops that the debtor knows of, as he asked for them."""


async def tell_owed(turn: Turn, found: Standing, room: Room) -> Reply:
    """Everything that is owed today. Nothing owed is told as plainly."""
    values = {"seized": seized(found, room), "stops": sorted(kinds(found)), "asked": sorted(found.asked)}
    if not found.bills:
        return say(room, "arrears.nothing", values, tasks.TALK)
    bills = [told(bill, turn) for bill in found.bills[:MOST]]
    rest = found.bills[MOST:]
    values |= {
        "bills": bills,
        "count": len(found.bills),
        "rest": len(rest),
        "rest_krw": sum(bill.total_krw for bill in rest),
        "total": found.total_krw,
        "today": day(korean_day(turn.now)),
        "letters": [{"kind": one.kind, "state": one.state} for one in found.letters],
        "plan": plan_values(found),
    }
    picks = [Choice(f"pick:{number}", label=str(bill["name"])) for number, bill in enumerate(bills, 1)]
    buttons = (*picks, tasks.PAY, *(() if found.plan else (tasks.PARTS,)))
    buttons += ((tasks.FREE,) if found.seized else ()) + (tasks.TALK,)
    items = tuple({"id": str(bill.bill_id), "name": bill_name(bill, turn.lang)} for bill in found.bills[:MOST])
    topic = Topic("arrears", tasks.INQUIRY, items, memory={"pick": tasks.BILL})
    reply = say(room, "arrears.owed", values, *buttons)
    return Reply(reply.says, topic=topic)


async def tell_bill(turn: Turn, found: Standing, room: Room) -> Reply:
    """The bill that was picked, with how its amount came about; the whole list where it is gone."""
    wanted = str(turn.item["id"]) if turn.item else turn.argument
    bill = next((one for one in found.bills if str(one.bill_id) == wanted), None)
    if bill is None:
        return await tell_owed(turn, found, room)
    values = {
        "bill": told(bill, turn),
        "lines": explained(bill),
        "reckoned": await room.arrears.explained(bill.bill_id, turn.now, turn.lang),
    }
    return say(room, "arrears.bill", values, tasks.PAY, tasks.LOOK, tasks.TALK)


def told(bill: BillOwed, turn: Turn) -> dict[str, Any]:
    """A bill as the texts name it."""
    return {
        "name": bill_name(bill, turn.lang),
        "pay_no": bill.pay_no,
        "principal": bill.principal_krw,
        "costs": bill.costs_krw,
        "tax": bill.tax_krw,
        "surcharge": bill.surcharge_krw,
        "total": bill.total_krw,
        "notified": day(bill.notified_on),
        "due": day(bill.due_on),
        "dunned": day(bill.dunned_on),
        "dun_due": day(bill.dun_due_on),
        "stage": stage(bill, korean_day(turn.now)),
    }


def explained(bill: BillOwed) -> list[dict[str, Any]]:
    """What is owed in its parts: costs, tax, surcharge; parts of nothing are left out."""
    parts = (("costs", bill.costs_krw), ("tax", bill.tax_krw), ("surcharge", bill.surcharge_krw))
    return [{"part": name, "krw": krw} for name, krw in parts if krw]


def seized(found: Standing, room: Room) -> list[dict[str, Any]]:
    return [
        {"bank": room.arrears.bank(one.bank), "account": one.account, "krw": one.held_krw, "is_joined": one.is_joined}
        for one in found.seized
    ]


def kinds(found: Standing) -> set[str]:
    """Stops that may be told."""
    return {one.kind for one in found.stops if one.kind in _QUIET}


def plan_values(found: Standing) -> dict[str, Any] | None:
    """The running plan: what is next."""
    if found.plan is None:
        return None
    part = found.plan.next_part
    return {
        "parts": len(found.plan.parts),
        "number": part.number if part else 0,
        "due": day(part.due_on) if part else "",
        "krw": part.left_krw if part else 0,
    }
