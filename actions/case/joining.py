"""Joining a case that somebody else filed: the offer, where it stands as anybody may know it, and leaving again."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.case.choosing import SERVICE, named, not_found, status_of
from actions.case.filing import FILE, citizen_of, department_name, file_case, public_facts
from civic.cases.notices import written
from civic.cases.service import CLOSED, Case, CaseService
from civic.city.book import CityBook
from core.contracts.dialogue import Choice, Form, Reply, Say, Slot, Slots, Topic, Turn, Wordings
from core.settings import City

PHRASES = (
    (
        re.compile(r"함께\s*(?:신청|접수)\S{0,4}\s*(?:취소|그만|철회|빠|빼)|\bleave\s+the\s+joint\s+complaint", re.I),
        "complaint_leave",
    ),
)


# -- the offer -------------------------------------------------------------------------------------------------------


async def submit_join(
    turn: Turn, slots: Mapping[str, Any], cases: CaseService, book: CityBook, city: City, texts: Wordings
) -> Reply:
    """With the other, or a case of his own after all. One that was closed meanwhile cannot be joined."""
    found = await cases.open_one(UUID(slots["found"]["case_id"]))
    if slots["same"] == "new" or found is None:
        return file_case(turn, slots, cases, book, city, texts)

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await citizen_of(tx, turn, slots, texts)
        case = await cases.join(tx, found.id, turn.conversation_id, turn.now, slots["what"])
        return {"receipt_no": case.receipt_no, "joined": case.joined, "due": written(case.due_at, turn.lang)}

    buttons = (Choice("do:complaint_status", key="intent.complaint_status"),)
    return Reply((Say("case.joined", _shown(turn, found, book, city), buttons),), write=write)


def _values(slots: Slots, lang: str) -> Mapping[str, Any]:
    """`guess`: a yes to the offer means the first choice."""
    found = slots["found"]
    return {
        "guess": "join",
        "category": found[f"category_{lang}"],
        "area": found[f"area_{lang}"],
        "received": written(datetime.fromisoformat(found["received"]), lang),
        "joined": found["joined"],
        "public_text": found["public_text"],
    }


def _ways(slots: Slots) -> tuple[Choice, ...]:
    """After a no only his own way is left to confirm, yet the other stays one press away."""
    ways = (Choice("set:join", key="case_join.join"), Choice("set:new", key="case_join.new"))
    return ways[::-1] if slots.get("same_denied") else ways


# -- where it stands -------------------------------------------------------------------------------------------------


async def joined_with(turn: Turn, cases: CaseService, number: str) -> Case | None:
    """The case with this receipt number, if he joined it."""
    return next((one for one in await cases.joined_by(turn.conversation_id) if one.receipt_no == number), None)


def is_anothers(turn: Turn, case: Case) -> bool:
    """Somebody else filed it; of him and his words nothing is shown."""
    return case.conversation_id != turn.conversation_id and (
        turn.citizen_id is None or case.citizen_id != turn.citizen_id
    )


def name_of(case: Case, book: CityBook, lang: str) -> str:
    """How a joined case is called in a list: its kind and town."""
    facts = public_facts(case, book)
    return " · ".join(part for part in (facts[f"category_{lang}"], facts[f"area_{lang}"]) if part)


def standing(turn: Turn, case: Case, book: CityBook, city: City) -> Reply:
    """A joined case, with public facts only."""
    values = {
        **_shown(turn, case, book, city),
        "receipt_no": case.receipt_no,
        "joined": case.joined,
        "due": written(case.due_at, turn.lang),
        "status": status_of(case, turn.lang),
        "is_closed": case.status in CLOSED,
    }
    row = {
        "id": str(case.id),
        "name": case.receipt_no,
        "title": name_of(case, book, turn.lang),
        "status": values["status"],
    }
    topic = Topic(SERVICE, "complaint_status", (row,), index=0, memory={"pick": "complaint_status"})
    buttons = (Choice(f"do:complaint_leave:{case.receipt_no}", key="case_join.leave"),)
    return Reply((Say("case.joined_status", values, () if case.status in CLOSED else buttons),), topic=topic)


def _shown(turn: Turn, case: Case, book: CityBook, city: City) -> dict[str, Any]:
    facts, department = public_facts(case, book), book.department(case.department_id)
    return {
        "category": facts[f"category_{turn.lang}"],
        "area": facts[f"area_{turn.lang}"],
        "received": written(case.received_at, turn.lang),
        "public_text": facts["public_text"],
        "department": department_name(department, turn.lang, city),
        "phone": department.phone if department else city.phone,
    }


async def leave(turn: Turn, cases: CaseService) -> Reply:
    """By its button or in words; without a number the case that he joined last."""
    along = await cases.joined_by(turn.conversation_id)
    number = named(turn)
    case = next((one for one in along if not number or one.receipt_no == number), None)
    if case is None:
        return not_found(number) if number and turn.argument else Reply()

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await cases.leave(tx, case.id, turn.conversation_id, turn.now)
        return {}

    return Reply((Say("case.left", {"receipt_no": case.receipt_no}, (FILE,)),), write=write)


PRESSED = {"complaint_leave": leave}


def forms_of_joining() -> tuple[Form, ...]:
    same = Slot("same", "choice", choices_for=_ways)
    return (Form("case_join", (same,), submit_join, values=_values),)
