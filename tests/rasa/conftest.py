"""A real Rasa 3.6 in its own Python 3.10 (deploy/rasa), laid once in var/rasa/venv and shared by every test here."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from core.loading import ROOT
from tests.ports import free_port

SCRIPT = ROOT / "deploy/rasa/rasa"
NO_PYTHON = 69
"""The script's exit code where the machine has no Python 3.10 that runs."""
START_S = 240
"""TensorFlow on a busy machine; 15 s on an idle one."""


@dataclass(frozen=True, slots=True)
class RasaEnv:
    """`deploy/rasa/rasa` in a folder of the test's own: models, caches and logs of a test go with the test."""

    home: Path
    venv: Path

    def run(self, *words: str, timeout_s: float = 600, **env: str) -> "subprocess.CompletedProcess[str]":
        """`run("exec", "train", "nlu", …)`: the finished process of the script's command, in this folder."""
        return subprocess.run(
            [SCRIPT, *words], cwd=self.home, env=self._env(env), capture_output=True, text=True, timeout=timeout_s
        )

    @contextmanager
    def start(self, *words: str, ready: str = "/", port: int = 0, **env: str) -> "Iterator[Started]":
        """A server of the script (`"exec", "run", …`; `--port` is added), up when `ready` answers. Ended by its id."""
        port = port or free_port()
        log = self.home / f"{words[-1].strip('-').replace('/', '_')}-{port}.log"
        with log.open("wb") as told:
            process = subprocess.Popen(
                [SCRIPT, *words, "--port", str(port)],
                cwd=self.home, env=self._env(env), stdout=told, stderr=subprocess.STDOUT,
            )  # fmt: skip
        started = Started(process, f"http://127.0.0.1:{port}", log)
        try:
            started.wait(ready)
            yield started
        finally:
            started.stop()

    def _env(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, "RASA_STAY": "1", **more}


@dataclass(slots=True)
class Started:
    """A running server. `log` holds all it said."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def wait(self, path: str) -> None:
        """Until `path` answers below 500; fails with the log's end when the process ends or START_S is over."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                pytest.fail(f"ended with {self.process.returncode}:\n{self.told()}")
            try:
                if httpx.get(self.url + path, timeout=5, trust_env=False).status_code < 500:
                    return
            except httpx.HTTPError:
                time.sleep(0.3)
        pytest.fail(f"not up in {START_S} s:\n{self.told()}")

    def told(self) -> str:
        return self.log.read_text("utf-8", errors="replace")[-4000:]

    def stop(self) -> None:
        """End it (the script has put Rasa in its own place, so the id is Rasa's)."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


@pytest.fixture(scope="session")
def rasa_env(tmp_path_factory: pytest.TempPathFactory) -> RasaEnv:
    """The environment, laid if it is not; skips where there is no Python 3.10, and says so."""
    done = subprocess.run([SCRIPT, "setup"], capture_output=True, text=True, timeout=1500)
    if done.returncode == NO_PYTHON:
        pytest.skip(f"no Python 3.10 for a real Rasa: {done.stderr.strip().splitlines()[0]}")
    assert done.returncode == 0, done.stderr[-4000:]
    return RasaEnv(tmp_path_factory.mktemp("rasa"), ROOT / "var/rasa/venv")
