"""Before anybody outside sees a picture, faces and plates are gone from it."""

from io import BytesIO

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from civic.files.redact import MOST_BOXES, Box, redacted, suspects
from core.errors import BadInput


def as_jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()


def face() -> bytes:
    """What a detector knows a face by: bright forehead and cheeks, dark band of the eyes, bright nose, dark mouth."""
    image = Image.new("L", (400, 400), 120)
    draw = ImageDraw.Draw(image)
    draw.ellipse((105, 75, 295, 325), fill=205)
    draw.pieslice((100, 60, 300, 210), 180, 360, fill=40)
    for corners, shade in (
        ((125, 125, 275, 160), 215),
        ((130, 155, 270, 195), 70),
        ((125, 200, 275, 250), 220),
        ((187, 150, 213, 235), 210),
        ((184, 235, 216, 242), 120),
        ((162, 262, 238, 276), 80),
    ):
        draw.rectangle(corners, fill=shade)
    return as_jpeg(image.filter(ImageFilter.GaussianBlur(4)).convert("RGB"))


def plate() -> bytes:
    """A white number plate on a grey car."""
    image = Image.new("RGB", (640, 480), (90, 95, 100))
    draw = ImageDraw.Draw(image)
    draw.rectangle((180, 200, 460, 270), fill=(250, 250, 250), outline=(20, 20, 20), width=5)
    draw.text((205, 205), "123A 4568", font=ImageFont.load_default(52), fill=(10, 10, 10))
    return as_jpeg(image.filter(ImageFilter.GaussianBlur(1)))


def contrast(grey: Image.Image) -> int:
    """Between the darkest and the brightest of its pixels."""
    shades = [shade for shade, count in enumerate(grey.convert("L").histogram()) if count]
    return shades[-1] - shades[0]


def covers(box: Box, left: int, top: int, right: int, bottom: int) -> bool:
    return box.left <= left and box.top <= top and box.left + box.width >= right and box.top + box.height >= bottom


def test_a_face_is_proposed() -> None:
    assert any(covers(box, 130, 155, 270, 276) for box in suspects(face()))


def test_a_plate_is_proposed() -> None:
    assert any(covers(box, 200, 205, 440, 265) for box in suspects(plate()))


def test_an_empty_street_has_no_suspects() -> None:
    assert suspects(as_jpeg(Image.new("RGB", (640, 480), (120, 120, 120)))) == []


def test_a_large_picture_is_proposed_in_its_own_pixels() -> None:
    with Image.open(BytesIO(plate())) as image:
        large = as_jpeg(image.resize((2560, 1920)))
    assert any(covers(box, 800, 820, 1760, 1060) for box in suspects(large))


def test_what_a_box_covers_is_gone_and_the_rest_stays() -> None:
    stripes = Image.new("RGB", (200, 100), "white")
    draw = ImageDraw.Draw(stripes)
    for x in range(0, 200, 4):
        draw.line((x, 0, x, 100), fill="black", width=2)
    with Image.open(BytesIO(redacted(as_jpeg(stripes), [Box(0, 0, 96, 100)]))) as shown:
        hidden, left = shown.convert("L").crop((8, 8, 88, 92)), shown.convert("L").crop((108, 8, 192, 92))
        assert contrast(hidden) < 60, "no stripe is left under the box"
        assert contrast(left) > 200, "beside the box the stripes stand"
        assert not shown.getexif()


def test_a_box_over_the_edge_is_cut_to_the_picture() -> None:
    with Image.open(BytesIO(redacted(plate(), [Box(-50, -50, 100, 100)]))) as shown:
        assert shown.size == (640, 480)


@pytest.mark.parametrize("boxes", [[Box(700, 10, 50, 50)], [Box(-60, 0, 50, 50)], [Box(0, 0, 5, 5)] * (MOST_BOXES + 1)])
def test_boxes_that_hide_nothing_or_are_too_many_are_refused(boxes: list[Box]) -> None:
    with pytest.raises(BadInput):
        redacted(plate(), boxes)
