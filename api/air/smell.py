"""악취·연기 신고 for staff: points for the map, crowds with the wind's path, a file, the month, and wind sectors."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from api.air.smell_parts import (
    ClusterAnswer,
    ClusterRow,
    ClusterRows,
    MonthAnswer,
    ReportAnswer,
    ReportRow,
    ReportRows,
    SectorsAnswer,
    Trace,
)
from api.deps import Caller, House, HouseDep, allowed
from civic.air import reading
from civic.air.smell import listing, months, reports, tracing
from civic.air.smell.kinds import kind
from civic.air.smell.reports import Report
from civic.air.smell.roses import seen_from
from civic.exports.files import harmless
from civic.staff.permissions import Action
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.errors import BadInput, NotFound

router = APIRouter(prefix="/air/smell", tags=["air"])
Reader = Annotated[Caller, allowed(Action.CASE_READ)]
Exporter = Annotated[Caller, allowed(Action.CASE_EXPORT)]
Counter = Annotated[Caller, allowed(Action.METRICS_READ)]
MonthName = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-09"])]
MOST_DAYS, MOST_DAYS_OF_SECTORS = 92, 366
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "UTF-8 with its mark"}
}
HEADS = (
    "접수번호", "신고 시각", "냄새", "강도(0~5)", "읍면동", "위도", "경도", "지금 나는 냄새", "사진", "묶음",
    "바람(오는 쪽, 도)", "풍속(m/s)", "바람으로 말할 수 없는 까닭",
)  # fmt: skip


class Period(BaseModel):
    begin: datetime
    end: datetime


def _period(
    begin: Annotated[date | None, Query(description="한국 날짜부터")] = None,
    end: Annotated[date | None, Query(description="이 날까지(그날도)")] = None,
) -> tuple[date | None, date | None]:
    if begin and end and end < begin:
        raise BadInput("begin은 end보다 늦을 수 없습니다.", "begin must not be after end.")
    return begin, end


PeriodDep = Annotated[tuple[date | None, date | None], Depends(_period)]


def _within(wanted: tuple[date | None, date | None], now: datetime, most: int) -> Period:
    """Days of Seoul as [begin, end); the last seven when nothing is said."""
    last = wanted[1] or (wanted[0] + timedelta(days=6) if wanted[0] else now.astimezone(SEOUL).date())
    first = wanted[0] or last - timedelta(days=6)
    if not date(2000, 1, 1) <= first <= last <= date(2099, 12, 30) or (last - first).days >= most:
        raise BadInput(f"기간은 {most}일까지입니다.", f"At most {most} days.")
    return Period(
        begin=datetime.combine(first, time(), SEOUL), end=datetime.combine(last + timedelta(days=1), time(), SEOUL)
    )


@router.get("/reports", summary="악취 신고 위치 (complaints for a map)")
async def list_reports(wanted: PeriodDep, asking: Reader, house: HouseDep) -> ReportRows:
    """The points where citizens stood: each call leaves an access-log row with the receipt numbers shown."""
    span = _within(wanted, house.clock.now(), MOST_DAYS)
    async with house.db.transaction() as tx:
        found = await listing.reports_within(tx, house.settings.city.id, span.begin, span.end, asking.scope)
        await _looked(tx, house, asking, found, "air.smell_list")
    return ReportRows(items=[ReportRow.of(one) for one in found])


@router.get("/reports.csv", summary="악취 신고 CSV (complaints as a table)", response_class=Response, responses=CSV)
async def read_reports_csv(wanted: PeriodDep, asking: Exporter, house: HouseDep) -> Response:
    """Without words of citizens: kind, strength, point, wind."""
    span = _within(wanted, house.clock.now(), MOST_DAYS)
    async with house.db.transaction() as tx:
        found = await listing.reports_within(tx, house.settings.city.id, span.begin, span.end, asking.scope)
        await _looked(tx, house, asking, found, "air.smell_csv")
    name = f"smell-{span.begin:%Y%m%d}-{span.end - timedelta(days=1):%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_table(found), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/reports/{report_id}", summary="악취 신고 하나와 바람길 (a complaint and its wind path)")
async def read_report(report_id: UUID, asking: Reader, house: HouseDep) -> ReportAnswer:
    """Reckoned anew with the winds that are known by now."""
    async with house.db.transaction() as tx:
        found = await listing.report_within(tx, house.settings.city.id, report_id, asking.scope)
        if found is None:
            raise NotFound("악취 신고를 찾을 수 없습니다.", "No such complaint.")
        traced = None
        if found.point is not None and found.is_now:
            traced = await _trace(tx, house, found.point, found.told_at, found.kind)
        await _looked(tx, house, asking, [found], "air.smell_read")
    return ReportAnswer(report=ReportRow.of(found), traced=traced)


@router.get("/clusters", summary="묶인 악취 신고 (crowds)")
async def list_clusters(wanted: PeriodDep, asking: Reader, house: HouseDep) -> ClusterRows:
    span = _within(wanted, house.clock.now(), MOST_DAYS)
    async with house.db.transaction() as tx:
        found = await listing.clusters_within(tx, house.settings.city.id, span.begin, span.end, asking.scope)
        shown = ", ".join(number for _, number in found)
        await asking.looked(tx, house, "case_list", f"{len(found)} rows", action="air.smell_clusters", shown=shown)
    return ClusterRows(items=[ClusterRow.of(one, number) for one, number in found])


@router.get("/clusters/{cluster_id}", summary="묶음 하나와 바람길 (a crowd, its path and possible sources)")
async def read_cluster(cluster_id: UUID, asking: Reader, house: HouseDep) -> ClusterAnswer:
    """`traced` by the winds that are known by now; names of companies with confidence and caveat, for staff alone."""
    async with house.db.transaction() as tx:
        pair = await listing.cluster_within(tx, house.settings.city.id, cluster_id, asking.scope)
        if pair is None:
            raise NotFound("악취 신고 묶음을 찾을 수 없습니다.", "No such crowd.")
        one, number = pair
        members = await reports.of_cluster(tx, house.settings.city.id, [one.id])
        traced = await _trace(tx, house, one.centre, one.last_at, one.kind)
        await _looked(tx, house, asking, members, "air.smell_cluster")
    return ClusterAnswer(
        cluster=ClusterRow.of(one, number), reports=[ReportRow.of(each) for each in members], traced=traced
    )


@router.get("/months", summary="월별 악취 (a month: when, where, what, wind)")
async def read_month(month: MonthName, asking: Counter, house: HouseDep) -> MonthAnswer:
    """Counts alone; those below `board.k` are joined or hidden."""
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        found = await months.by_month(tx, house.settings.city.id, month, house.settings.board.k)
    return MonthAnswer.of(found, house.settings.board.k)


@router.get("/sectors", summary="풍향별 고농도 비율 (conditional probability by 16 sectors)")
async def read_sectors(
    station: Annotated[int, Query(ge=1, le=2**31 - 1)],
    pollutant: Annotated[str, Query(pattern=r"^[A-Za-z0-9]{1,10}$")],
    wanted: PeriodDep,
    asking: Counter,
    house: HouseDep,
) -> SectorsAnswer:
    """Sectors under 30 hours say "insufficient" (probability null). A possibility by the wind's direction, no proof."""
    span, air = _within(wanted, house.clock.now(), MOST_DAYS_OF_SECTORS), house.settings.air
    async with house.db.transaction() as tx:
        await asking.still_here(tx, house)
        site = (await reading.sites_by_id(tx, [station])).get(station)
        if site is None or site.lat is None or site.lon is None:
            raise NotFound("위치를 아는 측정소가 아닙니다.", "No station with a known place.")
        hours = (await reading.hours(tx, [station], span.begin, span.end)).get(station, [])
        winds = await reading.winds(tx, house.settings.city.id, span.begin, span.end)
    values = {
        one.at: told.usable
        for one in hours
        if (told := one.values.get(pollutant)) is not None and told.usable is not None
    }
    seen = seen_from(GeoPoint(site.lat, site.lon), values, winds, air.companies, air.smell)
    return SectorsAnswer.of(seen, site.name, pollutant, air.companies)


async def _trace(tx: AsyncConnection, house: House, point: GeoPoint, at: datetime, kind_id: str) -> Trace:
    air = house.settings.air
    traced, winds = await tracing.trace(tx, house.settings.city.id, point.lat, point.lon, at, air, kind=kind_id)
    return Trace.of(traced, tracing.note_ko(traced, at, winds, air.companies), air.companies)


async def _looked(tx: AsyncConnection, house: House, asking: Caller, found: Sequence[Report], action: str) -> None:
    shown = ", ".join(one.receipt_no for one in found if one.receipt_no)
    await asking.looked(tx, house, "case_list", f"{len(found)} rows", action=action, shown=shown)


def _table(found: Iterable[Report]) -> bytes:
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(HEADS)
    for one in found:
        traced: dict[str, Any] = one.traced
        writer.writerow(
            [
                one.receipt_no,
                f"{one.told_at.astimezone(SEOUL):%Y-%m-%d %H:%M}",
                kind(one.kind).ko,
                one.strength,
                harmless(one.area),
                one.lat,
                one.lon,
                "예" if one.is_now else "아니요",
                one.photos,
                one.cluster_id or "",
                traced.get("from_degrees"),
                traced.get("speed"),
                tracing.INSUFFICIENT_KO.get(traced.get("insufficient") or "no_wind", "")
                if traced.get("insufficient")
                else "",
            ]
        )
    writer.writerow([])
    writer.writerow([tracing.CAVEAT_KO])
    return made.getvalue().encode("utf-8-sig")
