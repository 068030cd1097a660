"""What people asked of parking is theirs: handed out whole, forgotten with the person, kept no longer than words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.places import places_of
from civic.parking.tables import parking_lots, parking_reports, parking_watches
from core.db import driver

_BLANK = "plate = NULL, place = NULL, photos = '{}', photo_times = '{}'"
_FORGET = (
    "DELETE FROM parking_places WHERE conversation_id = ANY(%(ids)s)",
    "DELETE FROM parking_watches WHERE conversation_id = ANY(%(ids)s)",
    f"UPDATE parking_reports SET {_BLANK}, case_id = NULL, updated_at = %(now)s WHERE conversation_id = ANY(%(ids)s)",  # noqa: S608 - our own words
)
_OLD = (
    "DELETE FROM parking_watches WHERE city_id = %(city)s AND ended_at < %(before)s",
    """DELETE FROM parking_places p USING conversations c
       WHERE p.city_id = %(city)s AND c.id = p.conversation_id AND c.last_inbound_at < %(before)s
         AND p.updated_at < %(before)s""",
    f"""UPDATE parking_reports r SET {_BLANK}
        WHERE r.city_id = %(city)s AND r.created_at < %(before)s
          AND (r.plate IS NOT NULL OR r.place IS NOT NULL OR r.photos <> '{{}}')
          AND NOT EXISTS (SELECT 1 FROM cases k WHERE k.id = r.case_id
              AND (k.closed_at IS NULL OR k.closed_at >= %(before)s OR k.hold_reason IS NOT NULL))""",  # noqa: S608
)
"""A report keeps its kind, 동, state and day for the month's figures; of a case's report nothing goes before the case's
own words do."""


async def forget_asked(tx: AsyncConnection, conversation_ids: Sequence[UUID], now: datetime) -> None:
    """Watches, places, and of reports all that tells of a person or a car, of these conversations, at once."""
    connection = await driver(tx)
    for statement in _FORGET:
        await connection.execute(statement, {"ids": list(conversation_ids), "now": now})


async def forget_old(tx: AsyncConnection, city_id: str, before: datetime) -> int:
    """What is past its retention; how many rows changed."""
    connection = await driver(tx)
    changed = 0
    for statement in _OLD:
        changed += (await connection.execute(statement, {"city": city_id, "before": before})).rowcount
    return changed


async def asked_of(tx: AsyncConnection, conversation_ids: Sequence[UUID]) -> dict[str, list[dict[str, Any]]]:
    """All of it, opened, for the person himself: `places`, `watches`, `reports`."""
    ids = list(conversation_ids)
    places = [
        {"kind": one.kind, "area": one.area, "lat": one.lat, "lon": one.lon, "leaves_at": one.leaves_at}
        for one in await places_of(tx, ids)
    ]
    watch, report = parking_watches.c, parking_reports.c
    watches = (
        select(parking_lots.c.name.label("lot"), watch.min_free, watch.created_at, watch.ends_at, watch.told_at)
        .join(parking_lots, parking_lots.c.id == watch.lot_id)
        .where(watch.conversation_id.in_(ids))
        .order_by(watch.created_at, watch.id)
    )
    reports = (
        select(
            report.kind, report.state, report.area, report.plate, report.place, report.photo_times, report.created_at
        )
        .where(report.conversation_id.in_(ids))
        .order_by(report.created_at, report.id)
    )
    return {
        "places": places,
        "watches": [dict(row._mapping) for row in await tx.execute(watches)],
        "reports": [dict(row._mapping) for row in await tx.execute(reports)],
    }
