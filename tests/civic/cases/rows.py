"""Rows that the tests of several rooms start from."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.cases.case import CaseDraft
from civic.cases.clock import Deadline
from civic.city.tables import categories, departments
from civic.conversations.tables import conversations, inbound
from core.ids import new_id

CITY = "gimpo"
NOW = datetime(2026, 9, 23, 7, tzinfo=UTC)
"""A Wednesday, 16:00 in Korea."""


async def conversation(tx: AsyncConnection, **values: Any) -> UUID:
    """A conversation of its own citizen on the web chat."""
    row = {
        "id": new_id(),
        "city_id": CITY,
        "channel": "web",
        "address": f"visitor-{new_id()}",
        "last_inbound_at": NOW,
        "created_at": NOW,
        **values,
    }
    await tx.execute(insert(conversations).values(row))
    return UUID(str(row["id"]))


async def said(tx: AsyncConnection, conversation_id: UUID, text: str, **values: Any) -> UUID:
    """One message of the citizen."""
    row = {
        "id": new_id(),
        "city_id": CITY,
        "conversation_id": conversation_id,
        "channel": "web",
        "external_id": str(new_id()),
        "kind": "text",
        "text": text,
        "content": {},
        "received_at": NOW,
        **values,
    }
    await tx.execute(insert(inbound).values(row))
    return UUID(str(row["id"]))


def draft(conversation_id: UUID | None, **values: Any) -> CaseDraft:
    given: dict[str, Any] = {
        "city_id": CITY,
        "receipt_prefix": "GP",
        "category": "street_light",
        "department_id": "road",
        "deadline": Deadline("days", 3),
        "title": "가로등이 꺼졌어요",
        "body": "구래동 공원 앞 가로등이 사흘째 꺼져 있습니다.",
        "conversation_id": conversation_id,
        "citizen_id": None,
        "channel": "web",
        **values,
    }
    return CaseDraft(**given)


async def departments_of_city(tx: AsyncConnection) -> None:
    """Two departments and one category; a second call changes nothing."""
    if (await tx.execute(select(departments.c.id).limit(1))).first() is not None:
        return
    for key, korean, english in (("road", "도로관리과", "Roads"), ("parks", "공원관리과", "Parks")):
        await tx.execute(
            insert(departments).values(
                city_id=CITY,
                id=key,
                name_ko=korean,
                name_en=english,
                phone="031-980-2222",
                duties_ko="가로등",
                duties_en="street lights",
                keywords=[],
                hours="",
                source="test",
            )
        )
    await tx.execute(
        insert(categories).values(
            city_id=CITY,
            id="street_light",
            name_ko="가로등",
            name_en="Street lights",
            department_id="road",
            keywords=[],
            deadline={"kind": "days", "amount": 3},
            position=1,
        )
    )
