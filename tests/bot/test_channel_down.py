"""A provider that fails: noticed once by all processes, tried sparingly, and everything goes out when it is back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.falling import Falling
from civic.channels.tables import incidents
from civic.conversations.tables import outbound
from civic.staff.tables import staff_notices
from core.settings import Settings
from tests.bot.city import Citizen, City, open_city
from tests.bot.sending import CAN, drain, greeted, put, refuse, row, texts

OUTAGE = {"retry": True}


@pytest.fixture
async def helper(town: City, settings: Settings, database_url: str, var: Path) -> AsyncIterator[City]:
    """A second process on the same store, with the same channel and the same clock."""
    async with open_city(settings, database_url, var, at=town.clock.now(), channel=town.channel) as made:
        yield made


async def down(town: City, *, most: int | None = None) -> list[Citizen]:
    """As many citizens' messages failed as make an incident."""
    count = most or town.house.settings.messaging.incidents.failures
    people = [await greeted_before(town) for _ in range(count)]
    refuse(town, count, **OUTAGE)
    for _, conversation_id in people:
        await put(town, conversation_id, "안내")
    await drain(town)
    return [citizen for citizen, _ in people]


async def seen(town: City) -> list[Any]:
    async with town.house.db.transaction() as tx:
        wanted = select(incidents).where(incidents.c.channel == town.channel.name).order_by(incidents.c.began_at)
        return list((await tx.execute(wanted)).all())


async def told(town: City, kind: str) -> list[str]:
    async with town.house.db.transaction() as tx:
        wanted = select(staff_notices.c.text_ko).where(
            staff_notices.c.kind == kind, staff_notices.c.text_ko.contains(town.channel.name)
        )
        return list((await tx.execute(wanted)).scalars())


def probe_in(town: City, number: int) -> float:
    return town.house.settings.messaging.incidents.probe_waits_s[number]


async def test_outages_of_different_messages_in_a_row_are_an_incident(town: City) -> None:
    await down(town)
    (incident,) = await seen(town)
    assert (incident.ended_at, incident.reason) == (None, "지금은 안 됩니다")
    (notice,) = await told(town, "channel_down")
    assert "지금은 안 됩니다" in notice


async def test_one_message_that_fails_again_and_again_is_none(town: City) -> None:
    _, conversation_id = await greeted(town)
    waits = town.house.settings.messaging.retry.waits_s
    refuse(town, len(waits) + 1, **OUTAGE)
    await put(town, conversation_id, "안내")
    for wait in (0, *waits):
        town.move(seconds=wait)
        await drain(town)
    assert await seen(town) == []


async def test_refusals_of_single_messages_are_none(town: City) -> None:
    people = [await greeted(town) for _ in range(8)]
    refuse(town, 8, retry=False)
    for _, conversation_id in people:
        await put(town, conversation_id, "안내")
    await drain(town)
    assert await seen(town) == []


async def test_credentials_that_the_provider_refuses_spend_no_message(town: City) -> None:
    """401: no retry would help this one, and the next one would fail alike."""
    count = town.house.settings.messaging.incidents.failures
    people = [await greeted(town) for _ in range(count + 1)]
    refuse(town, count, retry=False, outage=True)
    sent = [await put(town, conversation_id, "안내") for _, conversation_id in people[:-1]]
    await drain(town)
    sent.append(await put(town, people[-1][1], "안내"))
    await drain(town)
    assert {(await row(town, one)).status for one in sent} == {"queued"}
    assert len(await seen(town)) == 1


async def test_while_it_is_down_one_message_is_tried_at_growing_intervals(town: City) -> None:
    await down(town)
    refuse(town, 100, **OUTAGE)
    late, late_talk = await greeted_before(town)
    tried = []
    for number in range(3):
        await put(town, late_talk, f"{number}", "reply")
        left = len(town.channel.failures)
        await drain(town)
        assert len(town.channel.failures) == left
        town.move(seconds=probe_in(town, number) - 1)
        await drain(town)
        assert len(town.channel.failures) == left
        town.move(seconds=1)
        await drain(town)
        await drain(town)
        tried.append(left - len(town.channel.failures))
    assert tried == [1, 1, 1]
    (incident,) = await seen(town)
    assert (incident.probes, len(await told(town, "channel_down"))) == (3, 1)
    assert texts(town, late) == []


async def greeted_before(town: City) -> tuple[Citizen, Any]:
    """A citizen whom the city had greeted before the channel went down."""
    kept, town.channel.failures = town.channel.failures, []
    wires = town.house.desk.sender._wires
    was, wires._down = wires._down, set()
    note, wires._note = wires._note, _nothing  # type: ignore[method-assign]
    count = wires._sent[town.channel.name]
    try:
        return await greeted(town)
    finally:
        wires._sent[town.channel.name] = count
        town.channel.failures, wires._down, wires._note = kept, was, note  # type: ignore[method-assign]


async def _nothing(*_: Any, **__: Any) -> None:
    """This send is not counted."""


async def test_messages_spend_no_attempt_while_it_is_down(town: City) -> None:
    await down(town)
    refuse(town, 100, **OUTAGE)
    for number in range(20):
        town.move(seconds=probe_in(town, min(number, 4)))
        await drain(town)
    async with town.house.db.transaction() as tx:
        wanted = select(outbound.c.status, outbound.c.attempts).where(
            outbound.c.channel == town.channel.name, outbound.c.status != "sent"
        )
        rows = {(one.status, one.attempts) for one in await tx.execute(wanted)}
    assert rows <= {("queued", 0), ("queued", 1)}


async def test_the_first_success_ends_it_once_and_all_goes_out(town: City, helper: City) -> None:
    people = await down(town)
    town.move(minutes=10)
    helper.move(minutes=10)
    for _ in range(2):
        await asyncio.gather(drain(town), drain(helper))
    (incident,) = await seen(town)
    assert incident.ended_at == town.clock.now()
    (notice,) = await told(town, "channel_up")
    assert "10분" in notice
    assert [texts(town, citizen) for citizen in people] == [["안내"]] * len(people)


async def test_two_processes_begin_one_incident(town: City, helper: City) -> None:
    count = town.house.settings.messaging.incidents.failures * 2
    people = [await greeted(town) for _ in range(count)]
    refuse(town, 100, **OUTAGE)
    for _, conversation_id in people:
        await put(town, conversation_id, "안내")
    await asyncio.gather(drain(town), drain(helper))
    assert (len(await seen(town)), len(await told(town, "channel_down"))) == (1, 1)


async def test_another_process_learns_that_it_is_down_before_it_tries(town: City, helper: City) -> None:
    await down(town)
    refuse(town, 100, **OUTAGE)
    left = len(town.channel.failures)
    await drain(helper)
    assert len(town.channel.failures) == left


async def test_a_channel_half_of_whose_calls_fail_is_down(town: City) -> None:
    rules = town.house.settings.messaging.incidents
    for _ in range(rules.calls):
        if await seen(town):
            break
        await put(town, (await greeted_before(town))[1], "간다")
        await drain(town)
        await down(town, most=1)
    assert len(await seen(town)) == 1


async def test_what_waits_too_long_for_it_takes_its_next_way(town: City) -> None:
    town.channel.capabilities = replace(CAN)
    _, conversation_id = await greeted(town)
    await down(town)
    notice = await put(town, conversation_id, "처리 결과", "case_notice")
    rules = town.house.settings.messaging.incidents
    house = town.house
    falling = Falling(house.db, house.desk, house.channels, house.settings, house.clock)
    town.move(minutes=rules.fall_back_after_minutes - 1)
    await falling.go()
    assert (await row(town, notice)).status == "queued"
    town.clock.move(timedelta(minutes=1))
    await falling.go()
    now = await row(town, notice)
    assert (now.status, now.cause, now.fell_to) == ("expired", "channel_down", "none")
