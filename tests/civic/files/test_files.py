"""Files of strangers: known kinds, cleaned, bounded, looked at for viruses, stored once."""

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from civic.files.attach import attach, link_to_case, of_case, read, scanned, waiting
from civic.files.disk import DiskFiles, place
from civic.files.keep import Files, StoredFile
from civic.files.paper import paper_type
from civic.files.picture import clean_picture
from civic.files.retention import unneeded
from core.contracts.files import Verdict
from core.db import Database
from core.errors import BadInput, NotFound, Unavailable
from core.ids import new_id
from tests.civic.cases.rows import CITY, NOW, conversation
from tests.civic.files.made import made, with_gps


def on_disk(folder: Path) -> dict[str, bytes]:
    """Name to bytes of everything that lies there."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def files(folder: Path, scanner: "PlayedScanner | None" = None) -> Files:
    return Files(DiskFiles(folder), scanner, max_mb=1)


class PlayedScanner:
    """Finds a virus in whatever holds the word, and is away when told."""

    def __init__(self) -> None:
        self.is_away = False

    async def scan(self, data: bytes) -> Verdict:
        if self.is_away:
            raise Unavailable("없음", "away")
        return Verdict("Eicar-Test-Signature" if b"EICAR" in data else "")


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
async def test_a_picture_is_written_anew_and_small(
    tmp_path: Path, kind: str, mode: str, becomes: str, content_type: str
) -> None:
    room = files(tmp_path)
    kept = (await room.keep(made(kind, mode=mode, size=(800, 400)))).file
    assert (kept.content_type, kept.scan, kept.is_picture) == (content_type, "none", True)
    with Image.open(BytesIO(await room.load(kept.sha256))) as image:
        assert (image.format, image.size) == (becomes, (800, 400))
    assert kept.thumb_sha256 is not None
    with Image.open(BytesIO(await room.load(kept.thumb_sha256))) as image:
        assert (image.format, image.size) == ("WEBP", (320, 160))


async def test_place_and_device_are_gone_and_the_picture_stands_upright(tmp_path: Path) -> None:
    dirty = with_gps()
    assert b"SecretPhoneMaker" in dirty
    kept = await files(tmp_path).keep(dirty)
    assert kept.place is not None
    assert (round(kept.place.lat, 6), round(kept.place.lon, 6)) == (37.615278, 126.715556)
    stored = on_disk(tmp_path).values()
    assert len(stored) == 2
    for data in stored:
        with Image.open(BytesIO(data)) as image:
            assert image.size == (20, 40)
            assert not image.getexif()
            assert "exif" not in image.info and "comment" not in image.info
        assert b"SecretPhoneMaker" not in data and b"my home" not in data and b"Exif" not in data


@pytest.mark.parametrize(
    ("gps", "told"),
    [
        ({1: "S", 2: (33.0, 52.0, 0.0), 3: "W", 4: (70.0, 30.0, 0.0)}, (-33.866667, -70.5)),
        ({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}, None),
        ({1: "N", 2: (97.0, 0.0, 0.0), 3: "E", 4: (126.0, 0.0, 0.0)}, None),
        ({1: "N", 2: (37.0, 36.0), 3: "E", 4: (126.0, 0.0, 0.0)}, None),
        ({1: "N"}, None),
        ({}, None),
    ],
)
def test_a_place_is_told_only_when_it_is_one(gps: dict[int, object], told: tuple[float, float] | None) -> None:
    found = clean_picture(with_gps(gps=gps), "JPEG").place
    assert (None if found is None else (round(found.lat, 6), round(found.lon, 6))) == told


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def packed(*names: str, first: tuple[str, str] | None = None) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as made_zip:
        if first:
            made_zip.writestr(*first)
        for name in names:
            made_zip.writestr(name, "<x/>")
    return out.getvalue()


HWP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + b"HWP Document File" + bytes(500)
PAPERS = [
    (b"%PDF-1.7\n", "application/pdf"),
    (HWP, "application/x-hwp"),
    (packed("Contents/section0.xml", first=("mimetype", "application/hwp+zip")), "application/hwp+zip"),
    (packed("[Content_Types].xml", "word/document.xml"), "vnd.openxmlformats-officedocument.wordprocessingml"),
    (packed("[Content_Types].xml", "xl/workbook.xml"), "vnd.openxmlformats-officedocument.spreadsheetml"),
    (packed("[Content_Types].xml", "ppt/presentation.xml"), "vnd.openxmlformats-officedocument.presentationml"),
    (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4"),
    (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "video/quicktime"),
]


@pytest.mark.parametrize(("data", "kind"), PAPERS, ids=[kind for _, kind in PAPERS])
async def test_a_paper_is_known_by_its_bytes_and_kept_as_it_is(tmp_path: Path, data: bytes, kind: str) -> None:
    room = files(tmp_path)
    kept = (await room.keep(data)).file
    assert kind in kept.content_type
    assert (kept.thumb_sha256, await room.load(kept.sha256)) == (None, data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "만 받을 수"),
        (b"<svg onload=alert(1)>", "만 받을 수"),
        (b"MZ" + bytes(100), "만 받을 수"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "만 받을 수"),
        (packed("evil.exe"), "만 받을 수"),
        (packed("a", first=("mimetype", "application/epub+zip")), "만 받을 수"),
        (b"PK\x03\x04" + bytes(50), "만 받을 수"),
        (packed("word/document.xml", "word/vbaProject.bin"), "매크로"),
        (b"\xff\xd8\xff", "손상"),
        (b"GIF89a", "손상"),
        (b"RIFF\x04\x00\x00\x00WEBP", "손상"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "손상"),
        (made("JPEG")[:-200], "손상"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40, "HEIC"),
        (bomb(9_000, 9_000), "너무 큽니다"),
        (bomb(60_000, 60_000), "너무 큽니다"),
        (b"%PDF-" + bytes(1024 * 1024), "1MB"),
    ],
)
async def test_what_is_nothing_for_us_is_refused_clearly_and_not_kept(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        await files(tmp_path).keep(data)
    assert on_disk(tmp_path) == {}


def test_a_zip_of_very_many_parts_costs_no_more_than_its_list() -> None:
    assert paper_type(packed(*(f"part{index}" for index in range(6_000)))) is None


async def test_the_same_picture_is_one_file_named_by_its_sum(tmp_path: Path) -> None:
    room = files(tmp_path)
    first, second = await room.keep(with_gps()), await room.keep(with_gps())
    assert first == second
    data = place(tmp_path, first.file.sha256).read_bytes()
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (first.file.sha256, first.file.size)
    assert on_disk(tmp_path).keys() == {first.file.sha256, first.file.thumb_sha256}


async def test_a_torn_file_is_written_again(tmp_path: Path) -> None:
    room = files(tmp_path)
    stored = (await room.keep(made("PNG"))).file
    place(tmp_path, stored.sha256).write_bytes(b"torn")
    assert len(await room.load((await room.keep(made("PNG"))).file.sha256)) == stored.size


async def test_a_failed_write_is_told_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="저장할 수 없습니다"):
        await files(tmp_path).keep(made("PNG"))
    assert on_disk(tmp_path) == {}


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "g" * 64, "A" * 64, "a" * 64])
async def test_only_a_sum_is_a_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        await files(tmp_path).load(name)


async def test_a_virus_is_refused_and_never_kept(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="바이러스"):
        await files(tmp_path, PlayedScanner()).keep(b"%PDF-1.7 EICAR")
    assert on_disk(tmp_path) == {}


async def test_a_file_waits_unopened_while_the_scanner_is_away(tmp_path: Path, database: Database) -> None:
    scanner = PlayedScanner()
    room = files(tmp_path, scanner)
    assert (await room.keep(b"%PDF-1.6")).file.scan == "clean"
    scanner.is_away = True
    kept = (await room.keep(b"%PDF-1.7")).file
    assert (kept.scan, kept.may_be_opened) == ("waiting", False)
    async with database.transaction() as tx:
        thread = await conversation(tx)
        one = await attach(tx, thread, None, kept, NOW)
        assert [each.id for each in await waiting(tx, CITY, 10)] == [one]
        assert [each.id for each in await scanned(tx, kept.sha256, is_clean=True, now=NOW)] == [one]
        assert await scanned(tx, kept.sha256, is_clean=True, now=NOW) == []
        assert (await read(tx, CITY, one)).file.may_be_opened


async def test_a_file_found_bad_later_is_gone_for_everybody(database: Database) -> None:
    stored = StoredFile("d" * 64, "image/png", 10, "e" * 64, "waiting")
    case_id = new_id()
    async with database.transaction() as tx:
        thread = await conversation(tx)
        one = await attach(tx, thread, case_id, stored, NOW)
        assert await unneeded(tx, {"e" * 64}) == []
        await scanned(tx, stored.sha256, is_clean=False, now=NOW)
        assert await of_case(tx, case_id) == []
        assert await unneeded(tx, {"e" * 64}) == ["e" * 64]
        with pytest.raises(NotFound):
            await read(tx, CITY, one)


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


@pytest.mark.parametrize(
    ("case", "told", "taken_at"),
    [
        ("no zone: Korean time", {0x9003: "2026:11:23 10:00:05"}, "2026-11-23T10:00:05+09:00"),
        ("its own zone", {0x9003: "2026:11:23 10:00:05", 0x9011: "+08:00"}, "2026-11-23T10:00:05+08:00"),
        ("the zone of the file", {0x9003: "2026:11:23 10:00:05", 0x9010: "+09:00"}, "2026-11-23T10:00:05+09:00"),
        ("a broken zone", {0x9003: "2026:11:23 10:00:05", 0x9011: "서울"}, "2026-11-23T10:00:05+09:00"),
        ("a clock never set", {0x9003: "0000:00:00 00:00:00"}, None),
        ("only when it was edited", {}, None),
    ],
)
def test_when_it_was_taken_is_read_before_it_is_stripped(
    case: str, told: Mapping[int, Any], taken_at: str | None
) -> None:
    exif = Image.Exif()
    exif[0x0132] = "2026:11:20 09:00:00"
    exif.get_ifd(0x8769).update(told)
    found = clean_picture(made("JPEG", exif=exif), "JPEG")
    assert (found.taken_at.isoformat() if found.taken_at else None) == taken_at, case
    assert dict(Image.open(BytesIO(found.data)).getexif()) == {}
