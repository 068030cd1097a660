"""A small load: keep-alive connections that post prepared bodies as fast as they are answered, bounded in number."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

Request = tuple[bytes, bytes]
"""Header block without Content-Length, and body."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Requests a second, and the times of single requests in ms."""

    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int


async def post_all(port: int, path: str, requests: Sequence[Request], *, connections: int) -> Figures:
    """Post every request once over loopback."""
    waiting = iter(requests)
    times: list[float] = []
    refused = 0

    async def work() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for headers, body in waiting:
            began = perf_counter()
            head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n".encode()
            writer.write(head + headers + b"\r\n" + body)
            status, _ = await answer(reader)
            times.append((perf_counter() - began) * 1000)
            refused += status != 200
        writer.close()

    began = perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    took = perf_counter() - began
    return figures(times, len(requests) / took, refused)


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line[15:])
    return status, await reader.readexactly(length) if length else b""


def figures(times: list[float], per_second: float, refused: int = 0) -> Figures:
    ordered = sorted(times)
    return Figures(per_second, _at(ordered, 0.5), _at(ordered, 0.99), refused)


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def bodies(count: int, make: Callable[[int], Request]) -> list[Request]:
    return [make(index) for index in range(count)]
