"""Whether enough of a neighbourhood agree that a limit is passed: the quorum itself, of numbers alone. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from core.air_device_rules import Quorum
from core.contracts.channel import GeoPoint
from core.distance import meters


@dataclass(frozen=True, slots=True)
class Reading:
    """What a site measured in the limit's minutes; of an official station its newest hour."""

    site_id: int
    name: str
    place: GeoPoint
    value: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """`over`: the sensors over the limit that it speaks of, the lead (highest) first."""

    lead: Reading
    over: tuple[Reading, ...]
    is_confirmed: bool
    reason_ko: str
    reason_en: str


def verdicts(line: Decimal, sensors: Sequence[Reading], officials: Sequence[Reading], rules: Quorum) -> list[Verdict]:
    """Confirmed neighbourhoods first; then each sensor that is over and that no confirmed one covers, by itself.

    `sensors`: those that spoke and whose grade may be used. `officials`: fresh ones.
    """
    over = sorted((one for one in sensors if one.value >= line), key=lambda one: (-one.value, one.name))
    told: list[Verdict] = []
    left: list[Verdict] = []
    covered: set[int] = set()
    for lead in over:
        verdict = _verdict(line, lead, sensors, officials, rules)
        if not verdict.is_confirmed:
            left.append(verdict)
        elif lead.site_id not in covered:
            told.append(verdict)
            covered |= {one.site_id for one in verdict.over}
    return told + [one for one in left if one.lead.site_id not in covered]


def _verdict(
    line: Decimal, lead: Reading, sensors: Sequence[Reading], officials: Sequence[Reading], rules: Quorum
) -> Verdict:
    around = [one for one in sensors if meters(lead.place, one.place) <= rules.within_m]
    over = sorted((one for one in around if one.value >= line), key=lambda one: (-one.value, one.name))
    over = [lead, *(one for one in over if one.site_id != lead.site_id)]
    near = [one for one in officials if meters(lead.place, one.place) <= rules.official_m]
    agreeing = [one for one in near if one.value >= line]
    against = [one for one in near if one.value < line * Decimal(str(rules.against_share))]
    if agreeing:
        return Verdict(
            lead,
            tuple(over),
            True,
            f"측정소 {agreeing[0].name}의 시간값도 기준 이상입니다.",
            f"The official station {agreeing[0].name} is over in its newest hour as well.",
        )
    need = rules.least_against if against else rules.least
    counted_ko = f"{round(rules.within_m):,}m 안의 측정기 {len(around)}대 가운데 {len(over)}대가 기준 이상"
    counted_en = f"{len(over)} of {len(around)} sensors within {round(rules.within_m):,} m are over"
    if len(over) >= need and len(over) >= rules.share * len(around):
        return Verdict(lead, tuple(over), True, f"{counted_ko}입니다.", f"{counted_en}.")
    why_ko = f"이고, 측정소 {against[0].name}은(는) {against[0].value.normalize():f}입니다" if against else "입니다"
    why_en = f"; the official station {against[0].name} reads {against[0].value.normalize():f}" if against else ""
    return Verdict(
        lead, (lead,), False, f"{counted_ko}{why_ko}. 확인되지 않았습니다.", f"{counted_en}{why_en}: not confirmed."
    )
