"""Row ids: UUIDv7 (RFC 9562), so that keys grow with time and index pages stay warm."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    return uuid7()
