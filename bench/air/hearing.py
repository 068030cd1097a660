"""A thousand sensors at a real Mosquitto, a value a second each: from their publishing to the store, acknowledged."""

import asyncio
import json
import logging
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiomqtt

from bot.air.broker import Broker, connect
from bot.air.listening import Listening
from civic.air import partitions
from civic.air.devices import registry
from civic.air.devices.registry import Draft
from core import loading, store
from core.air_device_rules import Account, Mqtt
from core.air_rules import Air
from core.clock import SystemClock
from core.db import Database, driver
from core.settings import read

CITY = "bench"
SENSORS, PACED_S = 1_000, 20
PROMISE_RATE = 1_000
"""Issue 7: values a second, sustained on two cores, broker and listener and store together."""
PORT = 18_839
PLUGIN = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"
_COUNT = "SELECT count(*) FROM air_raw"


def run() -> None:
    logging.getLogger("mqtt").setLevel(logging.ERROR)  # it counts our own calls under way
    if not Path(PLUGIN).is_file() or shutil.which("mosquitto_ctrl") is None:
        print("no Mosquitto on this machine")
        return
    asyncio.run(_all())


async def _all() -> None:
    keeper, ear = Account(username="keeper", password="keeper"), Account(username="ear", password="ear")
    mqtt = Mqtt(enabled=True, port=PORT, keeper=keeper, listener=ear)
    rules = read().air.model_copy(update={"mqtt": mqtt})
    with tempfile.TemporaryDirectory() as folder, store.embedded(Path(folder) / "pg") as url:
        store.migrate(url)
        db = Database(url, pool_size=4)
        process = _mosquitto(Path(folder), mqtt)
        try:
            await _measured(db, url, rules)
        finally:
            process.terminate()
            process.wait(10)
            await db.close()


def _mosquitto(folder: Path, rules: Mqtt) -> subprocess.Popen[bytes]:
    known = folder / "dynamic-security.json"
    init = ["mosquitto_ctrl", "dynsec", "init", str(known), rules.keeper.username, rules.keeper.password]
    subprocess.run(init, check=True, capture_output=True)
    conf = folder / "mosquitto.conf"
    conf.write_text(
        f"listener {rules.port} 127.0.0.1\nper_listener_settings false\nallow_anonymous false\n"
        f"plugin {PLUGIN}\nplugin_opt_config_file {known}\npersistence true\npersistence_location {folder}/\n"
        "max_queued_messages 2000000\nmax_inflight_messages 2000\nuser root\n"
    )
    return subprocess.Popen(["/usr/sbin/mosquitto", "-c", str(conf)], stderr=subprocess.DEVNULL)


async def _measured(db: Database, url: str, rules: Air) -> None:
    for _ in range(100):
        try:
            async with connect(rules.mqtt, rules.mqtt.keeper, "up"):
                break
        except aiomqtt.MqttError:
            await asyncio.sleep(0.1)
    await Broker(rules.mqtt).prepare()
    now = datetime.now(UTC)
    async with db.transaction() as tx:
        await partitions.make(await driver(tx), now.date())
        for number in range(SENSORS):
            await registry.add(tx, CITY, _draft(number), now, by=None)
    module = loading.file("integrations.air", "mqtt_sensor")
    listening = Listening(db, url, {"sensors": module.build("sensors", module.Settings())}, rules, CITY, SystemClock())
    # One connection publishes for all: it stands in for the sensors' own, which cost this machine and not the house.
    sensors = await _may_publish(rules.mqtt)
    listening.start()
    try:
        await _paced(db, rules.mqtt, sensors)
        await _back_to_back(db, rules.mqtt, sensors)
    finally:
        await listening.stop()


def _draft(number: int) -> Draft:
    name, lat = f"s-{number}", 37.5 + number / 10_000
    return Draft(name, name, "sensor", "sensors", lat=lat, lon=126.6, pollutants=("PM10",), period_s=1)


async def _may_publish(rules: Mqtt) -> Account:
    """An account that may publish for every device, on this broker of the bench alone."""
    acl = {"acltype": "publishClientSend", "topic": "air/#", "priority": 1, "allow": True}
    commands = [
        {"command": "createRole", "rolename": "bench", "acls": [acl]},
        {"command": "createClient", "username": "bench", "password": "bench", "roles": [{"rolename": "bench"}]},
    ]
    async with connect(rules, rules.keeper, "bench-keeper") as client:
        await client.subscribe("$CONTROL/dynamic-security/v1/response", qos=1)
        await client.publish("$CONTROL/dynamic-security/v1", json.dumps({"commands": commands}), qos=1)
        await anext(client.messages)
    return Account(username="bench", password="bench")


async def _paced(db: Database, rules: Mqtt, sensors: Account) -> None:
    before, worst = await _stored(db), 0.0
    async with connect(rules, sensors, "pace", max_inflight_messages=250) as client:
        began = time.perf_counter()
        for second in range(PACED_S):
            at = datetime.now(UTC).replace(microsecond=0)
            await _published(client, at)
            sent = time.perf_counter()
            await _until(db, before + SENSORS * (second + 1))
            worst = max(worst, time.perf_counter() - sent)
            await asyncio.sleep(max(0.0, began + second + 1 - time.perf_counter()))
        took = time.perf_counter() - began
    rate = SENSORS * PACED_S / took
    print(
        f"at their own pace: {rate:,.0f} values a second over {took:.1f} s = {rate / PROMISE_RATE:.2f} of the promise"
    )
    print(f"  published to stored, the slowest second: {worst:.2f} s")


async def _back_to_back(db: Database, rules: Mqtt, sensors: Account) -> None:
    """What the broker kept while we were away: as fast as it goes."""
    before, many = await _stored(db), 10
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=600)
    async with connect(rules, sensors, "burst", max_inflight_messages=250) as client:
        began = time.perf_counter()
        for second in range(many):
            await _published(client, at + timedelta(seconds=second))
        await _until(db, before + many * SENSORS)
    rate = many * SENSORS / (time.perf_counter() - began)
    print(f"caught up: {rate:,.0f} values a second = {rate / PROMISE_RATE:.1f} times the promise")


async def _published(client: aiomqtt.Client, at: datetime) -> None:
    """A value of each sensor, QoS 1, a few hundred under way at once."""
    for first in range(0, SENSORS, 250):
        those = range(first, min(first + 250, SENSORS))
        await asyncio.gather(*(client.publish(f"air/s-{one}/up", _said(at, one), qos=1) for one in those))


async def _until(db: Database, count: int) -> None:
    while True:
        if await _stored(db) >= count:
            return
        await asyncio.sleep(0.05)


def _said(at: datetime, number: int) -> str:
    return json.dumps({"phenomenonTime": at.isoformat(), "result": {"PM10": 30 + number % 50}})


async def _stored(db: Database) -> int:
    async with db.transaction() as tx:
        row = await (await (await driver(tx)).execute(_COUNT)).fetchone()
        return int(row[0]) if row else 0
