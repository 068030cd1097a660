"""Which stations speak for a place, which hour of theirs, and what stands over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from actions.air import showing
from actions.air.asking import Spot
from actions.air.counter import Counter
from civic.air.alarms import Standing
from civic.air.records import Hour, Now, Site
from core.contracts.air import Level

_NEAR = 4
"""Stations that are looked at: the nearest, and others for what it lacks."""
# Provinces and large cities as English speakers write them; the data itself names regions in Korean, as they are today.
_ROMANISED = {
    "seoul": "서울", "busan": "부산", "incheon": "인천", "daegu": "대구", "daejeon": "대전", "gwangju": "광주",
    "ulsan": "울산", "sejong": "세종", "jeju": "제주", "suwon": "수원", "goyang": "고양", "bucheon": "부천",
    "paju": "파주", "ganghwa": "강화",
}  # fmt: skip
_TAILS = ("특별자치시", "특별자치도", "특별시", "광역시", "통합특별시", "도", "시", "군", "구")


@dataclass(frozen=True, slots=True)
class Look:
    """`main`: the nearest station with a present value to go by, else the nearest at all. `skipped`: nearer ones that
    have none. `others`: the rest, by distance. `before`: main's hours by how many hours ago.
    """

    main: Now
    skipped: tuple[Now, ...]
    others: tuple[Now, ...]
    before: Mapping[int, Hour]


async def look(counter: Counter, where: Spot, now: datetime) -> Look | None:
    """What the stations near a place say; None when there is no station with any hour."""
    nows = await counter.air.near(where.lat, where.lon, now, most=_NEAR)
    if not nows:
        return None
    main = next((one for one in nows if showing.is_fresh(one)), nows[0])
    others = tuple(one for one in nows if one is not main)
    return Look(
        main=main,
        skipped=tuple(one for one in others if _is_nearer(one, main) and not showing.is_fresh(one)),
        others=others,
        before=await before(counter, main, showing.BACK),
    )


def _is_nearer(one: Now, other: Now) -> bool:
    """A station of the same kind that would have spoken first."""
    is_of_kind = one.site.network == other.site.network and one.site.origin == other.site.origin
    return is_of_kind and (one.distance_m or 0) < (other.distance_m or 0)


async def before(counter: Counter, one: Now, hours: Sequence[int]) -> dict[int, Hour]:
    """The station's hours that ended so many hours before its newest."""
    wanted = {one.hour.at - timedelta(hours=back): back for back in hours}
    found = await counter.air.hours([one.site.id], min(wanted) - showing.HOUR, one.hour.at)
    return {wanted[hour.at]: hour for hour in found.get(one.site.id, []) if hour.at in wanted}


async def between(counter: Counter, site: Site, begin: datetime, end: datetime) -> list[Hour]:
    """The station's hours that ended after `begin` and not after `end`, oldest first."""
    return (await counter.air.hours([site.id], begin, end)).get(site.id, [])


def elsewhere(name: str, look: Look) -> Now | None:
    """The next station that has a present value of what the main one lacks."""
    return next((one for one in look.others if not one.is_stale and name in showing.usable(one.hour)), None)


async def of_city(counter: Counter, now: datetime) -> list[Now]:
    """The newest hours of the stations that config.yml counts to the city's zones."""
    names = {name for zone in counter.rules.zones.values() for name in zone.stations}
    return [one for one in await counter.air.newest(now) if one.site.origin == "official" and one.site.name in names]


async def of_elsewhere(counter: Counter, name: str, now: datetime) -> list[Now]:
    """Stations of another town or province that the store happens to hold: by region, address or their own name."""
    said = _ROMANISED.get(name.lower(), name)
    stem = next((said.removesuffix(tail) for tail in _TAILS if said.endswith(tail) and len(said) > len(tail) + 1), said)
    found = [one for one in await counter.air.newest(now) if one.site.origin == "official"]
    exact = [one for one in found if said in (one.site.name, *one.site.former)]
    return exact or [one for one in found if one.site.network == "urban" and _is_of(one.site, stem)]


def _is_of(site: Site, stem: str) -> bool:
    words = [site.region, *site.address.split()[:3]]
    return any(word == stem or (word.startswith(stem) and word.removeprefix(stem) in _TAILS) for word in words)


def levels(found: Standing) -> list[tuple[str, Level]]:
    """Pollutant and level of what stands over the city, as advice takes them."""
    ours = [(one.pollutant, level) for one in found.reached if (level := one.now_level or one.level) is not None]
    return [*ours, *((one.pollutant, one.level) for one in found.issued)]
