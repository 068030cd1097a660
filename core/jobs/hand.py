"""Carries work from the engine's threads to the application's own event loop, where our connections belong."""

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from core.errors import SinmungoError


class Interrupted(BaseException):
    """The process is stopping. Not an Exception on purpose: the engine must record no outcome, a peer resumes."""


class JobFailed(Exception):
    """What the engine stores and staff read: the kind of error and our own reason, never a foreign message."""


def told(error: BaseException) -> str:
    """An error as one line without anybody's data: foreign messages may quote input, so only type and place stay."""
    if isinstance(error, SinmungoError):
        return f"{error.code}: {error.reason_en}"
    place, trace = "", error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f" at {code.co_qualname} line {trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}"


class Hand:
    """Runs coroutines on `loop` for callers on other threads, and knows which are under way."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = False

    def run(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Block the calling thread until `work` is done on the loop. Raises JobFailed, or Interrupted when stopping."""
        if self._stopping or self._loop.is_closed():
            raise Interrupted
        coroutine = self._guarded(work)
        try:
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        except RuntimeError:
            coroutine.close()
            raise Interrupted from None
        while not concurrent.futures.wait([future], timeout=1.0).done:
            if self._loop.is_closed():
                raise Interrupted
        try:
            future.result()
        except concurrent.futures.CancelledError:
            raise Interrupted from None

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            if self._stopping:
                raise asyncio.CancelledError
            await work()
        except asyncio.CancelledError:
            if self._stopping:
                raise
            raise JobFailed("cancelled from inside") from None
        except JobFailed:
            raise
        except Exception as error:
            raise JobFailed(told(error)) from None
        finally:
            self._running.discard(task)

    async def stop(self, grace_s: float) -> None:
        """Let what runs finish for `grace_s`, then cancel it; new work is refused from the start."""
        self._stopping = True
        running = set(self._running)
        if running:
            _, late = await asyncio.wait(running, timeout=grace_s)
            for task in late:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*late, return_exceptions=True)
