"""A loopback server for sources that pull: fixed answers by path, ETags, and what it was asked."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.ports import free_port


@dataclass(slots=True)
class Asked:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(slots=True)
class Server:
    """`answers`: path with its query, else path alone, to (status, body). 200s get an ETag of their bytes."""

    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    has_etags: bool = True
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            target = head[0].split()[1]
            url = urlsplit(target)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            self.asked.append(Asked(url.path, query, headers))
            status, body = self.answers.get(target) or self.answers.get(url.path) or (404, b"{}")
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            more = f"etag: {etag}\r\n" if self.has_etags and status == 200 else ""
            if more and headers.get("if-none-match") == etag:
                status, body = 304, b""
            writer.write(
                f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{more}connection: close\r\n\r\n".encode() + body
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    port = free_port()
    server = Server(url=f"http://127.0.0.1:{port}")
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
