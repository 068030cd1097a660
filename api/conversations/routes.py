"""Conversations: who waits, what was said, taking over from the bot and handing back, answering."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query

from api.conversations import find
from api.conversations.reply import lock, reply
from api.conversations.schemas import (
    CaseOfConversation,
    ConversationDetail,
    ConversationPage,
    ConversationRow,
    NewReply,
    QueuedReply,
    ThreadEntry,
)
from api.deliver import deliver_after
from api.deps import Caller, HouseDep, IdempotencyKey, allowed
from api.paging import Cursor, Limit, page
from api.secrecy import is_collecting, sees_tax
from civic.cases.find import cases_of_conversation
from civic.cases.visible import seen_of
from civic.conversations import ownership, thread
from civic.conversations.tables import conversations
from civic.guard.service import must_not_rest
from civic.staff.permissions import Action
from core.errors import Forbidden

router = APIRouter(prefix="/conversations", tags=["conversations"])
Reader = Annotated[Caller, allowed(Action.CONVERSATION_READ)]
Holder = Annotated[Caller, allowed(Action.CONVERSATION_HOLD)]
Writer = Annotated[Caller, allowed(Action.REPLY)]


@router.get("", summary="대화 목록 (conversations)")
async def list_conversations(
    asking: Reader,
    house: HouseDep,
    owner: Literal["bot", "staff"] | None = None,
    waiting: Annotated[bool | None, Query(description="시민의 마지막 말에 아직 답이 없는 대화")] = None,
    mine: Annotated[bool, Query(description="내가 맡은 대화만")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ConversationPage:
    sees = sees_tax(asking, house)
    wanted = find.rows(house.settings.city.id, asking.scope, sees_tax=sees)
    if not sees:
        wanted = wanted.where(find.of_no_tax(asking.member.id))
    if owner is not None:
        wanted = wanted.where(conversations.c.owner == owner)
    if mine:
        wanted = wanted.where(conversations.c.staff_id == asking.member.id)
    if waiting is not None:
        wanted = wanted.where(find.is_waiting() if waiting else find.is_waiting().is_not(True))
    async with house.db.transaction() as tx:
        rows, following = await page(tx, wanted, conversations.c.last_inbound_at, conversations.c.id, cursor, limit)
        items = [find.shown(house.vault, row) for row in rows]
        await asking.looked(
            tx,
            house,
            "conversation_list",
            f"{len(items)} rows",
            action="conversation.list",
            shown=f"owner={owner} waiting={waiting}: " + ", ".join(str(item.id) for item in items),
        )
    return ConversationPage(items=items, next_cursor=following)


@router.get("/{conversation_id}", summary="대화 읽기 (one conversation)")
async def read_conversation(
    conversation_id: UUID, asking: Reader, house: HouseDep, limit: Limit = 200
) -> ConversationDetail:
    async with house.db.transaction() as tx:
        sees = sees_tax(asking, house)
        row = await find.one(tx, house.settings.city.id, conversation_id, asking.scope, sees_tax=sees)
        said = await thread.read(tx, conversation_id, limit=limit, sees_tax=sees)
        cases = await cases_of_conversation(tx, conversation_id)
        seen = await seen_of(tx, asking.scope, [case.id for case in cases])
        await asking.looked(tx, house, "conversation", str(conversation_id), action="conversation.read")
    return ConversationDetail(
        **row.model_dump(),
        thread=[ThreadEntry.model_validate(entry) for entry in said],
        cases=[
            CaseOfConversation(id=case.id, receipt_no=case.receipt_no, status=case.status, title=case.title)
            for case in cases
            if case.id in seen
        ],
    )


@router.post("/{conversation_id}/take-over", summary="상담 넘겨받기 (take over from the bot)")
async def take_over(conversation_id: UUID, asking: Holder, house: HouseDep) -> ConversationRow:
    async with house.db.transaction() as tx:
        await lock(tx, house.settings.city.id, conversation_id, asking.scope)
        await must_not_rest(tx, conversation_id, house.clock.now())
        if await ownership.is_secret(tx, conversation_id) and not is_collecting(
            asking.member, house.settings.arrears.department
        ):
            raise Forbidden(
                "과세정보 상담은 징수 부서만 맡을 수 있습니다(지방세기본법 제86조).",
                "A talk about taxes is held by the collecting department alone (Framework Act on Local Taxes §86).",
            )
        await ownership.take_over(tx, conversation_id, asking.member.id, house.clock.now())
        await asking.looked(tx, house, "conversation", str(conversation_id), action="conversation.take_over")
        return await find.one(tx, house.settings.city.id, conversation_id)


@router.post("/{conversation_id}/hand-back", summary="자동 응답으로 돌려주기 (hand back to the bot)")
async def hand_back(conversation_id: UUID, asking: Holder, house: HouseDep) -> ConversationRow:
    async with house.db.transaction() as tx:
        await lock(tx, house.settings.city.id, conversation_id, asking.scope)
        await ownership.hand_back(tx, conversation_id, asking.member.id, house.clock.now())
        await asking.looked(tx, house, "conversation", str(conversation_id), action="conversation.hand_back")
        return await find.one(tx, house.settings.city.id, conversation_id)


@router.post("/{conversation_id}/replies", status_code=201, summary="시민에게 답하기 (reply on his channel)")
async def reply_to_conversation(
    conversation_id: UUID,
    given: NewReply,
    asking: Writer,
    house: HouseDep,
    background: BackgroundTasks,
    key: IdempotencyKey = None,
) -> QueuedReply:
    async with house.db.transaction() as tx:
        queued = await reply(tx, house, asking, conversation_id, given.text, key=key, now=house.clock.now())
    deliver_after(background, house, conversation_id)
    return queued
