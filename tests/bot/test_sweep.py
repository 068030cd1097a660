"""A forgotten form is closed with a gentle note, once, and never while the citizen is writing."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.sweep import Sweep
from civic.conversations.tables import conversations, outbound
from tests.bot.city import Citizen, City


@pytest.fixture
def sweep(city: City) -> Sweep:
    house = city.house
    return Sweep(
        house.db, house.desk, house.dialogue, house.channels, house.texts, house.settings, house.files, city.clock
    )


async def row(city: City, citizen: Citizen) -> Any:
    async with city.house.db.transaction() as tx:
        return (await tx.execute(select(conversations).where(conversations.c.address == citizen.address))).one()


async def in_form(city: City) -> Citizen:
    citizen = city.citizen()
    await citizen.say("민원 넣고 싶은데요")
    assert (await row(city, citizen)).state["form"]
    return citizen


async def closed(city: City, sweep: Sweep, citizen: Citizen) -> list[str]:
    before = len(city.channel.sent[citizen.address])
    await sweep.close_forgotten_forms()
    await city.house.desk.idle()
    return [one.text for one in citizen.seen(before)]


async def test_a_forgotten_form_is_closed_with_a_note_once(city: City, sweep: Sweep) -> None:
    citizen = await in_form(city)
    minutes = city.house.settings.messaging.form_idle_minutes
    city.move(minutes=minutes - 1)
    assert await closed(city, sweep, citizen) == []
    city.move(minutes=1)
    notes = await asyncio.gather(closed(city, sweep, citizen), closed(city, sweep, citizen))
    assert len(city.channel.sent[citizen.address]) > 0
    assert sum(len(note) for note in notes) >= 1
    now = await row(city, citizen)
    assert ("form" in now.state, now.idle_at) == (False, None)
    assert await closed(city, sweep, citizen) == []
    async with city.house.db.transaction() as tx:
        kept = await tx.execute(select(outbound.c.inbound_id).where(outbound.c.conversation_id == now.id))
        assert [one for (one,) in kept].count(None) == 1  # one note, whoever swept


async def test_a_form_is_left_alone_while_a_turn_is_under_way(city: City, sweep: Sweep) -> None:
    citizen = await in_form(city)
    city.move(minutes=city.house.settings.messaging.form_idle_minutes + 1)
    lease = {"lease_owner": "somebody", "lease_until": text("clock_timestamp() + interval '10 s'")}
    async with city.house.db.transaction() as tx:
        await tx.execute(update(conversations).where(conversations.c.address == citizen.address).values(**lease))
    assert await closed(city, sweep, citizen) == []
    assert (await row(city, citizen)).state["form"]


async def test_an_answer_to_a_form_keeps_it_open_longer(city: City, sweep: Sweep) -> None:
    citizen = await in_form(city)
    minutes = city.house.settings.messaging.form_idle_minutes
    city.move(minutes=minutes - 1)
    await citizen.say("우리집앞 가로등이 나갔어요")
    city.move(minutes=2)
    assert await closed(city, sweep, citizen) == []
    assert (await row(city, citizen)).state["form"]
