"""How the LINE Platform talks to us and answers."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from core.contracts.channel import Channel, House, OutgoingMessage, WebhookRequest
from integrations.channels import line
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

SECRET = "suite0secret0of0the0line0channel"
TOKEN = "suite-access-token/of-the-line-channel+0123456789="
PERSON = "U206d25c2ea6bd87c17655609a1c37cb8"
NOW_MS = 1_790_000_000_000
"""The suite's clock, `NOW` in conftest.py."""
REPLY_TOKEN = "nHuyWiB7yP5Zw52FIkcQobQuGDXCTA"


def signature(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def told(status: int, message: str, **headers: str) -> Answer:
    return Answer(status, json.dumps({"message": message}).encode(), headers)


class LineKit(Kit):
    secrets = (SECRET, TOKEN, PERSON, REPLY_TOKEN)
    limit = 5000
    address = PERSON
    file = b"\xff\xd8\xff\xe0 a photo of a broken bench"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": told(429, "The API rate limit has been exceeded. Try again later.", **{"retry-after": "7"}),
        "error": told(500, "Internal Server Error"),
        "blocked": told(400, "Failed to send messages"),
        "refused": told(400, f"The property, 'to', in the request body is invalid: {PERSON}"),
    }

    def settings(self, url: str, **values: Any) -> line.Settings:
        given = {"channel_secret": SECRET, "access_token": TOKEN, "timeout_s": self.timeout_s}
        return line.Settings.model_validate(given | {"api_base_url": url, "data_base_url": url} | values)

    def build(self, house: House, url: str) -> Channel:
        return line.build(self.settings(url), house)

    def outgoing(self, url: str, text: str, **values: Any) -> OutgoingMessage:
        """With a fresh reply token, so that what broke off may have arrived; pushes have tests of their own."""
        return super().outgoing(url, text, **({"reply_token": f"{NOW_MS - 1000}:{REPLY_TOKEN}"} | values))

    def sign(self, body: bytes) -> WebhookRequest:
        headers = {"x-line-signature": signature(body), "content-type": "application/json; charset=utf-8"}
        return WebhookRequest("POST", headers, {}, body)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        def proved(proof: str) -> WebhookRequest:
            return replace(request, headers={"x-line-signature": proof})

        good = signature(request.body)
        return {
            "other body": replace(request, body=request.body + b" "),
            "other secret": proved(signature(request.body, "x" * 32)),
            "hex": proved(hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()),
            "without padding": proved(good.rstrip("=")),
            "spaces": proved(f" {good}"),
            "not ASCII": proved("서명"),
            "surrogate": proved("\udcff"),
        }

    def event(self, kind: str, key: str = "1", **values: Any) -> Any:
        return {
            "type": kind,
            "mode": "active",
            "timestamp": NOW_MS - 2000,
            "source": {"type": "user", "userId": PERSON},
            "webhookEventId": f"01HV{int(key):022d}",
            "deliveryContext": {"isRedelivery": False},
        } | values

    def call(self, *events: Any) -> Any:
        return {"destination": "U" + "0" * 32, "events": list(events)}

    def message(self, kind: str, key: str = "1", **content: Any) -> Any:
        said = {"id": f"5000000000{key}", "type": kind, "quoteToken": "q3Plxr4AgKd"} | content
        return self.call(self.event("message", key, replyToken=REPLY_TOKEN, message=said))

    def text(self, text: str, key: str = "1") -> Any:
        return self.message("text", key, text=text)

    def button(self, payload: str) -> Any:
        return self.call(self.event("postback", replyToken=REPLY_TOKEN, postback={"data": payload}))

    def place(self, lat: float, lon: float) -> Any:
        return self.message("location", title="구래역", address="김포시 구래동", latitude=lat, longitude=lon)

    def photo(self, url: str) -> Any:
        return self.message("image", contentProvider={"type": "line"})

    def ignored(self) -> Mapping[str, Any]:
        group = {"type": "group", "groupId": "C" + "1" * 32, "userId": PERSON}
        said = {"id": "1", "type": "text", "text": "안녕"}
        return {
            "no events (the console's check)": self.call(),
            "in a group": self.call(self.event("message", source=group, message=said)),
            "another system answers": self.call(self.event("message", mode="standby", message=said)),
            "a kind of the future": self.call(self.event("mindReading", thought={"deep": 1})),
            "an event without an id": self.call(self.event("message", webhookEventId=None, message=said)),
            "joined a group": self.call(self.event("join", source=group, replyToken=REPLY_TOKEN)),
            "a button that is not ours": self.call(self.event("postback", postback={"data": "색=빨강"})),
            "a place off the earth": self.message("location", latitude=91, longitude=0),
            "taken back in a group": self.call(self.event("unsend", source=group, unsend={"messageId": "1"})),
        }

    def measure(self, text: str) -> int:
        """LINE counts UTF-16 code units."""
        return len(text.encode("utf-16-le")) // 2

    def ok(self, call: Call) -> Answer:
        if call.method == "GET":
            return Answer(body=self.file) if call.path == "/v2/bot/message/50000000001/content" else Answer(404)
        if call.path in ("/v2/bot/message/reply", "/v2/bot/message/push"):
            return Answer(body=b'{"sentMessages": [{"id": "461230966842064897", "quoteToken": "IStG5h1Tz7b"}]}')
        return Answer(202)

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        sent = [json.loads(call.body) for call in calls if "/message/" in call.path and call.method == "POST"]
        return [one["text"] for body in sent for one in body["messages"] if one["type"] == "text"]


KIT = LineKit()
