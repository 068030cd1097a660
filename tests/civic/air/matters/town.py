"""A small town with two made-up works, two officers, a head and an admin, for the tests of matters."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.matters.opening import MatterDraft
from civic.air.matters.tables import air_matter_events, air_matter_lanes, air_matter_steps
from civic.staff.tables import staff
from core.air_rules import Air
from core.ids import new_id

CITY = "test-city"
NOON = datetime(2026, 5, 6, 3, tzinfo=UTC)  # 12:00 in Seoul
MINUTE = timedelta(minutes=1)
NEAR = {"lat": 37.6140, "lon": 126.6090}
RULES = Air.model_validate(
    {
        "department": "air",
        "companies": {
            "metal": {
                "name": {"ko": "예: 가람금속(가상)", "en": "Example: Garam Metal (made up)"},
                "stacks": [{"id": "A", "lat": 37.6142, "lon": 126.6078, "emits": ["PM10"]}],
                "contacts": [{"name": "당직", "phone": "010-1234-5601"}, {"name": "공장장", "phone": "010-1234-5602"}],
                "is_named": True,
            },
            "feed": {
                "name": {"ko": "예: 나래사료(가상)", "en": "Example: Narae Feed (made up)"},
                "stacks": [{"id": "B", "lat": 37.7500, "lon": 126.7000, "emits": ["NH3"]}],
                "contacts": [{"name": "당직", "phone": "010-1234-5603"}],
            },
        },
        "acting": {
            "duty": [{"login": "kim", "phone": "010-1234-5611"}, {"login": "lee"}],
            "silence_minutes": 10,
            "near_km": 3,
        },
    }
)


def draft(**changes: Any) -> MatterDraft:
    values: dict[str, Any] = {
        "kind": "limit",
        "key": f"limit:{new_id()}",
        "title_ko": "학운 3번 측정기 PM10 152 µg/m³ (기준 100)",
        "title_en": "Hagun sensor 3: PM10 152 µg/m³ (limit 100)",
        "pollutant": "PM10",
        "value": Decimal(152),
        "unit": "µg/m³",
        "site_ids": (3,),
        **NEAR,
    }
    return MatterDraft(**{**values, **changes})


async def employ(tx: AsyncConnection, login: str, role: str = "agent", **values: Any) -> UUID:
    """A member of staff, the same one for a login."""
    city_id = values.get("city_id", CITY)
    found = (await tx.execute(select(staff.c.id).where(staff.c.city_id == city_id, staff.c.login == login))).scalar()
    if found is not None:
        return UUID(str(found))
    row = {
        "id": new_id(),
        "city_id": CITY,
        "login": login,
        "name": login,
        "password_hash": "x",
        "role": role,
        "department_id": "air",
        "is_active": True,
        "created_at": NOON,
        **values,
    }
    await tx.execute(insert(staff).values(row))
    return UUID(str(row["id"]))


async def lanes(tx: AsyncConnection, matter_id: UUID) -> dict[str, Any]:
    found = await tx.execute(select(air_matter_lanes).where(air_matter_lanes.c.matter_id == matter_id))
    return {row.lane: row for row in found}


async def steps(tx: AsyncConnection, matter_id: UUID, lane: str) -> list[Any]:
    step = air_matter_steps.c
    wanted = select(air_matter_steps).where(step.matter_id == matter_id, step.lane == lane)
    return list(await tx.execute(wanted.order_by(step.round, step.step)))


async def timeline(tx: AsyncConnection, matter_id: UUID) -> list[str]:
    event = air_matter_events.c
    wanted = select(event.kind).where(event.matter_id == matter_id).order_by(event.at, event.id)
    return list((await tx.execute(wanted)).scalars())
