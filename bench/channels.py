"""`make bench-channels`: acknowledgements at a constant load, a bulk drain at the provider's limit, replies meanwhile.

The house (one process with the scheduled work, or with doors beside it), its store, the provider's side and the
load share this machine.
"""

import argparse
import asyncio
import bisect
import os
import secrets
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import psycopg
import yaml

from bench.arrivals import post_at
from bench.load import Figures, Request, figures, post_all
from bench.process import running
from bench.webhooks import SAID, SECRET, signed
from bot.prepare import prepare
from core import logs, secret, store
from core.db import Database
from core.ids import new_id
from core.loading import ROOT
from core.settings import read
from core.vault import open_vault
from tests.ports import free_port
from tests.trained import trained

ROW = "{:<58}{:>10}{:>10}{:>10}"
CITY = "gimpo"
REPLIES_PER_S = 5.0
LONGEST_S = 1200.0


@dataclass
class Provider:
    """The partner's side: answers every post with 200 and notes when it came, to whom, and whether it was bulk."""

    port: int
    bulk: list[float] = field(default_factory=list)
    first: dict[str, float] = field(default_factory=dict)

    async def __aenter__(self) -> "Provider":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.split(b"\r\n")
                length = next(int(line[15:]) for line in lines if line.lower().startswith(b"content-length:"))
                body = orjson.loads(await reader.readexactly(length))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
                now = time.perf_counter()
                if body["purpose"] == "campaign":
                    self.bulk.append(now)
                self.first.setdefault(body["to"], now)


@dataclass
class Drain:
    """What was seen of a bulk drain: memory of the house in MiB by second, replies' times in ms."""

    came: int
    took_s: float
    most_in_a_second: int
    cpu_ms: float
    memory: list[float]
    replies: Figures
    unanswered: int


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=30, help="of webhooks at a constant rate")
    asked.add_argument("--per-second", type=float, default=200, help="webhooks a second")
    asked.add_argument("--notices", type=int, default=100_000, help="queued for the drain")
    asked.add_argument("--longest", type=float, default=LONGEST_S, help="seconds after which the drain is broken off")
    asked.add_argument("--limit", type=float, default=300, help="the provider's limit, messages a second")
    asked.add_argument("--processes", type=int, default=1, help="processes of the house")
    given = asked.parse_args()
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    logs.configure(level="ERROR")
    with tempfile.TemporaryDirectory(prefix="sinmungo-bench-") as folder, store.embedded(Path(folder) / "pg") as url:
        os.environ.setdefault("SINMUNGO_SECRET", secrets.token_hex(32))
        shutil.copytree(trained(), Path(folder) / "var" / "nlu")
        settings = read().model_copy(update={"var": Path(folder) / "var"})
        asyncio.run(prepare(settings, url, datetime.now(UTC), lambda line: None))
        _measure(given, Path(folder), url)


def _measure(given: argparse.Namespace, folder: Path, url: str) -> None:
    ports, bound_port, out_port = [free_port() for _ in range(given.processes)], free_port(), free_port()
    config = _config(folder, out_port, given.limit)
    env = {**os.environ, "DATABASE_URL": url, "SINMUNGO_CONFIG": str(config)}
    echo = [sys.executable, "-m", "bench.echo", str(bound_port)]
    with running(echo, env, bound_port, "/"), _city(env, ports) as pids:
        print(f"{os.cpu_count()} cores, {len(pids)} processes of the house, load {os.getloadavg()[0]:.1f} before")
        asyncio.run(_acknowledge(given, ports, bound_port, out_port, pids))
        print(f"load {os.getloadavg()[0]:.1f} before the drain")
        drain = asyncio.run(_drain(given, url, ports[0], out_port, pids))
    _print_drain(given, drain)


@contextmanager
def _city(env: dict[str, str], ports: Sequence[int]) -> Iterator[list[int]]:
    """The first also does the scheduled work, as `make run` does; further ones are doors beside it."""
    with ExitStack() as stack:
        pids = []
        for number, port in enumerate(ports):
            command = [sys.executable, "-m", "commands", "serve", "--port", str(port)]
            beside = ["--no-worker"] if number else []
            pids.append(stack.enter_context(running([*command, *beside], env, port, "/healthz")).pid)
        yield pids


def _config(folder: Path, out_port: int, limit: float) -> Path:
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    config["var"] = str(folder / "var")
    partner = {"enabled": True, "secret": SECRET, "outbound_url": f"http://127.0.0.1:{out_port}/"}
    config["channels"] = {"web": {"enabled": True}, "partner": {**partner, "rate_per_second": limit}}
    config["outside"] = {"allowed_hosts": ["127.0.0.1"]}
    config["database"]["url"] = "${DATABASE_URL}"
    config["messaging"]["quiet_hours"] = {"start": "00:00", "end": "00:00"}
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    return path


# -- acknowledgements --------------------------------------------------------------------------------------------------


async def _acknowledge(
    given: argparse.Namespace, ports: list[int], bound_port: int, out_port: int, pids: list[int]
) -> None:
    """Both contestants in turns, a third of the time each, so that the machine's drift hits them alike."""
    count = int(given.per_second * given.seconds / 3)
    print(f"\n(a) acknowledgement of webhooks arriving at {given.per_second:.0f}/s, {given.seconds} s")
    print(ROW.format("", "p50 ms", "p99 ms", "refused"))
    async with Provider(out_port):
        for port in ports:
            warm = [_said(i, f"warm{port}") for i in range(400)]
            await post_all(port, "/channels/partner", warm, connections=8)
        await asyncio.sleep(2)
        used = 0.0
        for number in range(3):
            bound = await post_at([bound_port], "/", lambda i: _said(i, "x"), rate=given.per_second, count=count)
            before = _cpu_s(pids)
            ours = await post_at(
                ports,
                "/channels/partner",
                lambda i: _said(i, f"run{number}"),  # noqa: B023
                rate=given.per_second,
                count=count,
            )
            await asyncio.sleep(2)
            used += _cpu_s(pids) - before
            names = ("bound: bare ASGI echo", "partner: checked, stored, committed (aim: p99 < 50)")
            for name, one in zip(names, (bound, ours), strict=True):
                print(ROW.format(name, f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}", one.refused))
    each = used * 1000 / (3 * count)
    share = each * given.per_second / 10
    print(f"  the house's CPU for a message, answered and sent: {each:.1f} ms, {share:.0f} % of a core")


def _said(index: int, run: str) -> Request:
    """400 citizens in turn, so that each has been answered before he writes again."""
    return signed(f"{run}-{index}", f"p{index % 400}", SAID[index % len(SAID)])


# -- the drain ---------------------------------------------------------------------------------------------------------


async def _drain(given: argparse.Namespace, url: str, city_port: int, out_port: int, pids: list[int]) -> Drain:
    async with Provider(out_port) as provider:
        await _queue(url, given.notices)
        memory: list[float] = []
        asked: dict[str, float] = {}
        watching = asyncio.create_task(_watch(pids, memory))
        asking = asyncio.create_task(_ask(city_port, asked))
        deadline, before = time.perf_counter() + given.longest, _cpu_s(pids)
        while len(provider.bulk) < given.notices and time.perf_counter() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        for task in (watching, asking):
            task.cancel()
        await asyncio.gather(watching, asking, return_exceptions=True)
        used = _cpu_s(pids) - before
        if not provider.bulk:
            raise TimeoutError("nothing came to the provider")
        end = provider.bulk[-1]
        during = {one: began for one, began in asked.items() if provider.bulk[0] <= began < end - 2}
        times = [(provider.first[one] - began) * 1000 for one, began in during.items() if one in provider.first]
    return Drain(
        came=len(provider.bulk),
        took_s=provider.bulk[-1] - provider.bulk[0],
        most_in_a_second=_most_in_a_second(sorted(provider.bulk)),
        cpu_ms=used * 1000 / len(provider.bulk),
        memory=memory,
        replies=figures(times, len(times) / max(1e-9, end - provider.bulk[0])),
        unanswered=len(during) - len(times),
    )


async def _queue(url: str, count: int) -> None:
    """Notices of a campaign to as many citizens, due now."""
    db = Database(url)
    vault = await open_vault(db, secret.load(Path()), datetime.now(UTC))
    now = datetime.now(UTC)
    text = "[공지] 12월 1일 00시부터 06시까지 상수도 점검으로 물이 나오지 않을 수 있습니다."
    async with await psycopg.AsyncConnection.connect(url) as connection, connection.cursor() as cursor:
        people = [(new_id(), new_id()) for _ in range(count)]
        talks = "COPY conversations (id, city_id, channel, address, last_inbound_at, created_at) FROM STDIN"
        async with cursor.copy(talks) as copy:
            for number, (talk, _) in enumerate(people):
                await copy.write_row((talk, CITY, "partner", f"bulk-{number}", now, now))
        queued = """COPY outbound (id, city_id, conversation_id, channel, purpose, priority, body, status,
            next_attempt_at, valid_until, created_at) FROM STDIN"""
        async with cursor.copy(queued) as copy:
            for talk, message in people:
                body = orjson.dumps(vault.seal_json({"text": text, "lang": "ko"}, f"outbound.body:{message}")).decode()
                until = now + timedelta(days=1)
                await copy.write_row((message, CITY, talk, "partner", "campaign", 7, body, "queued", now, until, now))
    await db.close()


async def _ask(port: int, asked: dict[str, float]) -> None:
    """A new citizen every fifth of a second, until cancelled."""
    number = 0
    while True:
        address = f"asks-{number}"
        asked[address] = time.perf_counter()
        await post_all(port, "/channels/partner", [signed(f"q-{number}", address, "도움말")], connections=1)
        number += 1
        await asyncio.sleep(max(0.0, asked[address] + 1 / REPLIES_PER_S - time.perf_counter()))


async def _watch(pids: list[int], memory: list[float]) -> None:
    while True:
        memory.append(sum(_resident_mib(pid) for pid in pids))
        await asyncio.sleep(1)


def _resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))


def _cpu_s(pids: list[int]) -> float:
    """User and system time of the processes so far (proc(5), fields 14 and 15)."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _most_in_a_second(times: list[float]) -> int:
    """Over every second, wherever it begins."""
    return max((number - bisect.bisect_right(times, end - 1.0) + 1 for number, end in enumerate(times)), default=0)


def _print_drain(given: argparse.Namespace, drain: Drain) -> None:
    rate = (drain.came - 1) / drain.took_s
    print(f"\n(b) {given.notices:,} queued notices, provider's limit {given.limit:.0f}/s")
    print(f"  {drain.came:,} came in {drain.took_s:.1f} s: {rate:.1f}/s, {rate / given.limit:.3f} of the limit")
    print(f"  most in any one second, as the provider saw it: {drain.most_in_a_second}")
    print(f"  the house's CPU for a notice: {drain.cpu_ms:.1f} ms")
    third = max(1, len(drain.memory) // 3)
    parts = [drain.memory[0], max(drain.memory[third : 2 * third] or drain.memory), drain.memory[-1]]
    begin, middle, end = (f"{one:.0f}" for one in parts)
    print(f"  memory of the house, MiB: {begin} at the start, {middle} at most in the middle, {end} at the end")
    ours = drain.replies
    print("\n(c) replies meanwhile, from the webhook's posting to the provider's receipt")
    print(ROW.format("", "p50 ms", "p99 ms", "none"))
    name = f"{REPLIES_PER_S:.0f} citizens a second ask (aim: < 1000)"
    print(ROW.format(name, f"{ours.p50_ms:.0f}", f"{ours.p99_ms:.0f}", drain.unanswered))
    print(f"load {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
