"""Devices speak over a real Mosquitto: each its own topic, nothing lost when we stop, wrong words answered."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from sqlalchemy import func, select

from bot.air import listening as room
from bot.air.broker import Broker, BrokerAway, connect
from bot.air.listening import Listening
from civic.air.devices import registry
from civic.air.devices.tables import air_device_seen
from civic.air.packing import shown
from civic.air.tables import air_raw
from core.air_device_rules import Account
from core.clock import SystemClock
from core.db import Database
from core.ids import new_id
from integrations.air import mqtt_sensor
from tests.bot.air.mosquitto import Mosquitto, mosquitto, rules_of
from tests.civic.air.devices.town import device
from tests.waiting import until

SOURCES = {"sensors": mqtt_sensor.build("sensors", mqtt_sensor.Settings())}


@pytest.fixture(scope="module")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mosquitto]:
    with mosquitto(tmp_path_factory.mktemp("mosquitto")) as made:
        await _answering(made)
        await Broker(made.rules).prepare()
        yield made


async def _answering(made: Mosquitto) -> None:
    async def is_up() -> bool:
        try:
            async with connect(made.rules, made.rules.keeper, "up"):
                return True
        except aiomqtt.MqttError:
            return False

    await until(is_up)


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(room, "AGAIN_S", 0.05)
    yield f"town-{new_id()}"


@asynccontextmanager
async def _listening(database: Database, broker: Mosquitto, city: str) -> AsyncIterator[Listening]:
    rules = rules_of(broker.rules.port)
    made = Listening(database, database.url, SOURCES, rules, city, SystemClock())
    made.start()
    try:
        yield made
    finally:
        await made.stop()


async def _admitted(database: Database, broker: Mosquitto, city: str, *, period_s: int = 1) -> Account:
    name = f"s-{new_id().hex[-10:]}"
    async with database.transaction() as tx:
        await device(tx, city, name, period_s=period_s)
    return Account(username=name, password=await Broker(broker.rules).admit(name))


def _said(at: datetime, value: Any, seq: int = 0, **more: Any) -> str:
    return json.dumps({"seq": seq, "phenomenonTime": at.isoformat(), "result": {"PM10": value}, **more})


async def _values(database: Database, city: str, name: str) -> list[tuple[datetime, Any]]:
    async with database.reading() as tx:
        found = (await registry.read(tx, city, name)).site_id
        rows = await tx.execute(select(air_raw.c.at, air_raw.c.value).where(air_raw.c.site_id == found))
        return sorted((row.at, shown(row.value)) for row in rows)


def _second(back: int = 0) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=back)


async def test_what_a_device_publishes_is_stored(database: Database, broker: Mosquitto, city: str) -> None:
    account, at = await _admitted(database, broker, city), _second(60)
    async with _listening(database, broker, city), connect(broker.rules, account, account.username) as sensor:
        for place in range(20):
            await sensor.publish(f"air/{account.username}/up", _said(at + timedelta(seconds=place), 30 + place), qos=1)
        await until(lambda: _counted(database, city, account.username, 20))
    assert await _values(database, city, account.username) == [
        (at + timedelta(seconds=place), 30 + place) for place in range(20)
    ]


async def _counted(database: Database, city: str, name: str, count: int) -> bool:
    return len(await _values(database, city, name)) >= count


async def test_a_device_can_neither_write_nor_read_the_topics_of_another(
    database: Database, broker: Mosquitto, city: str
) -> None:
    mine, other = await _admitted(database, broker, city), await _admitted(database, broker, city)
    at = _second(10)
    async with _listening(database, broker, city), connect(broker.rules, mine, mine.username) as sensor:
        await sensor.publish(f"air/{other.username}/up", _said(at, 999), qos=1)
        await sensor.publish("$CONTROL/dynamic-security/v1", '{"commands":[{"command":"listClients"}]}', qos=1)
        await sensor.publish(f"air/{mine.username}/up", _said(at, 12), qos=1)
        await until(lambda: _counted(database, city, mine.username, 1))
        refused = await sensor.subscribe(f"air/{other.username}/errors")
        hidden = await sensor.subscribe("air/#")
    assert await _values(database, city, other.username) == []
    assert [code.value if hasattr(code, "value") else code for code in (*refused, *hidden)] == [128, 128]


async def test_a_device_that_is_taken_out_is_cut_off_at_once_and_not_let_in(
    database: Database, broker: Mosquitto, city: str
) -> None:
    account, keeper = await _admitted(database, broker, city), Broker(broker.rules)
    async with connect(broker.rules, account, account.username) as sensor:
        await keeper.disable(account.username)
        with pytest.raises(aiomqtt.MqttError):
            await asyncio.wait_for(anext(sensor.messages), 10)
    with pytest.raises(aiomqtt.MqttError):
        async with connect(broker.rules, account, account.username):
            pass
    await keeper.enable(account.username)
    async with connect(broker.rules, account, account.username):
        pass


async def test_a_new_password_ends_the_old_one(database: Database, broker: Mosquitto, city: str) -> None:
    account, keeper = await _admitted(database, broker, city), Broker(broker.rules)
    fresh = await keeper.admit(account.username)
    with pytest.raises(aiomqtt.MqttError):
        async with connect(broker.rules, account, account.username):
            pass
    async with connect(broker.rules, Account(username=account.username, password=fresh), account.username):
        pass


async def test_it_stores_each_value_once_although_it_is_killed_in_the_middle(
    database: Database, database_url: str, broker: Mosquitto, city: str
) -> None:
    account, at = await _admitted(database, broker, city), _second(400)
    published = 0

    async def publish(sensor: aiomqtt.Client, many: int) -> None:
        nonlocal published
        for _ in range(many):
            said = _said(at + timedelta(seconds=published), published, published)
            await sensor.publish(f"air/{account.username}/up", said, qos=1)
            published += 1

    given = (str(Path(__file__).with_name("ear_process.py")), database_url, city, str(broker.rules.port))
    async with connect(broker.rules, account, account.username) as sensor:
        for least in (5, 90):
            child = await asyncio.create_subprocess_exec(sys.executable, *given)
            try:
                speaking = asyncio.create_task(publish(sensor, 100))
                await until(partial(_counted, database, city, account.username, least), timeout_s=60)
            finally:
                child.kill()
                await child.wait()
            await speaking
    assert published == 200
    async with _listening(database, broker, city):
        await until(lambda: _counted(database, city, account.username, published), timeout_s=60)
    assert await _values(database, city, account.username) == [
        (at + timedelta(seconds=place), place) for place in range(published)
    ]


async def test_two_listeners_share_no_message(database: Database, broker: Mosquitto, city: str) -> None:
    account, at = await _admitted(database, broker, city), _second(60)
    async with (
        _listening(database, broker, city),
        _listening(database, broker, city),
        connect(broker.rules, account, account.username) as sensor,
    ):
        for place in range(10):
            await sensor.publish(f"air/{account.username}/up", _said(at + timedelta(seconds=place), 1), qos=1)
        await until(lambda: _counted(database, city, account.username, 10))
    async with database.reading() as tx:
        found = await registry.read(tx, city, account.username)
        seen = select(func.sum(air_device_seen.c.messages)).where(air_device_seen.c.device_id == found.id)
        assert (await tx.execute(seen)).scalar_one() == 10


@pytest.mark.parametrize(
    ("said", "ko"),
    [
        ("not json", "JSON이 아닙니다."),
        ('{"result": {"PM10": 3}}', "시각을 읽을 수 없습니다 (시간대가 있는 ISO 8601)"),
        (
            _said(datetime.now(UTC) + timedelta(hours=9), 3),
            "시각이 우리 시계보다 앞섭니다. 측정기의 시계를 확인해 주세요",
        ),
        (_said(_second(), 3, device="another"), "이 계정의 측정기가 아닙니다."),
        (_said(_second(), "many"), "값이 수가 아닙니다"),
    ],
    ids=["json", "time", "ahead", "device", "value"],
)
async def test_wrong_words_are_answered_to_their_device(
    database: Database, broker: Mosquitto, city: str, said: str, ko: str
) -> None:
    account = await _admitted(database, broker, city)
    async with _listening(database, broker, city), connect(broker.rules, account, account.username) as sensor:
        await sensor.subscribe(f"air/{account.username}/errors")
        await sensor.publish(f"air/{account.username}/up", said, qos=1)
        answer = json.loads(bytes((await asyncio.wait_for(anext(sensor.messages), 10)).payload))
    assert answer["ko"] == ko and answer["en"] and await _values(database, city, account.username) == []


async def test_a_device_that_was_switched_off_is_heard_no_more(
    database: Database, broker: Mosquitto, city: str
) -> None:
    """Even before the broker was told: the register decides."""
    off, on = await _admitted(database, broker, city), await _admitted(database, broker, city)
    now = _second()
    async with database.transaction() as tx:
        await registry.switch(tx, city, off.username, now, is_on=False, reason="점검", versions=None, by=None)
    async with (
        _listening(database, broker, city),
        connect(broker.rules, off, off.username) as silent,
        connect(broker.rules, on, on.username) as sensor,
    ):
        await silent.publish(f"air/{off.username}/up", _said(now, 3), qos=1)
        await sensor.publish(f"air/{on.username}/up", _said(now, 3), qos=1)
        await until(lambda: _counted(database, city, on.username, 1))
    assert await _values(database, city, off.username) == []


async def test_it_says_so_when_the_broker_is_away() -> None:
    with pytest.raises(BrokerAway):
        await Broker(rules_of(1).mqtt).admit("s-1")
