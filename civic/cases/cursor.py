"""Where a page ended: an opaque word for clients, (moment, id) for the next query."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from core.errors import BadInput


def write_cursor(at: datetime, row_id: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{row_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Raises BadInput for a cursor that we did not give."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, _, row_id = raw.partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(at)
        return moment, UUID(row_id)
    except (ValueError, binascii.Error):
        raise BadInput("이어 보기 값(cursor)을 읽을 수 없습니다.", "This cursor is not one of ours.") from None
