"""A newly trained language model is taken in while the house runs: `./sinmungo train` is all an officer does."""

import asyncio
from contextlib import suppress

import structlog

from nlu.live import LiveEngine

LOOK_S = 2.0
"""Seconds between two looks; a look is one file status. Every process of the house looks for itself."""

log = structlog.get_logger(__name__)


class ModelWatch:
    """Looks at the model folder until stopped. A message that is being read ends with the model it began with."""

    def __init__(self, engine: LiveEngine, look_s: float = LOOK_S) -> None:
        self._engine = engine
        self._look_s = look_s
        self._task: asyncio.Task[None] | None = None
        self._refused = ""

    def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="model-watch")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def health(self) -> dict[str, str]:
        """The running model's hash, and why a newer one was not taken in."""
        told = {"model": self._engine.current.manifest.model_hash[:12]}
        return told | {"refused": self._refused} if self._refused else told

    async def look(self) -> None:
        """One look. In a thread: reading a model takes a tenth of a second, and messages go on meanwhile."""
        news = await asyncio.to_thread(self._engine.reload)
        if news is None:
            return
        if news.refused is None:
            self._refused = ""
            log.info("language_model_taken_in", model=news.model_hash[:12])
        else:
            self._refused = news.refused.reason_ko
            log.warning("language_model_refused", reason=news.refused.reason_en, model=news.model_hash[:12])

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._look_s)
            await self.look()
