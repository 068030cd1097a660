"""A picture from a stranger becomes a picture of ours: known format, bounded size, turned upright, without EXIF."""

import struct
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import Any, Literal

from PIL import ExifTags, Image, ImageOps

from core.clock import SEOUL
from core.contracts.channel import GeoPoint
from core.errors import BadInput

THUMBNAIL = 320
"""Pixels of a thumbnail's longer side."""
MAX_PIXELS = 64_000_000
"""About twice what a phone's largest ordinary picture has; 256 MB when opened."""

Format = Literal["JPEG", "PNG", "WEBP", "GIF", "HEIF"]
_CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True)
class Picture:
    """Re-encoded bytes, their media type, a small WebP of them, and where (WGS 84) and when EXIF says it was taken.

    `taken_at` is aware; a camera that names no zone is taken to go by Korean time.
    """

    data: bytes
    content_type: str
    thumbnail: bytes
    place: GeoPoint | None = None
    taken_at: datetime | None = None


def clean_picture(data: bytes, found: Format) -> Picture:
    """Decode and write anew (JPEG, PNG, WebP stay; GIF becomes PNG, HEIC becomes JPEG), so nothing hidden survives.

    Place and time are handed out and nowhere kept: they are used only where the citizen says so. Raises BadInput for a
    broken file, or more pixels than we open.
    """
    try:
        with Image.open(BytesIO(data), formats=[found]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_many()
            place, taken_at = _place(image), _taken_at(image)
            upright = ImageOps.exif_transpose(image)
            return replace(_write(upright, found), place=place, taken_at=taken_at)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many() from None
    except KeyError:  # Pillow without a reader for this format
        raise _unreadable(found) from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error):
        raise _unreadable(found) from None


def sniff(data: bytes) -> Format | None:
    """The format by its magic number; names and media types that a client claims are not asked."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"):
        return "HEIF"
    return None


def thumbnail(image: Image.Image) -> bytes:
    """WebP of at most 320 pixels a side."""
    small = image.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    out = BytesIO()
    (small if small.mode in ("RGB", "RGBA") else small.convert("RGBA")).save(out, "WEBP", quality=75)
    return out.getvalue()


def _write(image: Image.Image, found: Format) -> Picture:
    written = {"GIF": "PNG", "HEIF": "JPEG"}.get(found, found)
    if written == "JPEG":
        image = image.convert("RGB")
    elif image.mode not in ("RGB", "RGBA", "L", "LA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    # A fresh image carries no EXIF, XMP, comments, colour profile or thumbnail.
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    out = BytesIO()
    bare.save(out, written, **({} if written == "PNG" else {"quality": 88}))
    return Picture(out.getvalue(), _CONTENT_TYPES[written], thumbnail(bare))


def _place(image: Image.Image) -> GeoPoint | None:
    """From the GPS part of EXIF (2.32, §4.6.6); None when there is none, or none on the earth."""
    gps = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    try:
        lat, lon = _degrees(gps[2]), _degrees(gps[4])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    lat, lon = (-lat if gps.get(1) == "S" else lat), (-lon if gps.get(3) == "W" else lon)
    is_real = -90 <= lat <= 90 and -180 <= lon <= 180 and (lat, lon) != (0.0, 0.0)
    return GeoPoint(lat, lon) if is_real else None


def _taken_at(image: Image.Image) -> datetime | None:
    """DateTimeOriginal with OffsetTimeOriginal or OffsetTime (EXIF 2.32, §4.6.5); None when it is not told rightly."""
    told = image.getexif().get_ifd(ExifTags.IFD.Exif)
    said = str(told.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    zone = str(told.get(ExifTags.Base.OffsetTimeOriginal) or told.get(ExifTags.Base.OffsetTime) or "").strip("\0 ")
    try:
        at = datetime.strptime(said, "%Y:%m:%d %H:%M:%S").replace(tzinfo=SEOUL)
    except ValueError:
        return None
    try:
        return datetime.strptime(said + zone, "%Y:%m:%d %H:%M:%S%z") if zone else at
    except ValueError:
        return at


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return degrees + minutes / 60 + seconds / 3600


def _too_many() -> BadInput:
    return BadInput("사진의 가로·세로 크기가 너무 큽니다.", "The picture has too many pixels.")


def _unreadable(found: Format) -> BadInput:
    if found == "HEIF":
        return BadInput(
            "HEIC 사진은 열 수 없습니다. JPEG로 바꾸어 보내 주세요.", "HEIC cannot be opened; please send JPEG."
        )
    return BadInput("사진 파일이 손상되어 열 수 없습니다.", "The picture is damaged and cannot be opened.")
