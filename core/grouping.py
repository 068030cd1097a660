"""Group commit: what waits at once shares one transaction, without making anybody wait for company."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from core.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")


class Grouped(Generic[T, R]):
    """Calls `flush(items)` with whatever came in while the previous flush ran; one result an item, in order.

    If a flush of several fails, each is tried alone, so that one bad item cannot fail its neighbours; but when the
    store is away for the first of them too, none waits for its own turn to be told so.
    """

    def __init__(self, flush: Callable[[Sequence[T]], Awaitable[Sequence[R]]], *, most: int = 64) -> None:
        self._flush = flush
        self._most = most
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, item: T) -> R:
        """The item's own result. Raises what its flush raised."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            await self._settle(batch)

    async def _settle(self, batch: list[tuple[T, asyncio.Future[R]]]) -> Exception | None:
        try:
            results = await self._flush([item for item, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                self._fail(batch[0][1], error)
                return error
            for position, one in enumerate(batch):
                failed = await self._settle([one])
                if isinstance(failed, Unavailable):
                    for _, future in batch[position + 1 :]:
                        self._fail(future, failed)
                    break
            return error
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
        return None

    def _fail(self, future: asyncio.Future[R], error: Exception) -> None:
        if not future.done():
            future.set_exception(error)

    async def close(self) -> None:
        """Wait until everything handed in is flushed."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])
