"""A Slack workspace on the loopback, with its Web API and its people: what is posted there stays and can be pressed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from core.contracts.channel import House, HttpAnswer, WebhookRequest
from integrations.channels import slack
from tests.bot.city import City
from tests.integrations.channels.counterpart import Counterpart, serving
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.slack import SECRET, TEAM, TOKEN, escaped, fields, ok, refusal, signed

WASTE, OTHERS, DIRECT = "C0WASTE01", "C0OTHERS1", "D0DIRECT1"


@dataclass
class Message:
    """One message in a room, as it looks now. `was`: what it said before it was changed."""

    ts: str
    room: str
    thread: str
    said: dict[str, Any]
    was: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Everything a person can read on it."""
        return shown(self.said)

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """By label."""
        rows = [block["elements"] for block in self.said.get("blocks") or () if block["type"] == "actions"]
        return {one["text"]["text"]: one for row in rows for one in row}


def shown(said: Any) -> str:
    """The texts of blocks, or of a form, in their order."""
    found: list[str] = []

    def look(part: Any) -> None:
        if isinstance(part, list):
            for one in part:
                look(one)
        elif isinstance(part, dict):
            if isinstance(part.get("text"), str) and part.get("type") in ("plain_text", "mrkdwn"):
                found.append(part["text"])
            for name in ("title", "blocks", "text", "fields", "elements", "label", "element", "options", "hint"):
                look(part.get(name))

    look((said.get("blocks") and said) or {"type": "plain_text", "text": said.get("text", "")})
    return "\n".join(found).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


class Workspace:
    """`messages` by their ts, `whispers` and `forms` in their order; `answers` overrules methods, one answer a call."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.messages: dict[str, Message] = {}
        self.whispers: list[tuple[str, str, str]] = []
        self.forms: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.answers: dict[str, list[Answer | Callable[[Call], Answer]]] = {}
        self._count = 0

    # -- the Web API --

    def answer(self, call: Call) -> Answer:
        method = call.path.partition("?")[0].removeprefix("/api/")
        self.calls.append(method)
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal("invalid_auth")
        if planned := self.answers.get(method):
            one = planned.pop(0)
            return one(call) if callable(one) else one
        return self.do(method, fields(call))

    def do(self, method: str, given: dict[str, Any]) -> Answer:
        if method == "chat.postMessage":
            self._count += 1
            ts = f"1790000000.{self._count:06d}"
            self.messages[ts] = Message(ts, given["channel"], given.get("thread_ts") or "", given)
            return ok(channel=given["channel"], ts=ts)
        if method == "chat.update":
            if given["ts"] not in self.messages:
                return refusal("message_not_found")
            one = self.messages[given["ts"]]
            one.was.append(one.said)
            one.said = given
            return ok(channel=given["channel"], ts=given["ts"])
        if method == "chat.postEphemeral":
            self.whispers.append((given["channel"], given["user"], shown(given)))
            return ok(message_ts="1790000000.9")
        if method == "views.open":
            self.forms.append(given["view"] if isinstance(given["view"], dict) else json.loads(given["view"]))
            return ok(view={"id": "V1"})
        if method in ("conversations.history", "conversations.replies"):
            found = [
                {"ts": one.ts, "metadata": one.said.get("metadata")}
                for one in self.messages.values()
                if one.room == given["channel"] and (one.thread or "") == given.get("ts", "")
            ]
            return ok(messages=found, response_metadata={"next_cursor": ""})
        return refusal("unknown_method")

    # -- what is to be seen --

    def cards(self, room: str) -> list[Message]:
        return [one for one in self.messages.values() if one.room == room and not one.thread]

    def lines(self, card: Message) -> list[str]:
        return [one.text for one in self.messages.values() if one.thread == card.ts]

    def whispered(self, user: str) -> list[str]:
        return [text for _, who, text in self.whispers if who == user]

    # -- what its people do --

    async def told(self, request: WebhookRequest) -> HttpAnswer:
        """Slack calls us, and all that follows is done."""
        answer = await self.city.house.desk.accept("slack", request)
        await asyncio.wait_for(self.city.house.desk.idle(), 20)
        return answer

    async def press(self, user: str, card: Message, label: str) -> HttpAnswer:
        return await self.told(self.pressing(user, card, card.buttons[label]))

    def pressing(self, user: str, card: Message, button: dict[str, Any]) -> WebhookRequest:
        self._count += 1
        return self.signed_form(
            {
                "type": "block_actions",
                "user": {"id": user, "team_id": TEAM},
                "team": {"id": TEAM},
                "channel": {"id": card.room},
                "container": {"type": "message", "message_ts": card.ts, "channel_id": card.room},
                "trigger_id": f"77.88.press{self._count}",
                "actions": [{"action_id": button["action_id"], "value": button["value"], "action_ts": "1.1"}],
            }
        )

    async def submit(self, user: str, form: dict[str, Any], **given: str) -> dict[str, Any]:
        """The answer's body, empty when the form is simply closed."""
        self._count += 1
        values: dict[str, Any] = {
            name: {name: {"type": "plain_text_input", "value": text}} for name, text in given.items()
        }
        if "status" in given:
            values["status"] = {"status": {"type": "static_select", "selected_option": {"value": given["status"]}}}
        view = {"id": "V1", "callback_id": form["callback_id"], "private_metadata": form["private_metadata"]}
        payload = {
            "type": "view_submission",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "trigger_id": f"77.88.form{self._count}",
            "view": {**view, "state": {"values": values}},
        }
        answer = await self.told(self.signed_form(payload))
        assert answer.status == 200
        return json.loads(answer.body) if answer.body else {}

    async def command(self, user: str, text: str, *, room: str = WASTE) -> str:
        """What the answer to the slash command says."""
        self._count += 1
        given = {"team_id": TEAM, "user_id": user, "channel_id": room, "command": "/sinmungo", "text": text}
        body = urlencode({**given, "trigger_id": f"77.88.cmd{self._count}"}).encode()
        answer = await self.told(self.signed(body, "application/x-www-form-urlencoded"))
        assert answer.status == 200
        return shown(json.loads(answer.body)) if answer.body else ""

    async def write(
        self, user: str, text: str, *, card: Message, key: str = "", raw: bool = False, **more: Any
    ) -> HttpAnswer:
        """In the thread of a card."""
        return await self.told(self.writing(user, text, card=card, key=key, raw=raw, **more))

    def writing(
        self, user: str, text: str, *, card: Message, key: str = "", raw: bool = False, **more: Any
    ) -> WebhookRequest:
        self._count += 1
        said = text if raw else escaped(text)
        content = {"type": "message", "user": user, "text": said, "ts": f"1790000000.9{self._count:05d}"}
        content |= {"channel": card.room, "channel_type": "channel", "thread_ts": card.ts, **more}
        return self.event(content, key or f"w{self._count}")

    async def say(self, user: str, text: str) -> HttpAnswer:
        """To the app, directly."""
        self._count += 1
        content = {"type": "message", "user": user, "text": escaped(text), "ts": f"1790000000.8{self._count:05d}"}
        return await self.told(self.event({**content, "channel": DIRECT, "channel_type": "im"}, f"d{self._count}"))

    def event(self, content: dict[str, Any], key: str) -> WebhookRequest:
        body = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{key}", "event": content}
        return self.signed(json.dumps(body).encode(), "application/json")

    def signed_form(self, payload: Any) -> WebhookRequest:
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return self.signed(body, "application/x-www-form-urlencoded")

    def signed(self, body: bytes, kind: str) -> WebhookRequest:
        return signed(body, stamp=str(int(self.city.clock.now().timestamp())), kind=kind)

    # -- the house's clock --

    async def follow(self, times: int = 1) -> None:
        """So many seconds of the house's life."""
        assert self.city.house.desk.staffroom is not None
        for _ in range(times):
            self.city.move(seconds=1)
            await self.city.house.desk.staffroom.follow()


@asynccontextmanager
async def workspace(city: City, **settings: Any) -> AsyncIterator[Workspace]:
    """The house with Slack switched on, and a workspace at the other end."""
    made = Workspace(city)
    async with serving(made.answer) as counterpart, httpx.AsyncClient(trust_env=False) as http:
        house = House(http, city.house.bus.publish, b"s" * 32, city.house.var, "http://localhost", city.clock.now)
        channel = slack.build(_settings(counterpart, settings), house)
        before = city.house.channels.get("slack")
        city.house.channels["slack"] = channel
        try:
            assert city.house.desk.staffroom is not None
            await city.house.desk.staffroom.follow()  # from here on it knows what happens
            yield made
        finally:
            del city.house.channels["slack"]
            if before is not None:
                city.house.channels["slack"] = before
            await channel.aclose()


def _settings(counterpart: Counterpart, given: dict[str, Any]) -> slack.Settings:
    rooms = {"recycling": WASTE, "default": OTHERS}
    address = {"api_base_url": f"{counterpart.url}/api", "files_base_url": counterpart.url}
    return slack.Settings(bot_token=TOKEN, signing_secret=SECRET, **{"rooms": rooms, **address, **given})
