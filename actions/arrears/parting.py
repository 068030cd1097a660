""" "나눠 낼 수 있나요": a plan is proposed, changed in his own words, confirmed, and asked of the officers."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.arrears import tasks, words
from actions.arrears.tasks import Room, day, say
from civic.arrears.asking import planning
from civic.arrears.asking.desk import ArrearsDesk, korean_day, wished
from civic.arrears.asking.planning import Part
from civic.arrears.asking.standing import Standing
from civic.city.book import CityBook
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Slot, Turn
from core.errors import BadInput
from core.settings import City

FORM = "tax_plan"
_YES = frozenset(
    [
        "네",
        "넵",
        "예",
        "응",
        "좋아요",
        "좋습니다",
        "그렇게요",
        "이대로요",
        "그래요",
        "yes",
        "ok",
        "okay",
        "sure",
        "fine",
    ]
)


async def propose(turn: Turn, found: Standing, room: Room) -> Reply:
    """The city's own proposal first; what he has named already ("여섯 달", "매달 20만원") instead of it."""
    if found.plan is not None:
        return say(room, "arrears.plan_runs", {"plan": _shown_plan(found)}, tasks.PAY, tasks.TALK)
    if "instalment" in found.asked:
        return say(room, "arrears.asked_already", {"kind": "instalment"}, tasks.LOOK, tasks.TALK)
    if not found.bills:
        return say(room, "arrears.nothing_to_pay", {}, tasks.TALK)
    rules = room.arrears.rules.plans
    if found.total_krw < rules.least_months * 2:
        return say(room, "arrears.too_little", {"total": found.total_krw}, tasks.PAY, tasks.TALK)
    slots: dict[str, Any] = {
        "total": found.total_krw,
        "today": korean_day(turn.now).isoformat(),
        "proposed": planning.proposed(found.total_krw, rules),
    }
    if named := _named(turn, found.total_krw, room.arrears):
        slots["wish"] = named
    return Reply(open_form=OpenForm(FORM, slots))


def _named(turn: Turn, total_krw: int, arrears: ArrearsDesk) -> str:
    """What his first words wish already, where it can be."""
    if turn.argument or turn.message.kind != "text":
        return ""
    try:
        wish = planning.read_wish(turn.message.text)
        planning.fitted(total_krw, wish, arrears.rules.plans)
    except BadInput:
        return ""
    return wish


def form(arrears: ArrearsDesk) -> Form:
    """Built with the city's rules, so that what is shown is what is asked for."""

    def read(text: str) -> str:
        said = text.strip().rstrip(".!~").replace(" ", "").lower()
        return "proposed" if said in _YES else planning.read_wish(text)

    def fits(wish: str, slots: Mapping[str, Any]) -> str:
        if wish != "proposed":
            planning.fitted(int(slots["total"]), wish, arrears.rules.plans)
        return wish

    def values(slots: Mapping[str, Any], lang: str) -> Mapping[str, Any]:
        rules = arrears.rules.plans
        shown: dict[str, Any] = {"least": rules.least_months, "most": rules.most_months, "missed": rules.missed_ends}
        offer = parts_of(arrears, {**slots, "wish": "proposed"})
        shown |= {"offer": _shown(offer), "months": len(offer), "parts": []}
        if "wish" in slots:
            shown["parts"] = _shown(parts_of(arrears, slots))
        return shown

    choices = (
        Choice("set:yes", key="tax_plan.yes"),
        Choice("set:fix", key="tax_plan.fix"),
        Choice("set:no", key="tax_plan.no"),
    )
    return Form(
        FORM,
        (Slot("wish", "words", max_length=100, check=read, fits=fits), Slot("sure", "confirm", choices=choices)),
        submit=submit,
        values=values,
        secrecy=tasks.SECRECY,
        ends=tasks.ENDS,
        asides=((words.IF_MISSED, tasks.MISSED), (words.LATER, tasks.LATER), (words.WHY, tasks.WHY)),
    )


def parts_of(arrears: ArrearsDesk, slots: Mapping[str, Any]) -> list[Part]:
    """The parts of a wish that fits. The first is due a month from today."""
    rules, total = arrears.rules.plans, int(slots["total"])
    wish = str(slots["wish"])
    if wish == "proposed":
        wish = f"months:{slots['proposed']}"
    months, monthly = planning.fitted(total, wish, rules)
    first = planning.later(date.fromisoformat(slots["today"]), 1)
    return planning.parts(total, months, first, arrears.days.next, monthly)


def _shown(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [{"number": part.number, "due": day(part.due_on), "krw": part.amount_krw} for part in parts]


def _shown_plan(found: Standing) -> list[dict[str, Any]]:
    assert found.plan is not None
    return [
        {"number": part.number, "due": day(part.due_on), "krw": part.amount_krw, "paid": part.paid_krw}
        for part in found.plan.parts
    ]


async def submit(turn: Turn, slots: Mapping[str, Any], arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
    """Only who still is who he showed to be asks for anything."""
    room = tasks.room(turn, arrears, book, city)
    debtor_id = await arrears.known(turn.conversation_id, turn.now)
    if debtor_id is None:
        return say(room, "arrears.proof_over", {}, tasks.PARTS)
    return _ask(turn, debtor_id, parts_of(arrears, slots), room)


def _ask(turn: Turn, debtor_id: UUID, parts: Sequence[Part], room: Room) -> Reply:
    wish = {"parts": wished(parts), "months": len(parts)}

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        made = await room.arrears.ask(tx, debtor_id, "instalment", wish, turn.now, conversation_id=turn.conversation_id)
        return {"due": day(korean_day(made.due_at)) if made.due_at else ""}

    reply = say(room, "arrears.plan_asked", {"parts": _shown(parts)}, tasks.PAY, tasks.LOOK)
    return Reply(reply.says, write=write)
