"""The practice network as its own process, which a test can kill and start again on the same port and folder."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import httpx

from core.loading import ROOT
from tests.ports import free_port

KEY = "key of the tests"


class Practising:
    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._options = options
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def up(self) -> None:
        command = [sys.executable, "-m", "commands", "banks", "practice", "--port", str(self.port), "--folder"]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            str(self.folder),
            *self._options,
            cwd=ROOT,
            env={**os.environ, "SINMUNGO_BANKS_KEY": KEY},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with httpx.AsyncClient(trust_env=False) as http:
            while True:
                try:
                    assert (await http.get(f"{self.url}/health")).json()["is_practice"]
                except httpx.TransportError:
                    assert self._process.returncode is None, "the network did not start"
                    await asyncio.sleep(0.05)
                else:
                    return

    async def kill(self) -> None:
        """As when the machine's plug is pulled."""
        await self._end(signal.SIGKILL)

    async def down(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(how)
            await self._process.wait()
