"""What a citizen adds to his open case by chat, and his answer when the city waits for one (보완)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.case.choosing import named, not_found, open_case_of
from actions.case.form import MAX_STORY
from civic.cases.notices import written
from civic.cases.service import Case, CaseService, Status
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Slots, Turn

_FILING = frozenset({"complaint_file", "safety_report", "air_complaint"})


async def add_info(turn: Turn, cases: CaseService) -> Reply:
    """A picture at once; words through the one-question form, so that nothing is filed by accident."""
    chosen = await open_case_of(turn, cases, "complaint_add_info", "case.which_add")
    if isinstance(chosen, Reply):
        return chosen
    if turn.photos:
        return _photo_added(turn, chosen, cases)
    return Reply(open_form=_note_form(chosen))


def _note_form(case: Case) -> OpenForm:
    slots = {"case_id": str(case.id), "receipt_no": case.receipt_no}
    return OpenForm("case_note", slots | ({"is_owed": True} if _waits(case) else {}))


def _photo_added(turn: Turn, case: Case, cases: CaseService) -> Reply:
    async def add(tx: AsyncConnection) -> Mapping[str, Any]:
        for photo in turn.photos:
            added = await cases.add_photo(tx, case.id, turn.conversation_id, UUID(photo["id"]), turn.now)
        return {"due": written(added.due_at, turn.lang)}

    values = {"receipt_no": case.receipt_no, "count": len(turn.photos), "is_owed": _waits(case)}
    return Reply((Say("case.photo_added", values),), write=add)


async def submit_note(turn: Turn, slots: Mapping[str, Any], cases: CaseService) -> Reply:
    if not slots.get("note") and not slots.get("photo"):
        return Reply((Say("case_note.nothing", {"receipt_no": slots["receipt_no"]}),))
    photos = slots.get("photo", ())

    async def add(tx: AsyncConnection) -> Mapping[str, Any]:
        case_id = UUID(slots["case_id"])
        if slots.get("note"):
            added = await cases.add_note(tx, case_id, turn.conversation_id, slots["note"], turn.now)
        for photo in photos:
            added = await cases.add_photo(tx, case_id, turn.conversation_id, UUID(photo["id"]), turn.now)
        return {"due": written(added.due_at, turn.lang)}

    key = "case.supplied" if slots.get("is_owed") else "case.note_added"
    return Reply((Say(key, {"receipt_no": slots["receipt_no"]}),), write=add)


async def owed(turn: Turn, cases: CaseService) -> Reply:
    """He writes while a case waits for him: is this the answer? Nothing is passed on before he says so."""
    text = turn.message.text.strip()
    mine = await cases.of_conversation(turn.conversation_id, limit=10)
    waiting = [case for case in mine if _waits(case)]
    if not waiting or not text or len(text) > MAX_STORY:
        return Reply()
    is_filing = turn.understanding.intent in _FILING
    other = Choice("do:complaint_file", key="case.answer_new") if is_filing else Choice("do:help", key="case.answer_no")
    if len(waiting) == 1:
        number = waiting[0].receipt_no
        values = {"receipt_no": number, "said": text, "is_filing": is_filing}
        return Reply((Say("case.is_answer", values, (_answers(number, key="case.answer_yes"), other)),))
    numbers = [case.receipt_no for case in waiting[:5]]
    choices = tuple(_answers(number, label=number) for number in numbers)
    return Reply((Say("case.which_answer", {"said": text, "numbers": numbers}, (*choices, other)),))


def _answers(number: str, *, key: str = "", label: str = "") -> Choice:
    return Choice(f"do:complaint_supply:{number}", key=key, label=label)


async def supply(turn: Turn, cases: CaseService) -> Reply:
    """The words that he was asked about go to the officer, and the clock runs on."""
    number, text = named(turn), turn.understanding.text.strip()
    case = await cases.by_receipt(number, turn.conversation_id)
    if case is None:
        return not_found(number)
    if not text or not _waits(case):
        return await add_info(turn, cases)

    async def add(tx: AsyncConnection) -> Mapping[str, Any]:
        added = await cases.add_note(tx, case.id, turn.conversation_id, text, turn.now)
        return {"due": written(added.due_at, turn.lang)}

    return Reply((Say("case.supplied", {"receipt_no": number}),), write=add)


def _waits(case: Case) -> bool:
    return case.status is Status.WAITING_CITIZEN


def _note_choices(slots: Slots) -> tuple[Choice, ...]:
    """A picture alone may be all there is to add."""
    return (Choice("set:skip", key="case_note.done"),) if slots.get("photo") else ()


def note_form() -> Form:
    note = (
        Slot("note", "text", choices_for=_note_choices, optional=True, max_length=MAX_STORY),
        Slot("photo", "photo", applies=lambda slots: False),
    )
    return Form("case_note", note, submit_note)
