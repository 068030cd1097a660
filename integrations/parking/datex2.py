"""DATEX II v2 parking publications, pulled or from a file: the record and the facility dialect.

docs/sources/datex2.md maps the fields. Lots and numbers come as two documents, as one, or as only one of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator
from pyproj import Transformer
from pyproj.exceptions import CRSError

from core.contracts.parking import (
    Http,
    Mark,
    ParkingFile,
    ParkingRecord,
    Pulled,
    ReadReport,
    RealtimeRecord,
    Terms,
)
from core.errors import BadInput
from integrations.parking._datex2_lots import Groups, Placed, take_lot, take_status
from integrations.parking._datex2_xml import STATIC, Head, local, records
from integrations.parking._hub_fetch import Asking, Document, Seen, broken, unpacked
from integrations.parking._hub_values import Account, HubSettings, Url, file_of, moment

SOURCE = "datex2"


class Settings(HubSettings):
    """`static_url`, `realtime_url`: the two publications, or twice the same, or only one. `crs`: EPSG number of the
    coordinates where a publisher writes others than WGS 84 (Stuttgart: 25832). `token`: bearer token, if asked for.
    """

    static_url: Url = ""
    realtime_url: Url = ""
    crs: Annotated[int, Field(ge=1024, le=32_767)] = 4326

    @model_validator(mode="after")
    def _is_known(self) -> "Settings":
        if self.crs != 4326:
            _transformer(self.crs)
        return self


def _transformer(crs: int) -> Transformer:
    """Raises ValueError for a number that names no system of coordinates."""
    try:
        return Transformer.from_crs(crs, 4326, always_xy=True)
    except CRSError:
        raise ValueError(f"crs {crs}: 그런 EPSG 번호가 없습니다 (no such EPSG number)") from None


def build(name: str, settings: Settings) -> "Datex2":
    return Datex2(name, settings)


def read(path: Path) -> ParkingFile:
    """A table of lots in Korea from a file, packed or not. Raises BadInput."""
    return Datex2(SOURCE, Settings()).read(path)


class Datex2:
    """One publisher. It remembers which group of bays is for whom, since the numbers come with the group's index only;
    until the first table was read, numbers of groups are left out.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._groups: dict[str, Groups] = {}
        self._placed: Placed = partial(_projected, _transformer(settings.crs)) if settings.crs != 4326 else _as_told

    @property
    def terms(self) -> Terms:
        return self._settings.terms(self.name)

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        """The mark holds the numbers' ETag in its own fields and the table's in `cursor`."""
        settings = self._settings
        seen, table_seen = Seen(mark.etag, mark.last_modified), Seen.load(mark.cursor)
        pulled = Pulled(None, (), self._empty(), calls=0)
        table: Document | None = None
        try:
            if wants_static and settings.static_url:
                table = await self._asking().get(http, settings.static_url, table_seen)
                pulled = self._with_table(pulled, table)
                table_seen = table.seen
            if settings.realtime_url and settings.realtime_url == settings.static_url and table is not None:
                if table.body is not None:
                    pulled = self._with_numbers(pulled, table.body, now)
                seen = table.seen
            elif settings.realtime_url:
                numbers = await self._asking().get(http, settings.realtime_url, seen)
                pulled = replace(pulled, calls=pulled.calls + 1)
                if numbers.body is not None:
                    pulled = self._with_numbers(pulled, numbers.body, now)
                seen = numbers.seen
        except BadInput as error:
            raise broken(error) from None
        return replace(pulled, mark=Mark(seen.etag, seen.last_modified, table_seen.dump()))

    def read(self, path: Path) -> ParkingFile:
        """A table from a file. Raises BadInput."""
        return file_of(self._lots(unpacked(path.read_bytes(), self._settings.max_bytes)), self.name, self._attribution)

    def read_realtime(self, path: Path, fetched_at: datetime) -> Pulled:
        """A status publication from a file. Raises BadInput."""
        empty = Pulled(None, (), self._empty())
        return self._with_numbers(empty, unpacked(path.read_bytes(), self._settings.max_bytes), fetched_at)

    def _with_table(self, pulled: Pulled, table: Document) -> Pulled:
        if table.body is None:
            return replace(pulled, calls=pulled.calls + 1)
        lots = self._lots(table.body)
        made = replace(
            pulled, static=lots.records, report=lots.report(self.name, self._attribution), calls=pulled.calls + 1
        )
        # A table in which nothing can be used must not take every lot of its publisher away.
        return made if lots.taken else replace(made, is_complete=False)

    def _with_numbers(self, pulled: Pulled, body: bytes, now: datetime) -> Pulled:
        numbers, head = self._numbers(body, now)
        attribution = self._attribution
        published = moment(head.published, self._settings.zone)
        found = tuple(
            replace(one, updated_at=published) if one.updated_at is None and published else one
            for one in numbers.records
        )
        return replace(pulled, realtime=found, realtime_report=numbers.report(self.name, attribution))

    def _lots(self, body: bytes) -> Account[ParkingRecord]:
        """The lots of a document; what the groups of bays are for is kept for the numbers."""
        lots: Account[ParkingRecord] = Account()
        head, groups = Head(), dict[str, Groups]()
        for element in records(body, head):
            if local(element) in STATIC:
                # The publisher stands before the table in every publication.
                take_lot(element, lots, groups, self._settings, self._placed, head.publisher or self.name)
        self._groups = {uid: found for uid, found in groups.items() if found}
        return lots

    def _numbers(self, body: bytes, now: datetime) -> tuple[Account[RealtimeRecord], Head]:
        numbers: Account[RealtimeRecord] = Account()
        head = Head()
        made = partial(RealtimeRecord, source=self.name, fetched_at=now.astimezone(UTC))
        for element in records(body, head):
            if local(element) not in STATIC:
                take_status(element, numbers, made, self._groups, self._settings)
        return numbers, head

    def _asking(self) -> Asking:
        headers: Mapping[str, str] = {"Accept": "application/xml, text/xml;q=0.9, */*;q=0.1"}
        if self._settings.token:
            headers = {**headers, "Authorization": f"Bearer {self._settings.token}"}
        return Asking(self._settings.max_bytes, self._settings.deadline_s, headers)

    @property
    def _attribution(self) -> str:
        return self.terms.attribution

    def _empty(self) -> ReadReport:
        return ReadReport(self.name, self._attribution, 0, 0)


def _as_told(lat: float, lon: float) -> tuple[float, float]:
    return lat, lon


def _projected(transformer: Transformer, north: float, east: float) -> tuple[float, float]:
    """A row in another system than its feed's lands elsewhere on the earth, and so outside the bounds."""
    lon, lat = transformer.transform(east, north)
    return float(lat), float(lon)
