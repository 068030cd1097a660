"""A process of the house (or of a contestant) for the time of a bench: up when its port answers, ended by its id."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

import httpx

from core.loading import ROOT


@contextmanager
def running(command: list[str], env: dict[str, str], port: int, path: str) -> Iterator["subprocess.Popen[bytes]"]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            _until_up(process, port, path, log)
            yield process
        finally:
            process.terminate()
            process.wait(20)


def _until_up(process: "subprocess.Popen[bytes]", port: int, path: str, log: IO[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if process.poll() is not None:
            log.seek(0)
            raise RuntimeError(log.read().decode()[-3000:])
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}{path}", timeout=2).status_code == 200:
                return
        time.sleep(0.1)
    raise TimeoutError(f"port {port} did not open")
