"""`serve` and `worker`: the long-running processes."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Iterator
from time import perf_counter

import structlog
import uvicorn
import uvloop

from api.app import create_app
from api.rasa.routes import router as rasa
from api.webhooks import Webhooks
from bot.bootstrap import Running, open_house
from commands.house import console, make_ready, running_store
from core import logs
from core.contracts.channel import Polling, SendFailed
from core.settings import Settings
from web.assets import ensure_assets
from web.routes import router as pages

POLL_AGAIN_S = 3.0
log = structlog.get_logger(__name__)


def serve(host: str, port: int, *, with_worker: bool) -> None:
    began = perf_counter()
    with running_store() as (settings, url):
        logs.configure()
        with console.status("화면 자료를 준비합니다…"):
            ensure_assets()
        uvloop.run(_serve(settings, url, host, port, with_worker=with_worker, began=began))


def work() -> None:
    with running_store() as (settings, url):
        logs.configure()
        uvloop.run(_work(settings, url))


async def _serve(settings: Settings, url: str, host: str, port: int, *, with_worker: bool, began: float) -> None:
    await make_ready(settings, url)
    async with open_house(settings, url, is_worker=with_worker) as house:
        app = logs.AccessLog(Webhooks(house.desk, create_app(house, (pages(house), rasa(house)))))
        config = uvicorn.Config(
            app,
            host=host or settings.web.host,
            port=port or settings.web.port,
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=65536,
            timeout_graceful_shutdown=10,
            forwarded_allow_ips=settings.web.trusted_proxies,
        )
        server = uvicorn.Server(config)
        # What is loaded by now lives as long as the process: no collection need look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        pulling = [asyncio.create_task(_pull(house, name)) for name in _pulled(house)]
        told = asyncio.create_task(_tell_when_up(server, began))
        try:
            with _signals_end_the_server_only():
                await server.serve()
        finally:
            for task in (*pulling, told):
                task.cancel()
            await asyncio.gather(*pulling, told, return_exceptions=True)


@contextlib.contextmanager
def _signals_end_the_server_only() -> Iterator[None]:
    """uvicorn raises the signal that stopped it once more, which would end the process before the house is closed:
    turns unfinished, the embedded store left running."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _tell_when_up(server: uvicorn.Server, began: float) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody when it listens
        await asyncio.sleep(0.02)
    address = f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    console.print(f"[bold]신문고가 열렸습니다.[/bold] {address}  ({perf_counter() - began:.1f}초)")
    console.print(f"  시민 채팅 {address}/   직원 API 문서 {address}/docs   멈추려면 Ctrl+C")


def _pulled(house: Running) -> list[str]:
    """Channels that config.yml asks to pull instead of waiting for their webhook."""
    return [
        name
        for name, channel in house.channels.items()
        if isinstance(channel, Polling) and house.settings.channels[name].get("polling") is True
    ]


async def _pull(house: Running, name: str) -> None:
    """Updates as if they were posted; an update counts as done once the desk has stored it.

    After a failed call the next one waits, as long as the provider asked for.
    """
    channel = house.channels[name]
    assert isinstance(channel, Polling)
    while True:
        wait_s = POLL_AGAIN_S
        try:
            async for request in channel.poll():
                # The store is away: the update is offered again until it is stored, as a provider would.
                while (await house.desk.accept(name, request)).status == 503:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_AGAIN_S)
        except SendFailed as failure:
            log.warning("polling_failed", channel=name, reason=failure.reason)
            wait_s = max(wait_s, failure.retry_after or 0)
        await asyncio.sleep(wait_s)


async def _work(settings: Settings, url: str) -> None:
    await make_ready(settings, url)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with open_house(settings, url, is_worker=True):
        console.print("예약 작업 프로세스가 시작되었습니다. 멈추려면 Ctrl+C")
        await stop.wait()
