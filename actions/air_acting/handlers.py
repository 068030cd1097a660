"""A company's contact in a messenger: one press says that the notice was seen; a code of the city ties him to it."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.desk import MatterDesk
from core.contracts.dialogue import Reply, Say, Turn

ACK, LINK, UNLINK = "air_matter_ack", "air_contact_link", "air_contact_unlink"
_CODE = re.compile(r"([A-HJ-NP-Z2-9]{5})[\s-]?([A-HJ-NP-Z2-9]{5})(?![A-Z0-9])", re.I)


async def acknowledge(turn: Turn, matters: MatterDesk) -> Reply:
    """Only the conversation that the notice was sent to may press; a second press is the first one."""
    try:
        step_id = UUID(turn.argument)
    except ValueError:
        return Reply()

    async def press(tx: AsyncConnection) -> Mapping[str, Any]:
        is_mine, is_open = await matters.press(tx, step_id, turn.conversation_id, turn.now)
        return {"is_mine": is_mine, "is_open": is_open}

    return Reply((Say("air_acting.acknowledged"),), write=press)


async def link(turn: Turn, matters: MatterDesk) -> Reply:
    """The code is read from his own words and is worth nothing after that."""
    if not matters.can_tell(turn.channel):
        return Reply((Say("air_acting.cannot_link"),))
    found = _CODE.search(unicodedata.normalize("NFKC", turn.message.text))
    code = "".join(found.groups()) if found else ""

    async def tie(tx: AsyncConnection) -> Mapping[str, Any]:
        company = await matters.link(tx, turn.conversation_id, code, turn.now) if code else None
        return {"company": matters.name(company, turn.lang) if company else ""}

    return Reply((Say("air_acting.linked"),), write=tie)


async def unlink(turn: Turn, matters: MatterDesk) -> Reply:
    async def part(tx: AsyncConnection) -> Mapping[str, Any]:
        return {"count": await matters.unlink(tx, turn.conversation_id, turn.now)}

    return Reply((Say("air_acting.unlinked"),), write=part)


INTENTS: Mapping[str, Any] = {}
PRESSED = {ACK: acknowledge, LINK: link, UNLINK: unlink}
ANYBODYS = (
    (re.compile(r"사업장\s*(?:연결|연락처)\s*(?:끊|해제|그만)|\bunlink\s+company\b", re.I), UNLINK),
    (
        re.compile(r"사업장\s*(?:연결|연락처)\s*[:：]?\s*[A-Z2-9]{5}[\s-]?[A-Z2-9]{5}|\blink\s+company\s+\S+", re.I),
        LINK,
    ),
)
"""Set words that mean one thing whoever says them; the most particular first."""
