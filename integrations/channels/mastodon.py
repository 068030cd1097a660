"""Mastodon: mentions are pulled from the city's own instance, and every answer is a direct message.

Whoever writes to the city in public is answered where only he reads it; nobody is written to who did not write first.
"""

import asyncio
import contextlib
import hashlib
import hmac
import os
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import httpx
import orjson
import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from core import attempts
from core.attempts import download, said, told
from core.contracts.channel import (
    Capabilities,
    Channel,
    Forged,
    House,
    HttpAnswer,
    IncomingMessage,
    Malformed,
    Media,
    OutgoingMessage,
    Received,
    SendFailed,
    Sent,
    WebhookRequest,
)
from core.html_text import plain
from core.pieces import cut

HEADER = "x-sinmungo-pulled"
PAGE, DEEP = 40, 5
ROOM_FOR_NAME = 40
"""Characters of "@name " before a text; a name is at most 30 of them, and its host is not counted."""
WATCHED, LOOK_AGAIN = 20, timedelta(minutes=5)
NOTE = "쪽지로 답을 드렸습니다. (We have answered in a direct message.)"
_EARLY, _LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_FILE = re.compile(r"https?://[\x21-\x7e]{1,980}")
_URL = re.compile(r"https?://[^\s]+")
_AT = re.compile(r"(?<![=/\w])@(?=\w)")
_LEAVE_ME = re.compile(r"(?i)(do not|don'?t) reply\W*$|no reply|답(장|글|변)?하지 ?(마|말아)\w{0,4}\W*$")
_SHORT = 60
_KINDS: dict[str, Any] = {"image": "photo", "audio": "voice", "video": "video", "gifv": "video"}
log = structlog.get_logger(__name__)


class Settings(BaseModel):
    """`max_characters` and `url_characters` are the instance's own (`/api/v2/instance`, configuration.statuses)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    instance_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")]
    access_token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{20,256}$", repr=False)]
    media_hosts: tuple[str, ...] = ()
    max_characters: Annotated[int, Field(ge=200, le=100_000)] = 500
    url_characters: Annotated[int, Field(ge=0, le=500)] = 23
    public_note: bool = False
    skip_locked: bool = False
    most_per_hour: Annotated[int, Field(ge=1)] = 60
    look_back_hours: Annotated[int, Field(ge=0, le=720)] = 24
    poll_s: Annotated[float, Field(ge=0.05, le=600)] = 5
    rate_per_second: Annotated[float | None, Field(gt=0)] = 0.8
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10


Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class _Read(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Account(_Read):
    """`acct` is the name without a host for people of our own instance."""

    id: Id
    acct: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s@/\x00]+(@[^\s@/\x00]+)?$")]
    bot: bool = False
    locked: bool = False
    group: bool = False


class Attachment(_Read):
    type: str = ""
    url: str | None = None  # not yet there while the instance is still fetching it


class Status(_Read):
    id: Id
    created_at: Annotated[AwareDatetime, Field(strict=False, ge=_EARLY, le=_LATE)]
    visibility: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    content: str
    spoiler_text: str = ""
    language: Annotated[str | None, Field(max_length=16, pattern=r"^[A-Za-z-]*$")] = None
    media_attachments: list[Attachment] = []
    reblog: dict[str, Any] | None = None


class Mention(_Read):
    id: Id
    type: Literal["mention"]
    account: Account
    status: Status


class Gone(_Read):  # our own finding: a status is there no more, or its writer has blocked us
    type: Literal["gone", "blocked"]
    id: Id
    account: Account


class Position(BaseModel):
    """`since`: older mentions are not for us. `watched`: what may yet be deleted, its writer's (id, acct) by status."""

    read: str = "0"
    since: AwareDatetime
    watched: dict[str, tuple[str, str]] = {}


class Mastodon:
    name = "mastodon"
    replies: Literal["push", "in_response"] = "push"

    def __init__(self, settings: Settings, house: House) -> None:
        self.capabilities = Capabilities(
            max_text=settings.max_characters - ROOM_FOR_NAME,
            max_buttons=0,
            max_label=100,
            takes_photo=True,
            idempotent=True,
            rate_per_second=settings.rate_per_second,
            edits=True,
            threads=True,
        )
        self._settings = settings
        self._house = house
        self._hosts = {urlsplit(settings.instance_url).hostname, *settings.media_hosts}
        self._place = house.var / "mastodon.json"
        self._said: dict[str, deque[datetime]] = defaultdict(deque)

    def receive(self, request: WebhookRequest) -> Received:
        """One notification that `poll` has fetched and signed: Mastodon itself posts nothing to anybody."""
        given = request.headers.get(HEADER, "")
        if not given:
            raise Forged("Mastodon posts nothing; mentions are pulled", status=401)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._mark(request.body).encode()):
            raise Forged("not pulled by us")
        try:
            found = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        if not isinstance(found, dict):
            raise Malformed("the body is not a notification")
        try:
            if found.get("type") in ("gone", "blocked"):
                return _gone(Gone.model_validate(found))
            if found.get("type") != "mention":
                return Received(ignored="a notification of another kind")
            return self._mentioned(Mention.model_validate(found))
        except ValidationError:
            return Received(ignored="a notification that cannot be read")

    def _mark(self, body: bytes) -> str:
        return hmac.digest(self._house.secret, b"mastodon-pulled:" + body, hashlib.sha256).hex()

    def _mentioned(self, found: Mention) -> Received:
        account, status = found.account, found.status
        if account.bot or account.group or status.reblog is not None:
            return Received(ignored="not a person's own word")
        if account.locked and self._settings.skip_locked:
            return Received(ignored="a locked account")
        text = "\n".join(part for part in (status.spoiler_text.strip(), plain(status.content)) if part)
        there = ((one.type, one.url) for one in status.media_attachments if one.url and _FILE.fullmatch(one.url))
        media = tuple(Media(_KINDS.get(sort, "file"), url) for sort, url in there)
        photos = tuple(one for one in media if one.kind == "photo")
        is_quiet = len(text) <= _SHORT and _LEAVE_ME.search(text) is not None
        message = IncomingMessage(
            status.id,
            account.acct,
            "stop" if is_quiet else "media" if photos else "text" if text else "other" if media else "start",
            text,
            media=photos or (() if text else media),
            lang_hint=status.language or "",
            sent_at=status.created_at,
            reply_token=f"{status.id}/{status.visibility}",
            provider_id=status.id,
            is_event=is_quiet,  # who asks for no answer gets none, not even one that says so
        )
        return Received((message,))

    async def poll(self) -> AsyncIterator[WebhookRequest]:
        """Mentions since the place kept in var/mastodon.json, oldest first, without end; a lost place costs nothing, as
        the inbox knows each status. Raises SendFailed when a call fails; a new poll() goes on where this one stood."""
        place, looked_at = self._load(), self._house.now()
        while True:
            while (page := await self._mentions(place.read)) and page[-1]["id"] != place.read:
                for raw in page:
                    found = _mention(raw)
                    if found is None or self._is_for_us(found, place.since):
                        yield self._pulled(raw)
                    self._done(place, raw["id"], found)
            if self._house.now() - looked_at >= LOOK_AGAIN:
                looked_at = self._house.now()
                for gone in await self._deleted(place):
                    yield self._pulled(gone)
                    del place.watched[gone["id"]]
                    self._save(place)
            await asyncio.sleep(self._settings.poll_s)

    def _pulled(self, raw: dict[str, Any]) -> WebhookRequest:
        body = orjson.dumps(raw)
        return WebhookRequest("POST", {HEADER: self._mark(body)}, {}, body)

    async def _mentions(self, after: str) -> list[dict[str, Any]]:
        """The page that follows a notification, oldest first (`min_id`: right behind it, however many have come)."""
        given = {"types[]": "mention", "limit": str(PAGE), "min_id": after}
        found = await self._list("/api/v1/notifications", given)
        return [one for one in reversed(found) if isinstance(one.get("id"), str)]

    def _is_for_us(self, found: Mention, since: datetime) -> bool:
        """False for what was written before we were switched on, and for who writes like a machine: two bots that
        answer each other would never end. By the statuses' own times: after our absence nobody looks busy."""
        at, times = found.status.created_at, self._said[found.account.acct]
        times.append(at)
        while times[0] <= at - timedelta(hours=1):
            times.popleft()
        if is_busy := len(times) > self._settings.most_per_hour:
            log.warning("mastodon_account_too_busy", mentions=len(times))
        return at >= since and not is_busy

    def _done(self, place: Position, read: str, found: Mention | None) -> None:
        place.read = read
        if found:
            place.watched[found.status.id] = (found.account.id, found.account.acct)
            for old in list(place.watched)[:-WATCHED]:
                del place.watched[old]
        self._save(place)

    def _load(self) -> Position:
        try:
            return Position.model_validate_json(self._place.read_bytes())
        except (OSError, ValueError):
            return Position(since=self._house.now() - timedelta(hours=self._settings.look_back_hours))

    def _save(self, place: Position) -> None:
        draft = self._place.with_suffix(f".{os.getpid()}")
        draft.write_text(place.model_dump_json(), "utf-8")
        draft.replace(self._place)

    async def _deleted(self, place: Position) -> list[dict[str, Any]]:
        """Of the last mentions those that are not there any more, or whose writers have blocked us meanwhile."""
        gone: list[dict[str, Any]] = []
        there = await self._list("/api/v1/statuses", [("id[]", one) for one in place.watched]) if place.watched else []
        for status in place.watched.keys() - {one.get("id") for one in there}:
            if (await self._call("GET", f"/api/v1/statuses/{status}")).status_code not in (404, 410):
                continue
            account, acct = place.watched[status]
            about = await self._list("/api/v1/accounts/relationships", [("id[]", account)])
            kind = "blocked" if any(one.get("blocked_by") is True for one in about) else "gone"
            gone.append({"type": kind, "id": status, "account": {"id": account, "acct": acct}})
        return gone

    async def _list(self, path: str, params: Any) -> list[dict[str, Any]]:
        """The objects of a list; none where the instance lacks the call. Raises SendFailed."""
        answer = await self._call("GET", path, params=params)
        if not answer.is_success and answer.status_code != 404:
            raise _failure(answer)
        try:
            found = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            return []
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    async def send(self, message: OutgoingMessage) -> Sent:
        """One direct status that mentions the citizen and nobody else, under his own or our last common one.

        Our id is the Idempotency-Key (the instance remembers it for an hour): whatever broke off may be tried again.
        """
        above, _, visibility = message.reply_token.partition("/")
        above = message.answers or above or ("" if message.replaces else await self._common(message.address))
        room = self._settings.max_characters - len(message.address.partition("@")[0]) - len("@ ")
        text = self._fit(_AT.sub("@\u2060", message.text), room)
        body: dict[str, Any] = {"status": f"@{message.address} {text}", "language": message.lang}
        if message.replaces:
            answer = await self._call("PUT", f"/api/v1/statuses/{message.replaces}", body)
        else:
            body |= {"visibility": "direct", "in_reply_to_id": above}
            answer = await self._call("POST", "/api/v1/statuses", body, key=str(message.id))
        if not answer.is_success:
            raise _failure(answer)
        if self._settings.public_note and visibility in ("public", "unlisted"):
            note = {"status": f"@{message.address} {NOTE}", "visibility": "unlisted", "in_reply_to_id": above}
            with contextlib.suppress(SendFailed):
                await self._call("POST", "/api/v1/statuses", note, key=f"note-{above}")
        return Sent(told(said(answer).get("id")))

    async def _common(self, acct: str) -> str:
        """The last status of our direct conversation with him alone. Raises SendFailed where there is none: the city
        begins no conversation with a stranger."""
        given = {"limit": str(PAGE)}
        for _ in range(DEEP):
            for one in await self._list("/api/v1/conversations", given):
                given["max_id"] = last = told((one.get("last_status") or {}).get("id"), 64)
                if last and [each.get("acct") for each in one.get("accounts") or ()] == [acct]:
                    return last
        raise SendFailed("쪽지 대화가 없어 먼저 말을 걸지 않았습니다 (no direct conversation with this person)")

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, key: str = "", params: Any = None
    ) -> httpx.Response:
        """Each of ours is harmless when repeated. Raises SendFailed when there is no answer to read."""
        headers = {"authorization": f"Bearer {self._settings.access_token}"}
        try:
            return await attempts.call(
                self._house.http,
                method,
                self._settings.instance_url + path,
                provider="마스토돈",
                now=self._house.now(),
                is_safe=True,
                params=params,
                json=body,
                headers=headers | ({"idempotency-key": key} if key else {}),
                timeout=self._settings.timeout_s,
            )
        except attempts.TooMany as error:
            wait = _reset_s(error.answer.headers.get("x-ratelimit-reset", ""), self._house.now())
            raise SendFailed(error.reason, retry=True, retry_after=wait or error.retry_after, outage=False) from None

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        """From the instance's own hosts alone, and without our token. Raises SendFailed."""
        if urlsplit(media.ref).hostname not in self._hosts:
            raise SendFailed("파일이 우리 마스토돈 서버에 있지 않습니다 (the file is not on the instance's hosts)")
        return (await download(self._house.http, media.ref, timeout_s=self._settings.timeout_s))[0]

    async def working(self, address: str) -> None:
        """It has no typing sign."""

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [self._fit(text, self.capabilities.max_text) for text in texts]

    def _fit(self, text: str, most: int) -> str:
        """Cut where the instance would refuse it, counted as it counts: every web address as the same number."""
        address = "x" * self._settings.url_characters
        return cut(text, most, lambda some: len(_URL.sub(address, some)))

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return Mastodon(settings, house)


def _failure(answer: httpx.Response) -> SendFailed:
    """What a refusal (3xx, 4xx) means for the message, by its status."""
    status = answer.status_code
    if status == 401:
        return SendFailed("마스토돈 서버가 access_token을 받지 않습니다 (the token is not valid)", outage=True)
    if status in (404, 410):
        return SendFailed(f"시민이 차단했거나 떠났습니다 (blocked or gone: HTTP {status})", stopped=True)
    return SendFailed(f"마스토돈 서버가 거절했습니다 (instance refused: HTTP {status})")


def _mention(raw: dict[str, Any]) -> Mention | None:
    """None for what `receive` will not read either."""
    try:
        return Mention.model_validate(raw)
    except ValidationError:
        return None


def _gone(found: Gone) -> Received:
    if found.type == "gone":
        return Received(withdrawn=(found.id,))
    return Received((IncomingMessage(f"blocked-{found.id}", found.account.acct, "stop", is_event=True),))


def _reset_s(value: str, now: datetime) -> float | None:
    """Seconds until the instance counts afresh, from its X-RateLimit-Reset moment (ISO 8601)."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp())
