"""An open load: requests arrive at a constant rate whether or not earlier ones were answered.

Times count from when a request was due, so a server that stalls is charged for everybody who had to wait meanwhile.
"""

import asyncio
from collections.abc import Callable
from time import perf_counter

from bench.load import Figures, Request, answer, figures

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def post_at(port: int, path: str, make: Callable[[int], Request], *, rate: float, count: int) -> Figures:
    """`count` posts, `rate` a second; connections are kept and opened as they are needed."""
    idle: list[Connection] = []
    times: list[float] = []
    refused = 0
    tasks: set[asyncio.Task[None]] = set()
    began = perf_counter() + 0.1

    async def one(number: int, due: float) -> None:
        nonlocal refused
        headers, body = make(number)
        reader, writer = idle.pop() if idle else await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n".encode()
        writer.write(head + headers + b"\r\n" + body)
        status, _ = await answer(reader)
        times.append((perf_counter() - due) * 1000)
        refused += status != 200
        idle.append((reader, writer))

    for number in range(count):
        due = began + number / rate
        if (wait := due - perf_counter()) > 0:
            await asyncio.sleep(wait)
        task = asyncio.create_task(one(number, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for _, writer in idle:
        writer.close()
    return figures(times, count / (perf_counter() - began), refused)
