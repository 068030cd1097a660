"""Home and work, as one conversation told them: sealed, shown back as a neighbourhood, used to look for parking."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.tables import parking_places
from core.contracts.channel import GeoPoint
from core.db import Database
from core.ids import new_id
from core.vault import vault_of

PlaceKind = Literal["home", "work"]
KINDS: tuple[PlaceKind, ...] = ("home", "work")
_WORDS: tuple[tuple[PlaceKind, re.Pattern[str]], ...] = (
    (
        "home",
        re.compile(
            r"(?<![가-힣])(?:(?:우리|내|제|저희|본)\s*)?집(?!게|회|중|값|단|행|필|합|계|착|들이|배원|주인)|자택|\b(?:my\s+)?home\b",
            re.I,
        ),
    ),
    (
        "work",
        re.compile(
            r"(?<![가-힣])(?:우리|내|제|저희)?\s*(?:회사|직장|사무실|일터)|\bmy\s+(?:work|office)\b|\bwork\b", re.I
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class SavedPlace:
    """`area`: the 동 that it lies in, the only thing of it that is shown. `leaves_at`: "HH:MM" in Korea, "" unsaid."""

    kind: PlaceKind
    area: str
    lat: float
    lon: float
    leaves_at: str = ""

    @property
    def point(self) -> GeoPoint:
        return GeoPoint(self.lat, self.lon, self.area)


def kind_said(text: str) -> PlaceKind | None:
    """Which of his places a text means ("집 근처", "회사 앞"); None for none. 꽃집 and 집회 are no home."""
    return next((kind for kind, words in _WORDS if words.search(text)), None)


class PlacesService:
    """Places of one city's conversations. `of` and `point` read; the others write in the caller's transaction."""

    def __init__(self, database: Database, city_id: str) -> None:
        self._database = database
        self._city_id = city_id

    async def of(self, conversation_id: UUID) -> dict[PlaceKind, SavedPlace]:
        """What this conversation told, by kind."""
        async with self._database.reading() as tx:
            found = await places_of(tx, [conversation_id])
        return {one.kind: one for one in found}

    async def point(self, conversation_id: UUID, kind: PlaceKind) -> GeoPoint | None:
        """Where it is, labelled with its 동; None when it was not told."""
        saved = (await self.of(conversation_id)).get(kind)
        return saved.point if saved else None

    async def keep(self, tx: AsyncConnection, conversation_id: UUID, place: SavedPlace, now: datetime) -> None:
        """Remember it in place of what was told before; a time of leaving told before stays where none is told now."""
        mine = (parking_places.c.conversation_id == conversation_id, parking_places.c.kind == place.kind)
        before = (await tx.execute(select(parking_places.c.id, parking_places.c.place).where(*mine))).one_or_none()
        id = before.id if before else new_id()
        leaves_at = place.leaves_at or (str(before.place.get("leaves_at", "")) if before else "")
        told: dict[str, Any] = {"label": place.area, "lat": place.lat, "lon": place.lon, "leaves_at": leaves_at}
        values = {"place": vault_of(tx).seal_json(told, f"parking_places.place:{id}"), "updated_at": now}
        row = {"id": id, "city_id": self._city_id, "conversation_id": conversation_id, "kind": place.kind}
        await tx.execute(
            upsert(parking_places)
            .values(**row, **values, created_at=now)
            .on_conflict_do_update(index_elements=["conversation_id", "kind"], set_=values)
        )

    async def forget(self, tx: AsyncConnection, conversation_id: UUID, kind: PlaceKind | None = None) -> int:
        """One, or both; how many there were."""
        query = delete(parking_places).where(parking_places.c.conversation_id == conversation_id)
        return (await tx.execute(query.where(parking_places.c.kind == kind) if kind else query)).rowcount


async def places_of(tx: AsyncConnection, conversation_ids: list[UUID]) -> list[SavedPlace]:
    """Saved places of these conversations, opened."""
    wanted = select(parking_places.c.kind, parking_places.c.place).where(
        parking_places.c.conversation_id.in_(conversation_ids)
    )
    rows = await tx.execute(wanted.order_by(parking_places.c.created_at, parking_places.c.id))
    return [
        SavedPlace(row.kind, row.place["label"], row.place["lat"], row.place["lon"], row.place.get("leaves_at", ""))
        for row in rows
    ]
