"""The engine that keeps up with its folder: a newly trained model is taken in between two messages, never in one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from core.contracts.understanding import Understanding
from nlu.engine import LightEngine
from nlu.errors import ModelUnreadable
from nlu.model import MANIFEST_FILE


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What a look at the folder brought: the hash now running, or why the folder's model was not taken in."""

    model_hash: str
    refused: ModelUnreadable | None = None


class LiveEngine:
    """Implements `core.contracts.understanding.LanguageEngine`; safe to share between threads.

    A message that has begun ends with the engine it began with.
    """

    def __init__(self, folder: Path, load: Callable[[Path], LightEngine]) -> None:
        """Loads the folder's model at once. Raises ModelUnreadable."""
        self._folder = folder
        self._load = load
        self._turn = Lock()
        self._seen = self._signature()
        self._engine = load(folder)

    @property
    def current(self) -> LightEngine:
        """The engine that the next message will be read by."""
        return self._engine

    def understand(self, text: str, *, now_iso: str) -> Understanding:
        return self._engine.understand(text, now_iso=now_iso)

    def reload(self) -> Reloaded | None:
        """Take in the folder's model if another one lies there; None when there is nothing new.

        A folder caught half written is refused and looked at again next time: the manifest is written last, so its
        signature changes once more. Costs one file status when nothing changed; loading takes about 0.1 s.
        """
        with self._turn:
            signature = self._signature()
            if signature == self._seen:
                return None
            try:
                engine = self._load(self._folder)
            except ModelUnreadable as problem:
                self._seen = signature
                return Reloaded(self._engine.manifest.model_hash, problem)
            self._seen, self._engine = signature, engine
            return Reloaded(engine.manifest.model_hash)

    def _signature(self) -> tuple[int, int, int] | None:
        try:
            status = (self._folder / MANIFEST_FILE).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size
