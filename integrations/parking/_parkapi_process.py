"""One converter run in another environment as a child process: bounded in time, memory and words."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from core.contracts.parking import SourceFailed
from core.errors import ConfigError

_CHILD = Path(__file__).with_name("_parkapi_child.py")
_MOST_SAID = 128 * 1024 * 1024


def python_of(home: Path) -> Path:
    """The environment's Python. Raises ConfigError when it is not laid, naming the command."""
    found = home / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not found.is_file() or not (home / ".laid").is_file():
        raise ConfigError(
            "parkapi-sources의 환경이 없습니다. 이 폴더에서 'make parkapi'를 한 번 실행해 주세요.",
            "the environment of parkapi-sources is not laid: run `make parkapi` once",
        )
    return found


async def run(python: Path, asked: Mapping[str, Any], *, timeout_s: float) -> dict[str, Any]:
    """The child's answer. Raises SourceFailed (broken) when it says none within its bounds."""
    with tempfile.TemporaryDirectory(prefix="parkapi-") as folder:
        child = await asyncio.create_subprocess_exec(
            str(python),
            "-I",
            "-B",
            str(_CHILD),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # What it says in anger holds rows of the feed and no news.
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            # None of the house's secrets; one thread, since each of a library's reserves memory.
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        try:
            async with asyncio.timeout(timeout_s):
                said = await _talk(child, orjson.dumps(asked))
        except TimeoutError:
            raise _failed("정해진 시간 안에 끝나지 않았습니다", "ran out of time") from None
        finally:
            if child.returncode is None:
                child.kill()
            await child.wait()
    try:
        answer = orjson.loads(said)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise _failed(f"도중에 끝났습니다(코드 {child.returncode})", f"ended without an answer ({child.returncode})")
    return answer


async def _talk(child: asyncio.subprocess.Process, words: bytes) -> bytes:
    """Writing and reading side by side; a child that says too much is heard no further."""
    assert child.stdin is not None and child.stdout is not None
    writing = asyncio.create_task(_write(child.stdin, words))
    said = bytearray()
    try:
        while part := await child.stdout.read(1 << 20):
            said += part
            if len(said) > _MOST_SAID:
                raise _failed("결과가 너무 큽니다", "its answer is too large")
        await child.wait()
        return bytes(said)
    finally:
        writing.cancel()


async def _write(pipe: asyncio.StreamWriter, words: bytes) -> None:
    try:
        pipe.write(words)
        await pipe.drain()
        pipe.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended before it had heard all; its answer or its silence says why


def _failed(why_ko: str, why_en: str) -> SourceFailed:
    return SourceFailed("broken", f"parkapi-sources 변환기가 {why_ko}.", f"the converter {why_en}")
