""" "파산했어요", "개인회생 중이에요": told to the officers with the court's number, who stop what must be stopped."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.arrears import tasks
from actions.arrears.tasks import Room, day, say
from civic.arrears.asking.deciding import PROCEEDINGS
from civic.arrears.asking.desk import ArrearsDesk, korean_day
from civic.arrears.asking.standing import Standing
from civic.city.book import CityBook
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Slot, Turn
from core.settings import City

FORM = "tax_court"
_WHICH = tuple(Choice(f"set:{name}", key=f"tax_court.which.{name}") for name in PROCEEDINGS)


async def begin(turn: Turn, found: Standing, room: Room) -> Reply:
    if "court" in found.asked:
        return say(room, "arrears.asked_already", {"kind": "court"}, tasks.TALK)
    if not found.bills:
        return say(room, "arrears.nothing_to_pay", {}, tasks.TALK)
    return Reply(open_form=OpenForm(FORM))


def form() -> Form:
    choices = (Choice("set:yes", key="tax_court.yes"), Choice("set:no", key="tax_court.no"))
    return Form(
        FORM,
        (
            Slot("which", "choice", choices=_WHICH),
            Slot("text", "text", max_length=200, optional=True),
            Slot("photo", "photo", optional=True),
            Slot("sure", "confirm", choices=choices),
        ),
        submit=submit,
        values=lambda slots, lang: {
            "which": slots.get("which", ""),
            "text": slots.get("text", ""),
            "photos": len(slots.get("photo", ())),
        },
        secrecy=tasks.SECRECY,
        ends=tasks.ENDS,
    )


async def submit(turn: Turn, slots: Mapping[str, Any], arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    room = tasks.room(turn, arrears, book, city)
    debtor_id = await arrears.known(turn.conversation_id, turn.now)
    if debtor_id is None:
        return say(room, "arrears.proof_over", {}, tasks.LOOK)
    wish = {
        "which": slots["which"],
        "text": slots.get("text", ""),
        "files": [dict(one) for one in slots.get("photo", ())],
    }

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        made = await arrears.ask(tx, debtor_id, "court", wish, turn.now, conversation_id=turn.conversation_id)
        return {"due": day(korean_day(made.due_at)) if made.due_at else ""}

    reply = say(room, "arrears.court_told", {"has_proof": bool(wish["files"])}, tasks.LOOK, tasks.TALK)
    return Reply(reply.says, write=write)
