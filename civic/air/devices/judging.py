"""What of a device's values is believed as it comes: its own pollutants, in its time, within what it can measure. Pure.

A stamp is never moved: what cannot be true is refused and told, what is doubted is kept and said to be so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from civic.air.devices.registry import Device
from core.air_device_rules import Devices
from core.contracts.air import Observation

MOST = 200_000
"""Beyond this the store keeps no value, and no instrument shows one (civic/air/packing.py)."""
HOUR_S, SECONDS = 3_600, 300
"""Means shorter than SECONDS are values of seconds: kept as raw ones, for as many days as those (civic/air/raw.py)."""
REASONS = {
    "period": ("한 시간 평균은 정각에 끝나야 하고, 그보다 긴 평균은 받지 않습니다", "an hour's mean ends on the hour"),
    "pollutant": ("이 측정기에 등록된 항목이 아닙니다", "not one of the pollutants entered for this device"),
    "ahead": ("시각이 우리 시계보다 앞섭니다. 측정기의 시계를 확인해 주세요", "the stamp is ahead of our clock"),
    "too_late": ("받는 기간이 지난 값입니다", "older than what is taken"),
    "too_many": ("한 번에 보낼 수 있는 수를 넘었습니다", "more than one message may hold"),
    "beyond": ("어떤 측정기도 보이지 않는 값입니다", "a value that no instrument shows"),
}


@dataclass(frozen=True, slots=True)
class Refused:
    pollutant: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """`doubted` of `taken` are out of range. `newest`: the newest stamp that was taken."""

    taken: tuple[Observation, ...]
    refused: tuple[Refused, ...]
    doubted: int
    newest: datetime | None

    @property
    def has_ahead(self) -> bool:
        return any(one.reason == "ahead" for one in self.refused)


def judge(
    device: Device, observations: Sequence[Observation], now: datetime, rules: Devices, raw_days: int = 3
) -> Judged:
    """Each value once: of two words on one moment in one message the last stands. `raw_days`: see core.air_rules."""
    taken: dict[tuple[str, datetime, int], Observation] = {}
    refused: list[Refused] = []
    for place, one in enumerate(observations):
        reason = _refusal(device, one, now, rules, raw_days) if place < rules.most_rows else "too_many"
        if reason:
            refused.append(Refused(one.pollutant, one.phenomenon_end, reason))
            continue
        taken[one.pollutant, one.phenomenon_end, one.period_s] = _within(one, rules)
    kept = tuple(taken.values())
    doubted = sum(one.quality == "SUSPECT" and one.flag == OUT_OF_RANGE for one in kept)
    return Judged(kept, tuple(refused), doubted, max((one.phenomenon_end for one in kept), default=None))


OUT_OF_RANGE = "측정 범위 밖"


def _refusal(device: Device, one: Observation, now: datetime, rules: Devices, raw_days: int) -> str:
    if one.pollutant not in device.pollutants:
        return "pollutant"
    if one.phenomenon_end > now + timedelta(seconds=rules.ahead_s):
        return "ahead"
    days = rules.late_days if one.period_s >= SECONDS else min(rules.late_days, raw_days)
    if one.phenomenon_end < now - timedelta(days=days):
        return "too_late"
    if one.period_s > HOUR_S or (one.period_s == HOUR_S and one.phenomenon_end.timestamp() % HOUR_S):
        return "period"
    if one.value is not None and abs(one.value) > MOST:
        return "beyond"
    return ""


def _within(one: Observation, rules: Devices) -> Observation:
    """A value that its sensor cannot measure is kept and doubted."""
    bounds = rules.ranges.get(one.pollutant)
    if one.usable is None or bounds is None or bounds.least <= one.usable <= bounds.most:
        return one
    return replace(one, quality="SUSPECT", flag=OUT_OF_RANGE)
