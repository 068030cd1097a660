"""How Slack signs and packs what it tells us, and how its Web API answers."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import slack
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

TOKEN = "xoxb-7000000001-7000000002-SuiteSuiteSuiteSuite"
SECRET = "5a17e5a17e5a17e5a17e5a17e5a17e00"
STAMP = 1_790_000_000
TEAM, USER, DIRECT, ROOM = "T0SUITE01", "U0CITIZEN", "D0DIRECT1", "C0ROADS01"


def signed(
    body: bytes, *, stamp: str = str(STAMP), secret: str = SECRET, kind: str = "application/json"
) -> WebhookRequest:
    """A request as Slack signs it (docs.slack.dev, "Verifying requests from Slack")."""
    made = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    headers = {"content-type": kind, slack.STAMP: stamp, slack.SIGNATURE: f"v0={made}"}
    return WebhookRequest("POST", headers, {}, body)


def form(fields: Mapping[str, str]) -> WebhookRequest:
    return signed(urlencode(fields).encode(), kind="application/x-www-form-urlencoded")


def interaction(payload: Any) -> WebhookRequest:
    return form({"payload": json.dumps(payload, ensure_ascii=False)})


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def event(content: Mapping[str, Any], key: str = "1") -> dict[str, Any]:
    return {
        "token": "old-and-not-looked-at",
        "team_id": TEAM,
        "api_app_id": "A0SUITE01",
        "event": dict(content),
        "type": "event_callback",
        "event_id": f"Ev0SUITE{key}",
        "event_time": STAMP - 2,
        "authorizations": [{"enterprise_id": None, "team_id": TEAM, "user_id": "U0APP", "is_bot": True}],
        "is_ext_shared_channel": False,
    }


def said(text: str, key: str = "1", **values: Any) -> dict[str, Any]:
    """A direct message to the app."""
    content = {
        "client_msg_id": "6f1c2d1e-0000-4000-8000-000000000001",
        "type": "message",
        "text": escaped(text),
        "user": USER,
        "ts": f"{STAMP - 2}.00010{key}",
        "team": TEAM,
        "channel": DIRECT,
        "event_ts": f"{STAMP - 2}.00010{key}",
        "channel_type": "im",
    }
    return event(content | values, key)


def pressed(
    action: str, value: str, *, key: str = "1", user: str = USER, room: str = DIRECT, ts: str = ""
) -> dict[str, Any]:
    stamp = ts or f"{STAMP - 60}.000200"
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "someone", "team_id": TEAM},
        "api_app_id": "A0SUITE01",
        "container": {"type": "message", "message_ts": stamp, "channel_id": room, "is_ephemeral": False},
        "trigger_id": f"13345224609.738474920.suite{key}",
        "team": {"id": TEAM, "domain": "suite"},
        "channel": {"id": room, "name": "directmessage"},
        "message": {"type": "message", "ts": stamp, "user": "U0APP", "bot_id": "B0APP", "text": "맞습니까?"},
        "actions": [
            {"action_id": action, "block_id": "b", "value": value, "type": "button", "action_ts": f"{STAMP}.1"}
        ],
    }


def ok(**values: Any) -> Answer:
    return Answer(200, json.dumps({"ok": True, **values}).encode(), {"content-type": "application/json; charset=utf-8"})


def refusal(word: str, status: int = 200, **headers: str) -> Answer:
    given = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Answer(status, json.dumps({"ok": False, "error": word}).encode(), given)


def fields(call: Call) -> dict[str, Any]:
    """What a call of the Web API carries, as JSON or as a form."""
    if call.headers.get("content-type", "").startswith("application/json"):
        found: dict[str, Any] = json.loads(call.body)
        return found
    query = call.path.partition("?")[2] if call.method == "GET" else call.body.decode()
    return {name: values[0] for name, values in parse_qs(query).items()}


class SlackKit(Kit):
    secrets = (TOKEN, SECRET)
    limit = 3000
    address = f"{TEAM}:{DIRECT}/{USER}"
    file = b"\xff\xd8\xff\xe0 a photo of a hole in the road"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": refusal("ratelimited", 429, retry_after="7"),
        "error": Answer(503, b"<html>upstream</html>", {"content-type": "text/html"}),
        "blocked": refusal("user_disabled"),
        "refused": refusal("invalid_blocks"),
    }

    def build(self, house: House, url: str) -> Channel:
        settings = slack.Settings(
            bot_token=TOKEN,
            signing_secret=SECRET,
            rooms={"road": ROOM},
            api_base_url=f"{url}/api",
            files_base_url=url,
            timeout_s=self.timeout_s,
        )
        return slack.build(settings, house)

    def sign(self, body: bytes) -> WebhookRequest:
        """Interactions come as a form, events as JSON, as Slack does it."""
        try:
            kind = json.loads(body).get("type")
        except (ValueError, AttributeError, RecursionError):
            return signed(body)
        return form({"payload": body.decode()}) if kind in ("block_actions", "view_submission") else signed(body)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={"content-type": request.headers["content-type"]})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        right = request.headers[slack.SIGNATURE]

        def with_(**headers: str) -> WebhookRequest:
            given = {slack.SIGNATURE: right, slack.STAMP: str(STAMP)} | headers
            return replace(request, headers={**request.headers, **given})

        return {
            "another secret": signed(request.body, secret="0" * 32),
            "a part": with_(**{slack.SIGNATURE: right[:-1]}),
            "no version": with_(**{slack.SIGNATURE: right.removeprefix("v0=")}),
            "upper case": with_(**{slack.SIGNATURE: "v0=" + right[3:].upper() + "A"}),
            "not ASCII": with_(**{slack.SIGNATURE: "v0=비밀"}),
            "surrogate": with_(**{slack.SIGNATURE: "\udcff"}),
            "another body": replace(request, body=request.body + b" "),
            "too old": signed(request.body, stamp=str(STAMP - 301)),
            "too new": signed(request.body, stamp=str(STAMP + 301)),
            "stamp of letters": signed(request.body, stamp="abc"),
            "stamp with a sign": signed(request.body, stamp=f"+{STAMP}"),
            "stamp without end": signed(request.body, stamp="9" * 5000),
        }

    def text(self, text: str, key: str = "1") -> Any:
        return said(text, key)

    def button(self, payload: str) -> Any:
        return pressed("say:0", payload)

    def photo(self, url: str) -> Any:
        file = {"id": "F0PHOTO01", "mimetype": "image/jpeg", "size": len(self.file), "url_private": f"{url}/elsewhere"}
        return said("여기예요", subtype="file_share", files=[file])

    def ignored(self) -> Mapping[str, Any]:
        return {
            "the address is verified": {"type": "url_verification", "challenge": "3eZbrw1a", "token": "x"},
            "edited": said("고침", subtype="message_changed"),
            "deleted": said("", subtype="message_deleted"),
            "a robot's": said("안녕", bot_id="B999"),
            "our own": said("안녕", bot_id="B0APP", app_id="A0SUITE01"),
            "empty": said(""),
            "talk in a room": said("점심 뭐 먹지", channel=ROOM, channel_type="channel"),
            "talk in another channel": said("안녕", channel="C0OTHER01", channel_type="channel", thread_ts="1.1"),
            "the start of a thread": said(
                "안녕", channel=ROOM, channel_type="channel", thread_ts=f"{STAMP - 2}.000101"
            ),
            "a kind of the future": event({"type": "mind_reading", "user": USER}),
            "no kind at all": event({"user": USER}),
            "the home tab": event({"type": "app_home_opened", "user": USER, "channel": DIRECT, "tab": "home"}),
            "another app's button": pressed("vote", "yes"),
            "our button in a channel": pressed("say:0", "y", room=ROOM),
            "a form of another's": {
                "type": "view_submission",
                "team": {"id": TEAM},
                "user": {"id": USER},
                "trigger_id": "1.2.3",
                "view": {"callback_id": "poll", "state": {"values": {}}},
            },
        }

    def ok(self, call: Call) -> Answer:
        method = call.path.partition("?")[0].removeprefix("/api/")
        if call.method == "GET" and call.path == "/files-pri/T0SUITE01-F0PHOTO01/hole.jpg":
            good = call.headers.get("authorization") == f"Bearer {TOKEN}"
            return (
                Answer(body=self.file) if good else Answer(200, b"<html>sign in</html>", {"content-type": "text/html"})
            )
        if method in ("chat.postMessage", "chat.update"):
            return ok(channel=fields(call)["channel"], ts=f"{STAMP}.000900")
        if method == "files.info":
            url = f"http://{call.headers['host']}/files-pri/T0SUITE01-F0PHOTO01/hole.jpg"
            return ok(file={"id": "F0PHOTO01", "url_private_download": url})
        return refusal("unknown_method")

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        sent = [fields(call)["text"] for call in calls if call.path == "/api/chat.postMessage"]
        return [text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for text in sent]


KIT = SlackKit()
