"""통합대기환경지수 (CAI) from measured values, with the rules as dated rows (cai.csv, index_rules.csv).

Source: AirKorea's description of the index (한국환경공단). The publisher's own number, made of digits that it does not
show, goes before ours wherever it is there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from core.contracts.air import POLLUTANTS, Pollutant
from core.dated import SOURCED, valid

_HERE = Path(__file__).parent
Grade = Literal[1, 2, 3, 4]
GRADES_KO: Mapping[Grade, str] = {1: "좋음", 2: "보통", 3: "나쁨", 4: "매우나쁨"}
GRADES_EN: Mapping[Grade, str] = {1: "good", 2: "moderate", 3: "unhealthy", 4: "very unhealthy"}
NAMES_KO: Mapping[str, str] = {
    "SO2": "아황산가스",
    "CO": "일산화탄소",
    "O3": "오존",
    "NO2": "이산화질소",
    "PM10": "미세먼지",
    "PM25": "초미세먼지",
}
NEEDED: tuple[Pollutant, ...] = ("PM10", "PM25", "NO2", "O3")
"""Without a valid value of each of these there is no index (the publisher shows "-")."""
UNHEALTHY = 101
_DAY_OF_12 = 12
_LAST_4 = 4


@dataclass(frozen=True, slots=True)
class Band:
    """A straight piece: values from `value_low` to `value_high` become `index_low` to `index_high`."""

    index_low: int
    index_high: int
    value_low: Decimal
    value_high: Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    """All of the index as it was valid on a day. A pollutant that had no bands then is absent."""

    bands: Mapping[str, tuple[Band, ...]]
    numbers: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Index:
    """`value` None: no index, and `lacking` says what is missing. `parts`: sub-indices of the values that were there.

    `dominant`: the pollutant with the highest sub-index, the first of POLLUTANTS among equals. `added`: 0, 50 or 75,
    which is in `value`; two sub-indices at the top with it can pass 500, which is still grade 4.
    """

    value: int | None
    grade: Grade | None
    parts: Mapping[str, int]
    dominant: Pollutant | None
    added: int
    lacking: tuple[Pollutant, ...]


@cache
def rules_on(day: date) -> Rules:
    bands = {
        pollutant: tuple(
            sorted(
                (
                    Band(
                        int(row["index_low"]),
                        int(row["index_high"]),
                        Decimal(row["value_low"]),
                        Decimal(row["value_high"]),
                    )
                    for row in rows
                ),
                key=lambda band: band.index_low,
            )
        )
        for (pollutant,), rows in valid(_HERE / "cai.csv", day, ["pollutant"], SOURCED).items()
    }
    found = valid(_HERE / "index_rules.csv", day, ["id"], SOURCED)
    return Rules(bands, {rule: Decimal(rows[0]["value"]) for (rule,), rows in found.items()})


def sub_index(pollutant: str, value: Decimal, day: date) -> int | None:
    """One pollutant's index, 0 to 500. `value`: ppm of an hour, or the 24 h predicted mean in µg/m³ of dust.

    None before the first day of the bands. Between two bands it is the upper one's lowest index. A negative value
    (an instrument's noise around zero) counts as zero.
    """
    bands = rules_on(day).bands.get(pollutant)
    if not bands:
        return None
    band = next((one for one in bands if value <= one.value_high), bands[-1])
    share = (value - band.value_low) / (band.value_high - band.value_low)
    raw = band.index_low + (band.index_high - band.index_low) * share
    return min(max(_nearest(raw), band.index_low), band.index_high)


def grade(index: int) -> Grade:
    """Grade of an index or sub-index: 1 좋음 to 50, 2 보통 to 100, 3 나쁨 to 250, 4 매우나쁨."""
    return 1 if index <= 50 else 2 if index <= 100 else 3 if index <= 250 else 4


def index(values: Mapping[str, Decimal | None], day: date) -> Index:
    """The index of an hour. `values` by pollutant: gases in ppm of the hour, dust as its 24 h predicted mean."""
    parts: dict[str, int] = {}
    for pollutant in POLLUTANTS:
        value = values.get(pollutant)
        part = None if value is None else sub_index(pollutant, value, day)
        if part is not None:
            parts[pollutant] = part
    lacking = tuple(one for one in NEEDED if one not in parts)
    dominant = max((one for one in POLLUTANTS if one in parts), key=parts.__getitem__, default=None)
    if lacking or dominant is None:
        return Index(None, None, parts, dominant, 0, lacking)
    added = _added(parts, day)
    total = parts[dominant] + added
    return Index(total, grade(total), parts, dominant, added, ())


def predicted_mean(pollutant: Literal["PM10", "PM25"], hours: Sequence[Decimal | None], day: date) -> Decimal | None:
    """24 h predicted moving mean (C24E), µg/m³, unrounded. `hours`: hourly means, oldest first, the newest last.

    Only the last twelve count; None where an hour is missing. None when too few are there (`least_of_*`: 9 of 12 and
    3 of 4, ours, since no number is published).
    """
    numbers = rules_on(day).numbers
    last = list(hours)[-_DAY_OF_12:]
    twelve = [one for one in last if one is not None]
    four = [one for one in last[-_LAST_4:] if one is not None]
    if not numbers or len(twelve) < numbers["least_of_twelve"] or len(four) < numbers["least_of_four"]:
        return None
    c12 = sum(twelve, Decimal(0)) / len(twelve)
    scaled = [_scaled(pollutant, one, c12, numbers) for one in four]
    return (c12 + sum(scaled, Decimal(0)) / len(scaled)) / 2


def whole(mean: Decimal) -> Decimal:
    """A predicted mean as the publisher shows it and reckons the index from it: whole µg/m³."""
    return mean.quantize(Decimal(1), ROUND_HALF_UP)


def _scaled(pollutant: str, value: Decimal, c12: Decimal, numbers: Mapping[str, Decimal]) -> Decimal:
    if value < numbers[f"{pollutant}_scaled_from"] or c12 <= 0:
        return value
    is_near = numbers["ratio_low"] <= value / c12 <= numbers["ratio_high"]
    return value * numbers["scale"] if is_near else value


def _added(parts: Mapping[str, int], day: date) -> int:
    unhealthy = sum(part >= UNHEALTHY for part in parts.values())
    numbers = rules_on(day).numbers
    if unhealthy < 2:
        return 0
    return int(numbers["added_for_two"] if unhealthy == 2 else numbers["added_for_three"])


def _nearest(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
