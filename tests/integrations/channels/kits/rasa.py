"""How a Rasa 3.6 server calls its action server, and takes bot events on its own HTTP API."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import rasa
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

TOKEN = "rasa-suite-token-0123456789"
RASA_TOKEN = "rasa-api-token-of-the-suite"
CALLS = json.loads((Path(__file__).parents[1] / "payloads/rasa.json").read_text("utf-8"))
"""Recorded from a Rasa 3.6.21 with deploy/rasa/assistant; its domain shortened."""


class RasaKit(Kit):
    secrets = (TOKEN, RASA_TOKEN)
    limit = 4000
    address = "kim"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": Answer(429, headers={"retry-after": "7"}),
        "error": Answer(500, b'{"version": "3.6.21", "status": "failure", "reason": "ConversationError"}'),
        "refused": Answer(401, b'{"version": "3.6.21", "status": "failure", "reason": "NotAuthenticated"}'),
    }

    def build(self, house: House, url: str) -> Channel:
        return rasa.build(
            rasa.Settings(token=TOKEN, rasa_url=url, rasa_token=RASA_TOKEN, timeout_s=self.timeout_s), house
        )

    def sign(self, body: bytes) -> WebhookRequest:
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json", "user-agent": "aiohttp/3.9"}
        return WebhookRequest("POST", headers, {}, body)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={"content-type": "application/json"})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        wrong = {"another": "x" * len(TOKEN), "a part": TOKEN[:-1], "not ASCII": "비밀", "surrogate": "\udcff"}
        found = {
            label: replace(request, headers={"authorization": f"Bearer {value}"}) for label, value in wrong.items()
        }
        return found | {"in the address": replace(request, headers={}, query={"token": "no"})}

    def text(self, text: str, key: str = "1") -> Any:
        return said("spoken", text, key)

    def button(self, payload: str) -> Any:
        call = said("pressed", f"/sinmungo{json.dumps({'press': payload})}", "b")
        call["tracker"]["latest_message"]["entities"][0]["value"] = payload
        return call

    def ok(self, call: Call) -> Answer:
        return Answer(body=b'{"sender_id": "kim", "events": null}')

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        return [event["text"] for call in calls for event in json.loads(call.body)]


def said(which: str, text: str, key: str) -> Any:
    """A recorded call with other words under another message id."""
    call = copy.deepcopy(CALLS[which])
    tracker = call["tracker"]
    users = [event for event in tracker["events"] if event["event"] == "user"]
    for part in (tracker["latest_message"], users[-1], users[-1]["parse_data"]):
        part |= {"text": text, "message_id": f"message-{key}"}
    return call


KIT = RasaKit()
