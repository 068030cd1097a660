"""Complaints and crowds as a member of staff may see them: those of his departments and areas."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.smell.gathering import CLUSTER, Cluster
from civic.air.smell.reports import Report, read, reports_of
from civic.air.smell.tables import air_smell_clusters, air_smell_reports
from civic.cases.tables import cases, inquiries
from civic.cases.visible import inquiries_within, within
from civic.staff.service import Scope


async def reports_within(
    tx: AsyncConnection, city_id: str, begin: datetime, end: datetime, scope: Scope | None
) -> list[Report]:
    """Told in [begin, end), by their first message."""
    told_at = air_smell_reports.c.told_at
    return await read(tx, reports_of(city_id).where(told_at >= begin, told_at < end, _seen(scope)))


async def report_within(tx: AsyncConnection, city_id: str, id: UUID, scope: Scope | None) -> Report | None:
    found = await read(tx, reports_of(city_id).where(air_smell_reports.c.id == id, _seen(scope)))
    return found[0] if found else None


async def clusters_within(
    tx: AsyncConnection, city_id: str, begin: datetime, end: datetime, scope: Scope | None
) -> list[tuple[Cluster, str]]:
    """Formed in [begin, end), the newest first, each with the receipt number of its case."""
    formed = air_smell_clusters.c.formed_at
    query = _clusters(city_id, scope).where(formed >= begin, formed < end)
    rows = await tx.execute(query.order_by(formed.desc(), air_smell_clusters.c.id))
    return [(_cluster(row), row.receipt_no) for row in rows]


async def cluster_within(
    tx: AsyncConnection, city_id: str, id: UUID, scope: Scope | None
) -> tuple[Cluster, str] | None:
    row = (await tx.execute(_clusters(city_id, scope).where(air_smell_clusters.c.id == id))).one_or_none()
    return None if row is None else (_cluster(row), row.receipt_no)


def _clusters(city_id: str, scope: Scope | None) -> Select[tuple[object, ...]]:
    seen = within(scope)
    return (
        select(*CLUSTER, cases.c.receipt_no)
        .join(cases, cases.c.id == air_smell_clusters.c.case_id)
        .where(air_smell_clusters.c.city_id == city_id, true() if seen is None else seen)
    )


def _cluster(row: object) -> Cluster:
    return Cluster(**{name: getattr(row, name) for name in Cluster.__dataclass_fields__})


def _seen(scope: Scope | None) -> ColumnElement[bool]:
    """By the case that it was filed as, or by the department of its 제보."""
    of_case, of_tip = within(scope), inquiries_within(scope)
    return or_(
        and_(cases.c.id.is_not(None), true() if of_case is None else of_case),
        and_(inquiries.c.id.is_not(None), true() if of_tip is None else of_tip),
    )
