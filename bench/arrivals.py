"""An open load: requests arrive at a constant rate whether or not earlier ones were answered.

Times count from when a request was due, so a server that stalls is charged for everybody who had to wait meanwhile.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter

from bench.load import Figures, Request, answer, figures

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
KEPT_S = 3.0
"""A connection that was idle for longer is not used again: the server closes it after five seconds (uvicorn)."""


async def post_at(
    ports: Sequence[int], path: str, make: Callable[[int], Request], *, rate: float, count: int
) -> Figures:
    """`count` posts, `rate` a second, to the doors in turn; connections are kept and opened as they are needed."""
    idle: dict[int, list[tuple[float, Connection]]] = {port: [] for port in ports}
    times: list[float] = []
    refused = 0
    tasks: set[asyncio.Task[None]] = set()
    began = perf_counter() + 0.1

    async def one(number: int, due: float) -> None:
        nonlocal refused
        headers, body = make(number)
        free = idle[port := ports[number % len(ports)]]
        while free and perf_counter() - free[0][0] > KEPT_S:
            free.pop(0)[1][1].close()
        reader, writer = free.pop()[1] if free else await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n".encode()
        writer.write(head + headers + b"\r\n" + body)
        status, _ = await answer(reader)
        times.append((perf_counter() - due) * 1000)
        refused += status != 200
        free.append((perf_counter(), (reader, writer)))

    for number in range(count):
        due = began + number / rate
        if (wait := due - perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(number, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for free in idle.values():
        for _, (_, writer) in free:
            writer.close()
    return figures(times, count / (perf_counter() - began), refused)
