"""A real HTTP server that speaks Rasa's `/model/parse` as recorded from 3.6.21, and that can be made to misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

Spoken = tuple[int, bytes]
PARSING_ERROR: Spoken = (
    500,
    b'{"version":"3.6.21","status":"failure","message":"An unexpected error occurred.","reason":"ParsingError",'
    b'"details":{},"help":null,"code":500}',
)
NOT_AUTHENTICATED: Spoken = (
    401,
    b'{"version":"3.6.21","status":"failure","message":"User is not authenticated.","reason":"NotAuthenticated",'
    b'"details":{},"help":null,"code":401}',
)


def said(text: str, *ranking: tuple[str, float], entities: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Rasa's answer to `text`, the first of `ranking` as its intent."""
    scored = [{"name": name, "confidence": share} for name, share in ranking]
    return {
        "text": text,
        "intent": scored[0],
        "entities": list(entities),
        "text_tokens": [[0, len(text)]],
        "intent_ranking": scored,
    }


def span(kind: str, start: int, end: int, value: str, confidence: float = 0.97) -> dict[str, Any]:
    return {
        "entity": kind,
        "start": start,
        "end": end,
        "confidence_entity": confidence,
        "value": value,
        "extractor": "DIETClassifier",
        "processors": ["EntitySynonymMapper"],
    }


@dataclass(slots=True)
class Counterpart:
    """`answer(text)`: what to say. `delay_s`: how slowly. `asked` are the texts, `tokens` what came with them."""

    answer: Callable[[str], Spoken | dict[str, Any]] = lambda text: said(text, ("parking_find", 0.93), ("greet", 0.02))
    delay_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
            length = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length")), 0)
            body = await reader.readexactly(length)
            status, answer = self._spoken(urlsplit(head[0].split()[1]), body)
            await asyncio.sleep(self.delay_s)
            writer.write(
                b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
                % (status, len(answer))
                + answer
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _spoken(self, url: Any, body: bytes) -> Spoken:
        if url.path == "/version":
            return 200, b'{"version":"3.6.21","minimum_compatible_version":"3.6.21"}'
        if url.path == "/status":
            return 200, b'{"model_file":"sinmungo.tar.gz","model_id":"1","num_active_training_jobs":0}'
        self.tokens += parse_qs(url.query).get("token", [""])
        text = json.loads(body)["text"]
        self.asked.append(text)
        answer = self.answer(text)
        return answer if isinstance(answer, tuple) else (200, json.dumps(answer).encode())


@asynccontextmanager
async def listening() -> AsyncIterator[Counterpart]:
    made = Counterpart()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
