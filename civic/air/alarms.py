"""What stands over the city's air at a moment: criteria that are reached, by our reckoning, and alerts issued."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from civic.air import reading
from civic.air.watch.service import Episode, standing
from core.air_rules import Air
from core.contracts.air import OfficialAlert
from core.db import Database

_HELD = timedelta(hours=72)
"""An alert that nobody lifted in three days was lost on its way: it is told no more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`reached`: ours. `issued`: by a governor for the zones of config.yml. `issued_near`: for other zones of the same
    provinces, where config.yml names no official zone, so that nobody here knows whether the city is among them.
    """

    reached: tuple[Episode, ...]
    issued: tuple[OfficialAlert, ...]
    issued_near: tuple[OfficialAlert, ...] = ()


class Alarms:
    """Reads only. Moments are aware."""

    def __init__(self, db: Database, city_id: str, rules: Air) -> None:
        self._db = db
        self._city_id = city_id
        self._rules = rules

    async def standing(self, now: datetime) -> Standing:
        """What stands, ours and official, each once."""
        async with self._db.reading() as tx:
            ours = await standing(tx, self._city_id)
            told = await reading.official_alerts(tx, self._city_id, now, now)
            stations = await reading.sites(tx, self._city_id, now, origin="official")
        live = [one for one in told if one.lifted_at is None and one.issued_at > now - _HELD]
        zones = {zone.official_zone for zone in self._rules.zones.values() if zone.official_zone}
        names = {name for zone in self._rules.zones.values() for name in zone.stations}
        regions = {site.region for site in stations if site.name in names and site.region}
        own = [one for one in live if one.region in regions or not regions]
        return Standing(
            reached=tuple(one for one in ours if one.kind == "reached" and one.ended_at is None),
            issued=tuple(one for one in own if one.zone in zones),
            issued_near=() if zones else tuple(one for one in own if one.region in regions),
        )
