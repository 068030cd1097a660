""" "압류 풀어주세요": what is seized and why, the three ways to have it lifted, and a request with proof."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.arrears import tasks, words
from actions.arrears.owing import seized
from actions.arrears.tasks import Room, say
from civic.arrears.asking.desk import ArrearsDesk
from civic.arrears.asking.standing import Standing
from civic.city.book import CityBook
from core.clock import SEOUL
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Slot, Turn
from core.settings import City

FORM = "tax_release"
_ASK = Choice(f"do:{tasks.ASK_RELEASE}", key="arrears.button.proof")
_GROUNDS = tuple(
    Choice(f"set:{name}", key=f"tax_release.ground.{name}") for name in ("welfare", "living", "wage", "part", "other")
)


async def tell_seized(turn: Turn, found: Standing, room: Room) -> Reply:
    """A seizure that is not there is told as plainly."""
    values = {"seized": seized(found, room), "total": found.total_krw, "asked": "release" in found.asked}
    values["held"] = sum(one.held_krw for one in found.seized)
    parts = () if found.plan or not found.bills else (tasks.PARTS,)
    if not found.seized:
        return say(room, "arrears.not_seized", values, *((tasks.LOOK, *parts) if found.bills else ()), tasks.TALK)
    more = () if "release" in found.asked else (_ASK,)
    return say(room, "arrears.seized", values, tasks.PAY, *more, *parts, tasks.TALK)


async def ask_release(turn: Turn, found: Standing, room: Room) -> Reply:
    if not found.seized:
        return await tell_seized(turn, found, room)
    if "release" in found.asked:
        return say(room, "arrears.asked_already", {"kind": "release"}, tasks.TALK)
    return Reply(open_form=OpenForm(FORM, {"seizures": [str(one.id) for one in found.seized]}))


def form() -> Form:
    choices = (Choice("set:yes", key="tax_release.yes"), Choice("set:no", key="tax_release.no"))
    return Form(
        FORM,
        (
            Slot("ground", "choice", choices=_GROUNDS),
            Slot("text", "text", max_length=500, optional=True),
            Slot("photo", "photo", optional=True),
            Slot("sure", "confirm", choices=choices),
        ),
        submit=submit,
        values=lambda slots, lang: {
            "ground": slots.get("ground", ""),
            "text": slots.get("text", ""),
            "photos": len(slots.get("photo", ())),
        },
        secrecy=tasks.SECRECY,
        ends=tasks.ENDS,
        asides=((words.LIVING, tasks.LIVING),),
    )


async def submit(turn: Turn, slots: Mapping[str, Any], arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    room = tasks.room(turn, arrears, book, city)
    debtor_id = await arrears.known(turn.conversation_id, turn.now)
    if debtor_id is None:
        return say(room, "arrears.proof_over", {}, tasks.FREE)
    return _ask(turn, debtor_id, slots, room)


def _ask(turn: Turn, debtor_id: UUID, slots: Mapping[str, Any], room: Room) -> Reply:
    wish = {
        "ground": slots["ground"],
        "text": slots.get("text", ""),
        "seizures": list(slots.get("seizures", ())),
        "files": [dict(one) for one in slots.get("photo", ())],
    }

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        made = await room.arrears.ask(tx, debtor_id, "release", wish, turn.now, conversation_id=turn.conversation_id)
        return {"due": f"{made.due_at.astimezone(SEOUL):%m월 %d일 %H:%M}" if made.due_at else ""}

    reply = say(room, "arrears.release_asked", {"has_proof": bool(wish["files"])}, tasks.LOOK, tasks.TALK)
    return Reply(reply.says, write=write)
