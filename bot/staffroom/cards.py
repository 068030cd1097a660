"""How a case looks in a room: where it stands, whose it is, when it is due, and what can be done; nobody's words."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staffroom.words import has, say
from civic.cases.case import Case
from civic.cases.notices import written
from civic.cases.status import CLOSED, NAMES, choices
from civic.staffroom.service import Facts, Line, facts_of, told_of
from core.contracts.staffroom import StaffButton, StaffCard, StaffRoom


def mark_of(case: Case) -> str:
    """What a button carries: the case and the version that was seen."""
    return f"{case.id}:{case.version}"


def room_of(room: StaffRoom, case: Case) -> str:
    """Where the case's department works; empty when nowhere."""
    return room.rooms.get(case.department_id, room.rooms.get("default", ""))


async def card_of(tx: AsyncConnection, room: StaffRoom, where: str, case: Case, now: datetime) -> StaffCard:
    """The card for the room `where`; once the case is another room's, only whither it went."""
    facts = await facts_of(tx, case, room.lang)
    title = say(room.lang, "card.title", receipt=case.receipt_no, category=facts.category)
    if where and where != room_of(room, case):
        return StaffCard(title, text=say(room.lang, "card.moved", department=facts.department))
    if case.merged_into_id is not None:
        return StaffCard(title, text=say(room.lang, "card.merged"))
    return StaffCard(
        title,
        fields=tuple((say(room.lang, f"card.{name}"), value) for name, value in _fields(room, case, facts, now)),
        buttons=_buttons(room, case, facts),
        note=_note(room, facts),
    )


def _fields(room: StaffRoom, case: Case, facts: Facts, now: datetime) -> list[tuple[str, str]]:
    lang = room.lang
    due = written(case.due_at, lang)
    if case.paused_at is not None:
        due = say(lang, "card.paused", due=due)
    elif case.is_overdue(now) and case.closed_at is None:
        due = say(lang, "card.overdue", due=due)
    found = [
        ("status", NAMES[case.status][0 if lang == "ko" else 1]),
        ("owner", facts.owner or say(lang, "card.nobody")),
        ("department", facts.department),
        ("due", due),
        ("received", written(case.received_at, lang)),
        ("citizen", facts.citizen or say(lang, "card.anonymous")),
    ]
    if case.place:
        found.append(("place", case.place))
    if case.joined:
        found.append(("joined", say(lang, "card.joined_count", count=case.joined)))
    return found


def _buttons(room: StaffRoom, case: Case, facts: Facts) -> tuple[StaffButton, ...]:
    lang, mark = room.lang, mark_of(case)
    found = [StaffButton(say(lang, "button.read"), "read", mark)]
    if case.status not in CLOSED:
        key, style = ("take_from", "") if facts.owner else ("take", "primary")
        sure = say(lang, "button.take_from_sure", who=facts.owner) if facts.owner else ""
        found.append(StaffButton(say(lang, f"button.{key}"), "take", mark, style, sure))  # type: ignore[arg-type]
    if choices(case.status, "manager"):
        found.append(StaffButton(say(lang, "button.status"), "status", mark))
    if facts.has_conversation:
        action = "give_back" if facts.holder else "hold"
        found.append(StaffButton(say(lang, f"button.{action}"), action, mark))
    return tuple(found)


def _note(room: StaffRoom, facts: Facts) -> str:
    if not facts.has_conversation:
        return say(room.lang, "card.note_alone")
    held = say(room.lang, "card.held", who=facts.holder) + " " if facts.holder else ""
    return held + say(room.lang, "card.note")


TOLD = frozenset(
    {"status", "department", "owner", "note", "internal_note", "photo", "joined", "mass", "rated"}
    | {"extended", "extension_asked", "consented", "merged", "unmerged", "warned"}
)
"""Kinds of lines that stand in the thread."""


async def line_of(tx: AsyncConnection, room: StaffRoom, case: Case, line: Line) -> StaffCard | None:
    """A line for the thread, in our words and never in the citizen's."""
    if line.kind == "heard":
        return StaffCard("", say(room.lang, "line.heard"))
    told = await told_of(tx, case, line.seq, room.lang)
    if told is None:
        return None
    lang, nobody = room.lang, say(room.lang, "who.none")
    who = told.who or say(lang, "who.citizen" if told.actor_kind == "citizen" else "who.system")
    key = f"note_{told.actor_kind}" if told.kind == "note" else told.kind
    if not has(f"line.{key}"):
        return None
    after = told.after if told.kind in ("status", "department", "owner", "rated") else ""
    return StaffCard("", say(lang, f"line.{key}", before=told.before or nobody, after=after or nobody, who=who))
