"""Makes faces and number plates in a picture unreadable before anybody outside may see it.

What the detectors propose is a proposal: they miss some, so a member of staff looks and adds boxes before release.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

from core.errors import BadInput

MOST_BOXES = 50
_DETECTORS = (
    # file of OpenCV's own cascades, scale step, neighbours, smallest size (pixels)
    ("haarcascade_frontalface_default.xml", 1.1, 4, 24),
    ("haarcascade_profileface.xml", 1.1, 4, 24),
    ("haarcascade_russian_plate_number.xml", 1.05, 3, 20),
    ("haarcascade_license_plate_rus_16stages.xml", 1.05, 3, 20),
)
_LONGEST = 1600
_MARGIN = 0.15
_TILES = 6
"""A box becomes at most 6 × 6 flat tiles: too few to know a face or read a plate by."""


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels of the picture, from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


def suspects(data: bytes) -> list[Box]:
    """Where faces and plates may be (plates of the European shape; Korean ones are as wide). Blocking, ~1 s."""
    import cv2  # 60 MB that only a release needs
    import numpy as np

    with Image.open(BytesIO(data)) as image:
        grey = image.convert("L")
        shrink = max(1.0, max(grey.size) / _LONGEST)
        small = grey.resize((max(1, round(grey.width / shrink)), max(1, round(grey.height / shrink))))
    pixels = cv2.equalizeHist(np.asarray(small))
    found: list[Box] = []
    for name, step, neighbours, least in _DETECTORS:
        for mirrored in (False, True) if "profile" in name else (False,):
            seen = cv2.flip(pixels, 1) if mirrored else pixels
            for x, y, width, height in _cascade(name).detectMultiScale(
                seen, scaleFactor=step, minNeighbors=neighbours, minSize=(least, least // 2)
            ):
                left = small.width - x - width if mirrored else x
                found.append(_scaled(int(left), int(y), int(width), int(height), shrink))
    return found[:MOST_BOXES]


@cache
def _cascade(name: str) -> Any:
    import cv2
    from cv2.data import haarcascades

    cascade = cv2.CascadeClassifier(haarcascades + name)
    if cascade.empty():
        raise RuntimeError(f"OpenCV has no {name}")
    return cascade


def _scaled(left: int, top: int, width: int, height: int, factor: float) -> Box:
    wide, high = width * _MARGIN, height * _MARGIN
    return Box(
        int((left - wide) * factor),
        int((top - high) * factor),
        int((width + 2 * wide) * factor),
        int((height + 2 * high) * factor),
    )


def redacted(data: bytes, boxes: Sequence[Box]) -> bytes:
    """The picture as JPEG with each box made unreadable. Raises BadInput for a box without area or too many."""
    if len(boxes) > MOST_BOXES:
        raise BadInput(f"가릴 곳은 {MOST_BOXES}곳까지입니다.", f"At most {MOST_BOXES} boxes.")
    with Image.open(BytesIO(data)) as image:
        shown = image.convert("RGB")
    for box in boxes:
        area = (
            max(0, box.left),
            max(0, box.top),
            min(shown.width, box.left + box.width),
            min(shown.height, box.top + box.height),
        )
        if area[0] >= area[2] or area[1] >= area[3]:
            raise BadInput("사진 밖의 상자가 있습니다.", "A box lies outside the picture.")
        part = shown.crop(area)
        tiles = part.resize((min(_TILES, part.width), min(_TILES, part.height)), Image.Resampling.BOX)
        shown.paste(tiles.resize(part.size, Image.Resampling.NEAREST), area)
    out = BytesIO()
    shown.save(out, "JPEG", quality=85)
    return out.getvalue()
