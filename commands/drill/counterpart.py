"""The citizens' messenger in a drill: a provider on loopback that takes the city's posts, and can fall silent."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any


@dataclass(slots=True)
class Provider:
    """`seen`: what each citizen's screen shows, in order, each message once. `posts`: every post that was taken."""

    url: str = ""
    is_down: bool = False
    posts: int = 0
    refused: int = 0
    keys: set[str] = field(default_factory=set)
    seen: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _serving: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def doubled(self) -> int:
        """Posts beyond the first of each key; the provider shows none of them twice."""
        return self.posts - len(self.keys)

    def screen(self, address: str) -> list[dict[str, Any]]:
        return self.seen.setdefault(address, [])

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                raw = await reader.readexactly(int(headers["content-length"]))
                status = self._take(headers.get("idempotency-key", ""), raw)
                line = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: 2\r\n\r\n{{}}"
                writer.write(line.encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _take(self, key: str, raw: bytes) -> HTTPStatus:
        if self.is_down:
            self.refused += 1
            return HTTPStatus.SERVICE_UNAVAILABLE
        self.posts += 1
        if key not in self.keys:
            self.keys.add(key)
            body = json.loads(raw)
            self.screen(body["to"]).append(body)
        return HTTPStatus.OK

    async def close(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    """A provider that listens on a free port of loopback."""
    made = Provider()
    server = await asyncio.start_server(made.connected, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        yield made
    finally:
        server.close()
        await made.close()
