"""Questions about lots through the whole house: KakaoTalk's webhook, stored, understood, searched, answered."""

import asyncio
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.load import Request, answer
from bench.parking.nearest import fill
from bench.process import running
from bench.webhooks import city_config, kakao
from bot.prepare import prepare
from core import store
from core.db import Database
from core.settings import read
from tests.ports import free_port

COUNTS = (1_000, 100_000)
QUESTIONS, CITIZENS = 400, 40
PROMISE_MS = 30.0
"""Issue 6: p95 through chat, at 100,000 lots."""
ASKED = (
    "구래동 주차장",
    "사우동 근처 무료 주차장 있어?",
    "장기동에 전기차 충전되는 주차장",
    "높이 2.2미터 들어가는 주차장 사우동",
    "지금 자리 있는 주차장 구래동",
    "두 시간 대면 얼마야?",
)
_LINE = "{:>9} lots  {:<28}{:>9}{:>9}{:>9}"


def run() -> None:
    print(f"\nThrough chat: one question after another, {QUESTIONS} a line, the house and its store on this machine")
    print(_LINE.format("", "", "p50 ms", "p95 ms", "p99 ms"))
    with tempfile.TemporaryDirectory(prefix="sinmungo-bench-") as folder, store.embedded(Path(folder) / "pg") as url:
        settings = read().model_copy(update={"var": Path(folder) / "var"})
        asyncio.run(prepare(settings, url, datetime.now(UTC), lambda _: None))
        for count in COUNTS:
            worst = _of(count, settings.city.id, url, Path(folder))
    print(f"at {COUNTS[-1]:,} lots: p95 {worst:.1f} ms (aim: below {PROMISE_MS:.0f} ms)")


def _of(count: int, city_id: str, url: str, folder: Path) -> float:
    asyncio.run(_filled(url, city_id, count))
    port, bound_port = free_port(), free_port()
    config = city_config(folder, free_port())
    env = {**os.environ, "DATABASE_URL": url, "SINMUNGO_CONFIG": str(config)}
    bound = [sys.executable, "-m", "bench.bound", str(bound_port)]
    city = [sys.executable, "-m", "commands", "serve", "--port", str(port)]
    with running(bound, env, bound_port, "/docs"), running(city, env, port, "/healthz"):
        asyncio.run(_asked(port, "/channels/kakao", _questions(f"warm-{count}")))
        bare = [(b"Content-Type: application/json\r\n", b"{}")] * QUESTIONS
        _told(count, "raw bound: one INSERT", asyncio.run(_asked(bound_port, "/", bare)))
        asked = asyncio.run(_asked(port, "/channels/kakao", _questions(f"run-{count}")))
        return _told(count, "asked and answered", asked)


async def _filled(url: str, city: str, count: int) -> None:
    database = Database(url, pool_size=2)
    await fill(database, city, count, among=[(37.6453, 126.6287), (37.6153, 126.7156)])
    await database.close()


def _questions(name: str) -> list[Request]:
    """Each citizen asks all of them in turn, so that later ones continue earlier ones."""
    return [
        kakao(f"{name}-{at}", f"citizen-{at // len(ASKED) % CITIZENS}", ASKED[at % len(ASKED)])
        for at in range(QUESTIONS)
    ]


async def _asked(port: int, path: str, requests: list[Request]) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: list[float] = []
    for headers, body in requests:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n".encode()
        began = time.perf_counter()
        writer.write(head + headers + b"\r\n" + body)
        status, _ = await answer(reader)
        times.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
    writer.close()
    return times


def _told(count: int, what: str, times: list[float]) -> float:
    times.sort()
    p50, p95, p99 = (times[int(len(times) * share)] for share in (0.5, 0.95, 0.99))
    print(_LINE.format(f"{count:,}", what, f"{p50:.1f}", f"{p95:.1f}", f"{p99:.1f}"), flush=True)
    return p95
