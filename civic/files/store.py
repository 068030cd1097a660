"""Bytes on disk by their own SHA-256: written once, whole or not at all, found again by name alone."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from civic.files.picture import clean_picture
from core.errors import NotFound

_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What an attachment row needs. `size` in bytes."""

    sha256: str
    content_type: str
    size: int


def store(folder: Path, data: bytes) -> StoredFile:
    """Clean the picture and keep it under `folder`/ab/cd/<sha256>. The same picture twice is one file.

    Blocking and busy: call it through `asyncio.to_thread`. Raises BadInput like `clean_picture`.
    """
    picture = clean_picture(data)
    digest = hashlib.sha256(picture.data).hexdigest()
    path = place(folder, digest)
    if not path.is_file() or path.stat().st_size != len(picture.data):
        _write(path, picture.data)
    return StoredFile(digest, picture.content_type, len(picture.data))


def place(folder: Path, sha256: str) -> Path:
    """Where the file lies. Raises NotFound for what is no SHA-256."""
    if not _NAME.fullmatch(sha256):
        raise NotFound("파일을 찾을 수 없습니다.", "No such file.")
    return folder / sha256[:2] / sha256[2:4] / sha256


def load(folder: Path, sha256: str) -> bytes:
    """The bytes. Raises NotFound."""
    try:
        return place(folder, sha256).read_bytes()
    except FileNotFoundError:
        raise NotFound("파일을 찾을 수 없습니다.", "No such file.") from None


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
