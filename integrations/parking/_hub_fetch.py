"""Asks a hub for one document: conditional on what we have, unpacked within bounds, refusals in the house's words."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from core.contracts.parking import Http, SourceFailed
from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Seen:
    """What a document was marked with when it was read last (RFC 9110 §13); "" is none."""

    etag: str = ""
    last_modified: str = ""

    @classmethod
    def load(cls, text: str) -> "Seen":
        """Out of `Mark.cursor`; what cannot be read is none."""
        try:
            found = json.loads(text or "{}")
            return cls(str(found.get("etag", "")), str(found.get("last_modified", "")))
        except (ValueError, AttributeError):
            return cls()

    def dump(self) -> str:
        return json.dumps(asdict(self)) if self.etag or self.last_modified else ""

    def headers(self) -> dict[str, str]:
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value and value.isascii() and value.isprintable()}


@dataclass(frozen=True, slots=True)
class Document:
    """One answer. `body` None: unchanged since `Seen`."""

    body: bytes | None
    seen: Seen
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Asking:
    """How a source is asked: its bounds and its headers (with the key, if it wants one)."""

    max_bytes: int
    deadline_s: float
    headers: Mapping[str, str]

    async def get(
        self, http: Http, url: str, seen: Seen | None = None, params: Mapping[str, Any] | None = None
    ) -> Document:
        """Raises SourceFailed for a refusal, OutsideFailed (left to the rounds) for silence."""
        response = await http.get(
            url,
            headers={**self.headers, **(seen.headers() if seen else {})},
            params=params,
            max_bytes=self.max_bytes,
            deadline_s=self.deadline_s,
        )
        if response.status_code == 304 and seen is not None:
            return Document(None, seen, response.headers)
        if response.status_code != 200:
            raise _refusal(response)
        try:
            body = unpacked(response.content, self.max_bytes)
        except BadInput as error:
            raise broken(error) from None
        marked = Seen(response.headers.get("etag", "")[:200], response.headers.get("last-modified", "")[:64])
        return Document(body, marked, response.headers)


def _refusal(response: httpx.Response) -> SourceFailed:
    status = response.status_code
    if status in (401, 403):
        return SourceFailed(
            "refused",
            f"출처가 열쇠를 받지 않습니다(HTTP {status}).",
            f"Not let in: HTTP {status}.",
            status=status,
        )
    if status in (404, 410) or 300 <= status < 400:
        return SourceFailed(
            "refused", f"출처의 주소가 바뀌었습니다(HTTP {status}).", f"Nothing there: HTTP {status}.", status=status
        )
    return SourceFailed(
        "broken", f"출처가 알 수 없는 답을 보냈습니다(HTTP {status}).", f"Unexpected: HTTP {status}.", status=status
    )


def broken(error: BadInput) -> SourceFailed:
    """An answer that is not this source's format: nothing of it is stored, an operator is told."""
    return SourceFailed("broken", error.reason_ko, error.reason_en)


def unpacked(body: bytes, most: int) -> bytes:
    """The same without gzip, where a file or an answer without Content-Encoding is packed. Raises BadInput."""
    if body[:2] != b"\x1f\x8b":
        if len(body) > most:
            raise too_large(most)
        return body
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(body, most + 1)
    except zlib.error:
        raise BadInput("압축을 풀 수 없는 자료입니다.", "The data cannot be unpacked.") from None
    if len(plain) > most:
        raise too_large(most)
    if not unpacking.eof:
        raise BadInput("압축된 자료가 중간에 끊겼습니다.", "The packed data ends too early.")
    return plain


def too_large(most: int) -> BadInput:
    megabytes = most // (1024 * 1024)
    return BadInput(f"자료가 {megabytes}MB보다 큽니다.", f"The data is larger than {megabytes} MB.")
