"""What a channel cannot carry comes by the web form, into the same conversation: the real house, its real pages."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from civic.conversations import thread
from civic.conversations.tables import outbound
from civic.files.tables import attachments
from core.contracts.channel import Capabilities, IncomingMessage, OutgoingMessage
from tests.bot.city import EMPTY, City
from tests.bot.dialog_player import photo
from tests.bot.memory_channel import MemoryChannel
from web.routes import router

TEXT_ONLY = Capabilities(max_text=2000, max_buttons=0, max_label=40, idempotent=True)
WITH_CARDS = Capabilities(max_text=1000, max_buttons=10, max_label=14, max_bubbles=3, cards=5)
PUBLIC = Capabilities(max_text=500, max_buttons=0, max_label=40, is_public=True, idempotent=True)
TO_THE_PHOTO = ("가로등이 고장났어요", "네", "구래동 우체국 앞", "오늘")


def on(city: City, can: Capabilities, replies: str = "push") -> City:
    channel = MemoryChannel(f"c-{uuid4().hex[:8]}", replies, can)  # type: ignore[arg-type]
    city.house.channels[channel.name] = channel
    return City(city.house, channel, city.clock)


@pytest.fixture
async def pages(city: City) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(router(city.house))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://city.test") as client:
        yield client


def link_in(text: str) -> str:
    found = re.search(r"https?://\S+(/f/\S+)", text)
    assert found, text
    return found[1]


async def asked_for_a_photo(city: City) -> tuple[str, list[OutgoingMessage]]:
    citizen = city.citizen()
    answers: list[OutgoingMessage] = []
    for text in TO_THE_PHOTO:
        answers = await citizen.say(text)
    return citizen.address, answers


async def test_a_photo_is_asked_for_by_a_link_and_comes_into_the_form(city: City, pages: httpx.AsyncClient) -> None:
    texts = on(city, TEXT_ONLY)
    address, asked = await asked_for_a_photo(texts)
    path = link_in(asked[-1].text)
    before = len(texts.channel.sent[address])
    files = [("photo", ("x.jpg", photo(shade), "image/jpeg")) for shade in (10, 90, 200)]
    assert (await pages.post(path, files=files)).status_code == 303
    assert (await pages.post(path, files=files)).status_code == 303
    await city.house.desk.idle()
    said = [one.text for one in texts.channel.sent[address][before:]]
    assert len(said) == 1 and "어떻게 접수할까요?" in said[0], "the form went on, once"
    async with city.house.db.transaction() as tx:
        held = await thread.conversation_id(tx, city.house.settings.city.id, texts.channel.name, address)
        kept = (await tx.execute(select(attachments.c.sha256).where(attachments.c.conversation_id == held))).all()
        (entry,) = [one for one in await thread.read(tx, held) if one.kind == "media"]  # type: ignore[arg-type]
    assert len(kept) == 3
    assert [one["kind"] for one in entry.attachments] == ["photo"] * 3
    assert "사진을 대화에 넣었습니다" in (await pages.get(path)).text


async def test_a_place_can_be_sent_where_the_channel_has_no_picker(city: City, pages: httpx.AsyncClient) -> None:
    texts = on(city, TEXT_ONLY)
    citizen = texts.citizen()
    for text in TO_THE_PHOTO[:2]:
        asked = await citizen.say(text)
    before = len(texts.channel.sent[citizen.address])
    data = {"lat": "37.6453", "lon": "126.6287", "address": "우체국 앞"}
    assert (await pages.post(link_in(asked[-1].text), data=data)).status_code == 303
    await city.house.desk.idle()
    assert "언제 있었던 일인가요?" in texts.channel.sent[citizen.address][before].text


async def test_a_channel_with_cards_shows_a_button_and_keeps_the_address_out_of_the_text(city: City) -> None:
    cards = on(city, WITH_CARDS)
    _, asked = await asked_for_a_photo(cards)
    (card,) = asked[-1].cards
    assert (card.title, asked[-1].ask) == ("사진 올리기", "photo")
    assert link_in(card.url) and "/f/" not in asked[-1].text


async def test_where_all_can_read_there_is_no_link(city: City) -> None:
    """Whoever holds the link can add to the conversation."""
    public = on(city, PUBLIC)
    _, asked = await asked_for_a_photo(public)
    assert not any("/f/" in one.text for messages in public.channel.sent.values() for one in messages)
    assert asked


async def test_a_channel_that_takes_photos_is_asked_without_a_link(city: City) -> None:
    _, asked = await asked_for_a_photo(city)
    assert asked[-1].ask == "photo" and "/f/" not in asked[-1].text


async def test_where_the_bot_can_only_answer_the_next_word_brings_the_answer(
    city: City, pages: httpx.AsyncClient
) -> None:
    skill = on(city, WITH_CARDS, "in_response")
    address = uuid4().hex

    async def said(text: str, payload: str = "") -> list[str]:
        kind = "button" if payload else "text"
        skill.channel.inbox.append(IncomingMessage(uuid4().hex, address, kind, text, payload))  # type: ignore[arg-type]
        answer = await city.house.desk.accept(skill.channel.name, EMPTY)
        await city.house.desk.idle()
        texts: list[str] = orjson.loads(answer.body)["texts"]
        return texts

    for text in TO_THE_PHOTO:
        await said(text)
    async with city.house.db.transaction() as tx:
        held = await thread.conversation_id(tx, city.house.settings.city.id, skill.channel.name, address)
        bodies = (await tx.execute(select(outbound.c.body).where(outbound.c.conversation_id == held))).scalars().all()
    (url,) = [card["url"] for body in bodies for card in body.get("cards", ()) if card["title"] == "사진 올리기"]
    assert (await pages.post(link_in(url), files=[("photo", ("x.jpg", photo(), "image/jpeg"))])).status_code == 303
    await city.house.desk.idle()
    assert "‘답변 보기’를 눌러" in (await pages.get(link_in(url))).text
    shown = await said("답변 보기", "late:show")
    assert "어떻게 접수할까요?" in shown[0]


async def test_a_channel_switched_off_takes_nothing(city: City, pages: httpx.AsyncClient) -> None:
    texts = on(city, TEXT_ONLY)
    _, asked = await asked_for_a_photo(texts)
    del city.house.channels[texts.channel.name]
    files = [("photo", ("x.jpg", photo(), "image/jpeg"))]
    assert (await pages.post(link_in(asked[-1].text), files=files)).status_code == 404
