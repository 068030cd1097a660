"""What everybody reads of episodes: standing or over, their peak, their changes, and corrections that stay in sight."""

from datetime import timedelta
from decimal import Decimal

from civic.air.watch.service import Episode, episodes, standing
from core.db import Database
from tests.civic.air.watch.sky import ARRIVAL, HOUR, Sky, at, curve


async def _standing(sky: Sky) -> list[Episode]:
    async with sky.db.transaction() as tx:
        return await standing(tx, sky.city_id)


async def _all(sky: Sky) -> list[Episode]:
    async with sky.db.transaction() as tx:
        return await episodes(tx, sky.city_id, at("2026-03-01 00"), at("2026-03-09 00"))


async def test_an_episode_stands_until_it_is_lifted_and_keeps_its_peak(database: Database) -> None:
    sky = Sky(database, ("섬",), watch={"first_hours": 2})
    rows = curve("섬", "PM10", "2026-03-02 01", [160, 170, 320, 310, 140, 90])
    await sky.feed(rows[:4], rows[3][2])
    await sky.all_looks(rows[3][2], back=timedelta(hours=72))
    assert await _standing(sky) == [] or (await _standing(sky))[0].ended_at is None
    await sky.all_looks(rows[3][2] + ARRIVAL)
    [live] = await _standing(sky)
    assert (live.zone, live.pollutant, live.level, live.now_level) == ("here", "PM10", "warning", "warning")
    assert (live.peak, live.ended_at, live.kind) == (Decimal(320), None, "reached")
    await sky.feed(rows[4:], rows[5][2])
    await sky.all_looks(rows[5][2] + ARRIVAL)
    assert await _standing(sky) == []
    [over] = await _all(sky)
    assert over.ended_at == rows[5][2] and over.level == "warning" and over.now_level is None
    assert [(one.kind, one.level) for one in over.changes][-2:] == [("stepped_down", "advisory"), ("lifted", None)]


async def test_a_corrected_hour_takes_a_change_back_in_sight_and_says_so_to_who_was_told(database: Database) -> None:
    sky = Sky(database, ("섬",), watch={"first_hours": 2})
    rows = curve("섬", "PM10", "2026-03-02 01", [160, 170])
    await sky.feed(rows, rows[1][2] + ARRIVAL)
    await sky.all_looks(rows[1][2] + ARRIVAL)
    assert [one["kind"] for one in await sky.tellings()] == ["change"]
    later = rows[1][2] + HOUR
    await sky.feed(curve("섬", "PM10", "2026-03-02 02", [17]), later)
    await sky.all_looks(later)
    assert await sky.changes("PM10") == []
    [(hour, kind, level, value)] = await sky.changes("PM10", withdrawn=True)
    assert (hour, kind, level, value) == ("03-02 02", "reached", "advisory", Decimal(170))
    told = await sky.tellings()
    assert [(one["kind"], one["facts"]["before"], one["facts"]["level"]) for one in told] == [
        ("change", None, "advisory"),
        ("correction", "advisory", None),
    ]
    assert told[1]["episode"] == told[0]["episode"], "it goes to those who were told"
    [shown] = await _all(sky)
    assert shown.level is None and shown.changes[0].withdrawn_at == later
    await sky.all_looks(later + HOUR)
    assert len(await sky.tellings()) == 2, "said once"


async def test_a_value_that_is_put_right_keeps_what_was_said_first(database: Database) -> None:
    sky = Sky(database, ("섬",), watch={"first_hours": 2})
    rows = curve("섬", "PM10", "2026-03-02 01", [160, 170])
    await sky.feed(rows, rows[1][2] + ARRIVAL)
    await sky.all_looks(rows[1][2] + ARRIVAL)
    await sky.feed(curve("섬", "PM10", "2026-03-02 02", [190]), rows[1][2] + HOUR)
    await sky.all_looks(rows[1][2] + HOUR)
    [shown] = await _all(sky)
    assert (shown.changes[0].value, shown.changes[0].first_value) == (Decimal(190), Decimal(170))
    assert len(await sky.tellings()) == 1, "the same change is not told again"


async def test_an_hour_waits_for_its_stations_and_then_goes_without_them(database: Database) -> None:
    sky = Sky(database, ("동", "서"), watch={"first_hours": 2, "part_minutes": 30, "missing_minutes": 120})
    first = curve("동", "PM10", "2026-03-02 01", [160, 170]) + curve("서", "PM10", "2026-03-02 01", [160])
    end = at("2026-03-02 02")
    await sky.feed(first, end + ARRIVAL)
    await sky.all_looks(end + ARRIVAL)
    assert await sky.changes("PM10") == [], "one station has not spoken yet"
    await sky.all_looks(end + timedelta(minutes=30))
    assert await sky.changes("PM10") == [("03-02 02", "reached", "advisory", Decimal(170))]
    late = end + timedelta(minutes=50)
    await sky.feed(curve("서", "PM10", "2026-03-02 02", [150]), late)
    await sky.all_looks(late)
    assert await sky.changes("PM10") == [("03-02 02", "reached", "advisory", Decimal(160))]
    assert len(await sky.tellings()) == 1


async def test_an_hour_that_never_comes_breaks_a_run_and_lifts_nothing(database: Database) -> None:
    sky = Sky(database, ("섬",), watch={"first_hours": 2})
    await sky.feed(curve("섬", "PM10", "2026-03-02 01", [160]), at("2026-03-02 01") + ARRIVAL)
    await sky.all_looks(at("2026-03-02 01") + ARRIVAL)
    await sky.feed(curve("섬", "PM10", "2026-03-02 03", [160, 160]), at("2026-03-02 04") + ARRIVAL)
    await sky.all_looks(at("2026-03-02 04") + ARRIVAL)
    assert await sky.changes("PM10") == [("03-02 04", "reached", "advisory", Decimal(160))]
    await sky.all_looks(at("2026-03-02 09"))
    assert [one[1] for one in await sky.changes("PM10")] == ["reached"], "silence is no lift"


async def test_a_change_that_comes_to_light_too_late_is_shown_and_not_told(database: Database) -> None:
    sky = Sky(database, ("섬",), watch={"first_hours": 24}, telling={"fresh_minutes": 120})
    await sky.feed(curve("섬", "PM10", "2026-03-02 01", [160, 170, 165, 160]), at("2026-03-02 08"))
    await sky.all_looks(at("2026-03-02 08"))
    assert [one[:3] for one in await sky.changes("PM10")] == [("03-02 02", "reached", "advisory")]
    assert await sky.tellings() == []
    await sky.feed(curve("섬", "PM10", "2026-03-02 09", [50]), at("2026-03-02 09"))
    await sky.all_looks(at("2026-03-02 09"))
    assert await sky.tellings() == [], "nobody heard of the rise, so nobody hears of the fall"


async def test_a_rise_after_a_fall_that_nobody_was_told_is_told(database: Database) -> None:
    sky = Sky(database, ("섬",), watch={"first_hours": 2}, telling={"fresh_minutes": 60})
    await sky.feed(curve("섬", "PM10", "2026-03-02 01", [160, 170]), at("2026-03-02 02"))
    await sky.all_looks(at("2026-03-02 02"))
    await sky.feed(curve("섬", "PM10", "2026-03-02 03", [50, 40, 40, 40, 40]), at("2026-03-02 07"))
    await sky.all_looks(at("2026-03-02 07"))
    await sky.feed(curve("섬", "PM10", "2026-03-02 08", [180, 190]), at("2026-03-02 09"))
    await sky.all_looks(at("2026-03-02 09"))
    assert [(one["facts"]["level"], one["facts"]["at"][:13]) for one in await sky.tellings()] == [
        ("advisory", "2026-03-01T17"),
        ("advisory", "2026-03-02T00"),
    ]
