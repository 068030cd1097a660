"""What any source of records shares, whatever it tells of: how far a pull came, how it failed, what reading came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import httpx

from core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class RowNote:
    """Why a row was left out, joined to another, or taken with a doubt. `line` counts from 1, the header is line 1.

    For a source without lines it is the position of the item, from 1.
    """

    line: int
    uid: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What reading came to: `rows` = accepted + merged + skipped. Doubts are on accepted or merged rows.

    `reasons_ko`: a Korean sentence for each reason that the notes use.
    """

    source: str
    attribution: str
    rows: int
    accepted: int
    merged: tuple[RowNote, ...] = ()
    skipped: tuple[RowNote, ...] = ()
    doubts: tuple[RowNote, ...] = ()
    reasons_ko: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the last good pull ended, given back to the next one; "" is none."""

    etag: str = ""
    last_modified: str = ""
    cursor: str = ""


class SourceFailed(Unavailable):
    """A pull that brought nothing. `kind` says what the rounds do next; the reasons hold no key and no body.

    retry: soon, with back-off. quota: not before midnight in Korea. refused: our key or address is not accepted, tell
    an operator. broken: the answer is not this format, tell an operator and back off. `calls`: made in vain.
    """

    code = "source"

    def __init__(
        self,
        kind: Literal["retry", "quota", "refused", "broken"],
        reason_ko: str,
        reason_en: str,
        *,
        calls: int = 1,
        **context: object,
    ) -> None:
        super().__init__(reason_ko, reason_en, **context)
        self.kind = kind
        self.calls = calls


class Http(Protocol):
    """The house's way out (core.http.Outside), as sources use it. Raises OutsideFailed, left to the rounds."""

    async def get(self, url: str, **options: Any) -> httpx.Response: ...

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response: ...
