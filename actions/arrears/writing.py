"""More time (징수유예) and a protest (이의): a reason in his own words, confirmed, and asked of the officers."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.arrears import tasks
from actions.arrears.tasks import Room, day, say
from civic.arrears.asking import planning
from civic.arrears.asking.desk import ArrearsDesk, korean_day
from civic.arrears.asking.standing import Standing
from civic.city.book import CityBook
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Slot, Turn
from core.errors import BadInput
from core.settings import City

DEFER_FORM, PROTEST_FORM = "tax_defer", "tax_protest"
_LONG = 1000


async def begin_deferral(turn: Turn, found: Standing, room: Room) -> Reply:
    if not found.bills:
        return say(room, "arrears.nothing_to_pay", {}, tasks.TALK)
    if "deferral" in found.asked:
        return say(room, "arrears.asked_already", {"kind": "deferral"}, tasks.TALK)
    return Reply(open_form=OpenForm(DEFER_FORM))


async def begin_protest(turn: Turn, found: Standing, room: Room) -> Reply:
    if "dispute" in found.asked:
        return say(room, "arrears.asked_already", {"kind": "dispute"}, tasks.TALK)
    return Reply(open_form=OpenForm(PROTEST_FORM))


def forms(arrears: ArrearsDesk) -> tuple[Form, ...]:
    def months(text: str) -> str:
        found, most = planning.read_months(text), arrears.rules.deferral.most_months
        if found is None or not 1 <= found <= most:
            raise BadInput(
                f"몇 달이 필요하신지 1개월에서 {most}개월 사이로 알려 주세요. 예: 두 달",
                f"Please say how many months you need, 1 to {most}, e.g. two months.",
            )
        return str(found)

    def sure(name: str) -> Slot:
        return Slot(
            "sure", "confirm", choices=(Choice("set:yes", key=f"{name}.yes"), Choice("set:no", key=f"{name}.no"))
        )

    return (
        Form(
            DEFER_FORM,
            (
                Slot("months", "words", max_length=60, check=months),
                Slot("text", "text", max_length=_LONG),
                Slot("photo", "photo", optional=True),
                sure(DEFER_FORM),
            ),
            submit=defer,
            values=lambda slots, lang: {
                "most": arrears.rules.deferral.most_months,
                "photos": len(slots.get("photo", ())),
            },
            secrecy=tasks.SECRECY,
            ends=tasks.ENDS,
        ),
        Form(
            PROTEST_FORM,
            (Slot("text", "text", max_length=_LONG), Slot("photo", "photo", optional=True), sure(PROTEST_FORM)),
            submit=protest,
            values=lambda slots, lang: {"photos": len(slots.get("photo", ()))},
            secrecy=tasks.SECRECY,
            ends=tasks.ENDS,
        ),
    )


async def defer(turn: Turn, slots: Mapping[str, Any], arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """Told with it: when silence counts as yes (§25의3), where the deadline is far enough for that."""
    room = tasks.room(turn, arrears, book, city)
    debtor_id = await arrears.known(turn.conversation_id, turn.now)
    if debtor_id is None:
        return say(room, "arrears.proof_over", {}, tasks.LOOK)
    planned = arrears.deferring(await arrears.standing(debtor_id, turn.now), int(slots["months"]), turn.now)
    wish = {
        "text": slots["text"],
        "months": int(slots["months"]),
        "until_on": planned.until_on.isoformat(),
        "bill_ids": [str(one) for one in planned.bill_ids],
        "files": [dict(one) for one in slots.get("photo", ())],
    }

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        made = await arrears.ask(
            tx,
            debtor_id,
            "deferral",
            wish,
            turn.now,
            conversation_id=turn.conversation_id,
            deemed_on=planned.deemed_on,
        )
        return {"due": _due(made.due_at.date() if made.due_at else None)}

    values = {"until": day(planned.until_on), "deemed": day(planned.deemed_on), "today": day(korean_day(turn.now))}
    reply = say(room, "arrears.deferral_asked", values, tasks.LOOK, tasks.TALK)
    return Reply(reply.says, write=write)


async def protest(turn: Turn, slots: Mapping[str, Any], arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    room = tasks.room(turn, arrears, book, city)
    debtor_id = await arrears.known(turn.conversation_id, turn.now)
    if debtor_id is None:
        return say(room, "arrears.proof_over", {}, tasks.LOOK)
    wish = {"text": slots["text"], "files": [dict(one) for one in slots.get("photo", ())]}

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        made = await arrears.ask(tx, debtor_id, "dispute", wish, turn.now, conversation_id=turn.conversation_id)
        return {"due": _due(made.due_at.date() if made.due_at else None)}

    reply = say(room, "arrears.protest_asked", {}, tasks.TALK)
    return Reply(reply.says, write=write)


def _due(on: date | None) -> str:
    return day(on)
