"""What an officer reads of a case in the room: shown to him alone, within his scope, and written to the access log."""

from bot.staffroom.cards import card_of
from bot.staffroom.changing import marked
from bot.staffroom.office import Asking, Done
from civic.cases.case import Case
from civic.cases.find import read_case
from civic.conversations import thread
from civic.conversations.thread import Entry
from civic.guard.service import look
from civic.staff.service import Action
from core.contracts.staffroom import StaffForm
from core.errors import Forbidden

LATEST = 10
MAX_LINE = 700


async def read(asking: Asking) -> Done:
    """내용 보기: title, text, place, answer, and what was said since; neither name nor number of the citizen, which he
    gave while he filed."""
    asking.may(Action.CASE_READ)
    case, _ = await marked(asking)
    if not asking.room.shows_text:
        raise Forbidden(asking.say("read.shut"), "What citizens wrote is not shown in this channel.")
    entries = await _said_since(asking, case)
    await asking.looked("case", case.receipt_no, "case.read")
    parts = [case.receipt_no, case.title, _folded(asking, case.body), *_details(asking, case)]
    if entries:
        parts += [f"— {asking.say('read.thread')} —", *(_line(asking, one) for one in entries)]
    text = "\n\n".join(part for part in parts if part.strip())
    return Done(form=StaffForm("read", asking.say("read.title"), text))


async def show(asking: Asking, reference: str) -> Done:
    """The card of one case, asked for by its number."""
    asking.may(Action.CASE_READ)
    case = await read_case(asking.tx, asking.office.city_id, reference, asking.scope)
    await asking.looked("case", case.receipt_no, "case.read")
    return Done(card=await card_of(asking.tx, asking.room, "", case, asking.now))


async def _said_since(asking: Asking, case: Case) -> list[Entry]:
    """By the citizen and by officers, after it was filed; what the bot asked for and got is in the case already."""
    if case.conversation_id is None:
        return []
    found = await thread.read(asking.tx, case.conversation_id)
    since = [one for one in found if one.at > case.received_at and one.kind != "button"]
    return [one for one in since if one.direction == "in" or one.staff_id][-LATEST:]


def _details(asking: Asking, case: Case) -> list[str]:
    found = {"place": case.place, "occurred": case.occurred, "answer": case.answer or ""}
    return [asking.say(f"read.{name}", **{name: value}) for name, value in found.items() if value]


def _line(asking: Asking, entry: Entry) -> str:
    who = "citizen" if entry.direction == "in" else "staff"
    said = _folded(asking, entry.text) if who == "citizen" else entry.text
    return f"{asking.say(f'read.{who}')}: {said[:MAX_LINE] or asking.say('read.file')}"


def _folded(asking: Asking, text: str) -> str:
    """Harsh words are folded, as the console does it: nobody reads them who did not mean to."""
    return asking.say("read.harsh") if look(text) else text
