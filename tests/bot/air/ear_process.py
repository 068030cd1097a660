"""A listener in a process of its own, for the crash test: address of the store, city and port; until it is killed."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from bot.air.listening import Listening
from core.clock import SystemClock
from core.db import Database
from integrations.air import mqtt_sensor
from tests.bot.air.mosquitto import rules_of


async def main(url: str, city_id: str, port: int) -> None:
    sources = {"sensors": mqtt_sensor.build("sensors", mqtt_sensor.Settings())}
    listening = Listening(Database(url, pool_size=2), url, sources, rules_of(port), city_id, SystemClock())
    await listening.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
