"""A process of the house that drives and sends runs of notices, and does nothing else: it is there to be killed."""

import asyncio
import os
from datetime import UTC, datetime

from bot.arrears.following import Following
from bot.arrears.running import ArrearsRuns
from bot.bootstrap import open_channels
from bot.sender import Sender
from civic.arrears.runs.leaving import may_leave
from core import secret
from core.clock import SystemClock
from core.contracts.channel import House
from core.db import Database
from core.http import guarded_client
from core.loading import load_tables
from core.settings import read
from core.vault import open_vault


async def main() -> None:
    load_tables()
    settings, clock = read(), SystemClock()
    db = Database(os.environ["DATABASE_URL"], pool_size=5)
    key = secret.load(settings.path(settings.var))
    await open_vault(db, key, datetime.now(UTC))

    async def publish(topic: str, payload: str) -> None:
        """Nobody listens."""

    house = House(
        http=guarded_client(settings.outside.allowed_hosts),
        publish=publish,
        secret=key,
        var=settings.path(settings.var),
        public_url="",
        now=clock.now,
    )
    channels = open_channels(settings, house)
    runs = ArrearsRuns(db, channels, settings, clock)
    following = Following(db, settings, clock)
    sender = Sender(db, channels, settings.messaging, settings.city.id, clock, None, {"arrears": may_leave})
    while True:
        await following.go()
        await asyncio.gather(runs.go(), sender.drain(wait_s=0.5))
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main())
