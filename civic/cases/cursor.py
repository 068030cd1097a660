"""Where a page ended: an opaque word for clients, (moment, id) for the next query."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a sorted list ended. `by`: the sort; `asked`: fingerprint of the filters it belongs to; `rank`: of the
    last row when sorted by relevance, else 0."""

    by: str
    asked: str
    at: datetime
    id: UUID
    rank: float = 0.0


def fingerprint(asked: object) -> str:
    """Of the filters, by their repr: a cursor of one list is refused by another."""
    return hashlib.blake2b(repr(asked).encode(), digest_size=6).hexdigest()


def write_mark(mark: Mark) -> str:
    return _word(f"{mark.by}|{mark.asked}|{mark.at.isoformat()}|{mark.id}|{mark.rank!r}")


def read_mark(cursor: str, by: str, asked: str) -> Mark:
    """Raises BadInput for a cursor that we did not give, or gave for another sort or other filters."""
    try:
        given_by, given_asked, at, row_id, rank = _plain(cursor).split("|")
        mark = Mark(given_by, given_asked, _moment(at), UUID(row_id), float(rank))
    except (ValueError, binascii.Error):
        raise _foreign() from None
    if (mark.by, mark.asked) != (by, asked):
        raise BadInput(
            "이어 보기 값(cursor)이 지금의 정렬·조건과 맞지 않습니다. 첫 쪽부터 다시 읽어 주세요.",
            "This cursor belongs to another sort or other filters; start from the first page.",
        )
    return mark


def write_cursor(at: datetime, row_id: UUID) -> str:
    return _word(f"{at.isoformat()}|{row_id}")


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Raises BadInput for a cursor that we did not give."""
    try:
        at, _, row_id = _plain(cursor).partition("|")
        return _moment(at), UUID(row_id)
    except (ValueError, binascii.Error):
        raise _foreign() from None


def _word(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _plain(cursor: str) -> str:
    return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _foreign() -> BadInput:
    return BadInput("이어 보기 값(cursor)을 읽을 수 없습니다.", "This cursor is not one of ours.")
