"""Agreeing to the city's advertising, and ending it: asked in the law's words, kept, and told."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.consent.service import ConsentService
from core.clock import SEOUL
from core.contracts.dialogue import Choice, Reply, Say, Turn

_OFF = Choice("do:news_off", key="consent.button.off")
_ON = Choice("do:news_ask", key="consent.button.on")
_WHAT = r"(?:홍보|광고|마케팅)(?:성)?\s*(?:정보|문자|소식|메시지|알림)?"

ANYBODYS = (
    (
        re.compile(
            rf"^\s*{_WHAT}(?:을|를|은|는)?\s*(?:수신)?\s*(?:거부|그만(?:\s*(?:보내|받))?|중지|해지|끊어|안\s*받)\S{{0,8}}[\s.!~]*$|"
            r"^\s*stop\s+(?:the\s+)?(?:ads|advertising|promotions?)[\s.!]*$",
            re.I,
        ),
        "news_off",
    ),
    (
        re.compile(
            rf"^\s*{_WHAT}(?:을|를|도)?\s*(?:수신)?\s*(?:동의|신청|받(?:을게|을래|고\s*싶|겠))\S{{0,8}}[\s.!~]*$|"
            r"^\s*(?:i\s+want\s+to\s+)?(?:receive|get|subscribe\s+to)\s+(?:ads|advertising|promotions?)[\s.!]*$",
            re.I,
        ),
        "news_ask",
    ),
    (
        re.compile(
            r"^\s*(?:내|나의|제)?\s*(?:광고\s*)?수신\s*동의\s*(?:내역|상태|현황|여부|확인)\S{0,8}[\s.!?~]*$|"
            r"^\s*(?:my\s+)?advertising\s+consent[\s.?]*$",
            re.I,
        ),
        "news_state",
    ),
)


async def ask(turn: Turn, consents: ConsentService) -> Reply:
    """The question with all that he must know to answer; nothing changes yet."""
    word = await consents.standing(turn.conversation_id)
    if word is not None and word.is_given:
        return _already(word.at.astimezone(SEOUL).date().isoformat())
    buttons = (Choice("do:news_yes", key="consent.button.yes"), Choice("do:news_no", key="consent.button.no"))
    return Reply((Say("consent.ask", {"question": consents.question(turn.lang)}, buttons),))


async def state(turn: Turn, consents: ConsentService) -> Reply:
    """Whether he agreed, and since when."""
    word = await consents.standing(turn.conversation_id)
    if word is not None and word.is_given:
        return _already(word.at.astimezone(SEOUL).date().isoformat())
    return Reply((Say("consent.none", buttons=(_ON,)),))


async def agree(turn: Turn, consents: ConsentService) -> Reply:
    return _answered(turn, consents, "consent.said", is_given=True, is_asked=True)


async def decline(turn: Turn, consents: ConsentService) -> Reply:
    return _answered(turn, consents, "consent.declined", is_given=False, is_asked=True)


async def end(turn: Turn, consents: ConsentService) -> Reply:
    """Also for one who never agreed: it is kept, and obeyed."""
    return _answered(turn, consents, "consent.said", is_given=False, is_asked=False)


def _answered(turn: Turn, consents: ConsentService, key: str, *, is_given: bool, is_asked: bool) -> Reply:
    async def write(tx: AsyncConnection) -> Mapping[str, Any]:
        word = {"is_given": is_given, "is_asked": is_asked}
        return {"told": await consents.answer(tx, turn.conversation_id, turn.lang, turn.now, **word)}

    return Reply((Say(key, buttons=(_OFF,) if is_given else ()),), write=write)


def _already(day: str) -> Reply:
    return Reply((Say("consent.already", {"day": day}, (_OFF,)),))


INTENTS: Mapping[str, Any] = {}
PRESSED = {"news_ask": ask, "news_yes": agree, "news_no": decline, "news_off": end, "news_state": state}
"""What no training line teaches: a button or a set phrase leads here, so that nobody agrees by a guess."""
