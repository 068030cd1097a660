"""불법주정차 신고: one row for each telling, taken as a case or guided to the official app; the month counts them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.conversations.tables import conversations
from civic.parking.evidence import Rule, rules
from civic.parking.tables import parking_reports
from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.db import Database
from core.distance import meters
from core.ids import new_id
from core.parking_rules import Reports
from core.vault import vault_of

ReportState = Literal["taken", "guided", "dropped"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a citizen told. `place`: {label, lat, lon} or empty; `photos`: attachments of this conversation; `area`: the
    동. `reason`: why it was guided or dropped (`evidence.Failing`, official_app, no_contact).
    """

    kind: str
    area: str = ""
    plate: str = ""
    place: Mapping[str, Any] = field(default_factory=dict)
    photos: tuple[UUID, ...] = ()
    photo_times: tuple[datetime, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The same car at the same place, told by the same person today."""

    id: UUID
    case_id: UUID | None


class ReportService:
    """Reports of one city. `earlier` reads; `record` and `add_photos` write in the caller's transaction."""

    def __init__(self, database: Database, city_id: str, settings: Reports) -> None:
        self._database = database
        self._city_id = city_id
        self.settings = settings

    def rules(self, now: datetime) -> dict[str, Rule]:
        """The rule of each kind today."""
        return rules(now.astimezone(SEOUL).date())

    def takes(self, rule: Rule) -> bool:
        """Whether pictures sent in a chat can prove this kind here: by the city's rule, or where none forbids it."""
        return self.settings.accepts.get(rule.kind) == "chat" or not rule.official_app

    async def earlier(
        self, conversation_id: UUID, citizen_id: UUID | None, plate: str, place: Mapping[str, Any], now: datetime
    ) -> Earlier | None:
        """His report of this car and place on this Korean day, if there is one that was taken."""
        midnight = datetime.combine(now.astimezone(SEOUL).date(), time(), SEOUL)
        report = parking_reports.c
        his = select(conversations.c.id).where(conversations.c.citizen_id == citizen_id)
        mine = report.conversation_id == conversation_id
        query = (
            select(report.id, report.case_id, report.plate, report.place)
            .where(report.city_id == self._city_id, report.state == "taken", report.created_at >= midnight)
            .where(or_(mine, report.conversation_id.in_(his)) if citizen_id else mine)
            .order_by(report.created_at.desc(), report.id.desc())
        )
        async with self._database.reading() as tx:
            rows = (await tx.execute(query)).all()
        same = (row for row in rows if row.plate == plate and self._is_same_place(row.place or {}, place))
        return next((Earlier(row.id, row.case_id) for row in same), None)

    def _is_same_place(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        if one.get("lat") is None or other.get("lat") is None:
            return str(one.get("label", "")) == str(other.get("label", ""))
        apart = meters(GeoPoint(one["lat"], one["lon"]), GeoPoint(other["lat"], other["lon"]))
        return apart <= self.settings.same_place_m

    async def record(
        self,
        tx: AsyncConnection,
        conversation_id: UUID,
        state: ReportState,
        told: Told,
        now: datetime,
        *,
        case_id: UUID | None = None,
    ) -> UUID:
        """Write one row; its id. Plate and exact place are sealed."""
        id, vault = new_id(), vault_of(tx)
        place = {name: told.place.get(name) for name in ("label", "lat", "lon")} if told.place else None
        await tx.execute(
            insert(parking_reports).values(
                id=id,
                city_id=self._city_id,
                conversation_id=conversation_id,
                case_id=case_id,
                kind=told.kind,
                state=state,
                area=told.area,
                plate=vault.seal_text(told.plate, f"parking_reports.plate:{id}") if told.plate else None,
                place=vault.seal_json(place, f"parking_reports.place:{id}") if place else None,
                photos=list(told.photos),
                photo_times=list(told.photo_times),
                reason=told.reason,
                created_at=now,
                updated_at=now,
                closed_at=None if state == "taken" else now,
            )
        )
        return id

    async def add_photos(
        self, tx: AsyncConnection, id: UUID, photos: Sequence[UUID], times: Sequence[datetime], now: datetime
    ) -> None:
        """More pictures of a report that was told again."""
        report = parking_reports.c
        added = {
            "photos": report.photos.op("||")(list(photos)),
            "photo_times": report.photo_times.op("||")(list(times)),
        }
        await tx.execute(update(parking_reports).where(report.id == id).values(**added, updated_at=now))
