"""The signed channel for other bodies' systems: batches, reports, rotation, repeats, their files."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.contracts.channel import Button, DeliveryReport, Forged, Malformed, Media, Received, SendFailed
from integrations.channels.partner import MAX_FILE, Partner, Settings
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer
from tests.integrations.channels.kits.partner import KIT, SECRET, STAMP, signature

PAYLOADS = json.loads((Path(__file__).parent / "payloads/partner.json").read_text("utf-8"))
OLD = "the-secret-of-last-year-0123456789abcdef"


def made(lent: Lent, url: str = "http://127.0.0.1:9", **values: Any) -> Partner:
    settings = {"secret": SECRET, "outbound_url": f"{url}/messages"} | values
    return Partner(Settings.model_validate(settings), lent.house)


def received(lent: Lent, document: Any) -> Received:
    return made(lent).receive(KIT.sign(json.dumps(document).encode()))


def test_a_batch_holds_messages_and_reports(lent: Lent) -> None:
    found = received(lent, PAYLOADS["a batch"])
    assert [(one.external_id, one.address, one.kind, one.text) for one in found.messages] == [
        ("gw-1", "u-1", "text", "가로등이 꺼졌어요"),
        ("gw-2", "u-2", "start", ""),
        ("gw-3", "u-1", "other", "모르는 꼴"),
    ]
    assert found.reports == (
        DeliveryReport("their-1", "delivered"),
        DeliveryReport("their-2", "failed", "no such user"),
    )


def test_reports_come_alone_and_unknown_ones_are_passed_over(lent: Lent) -> None:
    found = received(lent, PAYLOADS["reports alone"])
    assert (found.messages, found.reports) == ((), (DeliveryReport("their-3", "read"),))


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"id": ""}, "id: string_too_short"),
        ({"id": "x" * 129}, "id: string_too_long"),
        ({"id": "a\x00b"}, "id: string_pattern_mismatch"),
        ({"from": None}, "from: string_type"),
        ({"text": None}, "text: string_type"),
        ({"text": "가" * 20_001}, "text: string_too_long"),
        ({"payload": "단추"}, "payload: string_pattern_mismatch"),
        ({"lat": 91.0, "lon": 0.0}, "lat: less_than_equal"),
        ({"lat": "37"}, "lat: float_type"),
        ({"type": "place"}, "a place message lacks its place"),
        ({"type": "photo"}, "a photo message lacks its photo"),
        ({"sent_at": "2026-09-21T09:00:00"}, "sent_at: timezone_aware"),
        ({"sent_at": "0001-01-01T00:00:00+09:00"}, "sent_at: greater_than_equal"),
        ({"photo": {"url": "file:///etc/passwd"}}, "photo.url: string_pattern_mismatch"),
    ],
)
def test_what_is_wrong_is_named(lent: Lent, changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(Malformed) as refused:
        received(lent, KIT.text("안녕") | changed)
    assert str(refused.value) == fault


def test_one_bad_message_refuses_the_batch(lent: Lent) -> None:
    """Nothing is stored of it, so the partner can mend it and send the whole again."""
    with pytest.raises(Malformed, match=r"messages\.1\.id"):
        received(lent, {"messages": [KIT.text("하나", "1"), KIT.text("둘", "2") | {"id": 2}]})
    with pytest.raises(Malformed, match="messages: too_long"):
        received(lent, {"messages": [KIT.text("x", str(key)) for key in range(101)]})


@pytest.mark.parametrize("skew", [-300, 300])
def test_the_clock_may_be_five_minutes_off(lent: Lent, skew: int) -> None:
    request = KIT.sign(json.dumps(KIT.text("안녕")).encode())
    headers = {
        "x-sinmungo-timestamp": str(STAMP + skew),
        "x-sinmungo-signature": signature(request.body, STAMP + skew),
    }
    assert made(lent).receive(replace(request, headers=headers)).messages[0].text == "안녕"


def test_two_secrets_open_while_the_key_is_changed(lent: Lent) -> None:
    request = KIT.sign(json.dumps(KIT.text("안녕")).encode())
    old = replace(
        request, headers=dict(request.headers) | {"x-sinmungo-signature": signature(request.body, secret=OLD)}
    )
    changing = made(lent, previous_secret=OLD)
    assert changing.receive(old).messages == changing.receive(request).messages
    with pytest.raises(Forged):
        made(lent).receive(old)


def test_an_empty_previous_secret_opens_nothing(lent: Lent) -> None:
    request = KIT.sign(json.dumps(KIT.text("안녕")).encode())
    empty = dict(request.headers) | {"x-sinmungo-signature": signature(request.body, secret="")}
    with pytest.raises(Forged):
        made(lent, previous_secret="").receive(replace(request, headers=empty))


async def test_what_goes_out_is_signed_whole_and_carries_its_key(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        message = KIT.outgoing("", "접수했습니다", buttons=(Button("네", "y"),), ask="photo", purpose="case_notice")
        sent = await made(lent, provider.url).send(message)
    (call,) = provider.calls
    assert (sent.provider_id, sent.status) == ("their-9", "sent")
    assert call.headers["idempotency-key"] == str(message.id)
    assert call.headers["x-sinmungo-signature"] == signature(call.body)
    assert json.loads(call.body) == {
        "id": str(message.id),
        "to": "gw-77",
        "text": "접수했습니다",
        "buttons": [{"label": "네", "payload": "y"}],
        "ask": "photo",
        "lang": "ko",
        "purpose": "case_notice",
    }


@pytest.mark.parametrize(
    ("answer", "provider_id"),
    [
        (Answer(200, b'{"id": "a"}'), "a"),
        (Answer(409, b""), "own"),
        (Answer(409, b'{"id": "first"}'), "first"),
        (Answer(204, b""), "own"),
        (Answer(200, b"<html>"), "own"),
        (Answer(200, b'{"id": 5}'), "own"),
        (Answer(200, b"[1]"), "own"),
    ],
)
async def test_taken_or_taken_before_is_sent(lent: Lent, serve: Serve, answer: Answer, provider_id: str) -> None:
    async with serve(lambda call: answer) as provider:
        message = KIT.outgoing("", "안녕")
        sent = await made(lent, provider.url).send(message)
    assert sent.provider_id == (str(message.id) if provider_id == "own" else provider_id)


@pytest.mark.parametrize(
    ("status", "retry_after", "expected"),
    [
        (503, "30", 30.0),
        (503, "Mon, 21 Sep 2026 14:14:20 GMT", 60.0),
        (503, "Mon, 21 Sep 2026 13:00:00 GMT", 0.0),
        (429, "soon", None),
        (429, "-5", None),
        (429, "", None),
        (500, "", None),
    ],
)
async def test_busy_is_tried_again_when_told(
    lent: Lent, serve: Serve, status: int, retry_after: str, expected: float | None
) -> None:
    answer = Answer(status, headers={"retry-after": retry_after})
    async with serve(lambda call: answer) as provider:
        with pytest.raises(SendFailed) as failure:
            await made(lent, provider.url).send(KIT.outgoing("", "안녕"))
    assert (failure.value.retry, failure.value.retry_after) == (True, expected)


async def test_a_redirect_is_not_followed(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: Answer(307, headers={"location": "/elsewhere"})) as provider:
        with pytest.raises(SendFailed, match="307") as failure:
            await made(lent, provider.url).send(KIT.outgoing("", "안녕"))
    assert not failure.value.retry
    assert [call.path for call in provider.calls] == ["/messages"]


async def test_files_come_from_the_partners_server_only_and_signed(lent: Lent, serve: Serve) -> None:
    async with serve(KIT.ok) as provider:
        channel = made(lent, provider.url)
        await channel.fetch(Media("photo", f"{provider.url}/files/1.jpg"))
        for ref in ("http://127.0.0.1:1/x", "http://169.254.169.254/latest", "https" + provider.url[4:], "http://\x01"):
            with pytest.raises(SendFailed, match="not on the partner's server"):
                await channel.fetch(Media("photo", ref))
    assert [call.headers["x-sinmungo-signature"] for call in provider.calls] == [signature(b"")]


async def test_a_file_over_20_mb_is_not_taken(lent: Lent, serve: Serve) -> None:
    async with serve(lambda call: Answer(body=b"x" * (MAX_FILE + 1))) as provider:
        with pytest.raises(SendFailed, match="20 MB"):
            await made(lent, provider.url).fetch(Media("photo", f"{provider.url}/big.jpg"))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("secret", ""),
        ("secret", "x" * 31),
        ("previous_secret", "short"),
        ("outbound_url", "partner.example"),
        ("outbound_url", ""),
        ("timeout_s", 0),
        ("shape", "round"),
    ],
)
def test_settings_refuse_what_cannot_work(key: str, value: Any) -> None:
    good = {"secret": SECRET, "outbound_url": "https://partner.example/in"}
    assert Settings.model_validate(good)
    with pytest.raises(ValidationError):
        Settings.model_validate(good | {key: value})
