"""Which of his cases a citizen means: by number, by button, by what was just talked about, or he is asked."""

from collections.abc import Callable, Mapping
from typing import Any

from actions.case.filing import FILE, HUMAN
from civic.cases.service import CLOSED, NAMES, Case, CaseService, Status
from core.contracts.channel import Card
from core.contracts.dialogue import Choice, Reply, Say, Topic, Turn

SERVICE = "case"


async def open_case_of(turn: Turn, cases: CaseService, intent: str, which: str) -> Case | Reply:
    """The open case that is meant, or the reply that asks which (or says there is none)."""
    if number := named(turn):
        case = await cases.by_receipt(number, turn.conversation_id)
        if case is None:
            return not_found(number)
        if case.status in CLOSED:
            values = {"receipt_no": case.receipt_no, "status": status_of(case, turn.lang)}
            return Reply((Say("case.closed_already", values, (FILE,)),))
        return case
    mine = [case for case in await cases.of_conversation(turn.conversation_id, limit=10) if case.status not in CLOSED]
    item = turn.item or focus(turn)
    if item is not None:
        mine = [case for case in mine if str(case.id) == item["id"]] or mine
    elif intent == "complaint_add_info":
        # What the city waits for is what he most likely brings.
        mine = [case for case in mine if case.status is Status.WAITING_CITIZEN] or mine
    if not mine:
        return Reply((Say("case.none_open_photo" if turn.photos else "case.none_open", buttons=(FILE, HUMAN)),))
    return mine[0] if len(mine) == 1 else listed(turn, mine[:5], intent, which)


async def closed_case_of(turn: Turn, cases: CaseService, fits: Callable[[Case], bool]) -> Case | None:
    """The closed case that is meant: the one named, the one talked about, else the one closed last that `fits`."""
    if number := named(turn):
        return await cases.by_receipt(number, turn.conversation_id)
    mine = await cases.of_conversation(turn.conversation_id, limit=10)
    item = turn.item or focus(turn)
    if item is not None and (case := next((one for one in mine if str(one.id) == item["id"]), None)):
        return case
    closed = sorted((case for case in mine if case.closed_at and fits(case)), key=lambda case: str(case.closed_at))
    return closed[-1] if closed else None


def named(turn: Turn) -> str:
    """The receipt number that a button carries (last in its argument) or the words name, else nothing."""
    told = turn.argument.rpartition(":")[2]
    if "-" in told:
        return told
    number = turn.understanding.first("complaint_no")
    return number.value if number else ""


def not_found(number: str) -> Reply:
    """A number that is not this citizen's looks like none."""
    return Reply((Say("case.not_found", {"receipt_no": number}, (HUMAN,)),))


def listed(turn: Turn, mine: list[Case], intent: str, key: str) -> Reply:
    rows = [
        {"id": str(case.id), "name": case.receipt_no, "title": case.title, "status": status_of(case, turn.lang)}
        for case in mine
    ]
    buttons = tuple(Choice(f"pick:{index}", label=row["name"]) for index, row in enumerate(rows, 1))
    topic = Topic(SERVICE, intent, tuple(rows), memory={"pick": intent})
    cards = tuple(Card(row["name"]) for row in rows)
    return Reply((Say(key, {"cases": rows}, buttons, cards=cards),), topic=topic)


def focus(turn: Turn) -> Mapping[str, Any] | None:
    topic = turn.topic
    if topic is None or topic.service != SERVICE or topic.index is None:
        return None
    return topic.items[topic.index]


def status_of(case: Case, lang: str) -> str:
    return NAMES[case.status][0 if lang == "ko" else 1]
