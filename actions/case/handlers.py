"""민원 by chat after it is filed: ask where it stands, add to it, withdraw it (only after a second yes)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.case.filing import (
    FILE,
    HUMAN,
    department_name,
    file_air_complaint,
    file_complaint,
    file_safety_report,
    submit,
)
from actions.case.form import MAX_STORY, case_slots, shown
from civic.cases.notices import written
from civic.cases.service import CLOSED, NAMES, Case, CaseService
from civic.city.book import CityBook
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Slots, Topic, Turn
from core.settings import City

SERVICE = "case"


# -- where it stands -------------------------------------------------------------------------------------------------


async def status(turn: Turn, cases: CaseService, book: CityBook, city: City) -> Reply:
    """One case in full, or the list to choose from. A number that is not this citizen's looks like none."""
    if number := turn.understanding.first("complaint_no"):
        case = await cases.by_receipt(number.value, turn.conversation_id)
        if case is None:
            return Reply((Say("case.not_found", {"receipt_no": number.value}, (HUMAN,)),))
        return await _one(turn, case, cases, book, city)
    mine = await cases.of_conversation(turn.conversation_id, limit=10)
    if turn.item is not None:
        mine = [case for case in mine if str(case.id) == turn.item["id"]] or mine
    if not mine:
        return Reply((Say("case.none", buttons=(FILE, HUMAN)),))
    if len(mine) == 1:
        return await _one(turn, mine[0], cases, book, city)
    return _list(turn, mine[:5], "complaint_status", "case.list")


def _list(turn: Turn, mine: list[Case], intent: str, key: str) -> Reply:
    rows = [
        {"id": str(case.id), "name": case.receipt_no, "title": case.title, "status": _status(case, turn.lang)}
        for case in mine
    ]
    buttons = tuple(Choice(f"pick:{index}", label=row["name"]) for index, row in enumerate(rows, 1))
    topic = Topic(SERVICE, intent, tuple(rows), memory={"pick": intent})
    return Reply((Say(key, {"cases": rows}, buttons),), topic=topic)


async def _one(turn: Turn, case: Case, cases: CaseService, book: CityBook, city: City) -> Reply:
    events = await cases.public_events(case.id, turn.conversation_id)
    department = book.department(case.department_id)
    notes = [event for event in events if event.text and event.actor_kind == "staff"]
    values = {
        "receipt_no": case.receipt_no,
        "title": case.title,
        "status": _status(case, turn.lang),
        "is_closed": case.status in CLOSED,
        "department": department_name(department, turn.lang, city),
        "phone": department.phone if department else city.phone,
        "received": written(case.received_at, turn.lang),
        "due": written(case.due_at, turn.lang),
        "answer": case.answer or "",
        "last": notes[-1].text if notes and not case.answer else "",
    }
    buttons = (
        ()
        if case.status in CLOSED
        else (
            Choice("do:complaint_add_info", key="intent.complaint_add_info"),
            Choice("do:complaint_withdraw", key="intent.complaint_withdraw"),
        )
    )
    row = {"id": str(case.id), "name": case.receipt_no, "title": case.title, "status": values["status"]}
    topic = Topic(SERVICE, "complaint_status", (row,), index=0, memory={"pick": "complaint_status"})
    return Reply((Say("case.status", values, buttons),), topic=topic)


def _status(case: Case, lang: str) -> str:
    return NAMES[case.status][0 if lang == "ko" else 1]


# -- add, withdraw ---------------------------------------------------------------------------------------------------


async def add_info(turn: Turn, cases: CaseService) -> Reply:
    """A picture at once; words through the one-question form, so that nothing is filed by accident."""
    chosen = await _chosen(turn, cases, "complaint_add_info", "case.which_add")
    if isinstance(chosen, Reply):
        return chosen
    if turn.photos:
        return _photo_added(turn, chosen, cases)
    return Reply(open_form=OpenForm("case_note", {"case_id": str(chosen.id), "receipt_no": chosen.receipt_no}))


def _photo_added(turn: Turn, case: Case, cases: CaseService) -> Reply:
    async def add(tx: AsyncConnection) -> Mapping[str, Any]:
        for photo in turn.photos:
            await cases.add_photo(tx, case.id, turn.conversation_id, UUID(photo["id"]), turn.now)
        return {}

    return Reply((Say("case.photo_added", {"receipt_no": case.receipt_no, "count": len(turn.photos)}),), write=add)


async def submit_note(turn: Turn, slots: Mapping[str, Any], cases: CaseService) -> Reply:
    if not slots.get("note") and not slots.get("photo"):
        return Reply((Say("case_note.nothing", {"receipt_no": slots["receipt_no"]}),))

    async def add(tx: AsyncConnection) -> Mapping[str, Any]:
        if slots.get("note"):
            await cases.add_note(tx, UUID(slots["case_id"]), turn.conversation_id, slots["note"], turn.now)
        for photo in slots.get("photo", ()):
            await cases.add_photo(tx, UUID(slots["case_id"]), turn.conversation_id, UUID(photo["id"]), turn.now)
        return {}

    return Reply((Say("case.note_added", {"receipt_no": slots["receipt_no"]}),), write=add)


async def withdraw(turn: Turn, cases: CaseService) -> Reply:
    """Never at the first word: withdrawal ends the city's duty to answer."""
    chosen = await _chosen(turn, cases, "complaint_withdraw", "case.which_withdraw")
    if isinstance(chosen, Reply):
        return chosen
    slots = {"case_id": str(chosen.id), "receipt_no": chosen.receipt_no, "title": chosen.title}
    return Reply(open_form=OpenForm("case_withdraw", slots))


async def submit_withdrawal(turn: Turn, slots: Mapping[str, Any], cases: CaseService) -> Reply:
    async def end(tx: AsyncConnection) -> Mapping[str, Any]:
        await cases.withdraw(tx, UUID(slots["case_id"]), turn.conversation_id, turn.now)
        return {}

    return Reply((Say("case.withdrawn", {"receipt_no": slots["receipt_no"]}, (FILE,)),), write=end)


async def _chosen(turn: Turn, cases: CaseService, intent: str, which: str) -> Case | Reply:
    """The open case that is meant, or the reply that asks which (or says there is none)."""
    if number := turn.understanding.first("complaint_no"):
        case = await cases.by_receipt(number.value, turn.conversation_id)
        if case is None:
            return Reply((Say("case.not_found", {"receipt_no": number.value}, (HUMAN,)),))
        if case.status in CLOSED:
            values = {"receipt_no": case.receipt_no, "status": _status(case, turn.lang)}
            return Reply((Say("case.closed_already", values, (FILE,)),))
        return case
    mine = [case for case in await cases.of_conversation(turn.conversation_id, limit=10) if case.status not in CLOSED]
    item = turn.item or _focus(turn)
    if item is not None:
        mine = [case for case in mine if str(case.id) == item["id"]] or mine
    if not mine:
        return Reply((Say("case.none_open_photo" if turn.photos else "case.none_open", buttons=(FILE, HUMAN)),))
    return mine[0] if len(mine) == 1 else _list(turn, mine[:5], intent, which)


def _focus(turn: Turn) -> Mapping[str, Any] | None:
    topic = turn.topic
    if topic is None or topic.service != SERVICE or topic.index is None:
        return None
    return topic.items[topic.index]


def _note_choices(slots: Slots) -> tuple[Choice, ...]:
    """A picture alone may be all there is to add."""
    return (Choice("set:skip", key="case_note.done"),) if slots.get("photo") else ()


INTENTS = {
    "complaint_file": file_complaint,
    "air_complaint": file_air_complaint,
    "safety_report": file_safety_report,
    "complaint_status": status,
    "complaint_add_info": add_info,
    "complaint_withdraw": withdraw,
}


def forms(book: CityBook) -> tuple[Form, ...]:
    """This service's forms; the names they show come from the city's book."""
    note = (
        Slot("note", "text", choices_for=_note_choices, optional=True, max_length=MAX_STORY),
        Slot("photo", "photo", applies=lambda slots: False),
    )
    sure = (
        Slot(
            "confirm",
            "confirm",
            choices=(Choice("set:yes", key="case_withdraw.yes"), Choice("set:no", key="case_withdraw.no")),
        ),
    )
    return (
        Form("case_file", case_slots(book), submit, values=lambda slots, lang: shown(book, slots, lang)),
        Form("case_note", note, submit_note),
        Form("case_withdraw", sure, submit_withdrawal),
    )
