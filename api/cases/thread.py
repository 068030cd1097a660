"""The talk around a case over all channels of its person, in one order, page by page into the past."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel

from api.conversations.schemas import ThreadEntry
from api.deps import Caller, HouseDep, allowed
from api.paging import Cursor, Limit
from api.secrecy import sees_tax
from civic.cases.find import read_case
from civic.cases.talk import talk_of
from civic.staff.permissions import Action
from core.errors import BadInput

router = APIRouter(prefix="/cases", tags=["cases"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]


class ChannelEntry(ThreadEntry):
    conversation_id: UUID
    channel: str


class CaseThread(BaseModel):
    """Oldest first; `next_cursor` leads to what was said before. `channels`: those of this page, in order."""

    items: list[ChannelEntry]
    channels: list[str]
    next_cursor: str | None


@router.get("/{reference}/thread", summary="모든 채널의 대화 (the talk on all channels)")
async def read_thread(
    reference: str, asking: Reader, house: HouseDep, cursor: Cursor = None, limit: Limit = 50
) -> CaseThread:
    """What the person and the city said around this case, on every channel that he linked, in one order."""
    async with house.db.transaction() as tx:
        case = await read_case(tx, house.settings.city.id, reference, asking.scope)
        sees, older = sees_tax(asking, house), _before(cursor)
        said = await talk_of(tx, case, asking.scope, before=older, limit=limit + 1, sees_tax=sees)
        shown = said[-limit:]
        channels = list(dict.fromkeys(entry.channel for entry in shown))
        await asking.looked(
            tx, house, "case", case.receipt_no, action="case.thread", shown=f"{len(shown)} rows: {', '.join(channels)}"
        )
    return CaseThread(
        items=[ChannelEntry.model_validate(entry) for entry in shown],
        channels=channels,
        next_cursor=str(shown[0].seq) if len(said) > limit else None,
    )


def _before(cursor: str | None) -> int | None:
    """Raises BadInput for a cursor that we did not give."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise BadInput("이어 보기 값(cursor)을 읽을 수 없습니다.", "This cursor is not one of ours.")
    return int(cursor)
