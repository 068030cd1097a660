"""`./sinmungo arrears run rehearse`: a whole run on the practice ledger, to a provider that is inside this computer."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from commands.arrears_runs import officer, tell
from commands.house import console, running_store
from core import secret, store
from core.clock import SEOUL, SystemClock
from core.contracts.channel import House
from core.db import Database
from core.errors import Conflict
from core.http import guarded_client
from core.settings import Settings
from core.vault import old_secrets, open_vault


@dataclass
class Provider:
    """Takes every message by HTTP, as a provider does, and keeps the first ones to be shown; to whom is not kept."""

    texts: list[str] = field(default_factory=list)
    came: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.split(b"\r\n")
                length = next(int(line[15:]) for line in lines if line.lower().startswith(b"content-length:"))
                body = orjson.loads(await reader.readexactly(length))
                self.came += 1
                if len(self.texts) < 2:
                    self.texts.append(body["text"])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
        writer.close()


def rehearse(by: str, second: str, level: str, seconds: float, rate: float) -> int:
    """0 when everybody was told or the time was up. Raises Conflict on a ledger that is not the practice one."""
    with running_store() as (settings, url):
        store.migrate(url)
        asyncio.run(_rehearse(settings, url, by, second, level, seconds, rate))
    return 0


async def _rehearse(
    settings: Settings, url: str, by: str, second: str, level: str, seconds: float, rate: float
) -> None:
    provider = Provider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    changed = _practice(settings, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", rate)
    db = Database(url, pool_size=4, days_off=settings.city.days_off)
    try:
        await open_vault(db, secret.load(settings.path(settings.var)), datetime.now(UTC), old_secrets())
        await _whole(db, changed, provider, by, second, level, seconds)
    finally:
        await db.close()
        server.close()


def _practice(settings: Settings, url: str, rate: float) -> Settings:
    """The city with one channel for texts: the provider in this process. Day and night, as nobody is woken."""
    if not settings.arrears.notices.sender.is_practice:
        raise Conflict(
            "실제 업무용 설정(arrears.notices.sender.is_practice: false)에서는 연습하지 않습니다.",
            "A city at work (is_practice: false) is not rehearsed in.",
        )
    partner = {"enabled": True, "secret": "rehearsal-" + "0" * 32, "outbound_url": url, "rate_per_second": rate}
    quiet = settings.messaging.quiet_hours.model_copy(update={"end": settings.messaging.quiet_hours.start})
    messaging = settings.messaging.model_copy(update={"sms_channel": "partner", "quiet_hours": quiet})
    outside = settings.outside.model_copy(update={"allowed_hosts": ["127.0.0.1"]})
    given = {"channels": {"partner": partner}, "messaging": messaging, "outside": outside}
    return settings.model_copy(update=given)


async def _whole(
    db: Database, settings: Settings, provider: Provider, by: str, second: str, level: str, seconds: float
) -> None:
    from bot.arrears.following import Following
    from bot.arrears.running import ArrearsRuns
    from bot.bootstrap import open_channels
    from bot.sender import Sender
    from civic.arrears.money.accounts import pool
    from civic.arrears.runs import writing
    from civic.arrears.runs.figures import figures
    from civic.arrears.runs.leaving import may_leave

    clock, rules, city_id = SystemClock(), settings.arrears, settings.city.id
    now = clock.now()
    today = now.astimezone(SEOUL).date()
    async with db.transaction() as tx:
        accounts = await pool(tx, city_id, today)
        if not accounts.all or not accounts.is_practice:
            raise Conflict("연습용 가상계좌가 없습니다.", "There are no practice accounts to pay into.")
        first, other = await officer(tx, settings, by), await officer(tx, settings, second, approves=True)
        made = await writing.add(tx, city_id, writing.Draft("연습 발송", level), rules, first, now)
        await writing.prepare(tx, made, first, today, now)
    channels = open_channels(settings, _house(settings, clock))
    runs = ArrearsRuns(db, channels, settings, clock)
    await Following(db, settings, clock).go()  # what the practice files changed holds nobody's message back
    sender = Sender(db, channels, settings.messaging, city_id, clock, None, {"arrears": may_leave})
    await runs.work(made["id"])
    async with db.transaction() as tx:
        before = await writing.read(tx, city_id, made["id"], lock=True)
        await writing.approve(tx, before, rules, other, today, clock.now())
    await runs.work(made["id"])
    await sender.drain(wait_s=seconds)
    await sender.close()
    await runs.work(made["id"])
    async with db.reading() as tx:
        one = await writing.read(tx, city_id, made["id"])
        told = await figures(tx, one, rules)
    for channel in channels.values():
        await channel.aclose()
    tell(one, told)
    console.print(f"연습 공급사가 받은 글 {provider.came:,}통. 그 가운데 하나:\n{'-' * 40}")
    console.print(provider.texts[0] if provider.texts else "(없음)")


def _house(settings: Settings, clock: Any) -> House:
    async def publish(topic: str, payload: str) -> None:
        """Nobody listens in a rehearsal."""

    return House(
        http=guarded_client(settings.outside.allowed_hosts),
        publish=publish,
        secret=secret.load(Path(settings.path(settings.var))),
        var=settings.path(settings.var),
        public_url="",
        now=clock.now,
    )
