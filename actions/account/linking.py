"""Linking channels by a code to one's telephone, and parting them again."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from actions.account.naming import channel_name
from civic.people.service import Judged, PeopleService, masked_phone, mobile_phone
from core.clock import SEOUL
from core.contracts.dialogue import Choice, Form, OpenForm, Reply, Say, Slot, Turn, Wordings
from core.errors import BadInput

AGAIN = "again"
HUMAN = Choice("do:talk_to_human", key="intent.talk_to_human")
LINK = Choice("do:link_channel", key="intent.link_channel")
_BETWEEN = re.compile(r"(?<=\d)[\s-]+(?=\d)")
_NONE_CAME = re.compile(
    r"다시\s*(?:보내|받)|재\s*(?:전송|발송)|안\s*(?:와|왔|옵)|못\s*받|\b(?:re-?send|new code|again)\b", re.I
)
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


async def link_channel(turn: Turn, people: PeopleService, texts: Wordings) -> Reply:
    """Ask for the number; where he writes by SMS already, say where to go on."""
    if not people.sms_channel:
        return Reply((Say("account.no_linking", buttons=(HUMAN,)),))
    if turn.channel == people.sms_channel:
        return Reply((Say("account.link_from_there"),))
    return Reply(open_form=OpenForm("account_phone"))


def linking_forms() -> tuple[Form, ...]:
    return (
        Form("account_phone", (Slot("phone", "phone", check=mobile_phone),), submit=send_code),
        Form(
            "account_code",
            (
                Slot(
                    "code",
                    "text",
                    choices=(Choice(f"set:{AGAIN}", key="account_code.again"),),
                    check=read_code,
                    is_secret=True,
                ),
            ),
            submit=enter_code,
            values=lambda slots, lang: {"number": masked_phone(str(slots.get("phone", "")))},
        ),
        Form(
            "account_unlink",
            (
                Slot(
                    "sure",
                    "confirm",
                    choices=(
                        Choice("set:yes", key="account_unlink.yes"),
                        Choice("set:no", key="account_unlink.no"),
                    ),
                ),
            ),
            submit=part,
        ),
    )


def read_code(text: str) -> str:
    """Six digits, with blanks and words around them, or the wish for another code. Raises BadInput for all else."""
    if text == AGAIN or _NONE_CAME.search(text):
        return AGAIN
    found = _CODE.findall(_BETWEEN.sub("", unicodedata.normalize("NFKC", text)))
    if len(found) != 1:
        raise BadInput("확인 번호는 숫자 6자리입니다. 예: 123456", "The code has six digits, e.g. 123456.")
    return str(found[0])


async def send_code(turn: Turn, slots: Mapping[str, Any], people: PeopleService, texts: Wordings) -> Reply:
    """The same answer whether the city knows the number or not: only his own haste can be refused."""
    rules, phone = people.rules, str(slots["phone"])
    if why := await people.refusal(turn.conversation_id, phone, turn.now):
        return _refused(why, people)
    values = {"code": people.hidden, "minutes": rules.code_minutes}
    text = texts.render("account.sms", turn.lang, values)

    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        await people.send_code(tx, turn.conversation_id, phone, text, turn.lang, turn.now)
        return {}

    said = Say("account.sent", {"number": masked_phone(phone), "minutes": rules.code_minutes})
    return Reply((said,), write=write, open_form=OpenForm("account_code", {"phone": phone}))


def _refused(why: str, people: PeopleService) -> Reply:
    values = {"why": why, "minutes": people.rules.lock_minutes, "failures": people.rules.code_failures}
    return Reply((Say("account.refused", values, (HUMAN,)),))


async def enter_code(turn: Turn, slots: Mapping[str, Any], people: PeopleService, texts: Wordings) -> Reply:
    """Judged now to know what to say, and once more in the transaction that counts it."""
    code, phone = str(slots["code"]), str(slots["phone"])
    if code == AGAIN:
        return await send_code(turn, {"phone": phone}, people, texts)
    seen = await people.look_at(turn.conversation_id, code, turn.now)

    async def settle(tx: AsyncConnection) -> Mapping[str, Any]:
        judged = await people.settle(tx, turn.conversation_id, code, seen, turn.now)
        if judged.verdict != "right":
            return {}
        linked = await people.link(tx, turn.conversation_id, phone, judged, turn.now)
        names = [channel_name(texts, turn.lang, one) for one in linked.channels]
        return {"channels": list(dict.fromkeys(names)), "is_new": linked.moved > 0}

    if seen.verdict == "right":
        buttons = (
            Choice("do:complaint_status", key="intent.complaint_status"),
            Choice("do:choose_notice_channel", key="intent.choose_notice_channel"),
        )
        return Reply((Say("account.linked", {"number": masked_phone(phone)}, buttons),), write=settle)
    again = OpenForm("account_code", {"phone": phone}) if seen.verdict != "locked" else None
    return Reply((_failed(seen, people),), write=settle, open_form=again)


def _failed(seen: Judged, people: PeopleService) -> Say:
    if seen.verdict == "locked":
        until = f"{seen.until.astimezone(SEOUL):%H:%M}" if seen.until else ""
        return Say("account.locked", {"until": until, "failures": people.rules.code_failures}, (HUMAN,))
    return Say(f"account.{seen.verdict}", {"left": seen.left})


async def unlink_channel(turn: Turn, people: PeopleService, texts: Wordings) -> Reply:
    """Ask once: afterwards each channel sees its own cases alone."""
    his = await people.members(turn.citizen_id)
    if len(his) < 2:
        return Reply((Say("account.nothing_linked", buttons=(LINK,)),))
    names = [channel_name(texts, turn.lang, one.channel) for one in his]
    return Reply(open_form=OpenForm("account_unlink", {"channels": list(dict.fromkeys(names))}))


async def part(turn: Turn, slots: Mapping[str, Any], people: PeopleService) -> Reply:
    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        return {"count": await people.unlink(tx, turn.conversation_id, turn.now)}

    return Reply((Say("account.unlinked", buttons=(LINK,)),), write=write)
