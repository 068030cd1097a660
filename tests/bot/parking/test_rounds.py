"""The rounds of parking sources over real HTTP: due, once, backed off, told, and never a wrong number for it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.parking.rounds import More, Rounds
from civic.parking.numbers import COLUMNS, Number, number_of
from civic.parking.sources import is_off, pushed
from civic.parking.tables import parking_lots, parking_realtime, parking_sources
from civic.staff.tables import staff_notices
from core.clock import SetClock
from core.contracts.parking import Mark, Pulled, Pulling, Pushing, ReadReport, RealtimeRecord, Terms
from core.db import Database
from core.http import Outside
from core.parking_rules import Parking
from tests.bot.parking.town import TERMS, Town, always, counts, providing
from tests.waiting import until

START = datetime(2026, 10, 6, 3, tzinfo=UTC)
RULES = Parking()


@pytest.fixture
async def city_id(database: Database) -> AsyncIterator[str]:
    yield f"city-{uuid4().hex[:8]}"


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with Outside(["127.0.0.1"]) as found:
        yield found


class House:
    """One process on its rounds: its own name, the same store and clock."""

    def __init__(
        self,
        database: Database,
        city_id: str,
        clock: SetClock,
        outside: Outside,
        *sources: Pulling | Pushing,
        rules: Parking = RULES,
        more: Sequence[More] = (),
    ) -> None:
        self.database, self.city_id, self.clock = database, city_id, clock
        named = {source.name: source for source in sources}
        self.rounds = Rounds(
            database,
            named,
            outside,
            rules,
            city_id,
            clock,
            f"house-{uuid4().hex[:4]}",
            more=more,
            spread=lambda low, high: 0.0,
        )

    async def go(self, *, after: timedelta = timedelta()) -> None:
        self.clock.move(after)
        await self.rounds.go()

    async def source(self, name: str = "town") -> RowMapping:
        mine = (parking_sources.c.city_id == self.city_id, parking_sources.c.name == name)
        async with self.database.reading() as tx:
            return (await tx.execute(select(parking_sources).where(*mine))).mappings().one()

    async def free(self) -> dict[str, int | None]:
        joined = parking_realtime.join(parking_lots, parking_lots.c.id == parking_realtime.c.lot_id)
        query = select(parking_lots.c.uid, parking_realtime.c.free).select_from(joined)
        async with self.database.reading() as tx:
            found = await tx.execute(query.where(parking_lots.c.city_id == self.city_id))
            return {row.uid: row.free for row in found}

    async def notices(self) -> list[tuple[str, str]]:
        query = select(staff_notices.c.kind, staff_notices.c.text_ko).where(staff_notices.c.city_id == self.city_id)
        async with self.database.reading() as tx:
            return [(row.kind, row.text_ko) for row in await tx.execute(query.order_by(staff_notices.c.created_at))]


def kinds(notices: Sequence[tuple[str, str]]) -> list[str]:
    return [kind for kind, _ in notices]


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


async def test_a_new_source_brings_its_lots_and_numbers_and_says_when_it_is_asked_again(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async with providing(lambda call: always(counts(12, 3))) as provider:
        town = Town("town", provider.url)
        house = House(database, city_id, clock, outside, town)
        await house.go()
        row = await house.source()
        assert await house.free() == {"P:1": 12, "P:2": 3}
        assert (row["state"], row["last_ok_at"], row["next_at"]) == ("active", START, START + timedelta(seconds=60))
        assert (row["static_next_at"], row["cursor"], row["calls"]) == (START + timedelta(hours=1), "1", 1)
        assert row["report"]["skip_reasons"] == {"no_capacity": 1}
        assert row["report"]["reasons_ko"]["no_capacity"] == "주차구획수가 없음"
        assert row["realtime_report"]["taken"]["stored"] == 2
        await house.go()
        assert provider.calls == 1, "not due"
        await house.go(after=timedelta(seconds=60))
        await house.go(after=timedelta(hours=1))
    assert town.wanted_static == [True, False, True]
    assert provider.etags == ["", "1", "2"], "each pull begins where the last good one ended"


async def test_two_processes_never_ask_a_source_at_once(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    inside, most = 0, 0
    opened = asyncio.Event()

    async def answer(call: int) -> tuple[int, Any]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await opened.wait()
        inside -= 1
        return 200, counts(12)

    async with providing(answer) as provider:
        one = House(database, city_id, clock, outside, Town("town", provider.url))
        two = House(database, city_id, clock, outside, Town("town", provider.url))
        first = asyncio.create_task(one.go())
        await provider.called.wait()
        await two.go()
        opened.set()
        await first
        assert (provider.calls, most) == (1, 1)
        clock.move(timedelta(seconds=60))
        await asyncio.gather(one.go(), two.go())
    assert (provider.calls, most) == (2, 1)


async def test_a_slow_source_does_not_hold_the_others(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    opened = asyncio.Event()

    async def slow(call: int) -> tuple[int, Any]:
        await opened.wait()
        return 200, counts(12)

    async with providing(slow) as first, providing(lambda call: always(counts(5))) as second:
        house = House(database, city_id, clock, outside, Town("slow", first.url), Town("quick", second.url))
        going = asyncio.create_task(house.go())
        await until(partial(_state, database, city_id, "quick"))
        assert await _state(database, city_id, "slow") is None
        opened.set()
        await going
    assert await _state(database, city_id, "slow") == START


async def _state(database: Database, city_id: str, name: str) -> datetime | None:
    mine = (parking_sources.c.city_id == city_id, parking_sources.c.name == name)
    async with database.reading() as tx:
        return (await tx.execute(select(parking_sources.c.last_ok_at).where(*mine))).scalar_one_or_none()


async def test_a_process_that_dies_between_pull_and_store_loses_only_that_pull(
    database: Database, city_id: str, clock: SetClock, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with providing(lambda call: always(counts(12))) as provider:
        dying = House(database, city_id, clock, outside, Town("town", provider.url))
        with monkeypatch.context() as patched:
            patched.setattr(Rounds, "_give_back", _nothing)  # a killed process gives nothing back
            patched.setattr("bot.parking.rounds.book.take_pulled", _cancelled)
            await dying.go()
        row = await dying.source()
        assert (row["cursor"], row["last_ok_at"], await dying.free()) == ("", None, {}), "no mark without its data"
        other = House(database, city_id, clock, outside, Town("town", provider.url))
        await other.go(after=timedelta(seconds=100))
        assert provider.calls == 1, "the claim still holds"
        await other.go(after=timedelta(seconds=81))
        assert await other.free() == {"P:1": 12}
        assert provider.etags == ["", ""]


async def _cancelled(*args: Any, **more: Any) -> None:
    raise asyncio.CancelledError


async def _nothing(*args: Any) -> None:
    return None


async def test_who_was_away_longer_than_his_claim_throws_his_pull_away(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    opened = asyncio.Event()

    async def answer(call: int) -> tuple[int, Any]:
        if call == 1:
            await opened.wait()
        return 200, counts(99 if call == 1 else 12)

    async with providing(answer) as provider:
        late = House(database, city_id, clock, outside, Town("town", provider.url))
        going = asyncio.create_task(late.go())
        await provider.called.wait()
        other = House(database, city_id, clock, outside, Town("town", provider.url))
        await other.go(after=timedelta(seconds=181))
        opened.set()
        await going
        assert await late.free() == {"P:1": 12}
        assert (await late.source())["cursor"] == "1"


async def test_a_process_that_stops_gives_its_claims_back(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async def answer(call: int) -> tuple[int, Any]:
        if call == 1:
            await asyncio.Event().wait()
        return 200, counts(12)

    async with providing(answer) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url))
        going = asyncio.create_task(house.go())
        await provider.called.wait()
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
        assert (await house.source())["claimed_by"] is None
        await House(database, city_id, clock, outside, Town("town", provider.url)).go()
        assert await house.free() == {"P:1": 12}


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
            await tx.execute(update(parking_sources).where(parking_sources.c.city_id == city_id).values(next_at=START))
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


async def test_a_source_that_staff_switched_off_is_not_asked(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async with providing(lambda call: always(counts(12))) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url))
        await house.go()
        async with database.transaction() as tx:
            await tx.execute(update(parking_sources).where(parking_sources.c.city_id == city_id).values(state="off"))
            assert await is_off(tx, city_id, "town")
        await house.go(after=timedelta(days=1))
    assert provider.calls == 1


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


async def test_sources_that_are_known_while_running_are_asked_and_their_trouble_is_their_own(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async with providing(lambda call: always(counts(12))) as first, providing(lambda call: always(counts(5))) as second:

        async def neighbours(tx: AsyncConnection, city: str) -> dict[str, Pulling]:
            return {"neighbour": Town("neighbour", second.url)}

        async def broken(tx: AsyncConnection, city: str) -> dict[str, Pulling]:
            raise ValueError("a row of ours that nobody can read")

        house = House(database, city_id, clock, outside, Town("town", first.url), more=[broken, neighbours])
        await house.go()
    assert ((await house.source("neighbour"))["vendor"], first.calls, second.calls) == ("neighbour", 1, 1)
