"""Everything that anybody may know of the city's air at a moment, in one reading: the page and the download are made of
it, so that a citizen, a group and a company see the same rows. There is no other view for anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.episodes import zone_value
from civic.air.index import Grade
from civic.air.matters.public import PublicMatter, public_matters
from civic.air.open.corrections import Correction, corrections
from civic.air.open.smells import Smells, smells
from civic.air.records import Basis, Now
from civic.air.watch.service import Episode, episodes
from core.air_rules import Air, Zone
from core.clock import SEOUL
from core.contracts.air import OfficialForecast

SHOWN = ("PM25", "PM10", "O3")
"""What a zone is told by: what its alerts go by."""
FORECAST_DAYS = 3


@dataclass(frozen=True, slots=True)
class ZoneNow:
    """`values`: what counts for the zone at `at` (dust: mean of its stations, ozone: the highest), None where nobody
    measured. `index`, `grade`: of the station with the highest index, `highest`. `told` of `stations` had that hour.
    """

    code: str
    zone: Zone
    at: datetime | None
    values: Mapping[str, Decimal | None]
    index: int | None
    grade: Grade | None
    basis: Basis
    highest: str
    told: int

    @property
    def stations(self) -> int:
        return len(self.zone.stations)


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where data come from. `state`: active, backing_off, failing, off. `last_ok_at` None: never yet."""

    name: str
    attribution: str
    licence: str
    state: str
    last_ok_at: datetime | None


@dataclass(frozen=True, slots=True)
class Record:
    """`now`: sites of the city with their newest hour. Everything else goes `days` back from `at`."""

    at: datetime
    days: int
    zones: tuple[ZoneNow, ...]
    now: tuple[Now, ...]
    episodes: tuple[Episode, ...]
    matters: tuple[PublicMatter, ...]
    smells: Smells
    corrections: tuple[Correction, ...]
    forecasts: tuple[OfficialForecast, ...]
    sources: tuple[SourceState, ...]


async def record(
    tx: AsyncConnection, city_id: str, rules: Air, now: datetime, there: Sequence[Now], sources: Sequence[SourceState]
) -> Record:
    """`there`: of `latest.of_city`."""
    begin, today = now - timedelta(days=rules.public.days), now.astimezone(SEOUL).date()
    told = [one for ahead in range(FORECAST_DAYS) for one in
            await reading.forecasts(tx, city_id, today + timedelta(days=ahead))]  # fmt: skip
    soon = now + timedelta(seconds=1)
    official = {zone.official_zone: code for code, zone in rules.zones.items() if zone.official_zone}
    return Record(
        at=now,
        days=rules.public.days,
        zones=tuple(zone_now(code, zone, there) for code, zone in rules.zones.items()),
        now=tuple(there),
        episodes=tuple(reversed(await episodes(tx, city_id, begin, soon, official=official))),
        matters=tuple(await public_matters(tx, city_id, begin, soon, companies=rules.companies)),
        smells=await smells(tx, city_id, begin, soon, rules.public.smell_k),
        corrections=tuple(await corrections(tx, [one.site for one in there], begin, now)),
        forecasts=tuple(told),
        sources=tuple(sources),
    )


def zone_now(code: str, zone: Zone, there: Sequence[Now]) -> ZoneNow:
    """Of the newest hour that one of its stations has told; a station that is an hour behind is not mixed in."""
    own = [one for one in there if one.site.name in zone.stations and one.site.network == "urban"]
    at = max((one.hour.at for one in own), default=None)
    hours = [one for one in own if one.hour.at == at]
    values = {
        pollutant: zone_value(
            pollutant, [one.hour.values[pollutant].usable for one in hours if pollutant in one.hour.values]
        )
        for pollutant in SHOWN
    }
    worst = max((one for one in hours if one.hour.index is not None), key=lambda one: one.hour.index or 0, default=None)
    return ZoneNow(
        code=code,
        zone=zone,
        at=at,
        values=values,
        index=worst.hour.index if worst else None,
        grade=worst.hour.grade if worst else None,
        basis=worst.hour.basis if worst else "none",
        highest=worst.site.name if worst else "",
        told=len(hours),
    )
