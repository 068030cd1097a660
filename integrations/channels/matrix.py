"""Matrix, as an application service of the city's own homeserver (Application Service API and Client-Server API v1.11).

Rooms of two only: the bot leaves a room in which a third person could read what belongs to one citizen.
"""

import contextlib
import hmac
import html
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import attempts
from core.attempts import download, fit, said
from core.contracts.channel import (
    Capabilities,
    Channel,
    Forged,
    GeoPoint,
    House,
    HttpAnswer,
    IncomingMessage,
    Malformed,
    Media,
    MessageKind,
    OutgoingMessage,
    Received,
    SendFailed,
    Sent,
    WebhookRequest,
)

MAX_TEXT = 3500
"""An event is 65,536 bytes at most (Client-Server API, "Size limits"); an edit holds its text four times."""
TYPING_MS = 8000
_ID = "sinmungo"
_CLIENT = "/_matrix/client/v3"
_MXC = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]{1,255})/([A-Za-z0-9_-]{1,255})")
_GEO = re.compile(r"geo:(-?\d{1,3}(?:\.\d{1,15})?),(-?\d{1,3}(?:\.\d{1,15})?)(?:[,;].*)?", re.S)
_QUOTE = re.compile(r"\A(?:> [^\n]*\n)+\n?")
_ID_LIKE = re.compile(r"[^\x00-\x20\x7f]{0,200}")
_CODE = re.compile(r"[A-Z_]{1,60}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KINDS: dict[str, Literal["photo", "file", "voice", "video"]] = {
    "m.image": "photo",
    "m.file": "file",
    "m.audio": "voice",
    "m.video": "video",
}
CROWDED = (
    "이 방에는 여러 분이 계셔서, 개인정보를 지키기 위해 여기서는 상담하지 않습니다. 저를 1:1 대화로 초대해 주세요.\n"
    "Several people are in this room, so I do not answer here. Please invite me to a room of our own."
)


class Settings(BaseModel):
    """`homeserver_url` is where we reach it, `server_name` what follows the colon in our name. The two tokens and
    `sender_localpart` stand in the homeserver's registration file as well; `previous_hs_token` helps changing one."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    homeserver_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")]
    server_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:\[\]-]{1,230}$")]
    sender_localpart: Annotated[str, Field(pattern=r"^[a-z0-9._=/+-]{1,60}$")] = "sinmungo"
    display_name: Annotated[str, Field(max_length=100)] = "신문고"
    as_token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{32,256}$", repr=False)]
    hs_token: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{32,256}$", repr=False)]
    previous_hs_token: Annotated[str, Field(pattern=r"^$|^[A-Za-z0-9_-]{32,256}$", repr=False)] = ""
    rate_per_second: Annotated[float | None, Field(gt=0)] = 10
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10


Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]+$")]


class Event(BaseModel):
    """One event of a room; `content` is read by kind, as anybody can put anything there."""

    model_config = ConfigDict(strict=True, frozen=True)

    event_id: Word
    room_id: Word
    sender: Word
    type: str
    content: dict[str, Any] = {}
    state_key: str | None = None
    redacts: str | None = None
    origin_server_ts: Annotated[int, Field(ge=946_684_800_000, le=7_258_118_400_000)]


class Matrix:
    name = "matrix"
    replies: Literal["push", "in_response"] = "push"

    def __init__(self, settings: Settings, house: House) -> None:
        self.capabilities = Capabilities(
            max_text=MAX_TEXT,
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
        self._tokens = [one.encode() for one in (settings.hs_token, settings.previous_hs_token) if one]
        self.user_id = f"@{settings.sender_localpart}:{settings.server_name}"

    # -- in ---------------------------------------------------------------------------------------------------------

    def receive(self, request: WebhookRequest) -> Received:
        """Token, then a transaction of events (PUT), a question about a name (GET) or a ping (POST)."""
        self._check(request)
        if request.method == "GET":
            return self._asked(urlsplit(request.url).path)
        try:
            found = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        if request.method != "PUT":
            return Received(ignored="a ping", ack=HttpAnswer(body=b"{}"))
        if not isinstance(found, dict) or not isinstance(found.get("events"), list):
            raise Malformed("the body is not a transaction")
        messages, withdrawn = [], []
        for raw in found["events"]:
            with contextlib.suppress(ValidationError):  # one odd event must not hold up those behind it for ever
                event = Event.model_validate(raw)
                if event.sender == self.user_id:
                    continue
                if gone := _redacted(event):
                    withdrawn.append(gone)
                elif message := self._read(event):
                    messages.append(message)
        ignored = "" if messages or withdrawn else "nothing for us"
        return Received(tuple(messages), withdrawn=tuple(withdrawn), ignored=ignored, ack=HttpAnswer(body=b"{}"))

    def _check(self, request: WebhookRequest) -> None:
        """`Authorization: Bearer <hs_token>`; homeservers older than v1.4 say `?access_token=` instead."""
        given = request.headers.get("authorization", "") or request.query.get("access_token", "")
        if not given:
            raise Forged("the homeserver's token is missing", status=401)
        token = given.removeprefix("Bearer ").encode("utf-8", "replace")
        if not any(hmac.compare_digest(token, one) for one in self._tokens):
            raise Forged("the homeserver's token does not fit")

    def _asked(self, path: str) -> Received:
        """Whether a user or a room alias is ours to make: our one account is, and no room."""
        is_ours = path.endswith(f"/users/{self.user_id}")
        ack = HttpAnswer(body=b"{}") if is_ours else HttpAnswer(404, b'{"errcode":"M_NOT_FOUND","error":"not ours"}')
        return Received(ignored="a question about a name", ack=ack)

    def _read(self, event: Event) -> IncomingMessage | None:
        kind = event.type
        if kind == "m.room.message":
            return _said(event)
        if kind == "m.room.member":
            return self._moved(event)
        if kind in ("m.room.encrypted", "m.room.encryption"):
            # One key for the whole room: the inbox takes a message once, so we say only once that we cannot read.
            return _message(event, "other", key=f"encrypted:{event.room_id}"[:200], payload="encrypted")
        if kind == "m.sticker":
            return _message(event, "other")
        return None  # a reaction too: a thumb under an older message is no answer to the question that is open now

    def _moved(self, event: Event) -> IncomingMessage | None:
        """Invited: a start, and its answer makes us join. The citizen, or we, out of the room: a stop."""
        membership = event.content.get("membership")
        if membership == "invite" and event.state_key == self.user_id:
            return _message(event, "start")
        if membership in ("leave", "ban"):
            return _message(event, "stop", is_event=True)
        return None

    # -- out --------------------------------------------------------------------------------------------------------

    async def send(self, message: OutgoingMessage) -> Sent:
        """Joins where we are only invited, looks who else is there, and puts one event.

        Our id is the transaction id, by which a homeserver knows a repeat: whatever broke off may be tried again.
        """
        room = quote(message.address, safe="")
        await self._enter(room)
        answer = await self._call("PUT", f"{_CLIENT}/rooms/{room}/send/m.room.message/{message.id}", _content(message))
        if not answer.is_success:
            raise _failure(answer)
        return Sent(attempts.told(said(answer).get("event_id")))

    async def _enter(self, room: str) -> None:
        """Raises SendFailed when the citizen has left, shut us out, or is not alone with us."""
        path = f"{_CLIENT}/rooms/{room}"
        answer = await self._call("GET", f"{path}/joined_members")
        if answer.status_code == 403:
            joined = await self._call("POST", f"{path}/join", {})
            if not joined.is_success:
                raise _failure(joined)
            answer = await self._call("GET", f"{path}/joined_members")
        if not answer.is_success:
            raise _failure(answer)
        members = said(answer).get("joined")
        others = set(members) - {self.user_id} if isinstance(members, dict) else set()
        if not others:
            raise SendFailed("시민이 방을 나갔습니다 (the citizen left the room)", stopped=True)
        if len(others) > 1:
            notice = {"msgtype": "m.notice", "body": CROWDED}
            await self._call("PUT", f"{path}/send/m.room.message/crowded", notice)
            await self._call("POST", f"{path}/leave", {})
            raise SendFailed("여러 사람이 있는 방이라 나왔습니다 (others are in the room; we left it)", stopped=True)

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """One call; each of ours is harmless when repeated. Raises SendFailed when there is no answer to read."""
        try:
            return await attempts.call(
                self._house.http,
                method,
                self._settings.homeserver_url + path,
                provider="매트릭스",
                now=self._house.now(),
                is_safe=True,
                content=None if body is None else orjson.dumps(body),
                headers={"authorization": f"Bearer {self._settings.as_token}", "content-type": "application/json"},
                timeout=self._settings.timeout_s,
            )
        except attempts.TooMany as error:
            wait = said(error.answer).get("retry_after_ms")
            seconds = wait / 1000 if isinstance(wait, int | float) else error.retry_after
            raise SendFailed(error.reason, retry=True, retry_after=seconds, outage=False) from None

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        """By the authenticated media endpoint of our own homeserver, which gets it from others. Raises SendFailed."""
        place = _MXC.fullmatch(media.ref)
        if place is None:
            raise SendFailed("파일 주소가 아닙니다 (not a file of Matrix)")
        url = f"{self._settings.homeserver_url}/_matrix/client/v1/media/download/{place[1]}/{place[2]}"
        headers = {"authorization": f"Bearer {self._settings.as_token}"}
        found, elsewhere = await download(self._house.http, url, timeout_s=self._settings.timeout_s, headers=headers)
        if elsewhere:  # a store of the homeserver's own, which needs no token and must not see ours
            found, _ = await download(self._house.http, elsewhere, timeout_s=self._settings.timeout_s)
        if not found:
            raise SendFailed("빈 파일입니다 (an empty file)")
        return found

    async def working(self, address: str) -> None:
        """ "is typing" until the next message, or for eight seconds."""
        path = f"{_CLIENT}/rooms/{quote(address, safe='')}/typing/{quote(self.user_id, safe='')}"
        with contextlib.suppress(SendFailed):
            await self._call("PUT", path, {"typing": True, "timeout": TYPING_MS})

    async def register(self, url: str) -> str:
        """Writes the registration file; makes our account and its name and has the homeserver ping us back.

        Raises SendFailed, also while the homeserver does not know us: it must be given the file first.
        """
        place = self._house.var / "matrix-as.yaml"
        place.touch(mode=0o600)
        place.write_text(self._file(url), "utf-8")
        known = await self._call("GET", f"{_CLIENT}/account/whoami")
        if known.status_code in (401, 403):
            raise SendFailed(
                f"등록 파일을 {place.name}로 만들었습니다. 홈서버의 app_service_config_files에 넣고 다시 켠 뒤 "
                "이 명령을 한 번 더 실행해 주세요 (give the homeserver this file, restart it, and repeat)"
            )
        body = {"type": "m.login.application_service", "username": self._settings.sender_localpart}
        await self._call("POST", f"{_CLIENT}/register", body)  # M_USER_IN_USE from the second time on
        path = f"{_CLIENT}/profile/{quote(self.user_id, safe='')}/displayname"
        await self._call("PUT", path, {"displayname": self._settings.display_name})
        try:
            ping = await self._call("POST", f"/_matrix/client/v1/appservice/{_ID}/ping", {})
        except SendFailed:  # 502 and 504 here are the homeserver's word on our own address
            raise SendFailed("홈서버가 web.public_url에 닿지 못합니다 (the homeserver cannot reach us)") from None
        if not ping.is_success:
            raise _failure(ping)
        return f"{self.user_id}, {said(ping).get('duration_ms')} ms"

    def _file(self, url: str) -> str:
        """For the homeserver's `app_service_config_files`. JSON is YAML; it holds both tokens."""
        ours = self._settings
        users = [{"exclusive": True, "regex": re.escape(self.user_id)}]
        about = {"id": _ID, "url": url, "as_token": ours.as_token, "hs_token": ours.hs_token, "rate_limited": False}
        spaces = {"users": users, "rooms": [], "aliases": []}
        whole = {**about, "sender_localpart": ours.sender_localpart, "namespaces": spaces}
        return orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode() + "\n"

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [fit(text, MAX_TEXT) for text in texts]

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return Matrix(settings, house)


def _message(event: Event, kind: MessageKind, text: str = "", *, key: str = "", **values: Any) -> IncomingMessage:
    at = datetime.fromtimestamp(event.origin_server_ts / 1000, UTC)
    values = {"sent_at": at, "provider_id": event.event_id, **values}
    return IncomingMessage(key or event.event_id, event.room_id, kind, text, **values)


def _said(event: Event) -> IncomingMessage | None:
    """None for a bot's word (m.notice), which must never be answered, and for what has no body."""
    relation = event.content.get("m.relates_to")
    relation = relation if isinstance(relation, dict) else {}
    earlier = relation.get("event_id") if relation.get("rel_type") == "m.replace" else ""
    content = event.content.get("m.new_content") if earlier else event.content
    if not isinstance(content, dict) or not isinstance(earlier, str) or not _ID_LIKE.fullmatch(earlier):
        return None
    kind, text = content.get("msgtype"), content.get("body")
    if kind == "m.notice" or not isinstance(kind, str) or not isinstance(text, str):
        return None
    if kind in ("m.text", "m.emote"):
        return _message(event, "text", _QUOTE.sub("", text) if "m.in_reply_to" in relation else text, edits=earlier)
    if kind == "m.location":
        place = _place(content.get("geo_uri"), text)
        return _message(event, "place", place=place) if place else _message(event, "other")
    found = _media(kind, content)
    if found is None:
        return _message(event, "other")
    is_photo = found.kind == "photo"
    caption = text if content.get("filename") not in (None, text) else ""  # Matrix v1.10, "Media captions"
    return _message(event, "media" if is_photo else "other", caption, media=(found,))


def _place(uri: object, label: str) -> GeoPoint | None:
    """A `geo:` URI (RFC 5870) as a point on the earth."""
    found = _GEO.fullmatch(uri) if isinstance(uri, str) else None
    if found is None:
        return None
    lat, lon = float(found[1]), float(found[2])
    label = "" if label.startswith(("geo:", "Location")) else label.strip()[:200]
    return GeoPoint(lat, lon, label) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def _media(kind: str, content: dict[str, Any]) -> Media | None:
    """None for what has no file of its own, and for one of an encrypted room (`file` instead of `url`)."""
    url, info = content.get("url"), content.get("info")
    if kind not in _KINDS or not isinstance(url, str) or not _MXC.fullmatch(url):
        return None
    info = info if isinstance(info, dict) else {}
    given, size = info.get("mimetype"), info.get("size")
    sort = given if isinstance(given, str) and given.isprintable() and len(given) <= 100 else ""
    is_picture = kind == "m.image" or (kind == "m.file" and sort.startswith("image/"))
    return Media("photo" if is_picture else _KINDS[kind], url, sort, size if type(size) is int and size > 0 else 0)


def _redacted(event: Event) -> str:
    """What a citizen took back: the event's id, which room version 11 moved into the content."""
    gone = event.content.get("redacts") or event.redacts
    is_one = event.type == "m.room.redaction" and isinstance(gone, str) and _ID_LIKE.fullmatch(gone)
    return str(gone) if is_one else ""


def _content(message: OutgoingMessage) -> dict[str, Any]:
    """m.text and not m.notice: citizens' programs announce no notices. Nothing in it is markup, whoever wrote it."""
    text = fit(_CONTROL.sub("", message.text), MAX_TEXT)
    content = {
        "msgtype": "m.text",
        "body": text,
        "format": "org.matrix.custom.html",
        "formatted_body": html.escape(text).replace("\n", "<br/>"),
        "m.mentions": {},
    }
    if message.replaces:
        relation: dict[str, Any] = {"rel_type": "m.replace", "event_id": message.replaces}
        return {**content, "body": f"* {text}", "m.new_content": content, "m.relates_to": relation}
    if message.answers:
        above = {"event_id": message.answers}
        relation = {"rel_type": "m.thread", **above, "is_falling_back": True, "m.in_reply_to": above}
        return {**content, "m.relates_to": relation}
    return content


def _failure(answer: httpx.Response) -> SendFailed:
    """What a refusal (3xx, 4xx) means for the message, by status and `errcode`."""
    code = said(answer).get("errcode")
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else f"HTTP {answer.status_code}"
    if answer.status_code == 401:
        reason = "홈서버가 as_token을 받지 않습니다. 등록 파일을 확인하세요 (the token is not valid)"
        return SendFailed(reason, outage=True)
    if code in ("M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN"):
        return SendFailed(f"시민이 방을 나갔거나 우리를 내보냈습니다 (shut out of the room: {code})", stopped=True)
    return SendFailed(f"홈서버가 거절했습니다 (homeserver refused: {code})")
