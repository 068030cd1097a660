"""Any GeoJSON or JSON list of lots as a source, by a mapping in config.yml: a new feed is some lines, not a new file.

docs/sources/geojson.md has mappings of feeds that were really read with them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import Field, field_validator, model_validator
from pyproj import Transformer
from pyproj.exceptions import CRSError

from core.contracts.parking import Http, Mark, ParkingFile, ParkingRecord, Pulled, ReadReport, RealtimeRecord, Terms
from core.errors import BadInput
from integrations.parking._hub_fetch import Asking, Document, Seen, broken, unpacked
from integrations.parking._hub_values import REASONS_KO, Account, HubSettings, Url
from integrations.parking._mapping import Fields, Listed, Paths, Realtime, checked_paths, path_of
from integrations.parking._mapping_rows import MISSING, UNKNOWN_WORD, Placed, Rows, Rules, items_of, values_in

_EPSG = re.compile(r"\bEPSG:(?:[\d.]*:)?(\d{4,5})$")
_REASONS_KO = {
    **REASONS_KO,
    MISSING: "꼭 있어야 한다고 설정한 항목이 비어 있음",
    UNKNOWN_WORD: "설정의 values에 없는 낱말(모름으로 둠)",
}


class Settings(HubSettings):
    """`url`: the document; `realtime_url`: where the numbers lie in another one. `items`: the path of the list in it,
    "" where the document is the list. `crs`: EPSG number of the coordinates, where the document does not say it.

    `fields`, `realtime`: the mapping. `needs`: paths without which an item is refused; `leave_out`, `only`: path to
    values by which an item is no lot. `headers`, `params`: what the provider asks for, its key among them.
    """

    url: Url = ""
    realtime_url: Url = ""
    items: str = "features"
    crs: Annotated[int, Field(ge=1024, le=32_767)] | None = None
    geometry: str = "geometry"
    fields: Fields
    realtime: Realtime | None = None
    needs: Paths = ()
    leave_out: Listed = Field(default_factory=dict)
    only: Listed = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    params: dict[str, str] = Field(default_factory=dict, repr=False)

    @field_validator("crs")
    @classmethod
    def _is_known(cls, crs: int | None) -> int | None:
        if crs is not None:
            _placed(crs)
        return crs

    @field_validator("leave_out", "only")
    @classmethod
    def _are_paths(cls, value: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        return checked_paths(value)

    @field_validator("items", "geometry")
    @classmethod
    def _is_a_path(cls, value: str) -> str:
        if value:
            path_of(value)
        return value

    @model_validator(mode="after")
    def _has_numbers_where_they_are_asked_for(self) -> "Settings":
        if self.realtime_url and self.realtime is None:
            raise ValueError("realtime_url이 있으면 realtime도 있어야 합니다 (realtime_url needs realtime)")
        return self


@lru_cache(maxsize=16)
def _placed(crs: int) -> Placed:
    """Raises ValueError for a number that names no system of coordinates."""
    if crs == 4326:
        return lambda east, north: (north, east)
    try:
        transformer = Transformer.from_crs(crs, 4326, always_xy=True)
    except CRSError:
        raise ValueError(f"{crs}: 그런 EPSG 번호가 없습니다 (no such EPSG number)") from None

    def placed(east: float, north: float) -> tuple[float, float]:
        lon, lat = transformer.transform(east, north)
        return float(lat), float(lon)

    return placed


def build(name: str, settings: Settings) -> "GeoJson":
    return GeoJson(name, settings)


@dataclass(frozen=True, slots=True)
class _Read:
    """The items of a document and where their coordinates are."""

    items: list[Any]
    placed: Placed


class GeoJson:
    """One feed."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        realtime = settings.realtime
        self._rules = Rules(
            name=name,
            fields=dict(values_in(settings.fields)),
            realtime=dict(values_in(realtime)) if realtime else {},
            when=realtime.when if realtime else {},
            needs=settings.needs,
            leave_out=settings.leave_out,
            only=settings.only,
            geometry=path_of(settings.geometry) if settings.geometry else (),
            zone=settings.zone,
            bounds=settings.bounds,
            owner=settings.owner,
        )

    @property
    def terms(self) -> Terms:
        return self._settings.terms(self.name)

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        """The mark's own fields are of the numbers' document, `cursor` of the document whose lots were read last."""
        settings, asking = self._settings, self._asking()
        numbers_seen, lots_seen = Seen(mark.etag, mark.last_modified), Seen.load(mark.cursor)
        pulled = Pulled(None, (), self._empty(), calls=0)
        try:
            if wants_static or not settings.realtime_url:
                has_numbers = not settings.realtime_url
                known = lots_seen if wants_static else numbers_seen
                seen = known if self._is_dated or not has_numbers else None
                document = await asking.get(http, settings.url, seen, settings.params or None)
                pulled = self._taken(pulled, document, now, gives_lots=wants_static, has_numbers=has_numbers)
                lots_seen = document.seen if wants_static else lots_seen
                numbers_seen = document.seen if has_numbers else numbers_seen
            if settings.realtime_url:
                seen = numbers_seen if self._is_dated else None
                document = await asking.get(http, settings.realtime_url, seen, settings.params or None)
                pulled = self._taken(pulled, document, now, gives_lots=False, has_numbers=True)
                numbers_seen = document.seen
        except BadInput as error:
            raise broken(error) from None
        return replace(pulled, mark=Mark(numbers_seen.etag, numbers_seen.last_modified, lots_seen.dump()))

    def read(self, path: Path) -> ParkingFile:
        """The lots of a file. Raises BadInput."""
        rows = self._rows(path.read_bytes(), datetime.min.replace(tzinfo=UTC), wants_lots=True, wants_numbers=False)
        return ParkingFile(rows.lots.records, self._report(rows.lots))

    def read_realtime(self, path: Path, fetched_at: datetime) -> Pulled:
        """The numbers of a file. Raises BadInput."""
        is_own = bool(self._settings.realtime_url)
        rows = self._rows(path.read_bytes(), fetched_at, wants_lots=not is_own, wants_numbers=True)
        return Pulled(None, rows.numbers.records, self._empty(), self._report(rows.numbers))

    @property
    def _is_dated(self) -> bool:
        """Numbers without a time of their own are as old as their asking, so "unchanged" must not keep them away."""
        return not self._rules.realtime or "updated_at" in self._rules.realtime

    def _taken(
        self, pulled: Pulled, document: Document, now: datetime, *, gives_lots: bool, has_numbers: bool
    ) -> Pulled:
        pulled = replace(pulled, calls=pulled.calls + 1)
        if document.body is None:
            return pulled
        # Where lots and numbers are one document, a number whose lot is refused is none in every round.
        is_whole = gives_lots or not self._settings.realtime_url
        rows = self._rows(document.body, now, wants_lots=is_whole, wants_numbers=has_numbers)
        if gives_lots:
            # A document in which nothing can be used must not take every lot away.
            report, is_complete = self._report(rows.lots), bool(rows.lots.taken)
            pulled = replace(pulled, static=rows.lots.records, report=report, is_complete=is_complete)
        if has_numbers and self._rules.realtime:
            pulled = replace(pulled, realtime=rows.numbers.records, realtime_report=self._report(rows.numbers))
        return pulled

    def _rows(self, body: bytes, now: datetime, *, wants_lots: bool, wants_numbers: bool) -> Rows:
        found = self._read(unpacked(body, self._settings.max_bytes), is_own=not wants_lots)
        rows = Rows(self._rules, now)
        rows.take(found.items, found.placed, wants_lots=wants_lots, wants_numbers=wants_numbers)
        return rows

    def _read(self, body: bytes, *, is_own: bool) -> _Read:
        """`is_own`: the document of the numbers, which may have its list elsewhere. Raises BadInput."""
        try:
            document = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError:
            raise BadInput("JSON을 읽을 수 없습니다.", "The JSON cannot be read.") from None
        realtime = self._settings.realtime
        own = realtime.items if realtime and is_own and self._settings.realtime_url else ()
        items = items_of(document, own[0] if own else path_of(self._settings.items) if self._settings.items else ())
        crs = self._settings.crs or _told_crs(document)
        try:
            return _Read(items, _placed(crs))
        except ValueError as error:
            raise BadInput("모르는 좌표계입니다.", f"Unknown coordinates: {error}") from None

    def _asking(self) -> Asking:
        made = {"Accept": "application/geo+json, application/json;q=0.9, */*;q=0.1"}
        if self._settings.token:
            made["Authorization"] = f"Bearer {self._settings.token}"
        return Asking(self._settings.max_bytes, self._settings.deadline_s, {**made, **self._settings.headers})

    def _report(self, account: Account[ParkingRecord] | Account[RealtimeRecord]) -> ReadReport:
        return replace(account.report(self.name, self.terms.attribution), reasons_ko=_REASONS_KO)

    def _empty(self) -> ReadReport:
        return ReadReport(self.name, self.terms.attribution, 0, 0)


def _told_crs(document: Any) -> int:
    """The old `crs` member of GeoJSON (2008), as many city feeds still have it; else WGS 84 (RFC 7946 §4)."""
    member = document.get("crs") if isinstance(document, Mapping) else None
    properties = member.get("properties") if isinstance(member, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    found = _EPSG.search(name) if isinstance(name, str) else None
    return int(found[1]) if found else 4326
