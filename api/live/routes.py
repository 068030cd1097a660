"""Server-sent events for screens that live (WHATWG HTML §9.2): what happens to the cases that one may see."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from api.deps import Caller, HouseDep, allowed
from api.fields import Plain
from api.live.feed import Feed
from api.live.screen import Screen
from civic.staff.permissions import Action

router = APIRouter(prefix="/live", tags=["live"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]
LastEventId = Annotated[Plain | None, Header(alias="Last-Event-ID", max_length=7_000)]
EVENTS = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "text/event-stream"}}


@router.get(
    "",
    summary="실시간 소식 (server-sent events)",
    response_class=StreamingResponse,
    responses=EVENTS,  # type: ignore[arg-type]
)
async def live(
    request: Request,
    asking: Reader,
    house: HouseDep,
    last_event_id: LastEventId = None,
    follow: Annotated[bool, Query(description="false: 놓친 것만 받고 끝냅니다.")] = True,
) -> StreamingResponse:
    """Events: `ready`, `case` (a change), `writer` (who writes), `writers` (ask again who writes), `inbox` (unread
    notices), `resync` (read your lists again), `over` (signed out). Send Last-Event-ID to get what was missed, once.
    """
    async with house.db.transaction() as tx:
        await asking.looked(tx, house, "case_list", "live", action="live.open")
    screen = Screen(house, asking, _feed(request, house))
    return StreamingResponse(
        screen.events(last_event_id or "", is_following=follow),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


def _feed(request: Request, house: HouseDep) -> Feed:
    """The one of this application."""
    state = request.app.state
    if not hasattr(state, "live_feed"):
        state.live_feed = Feed(house.db, house.bus, house.settings.city.id)
    found: Feed = state.live_feed
    return found
