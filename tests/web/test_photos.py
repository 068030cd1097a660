"""Photos on their way in: what is taken, what is refused, what is taken off them, whose they are."""

import io
import os
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from tests.waiting import until
from tests.web.house import SmallHouse
from tests.web.serving import Site
from web import uploads

ORIENTATION, GPS = 0x0112, 0x8825


def picture(form: str = "JPEG", size: tuple[int, int] = (40, 20), exif: Image.Exif | None = None) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#0b50d0").save(out, form, **({"exif": exif} if exif else {}))
    return out.getvalue()


async def upload(visitor: httpx.AsyncClient, raw: bytes, name: str = "photo", **values: Any) -> httpx.Response:
    return await visitor.post("/chat/photos", files={name: ("x.jpg", raw, "image/jpeg")}, **values)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_it_travels_from_the_page_to_the_case(visitor: httpx.AsyncClient, house: SmallHouse, form: str) -> None:
    answer = await upload(visitor, picture(form))
    assert answer.status_code == 201
    token = answer.json()["upload"]
    frame = {"id": str(uuid4()), "type": "photo", "upload": token}
    assert (await visitor.post("/chat/messages", json=frame)).status_code == 200
    await until(lambda: house.desk.seen)
    [media] = house.desk.seen[0].media
    assert (media.kind, media.content_type, media.ref) == ("photo", "image/jpeg", token)
    assert Image.open(io.BytesIO(await house.channel.fetch(media))).size == (40, 20)
    shown = await visitor.get(f"/chat/photos/{token}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert (await visitor.get("/chat/thread")).json()["messages"][0]["photo"] == token


def test_it_turns_upright_and_forgets_what_took_it() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS)[1] = "N"
    raw = picture(exif=exif)
    assert Image.open(io.BytesIO(raw)).getexif()[ORIENTATION] == 6
    clean = Image.open(io.BytesIO(uploads.cleaned(raw)))
    assert clean.size == (20, 40)
    assert dict(clean.getexif()) == {}


def test_it_keeps_of_the_camera_only_the_place_for_the_form_to_ask_about() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretPhoneMaker"
    exif.get_ifd(GPS).update({1: "N", 2: (37.0, 36.0, 55.0), 3: "E", 4: (126.0, 42.0, 56.0), 29: "2026:11:23"})
    kept = Image.open(io.BytesIO(uploads.cleaned(picture(exif=exif)))).getexif()
    assert set(kept) == {GPS}
    assert kept.get_ifd(GPS) == {1: "N", 2: (37.0, 36.0, 55.0), 3: "E", 4: (126.0, 42.0, 56.0)}


def test_it_keeps_when_it_was_taken_for_a_parking_report_to_go_by() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretPhoneMaker"
    exif.get_ifd(0x8769).update({0x9003: "2026:11:23 10:00:05", 0x9011: "+09:00", 0x927C: b"maker's own notes"})
    kept = Image.open(io.BytesIO(uploads.cleaned(picture(exif=exif)))).getexif()
    assert set(kept) == {0x8769}
    assert kept.get_ifd(0x8769) == {0x9003: "2026:11:23 10:00:05", 0x9011: "+09:00"}


def test_it_makes_large_ones_smaller() -> None:
    assert Image.open(io.BytesIO(uploads.cleaned(picture(size=(5120, 2560))))).size == (2560, 1280)


def test_it_puts_a_transparent_one_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    assert Image.open(io.BytesIO(uploads.cleaned(out.getvalue()))).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\xff\xd8\xff and no more",
        picture()[:60],
        picture("GIF"),
        b"%PDF-1.7",
        b"<html><script>alert(1)</script>",
    ],
    ids=lambda raw: repr(raw[:10]),
)
async def test_it_refuses_what_is_no_picture(visitor: httpx.AsyncClient, raw: bytes) -> None:
    answer = await upload(visitor, raw)
    assert (answer.status_code, answer.json()["reason"]) == (422, "not_a_picture")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_it_refuses_too_many_pixels(visitor: httpx.AsyncClient) -> None:
    answer = await upload(visitor, picture("PNG", (9000, 9000)))
    assert (answer.status_code, answer.json()["reason"]) == (422, "not_a_picture")


async def test_it_refuses_more_than_ten_megabytes(visitor: httpx.AsyncClient) -> None:
    for size in (uploads.MAX_BYTES + 1, uploads.MAX_BYTES + 100_000):
        answer = await upload(visitor, b"\xff" * size)
        assert (answer.status_code, answer.json()["reason"]) == (413, "too_long")


async def test_it_refuses_forms_that_are_none(visitor: httpx.AsyncClient) -> None:
    assert (await upload(visitor, picture(), name="other")).status_code == 400
    assert (await visitor.post("/chat/photos", data={"photo": "text"})).status_code == 400
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert (await visitor.post("/chat/photos", content=b"--y\r\n", headers=broken)).status_code == 400

    async def chunks() -> Any:
        yield b"--x"

    assert (await visitor.post("/chat/photos", content=chunks(), headers=broken)).status_code == 411


async def test_it_refuses_strangers(site: Site, visitor: httpx.AsyncClient) -> None:
    assert (await upload(visitor, picture(), headers={"Origin": "https://elsewhere.example"})).status_code == 403
    token = (await upload(visitor, picture())).json()["upload"]
    async with httpx.AsyncClient(base_url=site.base, headers={"Origin": site.base}, trust_env=False) as other:
        assert (await upload(other, picture())).status_code == 401
        await other.get("/")
        assert (await other.get(f"/chat/photos/{token}")).status_code == 404
        frame = {"id": str(uuid4()), "type": "photo", "upload": token}
        assert (await other.post("/chat/messages", json=frame)).status_code == 400
    for odd in ("x", "..%2f..%2fconfig.yml", token[:-1]):
        assert (await visitor.get(f"/chat/photos/{odd}")).status_code == 404


async def test_it_sweeps_what_is_older_than_a_day(visitor: httpx.AsyncClient, house: SmallHouse) -> None:
    token = (await upload(visitor, picture())).json()["upload"]
    path = house.settings.path(house.settings.var) / "uploads" / token
    assert path.is_file()
    old = time.time() - uploads.KEPT_S - 1
    os.utime(path, (old, old))
    assert (await upload(visitor, picture())).status_code == 201
    assert not path.exists()
    assert (await visitor.get(f"/chat/photos/{token}")).status_code == 404
