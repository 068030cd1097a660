"""A Rasa played by hand: a tracker that grows with each message, and the call that it makes for an action."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from bot.bootstrap import Running

ACTION_TOKEN = "rasa-action-token-of-the-tests"
HTTP_TOKEN = "rasa-http-token-of-the-tests"
SLOTS = {"sinmungo_case_no": None, "sinmungo_open_form": None, "theirs": None}


@dataclass
class Doors:
    house: Running
    app: FastAPI

    @asynccontextmanager
    async def client(self, token: str = ACTION_TOKEN) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app=self.app, client=("10.1.2.3", 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://city", headers=headers) as client:
            yield client

    async def post(self, call: Any, **headers: str) -> httpx.Response:
        async with self.client() as client:
            return await client.post("/actions/webhook", json=call, headers=headers)

    async def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        async with self.house.db.transaction() as tx:
            return [dict(row._mapping) for row in await tx.execute(text(query), values)]

    def citizen(self) -> "Citizen":
        return Citizen(self)


@dataclass
class Citizen:
    """One sender of Rasa's. `said` is the last answer's body; `calls` what Rasa sent, to be sent again."""

    doors: Doors
    sender: str = field(default_factory=lambda: f"sender-{uuid4().hex[:8]}")
    events: list[dict[str, Any]] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=lambda: dict(SLOTS))
    buttons: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    now: float = 1_795_397_362.25

    async def say(self, words: str, action: str = "action_sinmungo", **parsed: Any) -> str:
        """What comes back, its bubbles joined."""
        fallback = {"intent": {"name": "nlu_fallback", "confidence": 0.5}, "entities": []}
        return await self.call(self.told({**fallback, **parsed, "text": words}), action)

    async def press(self, title: str, action: str = "action_sinmungo") -> str:
        """A button, as Rasa's chat sends it: its payload is the citizen's message."""
        payload = next(one["payload"] for one in self.buttons if one["title"] == title)
        value = json.loads(payload.removeprefix("/sinmungo"))["press"]
        return await self.call(self.told(slash(payload, "sinmungo", {"press": value})), action)

    def told(self, parsed: dict[str, Any]) -> dict[str, Any]:
        """The tracker after this message."""
        self.now += 5.5
        message = {**parsed, "message_id": uuid4().hex, "metadata": {}}
        self.events.append(
            {"event": "user", "timestamp": self.now, "text": parsed["text"], "parse_data": message,
             "input_channel": "rest", "message_id": message["message_id"], "metadata": {}}
        )  # fmt: skip
        self.events.append(
            {"event": "user_featurization", "timestamp": self.now + 0.01, "use_text_for_featurization": 0}
        )
        return {
            "sender_id": self.sender, "slots": self.slots, "latest_message": message,
            "latest_event_time": self.now + 0.01, "followup_action": None, "paused": False, "events": self.events,
            "latest_input_channel": "rest", "active_loop": {}, "latest_action": {"action_name": "action_listen"},
            "latest_action_name": "action_listen",
        }  # fmt: skip

    async def call(self, tracker: dict[str, Any], action: str) -> str:
        call = {"next_action": action, "sender_id": self.sender, "tracker": tracker, "version": "3.6.21", "domain": {}}
        self.calls.append(json.loads(json.dumps(call)))
        answer = await self.doors.post(call)
        assert answer.status_code == 200, answer.text
        self.took(answer.json(), action)
        return "\n".join(one["text"] for one in answer.json()["responses"])

    def took(self, body: dict[str, Any], action: str) -> None:
        """What Rasa keeps of an answer."""
        assert set(body) == {"events", "responses"}
        shown = [button for one in body["responses"] for button in one["buttons"]]
        self.buttons = shown or self.buttons
        self.events.append({"event": "action", "name": action, "timestamp": self.now + 0.02})
        self.events += [{"event": "bot", "text": one["text"], "timestamp": self.now} for one in body["responses"]]
        for event in body["events"]:
            assert event["event"] == "slot"
            self.slots[event["name"]] = event["value"]
            self.events.append({**event, "timestamp": self.now + 0.03})


def slash(words: str, intent: str, entities: dict[str, Any]) -> dict[str, Any]:
    """What RegexMessageHandler makes of `/intent{…}`."""
    scored = {"name": intent, "confidence": 1.0}
    start = len(intent) + 1
    spans = [
        {"entity": name, "value": value, "start": start, "end": len(words), "extractor": "RegexMessageHandler"}
        for name, value in entities.items()
    ]
    return {"text": words, "intent": scored, "intent_ranking": [scored], "entities": spans}
