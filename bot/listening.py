"""Who reads the citizens' messages: the engine in process, at once, or the server that config.yml names before it."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

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


class Told:
    """Messages whose sender's own language engine has read them (`IncomingMessage.heard`): nobody else is asked."""

    def __init__(self, nlu: Nlu, engine: LanguageEngine, intents: Collection[str]) -> None:
        module = loading.file("integrations.language", "rasa")
        settings = section_settings(module.Settings, ("nlu", "rasa"), nlu.rasa)
        self._engine = engine
        self._understood = partial(module.told, settings, intents=intents)

    def hear(self, heard: Mapping[str, Any], said: str, now_iso: str) -> Hear:
        """`said`: the words that `heard` is about. Any other text is the engine's alone."""

        async def read(text: str) -> Understanding:
            light = self._engine.understand(text, now_iso=now_iso)
            return self._understood(heard, light) if text == said else light

        return read


def open_reader(nlu: Nlu, engine: LanguageEngine, intents: Collection[str]) -> Reader:
    """The reader of `nlu.engine`. `intents`: names that may be believed. Raises ConfigError for a wrong section."""
    if nlu.engine == "light":
        return AtOnce(engine)
    module = loading.file("integrations.language", nlu.engine)
    settings = section_settings(module.Settings, ("nlu", nlu.engine), getattr(nlu, nlu.engine))
    reader: Reader = module.build(settings, engine, intents)
    return reader
