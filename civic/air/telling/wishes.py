"""What somebody wants to hear of the air: a subscription to `air` and what narrows it, read, begun and changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air.telling.ranks import ADVISORY
from civic.air.telling.tables import air_wishes
from civic.air.watch.service import Episode, standing
from civic.air.watch.values import WATCHED
from civic.subscriptions.service import SubscriptionService
from civic.subscriptions.tables import subscriptions
from core.air_rules import Air
from core.contracts.channel import Channel
from core.db import Database


@dataclass(frozen=True, slots=True)
class AirWish:
    """`area`: the place as he named it, "" for the whole city. `zone`, `site_id`: what it means in the store or None.

    `pollutants` None: all that are watched. `line`: civic/air/telling/ranks.py. `hours`: minutes of the Korean day, the
    second not included. `nights`: 경보 may come in the quiet hours. `evenings`: tomorrow's forecast on the eve.
    """

    area: str = ""
    zone: str | None = None
    site_id: int | None = None
    pollutants: tuple[str, ...] | None = None
    line: int = ADVISORY
    hours: tuple[int, int] | None = None
    sensitive: bool = False
    nights: bool = False
    evenings: bool = False

    def without(self, dropped: Sequence[str]) -> "AirWish":
        """None of these pollutants any more. Of nothing that is left remains an empty tuple."""
        now = self.pollutants if self.pollutants is not None else WATCHED
        return replace(self, pollutants=tuple(one for one in now if one not in dropped))


class WishService:
    """Wishes of one city's conversations. `of`, `standing` read; the others write in the caller's transaction."""

    def __init__(
        self, db: Database, city_id: str, rules: Air, subscribing: SubscriptionService, channels: Mapping[str, Channel]
    ) -> None:
        self._db = db
        self._city_id = city_id
        self.rules = rules
        self._subscribing = subscribing
        self._channels = channels

    def can_tell(self, channel: str) -> bool:
        """Whether a word can be sent there without being asked."""
        found = self._channels.get(channel)
        return found is not None and found.replies == "push"

    async def of(self, conversation_id: UUID) -> list[AirWish]:
        """Those that live, oldest first."""
        sub, wish = subscriptions.c, air_wishes.c
        query = (
            select(sub.area, *(column for column in air_wishes.c if column.name != "subscription_id"))
            .join(air_wishes, wish.subscription_id == sub.id, isouter=True)
            .where(sub.conversation_id == conversation_id, sub.topic == "air", sub.ended_at.is_(None))
            .order_by(sub.created_at)
        )
        async with self._db.reading() as tx:
            rows = (await tx.execute(query)).all()
        return [
            AirWish(
                area=row.area,
                zone=row.zone,
                site_id=row.site_id,
                pollutants=None if row.pollutants is None else tuple(row.pollutants),
                line=row.line or ADVISORY,
                hours=None if row.from_minute is None else (row.from_minute, row.until_minute),
                sensitive=bool(row.is_sensitive),
                nights=bool(row.wants_nights),
                evenings=bool(row.wants_evenings),
            )
            for row in rows
        ]

    async def standing(self) -> list[Episode]:
        """What stands now, for who subscribes in the middle of it."""
        async with self._db.reading() as tx:
            return await standing(tx, self._city_id)

    async def keep(self, tx: AsyncConnection, conversation_id: UUID, wishes: Sequence[AirWish], now: datetime) -> None:
        """These are his wishes from now on: others of the same topic end, and those that live keep their beginning."""
        sub = subscriptions.c
        mine = (sub.conversation_id == conversation_id, sub.topic == "air", sub.ended_at.is_(None))
        areas = [wish.area for wish in wishes]
        await tx.execute(update(subscriptions).where(*mine, sub.area.not_in(areas)).values(ended_at=now))
        for wish in wishes:
            await self._subscribing.begin(tx, conversation_id, "air", wish.area, now)
        rows = {row.area: row.id for row in await tx.execute(select(sub.id, sub.area).where(*mine))}
        for wish in wishes:
            values = {
                "zone": wish.zone,
                "site_id": wish.site_id,
                "pollutants": None if wish.pollutants is None else list(wish.pollutants),
                "line": wish.line,
                "from_minute": wish.hours[0] if wish.hours else None,
                "until_minute": wish.hours[1] if wish.hours else None,
                "is_sensitive": wish.sensitive,
                "wants_nights": wish.nights,
                "wants_evenings": wish.evenings,
            }
            made = insert(air_wishes).values(subscription_id=rows[wish.area], **values)
            await tx.execute(made.on_conflict_do_update(index_elements=["subscription_id"], set_=values))
