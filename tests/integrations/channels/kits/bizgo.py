"""How Bizgo posts texts and reports, and answers a send (the vendor's OpenAPI document 1.2.0)."""

import base64
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import bizgo
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

STAMP = 1_790_000_000_000
"""The suite's clock, `NOW` in conftest.py, in Unix milliseconds."""
SECRET = "bizgo-webhook-secret-of-the-suite"
API_KEY = "bizgo-api-key-of-the-suite-0123456789"
SENDER = "0319802114"
_later = itertools.count()


def signature(stamp: int | str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), str(stamp).encode(), hashlib.sha256).hexdigest()


def posted(body: bytes, stamp: int | str = STAMP, proof: str = "") -> WebhookRequest:
    headers = {"x-ib-timestamp": str(stamp), "x-ib-signature": proof or signature(stamp)}
    return WebhookRequest("POST", {"content-type": "application/json"} | headers, {}, body)


def refusal(status: int, code: str, layer: str = "service", **headers: str) -> Answer:
    """Bizgo's envelope: `common` speaks for the gateway, `data` for the service behind it."""
    common = {"authCode": code if layer == "gateway" else "A000", "authResult": "said", "infobankTrId": "tr-1"}
    envelope = {"common": common} | ({"data": {"code": code, "result": "said"}} if layer == "service" else {})
    return Answer(status, json.dumps(envelope).encode(), headers)


def taken(call: Call, code: str = "A000") -> Answer:
    """Accepted (or not) number by number, as POST /api/comm/v1/send/omni answers."""
    asked = json.loads(call.body)
    one = {"to": asked["destinations"][0]["to"], "msgKey": "20260921120000001SM1", "code": code, "result": "said"}
    data = {"code": "A000", "result": "SUCCESS", "data": {"destinations": [one]}, "ref": asked.get("ref", "")}
    common = {"authCode": "A000", "authResult": "Success", "infobankTrId": "tr-2"}
    return Answer(body=json.dumps({"common": common, "data": data}).encode())


class BizgoKit(Kit):
    secrets = (SECRET, API_KEY)
    limit = 2000
    address = "+821012345678"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": refusal(429, "A020", **{"retry-after": "7"}),
        "error": Answer(500, b"<html>oops</html>"),
        "blocked": refusal(400, "A324"),
        "refused": refusal(400, "A327"),
    }

    def build(self, house: House, url: str) -> Channel:
        settings = bizgo.Settings(
            api_key=API_KEY, sender=SENDER, webhook_secret=SECRET, base_url=url, timeout_s=self.timeout_s
        )
        return bizgo.build(settings, house)

    def sign(self, body: bytes) -> WebhookRequest:
        """Each call at its own millisecond, as a gateway that takes some time between two."""
        return posted(body, STAMP - 250_000 + next(_later) % 500_000)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={"x-ib-timestamp": request.headers["x-ib-timestamp"]})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        def with_headers(stamp: str, proof: str) -> WebhookRequest:
            return replace(request, headers={"x-ib-timestamp": stamp, "x-ib-signature": proof})

        good = signature(STAMP)
        cut = base64.b64encode(bytes.fromhex(good)).decode()[:-2]
        return {
            "other secret": with_headers(str(STAMP), signature(STAMP, "x" * 32)),
            "another's timestamp": with_headers(str(STAMP + 1), good),
            "a part": with_headers(str(STAMP), good[:-1]),
            "a part in base64": with_headers(str(STAMP), cut),
            "not ASCII": with_headers(str(STAMP), "서명"),
            "surrogate": with_headers(str(STAMP), "\udcff"),
            "too old": with_headers(str(STAMP - 300_001), signature(STAMP - 300_001)),
            "from the future": with_headers(str(STAMP + 300_001), signature(STAMP + 300_001)),
            "words for a time": with_headers("abc", signature("abc")),
            "Arabic digits": with_headers("١٧٩٠٠٠٠٠٠٠", signature("١٧٩٠٠٠٠٠٠٠")),
            "a long number": with_headers("9" * 400, signature("9" * 400)),
            "a fraction": with_headers(f"{STAMP}.5", signature(f"{STAMP}.5")),
        }

    def text(self, text: str, key: str = "1") -> Any:
        return {
            "msgKey": f"2026092112000000{key}MO1",
            "serviceType": "MO",
            "msgType": "SM",
            "to": "#1234567",
            "from": "01012345678",
            "carrier": "10001",
            "originator": "01012345678",
            "content": text,
            "occurredTime": "2026-09-21T23:13:20+09:00",
        }

    def report(self, code: str, **values: Any) -> Any:
        told = {"msgKey": "20260921120000001SM1", "serviceType": "SMS", "msgType": "SM", "reportCode": code}
        return told | {"reportTime": "2026-09-21T23:13:21.120+09:00", "reportType": "0"} | values

    def ignored(self) -> Mapping[str, Any]:
        return {
            "a consultation": {"msgKey": "k", "serviceType": "CSTALK", "requestType": "message", "userKey": "u"},
            "a kind of tomorrow": {"msgKey": "k", "serviceType": "HOLOGRAM"},
            "nothing known": {"hello": 1},
            "a text without a number": self.text("안녕") | {"originator": "발신번호표시제한"},
            "a report without a code": self.report("?"),
        }

    def ok(self, call: Call) -> Answer:
        return taken(call)

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        flows = [json.loads(call.body)["messageFlow"][0] for call in calls]
        return [(flow.get("sms") or flow["mms"])["text"] for flow in flows]


KIT = BizgoKit()
