"""From which wind directions a station's high hours came, and which declared stacks lie there: a possibility, no proof.

The other half of a trace: not one moment but a season (conditional probability by 16 sectors, civic/air/sectors.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from civic.air import sectors
from civic.air.sectors import Rose, Sector
from civic.air.smell.field import Field
from civic.air.smell.upwind import bearing
from core.air_rules import Company, Smell
from core.contracts.air import Wind
from core.contracts.channel import GeoPoint
from core.distance import meters

CLEARLY = Decimal("1.2")
"""A sector is called high when its share is at least so many times that of all directions together."""


@dataclass(frozen=True, slots=True)
class Lying:
    """A stack as seen from the station. `probability` None: its sector has under 30 hours, insufficient."""

    company: str
    stack: str
    distance_m: float
    sector: Sector
    probability: Decimal | None
    is_high: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """`overall`: share of high hours among all with a direction; None without any. `lying`: high ones first."""

    rose: Rose
    overall: Decimal | None
    lying: tuple[Lying, ...]


def seen_from(
    point: GeoPoint,
    values: Mapping[datetime, Decimal],
    winds: Sequence[Wind],
    companies: Mapping[str, Company],
    rules: Smell,
) -> Seen:
    """`values`: usable hourly means by the end of their hour; the wind of each is that of its end at the station.

    An hour in which no weather station spoke is left out and not bridged.
    """
    field = Field(winds, rules)
    spoken = {one.at for one in winds}
    rose = sectors.rose(_hours(point, {at: value for at, value in values.items() if at in spoken}, field))
    hours, high = sum(one.hours for one in rose.shares), sum(one.high for one in rose.shares)
    overall = Decimal(high) / hours if hours else None
    shares = {one.sector: one.probability for one in rose.shares}
    lying = [
        _lying(name, stack.id, point, GeoPoint(stack.lat, stack.lon), shares, overall)
        for name, company in companies.items()
        for stack in company.stacks
    ]
    lying.sort(key=lambda one: (not one.is_high, -(one.probability or 0), one.distance_m, one.company, one.stack))
    return Seen(rose, overall, tuple(lying))


def _hours(point: GeoPoint, values: Mapping[datetime, Decimal], field: Field) -> Iterable[sectors.Hour]:
    for moment, value in values.items():
        wind = field.at(point, moment)
        if wind is not None:
            yield sectors.Hour(value, _rounded(wind.from_degrees), _rounded(wind.speed))


def _rounded(number: float) -> Decimal:
    """Hundredths, so that 0.5 m/s and 11.25° stay what was observed through the way of vectors and back."""
    return Decimal(str(round(number, 2)))


def _lying(
    company: str,
    stack: str,
    point: GeoPoint,
    there: GeoPoint,
    shares: Mapping[Sector, Decimal | None],
    overall: Decimal | None,
) -> Lying:
    sector = sectors.sector_of(Decimal(str(round(bearing(point, there), 2))))
    probability = shares[sector]
    is_high = probability is not None and overall is not None and probability >= overall * CLEARLY
    return Lying(company, stack, meters(point, there), sector, probability, is_high)
