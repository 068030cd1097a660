"""How a Matrix homeserver talks to its application service, and answers one (Synapse 1.163's words)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import unquote

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import matrix
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

AS_TOKEN = "as-token-of-the-suite-0123456789abcdef"
HS_TOKEN = "hs-token-of-the-suite-0123456789abcdef"
BOT, CITIZEN, ROOM = "@sinmungo:city.example", "@kim:city.example", "!pQ7room:city.example"
BASE = "http://localhost:8000/channels/matrix/_matrix/app/v1"
FILE = b"\xff\xd8\xff\xe0 a photo of a streetlight"


def event(kind: str, content: Any, key: str = "1", **more: Any) -> dict[str, Any]:
    """As a homeserver puts it into a transaction."""
    return {
        "type": kind,
        "event_id": f"$event-{key}",
        "room_id": ROOM,
        "sender": CITIZEN,
        "origin_server_ts": 1_789_990_000_123,
        "content": content,
        "unsigned": {"age": 35},
        **more,
    }


def transaction(*events: Any) -> dict[str, Any]:
    return {"events": list(events)}


def said(text: str, key: str = "1", *, relation: Any = None, **more: Any) -> dict[str, Any]:
    content = {"msgtype": "m.text", "body": text, "m.mentions": {}, **more}
    return event("m.room.message", content | ({"m.relates_to": relation} if relation else {}), key)


def member(who: str, membership: str, key: str = "1", **more: Any) -> dict[str, Any]:
    return event("m.room.member", {"membership": membership, "displayname": "김"}, key, state_key=who, **more)


def refusal(status: int, code: str, **more: Any) -> Answer:
    return Answer(status, json.dumps({"errcode": code, "error": "said by the homeserver", **more}).encode())


def sends(calls: Sequence[Call]) -> list[Call]:
    return [call for call in calls if "/send/m.room.message/" in call.path]


class MatrixKit(Kit):
    secrets = (AS_TOKEN, HS_TOKEN)
    limit = 3500
    address = ROOM
    file = FILE
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": refusal(429, "M_LIMIT_EXCEEDED", retry_after_ms=7000),
        "error": Answer(502, b"<html>Bad Gateway</html>"),
        "blocked": refusal(403, "M_FORBIDDEN"),
        "refused": refusal(400, "M_BAD_JSON"),
    }

    def build(self, house: House, url: str) -> Channel:
        settings = matrix.Settings(
            homeserver_url=url,
            server_name="city.example",
            as_token=AS_TOKEN,
            hs_token=HS_TOKEN,
            timeout_s=self.timeout_s,
        )
        return matrix.build(settings, house)

    def sign(self, body: bytes) -> WebhookRequest:
        headers = {"authorization": f"Bearer {HS_TOKEN}", "content-type": "application/json"}
        return WebhookRequest("PUT", headers, {}, body, f"{BASE}/transactions/17")

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={"content-type": "application/json"})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        wrong = {"another": "x" * 38, "a part": HS_TOKEN[:-1], "ours": AS_TOKEN, "not ASCII": "비밀", "odd": "\udcff"}
        found = {label: replace(request, headers={"authorization": f"Bearer {one}"}) for label, one in wrong.items()}
        return found | {"in the address": replace(request, headers={}, query={"access_token": "no"})}

    def text(self, text: str, key: str = "1") -> Any:
        return transaction(said(text, key))

    def place(self, lat: float, lon: float) -> Any:
        content = {"msgtype": "m.location", "body": "구래역 1번 출구", "geo_uri": f"geo:{lat},{lon};u=35"}
        return transaction(event("m.room.message", content))

    def photo(self, url: str) -> Any:
        info = {"mimetype": "image/jpeg", "size": len(FILE), "w": 800, "h": 600}
        content = {"msgtype": "m.image", "body": "1.jpg", "url": "mxc://city.example/AbCdEf", "info": info}
        return transaction(event("m.room.message", content))

    def ignored(self) -> Mapping[str, Any]:
        ours = {"msgtype": "m.text", "body": "네"}
        reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$x", "key": "👍"}}
        return {
            "nothing": transaction(),
            "our own word": transaction(event("m.room.message", ours, sender=BOT)),
            "another bot's notice": transaction(event("m.room.message", {"msgtype": "m.notice", "body": "삐"})),
            "a thumb": transaction(event("m.reaction", reaction)),
            "a name of a room": transaction(event("m.room.name", {"name": "민원"}, state_key="")),
            "somebody came": transaction(member(CITIZEN, "join")),
            "somebody else was invited": transaction(member("@lee:city.example", "invite")),
            "an edit without its new words": transaction(
                said("* 고침", relation={"rel_type": "m.replace", "event_id": "$event-0"})
            ),
            "a kind of tomorrow": transaction(event("m.thought", {"body": "…"})),
            "no event at all": transaction(None, 7, "m", {}, {"type": "m.room.message"}),
        }

    def ok(self, call: Call) -> Answer:
        path = unquote(call.path)
        if path == "/_matrix/client/v1/media/download/city.example/AbCdEf":
            return Answer(body=FILE)
        if call.headers.get("authorization") != f"Bearer {AS_TOKEN}":
            return refusal(401, "M_UNKNOWN_TOKEN")
        if path.endswith("/joined_members"):
            return Answer(body=json.dumps({"joined": {BOT: {}, CITIZEN: {"display_name": "김"}}}).encode())
        if "/send/m.room.message/" in path:
            return Answer(body=b'{"event_id": "$sent-9"}')
        return Answer()

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        return [json.loads(call.body)["body"] for call in sends(calls)]


KIT = MatrixKit()
