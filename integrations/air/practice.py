"""연습용 자료: made-up hours of a town, so that a newcomer sees the whole work without a key. They are no measurements.

The same hour is always the same, whoever asks and whenever; docs/sources/practice.md says what is in it.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Annotated

from pydantic import Field

from core.clock import SEOUL
from core.contracts.air import (
    POLLUTANTS,
    UNITS,
    Http,
    Mark,
    Network,
    Observation,
    OfficialForecast,
    Pollutant,
    Pulled,
    ReadReport,
    Station,
    Terms,
    Wind,
)
from core.section import Section
from integrations.air._kma_grid import cell_of

ATTRIBUTION = "연습용 자료, 실제 측정값이 아닙니다"
DIGITS: Mapping[Pollutant, int] = {"SO2": 4, "CO": 2, "O3": 4, "NO2": 4, "PM10": 0, "PM25": 0}
_LEVELS: Mapping[Pollutant, float] = {"SO2": 0.003, "CO": 0.45, "O3": 0.03, "NO2": 0.02, "PM10": 34, "PM25": 17}
_GRADES: Mapping[Pollutant, tuple[float, float, float]] = {
    "PM10": (30, 80, 150),
    "PM25": (15, 35, 75),
    "O3": (0.03, 0.09, 0.15),
}
"""Upper ends of 좋음, 보통, 나쁨, as in civic/air/cai.csv: the exercise forecasts what it is going to show."""
_FORECAST_HOURS = (5, 11, 17, 23)
_EVENING = 17
"""So that nobody who asks after midnight hears that there is no tomorrow."""


class Place(Section):
    """A station of the exercise. `name` and place are those of AirKorea's list (2026-08), its values are not."""

    uid: str
    name: str
    lat: Annotated[float, Field(ge=32, le=39.5)]
    lon: Annotated[float, Field(ge=123, le=133)]
    address: str = ""
    network: Network = "urban"


class Settings(Section):
    """`first_hours`: how much of the past is there at the first start. `ready_minutes`: after the hour, when it comes.
    `episode_every`: about one day in so many is a day of high dust. `region`: of its stations and its forecast.
    """

    stations: Annotated[tuple[Place, ...], Field(min_length=1)]
    region: str = ""
    first_hours: Annotated[int, Field(ge=1, le=720)] = 48
    ready_minutes: Annotated[int, Field(ge=0, le=59)] = 12
    episode_every: Annotated[int, Field(ge=2, le=365)] = 6
    seed: str = ""
    licence: str = "연습용"
    freshness_s: Annotated[int, Field(ge=60)] = 5_400


class Practice:
    """Asks nobody: every hour is reckoned from its own date."""

    asks_nobody = True
    """So a command without a worker brings it up to date by itself (bot/air/practising.py)."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self.terms = Terms(ATTRIBUTION, settings.licence, freshness_s=settings.freshness_s, interval_s=900)
        self._settings = settings

    async def pull(self, http: Http, now: datetime, mark: Mark, *, wants_stations: bool) -> Pulled:
        """The hours since the last one, at most `first_hours` of them."""
        newest = _hour(now - timedelta(minutes=self._settings.ready_minutes))
        hours = list(self._missing(mark, newest))
        return Pulled(
            observations=tuple(one for at in hours for one in self._observations(at, now)),
            report=ReadReport(self.name, ATTRIBUTION, len(hours), len(hours)),
            stations=tuple(self._stations()) if wants_stations else None,
            winds=tuple(self._wind(at, now) for at in hours),
            forecasts=tuple(self._forecasts(now)),
            mark=Mark(cursor=newest.isoformat()),
            calls=0,
            next_at=newest + timedelta(hours=1, minutes=self._settings.ready_minutes),
        )

    def _missing(self, mark: Mark, newest: datetime) -> Iterator[datetime]:
        first = newest - timedelta(hours=self._settings.first_hours - 1)
        with suppress(ValueError, TypeError):  # the first start, or a mark that nobody can read
            first = max(first, datetime.fromisoformat(mark.cursor) + timedelta(hours=1))
        while first <= newest:
            yield first
            first += timedelta(hours=1)

    def _stations(self) -> Iterator[Station]:
        for one in self._settings.stations:
            yield Station(
                self.name,
                one.uid,
                one.name,
                one.network,
                region=self._settings.region,
                address=one.address,
                lat=one.lat,
                lon=one.lon,
                measures=POLLUTANTS,
            )

    def _observations(self, at: datetime, now: datetime) -> Iterator[Observation]:
        for place in self._settings.stations:
            for pollutant in POLLUTANTS:
                value = Decimal(f"{self._value(place, pollutant, at):.{DIGITS[pollutant]}f}")
                yield Observation(self.name, place.uid, pollutant, value, UNITS[pollutant], at, now)

    def _value(self, place: Place, pollutant: Pollutant, at: datetime) -> float:
        """A daily course, the day's own level, the place and a little noise; now and then an episode."""
        local = at.astimezone(SEOUL) - timedelta(minutes=30)  # the middle of the hour
        clock = local.hour + local.minute / 60
        level = _LEVELS[pollutant] * self._course(pollutant, clock) * self._day(local.date(), pollutant)
        if place.network == "roadside":
            level *= {"NO2": 1.6, "CO": 1.3, "O3": 0.75}.get(pollutant, 1.15)
        level *= 0.9 + 0.2 * self._share("place", place.uid, pollutant)
        level *= 0.92 + 0.16 * self._share("hour", place.uid, pollutant, at.isoformat())
        if pollutant in ("PM10", "PM25"):
            level += (180.0 if pollutant == "PM10" else 85.0) * self._episode(local)
        return max(level, 10.0 ** -DIGITS[pollutant])

    def _course(self, pollutant: Pollutant, clock: float) -> float:
        """Ozone has its top in the afternoon, exhaust with the traffic of morning and evening."""
        if pollutant == "O3":
            return 0.45 + 1.1 * math.exp(-(((clock - 15) / 4.0) ** 2))
        rush = math.exp(-(((clock - 8.5) / 2.2) ** 2)) + 0.8 * math.exp(-(((clock - 19.5) / 2.5) ** 2))
        return 0.8 + {"NO2": 0.7, "CO": 0.45, "SO2": 0.25}.get(pollutant, 0.3) * rush

    def _day(self, day: date, pollutant: Pollutant) -> float:
        dust = pollutant in ("PM10", "PM25")
        return 0.7 + 0.7 * self._share("day", day.isoformat(), "dust" if dust else pollutant)

    def _episode(self, local: datetime) -> float:
        """0 to 1: a wave of eighteen hours that begins on some evenings."""
        strength = 0.0
        for day in (local.date(), local.date() - timedelta(days=1)):
            if self._share("episode", day.isoformat()) >= 1 / self._settings.episode_every:
                continue
            begun = datetime(day.year, day.month, day.day, 18, tzinfo=SEOUL)
            passed = (local - begun) / timedelta(hours=18)
            if 0 < passed < 1:
                strength = max(strength, math.sin(math.pi * passed) ** 2)
        return strength

    def _wind(self, at: datetime, now: datetime) -> Wind:
        """Of the grid's cell of the first station: from the north-west, in the afternoon from the sea."""
        local = at.astimezone(SEOUL)
        sea = math.exp(-(((local.hour - 15) / 4.0) ** 2))
        degrees = (310 - 50 * sea + 60 * (self._share("wind", local.date().isoformat()) - 0.5)) % 360
        speed = 1.4 + 2.2 * sea + 1.6 * self._share("speed", at.isoformat())
        warm = 12 + 10 * math.sin(math.pi * (local.timetuple().tm_yday - 105) / 182.5) + 4 * sea
        turn = math.radians(degrees)
        place = self._settings.stations[0]
        return Wind(
            source=self.name,
            place="{},{}".format(*cell_of(place.lat, place.lon)),
            at=at,
            received_at=now,
            from_degrees=Decimal(f"{degrees:.0f}") % 360,
            speed=Decimal(f"{speed:.1f}"),
            u=Decimal(f"{-speed * math.sin(turn):.1f}"),
            v=Decimal(f"{-speed * math.cos(turn):.1f}"),
            temperature=Decimal(f"{warm:.1f}"),
            humidity=Decimal(f"{68 - 20 * sea:.0f}"),
            rain=Decimal(0),
        )

    def _forecasts(self, now: datetime) -> Iterator[OfficialForecast]:
        """Today and tomorrow, as the exercise itself will be; from the evening word on the day after too."""
        issued = _issued(now)
        today, days = issued.astimezone(SEOUL).date(), 3 if issued.astimezone(SEOUL).hour >= _EVENING else 2
        for day in (today + timedelta(days=ahead) for ahead in range(days)):
            for pollutant, ends in _GRADES.items():
                grade = 1 + sum(self._height(pollutant, day) > end for end in ends)
                yield OfficialForecast(
                    source=self.name,
                    uid=f"{pollutant}:{day}",
                    pollutant=pollutant,
                    day=day,
                    issued_at=issued,
                    received_at=now,
                    grades={self._settings.region: grade} if self._settings.region else {},
                    overall=f"연습용 예보입니다. 실제 예보가 아닙니다({self._settings.region}).",
                )

    def _height(self, pollutant: Pollutant, day: date) -> float:
        """Dust is forecast by the day's mean, ozone by its highest hour."""
        begin = datetime(day.year, day.month, day.day, tzinfo=SEOUL)
        place = self._settings.stations[0]
        hours = [self._value(place, pollutant, begin + timedelta(hours=each)) for each in range(1, 25)]
        return max(hours) if pollutant == "O3" else sum(hours) / len(hours)

    def _share(self, *of: str) -> float:
        """0 ≤ x < 1, the same for the same words."""
        found = blake2b("|".join((self._settings.seed, *of)).encode(), digest_size=8).digest()
        return int.from_bytes(found, "big") / 2**64


def build(name: str, settings: Settings) -> Practice:
    return Practice(name, settings)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _issued(now: datetime) -> datetime:
    """The last of the four moments at which forecasts are issued."""
    hour = _hour(now)
    while hour.astimezone(SEOUL).hour not in _FORECAST_HOURS:
        hour -= timedelta(hours=1)
    return hour
