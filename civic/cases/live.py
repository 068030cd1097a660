"""What screens that live are told of a case: a hint on the bus, in the transaction of the change."""

from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from core.bus import announce, message_of

TOPIC = "cases"


async def changed(tx: AsyncConnection, city_id: str, case_id: UUID, kind: str) -> None:
    """`kind` is the event's. Who listens reads the history for the rest."""
    await announce(tx, TOPIC, _hint(city_id, case_id, kind))


def message(city_id: str, case_id: UUID, kind: str) -> str:
    """The same hint as the bus carries it, for the statement that files a case."""
    return message_of(TOPIC, _hint(city_id, case_id, kind))


def _hint(city_id: str, case_id: UUID, kind: str) -> str:
    return orjson.dumps({"city": city_id, "case_id": str(case_id), "kind": kind}).decode()
