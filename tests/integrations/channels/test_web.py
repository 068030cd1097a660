"""What the web channel does beyond the shared suite: sessions, uploads, frames for the bus."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.contracts.channel import Button, Forged, Malformed, Media, OutgoingMessage, SendFailed, WebhookRequest
from integrations.channels.web import Settings, WebChat, build
from tests.integrations.channels.conftest import Lent
from tests.integrations.channels.kits.web import HOUSE_SECRET, KIT, ORIGIN, PHOTO, SESSION, TOKEN, mark
from web import sessions


@pytest.fixture
def channel(lent: Lent) -> WebChat:
    made = KIT.build(lent.house, "")
    assert isinstance(made, WebChat)
    return made


def request(document: Any, **headers: str) -> WebhookRequest:
    good = KIT.sign(json.dumps(document).encode())
    return replace(good, headers={**good.headers, **headers})


def outgoing(text: str) -> OutgoingMessage:
    return OutgoingMessage(UUID(int=7), SESSION, text, (Button("네", "y"),), ask="place", purpose="emergency")


def test_it_takes_the_cookie_that_the_page_hands_out(channel: WebChat, lent: Lent) -> None:
    cookie = sessions.mint(HOUSE_SECRET, lent.clock.now(), 7)
    message = channel.receive(request(KIT.text("안녕"), cookie=f"sinmungo_session={cookie}")).messages[0]
    assert message.address == cookie.split(".")[0]
    assert message.external_id == f"{message.address}:{KIT.text('')['id']}"
    assert sessions.session_of(HOUSE_SECRET, cookie, lent.clock.now()) == message.address


def test_it_takes_the_upload_that_the_page_made(channel: WebChat, lent: Lent) -> None:
    token = sessions.upload_token(HOUSE_SECRET, SESSION)
    assert sessions.owns_upload(HOUSE_SECRET, SESSION, token)
    (lent.house.var / "uploads" / token).write_bytes(PHOTO)
    media = channel.receive(request(KIT.photo("") | {"upload": token})).messages[0].media
    assert media == (Media("photo", token, "image/jpeg", len(PHOTO)),)


def test_it_ends_a_session_in_time(channel: WebChat, lent: Lent) -> None:
    cookie = sessions.mint(HOUSE_SECRET, lent.clock.now(), 7)
    lent.clock.move(timedelta(days=7))
    with pytest.raises(Forged) as refused:
        channel.receive(request(KIT.text("안녕"), cookie=f"sinmungo_session={cookie}"))
    assert refused.value.status == 401


def test_it_takes_the_host_that_was_asked_as_our_own(channel: WebChat) -> None:
    own = {"origin": "http://192.0.2.7:8000", "host": "192.0.2.7:8000"}
    assert channel.receive(request(KIT.text("안녕"), **own)).messages
    assert channel.receive(request(KIT.text("안녕"), host="behind-the-proxy")).messages
    with pytest.raises(Forged):
        channel.receive(request(KIT.text("안녕"), origin=ORIGIN.replace("http:", "https:"), host="inside"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"text": "가" * 4001}, "text"),
        ({"text": " \n"}, "text"),
        ({"text": None}, "text"),
        ({"id": "1"}, "id"),
        ({"id": "00000000-0000-0000-0000-00000000000g"}, "id"),
        ({"type": "button", "payload": ""}, "payload"),
        ({"type": "button", "payload": "가"}, "payload"),
        ({"type": "button", "payload": "p" * 65}, "payload"),
        ({"type": "place"}, "lat"),
        ({"type": "place", "lat": 91, "lon": 0}, "lat"),
        ({"type": "place", "lat": 1e999, "lon": 0}, "lat"),
        ({"type": "photo"}, "upload"),
        ({"type": "photo", "upload": "../../config.yml"}, "upload"),
        ({"type": "photo", "upload": TOKEN.swapcase()}, "upload"),
        ({"lang": "kr"}, "lang"),
    ],
)
def test_it_names_what_is_wrong(channel: WebChat, change: dict[str, Any], named: str) -> None:
    with pytest.raises(Malformed, match=f"^{named}"):
        channel.receive(request(KIT.text("안녕") | change))


def test_it_refuses_the_upload_of_another_session(channel: WebChat, lent: Lent) -> None:
    token = sessions.upload_token(HOUSE_SECRET, "7fffffff" + "f" * 32)
    (lent.house.var / "uploads" / token).write_bytes(PHOTO)
    with pytest.raises(Malformed, match="upload: not an upload of this session"):
        channel.receive(request(KIT.photo("") | {"upload": token}))


def test_it_refuses_an_upload_that_is_gone_or_no_picture(channel: WebChat, lent: Lent) -> None:
    path = lent.house.var / "uploads" / TOKEN
    path.write_bytes(b"<svg onload=alert(1)>")
    with pytest.raises(Malformed, match="upload: not a picture"):
        channel.receive(request(KIT.photo("")))
    path.unlink()
    with pytest.raises(Malformed, match="upload: no longer there"):
        channel.receive(request(KIT.photo("")))


async def test_it_fetches_what_was_spooled_and_nothing_else(channel: WebChat) -> None:
    assert await channel.fetch(Media("photo", TOKEN)) == PHOTO
    for ref in ("", "../../config.yml", TOKEN[:-1], "cd" * 16 + "-" + mark("upload", "x")):
        with pytest.raises(SendFailed) as failure:
            await channel.fetch(Media("photo", ref))
        assert not failure.value.retry


async def test_it_publishes_the_whole_message_when_it_fits(channel: WebChat, lent: Lent) -> None:
    sent = await channel.send(outgoing("119에 전화하십시오."))
    assert sent.status == "sent"
    [(topic, payload)] = lent.published
    assert topic == f"web:{SESSION}"
    assert json.loads(payload) == {
        "type": "message",
        "id": str(UUID(int=7)),
        "text": "119에 전화하십시오.",
        "buttons": [{"label": "네", "payload": "y"}],
        "ask": "place",
        "lang": "ko",
        "purpose": "emergency",
        "at": datetime.fromtimestamp(1_790_000_000, UTC).isoformat(),
    }


@pytest.mark.parametrize("character", ["가", "🚨", "\x01"])
async def test_it_publishes_the_beginning_of_a_long_one_to_be_fetched(
    channel: WebChat, lent: Lent, character: str
) -> None:
    await channel.send(outgoing(character * 4000))
    [(_, payload)] = lent.published
    assert len(payload.encode()) <= 7900
    assert json.loads(payload) == {
        "type": "message",
        "id": str(UUID(int=7)),
        "text": character * 1000,
        "fetch": True,
    }


async def test_a_bus_that_is_away_is_tried_again(lent: Lent) -> None:
    async def broken(topic: str, payload: str) -> None:
        raise ConnectionError(payload)

    channel = build(Settings(), replace(lent.house, publish=broken))
    with pytest.raises(SendFailed) as failure:
        await channel.send(outgoing("비밀 이야기"))
    assert failure.value.retry
    assert "비밀" not in str(failure.value)
    await channel.working(SESSION)


def test_settings_take_only_origins_as_frame_ancestors() -> None:
    assert Settings(frame_ancestors=("https://www.example.go.kr",)).frame_ancestors
    for wrong in ("https://www.example.go.kr/", "*", "'unsafe-inline'", "https://a; script-src *"):
        with pytest.raises(ValueError, match="expected origins"):
            Settings(frame_ancestors=(wrong,))
