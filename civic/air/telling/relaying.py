"""Official words passed on: alerts as a governor issued them, and tomorrow's forecast on the eve, each told once."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import reading
from civic.air.telling.deciding import Draft, make
from civic.air.telling.ranks import rank_of
from core.air_rules import Air, Zone
from core.clock import SEOUL
from core.contracts.air import UNITS, OfficialAlert, OfficialForecast


async def relay_alerts(tx: AsyncConnection, city_id: str, rules: Air, now: datetime) -> int:
    """Alerts for the official zones of config.yml that were issued or lifted within `fresh_minutes`; how many."""
    zones = {zone.official_zone: name for name, zone in rules.zones.items() if zone.official_zone}
    if not zones:
        return 0
    since = now - timedelta(minutes=rules.telling.fresh_minutes)
    made = 0
    for alert in await reading.official_alerts(tx, city_id, since, now):
        name = zones.get(alert.zone)
        if name is None:
            continue
        for is_fall, at in ((False, alert.issued_at), (True, alert.lifted_at)):
            if at is not None and since <= at <= now and not (alert.lifted_at and not is_fall):
                draft = _alert(alert, name, rules.zones[name], at, now, rules, is_fall=is_fall)
                made += await make(tx, city_id, draft, now) is not None
    return made


def _alert(
    alert: OfficialAlert, name: str, zone: Zone, at: datetime, now: datetime, rules: Air, *, is_fall: bool
) -> Draft:
    value = alert.lifted_value if is_fall else alert.issued_value
    series = f"official/{name}/{alert.pollutant}"
    return Draft(
        key=f"official:{alert.source}:{alert.uid}:{'lifted' if is_fall else 'issued'}",
        series=series,
        kind="official",
        rule="criteria",
        zone=name,
        pollutant=alert.pollutant,
        rank=rank_of("criteria", alert.level),
        is_fall=is_fall,
        episode=f"{series}:{alert.source}:{alert.uid}",
        began_at=alert.issued_at,
        facts={
            "zone_ko": zone.name.ko,
            "zone_en": zone.name.en,
            "issuer": alert.region,
            "issuer_zone": alert.zone,
            "level": alert.level,
            "at": at.isoformat(),
            "value": "" if value is None else str(value),
            "unit": UNITS[alert.pollutant],
            "sources": [alert.source],
        },
        valid_until=now + timedelta(minutes=rules.telling.valid_minutes),
    )


async def tell_tomorrow(tx: AsyncConnection, city_id: str, rules: Air, now: datetime) -> int:
    """The eve's word where tomorrow's forecast for a zone's region is `forecast_grade` or worse; one a zone and day."""
    tomorrow = now.astimezone(SEOUL).date() + timedelta(days=1)
    told = [one for one in await reading.forecasts(tx, city_id, tomorrow) if one.issued_at <= now]
    made = 0
    for name, zone in rules.zones.items():
        bad = [one for one in told if one.grades.get(zone.forecast_region, 0) >= rules.telling.forecast_grade]
        if zone.forecast_region and bad:
            draft = _tomorrow(bad, name, zone, now, rules)
            made += await make(tx, city_id, draft, now) is not None
    return made


def _tomorrow(bad: list[OfficialForecast], name: str, zone: Zone, now: datetime, rules: Air) -> Draft:
    day = bad[0].day.isoformat()
    items: dict[str, Any] = {}
    for one in sorted(bad, key=lambda one: one.issued_at):
        items[one.pollutant] = {"pollutant": one.pollutant, "grade": one.grades[zone.forecast_region]}
    return Draft(
        key=f"forecast:{name}:{day}",
        series=f"forecast/{name}",
        kind="forecast",
        rule="forecast",
        zone=name,
        pollutant="",
        rank=1,
        is_fall=False,
        episode=f"forecast/{name}:{day}",
        began_at=now,
        facts={
            "zone_ko": zone.name.ko,
            "zone_en": zone.name.en,
            "region": zone.forecast_region,
            "day": day,
            "items": list(items.values()),
            "issued_at": max(one.issued_at for one in bad).isoformat(),
            "sources": sorted({one.source for one in bad}),
        },
        valid_until=now + timedelta(minutes=rules.telling.valid_minutes),
    )
