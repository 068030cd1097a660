"""How Solapi posts reports and answers a send; texts by the names that the suite's settings map."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import solapi
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

SECRET = "solapi-webhook-secret-of-the-suite-0123456789"
API_KEY, API_SECRET = "NCSSUITEKEY00001", "solapi-api-secret-of-the-suite-01"
SENDER = "0319802114"
INBOUND = {"event": "TEXT-RECEIVED", "id": "messageId", "sender": "from", "text": "text", "sent_at": "dateReceived"}
PROOF = hashlib.sha1(SECRET.encode(), usedforsecurity=False).hexdigest()


def posted(body: bytes, event: str, proof: str = PROOF) -> WebhookRequest:
    headers = {"x-solapi-secret": proof, "x-solapi-event-name": event, "content-type": "application/json"}
    return WebhookRequest("POST", headers, {}, body)


def taken(**changes: Any) -> Answer:
    """What POST /messages/v4/send-many/detail answers, as far as it is read."""
    listed = {"messageId": "M4V20260921120000AAAA", "statusCode": "2000", "statusMessage": "정상 접수"}
    count = {"total": 1, "registeredFailed": 0, "registeredSuccess": 1}
    found = {"failedMessageList": [], "groupInfo": {"groupId": "G4V1", "count": count}, "messageList": [listed]}
    return Answer(body=json.dumps(found | changes).encode())


def failed(code: str) -> Answer:
    one = {"to": "01012345678", "from": SENDER, "type": "SMS", "statusCode": code, "messageId": "M4V2"}
    return taken(failedMessageList=[one], messageList=[])


class SolapiKit(Kit):
    secrets = (SECRET, API_SECRET)
    limit = 2000
    address = "+821012345678"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": Answer(429, b'{"errorCode": "TooManyRequests"}', {"retry-after": "7"}),
        "error": Answer(500, b"<html>oops</html>"),
        "blocked": failed("1061"),
        "refused": Answer(400, b'{"errorCode": "ValidationError", "errorMessage": "said"}'),
    }

    def build(self, house: House, url: str) -> Channel:
        settings = solapi.Settings(
            api_key=API_KEY,
            api_secret=API_SECRET,
            sender=SENDER,
            webhook_secret=SECRET,
            inbound=solapi.Inbound(**INBOUND),
            base_url=url,
            timeout_s=self.timeout_s,
        )
        return solapi.build(settings, house)

    def sign(self, body: bytes) -> WebhookRequest:
        return posted(body, INBOUND["event"])

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={"x-solapi-event-name": INBOUND["event"]})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        wrong = {
            "another": "f" * 40,
            "a part": PROOF[:-1],
            "upper case": PROOF.upper(),
            "a part of the secret": SECRET[:-1],
            "the API key": API_KEY,
            "not ASCII": "비밀",
            "surrogate": "\udcff",
            "spaces": f" {PROOF}",
        }
        found = {label: posted(request.body, INBOUND["event"], value) for label, value in wrong.items()}
        return found | {"right in the address": replace(found["another"], query={"token": SECRET})}

    def text(self, text: str, key: str = "1") -> Any:
        one = {"messageId": f"MO-{key}", "from": "01012345678", "to": "0319802114", "text": text}
        return [one | {"dateReceived": "2026-09-21T14:13:20.000Z"}]

    def report(self, code: str, **values: Any) -> Any:
        return {
            "messageId": "M4V20260921120000AAAA",
            "type": "SMS",
            "statusCode": code,
            "statusMessage": "said",
        } | values

    def ignored(self) -> Mapping[str, Any]:
        return {
            "a text without words": [{"messageId": "MO-1", "from": "01012345678"}],
            "a text of no telephone": [{"messageId": "MO-1", "from": "web", "text": "안녕"}],
            "an envelope with nothing in it": [{"eventDataId": "1", "data": {}, "retryCount": 0}],
        }

    def ok(self, call: Call) -> Answer:
        return taken()

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        return [json.loads(call.body)["messages"][0]["text"] for call in calls]


KIT = SolapiKit()
