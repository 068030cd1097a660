"""Who reads the citizens' messages: the engine in process, at once, or the server that config.yml names before it."""

from collections.abc import Collection, Mapping

from core import loading
from core.contracts.reading import Hear, Reader
from core.contracts.understanding import LanguageEngine, Understanding
from core.settings import Nlu, section_settings


class AtOnce:
    """Implements `core.contracts.reading.Reader` without any waiting."""

    def __init__(self, engine: LanguageEngine) -> None:
        self._engine = engine

    def hear(self, now_iso: str) -> Hear:
        async def read(text: str) -> Understanding:
            return self._engine.understand(text, now_iso=now_iso)

        return read

    def health(self) -> Mapping[str, str | int]:
        return {}

    async def aclose(self) -> None:
        return None


def open_reader(nlu: Nlu, engine: LanguageEngine, intents: Collection[str]) -> Reader:
    """The reader of `nlu.engine`. `intents`: names that may be believed. Raises ConfigError for a wrong section."""
    if nlu.engine == "light":
        return AtOnce(engine)
    module = loading.file("integrations.language", nlu.engine)
    settings = section_settings(module.Settings, ("nlu", nlu.engine), getattr(nlu, nlu.engine))
    reader: Reader = module.build(settings, engine, intents)
    return reader
