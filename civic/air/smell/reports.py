"""What a complaint of a smell tells beside its case: one row for each, written when the case is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.smell.tables import air_smell_reports
from civic.cases.tables import cases, inquiries
from civic.conversations.tables import conversations
from civic.routing.area import area_among, towns_of
from core.contracts.channel import GeoPoint
from core.ids import new_id

_INTO = cases.alias("smell_into")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finished complaint. `kind`, `strength`: of civic/air/smell/kinds.py. `told_at`: its first message.

    `is_now` False: smelt on another day. `case_id` or `inquiry_id`: the receipt that it has.
    """

    kind: str
    strength: int
    told_at: datetime
    is_now: bool
    lat: float | None = None
    lon: float | None = None
    photos: int = 0
    case_id: UUID | None = None
    inquiry_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A complaint as stored. `person`: his citizen row where he is known, else his conversation; None once forgotten.

    `case_id`: the case that it is in now, after a merge; `own_case_id`: the one that it was filed as. `receipt_no` is
    that of its own.
    """

    id: UUID
    own_case_id: UUID | None
    case_id: UUID | None
    inquiry_id: UUID | None
    conversation_id: UUID | None
    person: UUID | None
    receipt_no: str
    kind: str
    strength: int
    lat: float | None
    lon: float | None
    area: str
    told_at: datetime
    filed_at: datetime
    is_now: bool
    photos: int
    cluster_id: UUID | None
    noted_at: datetime | None
    traced: dict[str, Any]

    @property
    def point(self) -> GeoPoint | None:
        return None if self.lat is None or self.lon is None else GeoPoint(self.lat, self.lon)


async def record(tx: AsyncConnection, city_id: str, conversation_id: UUID, told: Told, now: datetime) -> UUID:
    """Write one row in the filing's transaction; its id."""
    id = new_id()
    values = {name: getattr(told, name) for name in Told.__dataclass_fields__}
    towns = await towns_of(tx, city_id)
    area = area_among(towns, lat=told.lat, lon=told.lon)
    values["area"] = next((town.name for town in towns if town.id == area), "")
    row = {"id": id, "city_id": city_id, "conversation_id": conversation_id, "filed_at": now, **values}
    await tx.execute(insert(air_smell_reports).values(row))
    return id


def reports_of(city_id: str) -> Select[Any]:
    """Rows for `read`, of one city."""
    table = air_smell_reports.c
    return (
        select(
            table.id,
            table.case_id.label("own_case_id"),
            func.coalesce(cases.c.merged_into_id, cases.c.id).label("case_id"),
            table.inquiry_id,
            table.conversation_id,
            func.coalesce(conversations.c.citizen_id, table.conversation_id).label("person"),
            func.coalesce(cases.c.receipt_no, inquiries.c.receipt_no, "").label("receipt_no"),
            *(
                table[name]
                for name in (
                    "kind", "strength", "lat", "lon", "area", "told_at", "filed_at", "is_now", "photos",
                    "cluster_id", "noted_at", "traced",
                )
            ),
        )
        .select_from(
            air_smell_reports.outerjoin(cases, cases.c.id == table.case_id)
            .outerjoin(_INTO, _INTO.c.id == cases.c.merged_into_id)
            .outerjoin(inquiries, inquiries.c.id == table.inquiry_id)
            .outerjoin(conversations, conversations.c.id == table.conversation_id)
        )
        .where(table.city_id == city_id)
    )  # fmt: skip


async def read(tx: AsyncConnection, query: Select[Any]) -> list[Report]:
    """The rows of a query made of `reports_of`, by their first message."""
    found = await tx.execute(query.order_by(air_smell_reports.c.told_at, air_smell_reports.c.id))
    return [Report(**row._mapping) for row in found]


async def of_period(tx: AsyncConnection, city_id: str, begin: datetime, end: datetime) -> list[Report]:
    """All whose first message came in [begin, end)."""
    told_at = air_smell_reports.c.told_at
    return await read(tx, reports_of(city_id).where(told_at >= begin, told_at < end))


async def loose(tx: AsyncConnection, city_id: str, since: datetime) -> list[Report]:
    """Those that may still come into a cluster: placed, of the moment, in none yet, and of no case that is closed.

    Withdrawn means that he complains no more.
    """
    table = air_smell_reports.c
    is_open = and_(
        func.coalesce(_INTO.c.closed_at, cases.c.closed_at).is_(None) | (cases.c.merged_into_id.is_not(None)),
        _INTO.c.closed_at.is_(None),
    )
    wanted = (
        table.cluster_id.is_(None),
        table.is_now,
        table.lat.is_not(None),
        table.told_at >= since,
        table.conversation_id.is_not(None),
        or_(cases.c.id.is_(None), is_open),
    )
    return await read(tx, reports_of(city_id).where(*wanted))


async def of_cluster(tx: AsyncConnection, city_id: str, cluster_ids: Sequence[UUID]) -> list[Report]:
    return await read(tx, reports_of(city_id).where(air_smell_reports.c.cluster_id.in_(cluster_ids)))


async def one(tx: AsyncConnection, city_id: str, id: UUID) -> Report | None:
    found = await read(tx, reports_of(city_id).where(air_smell_reports.c.id == id))
    return found[0] if found else None
