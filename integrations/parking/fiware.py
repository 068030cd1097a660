"""FIWARE context brokers (NGSI-v2 and NGSI-LD) as a source: parking entities asked for page by page, or notified to us.

docs/sources/fiware.md maps the attributes and shows the subscription that a broker needs.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from core.contracts.parking import Http, Mark, ParkingFile, Pulled, ReadReport, SourceFailed, Terms
from core.errors import BadInput
from integrations.parking._hub_fetch import Asking, broken, unpacked
from integrations.parking._hub_values import REASONS_KO, HubSettings, Url, file_of, whole
from integrations.parking._ngsi_entity import Entity, entities
from integrations.parking._ngsi_lots import OTHER_TYPE, PART, Reading

SOURCE = "fiware"
_REASONS_KO = {
    **REASONS_KO,
    OTHER_TYPE: "주차장 엔티티가 아님",
    PART: "같은 답에 있는 주차장의 일부(구획 묶음·한 면)라서 그 주차장에 합침",
}


class Settings(HubSettings):
    """`url`: the address of the entities (`…/v2/entities`, `…/ngsi-ld/v1/entities`); not used where `mode` is push.

    `tenant`: Fiware-Service or NGSILD-Tenant; `service_path`: Fiware-ServicePath. `headers`: what a gateway before the
    broker asks for, its key among them. `query`: the broker's `q`; `context`: address of the JSON-LD context.
    """

    mode: Literal["pull", "push"] = "pull"
    api: Literal["v2", "ld"] = "v2"
    url: Url = ""
    types: tuple[Annotated[str, Field(pattern=r"^[A-Za-z][\w.:/#-]{0,200}$")], ...] = (
        "OffStreetParking",
        "OnStreetParking",
    )
    tenant: Annotated[str, Field(pattern=r"^[\w-]{0,64}$")] = ""
    service_path: Annotated[str, Field(pattern=r"^(/[\w#/-]*)?$")] = ""
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    query: str = ""
    context: Url = ""
    page: Annotated[int, Field(ge=1, le=1_000)] = 500
    most_pages: Annotated[int, Field(ge=1, le=1_000)] = 200

    @model_validator(mode="after")
    def _is_asked_somewhere(self) -> "Settings":
        if self.mode == "pull" and not self.url:
            raise ValueError("url: 엔티티 목록의 주소가 있어야 합니다 (the address of the entities is missing)")
        return self

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        if any(not name.replace("-", "").isalnum() or not value.isprintable() for name, value in headers.items()):
            raise ValueError("머리글 이름과 값이 아닙니다 (not names and values of headers)")
        return headers


def build(name: str, settings: Settings) -> "Fiware | Notified":
    return Notified(name, settings) if settings.mode == "push" else Fiware(name, settings)


def read(path: Path) -> ParkingFile:
    """Entities in Korea out of a file. Raises BadInput."""
    return Fiware(SOURCE, Settings(mode="push")).read(path)


class _Reader:
    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings

    @property
    def terms(self) -> Terms:
        return self._settings.terms(self.name)

    def _reading(self, now: datetime, *, is_whole: bool) -> Reading:
        return Reading(self.name, now, self._settings, is_whole)

    def _pulled(self, reading: Reading, *, wants_static: bool, calls: int = 1) -> Pulled:
        lots, numbers = reading.lots, reading.numbers
        has_lots = wants_static and (reading.is_whole or bool(lots.taken))
        report = lots.report(self.name, self.terms.attribution)
        return Pulled(
            static=lots.records if has_lots else None,
            realtime=numbers.records,
            report=_with_reasons(report),
            realtime_report=_with_reasons(numbers.report(self.name, self.terms.attribution)),
            # An answer in which nothing can be used must not take every lot away.
            is_complete=reading.is_whole and bool(lots.taken),
            calls=calls,
        )


class Fiware(_Reader):
    """A broker that is asked."""

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_static: bool) -> Pulled:
        """Lots and numbers are the same entities, so every round reads all pages; brokers have no ETag."""
        found, calls = await self._entities(http)
        reading = self._reading(now, is_whole=True)
        reading.take(found)
        return self._pulled(reading, wants_static=wants_static, calls=calls)

    def read(self, path: Path) -> ParkingFile:
        """Entities from a file. Raises BadInput."""
        reading = self._reading(datetime.min.replace(tzinfo=UTC), is_whole=True)
        reading.take(entities(unpacked(path.read_bytes(), self._settings.max_bytes)))
        file = file_of(reading.lots, self.name, self.terms.attribution)
        return ParkingFile(file.records, _with_reasons(file.report))

    def read_realtime(self, path: Path, fetched_at: datetime) -> Pulled:
        """Numbers from a file. Raises BadInput."""
        reading = self._reading(fetched_at, is_whole=True)
        reading.take(entities(unpacked(path.read_bytes(), self._settings.max_bytes)))
        return self._pulled(reading, wants_static=False)

    async def _entities(self, http: Http) -> tuple[list[Entity], int]:
        """All pages. Ends at a short page, at the told total, or where a broker gives the same page again."""
        settings, asking = self._settings, self._asking()
        found: dict[str, Entity] = {}
        nameless: list[Entity] = []
        for page in range(settings.most_pages):
            document = await asking.get(http, settings.url, params=self._params(page * settings.page))
            try:
                listed = list(entities(document.body or b""))
            except BadInput as error:
                raise broken(error) from None
            before = len(found)
            found |= {one.id: one for one in listed if one.id}
            nameless += [one for one in listed if not one.id]
            total = whole(document.headers.get("fiware-total-count") or document.headers.get("ngsild-results-count"))
            is_last = len(listed) < settings.page if total is None else (page + 1) * settings.page >= total
            if is_last or not listed or len(found) == before:
                return [*found.values(), *nameless], page + 1
        raise SourceFailed(
            "broken",
            f"엔티티가 {settings.most_pages}쪽을 넘습니다. most_pages를 늘려 주세요.",
            f"More than {settings.most_pages} pages of entities.",
        )

    def _params(self, offset: int) -> dict[str, str]:
        settings = self._settings
        made = {"type": ",".join(settings.types), "limit": str(settings.page), "offset": str(offset)}
        made |= {"options": "count"} if settings.api == "v2" else {"count": "true"}
        return made | ({"q": settings.query} if settings.query else {})

    def _asking(self) -> Asking:
        settings = self._settings
        made = {"Accept": "application/json" if settings.api == "v2" else "application/ld+json"}
        tenant, path = "Fiware-Service" if settings.api == "v2" else "NGSILD-Tenant", settings.service_path
        made |= {tenant: settings.tenant} if settings.tenant else {}
        made |= {"Fiware-ServicePath": path} if path else {}
        if settings.context:
            kind = 'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
            made["Link"] = f"<{settings.context}>; {kind}"
        if settings.token:
            made["Authorization"] = f"Bearer {settings.token}"
        return Asking(settings.max_bytes, settings.deadline_s, {**made, **settings.headers})


class Notified(_Reader):
    """A broker that notifies us (NGSI-v2 and NGSI-LD subscriptions); an entity may hold only what changed."""

    def receive(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Pulled:
        """Raises BadInput for what is no notification."""
        reading = self._reading(now, is_whole=False)
        reading.take(entities(unpacked(body, self._settings.max_bytes)))
        return self._pulled(reading, wants_static=True)


def _with_reasons(report: ReadReport) -> ReadReport:
    return replace(report, reasons_ko=_REASONS_KO)
