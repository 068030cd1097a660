"""(a) webhook → stored → answered, beside the raw bound, in turns on the same store and the same machine."""

import asyncio
import hashlib
import hmac
import os
import secrets
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import orjson
import psycopg
import yaml

from bench.load import Figures, Request, bodies, post_all
from bench.process import running
from core.loading import ROOT
from tests.ports import free_port

ROUNDS, COUNT, CONNECTIONS, CITIZENS = 3, 2000, 32, 400
SECRET = secrets.token_hex(20)
SAID = (
    "안녕하세요",
    "구래동 주차장",
    "두 시간 대면 얼마야?",
    "여권 어디서 만들어요?",
    "민원 어떻게 됐어요?",
    "도움말",
    "고맙습니다",
    "장기동 주차장 알려주세요",
)


def run(database_url: str) -> dict[str, list[Figures]]:
    """Figures by contestant, one entry a round; the rounds alternate so that the machine's drift hits all alike."""
    with tempfile.TemporaryDirectory(prefix="sinmungo-bench-") as folder:
        bound_port, city_port, out_port = free_port(), free_port(), free_port()
        config = city_config(Path(folder), out_port)
        env = {**os.environ, "DATABASE_URL": database_url, "SINMUNGO_CONFIG": str(config)}
        city = [sys.executable, "-m", "commands", "serve", "--port", str(city_port)]
        bound = [sys.executable, "-m", "bench.bound", str(bound_port)]
        with running(bound, env, bound_port, "/docs"), running(city, env, city_port, "/healthz"):
            second_port = free_port()
            second = [sys.executable, "-m", "commands", "serve", "--no-worker", "--port", str(second_port)]
            found = asyncio.run(_rounds(database_url, bound_port, city_port, out_port))
            with running(second, env, second_port, "/healthz"):
                found["kakao2"] = asyncio.run(_pair(city_port, second_port))
            return found


async def _pair(first_port: int, second_port: int) -> list[Figures]:
    """The same load over two processes, each citizen's messages on either."""
    warm = bodies(CITIZENS, lambda i: _kakao(i, "warm2"))
    await post_all(second_port, "/channels/kakao", warm, connections=CONNECTIONS)
    found = []
    for number in range(ROUNDS):
        requests = bodies(COUNT, lambda index: _kakao(index, f"two{number}"))  # noqa: B023
        began = time.perf_counter()
        halves = await asyncio.gather(
            post_all(first_port, "/channels/kakao", requests[::2], connections=CONNECTIONS // 2),
            post_all(second_port, "/channels/kakao", requests[1::2], connections=CONNECTIONS // 2),
        )
        took = time.perf_counter() - began
        worst = max(halves, key=lambda one: one.p99_ms)
        found.append(Figures(COUNT / took, worst.p50_ms, worst.p99_ms, sum(one.refused for one in halves)))
    return found


async def _rounds(database_url: str, bound_port: int, city_port: int, out_port: int) -> dict[str, list[Figures]]:
    found: dict[str, list[Figures]] = {"bound": [], "kakao": [], "partner": []}
    await post_all(bound_port, "/", bodies(300, _bare), connections=CONNECTIONS)
    await post_all(city_port, "/channels/kakao", bodies(CITIZENS, lambda i: _kakao(i, "warm")), connections=CONNECTIONS)
    async with _counterpart(out_port):
        await _partner(city_port, database_url, "warm", CITIZENS)
        for number in range(ROUNDS):
            found["bound"].append(await post_all(bound_port, "/", bodies(COUNT, _bare), connections=CONNECTIONS))
            requests = bodies(COUNT, lambda index: _kakao(index, str(number)))  # noqa: B023
            found["kakao"].append(await post_all(city_port, "/channels/kakao", requests, connections=CONNECTIONS))
            found["partner"].append(await _partner(city_port, database_url, str(number), COUNT))
    return found


def _bare(index: int) -> Request:
    return b"Content-Type: application/json\r\n", orjson.dumps({"text": SAID[index % len(SAID)]})


def _kakao(index: int, run: str) -> Request:
    return kakao(f"{run}-{index}", f"citizen-{index % CITIZENS}", SAID[(index // CITIZENS + index) % len(SAID)])


def kakao(message_id: str, user: str, text: str) -> Request:
    """One message as KakaoTalk's skill server posts it."""
    body = {
        "bot": {"id": "bench"},
        "userRequest": {
            "utterance": text,
            "user": {"id": user, "type": "botUserKey", "properties": {}},
            "lang": "ko",
            "timezone": "Asia/Seoul",
            "params": {"surface": "Kakaotalk.plusfriend"},
            "block": {"id": "b", "name": "n"},
        },
        "action": {"id": "a", "name": "n", "params": {}, "detailParams": {}, "clientExtra": {}},
        "intent": {"id": "i", "name": "n"},
        "contexts": [],
    }
    headers = (
        f"Content-Type: application/json\r\nX-Sinmungo-Secret: {SECRET}\r\nX-Request-Id: chp-{message_id}\r\n".encode()
    )
    return headers, orjson.dumps(body)


async def _partner(port: int, database_url: str, run: str, count: int) -> Figures:
    """Push: done when every answer has reached the counterpart. The times of single requests are those of the ack."""
    requests = bodies(count, lambda index: _signed(index, run))
    began = time.perf_counter()
    posted = await post_all(port, "/channels/partner", requests, connections=CONNECTIONS)
    await _until_sent(database_url)
    took = time.perf_counter() - began
    return Figures(count / took, posted.p50_ms, posted.p99_ms, posted.refused)


async def _until_sent(database_url: str) -> None:
    unsent = """SELECT (SELECT count(*) FROM inbound WHERE processed_at IS NULL)
        + (SELECT count(*) FROM outbound WHERE status IN ('queued', 'sending'))"""
    async with asyncio.timeout(120):
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
            while (await (await connection.execute(unsent)).fetchone() or (0,))[0]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


def _signed(index: int, run: str) -> Request:
    return signed(f"{run}-{index}", f"p{index % CITIZENS}", SAID[(index // CITIZENS + index) % len(SAID)])


def signed(message_id: str, sender: str, text: str) -> Request:
    """One message as the partner's system posts it."""
    body = orjson.dumps({"id": message_id, "from": sender, "type": "text", "text": text})
    at = str(int(time.time()))
    mac = hmac.new(SECRET.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = f"Content-Type: application/json\r\nX-Sinmungo-Timestamp: {at}\r\nX-Sinmungo-Signature: v1={mac}\r\n"
    return headers.encode(), body


class _counterpart:  # noqa: N801 - reads as a context
    """The partner's side: answers every post with 200, as little work as HTTP allows."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
                )
                await reader.readexactly(length)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")


def city_config(folder: Path, out_port: int) -> Path:
    """The demo city with both kinds of channel switched on, in a folder of its own."""
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    config["var"] = str(folder / "var")
    config["channels"] = {
        "web": {"enabled": True},
        "kakao": {"enabled": True, "bot_id": "bench", "secret": SECRET},
        "partner": {"enabled": True, "secret": SECRET, "outbound_url": f"http://127.0.0.1:{out_port}/"},
    }
    config["outside"] = {"allowed_hosts": ["127.0.0.1"]}
    config["database"]["url"] = "${DATABASE_URL}"
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    return path
