"""Pictures of strangers: cleaned, bounded, stored once."""

import hashlib
import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from civic.files.attach import attach, link_to_case, of_case
from civic.files.picture import MAX_BYTES, clean_picture
from civic.files.store import StoredFile, load, place, store
from core.db import Database
from core.errors import BadInput, NotFound
from core.ids import new_id
from tests.civic.cases.rows import NOW, conversation


def made(kind: str, size: tuple[int, int] = (40, 20), *, mode: str = "RGB", **options: object) -> bytes:
    out = BytesIO()
    Image.effect_mandelbrot(size, (-2, -1, 1, 1), 20).convert(mode).save(out, kind, **options)
    return out.getvalue()


def with_gps(orientation: int = 6) -> bytes:
    """A JPEG that lies on its side and says where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretPhoneMaker"
    exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 36.0, 55.0), 3: "E", 4: (126.0, 42.0, 56.0)})
    return made("JPEG", exif=exif, comment=b"my home")


@pytest.mark.parametrize(
    ("kind", "mode", "becomes", "content_type"),
    [
        ("JPEG", "RGB", "JPEG", "image/jpeg"),
        ("JPEG", "CMYK", "JPEG", "image/jpeg"),
        ("PNG", "RGBA", "PNG", "image/png"),
        ("PNG", "P", "PNG", "image/png"),
        ("PNG", "L", "PNG", "image/png"),
        ("WEBP", "RGB", "WEBP", "image/webp"),
        ("GIF", "P", "PNG", "image/png"),
    ],
)
def test_a_picture_is_written_anew(kind: str, mode: str, becomes: str, content_type: str) -> None:
    clean = clean_picture(made(kind, mode=mode))
    assert clean.content_type == content_type
    with Image.open(BytesIO(clean.data)) as image:
        assert (image.format, image.size) == (becomes, (40, 20))


def test_place_and_device_are_gone_and_the_picture_stands_upright() -> None:
    dirty = with_gps()
    assert b"SecretPhoneMaker" in dirty
    clean = clean_picture(dirty).data
    with Image.open(BytesIO(clean)) as image:
        assert image.size == (20, 40)
        assert not image.getexif()
        assert "exif" not in image.info and "comment" not in image.info
    assert b"SecretPhoneMaker" not in clean and b"my home" not in clean and b"Exif" not in clean


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "JPEG, PNG"),
        (b"<svg onload=alert(1)>", "JPEG, PNG"),
        (b"%PDF-1.7", "JPEG, PNG"),
        (b"\xff\xd8\xff", "손상"),
        (b"GIF89a", "손상"),
        (b"RIFF\x04\x00\x00\x00WEBP", "손상"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "손상"),
        (made("JPEG")[:-200], "손상"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40, "HEIC"),
        (bomb(9_000, 9_000), "너무 큽니다"),
        (bomb(10_000, 10_000), "너무 큽니다"),
        (bomb(60_000, 60_000), "너무 큽니다"),
        (b"\xff\xd8\xff" + b"\0" * MAX_BYTES, "20MB"),
    ],
)
def test_what_is_no_picture_for_us_is_refused_clearly(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        clean_picture(data)


def test_the_same_picture_is_one_file_named_by_its_sum(tmp_path: Path) -> None:
    first, second = store(tmp_path, with_gps()), store(tmp_path, with_gps())
    assert first == second
    path = place(tmp_path, first.sha256)
    assert path == tmp_path / first.sha256[:2] / first.sha256[2:4] / first.sha256
    data = load(tmp_path, first.sha256)
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (first.sha256, first.size)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [first.sha256]


def test_a_torn_file_is_written_again(tmp_path: Path) -> None:
    stored = store(tmp_path, made("PNG"))
    place(tmp_path, stored.sha256).write_bytes(b"torn")
    assert len(load(tmp_path, store(tmp_path, made("PNG")).sha256)) == stored.size


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store(tmp_path, made("PNG"))
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "g" * 64, "A" * 64, "a" * 64])
def test_only_a_sum_is_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        load(tmp_path, name)


async def test_a_picture_belongs_to_a_conversation_then_to_one_case(database: Database) -> None:
    stored = StoredFile("c" * 64, "image/jpeg", 1234)
    case_id = new_id()
    async with database.transaction() as tx:
        thread = await conversation(tx)
        picture = await attach(tx, thread, None, stored, NOW)
        await link_to_case(tx, thread, [picture], case_id)
        await link_to_case(tx, thread, [picture], case_id)
        assert await of_case(tx, case_id) == [(picture, stored)]
        with pytest.raises(NotFound):
            await link_to_case(tx, thread, [picture], new_id())
        with pytest.raises(NotFound):
            await attach(tx, new_id(), None, stored, NOW)
