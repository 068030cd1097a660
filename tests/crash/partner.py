"""The partner's system: posts signed messages as a provider does, and hears what the city sends, by key."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.crash.processes import SECRET


def signed(body: dict[str, Any], *, at: int | None = None, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """The raw body and the headers of a post to /channels/partner."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    return raw, signature(raw, at=at, secret=secret)


def signature(raw: bytes, *, at: int | None = None, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(time.time()) if at is None else at)
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "x-sinmungo-timestamp": stamp,
        "x-sinmungo-signature": f"v1={mac}",
    }


@dataclass(slots=True)
class Heard:
    """One post of the city's, in the order of arrival."""

    key: str
    to: str
    body: dict[str, Any]


@dataclass(slots=True)
class Counterpart:
    """`posts`: every post. `firsts`: the first arrival of each key, by address."""

    url: str = ""
    posts: list[Heard] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    firsts: dict[str, list[Heard]] = field(default_factory=dict)
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    def take(self, path: str, key: str, body: dict[str, Any]) -> None:
        """A post without a key (a KakaoTalk callback) counts by the path it went to."""
        name = path.strip("/")
        heard = Heard(key or f"{name} {len(self.posts)}", body.get("to", name), body)
        key = heard.key
        self.posts.append(heard)
        if key not in self.keys:
            self.keys.add(key)
            self.firsts.setdefault(heard.to, []).append(heard)

    def texts(self, address: str) -> list[str]:
        return [heard.body["text"] for heard in self.firsts.get(address, [])]

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                raw = await reader.readexactly(int(headers["content-length"]))
                self.take(head[0].split(" ")[1], headers.get("idempotency-key", ""), json.loads(raw))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def counterpart() -> AsyncIterator[Counterpart]:
    heard = Counterpart()
    server = await asyncio.start_server(heard.connected, "127.0.0.1", 0)
    heard.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        yield heard
    finally:
        server.close()
        for task in heard.serving:
            task.cancel()
        await asyncio.gather(*heard.serving, return_exceptions=True)
