"""The web form: one photo message or one place into one conversation, by a link that is good once and for a while."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from PIL import Image

from bot.webform import REF
from core.loading import ROOT
from tests.web.house import SmallHouse
from tests.web.letters import Letter, conversation
from tests.web.serving import Site
from tests.web.test_photos import picture
from web.limits import Limits, Rate, Rates
from web.routes import router


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody with the link and nothing else: no cookie, no Origin."""
    async with httpx.AsyncClient(base_url=site.base, trust_env=False) as made:
        yield made


def photos(*raw: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("photo", ("x.jpg", one, "image/jpeg")) for one in raw]


PLACE = {"lat": "37.6453", "lon": "126.6287", "address": "구래동  우체국 앞"}


class TestPhotos:
    async def test_they_go_into_the_conversation_as_one_message(
        self, client: httpx.AsyncClient, letter: Letter
    ) -> None:
        path = letter.path("photo")
        page = await client.get(path)
        assert (page.status_code, 'type="file"' in page.text) == (200, True)
        answer = await client.post(path, files=photos(picture(), picture("PNG"), picture("WEBP")))
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        (message,) = letter.heard
        assert (message.kind, len(message.media)) == ("media", 3)
        for media in message.media:
            spooled = letter.form.upload(media.ref, letter.conversation_id)
            assert spooled and Image.open(io.BytesIO(spooled.read_bytes())).format == "JPEG"
        assert "사진을 대화에 넣었습니다" in (await client.get(path)).text

    async def test_a_second_post_counts_once(self, client: httpx.AsyncClient, letter: Letter) -> None:
        path = letter.path("photo")
        answers = [await client.post(path, files=photos(picture())) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [303, 303, 303]
        assert len(letter.heard) == 1

    async def test_camera_data_is_taken_off_but_the_place_that_the_bot_asks_about(
        self, client: httpx.AsyncClient, letter: Letter
    ) -> None:
        exif = Image.Exif()
        exif[0x010F] = "SecretPhoneMaker"
        exif.get_ifd(0x8825).update({1: "N", 2: (37.0, 36.0, 55.0), 3: "E", 4: (126.0, 42.0, 56.0)})
        await client.post(letter.path("photo"), files=photos(picture(exif=exif)))
        spooled = letter.form.upload(letter.heard[0].media[0].ref, letter.conversation_id)
        assert spooled and b"SecretPhoneMaker" not in (kept := spooled.read_bytes())
        assert set(Image.open(io.BytesIO(kept)).getexif()) == {0x8825}

    @pytest.mark.parametrize(
        ("files", "status", "said"),
        [
            ([], 422, "먼저 골라"),
            (photos(b"%PDF-1.7"), 422, "읽을 수 없는 파일"),
            (photos(picture(), b"<script>"), 422, "읽을 수 없는 파일"),
            (photos(*[picture()] * 6), 422, "5장까지"),
            (photos(*[picture()] * 7), 400, "5장까지"),
            (photos(b"\xff" * (10 * 1024 * 1024 + 1)), 413, "10MB까지"),
        ],
        ids=["none", "no picture", "one of two is none", "six", "seven", "too large"],
    )
    async def test_what_cannot_be_taken_is_said_and_costs_nothing(
        self, client: httpx.AsyncClient, letter: Letter, files: Any, status: int, said: str
    ) -> None:
        """On the page itself, and to the script in a word; the link stays good."""
        path = letter.path("photo")
        values: dict[str, Any] = {"files": files} if files else {"data": {"x": "y"}}
        page = await client.post(path, **values)
        assert (page.status_code, said in page.text) == (status, True)
        told = await client.post(path, headers={"Accept": "application/json"}, **values)
        assert (told.status_code, said in told.json()["sentence"]) == (status, True)
        assert letter.heard == []
        assert (await client.post(path, files=photos(picture()))).status_code == 303

    async def test_a_body_of_unknown_length_is_not_read(self, client: httpx.AsyncClient, letter: Letter) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"--x"

        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert (await client.post(letter.path("photo"), content=chunks(), headers=headers)).status_code == 411

    async def test_more_than_five_photos_can_weigh_is_refused_unread(self, site: Site, letter: Letter) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        head = f"POST {letter.path('photo')} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**9}\r\n"
        writer.write(f"{head}Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode())
        assert b" 413 " in await reader.readline()
        writer.close()


class TestPlace:
    async def test_a_position_comes_with_what_was_written(self, client: httpx.AsyncClient, letter: Letter) -> None:
        assert (await client.post(letter.path("place"), data=PLACE)).status_code == 303
        (message,) = letter.heard
        assert message.kind == "place" and message.place
        assert (message.place.lat, message.place.lon, message.place.label) == (37.6453, 126.6287, "구래동 우체국 앞")

    @pytest.mark.parametrize("odd", [{}, {"lat": "37.6"}, {"lat": "nan", "lon": "126"}, {"lat": "91", "lon": "1e400"}])
    async def test_words_alone_are_said_as_words(
        self, client: httpx.AsyncClient, letter: Letter, odd: dict[str, str]
    ) -> None:
        assert (await client.post(letter.path("place"), data={"address": "장기동 17"} | odd)).status_code == 303
        assert [(one.kind, one.text) for one in letter.heard] == [("text", "장기동 17")]

    async def test_nothing_is_no_place(self, client: httpx.AsyncClient, letter: Letter) -> None:
        answer = await client.post(letter.path("place"), data={"address": "  "})
        assert (answer.status_code, "주소를 적어" in answer.text) == (422, True)

    async def test_long_words_are_cut(self, client: httpx.AsyncClient, letter: Letter) -> None:
        await client.post(letter.path("place"), data={"address": "가" * 5000 + "\x00"})
        assert letter.heard[0].text == "가" * 200


class TestLink:
    async def test_it_is_short_enough_for_a_text_message(self, letter: Letter) -> None:
        assert len(letter.path("photo")) == len("/f/") + 47

    async def test_it_ends(self, client: httpx.AsyncClient, letter: Letter) -> None:
        minutes = letter.house.settings.web.form_minutes
        path = letter.path("photo", before=timedelta(minutes=minutes, seconds=1))
        page = await client.get(path)
        assert (page.status_code, "사용 시간이 지났습니다" in page.text) == (410, True)
        posted = await client.post(path, files=photos(picture()))
        assert (posted.status_code, letter.heard) == (410, [])
        living = letter.path("photo", before=timedelta(minutes=minutes, seconds=-30))
        assert (await client.get(living)).status_code == 200

    async def test_a_used_one_is_thanked_for_even_when_it_ended(
        self, client: httpx.AsyncClient, letter: Letter
    ) -> None:
        """Who looks at his page again later must not read that something went wrong."""
        path = letter.path("place", before=timedelta(minutes=letter.house.settings.web.form_minutes, seconds=-2))
        await client.post(path, data=PLACE)
        page = await client.get(path)
        assert (page.status_code, "위치를 대화에 넣었습니다" in page.text) == (200, True)

    async def test_no_other_spelling_of_it_is_taken(self, client: httpx.AsyncClient, letter: Letter) -> None:
        path = letter.path("photo")
        token = path.removeprefix("/f/")
        other = "l" + token[1:]  # another purpose
        swapped = "".join(chr(ord(letter_) ^ 1) if index == 5 else letter_ for index, letter_ in enumerate(token))
        for odd in (other, swapped, token[:-1], token + "A", token[:-1] + ("A" if token[-1] != "A" else "B"), "x", ""):
            answer = await client.get(f"/f/{odd}")
            assert answer.status_code == 404, odd
            assert (await client.post(f"/f/{odd}", files=photos(picture()))).status_code == 404, odd
        assert letter.heard == []

    async def test_another_citys_conversation_is_not_opened(self, client: httpx.AsyncClient, letter: Letter) -> None:
        link = letter.form.link(uuid4(), "photo", letter.house.clock.now())
        assert (await client.get(link.removeprefix(letter.house.settings.web.public_url))).status_code == 404

    async def test_each_one_is_its_own(self, client: httpx.AsyncClient, letter: Letter) -> None:
        """Asked again within the same second, the citizen can send again."""
        first, second = letter.path("place"), letter.path("place")
        assert first != second
        for path in (first, second):
            assert (await client.post(path, data=PLACE)).status_code == 303
        assert len(letter.heard) == 2

    async def test_a_photo_of_one_conversation_is_none_of_anothers(self, site: Site, letter: Letter) -> None:
        other = await conversation(letter.house, site.base)
        ref = REF + letter.form.new_upload(letter.conversation_id)
        assert letter.form.upload(ref, letter.conversation_id)
        assert letter.form.upload(ref, other.conversation_id) is None
        for odd in ("form:x", "form:../../config.yml", ref.removeprefix(REF), ref + "A", "form:" + "0" * 76):
            assert letter.form.upload(odd, letter.conversation_id) is None, odd

    async def test_it_shows_nothing_of_the_conversation(self, client: httpx.AsyncClient, letter: Letter) -> None:
        answer = await client.get(letter.path("photo"))
        assert "가로등" not in answer.text and letter.address not in answer.text
        policy = answer.headers["content-security-policy"]
        assert "'unsafe-inline'" not in policy and "default-src 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"

    async def test_where_the_bot_cannot_speak_first_the_page_says_how_to_go_on(
        self, client: httpx.AsyncClient, letter: Letter, site: Site
    ) -> None:
        pushed = await conversation(letter.house, site.base, "solapi")
        for one, said in ((letter, "‘답변 보기’를 눌러"), (pushed, "답변은 그곳으로")):
            path = one.path("place")
            await client.post(path, data=PLACE)
            assert said in (await client.get(path)).text


async def test_a_flood_is_slowed(house: SmallHouse) -> None:
    slow = Site(house)
    slow.app.router.routes.clear()
    slow.app.include_router(router(house, Limits(Rates(session_photos=Rate(2, 0)))))
    await slow.up()
    try:
        letter = await conversation(house, slow.base)
        async with httpx.AsyncClient(base_url=slow.base, trust_env=False) as client:
            answers = [await client.post(letter.path("place"), data=PLACE) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [303, 303, 429]
    finally:
        await slow.down()


def test_the_texts_are_the_same_in_both_languages() -> None:
    ko, en = (yaml.safe_load((ROOT / f"web/strings.{lang}.yml").read_text("utf-8")) for lang in ("ko", "en"))
    for part in ("form", "form_script"):
        assert set(ko[part]) == set(en[part])
