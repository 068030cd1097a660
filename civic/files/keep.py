"""What a citizen sent becomes a file of ours: known kind, bounded, looked at for viruses, cleaned, kept by its sum."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from civic.files.paper import paper_type
from civic.files.picture import Picture, clean_picture, sniff
from core.contracts.channel import GeoPoint
from core.contracts.files import FileStore, Scanner
from core.errors import BadInput, Unavailable

Scan = Literal["none", "waiting", "clean", "infected"]
_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What an attachment row needs. `size` in bytes; `thumb_sha256` only for pictures."""

    sha256: str
    content_type: str
    size: int
    thumb_sha256: str | None = None
    scan: Scan = "none"

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def may_be_opened(self) -> bool:
        return self.scan in ("none", "clean")


@dataclass(frozen=True, slots=True)
class Kept:
    """`place`, `taken_at`: where and when the picture says it was taken; the place is kept nowhere unless he agrees."""

    file: StoredFile
    place: GeoPoint | None = None
    taken_at: datetime | None = None


class Files:
    """The city's files: `store` holds the bytes, `scanner` (None: none is set) looks at them first."""

    def __init__(self, store: FileStore, scanner: Scanner | None, *, max_mb: int) -> None:
        self.store = store
        self._scanner = scanner
        self._max_mb = max_mb

    async def keep(self, data: bytes) -> Kept:
        """Raises BadInput (too large, another kind, damaged, a virus), Unavailable when it cannot be stored."""
        if len(data) > self._max_mb * _MB:
            raise BadInput(
                f"파일은 {self._max_mb}MB까지 보낼 수 있습니다.", f"A file may have at most {self._max_mb} MB."
            )
        scan = await self.scan(data)
        if scan == "infected":
            raise BadInput(
                "바이러스가 발견되어 받지 않았습니다. 다른 파일로 보내 주세요.",
                "A virus was found; the file was not taken.",
            )
        content_type, clean, picture = await asyncio.to_thread(_taken, data)
        file = StoredFile(_sum(clean), content_type, len(clean), _sum(picture.thumbnail) if picture else None, scan)
        await self.store.put(file.sha256, clean)
        if picture and file.thumb_sha256:
            await self.store.put(file.thumb_sha256, picture.thumbnail)
        return Kept(file, picture.place if picture else None, picture.taken_at if picture else None)

    async def scan(self, data: bytes) -> Scan:
        """`waiting` while the scanner does not answer: the file is kept, and nobody opens it until it does."""
        if self._scanner is None:
            return "none"
        try:
            verdict = await self._scanner.scan(data)
        except Unavailable:
            return "waiting"
        return "infected" if verdict.virus else "clean"

    async def load(self, sha256: str) -> bytes:
        """Raises NotFound, Unavailable."""
        return await self.store.get(sha256)

    async def delete(self, sums: Iterable[str]) -> None:
        await self.store.delete(sums)


def _taken(data: bytes) -> tuple[str, bytes, Picture | None]:
    if found := sniff(data):
        picture = clean_picture(data, found)
        return picture.content_type, picture.data, picture
    if kind := paper_type(data):
        return kind, data, None
    raise BadInput(
        "사진(JPEG, PNG, WebP, GIF), 짧은 영상(MP4, MOV), 문서(PDF, HWP, HWPX, DOCX, XLSX, PPTX)만 받을 수 있습니다.",
        "Only JPEG, PNG, WebP, GIF pictures, MP4, MOV clips and PDF, HWP, HWPX, DOCX, XLSX, PPTX papers are taken.",
    )


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
