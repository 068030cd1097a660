"""A town with devices, for tests: entered by name, made to speak at a moment, asked what is kept."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.air import storing
from civic.air.devices import intake, registry
from civic.air.devices.intake import Sent, Taken
from civic.air.devices.registry import Device, Draft
from core.air_rules import Air
from core.contracts.air import Mark, Observation, Pulled, Quality, ReadReport, Station
from core.settings import read

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
"""정오."""
RULES: Air = read().air
NORTH_M = 1 / 111_195
"""Degrees of latitude in a metre."""
LAT, LON = 37.6150, 126.6100


async def device(tx: AsyncConnection, city_id: str, name: str = "s-1", **given: object) -> Device:
    """A sensor of dust, a value in five minutes; `north_m` of the town's middle."""
    north_m = given.pop("north_m", 0)
    assert isinstance(north_m, int | float)
    values = {
        "title": f"측정기 {name}",
        "kind": "sensor",
        "source": "sensors",
        "pollutants": ("PM10", "PM25"),
        "period_s": 300,
        "lat": LAT + north_m * NORTH_M,
        "lon": LON,
    }
    return await registry.add(tx, city_id, Draft(name=name, **(values | given)), NOW, by=None)  # type: ignore[arg-type]


def value(
    one: Device,
    at: datetime,
    number: str | float | None,
    *,
    pollutant: str = "PM10",
    period_s: int | None = None,
    quality: Quality | None = None,
    unit: str = "µg/m³",
) -> Observation:
    known = None if number is None else Decimal(str(number))
    said: Quality = quality or ("MISSING" if known is None else "OK")
    return Observation(
        one.source,
        one.name,
        pollutant,
        known,
        unit,
        at,
        at,
        said,
        origin=one.kind,
        period_s=period_s or one.period_s,
    )


def message(one: Device, values: Sequence[Observation], seq: str = "") -> Sent:
    report = ReadReport(one.source, "", len(values), len(values))
    return Sent(one, Pulled(tuple(values), report, mark=Mark(cursor=seq)))


async def say(
    tx: AsyncConnection, one: Device, values: Mapping[datetime, str | float | None], *, now: datetime, **more: object
) -> Taken:
    """One message of means of one pollutant."""
    told = [value(one, at, number, **more) for at, number in values.items()]  # type: ignore[arg-type]
    return await intake.take(tx, one.city_id, [message(one, told)], now, RULES)


async def official(
    tx: AsyncConnection,
    city_id: str,
    uid: str,
    hours: Mapping[datetime, str | float | None],
    *,
    north_m: float = 0,
    pollutant: str = "PM10",
) -> None:
    """An official station with its hours."""
    station = Station("airkorea", uid, uid, "urban", lat=LAT + north_m * NORTH_M, lon=LON)
    told = [
        Observation(
            "airkorea",
            uid,
            pollutant,
            None if number is None else Decimal(str(number)),
            "µg/m³",
            at,
            at + timedelta(minutes=15),
            "MISSING" if number is None else "OK",
        )
        for at, number in hours.items()
    ]
    report = ReadReport("airkorea", "", len(told), len(told))
    pulled = Pulled(tuple(told), report, stations=(station,))
    await storing.take(tx, city_id, "airkorea", pulled, max(hours, default=NOW) + timedelta(minutes=15))
