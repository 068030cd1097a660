"""A Rasa 3.6 server as the language engine: it is asked for intents and spans, and the light engine stands behind it.

Settings: `nlu.engine: rasa` and `nlu.rasa` in config.yml. The server is deploy/rasa's or a city's own (docs/adr/0010).
"""

import asyncio
import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import orjson
import structlog
from pydantic import BaseModel, ConfigDict, Field, field_validator

from core import metrics
from core.breaker import Breaker
from core.contracts.reading import Hear
from core.contracts.understanding import LanguageEngine, Understanding
from core.errors import Unavailable
from core.guarded import TooLarge
from core.http import guarded_client
from core.masking import mask
from integrations.language._parsed import FALLBACK, Nonsense, Thresholds, parse, understood

NAME = "rasa"
LOOK = 600
"""Code points that are sent: what a citizen wants stands in them, and the server's time stays bounded."""
MAX_BYTES = 256 * 1024
log = structlog.get_logger(__name__)
_LEADING = re.compile(r"[\s/]*")
"""Rasa strips blanks, and takes a text that begins with a slash for the name of an intent: anybody could type one."""


class Settings(BaseModel):
    """`nlu.rasa`. `timeout_s` bounds the waiting of one message, however many texts of it are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = "http://127.0.0.1:5005"
    token: str = ""
    timeout_s: Annotated[float, Field(gt=0, le=3)] = 2.0
    thresholds: Thresholds = Thresholds()

    @field_validator("url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise ValueError("expected an address like http://127.0.0.1:5005")
        return url.rstrip("/")


class Fell(Exception):
    """Rasa gave no answer of use. `why`: timeout, away, refused, failed or nonsense; never a word of the citizen's."""

    def __init__(self, why: str, what: str) -> None:
        super().__init__(what)
        self.why = why


class RasaReader:
    """Implements `core.contracts.reading.Reader`: intents are Rasa's, what it cannot know is the light engine's."""

    def __init__(
        self,
        settings: Settings,
        light: LanguageEngine,
        intents: Collection[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._light = light
        self._intents = intents
        self._clock = clock
        self._client = _client(settings)
        self._breaker = Breaker(clock)
        self._answered = self._fell_back = 0
        self._failure = ""

    def hear(self, now_iso: str) -> Hear:
        """The reading of one message; see the contract. Not awaited twice at once."""
        left_s = self._settings.timeout_s

        async def read(text: str) -> Understanding:
            nonlocal left_s
            light = self._light.understand(text, now_iso=now_iso)
            if _is_settled(light):
                return light
            if left_s <= 0:
                return self._without(light, "timeout")
            if not self._breaker.may_call():
                return self._without(light, "resting")
            began = self._clock()
            try:
                async with asyncio.timeout(left_s):
                    seen = await self._read(light)
            except TimeoutError:
                left_s = 0.0
                self._note(Fell("timeout", f"no answer in {self._settings.timeout_s:g} s"))
                return self._without(light, "timeout")
            except Fell as fell:
                left_s -= self._clock() - began
                self._note(fell)
                return self._without(light, fell.why)
            left_s -= self._clock() - began
            self._succeeded()
            return seen

        return read

    async def _read(self, light: Understanding) -> Understanding:
        """The whole text, and each clause that the light engine takes for a request of its own. Raises Fell."""
        whole = await self._ask(light)
        parts = [part if _is_settled(part) else await self._ask(part) for part in light.parts]
        acted = tuple(part for part in parts if part.band == "act")
        return replace(whole, parts=acted) if len({part.intent for part in acted}) > 1 else whole

    async def _ask(self, light: Understanding) -> Understanding:
        text, at = sendable(light.text)
        if not text:
            return replace(light, parts=())
        body = await self._post(text)
        try:
            parsed = parse(body, text)
            return understood(parsed, light, at, self._intents, self._settings.thresholds)
        except Nonsense as nonsense:
            raise Fell("nonsense", str(nonsense)) from None

    async def _post(self, text: str) -> bytes:
        token = {"token": self._settings.token} if self._settings.token else {}
        try:
            response = await self._client.post(
                "/model/parse", params=token, json={"text": text}, extensions={"max_bytes": MAX_BYTES}
            )
        except httpx.TimeoutException as error:
            raise Fell("timeout", type(error).__name__) from None
        except (TooLarge, httpx.DecodingError) as error:
            raise Fell("nonsense", type(error).__name__) from None
        except httpx.HTTPError as error:
            raise Fell("away", type(error).__name__) from None
        if response.status_code != 200:
            raise Fell("failed" if response.status_code >= 500 else "refused", f"HTTP {response.status_code}")
        return response.content

    def _note(self, fell: Fell) -> None:
        self._breaker.failed()
        self._failure = fell.why
        log.warning(
            "language.fell_back", engine=NAME, why=fell.why, what=str(fell), is_resting=self._breaker.is_resting
        )

    def _succeeded(self) -> None:
        self._breaker.succeeded()
        self._answered += 1
        metrics.LANGUAGE_READS.labels(NAME, "answered").inc()
        if self._failure:
            log.info("language.answers_again", engine=NAME, fell_back=self._fell_back)
            self._failure = ""

    def _without(self, light: Understanding, why: str) -> Understanding:
        self._fell_back += 1
        metrics.LANGUAGE_READS.labels(NAME, why).inc()
        return light

    def health(self) -> Mapping[str, str | int]:
        """`state`: ok, falling_back (the last answer was none) or resting (left alone for a while)."""
        state = "resting" if self._breaker.is_resting else "falling_back" if self._failure else "ok"
        return {
            "state": state,
            "answered": self._answered,
            "fell_back": self._fell_back,
            "last_failure": self._failure,
        }

    async def aclose(self) -> None:
        await self._client.aclose()


def build(settings: Settings, light: LanguageEngine, intents: Collection[str]) -> RasaReader:
    return RasaReader(settings, light, intents)


def told(
    settings: Settings, said: Mapping[str, object], light: Understanding, intents: Collection[str]
) -> Understanding:
    """What a Rasa in front of us had read before it handed the message on (`IncomingMessage.heard`): its intents and
    spans with our values. `light` itself where that says nothing of use, or less than we heard (several requests)."""
    if _is_settled(light) or light.parts:
        return light
    try:
        parsed = parse(orjson.dumps({**said, "text": light.text}), light.text)
        return light if parsed.intent.name == FALLBACK else understood(parsed, light, 0, intents, settings.thresholds)
    except Nonsense:
        return light


def sendable(text: str) -> tuple[str, int]:
    """What of our text is sent, and where it begins in it: personal numbers masked, no blanks and slashes in front."""
    cut = text[:LOOK].rstrip()
    leading = _LEADING.match(cut)
    at = leading.end() if leading else 0
    return mask(cut[at:]), at


async def probe(settings: Settings) -> str:
    """One Korean line on the server for the doctor. Raises Unavailable saying what is wrong and what to do."""
    token = {"token": settings.token} if settings.token else {}
    try:
        async with _client(settings) as client:
            version = (await client.get("/version")).json()["version"]
            status = await client.get("/status", params=token)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        name = type(error).__name__
        raise Unavailable(
            f"{settings.url}에서 Rasa가 답하지 않습니다({name}). 그동안 light 엔진이 답합니다: deploy/rasa/README.md",
            f"{settings.url} does not answer as Rasa: {name}",
        ) from None
    if status.status_code == 401:
        raise Unavailable("Rasa의 토큰이 맞지 않습니다. nlu.rasa.token을 확인해 주세요", "Rasa refuses the token")
    if status.status_code != 200:
        raise Unavailable(
            f"Rasa {version}에 학습된 모델이 없습니다. deploy/rasa/rasa train으로 만들어 주세요",
            f"Rasa {version} has no model: HTTP {status.status_code}",
        )
    return f"{settings.url}의 Rasa {version}이(가) 의도를 읽습니다. 멈추면 light 엔진이 답합니다"


def _client(settings: Settings) -> httpx.AsyncClient:
    """The operator wrote this address, no citizen can: it may lie inside."""
    client = guarded_client([urlsplit(settings.url).hostname or ""], timeout_s=settings.timeout_s)
    client.base_url = httpx.URL(settings.url)
    return client


def _is_settled(light: Understanding) -> bool:
    """Nothing to classify: no letter in it (Rasa would be confident all the same), or a yes or no of the list."""
    return not light.ranking or light.confidence == 1.0
