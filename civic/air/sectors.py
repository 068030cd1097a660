"""From which of 16 wind directions high concentrations come: conditional probability, the ground of a source hint.

To be worded as "바람 방향으로 본 가능성": a possibility, never a proof, and no company follows from it alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Sector = Literal["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
SECTORS: tuple[Sector, ...] = (
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
)  # fmt: skip
CALM_BELOW = Decimal("0.5")
"""m/s; slower air has no direction worth counting."""
LEAST_HOURS = 30
HIGH_SHARE = Decimal("0.75")


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour's concentration with its wind (`from_degrees` clockwise from north, `speed` m/s); None: not measured."""

    value: Decimal | None
    from_degrees: Decimal | None
    speed: Decimal | None


@dataclass(frozen=True, slots=True)
class Share:
    """`high` of `hours` from a sector were at or above the line. `probability` None: insufficient, under 30 hours."""

    sector: Sector
    hours: int
    high: int
    probability: Decimal | None


@dataclass(frozen=True, slots=True)
class Rose:
    """All sectors in their order from north. `line`: the 75th percentile of the valid hours, None when there are none.

    `valid`: hours with concentration and wind, calm ones among them; `calm`: how many of them are left out.
    """

    line: Decimal | None
    valid: int
    calm: int
    shares: tuple[Share, ...]


def sector_of(from_degrees: Decimal) -> Sector:
    """The sector around whose middle the direction lies; a direction on the border belongs to the next clockwise."""
    return SECTORS[int((from_degrees % 360 + Decimal("11.25")) // Decimal("22.5")) % len(SECTORS)]


def rose(hours: Iterable[Hour]) -> Rose:
    """Conditional probability function (CPF) of a high concentration by wind sector."""
    valid = [
        (hour.value, hour.from_degrees, hour.speed)
        for hour in hours
        if hour.value is not None and hour.from_degrees is not None and hour.speed is not None
    ]
    line = percentile(sorted(value for value, _, _ in valid), HIGH_SHARE)
    counted = {sector: [0, 0] for sector in SECTORS}
    calm = 0
    for value, degrees, speed in valid:
        if speed < CALM_BELOW:
            calm += 1
            continue
        count = counted[sector_of(degrees)]
        count[0] += 1
        count[1] += line is not None and value >= line
    return Rose(line, len(valid), calm, tuple(_share(sector, *counted[sector]) for sector in SECTORS))


def percentile(ordered: Sequence[Decimal], share: Decimal) -> Decimal | None:
    """Of ascending values, straight between neighbours; None of none."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _share(sector: Sector, hours: int, high: int) -> Share:
    return Share(sector, hours, high, Decimal(high) / hours if hours >= LEAST_HOURS else None)
