"""An officer answers in the thread of a card: the citizen reads it on his own channel."""

from bot.staffroom.office import Asking, Done
from civic.cases import change
from civic.cases.case import Actor, Case
from civic.cases.find import read_case
from civic.cases.reply import lock
from civic.cases.reply import reply as answer
from civic.conversations import ownership
from civic.presence import service as presence
from civic.staff.service import Action
from civic.staffroom.service import posts
from core.errors import BadInput, Conflict

MAX_TEXT = 4000
"""As through the api (api/fields.py, Message)."""
NOTE = "//"


async def reply(asking: Asking) -> Done:
    """To the citizen, held by whoever answers; with // in front an internal note; to a colleague, not at all."""
    event, city_id = asking.event, asking.office.city_id
    case_id = await posts.case_of(asking.tx, city_id, asking.room.name, event.room, event.thread)
    if case_id is None:
        return Done(outcome="talk")
    text = event.text.strip()
    if event.is_aside:
        return Done(asking.say("told.aside"), outcome="aside")
    if not text:
        return Done(asking.say("told.files_only"), outcome="refused")
    case = await read_case(asking.tx, city_id, case_id, asking.scope)
    if text.startswith(NOTE):
        return await _note(asking, case, text.removeprefix(NOTE).strip())
    if len(text) > MAX_TEXT:
        raise BadInput(f"한 번에 {MAX_TEXT}자까지 보낼 수 있습니다.", f"At most {MAX_TEXT} characters at once.")
    return await _say(asking, case, text)


async def _say(asking: Asking, case: Case, text: str) -> Done:
    asking.may(Action.REPLY)
    if case.conversation_id is None:
        raise Conflict("이 민원에는 이어진 대화가 없습니다.", "This case came by no conversation.")
    took_over = await _held(asking, case)
    queued = await answer(
        asking.tx,
        asking.office.settings.messaging,
        asking.office.city_id,
        case.conversation_id,
        text,
        by=asking.scope,
        key=f"{asking.room.name}:{asking.event.external_id}",
        now=asking.now,
        case_id=case.id,
    )
    await presence.must_be_free(asking.tx, case.id, asking.member.id, asking.now)
    await change.add_note(asking.tx, case.id, text, _actor(asking), asking.now, is_internal=False)
    await asking.looked("case", case.receipt_no, "case.reply")
    await _said_there(asking)
    where = (asking.office.city_id, asking.room.name, case.id)
    await posts.talk(asking.tx, *where, asking.now, room=asking.event.room)
    if queued.status == "cancelled":
        return Done(asking.say("told.not_sent", reason=queued.reason or ""), case_id=case.id, outcome="not_sent")
    key = "told.sent_held" if took_over else "told.sent"
    said = asking.say("told.sent_without_files" if asking.event.has_files else key)
    return Done(said, deliver=case.conversation_id, case_id=case.id)


async def _held(asking: Asking, case: Case) -> bool:
    """Whoever answers holds the talk, or the bot would answer into it; a colleague's is left to him (Conflict)."""
    assert case.conversation_id is not None
    thread = await lock(asking.tx, asking.office.city_id, case.conversation_id)
    if thread.owner == "staff" and thread.staff_id is not None:
        return False  # his own, or a colleague's: the answer itself says so
    asking.may(Action.CONVERSATION_HOLD)
    await ownership.take_over(asking.tx, case.conversation_id, asking.member.id, asking.now)
    return True


async def _note(asking: Asking, case: Case, text: str) -> Done:
    asking.may(Action.CASE_NOTE)
    await change.add_note(asking.tx, case.id, text, _actor(asking), asking.now, is_internal=True)
    await asking.looked("case", case.receipt_no, "case.note")
    await _said_there(asking)
    return Done(asking.say("told.noted"), case_id=case.id)


async def _said_there(asking: Asking) -> None:
    event = asking.event
    where = (asking.office.city_id, asking.room.name, event.room, event.thread)
    await posts.said_there(asking.tx, *where, asking.now)


def _actor(asking: Asking) -> Actor:
    return Actor.staff(asking.member.id, asking.member.role)
