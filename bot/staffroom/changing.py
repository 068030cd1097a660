"""What an officer does with a case by buttons and forms: takes it, sets its status, holds and gives back the talk."""

from uuid import UUID

from bot.staffroom.cards import mark_of
from bot.staffroom.office import Asking, Done
from civic.cases import change
from civic.cases.case import Actor, Case
from civic.cases.decide import decide
from civic.cases.find import read_case
from civic.cases.join import lock_everybody
from civic.cases.notices import tell
from civic.cases.reply import lock
from civic.cases.status import NAMES, Status, choices
from civic.conversations import ownership
from civic.guard.service import must_not_rest
from civic.presence import service as presence
from civic.staff.service import Action
from civic.staffroom.service import posts
from core.contracts.staffroom import StaffField, StaffForm
from core.errors import BadInput, Conflict, PreconditionFailed

MAX_TEXT = 3000


async def marked(asking: Asking) -> tuple[Case, int]:
    """The case that the button or form names, within his scope, and the version that was seen. Raises NotFound,
    BadInput."""
    reference, _, version = asking.event.value.partition(":")
    try:
        case_id, seen = UUID(reference), int(version)
    except ValueError:
        raise BadInput(asking.say("told.not_a_card"), "This button names no case.") from None
    return await read_case(asking.tx, asking.office.city_id, case_id, asking.scope), seen


async def take(asking: Asking) -> Done:
    """담당하기: the case is his. Of two who press at once one is first, the other's version is old."""
    asking.may(Action.CASE_CHANGE)
    case, seen = await marked(asking)
    if case.staff_id == asking.member.id:
        return Done(asking.say("told.taken_already"), case_id=case.id)
    await lock_everybody(asking.tx, case.id)
    case = await change.assign(
        asking.tx,
        case.id,
        _actor(asking),
        asking.now,
        expected_version=seen,
        staff=(asking.member.id,),
        days_off=asking.office.cases.days_off,
    )
    await asking.looked("case", case.receipt_no, "case.change")
    return Done(asking.say("told.taken", receipt=case.receipt_no), case_id=case.id)


async def ask_status(asking: Asking) -> Done:
    """The form with the statuses that he may set from here."""
    asking.may(Action.CASE_CHANGE)
    case, seen = await marked(asking)
    if case.version != seen:
        raise PreconditionFailed(asking.say("told.stale"), "It has changed meanwhile.")
    to = choices(case.status, _actor(asking).by)
    if not to:
        return Done(asking.say("told.no_choice"), case_id=case.id)
    named = 0 if asking.room.lang == "ko" else 1
    hint = asking.say("form.body_hint")
    fields = [
        StaffField("status", asking.say("form.to"), tuple((one.value, NAMES[one][named]) for one in to)),
        StaffField("text", asking.say("form.text"), is_required=False, is_long=True, hint=asking.say("form.text_hint")),
    ]
    if Status.TRANSFERRED in to:
        fields.append(StaffField("body", asking.say("form.body"), is_required=False, hint=hint))
        fields.append(StaffField("contact", asking.say("form.contact"), is_required=False, hint=hint))
    title, submit = asking.say("form.status"), asking.say("form.submit")
    return Done(form=StaffForm("status", title, case.receipt_no, tuple(fields), submit, mark_of(case)))


async def set_status(asking: Asking) -> Done:
    """The filled form: the same rules, notice and records as through the api."""
    asking.may(Action.CASE_CHANGE)
    given = {name: value.strip() for name, value in asking.event.values.items()}
    case, seen = await marked(asking)
    try:
        to = Status(given.get("status", ""))
    except ValueError:
        raise BadInput("새 상태를 골라 주세요.", "Choose the new status.") from None
    is_transfer = to is Status.TRANSFERRED
    text = given.get("text", "")[:MAX_TEXT]
    await lock_everybody(asking.tx, case.id)
    if text:
        await presence.must_be_free(asking.tx, case.id, asking.member.id, asking.now)
    has_both = bool(given.get("body") and given.get("contact"))
    case = await decide(
        asking.tx,
        asking.office.settings.cases,
        case,
        to,
        _actor(asking),
        asking.now,
        expected_version=seen,
        text=text,
        transferred_to=given["body"] if is_transfer and has_both else None,
        transferred_contact=given["contact"] if is_transfer and has_both else None,
        days_off=asking.office.cases.days_off,
    )
    messaging = asking.office.settings.messaging
    await tell(asking.tx, messaging, case, to.value, asking.now, text=text, staff_id=asking.member.id)
    await asking.looked("case", case.receipt_no, "case.change")
    return Done(deliver=case.conversation_id, case_id=case.id)


async def hold(asking: Asking) -> Done:
    """대화 넘겨받기: the bot is silent from now on."""
    conversation_id, case = await _talk(asking)
    await must_not_rest(asking.tx, conversation_id, asking.now)
    await ownership.take_over(asking.tx, conversation_id, asking.member.id, asking.now)
    where = (asking.office.city_id, asking.room.name, case.id)
    await posts.talk(asking.tx, *where, asking.now, room=asking.event.room)
    return await _held(asking, conversation_id, case, "take_over", "told.held")


async def give_back(asking: Asking) -> Done:
    """대화 돌려주기: the bot answers again."""
    conversation_id, case = await _talk(asking)
    await ownership.hand_back(asking.tx, conversation_id, asking.member.id, asking.now)
    await posts.talk(asking.tx, asking.office.city_id, asking.room.name, case.id, None)
    return await _held(asking, conversation_id, case, "hand_back", "told.given_back")


async def _talk(asking: Asking) -> tuple[UUID, Case]:
    asking.may(Action.CONVERSATION_HOLD)
    case, _ = await marked(asking)
    if case.conversation_id is None:
        raise Conflict("이 민원에는 이어진 대화가 없습니다.", "This case came by no conversation.")
    await lock(asking.tx, asking.office.city_id, case.conversation_id, asking.scope)
    return case.conversation_id, case


async def _held(asking: Asking, conversation_id: UUID, case: Case, action: str, key: str) -> Done:
    await asking.looked("conversation", str(conversation_id), f"conversation.{action}")
    # Who holds a talk stands in no history of a case, so nobody else tells the card.
    await posts.show_again(asking.tx, asking.office.city_id, asking.room.name, case.id)
    return Done(asking.say(key), case_id=case.id)


def _actor(asking: Asking) -> Actor:
    return Actor.staff(asking.member.id, asking.member.role)
