""" "낼게요": an account of his own to pay into, all or a part, other ways, and what the money does."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.arrears import tasks, words
from actions.arrears.owing import plan_values
from actions.arrears.tasks import Room, day, say
from civic.arrears.asking.planning import read_krw
from civic.arrears.asking.standing import Standing
from core.contracts.dialogue import Reply, Turn

_LEAST = 1_000
"""An amount below it in the words is no payment: "3번", "2025년"."""


HALF = -1
"""Not so many won but half of what is owed, which is known only once he is."""


def amount_in(turn: Turn) -> int:
    """The won that he wants to pay first, 0 where he names none, HALF for a half."""
    if words.HALF.search(turn.message.text[:200]):
        return HALF
    found = read_krw(turn.message.text)
    return found if found >= _LEAST else 0


async def tell_ways(turn: Turn, debtor_id: UUID, found: Standing, room: Room, krw: int) -> Reply:
    """`krw`: so much first; 0: all. Nothing is done by being told, so that nothing is confirmed."""
    if not found.bills:
        return say(room, "arrears.nothing_to_pay", {}, tasks.TALK)
    if krw == HALF:
        krw = found.total_krw // 20 * 10
    values = {
        "total": found.total_krw,
        "krw": min(krw, found.total_krw),
        "left": max(found.total_krw - krw, 0),
        "is_more": krw > found.total_krw,
        "is_seized": bool(found.seized),
        "bills": [tasks.bill_name(bill, turn.lang) for bill in found.bills],
        "pay_nos": [bill.pay_no for bill in found.bills[:5] if bill.pay_no],
        "plan": plan_values(found),
    }

    async def give(tx: AsyncConnection) -> Mapping[str, Any]:
        account = await room.arrears.account(tx, debtor_id, turn.now)
        if account is None:
            return {"account": None}
        shown = {"bank": account.bank_name, "number": account.number, "holder": account.holder}
        return {"account": {**shown, "until": day(account.until_on), "is_practice": account.is_practice}}

    buttons = () if found.plan else (tasks.PARTS,)
    reply = say(room, "arrears.pay", values, *buttons, tasks.LOOK, tasks.TALK)
    return Reply(reply.says, write=give)
