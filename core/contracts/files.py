"""Where the bytes of pictures and papers lie, and who looks at them for viruses. Names are SHA-256, made by us."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


class FileStore(Protocol):
    """Bytes by their own SHA-256 (64 hex digits). Written once, whole or not at all."""

    async def put(self, sha256: str, data: bytes) -> None:
        """Keep them; twice is once. Raises Unavailable when they cannot be kept for certain."""
        ...

    async def get(self, sha256: str) -> bytes:
        """Raises NotFound, Unavailable."""
        ...

    async def delete(self, names: Iterable[str]) -> None:
        """Take them away; what is not there is no error. Raises Unavailable."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """`virus`: its name, empty when nothing was found."""

    virus: str = ""


class Scanner(Protocol):
    async def scan(self, data: bytes) -> Verdict:
        """Raises Unavailable when the scanner does not answer: then nothing is known."""
        ...
