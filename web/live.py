"""From the bus to one open page: a bounded queue that says "resync" instead of growing or forgetting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from web.seam import Bus

RESYNC = '{"type":"resync"}'
_WAITING = 256


@asynccontextmanager
async def frames(bus: Bus, topic: str) -> AsyncIterator[asyncio.Queue[str | None]]:
    """Frames published to the topic from now on. None: the bus has closed, nothing more comes."""
    queue: asyncio.Queue[str | None] = asyncio.Queue(_WAITING)
    async with bus.subscribe(topic) as incoming:
        pump = asyncio.create_task(_pump(incoming, queue))
        try:
            yield queue
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)


async def _pump(incoming: AsyncIterator[str | None], queue: asyncio.Queue[str | None]) -> None:
    try:
        async for payload in incoming:
            put(queue, RESYNC if payload is None else payload)
    finally:
        put(queue, None)


def put(queue: asyncio.Queue[str | None], frame: str | None) -> None:
    """Add a frame; when the page reads too slowly, drop what waits and let it read the thread again."""
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(RESYNC)
    queue.put_nowait(frame)
