"""Counterparts that others wrote: Prism with a vendor's specification, and the vendors' SDKs in Node as judges.

These tests run on purpose only (`make test-channels`), so whatever they lack is a failure that names it.
"""

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.contracts.channel import House
from core.loading import ROOT
from tests.counterparts.install import HOME, node
from tests.ports import free_port
from tests.waiting import until

SPECS = ROOT.parent / "shared" / "data" / "channels" / "specs"
_CLI = HOME / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"

NOW = datetime.fromtimestamp(1_790_000_000, UTC)
Prism = Callable[[str], Awaitable[str]]
Judge = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
async def prism(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prism]:
    """`url = await prism("line_messaging-api.yml")`: the vendor's server as its specification says, for this module.

    A request against the specification is answered 4xx with the violations in the body, never with a good example.
    """
    folder = tmp_path_factory.mktemp("prism")
    running: dict[str, str] = {}
    async with AsyncExitStack() as stack:

        async def start(spec: str) -> str:
            if spec not in running:
                running[spec] = await stack.enter_async_context(_mocking(spec, folder / f"{spec}.log"))
            return running[spec]

        yield start


@asynccontextmanager
async def _mocking(spec: str, log: Path) -> AsyncIterator[str]:
    for needed, how in ((SPECS / spec, "a vendor's specification"), (_CLI, "make test-channels installs it")):
        assert needed.is_file(), f"{needed.relative_to(ROOT.parent)} is not there ({how})"
    port = free_port()
    command = [node(), str(_CLI), "mock", "--errors", "-h", "127.0.0.1", "-p", str(port), str(SPECS / spec)]
    with log.open("wb") as said:
        child = await asyncio.create_subprocess_exec(*command, stdout=said, stderr=said)
        try:
            await until(lambda: child.returncode is not None or _listens(port), timeout_s=60)
            assert child.returncode is None, f"Prism ended; see {log}"
            yield f"http://127.0.0.1:{port}"
        finally:
            await _end(child)


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is not None:
        return
    child.terminate()
    try:
        await asyncio.wait_for(child.wait(), 10)
    except TimeoutError:
        child.kill()
        await child.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def judge() -> Judge:
    """`judge("twilio.mjs", question)`: what a judge of judges/ answers; plain JSON both ways, over its pipes."""

    def ask(script: str, question: Any) -> Any:
        path = HOME / "judges" / script
        assert path.is_file(), f"no judge {script}"
        done = subprocess.run([node(), str(path)], input=json.dumps(question).encode(), capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-2000:]
        return json.loads(done.stdout)

    return ask


@dataclass
class Watched:
    """A house for one channel, and what its calls were answered."""

    house: House
    answers: list[httpx.Response] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What Prism found wrong: refused calls, and calls let through with a remark."""
        refused = [f"{one.status_code}: {one.text}" for one in self.answers if one.status_code >= 400]
        return refused + [one.headers["sl-violations"] for one in self.answers if "sl-violations" in one.headers]


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    async def publish(topic: str, payload: str) -> None:
        """Nothing here listens."""

    async def keep(answer: httpx.Response) -> None:
        await answer.aread()
        found.answers.append(answer)

    async with httpx.AsyncClient(trust_env=False, event_hooks={"response": [keep]}) as http:
        house = House(http, publish, b"house-secret-of-the-counterparts-0", tmp_path, "http://localhost", lambda: NOW)
        found = Watched(house)
        yield found
