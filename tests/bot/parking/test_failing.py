"""Sources that fail, are used up or fall silent: asked ever more seldom, told to staff once, numbers left to age."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from civic.parking.numbers import COLUMNS, Number, number_of
from civic.parking.sources import pushed
from civic.parking.tables import parking_realtime
from civic.sources.tables import sources
from core.clock import SetClock
from core.contracts.parking import Mark, Pulled, ReadReport, RealtimeRecord, Terms
from core.db import Database
from core.http import Outside
from tests.bot.parking.house import RULES, START, House, kinds
from tests.bot.parking.town import TERMS, Town, always, counts, providing


async def test_failures_wait_twice_as_long_each_time_and_staff_hear_of_a_long_one_once(
    database: Database, city_id: str, clock: SetClock
) -> None:
    healthy = False

    async def answer(call: int) -> tuple[int, Any]:
        return (200, counts(12)) if healthy else (200, b"<html>")

    async with providing(answer) as provider, Outside(["127.0.0.1"]) as outside:
        house = House(database, city_id, clock, outside, Town("town", provider.url))
        waits: list[float] = []
        for _ in range(9):
            await house.go()
            row = await house.source()
            waits.append((row["next_at"] - clock.now()).total_seconds())
            clock.move(row["next_at"] - clock.now())
            if row["state"] == "backing_off":
                assert await house.notices() == []
        assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
        assert row["state"] == "failing"
        assert kinds(await house.notices()) == ["parking.source_failing"], "one alarm however often it fails"
        healthy = True
        await house.go()
    row = await house.source()
    assert (row["state"], row["failures"], row["failing_since"], row["alarmed_at"]) == ("active", 0, None, None)
    assert kinds(await house.notices()) == ["parking.source_failing", "parking.source_back"]


async def test_a_short_failure_is_nobodys_business(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async def answer(call: int) -> tuple[int, Any]:
        return (503, b"") if call == 1 else (200, counts(12))

    async with providing(answer) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url))
        await house.go()
        assert (await house.source())["state"] == "backing_off"
        await house.go(after=timedelta(seconds=30))
    assert ((await house.source())["state"], await house.notices()) == ("active", [])


async def test_a_refused_key_is_told_at_once_and_tried_seldom(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async def answer(call: int) -> tuple[int, Any]:
        return 401, b""

    async with providing(answer) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url))
        await house.go()
        assert (await house.source())["state"] == "failing"
        assert kinds(await house.notices()) == ["parking.source_refused"]
        await house.go(after=timedelta(hours=1))
    row = await house.source()
    assert (row["state"], row["failures"]) == ("failing", 2)
    assert row["next_at"] - clock.now() == timedelta(hours=1)
    [(kind, text)] = await house.notices()
    assert kind == "parking.source_refused"
    assert "‘town’" in text
    assert "키를 확인" in text


async def test_a_used_up_quota_waits_for_midnight_in_korea(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async def answer(call: int) -> tuple[int, Any]:
        return (200, b"quota") if call == 1 else (200, counts(12))

    async with providing(answer) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url))
        await house.go()
        row = await house.source()
        assert (row["state"], row["failures"]) == ("backing_off", 0)
        assert row["next_at"] == datetime(2026, 10, 6, 15, 2, tzinfo=UTC)
        assert kinds(await house.notices()) == ["parking.source_quota"]
        await house.go(after=timedelta(hours=12))
        assert provider.calls == 1
        await house.go(after=timedelta(minutes=3))
        assert (provider.calls, await house.free()) == (2, {"P:1": 12})


async def test_the_calls_of_a_day_are_counted_and_spread_until_midnight(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    terms = replace(TERMS, daily_calls=100)
    async with providing(lambda call: always(counts(12, calls=10))) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url, terms))
        gaps: list[float] = []
        asked: list[datetime] = []
        while len(asked) < 11:
            await house.go()
            asked.append(clock.now())
            row = await house.source()
            gaps.append((row["next_at"] - clock.now()).total_seconds())
            clock.move(row["next_at"] - clock.now())
    # Nine hours of calls for twelve hours until midnight: spread, and never more than a hundred in a Korean day.
    before = [at for at in asked if at < datetime(2026, 10, 6, 15, tzinfo=UTC)]
    assert len(before) == 10
    assert min(gaps[:9]) > 3600
    assert row["calls"] == 10, "a new Korean day counts from nothing"


async def test_a_pull_at_the_end_of_its_quota_does_not_call(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async with providing(lambda call: always(counts(12))) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url, replace(TERMS, daily_calls=1)))
        await house.go()
        async with database.transaction() as tx:  # as staff who ask for a pull now
            await tx.execute(update(sources).where(sources.c.city_id == city_id).values(next_at=START))
        await house.go(after=timedelta(minutes=1))
        row = await house.source()
        assert (provider.calls, row["calls"]) == (1, 1)
        assert row["next_at"] >= datetime(2026, 10, 6, 15, tzinfo=UTC)


async def test_what_is_known_ages_honestly_while_its_source_fails(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async def answer(call: int) -> tuple[int, Any]:
        return (200, counts(12)) if call == 1 else (503, b"")

    async with providing(answer) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url))
        await house.go()
        standings: list[tuple[str, int | None]] = []
        for minutes in (0, 20, 11, 88, 2):
            await house.go(after=timedelta(minutes=minutes))
            number = await _number(house)
            standings.append((number.standing, number.free))
    assert standings == [("fresh", 12), ("fresh", 12), ("aged", 12), ("aged", 12), ("withdrawn", None)]
    assert await house.free() == {"P:1": 12}, "the row is left as it was"


async def _number(house: House) -> Number:
    async with house.database.reading() as tx:
        query = select(parking_realtime).where(parking_realtime.c.city_id == house.city_id)
        row = (await tx.execute(query)).mappings().one()
    number = number_of({f"now_{name}": row[name] for name in COLUMNS}, house.clock.now(), RULES.numbers)
    assert number is not None
    return number


class Operator:
    """A source that pushes."""

    name = "operator"
    terms: Terms = TERMS

    def receive(self, body: bytes, headers: Any, now: datetime) -> Pulled:
        raise NotImplementedError


async def test_a_source_that_pushes_is_missed_when_it_is_silent(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    house = House(database, city_id, clock, outside, Operator())
    await house.go(after=timedelta(hours=5))
    assert (await house.source("operator"))["state"] == "active", "it has never pushed: nothing is missed"
    await _push(house)
    await house.go(after=timedelta(minutes=119))
    assert await house.notices() == []
    await house.go(after=timedelta(minutes=2))
    await house.go(after=timedelta(minutes=2))
    assert kinds(await house.notices()) == ["parking.source_failing"]
    await _push(house)
    assert kinds(await house.notices()) == ["parking.source_failing", "parking.source_back"]
    assert (await house.source("operator"))["state"] == "active"


async def _push(house: House) -> None:
    now = house.clock.now()
    numbers = (RealtimeRecord("operator", "P:1", 3, fetched_at=now, updated_at=now),)
    pulled = Pulled(None, numbers, ReadReport("operator", "가람시", 0, 0), mark=Mark())
    async with house.database.transaction() as tx:
        await pushed(tx, house.city_id, "operator", "town", pulled, now, RULES)
