"""How a Mastodon instance tells of mentions and takes statuses (shapes of 4.3; own-made people and words)."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, ClassVar

from core.contracts.channel import Channel, House, OutgoingMessage, WebhookRequest
from integrations.channels import mastodon
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

TOKEN = "token-of-the-suite_0123456789abcdefghijklmnop"
HOUSE_SECRET = b"house-secret-of-the-suite-01234567"
FILE = b"\xff\xd8\xff\xe0 a photo of a streetlight"
NOW = datetime.fromtimestamp(1_790_000_000, UTC)
US = (
    '<span class="h-card" translate="no"><a href="https://city.example/@sinmungo" class="u-url mention">'
    "@<span>sinmungo</span></a></span>"
)


def account(acct: str = "kim@far.example", **more: Any) -> dict[str, Any]:
    name = acct.partition("@")[0]
    return {"id": f"7{len(acct)}", "username": name, "acct": acct, "bot": False, "locked": False, **more}


def status(html: str, key: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "id": f"1174408{key}",
        "created_at": "2026-09-21T11:00:00.486Z",
        "in_reply_to_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "ko",
        "content": html,
        "reblog": None,
        "media_attachments": [],
        "mentions": [{"id": "1", "username": "sinmungo", "acct": "sinmungo", "url": "https://city.example/@sinmungo"}],
        **more,
    }


def mention(html: str, key: str = "1", *, who: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "id": key,
        "type": "mention",
        "created_at": "2026-09-21T11:00:01.322Z",
        "account": who or account(),
        "status": status(html, key, account=who or account(), **more),
    }


def said(text: str, key: str = "1", **more: Any) -> dict[str, Any]:
    lines = escape(text, quote=False).replace("\n", "<br />")
    return mention(f"<p>{US} {lines}</p>", key, **more)


def attachment(url: str | None, sort: str = "image") -> dict[str, Any]:
    return {"id": "9", "type": sort, "url": url, "preview_url": url, "remote_url": None, "description": None}


def posts(calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in calls if call.path == "/api/v1/statuses" and call.method == "POST"]


class MastodonKit(Kit):
    secrets = (TOKEN, HOUSE_SECRET.decode())
    limit = 500
    address = "kim@far.example"
    file = FILE
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": Answer(
            429,
            b'{"error": "Too many requests"}',
            {"x-ratelimit-reset": (NOW + timedelta(seconds=7)).isoformat().replace("+00:00", "Z")},
        ),
        "error": Answer(503, b"<html>We are offline for maintenance</html>"),
        "blocked": Answer(404, b'{"error": "Record not found"}'),
        "refused": Answer(422, b'{"error": "Validation failed"}'),
    }

    def build(self, house: House, url: str) -> Channel:
        return mastodon.build(
            mastodon.Settings(instance_url=url, access_token=TOKEN, timeout_s=self.timeout_s, poll_s=0.05), house
        )

    def sign(self, body: bytes) -> WebhookRequest:
        proof = hmac.digest(HOUSE_SECRET, b"mastodon-pulled:" + body, hashlib.sha256).hex()
        return WebhookRequest("POST", {mastodon.HEADER: proof}, {}, body)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={"content-type": "application/json"})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        other = self.sign(request.body + b" ").headers[mastodon.HEADER]
        wrong = {"another body": other, "the token": TOKEN, "not ASCII": "서명", "surrogate": "\udcff", "short": "0"}
        return {label: replace(request, headers={mastodon.HEADER: value}) for label, value in wrong.items()}

    def text(self, text: str, key: str = "1") -> Any:
        return said(text, key)

    def photo(self, url: str) -> Any:
        return said("가로등이 꺼졌어요", media_attachments=[attachment(f"{url}/media/1.jpg")])

    def ignored(self) -> Mapping[str, Any]:
        followed = {"id": "3", "type": "follow", "created_at": "2026-09-21T11:00:01.322Z", "account": account()}
        return {
            "a follower": followed,
            "a boost": mention("", reblog=status("x", "2")),
            "a boost told as one": {**said("안녕"), "type": "reblog"},
            "a bot": said("안녕", who=account(bot=True)),
            "a group": said("안녕", who=account(group=True)),
            "a kind of tomorrow": {"id": "4", "type": "thought"},
            "a mention without its status": {**said("안녕"), "status": None},
            "nothing": {},
        }

    def outgoing(self, url: str, text: str, **values: Any) -> OutgoingMessage:
        return super().outgoing(url, text, **{"reply_token": "11744081/public", **values})

    def ok(self, call: Call) -> Answer:
        if call.path == "/media/1.jpg":
            return Answer(body=FILE)
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(401, b'{"error": "The access token is invalid"}')
        return Answer(body=json.dumps(status("<p>네</p>", "99", visibility="direct")).encode())

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        whole = [post["status"] for post in posts(calls)]
        assert all(one.startswith(f"@{self.address} ") and len(one) - len("@far.example") <= 500 for one in whole)
        return [one.partition(" ")[2] for one in whole]


KIT = MastodonKit()
