"""What is wrong with a device, told from what it measured, from its neighbours and from the official stations. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median
from uuid import UUID

from civic.air.devices.findings import Finding, Kind
from civic.air.devices.registry import Device, Seen
from civic.air.devices.series import Window
from core.air_device_rules import Devices, Drift
from core.contracts.channel import GeoPoint
from core.distance import meters

GRAVE: frozenset[Kind] = frozenset({"silent", "stuck", "drift", "clock_ahead", "clock_behind"})
"""Whoever has one of these is a D."""
MANY, NEARLY_ALL = 10, 0.8
"""So many devices and so great a share of them silent at once are one fault (`outage`)."""
_CLOCK_STANDS = timedelta(hours=1)
_REAL_SHARE = 0.2
"""Jumps that make up so much of a window are no spikes: something is in the air."""
_WHOLE = 0.8
"""Of the window a standing value must have been seen over so much."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A sensor's hours against those of the nearest official station: medians over `pairs` hours."""

    device_id: UUID
    pollutant: str
    station: str
    ratio: float
    offset: Decimal
    pairs: int


@dataclass(frozen=True, slots=True)
class Grade:
    """A, B, C, D, U with its reason in both languages."""

    grade: str
    reason_ko: str
    reason_en: str


def wires(device: Device, seen: Seen, now: datetime, rules: Devices) -> list[Finding]:
    """Silence and clocks. A device that never spoke is silent from when it was entered."""
    last = seen.last_at or device.created_at
    patience = max(timedelta(minutes=rules.silent_minutes), rules.silent_periods * timedelta(seconds=device.period_s))
    found = []
    if now - last > patience:
        minutes = int((now - last).total_seconds() // 60)
        found.append(
            Finding(device.id, "", "silent", f"{minutes:,}분째 값이 오지 않습니다.", f"Silent for {minutes:,} minutes.")
        )
        return found
    if seen.ahead_at is not None and now - seen.ahead_at < _CLOCK_STANDS:
        ko, en = (
            "시계가 우리 시계보다 앞섭니다. 앞선 값은 받지 않았습니다.",
            "Its clock is ahead; such values are refused.",
        )
        found.append(Finding(device.id, "", "clock_ahead", ko, en))
    behind = timedelta(seconds=rules.behind_s + device.period_s)
    if seen.newest_at is not None and last - seen.newest_at > behind:
        minutes = int((last - seen.newest_at).total_seconds() // 60)
        ko = f"값을 보내고 있으나 시각이 {minutes:,}분 뒤져 있습니다. 시계를 확인해 주세요."
        found.append(
            Finding(device.id, "", "clock_behind", ko, f"Speaking, but its stamps are {minutes:,} min behind.")
        )
    return found


def outage(found: Sequence[Finding], seen: Mapping[UUID, Seen]) -> datetime | None:
    """Since when nearly all devices are silent at once, which is a fault of ours or of the wires and none of theirs;
    None where it is not so. `seen`: of all that are on.
    """
    silent = [one.device_id for one in found if one.kind == "silent"]
    spoke = [last for one in silent if (last := seen[one].last_at) is not None]
    if len(silent) < MANY or len(silent) < NEARLY_ALL * len(seen) or not spoke:
        return None
    return max(spoke)


def stuck(devices: Mapping[int, Device], windows: Sequence[Window], rules: Devices) -> list[Finding]:
    """The same value over the whole window while a neighbour's moved. Where nobody is near nothing is said."""
    found = []
    for one in windows:
        if one.least != one.most or one.count < rules.stuck.values or not _is_whole(one, rules.stuck.minutes):
            continue
        device = devices[one.site_id]
        here = GeoPoint(device.lat, device.lon)
        moved = [
            devices[other.site_id]
            for other in windows
            if other.site_id != one.site_id
            and other.pollutant == one.pollutant
            and other.least < other.most
            and _is_whole(other, rules.stuck.minutes)
            and meters(here, _place(devices[other.site_id])) <= rules.stuck.near_m
        ]
        if moved:
            value = f"{one.most.normalize():f}"
            beside = f"이웃 {moved[0].name}은(는) 움직임"
            ko = f"{one.pollutant} 값이 {rules.stuck.minutes}분 동안 {value}에 멈춰 있습니다 ({beside})."
            en = f"{one.pollutant} stood at {value} for {rules.stuck.minutes} min while {moved[0].name} moved."
            found.append(Finding(device.id, one.pollutant, "stuck", ko, en, {"value": value, "count": one.count}))
    return found


def spikes(devices: Mapping[int, Device], windows: Sequence[Window], rules: Devices) -> list[Finding]:
    """Single values far over the median around them, again and again."""
    found = []
    for one in windows:
        if one.jumps < rules.spike.most or one.jumps > _REAL_SHARE * one.count:
            continue
        ko = f"{one.pollutant} 값이 {rules.spike.minutes}분 동안 {one.jumps}번 튀었습니다."
        en = f"{one.pollutant} jumped {one.jumps} times in {rules.spike.minutes} min."
        facts = {"jumps": one.jumps, "median": f"{one.median:f}"}
        found.append(Finding(devices[one.site_id].id, one.pollutant, "spikes", ko, en, facts))
    return found


def compared(
    device: Device, pollutant: str, station: str, pairs: Sequence[tuple[Decimal, Decimal]], rules: Drift
) -> Compared | None:
    """`pairs`: the sensor's hour and the station's. Ratios only where the station's is above zero; None for too few."""
    above = [(mine, theirs) for mine, theirs in pairs if theirs > 0]
    if len(above) < rules.hours:
        return None
    ratio = median(float(mine / theirs) for mine, theirs in above)
    return Compared(device.id, pollutant, station, ratio, median(mine - theirs for mine, theirs in above), len(above))


def drifts(found: Sequence[Compared], rules: Drift) -> list[Finding]:
    told = []
    for one in found:
        if 1 / rules.ratio <= one.ratio <= rules.ratio:
            continue
        times = f"측정소 {one.station}의 {one.ratio:.2f}배"
        ko = f"{one.pollutant} 값이 {rules.days}일 동안 {times}입니다 ({one.pairs}시간의 중앙값)."
        en = f"{one.pollutant} is {one.ratio:.2f} times that of {one.station} over {rules.days} days ({one.pairs} h)."
        facts = {"ratio": round(one.ratio, 3), "offset": f"{one.offset:f}", "pairs": one.pairs, "station": one.station}
        told.append(Finding(one.device_id, one.pollutant, "drift", ko, en, facts))
    return told


def grade(standing: Sequence[tuple[Kind, str, str]], compared: Sequence[Compared], rules: Drift) -> Grade:
    """From what stands (kind with its reasons) and the comparisons of all its pollutants; the worst one decides."""
    grave = [one for one in standing if one[0] in GRAVE]
    if grave:
        return Grade("D", grave[0][1], grave[0][2])
    jumpy = [one for one in standing if one[0] == "spikes"]
    if jumpy:
        return Grade("C", jumpy[0][1], jumpy[0][2])
    if not compared:
        return Grade(
            "U", "견줄 만한 측정소의 값이 아직 모이지 않았습니다.", "Not enough hours to compare with a station."
        )
    worst = max(compared, key=lambda one: max(one.ratio, 1 / one.ratio if one.ratio > 0 else float("inf")))
    off = max(worst.ratio, 1 / worst.ratio if worst.ratio > 0 else float("inf"))
    letter = "A" if off <= rules.ratio_a else "B" if off <= rules.ratio_b else "C"
    ko = f"{worst.pollutant}이(가) 측정소 {worst.station}의 {worst.ratio:.2f}배입니다 ({worst.pairs}시간의 중앙값)."
    en = f"{worst.pollutant} is {worst.ratio:.2f} times that of {worst.station} ({worst.pairs} h)."
    return Grade(letter, ko, en)


def _is_whole(one: Window, minutes: int) -> bool:
    return one.last_at - one.first_at >= _WHOLE * timedelta(minutes=minutes)


def _place(device: Device) -> GeoPoint:
    return GeoPoint(device.lat, device.lon)
