"""A sender of webhooks in a process of its own, for the crash test: argument URL; it works until it is killed."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bot.webhooks import WebhookSender
from core import secret
from core.clock import SystemClock
from core.db import Database
from core.http import guarded_client
from core.settings import OutsideWorld, read
from core.vault import open_vault


async def main(url: str) -> None:
    settings = read().model_copy(update={"outside": OutsideWorld(allowed_hosts=["127.0.0.1"])})
    database, clock = Database(url, pool_size=3), SystemClock()
    await open_vault(database, secret.load(Path()), clock.now())
    sender = WebhookSender(database, guarded_client(["127.0.0.1"]), settings, clock, "killed")
    while True:
        await sender.drain()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
