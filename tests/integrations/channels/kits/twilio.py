"""How Twilio's SMS talks to us and answers: forms, signed over our public address."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import twilio
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

ACCOUNT = "AC" + "5" * 32
TOKEN = "suite-token-of-twilio-0123456789"
PERSON = "+821055501234"
OURS = "+12025550123"
URL = "https://minwon.example.go.kr/channels/twilio"
"""As it was entered at Twilio; the suite's requests come to another address, as they do behind a proxy."""


def signature(url: str, body: bytes, token: str = TOKEN) -> str:
    """Twilio's scheme, written from its page "Validating Requests": the address, then each name and value, sorted."""
    pairs = set(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    text = url + "".join(name + value for name, value in sorted(pairs))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def form(document: Mapping[str, Any]) -> bytes:
    flat = {name: value if isinstance(value, str) else json.dumps(value) for name, value in document.items()}
    return urlencode(flat, errors="replace").encode()


def refusal(status: int, code: int, **headers: str) -> Answer:
    """Twilio's sentences quote the number."""
    said = {"code": code, "message": f"The number {PERSON} …", "more_info": "https://…", "status": status}
    return Answer(status, json.dumps(said).encode(), headers)


class TwilioKit(Kit):
    secrets = (TOKEN, PERSON, PERSON[1:])
    limit = 1600
    address = PERSON
    file = b"\xff\xd8\xff\xe0 a photo of a bent sign"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": refusal(429, 20429, **{"retry-after": "7"}),
        "error": refusal(503, 20503),
        "blocked": refusal(400, 21610),
        "refused": refusal(400, 21211),
    }

    def build(self, house: House, url: str) -> Channel:
        settings = twilio.Settings(
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            sender=OURS,
            webhook_url=URL,
            api_base_url=url,
            timeout_s=self.timeout_s,
        )
        return twilio.build(settings, house)

    def sign(self, body: bytes) -> WebhookRequest:
        """The suite thinks in JSON documents; Twilio sends their fields as a form."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        sent = form(document) if isinstance(document, dict) and document else body
        headers = {
            "x-twilio-signature": signature(URL, sent),
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        return WebhookRequest("POST", headers, {}, sent, url="http://10.0.0.7:8000/channels/twilio")

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        def proved(proof: str) -> WebhookRequest:
            return replace(request, headers={"x-twilio-signature": proof})

        good = signature(URL, request.body)
        return {
            "other body": replace(request, body=request.body + b"&Extra=1"),
            "other token": proved(signature(URL, request.body, "x" * 32)),
            "the address that the proxy called": proved(signature(request.url, request.body)),
            "another path": proved(signature(URL + "/", request.body)),
            "a part": proved(good[:-1]),
            "lower case": proved(good.lower()),
            "not ASCII": proved("서명"),
            "surrogate": proved("\udcff"),
            "a thousand names": replace(request, body=b"&".join(b"a%d=1" % index for index in range(1000))),
        }

    def message(self, key: str = "1", **values: Any) -> Any:
        sid = f"SM{int(key):032x}"
        return {
            "MessageSid": sid,
            "SmsSid": sid,
            "AccountSid": ACCOUNT,
            "From": self.address,
            "To": OURS,
            "Body": "",
            "NumMedia": "0",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
        } | values

    def text(self, text: str, key: str = "1") -> Any:
        return self.message(key, Body=text, NumSegments="1")

    def photo(self, url: str) -> Any:
        address = f"{url}/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{1:032x}/Media/ME{1:032x}"
        return self.message(Body="여기요", NumMedia="1", MediaUrl0=address, MediaContentType0="image/jpeg")

    def ignored(self) -> Mapping[str, Any]:
        return {
            "WhatsApp by Twilio": self.message(From="whatsapp:+821055501234", Body="Hello World"),
            "an alphanumeric sender": self.message(From="BANK", Body="광고"),
            "on its way": self.message(MessageStatus="sending", SmsStatus="sending"),
            "a state of the future": self.message(MessageStatus="teleported"),
        }

    def ok(self, call: Call) -> Answer:
        if call.method == "GET":
            return Answer(body=self.file)
        return Answer(201, json.dumps({"sid": f"SM{9:032x}", "status": "queued", "error_code": None}).encode())

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        return [parse_qs(call.body.decode())["Body"][0] for call in calls if call.method == "POST"]


KIT = TwilioKit()
