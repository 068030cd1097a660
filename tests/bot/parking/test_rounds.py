"""The rounds of parking sources over real HTTP: asked when due, by one process, and stored with where it ended."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.parking.rounds import Rounds
from civic.parking.sources import book_of
from civic.sources.book import is_off
from civic.sources.tables import sources
from core.clock import SetClock
from core.contracts.parking import Pulling
from core.db import Database
from core.http import Outside
from core.parking_rules import Parking
from tests.bot.parking.house import START, House
from tests.bot.parking.town import Town, always, counts, providing
from tests.waiting import until


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
    database: Database, city_id: str, clock: SetClock, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sources.rounds.LOOK_S", 0.01)
    opened = asyncio.Event()

    async def slow(call: int) -> tuple[int, Any]:
        await opened.wait()
        return 200, counts(12)

    async def has_been_asked_at(moment: datetime) -> bool:
        return await _state(database, city_id, "quick") == moment

    async with providing(slow) as first, providing(lambda call: always(counts(5))) as second:
        house = House(database, city_id, clock, outside, Town("a_slow", first.url), Town("quick", second.url))
        going = asyncio.create_task(house.go())
        await until(lambda: has_been_asked_at(START))
        clock.move(timedelta(seconds=60))
        await until(lambda: has_been_asked_at(START + timedelta(seconds=60)))
        assert await _state(database, city_id, "a_slow") is None
        opened.set()
        await going
    assert await _state(database, city_id, "a_slow") == START + timedelta(seconds=60)


async def _state(database: Database, city_id: str, name: str) -> datetime | None:
    mine = (sources.c.city_id == city_id, sources.c.name == name)
    async with database.reading() as tx:
        return (await tx.execute(select(sources.c.last_ok_at).where(*mine))).scalar_one_or_none()


async def test_a_process_that_dies_between_pull_and_store_loses_only_that_pull(
    database: Database, city_id: str, clock: SetClock, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with providing(lambda call: always(counts(12))) as provider:
        dying = House(database, city_id, clock, outside, Town("town", provider.url))
        with monkeypatch.context() as patched:
            patched.setattr(Rounds, "_give_back", _nothing)  # a killed process gives nothing back
            patched.setattr("bot.parking.rounds.take_pulled", _cancelled)
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


async def test_a_source_that_staff_switched_off_is_not_asked(
    database: Database, city_id: str, clock: SetClock, outside: Outside
) -> None:
    async with providing(lambda call: always(counts(12))) as provider:
        house = House(database, city_id, clock, outside, Town("town", provider.url))
        await house.go()
        async with database.transaction() as tx:
            await tx.execute(update(sources).where(sources.c.city_id == city_id).values(state="off"))
            assert await is_off(tx, book_of(city_id, Parking()), "town")
        await house.go(after=timedelta(days=1))
    assert provider.calls == 1


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
