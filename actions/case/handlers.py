"""민원 by chat after it is filed: where it stands, what is added, withdrawn (only after a second yes), said of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.case import afterwards, joining
from actions.case.adding import add_info, note_form, owed, supply
from actions.case.choosing import SERVICE, listed, named, not_found, open_case_of, status_of
from actions.case.filing import (
    FILE,
    HUMAN,
    department_name,
    file_complaint,
    file_safety_report,
    submit,
)
from actions.case.form import case_slots, shown
from actions.case.smelling import file_air_complaint, form_of_smell
from civic.cases.notices import written
from civic.cases.service import CLOSED, Case, CaseService, Status
from civic.city.book import CityBook
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Topic, Turn
from core.settings import City

# -- where it stands -------------------------------------------------------------------------------------------------


async def status(turn: Turn, cases: CaseService, book: CityBook, city: City) -> Reply:
    """One case in full, or the list to choose from. A number that is not this citizen's looks like none."""
    if number := named(turn):
        case = await cases.by_receipt(number, turn.conversation_id)
        case = case or await joining.joined_with(turn, cases, number)
        if case is None:
            return not_found(number)
        return await _one(turn, case, cases, book, city)
    mine = await cases.of_conversation(turn.conversation_id, limit=10)
    for joined in await cases.joined_by(turn.conversation_id):
        mine.append(replace(joined, title=joining.name_of(joined, book, turn.lang)))
    if turn.item is not None:
        mine = [case for case in mine if str(case.id) == turn.item["id"]] or mine
    if not mine:
        return Reply((Say("case.none", buttons=(FILE, HUMAN)),))
    if len(mine) == 1:
        return await _one(turn, mine[0], cases, book, city)
    return listed(turn, mine[:5], "complaint_status", "case.list")


async def _one(turn: Turn, case: Case, cases: CaseService, book: CityBook, city: City) -> Reply:
    if joining.is_anothers(turn, case):
        return joining.standing(turn, case, book, city)
    events = await cases.public_events(case.id, turn.conversation_id)
    department = book.department(case.department_id)
    notes = [event for event in events if event.text and event.actor_kind == "staff"]
    values = {
        "receipt_no": case.receipt_no,
        "title": case.title,
        "status": status_of(case, turn.lang),
        "is_closed": case.status in CLOSED,
        "department": department_name(department, turn.lang, city),
        "phone": department.phone if department else city.phone,
        "received": written(case.received_at, turn.lang),
        "due": written(case.due_at, turn.lang),
        "answer": case.answer or "",
        "last": notes[-1].text if notes and not case.answer else "",
        "appeal": case.appeal,
        "transferred_to": case.transferred_to,
        "waits": case.status is Status.WAITING_CITIZEN,
    }
    buttons: tuple[Choice, ...] = ()
    if case.status not in CLOSED:
        buttons = (
            Choice("do:complaint_add_info", key="intent.complaint_add_info"),
            Choice("do:complaint_withdraw", key="intent.complaint_withdraw"),
        )
    elif cases.may_reopen(case, turn.now):
        buttons = (Choice(f"do:complaint_reopen:{case.receipt_no}", key="case.again"),)
    row = {"id": str(case.id), "name": case.receipt_no, "title": case.title, "status": values["status"]}
    topic = Topic(SERVICE, "complaint_status", (row,), index=0, memory={"pick": "complaint_status"})
    return Reply((Say("case.status", values, buttons),), topic=topic)


# -- withdraw ------------------------------------------------------------------------------------------------------


async def withdraw(turn: Turn, cases: CaseService) -> Reply:
    """Never at the first word: withdrawal ends the city's duty to answer."""
    chosen = await open_case_of(turn, cases, "complaint_withdraw", "case.which_withdraw")
    if isinstance(chosen, Reply):
        return chosen
    slots = {"case_id": str(chosen.id), "receipt_no": chosen.receipt_no, "title": chosen.title}
    return Reply(open_form=OpenForm("case_withdraw", slots))


async def submit_withdrawal(turn: Turn, slots: Mapping[str, Any], cases: CaseService) -> Reply:
    async def end(tx: AsyncConnection) -> Mapping[str, Any]:
        await cases.withdraw(tx, UUID(slots["case_id"]), turn.conversation_id, turn.now)
        return {}

    return Reply((Say("case.withdrawn", {"receipt_no": slots["receipt_no"]}, (FILE,)),), write=end)


INTENTS = {
    "complaint_file": file_complaint,
    "air_complaint": file_air_complaint,
    "safety_report": file_safety_report,
    "complaint_status": status,
    "complaint_add_info": add_info,
    "complaint_withdraw": withdraw,
}
PRESSED = {"complaint_owed": owed, "complaint_supply": supply, **afterwards.PRESSED, **joining.PRESSED}
"""What no training line teaches: only a button, a set phrase or the city's own question leads there."""
PHRASES = (*joining.PHRASES, *afterwards.PHRASES)


def forms(book: CityBook) -> tuple[Form, ...]:
    """This service's forms; the names they show come from the city's book."""
    sure = (
        Slot(
            "confirm",
            "confirm",
            choices=(Choice("set:yes", key="case_withdraw.yes"), Choice("set:no", key="case_withdraw.no")),
        ),
    )
    return (
        Form("case_file", case_slots(book), submit, values=lambda slots, lang: shown(book, slots, lang)),
        form_of_smell(book),
        note_form(),
        Form("case_withdraw", sure, submit_withdrawal),
        *afterwards.forms_afterwards(),
        *joining.forms_of_joining(),
    )
