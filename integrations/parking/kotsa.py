"""한국교통안전공단 주차정보: lots, their operation and their free places, from three services joined by one id.

The services know no region: the whole country is read and only the settings' area is kept. docs/sources/kotsa.md.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.contracts.parking import Http, Mark, ParkingRecord, Pulled, ReadReport, RealtimeRecord, RowNote, Terms
from core.datagokr import decoded_key
from core.section import Section
from integrations.parking import _kotsa_rows, _pages
from integrations.parking._kotsa_rows import REASONS_KO

ATTRIBUTION = "한국교통안전공단 주차정보(공공데이터포털)"
URL = "https://apis.data.go.kr/B553881/Parking"
FACILITIES, OPERATIONS, REALTIME = "PrkSttusInfo", "PrkOprInfo", "PrkRealtimeInfo"


class Area(Section):
    """Degrees: what lies between them is ours."""

    south: Annotated[float, Field(ge=33, le=39)]
    west: Annotated[float, Field(ge=124, le=132)]
    north: Annotated[float, Field(ge=33, le=39)]
    east: Annotated[float, Field(ge=124, le=132)]

    def holds(self, lat: float, lon: float) -> bool:
        return self.south <= lat <= self.north and self.west <= lon <= self.east


class Settings(Section):
    """`key`: either spelling of the portal's key. Kept are lots in `area` and those whose address begins with one of
    `addresses`; neither given: the whole country. `is_free_deducted`: whether the free minutes are taken off a longer
    stay, or count only for who leaves within them (회차); the service does not say. Limits as the portal grants them.
    """

    key: Annotated[str, Field(min_length=1, repr=False)]
    url: str = URL
    area: Area | None = None
    addresses: tuple[str, ...] = ()
    is_free_deducted: bool = False
    licence: str = "공공데이터(이용허락범위 제한 없음)"
    interval_s: Annotated[int, Field(ge=60)] = 300
    static_interval_s: Annotated[int, Field(ge=3_600)] = 86_400
    freshness_s: Annotated[int, Field(ge=60)] = 1_800
    daily_calls: Annotated[int, Field(ge=1)] = 10_000
    rows: Annotated[int, Field(ge=1, le=10_000)] = 1_000
    most_pages: Annotated[int, Field(ge=1, le=1_000)] = 100


class Kotsa:
    """Remembers which lots are ours from the last round with lots; until then every number is passed on."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._ours: frozenset[str] | None = None
        self.terms = Terms(
            attribution=ATTRIBUTION,
            licence=settings.licence,
            licence_url="https://www.data.go.kr/data/15099883/openapi.do",
            freshness_s=settings.freshness_s,
            interval_s=settings.interval_s,
            static_interval_s=settings.static_interval_s,
            daily_calls=settings.daily_calls,
        )

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        calls, is_complete = 0, True
        static: tuple[ParkingRecord, ...] | None = None
        report = ReadReport(self.name, ATTRIBUTION, 0, 0, reasons_ko=REASONS_KO)
        if wants_static:
            facilities, operations = await self._all(http, FACILITIES), await self._all(http, OPERATIONS)
            calls, is_complete = facilities.calls + operations.calls, facilities.is_whole
            lots, report = await asyncio.to_thread(self._lots, facilities, operations)
            static, self._ours = lots, frozenset(record.uid for record in lots)
        fetched = await self._all(http, REALTIME)
        numbers, realtime_report = await asyncio.to_thread(self._numbers, fetched, now)
        return Pulled(static, numbers, report, realtime_report, is_complete, calls=calls + fetched.calls)

    async def _all(self, http: Http, operation: str) -> _pages.Fetched:
        return await _pages.fetch(
            http,
            f"{self._settings.url.rstrip('/')}/{operation}",
            {"serviceKey": decoded_key(self._settings.key), "format": "2"},  # 1 is XML
            rows=self._settings.rows,
            most_pages=self._settings.most_pages,
            operation=operation,
        )

    def _lots(
        self, facilities: _pages.Fetched, operations: _pages.Fetched
    ) -> tuple[tuple[ParkingRecord, ...], ReadReport]:
        found = _kotsa_rows.lots(
            facilities.items,
            operations.items,
            odd=facilities.odd,
            is_free_deducted=self._settings.is_free_deducted,
        )
        kept = tuple(record for record in found.records if self._is_ours(record))
        if len(kept) < len(found.records):
            ours = {record.uid for record in kept}
            lines = _kotsa_rows.lines(facilities.items)
            far = [one for one in found.records if one.uid not in ours]
            found.skipped += [RowNote(lines[one.uid], one.uid, "outside_area", one.name) for one in far]
        return kept, self._account(found.total, len(kept), found)

    def _numbers(self, fetched: _pages.Fetched, now: datetime) -> tuple[tuple[RealtimeRecord, ...], ReadReport]:
        found = _kotsa_rows.numbers(fetched.items, self.name, now, odd=fetched.odd)
        kept: Sequence[RealtimeRecord] = found.records
        if self._ours is not None:
            ours = self._ours
            kept = [one for one in found.records if one.uid in ours]
            lines = _kotsa_rows.lines(fetched.items)
            far = [one for one in found.records if one.uid not in ours]
            found.skipped += [RowNote(lines[one.uid], one.uid, "outside_area") for one in far]
            found.doubts = [note for note in found.doubts if note.uid in ours]
        return tuple(kept), self._account(found.total, len(kept), found)

    def _account(self, total: int, accepted: int, found: _kotsa_rows.Lots | _kotsa_rows.Numbers) -> ReadReport:
        notes = (tuple(found.merged), tuple(found.skipped), tuple(found.doubts))
        return ReadReport(self.name, ATTRIBUTION, total, accepted, *notes, REASONS_KO)

    def _is_ours(self, record: ParkingRecord) -> bool:
        area, addresses = self._settings.area, self._settings.addresses
        if area is None and not addresses:
            return True
        is_inside = area is not None and record.lat is not None and record.lon is not None
        if is_inside and area and area.holds(record.lat or 0, record.lon or 0):
            return True
        return any(record.address.startswith(one) for one in addresses)


def build(name: str, settings: Settings) -> Kotsa:
    return Kotsa(name, settings)
