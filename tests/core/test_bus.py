"""The bus: it reaches every subscriber in every process, waits for the commit, and says when something may be lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from core import bus as bus_module
from core.bus import Bus
from core.db import Database


@pytest.fixture
async def bus(database: Database) -> AsyncIterator[Bus]:
    made = Bus(database)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def elsewhere(database: Database) -> AsyncIterator[Bus]:
    made = Bus(database)
    await made.start()
    yield made
    await made.stop()


async def get(queue: bus_module.Queue) -> str | None:
    return await asyncio.wait_for(queue.get(), 10)


async def test_it_reaches_every_process_and_only_the_topic(bus: Bus, elsewhere: Bus) -> None:
    async with bus.subscribe("a") as here, elsewhere.subscribe("a") as there, bus.subscribe("b") as other:
        await bus.publish("b", "처음")
        await bus.publish("a", "구래동 '; DROP TABLE x")
        assert await get(here) == await get(there) == "구래동 '; DROP TABLE x"
        assert await get(other) == "처음"
        assert here.empty() and other.empty()


async def test_it_keeps_the_order(bus: Bus) -> None:
    async with bus.subscribe("a") as queue:
        for number in range(50):
            await bus.publish("a", str(number))
        assert [await get(queue) for _ in range(50)] == [str(number) for number in range(50)]


async def test_it_waits_for_the_commit(bus: Bus, database: Database) -> None:
    async with bus.subscribe("a") as queue:
        with pytest.raises(ZeroDivisionError):
            async with database.transaction() as connection:
                await bus.publish("a", "never", connection=connection)
                raise ZeroDivisionError
        async with database.transaction() as connection:
            await bus.publish("a", "after", connection=connection)
            await bus.publish("a", "outside")
            assert await get(queue) == "outside"
        assert await get(queue) == "after"


@pytest.mark.parametrize("payload", ["x" * 7_900, "가" * 2_700], ids=["ascii", "hangul"])
async def test_it_refuses_what_postgres_would(bus: Bus, payload: str) -> None:
    with pytest.raises(ValueError, match="7900"):
        await bus.publish("a", payload)


async def test_the_largest_allowed_arrives(bus: Bus) -> None:
    async with bus.subscribe("a") as queue:
        largest = "x" * (bus_module.MAX_PAYLOAD - len('{"topic":"a","payload":""}'))
        await bus.publish("a", largest)
        assert await get(queue) == largest


async def test_a_lost_connection_wakes_subscribers_and_comes_back(bus: Bus, database: Database) -> None:
    async with bus.subscribe("a") as queue:
        async with database.transaction() as connection:
            ended = await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'sinmungo-bus' AND datname = current_database()"
                )
            )
            assert ended.all() != []
        assert await get(queue) is None
        await bus.publish("a", "again")
        assert await get(queue) == "again"


async def test_a_foreign_message_is_passed_over(bus: Bus, database: Database) -> None:
    async with bus.subscribe("a") as queue:
        async with database.transaction() as connection:
            for raw in ("", "not json", "[]", "null", "{}"):
                await connection.execute(text("SELECT pg_notify('sinmungo', :raw)"), {"raw": raw})
        await bus.publish("a", "ours")
        assert await get(queue) == "ours"


async def test_a_slow_subscriber_gets_the_marker_and_not_endless_memory(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_module, "MAX_WAITING", 3)
    async with bus.subscribe("slow") as slow, bus.subscribe("end") as end:
        for number in range(4):
            await bus.publish("slow", str(number))
        await bus.publish("end", "done")
        assert await get(end) == "done"
        assert await get(slow) is None


async def test_who_left_is_forgotten(bus: Bus) -> None:
    async with bus.subscribe("a"):
        pass
    assert bus._subscribers == {}
