"""Who he is, asked step by step: the telephone by a code (unless he writes from it), then one secret.

Whatever he gives, he hears the same words until both fit; what he came for is answered in the same breath then.
"""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.arrears import tasks, words
from actions.arrears.tasks import Room, kept, say
from civic.arrears.asking import proving
from civic.arrears.asking.desk import ArrearsDesk
from civic.arrears.asking.proving import Verdict
from civic.city.book import CityBook
from civic.people.service import PeopleService, masked_phone, mobile_phone
from core.clock import SEOUL
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Turn, Wordings
from core.errors import BadInput
from core.settings import City

Answer = Callable[[Turn, UUID, str, Mapping[str, Any], Room], Awaitable[Reply]]
AGAIN = "again"
PHONE_FORM, CODE_FORM, SECRET_FORM = "tax_phone", "tax_code", "tax_secret"
ASIDES = (
    (words.PHISHING, tasks.GENUINE),
    (words.DEATH, tasks.DEATH),
    (words.MISSED, tasks.MISSED),
    (words.LIVING, tasks.LIVING),
    (words.LESS, tasks.LESS),
    (words.COURT, tasks.COURT),
    (words.PAID, tasks.PAID),
    (words.WHY, tasks.WHY),
)
"""What he may ask before he shows who he is: nothing of a person is in the answers, or the same is asked of him first
for another errand."""
ENDS = (*tasks.ENDS, (words.WRONG_NUMBER, tasks.WRONG))
_BETWEEN = re.compile(r"(?<=\d)[\s.-]+(?=\d)")
_NONE_CAME = re.compile(
    r"다시\s*(?:보내|받)|재\s*(?:전송|발송)|안\s*(?:와|왔|옵)|못\s*받|\b(?:re-?send|new code|again)\b", re.I
)
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_DIGITS = re.compile(r"\d+")


async def prove(turn: Turn, errand: Mapping[str, Any], room: Room, people: PeopleService) -> Reply:
    """Ask for what is missing. `errand`: {then, krw}: what he came for."""
    arrears = room.arrears
    number = await arrears.proven_number(turn.conversation_id, turn.channel, turn.message.address, turn.now)
    if number is not None:
        until = await arrears.locked_until(turn.conversation_id, number, turn.now)
        return _locked(room, until) if until else _ask_secret(errand, number)
    if not people.sms_channel:
        return say(room, "arrears.no_proof_here", {}, tasks.TALK)
    return Reply(open_form=OpenForm(PHONE_FORM, dict(errand)))


def _ask_secret(errand: Mapping[str, Any], number: bytes) -> Reply:
    slots = {"then": errand["then"], "krw": errand.get("krw", 0), "number": number.hex()}
    return Reply(open_form=OpenForm(SECRET_FORM, slots))


def forms(arrears: ArrearsDesk, after: Answer) -> tuple[Form, ...]:
    """`after`: answers what he came for, once he is known."""

    async def enter(turn: Turn, slots: Mapping[str, Any], arrears: ArrearsDesk, book: CityBook, city: City) -> Reply:
        return await enter_secret(turn, slots, tasks.room(turn, arrears, book, city), after)

    again = (Choice(f"set:{AGAIN}", key="tax_code.again"),)
    return (
        Form(
            PHONE_FORM,
            (Slot("phone", "phone", check=mobile_phone),),
            submit=send_code,
            secrecy=tasks.SECRECY,
            ends=ENDS,
            asides=ASIDES,
        ),
        Form(
            CODE_FORM,
            (Slot("code", "text", choices=again, check=read_code, is_secret=True),),
            submit=enter_code,
            values=lambda slots, lang: {"number": masked_phone(str(slots.get("phone", "")))},
            secrecy=tasks.SECRECY,
            ends=ENDS,
            asides=ASIDES,
        ),
        Form(
            SECRET_FORM,
            (Slot("secret", "text", max_length=60, check=read_secret, is_secret=True),),
            submit=enter,
            values=lambda slots, lang: {"secrets": arrears.rules.secrets, "is_again": bool(slots.get("again"))},
            secrecy=tasks.SECRECY,
            ends=ENDS,
            asides=ASIDES,
        ),
    )


def read_code(text: str) -> str:
    """Six digits, or the wish for another code. Raises BadInput for all else."""
    if text == AGAIN or _NONE_CAME.search(text):
        return AGAIN
    found = _CODE.findall(_BETWEEN.sub("", unicodedata.normalize("NFKC", text)))
    if len(found) != 1:
        raise BadInput("확인 번호는 숫자 6자리입니다. 예: 123456", "The code has six digits, e.g. 123456.")
    return str(found[0])


def read_secret(text: str) -> str:
    """Four digits or six, with words and blanks around them; of a longer number its tail, of a birthday YYMMDD. Raises
    BadInput for all else."""
    digits = "".join(_DIGITS.findall(_BETWEEN.sub("", unicodedata.normalize("NFKC", text))))
    if len(digits) == 8 and digits[:2] in ("19", "20"):
        digits = digits[2:]
    if len(digits) > proving.BIRTH:
        digits = digits[-proving.TAIL :]
    if len(digits) not in (proving.TAIL, proving.BIRTH):
        raise BadInput(
            "먼저 본인이신지 확인한 뒤에 도와드리겠습니다. 숫자 4자리(번호의 끝자리)나 6자리(생년월일)로 적어 주세요."
            " 그만두시려면 ‘취소’라고 보내 주세요.",
            "We will help as soon as we know it is you: please give four digits (the end of a number) or six (date of"
            ' birth). To leave it, say "cancel".',
        )
    return digits


async def send_code(
    turn: Turn,
    slots: Mapping[str, Any],
    arrears: ArrearsDesk,
    people: PeopleService,
    texts: Wordings,
    book: CityBook,
    city: City,
) -> Reply:
    """The same answer whether anybody has this number or not: only his own haste can be refused."""
    rules, phone, room = people.rules, str(slots["phone"]), tasks.room(turn, arrears, book, city)
    if why := await people.refusal(turn.conversation_id, phone, turn.now):
        values = {"why": why, "minutes": rules.lock_minutes, "failures": rules.code_failures}
        return say(room, "arrears.code_refused", values, tasks.TALK)
    text = texts.render("arrears.sms", turn.lang, {"code": people.hidden, "minutes": rules.code_minutes})

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await people.send_code(tx, turn.conversation_id, phone, text, turn.lang, turn.now)
        return {}

    said = Say("arrears.code_sent", {"number": masked_phone(phone), "minutes": rules.code_minutes})
    waiting = {"phone": phone, "then": slots["then"], "krw": slots.get("krw", 0)}
    return kept(Reply((said,), write=write, open_form=OpenForm(CODE_FORM, waiting)))


async def enter_code(
    turn: Turn,
    slots: Mapping[str, Any],
    arrears: ArrearsDesk,
    people: PeopleService,
    texts: Wordings,
    book: CityBook,
    city: City,
) -> Reply:
    """Judged now to know what to say, and once more in the transaction that counts it."""
    code, phone, room = str(slots["code"]), str(slots["phone"]), tasks.room(turn, arrears, book, city)
    if code == AGAIN:
        return await send_code(turn, slots, arrears, people, texts, book, city)
    seen = await people.look_at(turn.conversation_id, code, turn.now)

    async def settle(tx: AsyncConnection) -> Mapping[str, Any]:
        judged = await people.settle(tx, turn.conversation_id, code, seen, turn.now)
        if judged.verdict == "right":
            await people.prove(tx, turn.conversation_id, phone, judged, turn.now)
        return {}

    if seen.verdict == "right":
        number = arrears.number(phone)
        until = await arrears.locked_until(turn.conversation_id, number, turn.now)
        reply = _locked(room, until) if until else _ask_secret(slots, number)
        return Reply(reply.says, write=settle, open_form=reply.open_form)
    if seen.verdict == "locked":
        until_text = f"{seen.until.astimezone(SEOUL):%H:%M}" if seen.until else ""
        return Reply(say(room, "arrears.code_locked", {"until": until_text}, tasks.TALK).says, write=settle)
    again = OpenForm(CODE_FORM, {name: slots[name] for name in ("phone", "then", "krw") if name in slots})
    return Reply(say(room, f"arrears.code_{seen.verdict}", {"left": seen.left}).says, write=settle, open_form=again)


async def enter_secret(turn: Turn, slots: Mapping[str, Any], room: Room, after: Answer) -> Reply:
    """The right one is answered with what he came for; a wrong one with the same words whoever he is."""
    arrears, secret, number = room.arrears, str(slots["secret"]), bytes.fromhex(slots["number"])
    seen = await arrears.look_at(turn.conversation_id, number, secret, turn.now)

    async def settle(tx: AsyncConnection) -> Mapping[str, Any]:
        judged = await arrears.settle(tx, turn.conversation_id, number, secret, seen, turn.now)
        return _verdict(judged)

    if seen.kind == "right":
        assert seen.debtor_id is not None
        errand = {"krw": slots.get("krw", 0)}
        reply = await after(turn, seen.debtor_id, str(slots["then"]), errand, room)
        return Reply((*_proven(room), *reply.says), _both(settle, reply), reply.topic, reply.open_form)
    again = OpenForm(SECRET_FORM, {**{name: slots[name] for name in ("then", "krw", "number")}, "again": True})
    # With nothing to press it goes out in one text message with the question that follows.
    more = () if seen.kind == "wrong" else (tasks.TALK,)
    told = say(room, "arrears.not_proven", {**_verdict(seen), "failures": arrears.rules.failures}, *more)
    return Reply(told.says, write=settle, open_form=again if seen.kind == "wrong" else None)


def _proven(room: Room) -> tuple[Say, ...]:
    return say(room, "arrears.proven", {"minutes": room.arrears.rules.proof_minutes}).says


def _verdict(judged: Verdict) -> dict[str, Any]:
    """What the words of a failure are made of, as it was counted in the end."""
    until = f"{judged.until.astimezone(SEOUL):%H:%M}" if judged.until else ""
    return {"verdict": judged.kind, "left": judged.left, "until": until}


def _both(settle: Callable[[AsyncConnection], Awaitable[Mapping[str, Any]]], reply: Reply) -> Any:
    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await settle(tx)
        return await reply.write(tx) if reply.write else {}

    return write


def _locked(room: Room, until: Any) -> Reply:
    values = {"verdict": "locked", "left": 0, "until": f"{until.astimezone(SEOUL):%H:%M}"}
    return say(room, "arrears.not_proven", {**values, "failures": room.arrears.rules.failures}, tasks.TALK)


async def still_locked(turn: Turn, arrears: ArrearsDesk, people: PeopleService, book: CityBook, city: City) -> Reply:
    """Digits while somebody is locked: not looked at, not kept; until when, and who can help now. Silent elsewhere."""
    room = tasks.room(turn, arrears, book, city)
    number = await arrears.proven_number(turn.conversation_id, turn.channel, turn.message.address, turn.now)
    until = await arrears.locked_until(turn.conversation_id, number or b"", turn.now)
    if until is None:
        seen = await people.look_at(turn.conversation_id, turn.message.text, turn.now)
        until = seen.until if seen.verdict == "locked" else None
    if until is None:
        return Reply()
    return say(room, "arrears.still_locked", {"until": f"{until.astimezone(SEOUL):%H:%M}"}, tasks.TALK)
