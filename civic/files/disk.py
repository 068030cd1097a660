"""Bytes on disk by their own SHA-256: written once, whole or not at all, found again by name alone."""

import asyncio
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from core.errors import NotFound, Unavailable

_NAME = re.compile(r"[0-9a-f]{64}")


class DiskFiles:
    """The file store (core.contracts.files) of an installation without a bucket: `folder`/ab/cd/<sha256>."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, sha256: str, data: bytes) -> None:
        try:
            await asyncio.to_thread(self._put, sha256, data)
        except OSError as error:
            raise Unavailable(
                "파일을 저장할 수 없습니다. 저장 공간을 확인해 주세요.",
                "The file cannot be kept; look at the disk.",
                cause=type(error).__name__,
            ) from error

    async def get(self, sha256: str) -> bytes:
        try:
            return await asyncio.to_thread(place(self.folder, sha256).read_bytes)
        except FileNotFoundError:
            raise NotFound("파일을 찾을 수 없습니다.", "No such file.") from None

    async def delete(self, names: Iterable[str]) -> None:
        for name in names:
            await asyncio.to_thread(place(self.folder, name).unlink, missing_ok=True)

    async def aclose(self) -> None:
        return None

    def _put(self, sha256: str, data: bytes) -> None:
        path = place(self.folder, sha256)
        if not path.is_file() or path.stat().st_size != len(data):
            _write(path, data)


def place(folder: Path, sha256: str) -> Path:
    """Where the file lies. Raises NotFound for what is no SHA-256."""
    if not _NAME.fullmatch(sha256):
        raise NotFound("파일을 찾을 수 없습니다.", "No such file.")
    return folder / sha256[:2] / sha256[2:4] / sha256


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # the rename too must survive a power cut
    finally:
        os.close(directory)
