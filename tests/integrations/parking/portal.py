"""A provider's server on loopback: it reads real HTTP requests and answers as the portal does, errors included."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from core.http import Outside

KEY = "a+b/c=="
"""Decoded; the portal also shows it as a%2Bb%2Fc%3D%3D."""


@dataclass(frozen=True)
class Asked:
    """`parts`: of the path, each decoded by itself."""

    parts: tuple[str, ...]
    query: Mapping[str, str]


@dataclass(frozen=True)
class Said:
    body: bytes
    status: int = 200
    kind: str = "application/json"


Answering = Callable[[Asked], Said]


@dataclass
class Portal:
    answering: Answering
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            target = urlsplit(head.split(b" ", 2)[1].decode("ascii"))
            asked = Asked(
                tuple(map(unquote, target.path.split("/")[1:])), dict(parse_qsl(target.query, keep_blank_values=True))
            )
            self.asked.append(asked)
            said = self.answering(asked)
            lines = [f"HTTP/1.1 {said.status} X", f"Content-Type: {said.kind}", f"Content-Length: {len(said.body)}"]
            writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + said.body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answering: Answering) -> AsyncIterator[tuple[Portal, Outside]]:
    """The server, and the house's own way out to it."""
    portal = Portal(answering)
    server = await asyncio.start_server(portal.serve, "127.0.0.1", 0)
    portal.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Outside(["127.0.0.1"]) as outside:
        try:
            yield portal, outside
        finally:
            server.close()
            await server.wait_closed()


def as_json(value: object) -> Said:
    return Said(json.dumps(value, ensure_ascii=False).encode())


def page_of(items: Sequence[object], asked: Asked, *, most: int = 1_000) -> Sequence[object]:
    """The part of all items that a page holds; a portal gives no more than `most` at once."""
    rows, number = min(int(asked.query["numOfRows"]), most), int(asked.query["pageNo"])
    return items[(number - 1) * rows : number * rows]


def failure_xml(code: str, word: str) -> Said:
    """The gateway's own failure: XML with HTTP 200, though JSON was asked for."""
    return Said(
        f"<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg><returnAuthMsg>{word}</returnAuthMsg>"
        f"<returnReasonCode>{code}</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>".encode(),
        kind="application/xml",
    )


FAILURES: Sequence[tuple[str, Said, str]] = [
    ("quota", failure_xml("22", "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR"), "quota"),
    ("unknown key", failure_xml("30", "SERVICE_KEY_IS_NOT_REGISTERED_ERROR"), "refused"),
    ("key ran out", failure_xml("31", "DEADLINE_HAS_EXPIRED_ERROR"), "refused"),
    ("application", failure_xml("01", "APPLICATION_ERROR"), "retry"),
    ("database", as_json({"response": {"header": {"resultCode": "02", "resultMsg": "DB_ERROR"}}}), "retry"),
    ("time", as_json({"OpenAPI_ServiceResponse": {"cmmMsgHeader": {"returnReasonCode": "05"}}}), "retry"),
    ("parameter", failure_xml("10", "INVALID_REQUEST_PARAMETER_ERROR"), "broken"),
    ("unknown key, 403", Said(failure_xml("30", "SERVICE_KEY_IS_NOT_REGISTERED_ERROR").body, 403), "refused"),
    ("bare 401", Said(b"Unauthorized", 401, "text/plain"), "retry"),
    ("bare 403", Said(b"Forbidden", 403, "text/plain"), "refused"),
    ("a web page", Said("<!DOCTYPE html><html><body>점검 중</body></html>".encode(), 200, "text/html"), "broken"),
    ("nothing", Said(b""), "retry"),
    ("cut off", Said(b'{"response": {"header": {"resultCode": "00"}, "body": {"items": [{"a'), "retry"),
    ("another form", as_json({"hello": "world"}), "broken"),
    ("no text at all", Said(b"{\xff\xff\xff}"), "broken"),
    ("an entity bomb", Said(b'<!DOCTYPE x [<!ENTITY a "aa">]><response>&a;</response>'), "broken"),
]
"""What any service of the gateway may answer instead of rows: name, answer, kind of SourceFailed."""
