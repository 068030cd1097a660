"""How Meta's Cloud API talks to us and answers."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import whatsapp
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

SECRET = "5" * 16 + "abcdef0123456789"
TOKEN = "EAAGsuiteAccessTokenOfTheSystemUser0123456789ZD"
VERIFY = "suite-verify-token-0123456789"
OURS = "106540352242922"
PERSON = "821055501234"
WAMID = "wamid.HBgMODIxMDU1NTAxMjM0FQIAEhggM0RFQTNCMEEwRTY3QzUwODYzMDc4NjQ4QzM4ODAx"


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def refusal(status: int, code: int, **headers: str) -> Answer:
    error = {"message": f"(#{code}) recipient {PERSON} …", "type": "OAuthException", "code": code, "fbtrace_id": "A1b2"}
    return Answer(status, json.dumps({"error": error}).encode(), headers)


class WhatsAppKit(Kit):
    secrets = (SECRET, TOKEN, VERIFY, PERSON, WAMID)
    limit = 4096
    address = f"+{PERSON}"
    file = b"\xff\xd8\xff\xe0 a photo of a flooded road"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": refusal(429, 130429, **{"retry-after": "7"}),
        "error": refusal(500, 131000),
        "refused": refusal(400, 131026),
    }

    def settings(self, url: str, **values: Any) -> whatsapp.Settings:
        given = {
            "phone_number_id": OURS,
            "access_token": TOKEN,
            "app_secret": SECRET,
            "verify_token": VERIFY,
            "api_base_url": url,
            "timeout_s": self.timeout_s,
        }
        return whatsapp.Settings.model_validate(given | values)

    def build(self, house: House, url: str) -> Channel:
        self.url = url
        return whatsapp.build(self.settings(url), house)

    def sign(self, body: bytes) -> WebhookRequest:
        headers = {"x-hub-signature-256": signature(body), "content-type": "application/json"}
        return WebhookRequest("POST", headers, {}, body)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        def proved(proof: str) -> WebhookRequest:
            return replace(request, headers={"x-hub-signature-256": proof})

        good = signature(request.body)
        sha1 = hmac.new(SECRET.encode(), request.body, hashlib.sha1).hexdigest()
        return {
            "other body": replace(request, body=request.body + b" "),
            "other secret": proved(signature(request.body, "f" * 32)),
            "no prefix": proved(good.removeprefix("sha256=")),
            "the old algorithm": proved(f"sha1={sha1}"),
            "prefix twice": proved(f"sha256={good}"),
            "upper case": proved(good.upper()),
            "not ASCII": proved("sha256=서명"),
            "surrogate": proved("sha256=\udcff"),
        }

    def call(self, *, field: str = "messages", number: str = OURS, **value: Any) -> Any:
        about = {"display_phone_number": "8212345678", "phone_number_id": number}
        whole = {"messaging_product": "whatsapp", "metadata": about} | value
        change = {"value": whole, "field": field}
        return {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}

    def said(self, kind: str, content: Any, key: str = "1", **values: Any) -> Any:
        return {
            "from": PERSON,
            "id": f"{WAMID}{key}",
            "timestamp": "1789999990",
            "type": kind,
            kind: content,
        } | values

    def message(self, kind: str, content: Any, key: str = "1") -> Any:
        contacts = [{"profile": {"name": "이순신"}, "wa_id": PERSON}]
        return self.call(contacts=contacts, messages=[self.said(kind, content, key)])

    def text(self, text: str, key: str = "1") -> Any:
        return self.message("text", {"body": text}, key)

    def button(self, payload: str) -> Any:
        reply = {"type": "button_reply", "button_reply": {"id": payload, "title": "네"}}
        return self.message("interactive", reply)

    def place(self, lat: float, lon: float) -> Any:
        return self.message("location", {"latitude": lat, "longitude": lon, "name": "구래역", "address": "김포시"})

    def photo(self, url: str) -> Any:
        return self.message("image", {"id": "2754859441498128", "mime_type": "image/jpeg", "sha256": "a=="})

    def ignored(self) -> Mapping[str, Any]:
        said = self.said("text", {"body": "안녕"})
        moved = {"body": "A changed its number", "type": "user_changed_number"}
        return {
            "no entry": {"object": "whatsapp_business_account", "entry": []},
            "another number of ours": self.call(number="999999999", messages=[said]),
            "a reaction": self.message("reaction", {"message_id": WAMID, "emoji": "👍"}),
            "a notice of Meta's": self.message("system", moved),
            "another field": self.call(field="phone_number_quality_update", event="FLAGGED", current_limit="TIER_1K"),
            "a state of the future": self.call(statuses=[{"id": WAMID, "status": "pondered"}]),
            "a writer without a number": self.call(messages=[said | {"from": "US.13491208655302741918"}]),
            "a place off the earth": self.message("location", {"latitude": 91, "longitude": 0}),
        }

    def ok(self, call: Call) -> Answer:
        if call.method == "POST":
            contacts = [{"input": PERSON, "wa_id": PERSON}]
            made = {"messaging_product": "whatsapp", "contacts": contacts, "messages": [{"id": f"{WAMID}9"}]}
            return Answer(body=json.dumps(made).encode())
        if call.path.startswith("/v23.0/2754859441498128"):
            return Answer(body=json.dumps({"url": f"{self.url}/whatsapp_business/attachments/?mid=1"}).encode())
        return Answer(body=self.file)

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        sent = [json.loads(call.body) for call in calls if call.method == "POST"]
        return [body["text"]["body"] if "text" in body else body["interactive"]["body"]["text"] for body in sent]


KIT = WhatsAppKit()
