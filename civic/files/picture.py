"""A picture from a stranger becomes a picture of ours: known format, bounded size, turned upright, without EXIF."""

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image, ImageOps

from core.errors import BadInput

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 64_000_000
"""About twice what a phone's largest ordinary picture has; 256 MB when opened."""

Format = Literal["JPEG", "PNG", "WEBP", "GIF", "HEIF"]
_CONTENT_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True)
class Picture:
    """Re-encoded bytes and their media type."""

    data: bytes
    content_type: str


def clean_picture(data: bytes) -> Picture:
    """Decode and write anew (JPEG, PNG, WebP stay; GIF becomes PNG, HEIC becomes JPEG), so nothing hidden survives.

    Raises BadInput for over 20 MB, another format, a broken file, or more pixels than we open.
    """
    if len(data) > MAX_BYTES:
        raise BadInput("사진은 20MB까지 보낼 수 있습니다.", "A picture may have at most 20 MB.")
    found = sniff(data)
    if found is None:
        raise BadInput(
            "JPEG, PNG, WebP, GIF 사진만 받을 수 있습니다.", "Only JPEG, PNG, WebP and GIF pictures are taken."
        )
    try:
        with Image.open(BytesIO(data), formats=[found]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_many()
            upright = ImageOps.exif_transpose(image)
            return _write(upright, found)
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
    return Picture(out.getvalue(), _CONTENT_TYPES[written])


def _too_many() -> BadInput:
    return BadInput("사진의 가로·세로 크기가 너무 큽니다.", "The picture has too many pixels.")


def _unreadable(found: Format) -> BadInput:
    if found == "HEIF":
        return BadInput(
            "HEIC 사진은 열 수 없습니다. JPEG로 바꾸어 보내 주세요.", "HEIC cannot be opened; please send JPEG."
        )
    return BadInput("사진 파일이 손상되어 열 수 없습니다.", "The picture is damaged and cannot be opened.")
