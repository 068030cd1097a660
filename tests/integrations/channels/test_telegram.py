"""Telegram's own ways: kinds of update, keyboards, presses, long polling, files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.contracts.channel import (
    Forged,
    Malformed,
    Received,
    SendFailed,
)
from core.loading import ROOT
from integrations.channels.telegram import KINDS, Settings, Telegram
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.counterpart import Counterpart
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.telegram import KIT, TOKEN, fields, refusal, result

PAYLOADS = json.loads((Path(__file__).parent / "payloads/telegram.json").read_text("utf-8"))
SHARED = ROOT.parent / "shared/data/channels/telegram"


def made(lent: Lent, url: str = "http://127.0.0.1:9") -> Telegram:
    channel = KIT.build(lent.house, url)
    assert isinstance(channel, Telegram)
    return channel


def received(lent: Lent, update: Any) -> Received:
    return made(lent).receive(KIT.sign(json.dumps(update).encode()))


FILE, VOICE = ("file", "BQAC-hwp", "application/x-hwp"), ("voice", "AwAC-v", "audio/ogg")


@pytest.mark.parametrize(
    ("label", "kind", "text", "payload", "media"),
    [
        ("a deep link", "start", "parking", "", []),
        ("start named", "start", "", "", []),
        ("stop", "stop", "", "", []),
        ("another command", "text", "주차", "", []),
        ("help alone", "button", "/help", "do:help", []),
        ("a text that begins alike", "text", "/starting", "", []),
        ("a venue", "place", "", "", []),
        ("a live location", "place", "", "", []),
        ("a picture as a file", "media", "원본 사진", "", [("photo", "BQAC-doc", "image/heic")]),
        ("a document", "other", "", "", [FILE]),
        ("a voice", "other", "", "", [VOICE]),
        ("a sticker", "other", "", "", []),
        ("a phone number shared", "other", "", "", []),
        ("blocked", "stop", "", "", []),
        ("unblocked", "start", "", "", []),
        ("a button of a deleted message", "button", "", "form:yes", []),
        ("a pressed button", "button", "도로", "set:ab12:kind:road", []),
        ("corrected words", "text", "구래동 우체국 앞 가로등이요", "", []),
        ("a corrected caption", "text", "여기요 여기", "", []),
        ("one of an album", "media", "사진 두 장", "", [("photo", "AgAC-1", "image/jpeg")]),
        ("the next of it", "media", "", "", [("photo", "AgAC-2", "image/jpeg")]),
        ("a video", "other", "", "", [("video", "BAAC-v", "video/mp4")]),
    ],
)
def test_it_reads_each_kind(lent: Lent, label: str, kind: str, text: str, payload: str, media: list[Any]) -> None:
    (message,) = received(lent, PAYLOADS[label]).messages
    assert (message.kind, message.text, message.payload) == (kind, text, payload)
    assert [(one.kind, one.ref, one.content_type) for one in message.media] == media
    assert (message.address, message.external_id) == ("5550002", str(PAYLOADS[label]["update_id"]))


def test_every_payload_is_in_the_table() -> None:
    table = test_it_reads_each_kind.pytestmark[0].args[1]
    assert sorted(PAYLOADS) == sorted(row[0] for row in table)


def test_a_venue_brings_its_name(lent: Lent) -> None:
    place = received(lent, PAYLOADS["a venue"]).messages[0].place
    assert place and (place.lat, place.lon, place.label) == (37.6153, 126.7156, "김포시청 사우중로 1")


def test_language_and_time_are_taken_as_hints(lent: Lent) -> None:
    english = received(lent, PAYLOADS["another command"]).messages[0]
    silent = received(lent, PAYLOADS["stop"]).messages[0]
    assert (english.lang_hint, silent.lang_hint) == ("en", "")
    assert english.sent_at and english.sent_at.isoformat() == "2026-09-20T10:26:43+00:00"


def test_every_press_is_answered_in_the_acknowledgement(lent: Lent) -> None:
    """Also one that leads to nothing: Telegram shows a spinner on the button until it is answered."""
    for update in (PAYLOADS["a button of a deleted message"], KIT.ignored()["an inline button"]):
        query = update["callback_query"]["id"]
        ack = received(lent, update).ack
        assert json.loads(ack.body) == {"method": "answerCallbackQuery", "callback_query_id": query}
    assert received(lent, PAYLOADS["stop"]).ack.body == b""


def test_a_block_and_its_end_are_the_providers_word(lent: Lent) -> None:
    """The citizen said nothing: it is noted and not answered. /stop and /start are words of his."""
    events = {label: received(lent, PAYLOADS[label]).messages[0].is_event for label in PAYLOADS}
    assert {label for label, is_event in events.items() if is_event} == {"blocked", "unblocked"}


def test_a_correction_names_what_it_corrects(lent: Lent) -> None:
    corrected = received(lent, PAYLOADS["corrected words"]).messages[0]
    assert (corrected.edits, corrected.provider_id) == ("22", "22")
    assert received(lent, PAYLOADS["stop"]).messages[0].edits == ""


def test_pictures_of_an_album_are_stored_each_and_known_as_one(lent: Lent) -> None:
    first, second = (received(lent, PAYLOADS[label]).messages[0] for label in ("one of an album", "the next of it"))
    assert first.external_id != second.external_id
    assert first.album == second.album == "13570246813579"


@pytest.mark.parametrize(("lang", "word"), [("ko", "1:1"), ("en", "private"), ("", "1:1")])
def test_a_group_is_refused_politely_and_its_talk_is_not_heard(lent: Lent, lang: str, word: str) -> None:
    documents = KIT.ignored()
    for label in ("a command in a group", "added to a group"):
        update = json.loads(json.dumps(documents[label]).replace('"language_code": "ko"', f'"language_code": "{lang}"'))
        ack = json.loads(received(lent, update).ack.body)
        assert (ack["method"], ack["chat_id"]) == ("sendMessage", -100200300)
        assert word in ack["text"]
    for label in ("in a group", "a group's correction"):
        assert received(lent, documents[label]).ack.body == b""


def shared_updates() -> Iterator[tuple[str, str, Any]]:
    for path in sorted(SHARED.glob("*.json")):
        for label, update in json.loads(path.read_text("utf-8")).items():
            yield path.stem, label, update


def test_recorded_and_incomplete_updates_are_all_acknowledged(lent: Lent) -> None:
    """The shared samples where they are at hand, and always our own with a needed field taken out."""
    for _, label, update in shared_updates():
        assert received(lent, update).ack.status == 200, label
    for label, update in PAYLOADS.items():
        text = json.dumps(update).replace('"is_bot"', '"was_bot"')
        assert received(lent, json.loads(text)).ignored == "an update that cannot be read", label


def test_recorded_updates_are_read(lent: Lent) -> None:
    recorded = {label: update for stem, label, update in shared_updates() if stem == "updates"}
    kinds = {label: [one.kind for one in received(lent, update).messages] for label, update in recorded.items()}
    assert kinds == {} or kinds == {
        "messageWithText": ["start"],
        "messageWithAReply": ["start"],
        "editedMessage": ["text"],
        "voiceMessage": ["other"],
        "messageWithADocument": ["other"],
        "callbackQuery": [],
        "start_command": ["start"],
        "jamo_text": ["text"],
        "no_language_code": ["text"],
    }


@pytest.mark.parametrize(
    "update", [{}, {"update_id": "7"}, {"update_id": None}, {"update_id": True}, {"update_id": 1.5}]
)
def test_what_has_no_update_id_is_malformed(lent: Lent, update: Any) -> None:
    with pytest.raises(Malformed):
        received(lent, update)


def test_an_empty_header_is_a_missing_one(lent: Lent) -> None:
    request = KIT.sign(b"{}")
    empty = type(request)("POST", {"x-telegram-bot-api-secret-token": ""}, {}, b"{}")
    with pytest.raises(Forged) as refused:
        made(lent).receive(empty)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("webhook_secret", ""),
        ("webhook_secret", "short"),
        ("webhook_secret", "has a space in the middle"),
        ("token", ""),
        ("token", "no-colon"),
        ("api_base_url", "ftp://x"),
        ("api_base_url", "http://x/"),
        ("timeout_s", 60),
        ("webhok_secret", "x" * 20),
    ],
)
def test_settings_refuse_what_cannot_work(key: str, value: Any) -> None:
    good = {"token": TOKEN, "webhook_secret": "x" * 20}
    with pytest.raises(ValidationError):
        Settings.model_validate(good | {key: value})


# --- long polling


class Queue:
    """getUpdates as Telegram does it: an update stays until a call names a higher offset."""

    def __init__(self, updates: list[Any]) -> None:
        self.updates = updates
        self.asked: list[Any] = []
        self.answered: list[str] = []

    def answer(self, call: Call) -> Answer:
        if call.path.endswith("/answerCallbackQuery"):
            self.answered.append(fields(call)["callback_query_id"])
            return result(True)
        assert call.path == f"/bot{TOKEN}/getUpdates"
        asked = json.loads(call.body)
        assert asked["allowed_updates"] == KINDS and asked["timeout"] == 25
        self.asked.append(asked.get("offset"))
        self.updates = [one for one in self.updates if one["update_id"] >= asked.get("offset", 0)]
        return result(self.updates[:2]) if self.updates else refusal(500, "no more")


async def polled(channel: Telegram, provider: Counterpart, most: int = 99) -> list[str]:
    """Texts or payloads in order, until the counterpart has no more or `most` were read."""
    found: list[str] = []
    updates = channel.poll()
    try:
        async for request in updates:
            message = channel.receive(request).messages
            found.append(message[0].text or message[0].payload if message else "-")
            if len(found) == most:
                break
    except SendFailed as failure:
        assert failure.retry
    await updates.aclose()  # type: ignore[attr-defined]
    return found


async def test_polling_gives_authentic_updates_in_order(lent: Lent, serve: Serve) -> None:
    unreadable = {"update_id": 910005, "message": {"odd": True}}
    queue = Queue([KIT.text("하나", "2"), KIT.text("둘", "3"), KIT.button("y") | {"update_id": 910004}, unreadable])
    async with serve(queue.answer) as provider:
        channel = made(lent, provider.url)
        assert await polled(channel, provider) == ["하나", "둘", "y", "-"]
        await channel.aclose()
    assert queue.asked == [None, 910004, 910006]
    assert queue.answered == ["4400112233"]


async def test_what_was_not_finished_comes_again(lent: Lent, serve: Serve) -> None:
    queue = Queue([KIT.text("하나", "2"), KIT.text("둘", "3")])
    async with serve(queue.answer) as provider:
        channel = made(lent, provider.url)
        assert await polled(channel, provider, most=1) == ["하나"]
        assert await polled(channel, provider) == ["하나", "둘"]
        await channel.aclose()


@pytest.mark.parametrize(
    ("answer", "retry", "word"),
    [
        (refusal(409, "Conflict: can't use getUpdates method while webhook is active"), False, "deleteWebhook"),
        (refusal(401, "Unauthorized"), False, "401"),
        (refusal(502, "Bad Gateway"), True, "502"),
        (Answer(200, b"<html>"), True, "JSON"),
    ],
)
async def test_polling_says_why_it_cannot(lent: Lent, serve: Serve, answer: Answer, retry: bool, word: str) -> None:
    async with serve(lambda call: answer) as provider:
        channel = made(lent, provider.url)
        with pytest.raises(SendFailed, match=word) as failure:
            await anext(channel.poll())
        await channel.aclose()
    assert failure.value.retry is retry
    assert TOKEN not in str(failure.value)
