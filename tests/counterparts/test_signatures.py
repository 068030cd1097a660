"""Proofs of origin, judged both ways by the vendors' Node SDKs: they take what our signers make, we what Node makes.

Our signers (the suite's kits) were written from the vendors' pages, so that two independent readings meet here.
"""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from core.contracts.channel import Channel, Forged, WebhookRequest
from tests.counterparts.conftest import Judge, Watched
from tests.integrations.channels.kits import Kit, line, slack, twilio

pytestmark = pytest.mark.counterpart
NOWHERE = "http://127.0.0.1:9"
TEXTS = ["안녕하세요", "", "a+b & c=d %2B", "🚨 구래동 1-2", "줄\n바꿈\r\n", "'\"<>\\", "é 뷁 ﷺ", "x" * 3000, " 앞뒤 "]


def documents(kit: Kit) -> list[bytes]:
    """Authentic bodies of every sort that the suite knows, and odd texts."""
    sorts = [kit.button("y"), kit.place(37.6, 126.7), kit.photo("http://h"), *kit.ignored().values()]
    made = [*(kit.text(text) for text in TEXTS), *(one for one in sorts if one is not None)]
    return [json.dumps(one, ensure_ascii=index % 2 == 0).encode() for index, one in enumerate(made)]


def takes(channel: Channel, request: WebhookRequest) -> bool:
    try:
        channel.receive(request)
    except Forged:
        return False
    return True


def signed(kit: Kit, header: str, request: WebhookRequest, made: str) -> WebhookRequest:
    return WebhookRequest(request.method, {**request.headers, header: made}, {}, request.body, request.url)


def test_twilio(judge: Judge, watched: Watched) -> None:
    kit, header = twilio.KIT, "x-twilio-signature"
    requests = [kit.sign(one) for one in documents(kit)]
    asked = [_twilio(one.body, one.headers[header]) for one in requests]
    channel = kit.build(watched.house, NOWHERE)
    for request, told in zip(requests, judge("twilio.mjs", asked), strict=True):
        assert told["takes"]
        assert takes(channel, signed(kit, header, request, told["makes"]))


def test_twilio_refuses_what_we_refuse(judge: Judge, watched: Watched) -> None:
    kit, header = twilio.KIT, "x-twilio-signature"
    wrong = [one for one in kit.forged(kit.sign(documents(kit)[0])).values() if one.headers[header].isascii()]
    asked = [_twilio(one.body, one.headers[header]) for one in wrong]
    assert [told["takes"] for told in judge("twilio.mjs", asked)] == [False] * len(wrong)
    channel = kit.build(watched.house, NOWHERE)
    assert [takes(channel, one) for one in wrong] == [False] * len(wrong)


def _twilio(body: bytes, signature: str) -> dict[str, Any]:
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return {"token": twilio.TOKEN, "url": twilio.URL, "fields": fields, "signature": signature}


def test_line(judge: Judge, watched: Watched) -> None:
    kit, header = line.KIT, "x-line-signature"
    requests = [kit.sign(one) for one in [*documents(kit), b"\xff\xfe", b""]]
    channel = kit.build(watched.house, NOWHERE)
    for request, told in zip(requests, judge("line.mjs", [_line(one) for one in requests]), strict=True):
        assert told["takes"]
        assert told["makes"] == request.headers[header]
        if request.body.startswith(b"{"):
            assert takes(channel, signed(kit, header, request, told["makes"]))


def test_line_refuses_what_we_refuse(judge: Judge, watched: Watched) -> None:
    kit, header = line.KIT, "x-line-signature"
    forged = kit.forged(kit.sign(documents(kit)[0])).items()
    wrong = {label: one for label, one in forged if one.headers[header].isascii()}
    told = judge("line.mjs", [_line(one) for one in wrong.values()])
    channel = kit.build(watched.house, NOWHERE)
    assert [takes(channel, one) for one in wrong.values()] == [False] * len(wrong)
    # Node reads base64 leniently: a signature without its padding or with a space is the same one to it, not to us.
    taken = {label for label, one in zip(wrong, told, strict=True) if one["takes"]}
    assert taken == {"without padding", "spaces"}


def _line(request: WebhookRequest) -> dict[str, str]:
    body = base64.b64encode(request.body).decode()
    return {"secret": line.SECRET, "body": body, "signature": request.headers["x-line-signature"]}


def test_slack(judge: Judge, watched: Watched) -> None:
    kit = slack.KIT
    requests = [kit.sign(one) for one in documents(kit)]
    channel = kit.build(watched.house, NOWHERE)
    for request, told in zip(requests, judge("slack.mjs", [_slack(one) for one in requests]), strict=True):
        assert told["takes"] and told["takesOwn"]
        assert takes(channel, signed(kit, "x-slack-signature", request, told["makes"]))


def test_slack_is_looser_than_we_are_about_the_future(judge: Judge, watched: Watched) -> None:
    """Bolt for Node looks for requests that are too old only; Slack's page and we refuse both ways."""
    body = documents(slack.KIT)[0]
    channel = slack.KIT.build(watched.house, NOWHERE)
    for offset, theirs in ((-301, False), (301, True)):
        request = slack.signed(body, stamp=str(slack.STAMP + offset))
        (told,) = judge("slack.mjs", [_slack(request)])
        assert told["takes"] is theirs
        assert not takes(channel, request)


def _slack(request: WebhookRequest) -> dict[str, Any]:
    return {
        "secret": slack.SECRET,
        "body": request.body.decode(),
        "stamp": request.headers["x-slack-request-timestamp"],
        "signature": request.headers["x-slack-signature"],
        "now": slack.STAMP,
    }
