"""After the answer: how good it was, whether to look again, and the citizen's word on a further extension."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.case.choosing import closed_case_of, named, not_found, status_of
from actions.case.filing import FILE, HUMAN
from civic.cases.notices import written
from civic.cases.service import CLOSED, RATED, Case, CaseService
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Slots, Turn

MAX_WORDS = 1000
STATUS = Choice("do:complaint_status", key="intent.complaint_status")
_POINTS = re.compile(r"(?<![\d-])([1-5])\s*점|\b([1-5])\s*(?:stars?|points?|/\s*5|out of (?:5|five))\b", re.I)
_ONCE_MORE = re.compile(
    r"다시\s*(?:좀\s*)?(?:열어|살펴|검토|처리해|조사)|재\s*(?:검토|처리|조사|심사|오픈)|"
    r"(?:답변|결과|민원|처리).{0,24}다시\s*(?:좀\s*)?(?:봐|확인)|"
    r"(?:답변|결과|처리|조치).{0,12}(?:[마맘]음?에?\s*(?:안|들지)|만족\s*(?:못|하지|스럽지|안)|불만|납득|인정\s*못|성의)|"
    r"이의\s*(?:신청|제기|있)|"
    r"\bre-?open|\blook\s+(?:at|into)\s+(?:it|this|my case)\s+again|"
    r"\b(?:not\s+(?:happy|satisfied)|unhappy|dissatisfied|disagree)\s+with\s+(?:the|your|this)\s+"
    r"(?:answer|reply|result|decision)",
    re.I,
)
_NOT_FIXED = re.compile(
    r"(?:해결|해소|처리|고쳐|치워).{0,4}(?:안\s*(?:됐|되었|된|돼)|되지\s*않|지지\s*않)|"
    r"\b(?:not|isn't|wasn't)\s+(?:really\s+)?(?:solved|fixed|resolved)",
    re.I,
)
"""Said of a case that was answered, or of a new matter altogether: then place or kind are named."""
PHRASES = (
    (_ONCE_MORE, "complaint_reopen"),
    (_NOT_FIXED, "complaint_reopen"),
    (re.compile(rf"^.{{0,20}}(?:{_POINTS.pattern})", re.I), "complaint_rate"),
)
"""Words that mean one thing when the citizen has a case that was answered."""


# -- the rating ------------------------------------------------------------------------------------------------------


async def rate(turn: Turn, cases: CaseService) -> Reply:
    """By a button (`5:GP-2026-000123`) or in words ("4점이요"). A low one is kept at once, and its reason asked."""
    points = _points(turn)
    case = await closed_case_of(turn, cases, lambda one: one.status in RATED)
    if points is None or case is None:
        return not_found(named(turn)) if turn.argument else Reply()
    if case.status not in RATED:
        if not turn.argument:
            return Reply()
        return _closed_or_not(turn, case)
    is_low = points <= cases.rules.low_rating

    async def keep(tx: AsyncConnection) -> Mapping[str, Any]:
        await cases.rate(tx, case.id, turn.conversation_id, points, "", turn.now)
        return {}

    values = {"receipt_no": case.receipt_no, "points": points, "is_low": is_low}
    said = Say("case.rated", values)
    if not is_low:
        return Reply((said,), write=keep)
    slots: dict[str, Any] = {"case_id": str(case.id), "receipt_no": case.receipt_no, "points": points}
    return Reply((said,), write=keep, open_form=OpenForm("case_rating", slots))


def _points(turn: Turn) -> int | None:
    told = turn.argument.partition(":")[0]
    if not told:
        found = _POINTS.search(turn.message.text[:200])
        told = next((one for one in found.groups() if one), "") if found else ""
    return int(told) if told in {"1", "2", "3", "4", "5"} else None


def _closed_or_not(turn: Turn, case: Case) -> Reply:
    values = {"receipt_no": case.receipt_no, "status": status_of(case, turn.lang)}
    return Reply((Say("case.rate_none", values, (STATUS,)),))


async def submit_rating(turn: Turn, slots: Mapping[str, Any], cases: CaseService) -> Reply:
    """The reason of a low rating: a team head reads it, and the case can be opened again at once."""
    number, words = slots["receipt_no"], slots.get("words") or ""
    case = await cases.by_receipt(number, turn.conversation_id)
    if case is None:
        return not_found(number)
    again = (Choice(f"do:complaint_reopen:{number}", key="case.again"),) if cases.may_reopen(case, turn.now) else ()
    values = {"receipt_no": number, "has_words": bool(words), "may_reopen": bool(again)}
    if not words:
        return Reply((Say("case.rated_low", values, again),))

    async def keep(tx: AsyncConnection) -> Mapping[str, Any]:
        await cases.rate(tx, UUID(slots["case_id"]), turn.conversation_id, slots["points"], words, turn.now)
        return {}

    return Reply((Say("case.rated_low", values, again),), write=keep)


# -- once more -------------------------------------------------------------------------------------------------------


async def reopen(turn: Turn, cases: CaseService) -> Reply:
    """Ask why; the case is opened again with that. Nothing to open: the words are understood otherwise."""
    if not turn.argument and _is_new_matter(turn):
        return Reply()
    case = await closed_case_of(turn, cases, lambda one: cases.may_reopen(one, turn.now))
    if case is None:
        return await _nothing_to_open(turn, cases)
    if case.status not in CLOSED:
        if not turn.argument and not named(turn):
            return Reply()
        values = {"receipt_no": case.receipt_no, "status": status_of(case, turn.lang)}
        add = Choice(f"do:complaint_add_info:{case.receipt_no}", key="intent.complaint_add_info")
        return Reply((Say("case.reopen_open", values, (add, STATUS)),))
    if not cases.may_reopen(case, turn.now):
        return _too_late(case, cases) if case.status in RATED else _ended(turn, case)
    slots = {"case_id": str(case.id), "receipt_no": case.receipt_no, "title": case.title}
    return Reply(open_form=OpenForm("case_reopen", slots))


def _is_new_matter(turn: Turn) -> bool:
    seen = turn.understanding
    is_told = seen.first("place") is not None or seen.first("category") is not None
    return is_told and not _ONCE_MORE.search(turn.message.text[:200])


async def _nothing_to_open(turn: Turn, cases: CaseService) -> Reply:
    if turn.argument:
        return not_found(named(turn))
    mine = await cases.of_conversation(turn.conversation_id, limit=10)
    late = next((case for case in mine if case.status in RATED), None)
    if late is None or any(case.status not in CLOSED for case in mine):
        return Reply()
    return _too_late(late, cases)


def _too_late(case: Case, cases: CaseService) -> Reply:
    values = {"receipt_no": case.receipt_no, "days": cases.rules.reopen_days}
    return Reply((Say("case.reopen_late", values, (FILE, HUMAN)),))


def _ended(turn: Turn, case: Case) -> Reply:
    """Withdrawn or passed on: what is left is a new one."""
    values = {"receipt_no": case.receipt_no, "status": status_of(case, turn.lang)}
    return Reply((Say("case.closed_already", values, (FILE,)),))


async def submit_reopening(turn: Turn, slots: Mapping[str, Any], cases: CaseService) -> Reply:
    async def again(tx: AsyncConnection) -> Mapping[str, Any]:
        case_id = UUID(slots["case_id"])
        case = await cases.reopen(tx, case_id, turn.conversation_id, slots["reason"], turn.now)
        for photo in slots.get("photo", ()):
            await cases.add_photo(tx, case_id, turn.conversation_id, UUID(photo["id"]), turn.now)
        return {"due": written(case.due_at, turn.lang)}

    return Reply((Say("case.reopened", {"receipt_no": slots["receipt_no"]}, (STATUS,)),), write=again)


# -- a further extension ---------------------------------------------------------------------------------------------


async def consent(turn: Turn, cases: CaseService) -> Reply:
    """The button under the question (`yes:GP-2026-000123`); a second press finds nothing asked."""
    agreed, number = turn.argument.partition(":")[0] == "yes", named(turn)
    case = await cases.by_receipt(number, turn.conversation_id) if number else None
    if case is None:
        return not_found(number or "-")
    if not await cases.asks_extension(case.id):
        values = {"receipt_no": number, "status": status_of(case, turn.lang)}
        return Reply((Say("case.nothing_asked", values, (STATUS,)),))

    async def answer(tx: AsyncConnection) -> Mapping[str, Any]:
        after = await cases.answer_extension(tx, case.id, turn.conversation_id, turn.now, agreed=agreed)
        return {"due": written(after.due_at, turn.lang)}

    return Reply((Say("case.agreed" if agreed else "case.disagreed", {"receipt_no": number}),), write=answer)


PRESSED = {"complaint_rate": rate, "complaint_reopen": reopen, "complaint_consent": consent}


def _photo_only(slots: Slots) -> bool:
    return False


def forms_afterwards() -> tuple[Form, ...]:
    words = Slot("words", "text", (Choice("set:skip", key="case_rating.skip"),), optional=True, max_length=MAX_WORDS)
    reason = (Slot("reason", "text", max_length=2000), Slot("photo", "photo", applies=_photo_only))
    return (Form("case_rating", (words,), submit_rating), Form("case_reopen", reason, submit_reopening))
