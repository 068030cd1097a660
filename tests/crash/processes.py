"""Real processes of the house on a throw-away configuration, ended by their own id and by nothing else."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from core.loading import ROOT
from tests.ports import free_port
from tests.trained import trained
from tests.waiting import until

SECRET = "partner-secret-of-the-tests-0123456789"
KAKAO_SECRET = "kakao-secret-of-the-tests"
START_S = 120.0


def write_config(folder: Path, *, outbound_url: str = "http://127.0.0.1:9/", **changes: Any) -> Path:
    """config.yml of the demo city with `var` in this folder and the partner channel; `changes` replace sections."""
    config = yaml.safe_load((ROOT / "config.yml").read_text("utf-8"))
    config["var"] = str(folder / "var")
    config["channels"] = {
        "web": {"enabled": True},
        "kakao": {"enabled": True, "bot_id": "testbot", "secret": KAKAO_SECRET, "callback_hosts": ["127.0.0.1"]},
        "partner": {"enabled": True, "secret": SECRET, "outbound_url": outbound_url},
    }
    config["outside"] = {"allowed_hosts": ["127.0.0.1"]}
    config["database"]["url"] = "${DATABASE_URL:-}"
    for name, section in changes.items():
        config[name] = {**config.get(name, {}), **section}
    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    model = folder / "var" / "nlu"
    if not model.exists():
        shutil.copytree(trained(), model)
    return path


def environment(config: Path, database_url: str) -> dict[str, str]:
    """Of a process that reads this configuration and works on this database."""
    return {**os.environ, "SINMUNGO_CONFIG": str(config), "DATABASE_URL": database_url, "COLUMNS": "200"}


class Process:
    """One process of ours. `port` is 0 for a worker."""

    def __init__(self, config: Path, database_url: str, *words: str, port: int = 0) -> None:
        self.port = port
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        command = [sys.executable, "-m", "commands", *words, *(("--port", str(port)) if port else ())]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment(config, database_url), stdout=self._log, stderr=self._log
        )

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    async def up(self) -> None:
        """Wait until it serves (a worker: until it said so). Fails with its log when it ends instead."""

        async def is_up() -> bool:
            assert self._process.poll() is None, f"ended with {self._process.returncode}\n{self.log[-3000:]}"
            if not self.port:
                return "시작되었습니다" in self.log
            try:
                return (await client.get(f"{self.base}/healthz")).status_code == 200
            except httpx.HTTPError:
                return False

        async with httpx.AsyncClient(timeout=5) as client:
            await until(is_up, START_S)

    def kill(self) -> None:
        """As if the machine's power went: no signal handler, no goodbye."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(20)

    def stop(self) -> int:
        """As an operator stops it; the exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(30)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait(20)

    def close(self) -> None:
        self.stop()
        self._log.close()


@contextmanager
def started(config: Path, database_url: str, *words: str, port: int = 0) -> Iterator[Process]:
    process = Process(config, database_url, *words, port=port)
    try:
        yield process
    finally:
        process.close()


class City:
    """The city's processes as a provider sees them: some doors, of which one or another may be shut for a while."""

    def __init__(self, config: Path, database_url: str, *, doors: int = 1, has_own_worker: bool = False) -> None:
        self._config = config
        self._url = database_url
        self._words = ("serve", "--no-worker") if has_own_worker else ("serve",)
        self.processes = [self._start(free_port()) for _ in range(doors)]
        self.worker = Process(config, database_url, "worker") if has_own_worker else None
        self._is_up = asyncio.Event()

    def _start(self, port: int) -> Process:
        return Process(self._config, self._url, *self._words, port=port)

    async def up(self) -> None:
        await asyncio.gather(*(one.up() for one in (*self.processes, *([self.worker] if self.worker else []))))
        self._is_up.set()

    async def base(self, number: int) -> str:
        """The door for this request, once the city is up."""
        await self._is_up.wait()
        return self.processes[number % len(self.processes)].base

    async def kill_and_restart(self) -> None:
        """Kill the only door's process and start it again at the same port."""
        self._is_up.clear()
        self.processes[0].kill()
        fresh = self._start(self.processes[0].port)
        self.processes[0].close()
        self.processes[0] = fresh
        await fresh.up()
        self._is_up.set()

    def kill_one(self, number: int) -> None:
        """Kill one of several doors for good."""
        dead = self.processes.pop(number)
        dead.kill()
        dead.close()

    def close(self) -> None:
        for process in (*self.processes, *([self.worker] if self.worker else [])):
            process.close()
