"""Photos on their way in: checked, turned upright, freed of camera data except the place, spooled for a day."""

import asyncio
import io
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from core.errors import BadInput

MAX_BYTES = 10 * 1024 * 1024
KEPT_S = 24 * 3600
_MAX_PIXELS = 50_000_000
_MAX_SIDE = 2560
_FORMATS = ("JPEG", "PNG", "WEBP")
_TIMES = (36_867, 36_880, 36_881)
"""DateTimeOriginal, OffsetTime, OffsetTimeOriginal (EXIF 2.32, §4.6.5)."""


async def spool(folder: Path, token: str, raw: bytes) -> None:
    """Write the photo as a plain JPEG named `token`. Raises BadInput when it is not a picture that we take."""
    await asyncio.to_thread(_spool, folder, token, raw)


def _spool(folder: Path, token: str, raw: bytes) -> None:
    clean = cleaned(raw)
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder, time.time())
    partial = folder / f".{token}"
    partial.write_bytes(clean)
    partial.replace(folder / token)


def cleaned(raw: bytes) -> bytes:
    """The picture as JPEG with no metadata but place and time, at most 2,560 pixels a side. Raises BadInput."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as picture:
                if picture.width * picture.height > _MAX_PIXELS:
                    raise _refused()
                place = picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
                taken = dict(picture.getexif().get_ifd(ExifTags.IFD.Exif))
                picture.draft("RGB", (_MAX_SIDE, _MAX_SIDE))
                upright = ImageOps.exif_transpose(picture)
                upright.thumbnail((_MAX_SIDE, _MAX_SIDE))
                flat = _on_white(upright)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        raise _refused() from None
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=88, exif=_only(place, taken))
    return out.getvalue()


def _only(place: Mapping[int, Any], taken: Mapping[int, Any]) -> bytes:
    """EXIF with the place and the time of taking and nothing else; what is kept has none of it: the form asks whether
    the place may be used, and the time proves the minute of a parking report.
    """
    exif = Image.Exif()
    is_placed, times = {2, 4} <= place.keys(), {tag: taken[tag] for tag in _TIMES if tag in taken}
    if is_placed:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update({tag: place[tag] for tag in (1, 2, 3, 4) if tag in place})
    if times:
        exif.get_ifd(ExifTags.IFD.Exif).update(times)
    return exif.tobytes() if is_placed or times else b""


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    flat = Image.new("RGB", picture.size, "white")
    layer = picture.convert("RGBA")
    flat.paste(layer, mask=layer.getchannel("A"))
    return flat


def sweep(folder: Path, now: float) -> None:
    """Remove what is older than a day: by then the case holds the photo, or nobody wants it."""
    for path in folder.iterdir():
        try:
            if now - path.stat().st_mtime > KEPT_S:
                path.unlink()
        except FileNotFoundError:
            continue


def _refused() -> BadInput:
    return BadInput(
        "JPEG, PNG, WebP 사진만 받을 수 있습니다.",
        "Only JPEG, PNG and WebP pictures can be taken.",
        kind="not_a_picture",
    )
