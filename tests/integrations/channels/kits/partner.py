"""How another public body's system talks to the partner channel."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import partner
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

STAMP = 1_790_000_000
"""The suite's clock, `NOW` in conftest.py, in Unix seconds."""
SECRET = "partner-secret-of-the-suite-0123456789"


def signature(body: bytes, stamp: int | str = STAMP, secret: str = SECRET) -> str:
    return "v1=" + hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


class PartnerKit(Kit):
    secrets = (SECRET,)
    limit = 4000
    address = "gw-77"
    file = b"\xff\xd8\xff\xe0 a photo of a pothole"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": Answer(429, headers={"retry-after": "7"}),
        "error": Answer(500, b"<html>oops</html>"),
        "blocked": Answer(410),
        "refused": Answer(422),
    }

    def build(self, house: House, url: str) -> Channel:
        settings = partner.Settings(secret=SECRET, outbound_url=f"{url}/messages", timeout_s=self.timeout_s)
        return partner.build(settings, house)

    def sign(self, body: bytes) -> WebhookRequest:
        headers = {"x-sinmungo-timestamp": str(STAMP), "x-sinmungo-signature": signature(body)}
        return WebhookRequest("POST", headers, {}, body)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        def with_headers(stamp: str, proof: str) -> WebhookRequest:
            return replace(request, headers={"x-sinmungo-timestamp": stamp, "x-sinmungo-signature": proof})

        good = signature(request.body)
        return {
            "other body": replace(request, body=request.body + b" "),
            "other secret": with_headers(str(STAMP), signature(request.body, secret="x" * 32)),
            "no prefix": with_headers(str(STAMP), good.removeprefix("v1=")),
            "upper case": with_headers(str(STAMP), good.upper()),
            "not ASCII": with_headers(str(STAMP), "v1=서명"),
            "surrogate": with_headers(str(STAMP), "v1=\udcff"),
            "too old": with_headers(str(STAMP - 301), signature(request.body, STAMP - 301)),
            "from the future": with_headers(str(STAMP + 301), signature(request.body, STAMP + 301)),
            "words for a time": with_headers("abc", signature(request.body, "abc")),
            "Arabic digits": with_headers("١٧٩٠٠٠٠٠٠٠", signature(request.body, "١٧٩٠٠٠٠٠٠٠")),
            "a long number": with_headers("9" * 400, signature(request.body, "9" * 400)),
            "a fraction": with_headers(f"{STAMP}.5", signature(request.body, f"{STAMP}.5")),
        }

    def _message(self, kind: str, key: str = "1", **values: Any) -> Any:
        return {"id": f"p-{key}", "from": self.address, "type": kind, "lang": "ko"} | values

    def text(self, text: str, key: str = "1") -> Any:
        return self._message("text", key, text=text, sent_at="2026-09-21T09:00:00+09:00")

    def button(self, payload: str) -> Any:
        return self._message("button", payload=payload, text="네")

    def place(self, lat: float, lon: float) -> Any:
        return self._message("place", lat=lat, lon=lon, label="구래역 1번 출구")

    def photo(self, url: str) -> Any:
        photo = {"url": f"{url}/files/1.jpg", "content_type": "image/jpeg", "size": len(self.file)}
        return self._message("photo", text="여기요", photo=photo)

    def ignored(self) -> Mapping[str, Any]:
        return {
            "an empty batch": {"messages": [], "reports": []},
            "an unknown report": {"reports": [{"id": "1", "status": "seen by owls"}]},
        }

    def ok(self, call: Call) -> Answer:
        return Answer(body=self.file) if call.method == "GET" else Answer(202, b'{"id": "their-9"}')

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        return [json.loads(call.body)["text"] for call in calls if call.method == "POST"]


KIT = PartnerKit()
