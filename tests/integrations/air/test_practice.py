"""The exercise is the same whoever asks, begins with two days, and looks like air without ever being called so."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import yaml

from core.air_rules import Air
from core.clock import SEOUL
from core.contracts.air import Mark, Pulled
from core.http import Outside
from core.loading import ROOT
from integrations.air import practice

NOW = datetime(2026, 11, 23, 3, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = practice.Settings.model_validate(
    {
        "region": "경기북부",
        "stations": [
            {"uid": "a", "name": "가동", "lat": 37.62, "lon": 126.72},
            {"uid": "r", "name": "나로", "lat": 37.65, "lon": 126.67, "network": "roadside"},
        ],
    }
)


async def _pulled(now: datetime = NOW, cursor: str = "", settings: practice.Settings = SETTINGS) -> Pulled:
    async with Outside([]) as outside:
        source = practice.build("practice", settings)
        return await source.pull(outside, now, Mark(cursor=cursor), wants_stations=not cursor)


async def test_the_first_start_brings_two_days_and_later_ones_what_is_missing() -> None:
    first = await _pulled()
    ends = sorted({one.phenomenon_end for one in first.observations})
    assert (len(ends), ends[-1], ends[0]) == (48, NOW.replace(minute=0), NOW.replace(minute=0) - 47 * HOUR)
    assert [one.at for one in first.winds] == ends
    assert first.next_at == NOW.replace(minute=12) + HOUR
    later = await _pulled(NOW + 3 * HOUR, first.mark.cursor)
    assert sorted({one.phenomenon_end for one in later.observations}) == [ends[-1] + each * HOUR for each in (1, 2, 3)]
    away = await _pulled(NOW + timedelta(days=30), first.mark.cursor)
    assert len({one.phenomenon_end for one in away.observations}) == 48, "a month away is not made up for"
    assert (first.calls, first.report.attribution) == (0, "연습용 자료, 실제 측정값이 아닙니다")


async def test_an_hour_is_the_same_whenever_it_is_asked_for() -> None:
    def values(pulled: Pulled) -> dict[tuple[str, str, datetime], Decimal | None]:
        return {(one.station_uid, one.pollutant, one.phenomenon_end): one.value for one in pulled.observations}

    early, late = values(await _pulled()), values(await _pulled(NOW + 24 * HOUR))
    shared = set(early) & set(late)
    assert len(shared) == 24 * 12
    assert all(early[key] == late[key] for key in shared)


async def test_months_of_it_look_like_air() -> None:
    long = SETTINGS.model_copy(update={"first_hours": 24 * 120})
    observations = (await _pulled(settings=long)).observations
    means = {
        pollutant: sum(float(one.value or 0) for one in observations if one.pollutant == pollutant) / (24 * 120 * 2)
        for pollutant in ("O3", "PM10", "PM25", "CO")
    }
    assert 25 < means["PM10"] < 80
    assert means["PM25"] < means["PM10"]
    assert 0.01 < means["O3"] < 0.05
    dust = [one for one in observations if one.pollutant == "PM10" and one.station_uid == "a" and one.value is not None]
    high = [one for one in dust if one.value is not None and one.value >= 150]
    assert 0 < len(high) < 0.1 * len(dust), "an episode now and then"
    assert all(one.value is not None and one.value > 0 for one in observations)


async def test_its_forecast_is_what_will_be_shown() -> None:
    pulled = await _pulled()
    tomorrow = next(one for one in pulled.forecasts if one.pollutant == "PM10" and one.day.isoformat() == "2026-11-24")
    assert (tomorrow.issued_at, list(tomorrow.grades)) == (datetime(2026, 11, 23, 2, tzinfo=UTC), ["경기북부"])
    assert "연습용" in tomorrow.overall
    later = (await _pulled(datetime(2026, 11, 24, 15, 20, tzinfo=UTC))).observations
    of_day = [
        float(one.value or 0)
        for one in later
        if (one.station_uid, one.pollutant) == ("a", "PM10")
        and datetime(2026, 11, 23, 15, tzinfo=UTC) < one.phenomenon_end <= datetime(2026, 11, 24, 15, tzinfo=UTC)
    ]
    mean = sum(of_day) / 24
    assert tomorrow.grades["경기북부"] == 1 + sum(mean > end for end in (30, 80, 150))


@pytest.mark.parametrize(("hour", "days"), [(3, 2), (8, 3), (15, 3), (21, 2)])
async def test_there_is_always_a_word_on_tomorrow(hour: int, days: int) -> None:
    now = NOW.replace(hour=hour)
    told = {one.day for one in (await _pulled(now)).forecasts}
    assert now.astimezone(SEOUL).date() + timedelta(days=1) in told
    assert len(told) == days


async def test_its_wind_is_of_a_cell_of_the_grid_and_comes_from_where_it_says() -> None:
    wind = (await _pulled()).winds[0]
    assert wind.place == "55,128"
    assert wind.u is not None
    assert wind.v is not None
    assert wind.from_degrees is not None
    assert 0 <= wind.from_degrees < 360


def test_the_city_of_the_checkout_practises_with_its_own_stations() -> None:
    """Names and places of the stations are those of AirKorea's list, so that zones and chats work with them."""
    air = Air.model_validate(yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))["air"])
    section = {key: value for key, value in air.sources["practice"].items() if key not in ("vendor", "enabled")}
    settings = practice.Settings.model_validate(section)
    urban = {one.name for one in settings.stations if one.network == "urban"}
    assert all(set(zone.stations) <= urban for zone in air.zones.values())
    assert air.sources["practice"]["enabled"] is True
