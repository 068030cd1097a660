"""After the answer is out: let the desk try what was queued. It is stored already, so a failure loses nothing."""

from uuid import UUID

import structlog
from fastapi import BackgroundTasks

from api.deps import House

log = structlog.get_logger(__name__)


def deliver_after(background: BackgroundTasks, house: House, conversation_id: UUID | None) -> None:
    """Once the response is sent, attempt this conversation's due messages."""
    if conversation_id is not None:
        background.add_task(_deliver, house, conversation_id)


async def _deliver(house: House, conversation_id: UUID) -> None:
    try:
        await house.desk.deliver(conversation_id)
    except Exception as error:  # the sweep sends it later
        log.warning("delivery_put_off", conversation_id=str(conversation_id), error=type(error).__name__)
