"""A provider's server on the loopback: it keeps what it got, and answers as it was told."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.integrations.channels.kits import Answer, Call


class Counterpart:
    """`script` is used up first, one answer a call; after that `answer` decides."""

    def __init__(self, answer: Callable[[Call], Answer]) -> None:
        self.answer = answer
        self.script: deque[Answer] = deque()
        self.calls: list[Call] = []
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (call := await _read(reader)) is not None:
                self.calls.append(call)
                answer = self.script.popleft() if self.script else self.answer(call)
                if answer.how == "cut":
                    return
                if answer.how == "hang":
                    await reader.read()
                    return
                head = f"HTTP/1.1 {answer.status} Said\r\ncontent-length: {len(answer.body)}\r\n"
                head += "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
                writer.write(head.encode() + b"\r\n" + answer.body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Call | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    method, path, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Call(method, path, headers, body)


@asynccontextmanager
async def serving(answer: Callable[[Call], Answer]) -> AsyncIterator[Counterpart]:
    """A running counterpart; every connection it took is closed at the end."""
    counterpart = Counterpart(answer)
    server = await asyncio.start_server(counterpart._serve, "127.0.0.1", 0)
    counterpart.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield counterpart
    finally:
        server.close()
