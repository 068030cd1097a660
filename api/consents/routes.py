"""Consent to advertising as staff see and take it down: by whom, when, in which words, and from where."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from api.conversations.reply import lock
from api.deps import Caller, HouseDep, allowed
from api.fields import Plain, Word
from civic.consent import service as consent
from civic.staff.permissions import Action

router = APIRouter(tags=["consent"])
Reader = Annotated[Caller, allowed(Action.CONVERSATION_READ)]
Taker = Annotated[Caller, allowed(Action.CONSENT_WRITE)]


class ConsentRow(BaseModel):
    """`source`: chat, stop (he refused everything), 080, phone, letter, visit. `wording`: what he read, or said."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    channel: str
    purpose: str
    is_given: bool
    wording: str
    source: str
    staff_id: UUID | None
    at: datetime


class ConsentWord(BaseModel):
    """A word that came by telephone, letter or at the counter, as he said it."""

    model_config = ConfigDict(extra="forbid")

    is_given: bool
    source: Literal["phone", "letter", "visit"]
    wording: Annotated[Plain, Field(min_length=5, max_length=1000)] = Field(
        examples=["9월 20일 전화로 홍보 문자를 받겠다고 하심"]
    )


class Refusal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    phone: Word = Field(examples=["010-1234-5678"])
    source: consent.Way = "080"


class RefusalResult(BaseModel):
    """`ended`: conversations in which a consent ended by it."""

    ended: int


@router.get("/conversations/{conversation_id}/consents", summary="수신동의 이력 (history of consent)")
async def list_consents(conversation_id: UUID, asking: Reader, house: HouseDep) -> list[ConsentRow]:
    """Every word, the newest first; the first of a purpose is the one that counts."""
    async with house.db.transaction() as tx:
        await lock(tx, house.settings.city.id, conversation_id, asking.scope)
        found = await consent.history(tx, [conversation_id])
        await asking.looked(tx, house, "conversation", str(conversation_id), action="consent.read")
    return [ConsentRow.model_validate(one) for one in found]


@router.post("/conversations/{conversation_id}/consents", status_code=201, summary="받은 말을 적기 (take down a word)")
async def take_word(conversation_id: UUID, given: ConsentWord, asking: Taker, house: HouseDep) -> list[ConsentRow]:
    """The citizen is told the result at once. Answers with the history."""
    city, now = house.settings.city, house.clock.now()
    async with house.db.transaction() as tx:
        thread = await lock(tx, city.id, conversation_id, asking.scope)
        if given.is_given:
            await consent.lift(tx, conversation_id, now)
        await consent.say_word(
            tx,
            house.settings.messaging,
            conversation_id,
            now,
            city_id=city.id,
            city=city.name.en if thread.lang == "en" else city.name.ko,
            is_given=given.is_given,
            source=given.source,
            wording=given.wording,
            staff_id=asking.member.id,
        )
        found = await consent.history(tx, [conversation_id])
        await asking.looked(tx, house, "conversation", str(conversation_id), action="consent.write")
    await house.desk.deliver(conversation_id)
    return [ConsentRow.model_validate(one) for one in found]


@router.post("/refusals", status_code=201, summary="080 등으로 온 수신거부 등록 (a refusal for a number)")
async def refuse(given: Refusal, asking: Taker, house: HouseDep) -> RefusalResult:
    """Counts for the number whether or not anybody has written from it; the number itself is not kept."""
    city, now = house.settings.city, house.clock.now()
    async with house.db.transaction() as tx:
        ended = await consent.refuse_phone(
            tx,
            house.settings.messaging,
            given.phone,
            now,
            city_id=city.id,
            city=city.name.ko,
            source=given.source,
            staff_id=asking.member.id,
        )
        await asking.still_here(tx, house)
    return RefusalResult(ended=ended)
