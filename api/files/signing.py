"""A short-lived address of one file: it says who asked for it, and nobody can make or change one without the key."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from core.errors import Forbidden
from core.secret import Secret

Form = Literal["whole", "small"]
_PURPOSE = "file-link"


def sign(
    key: bytes, attachment_id: UUID, form: Form, staff_id: UUID, now: datetime, minutes: int
) -> tuple[str, datetime]:
    """Path with its query, and the moment (UTC, whole seconds) until which it opens."""
    until = (now + timedelta(minutes=minutes)).replace(microsecond=0)
    stamp = int(until.timestamp())
    mark = Secret(key).sign(_PURPOSE, _value(attachment_id, form, staff_id, stamp))
    return f"/api/v1/files/{attachment_id}?form={form}&by={staff_id}&until={stamp}&mark={mark}", until


def check(key: bytes, attachment_id: UUID, form: Form, staff_id: UUID, stamp: int, mark: str, now: datetime) -> None:
    """Raises Forbidden for a forged, changed or old address."""
    is_ours = Secret(key).verify(_PURPOSE, _value(attachment_id, form, staff_id, stamp), mark)
    if not is_ours or now.timestamp() > stamp:
        raise Forbidden("쓸 수 없거나 시간이 지난 파일 주소입니다.", "This file address is not valid, or no longer.")


def _value(attachment_id: UUID, form: Form, staff_id: UUID, stamp: int) -> str:
    return f"{attachment_id}:{form}:{staff_id}:{stamp}"
