"""Pictures made on the spot."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image

SOMEWHERE: Mapping[int, Any] = {1: "N", 2: (37.0, 36.0, 55.0), 3: "E", 4: (126.0, 42.0, 56.0)}


def made(kind: str, size: tuple[int, int] = (40, 20), *, mode: str = "RGB", **options: object) -> bytes:
    out = BytesIO()
    Image.effect_mandelbrot(size, (-2, -1, 1, 1), 20).convert(mode).save(out, kind, **options)
    return out.getvalue()


def with_gps(orientation: int = 6, gps: Mapping[int, Any] = SOMEWHERE) -> bytes:
    """A JPEG that lies on its side and says where it was taken, and by what."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretPhoneMaker"
    exif.get_ifd(0x8825).update(gps)
    return made("JPEG", exif=exif, comment=b"my home")
