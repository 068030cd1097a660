"""Slack: citizens of a workspace write to the app directly, staff work on cases in their departments' channels.

slack-sdk makes the calls and the blocks, slack-bolt reads whose and where an event is; its App stays out, as order,
retries and what was heard already are the house's (docs/adr/0024). Source: docs.slack.dev.
"""

import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl
from uuid import UUID

import aiohttp
import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.request.payload_utils import (
    is_im_message_event,
    is_view_submission,
    to_action,
    to_command,
    to_event,
    to_view,
)
from slack_sdk.errors import SlackApiError, SlackObjectFormationError
from slack_sdk.web.async_client import AsyncWebClient

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
from core.contracts.staffroom import EVERYWHERE, EventKind, RoomFailed, StaffAnswer, StaffCard, StaffEvent, StaffForm
from integrations.rooms import slack as draw

SIGNATURE, STAMP = "x-slack-signature", "x-slack-request-timestamp"
MAX_AGE_S = 300
MAX_FILE = 20 * 1024 * 1024
KEY = "sinmungo_post"
GONE = {"channel_not_found", "is_archived", "not_in_channel", "user_not_found", "user_disabled", "cannot_dm_bot"}
NO_TOKEN = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
LATE = {"expired_trigger_id", "exchanged_trigger_id", "trigger_expired", "trigger_exchanged", "invalid_trigger_id"}
BROKEN = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
ROOM_EVENTS = {f"{kind}_{what}": "gone" for kind in ("channel", "group") for what in ("archive", "deleted", "left")} | {
    "channel_unarchive": "back",
    "group_unarchive": "back",
}
_ID = re.compile(r"[A-Z0-9]{1,32}", re.ASCII)
_TS = re.compile(r"\d{1,12}\.\d{1,9}", re.ASCII)
_CODE = re.compile(r"(?:link|연결)\s+([A-Za-z0-9]{4}-?[A-Za-z0-9]{4})", re.IGNORECASE)
_QUIET = logging.getLogger("slack_sdk.sinmungo")
_QUIET.setLevel(logging.WARNING)  # below it, or with no level of its own, the library writes what is said


class Settings(BaseModel):
    """`bot_token` and `signing_secret` are of the app's page; `rooms`: department → channel id, and "default"."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bot_token: Annotated[str, Field(pattern=r"^xoxb-[A-Za-z0-9-]{10,250}$", repr=False)]
    signing_secret: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{16,128}$", repr=False)]
    team_id: Annotated[str, Field(pattern=r"^(T[A-Z0-9]{1,30})?$")] = ""
    rooms: dict[str, Annotated[str, Field(pattern=r"^[CG][A-Z0-9]{1,30}$")]] = {}
    command: Annotated[str, Field(pattern=r"^/[a-z0-9_-]{1,31}$")] = "/sinmungo"
    lang: Literal["ko", "en"] = "ko"
    shows_text: bool = True
    rate_per_second: Annotated[float, Field(gt=0, le=100)] = 1
    api_base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+(/[^\s]*[^/\s])?$")] = "https://slack.com/api"
    files_base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] = "https://files.slack.com"
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10


class Slack:
    name = "slack"
    replies: Literal["push", "in_response"] = "push"
    capabilities = Capabilities(
        max_text=draw.MAX_TEXT, max_buttons=draw.MAX_ROW, max_label=draw.MAX_LABEL, takes_photo=True, edits=True
    )

    def __init__(self, settings: Settings, house: House) -> None:
        self.capabilities = replace(type(self).capabilities, rate_per_second=settings.rate_per_second)
        self.rooms: Mapping[str, str] = settings.rooms
        self.lang, self.shows_text, self.command = settings.lang, settings.shows_text, settings.command
        self._settings, self._house = settings, house
        self._secret, self._desk_rooms = settings.signing_secret.encode(), set(settings.rooms.values())
        self._client = AsyncWebClient(
            settings.bot_token, f"{settings.api_base_url}/", retry_handlers=[], logger=_QUIET
        )  # one attempt is ours: no retry handlers
        self._client.proxy = None  # as all of the house: never by a proxy that the environment names

    # -- in -----------------------------------------------------------------------------------------------------------

    def receive(self, request: WebhookRequest) -> Received:
        """Signature over the raw bytes, then one event, interaction or command. Whatever is authentic and not for us,
        or cannot be read, is acknowledged: Slack repeats what is refused and switches an app off that refuses much."""
        self._check(request)
        body = _document(request)
        if body.get("type") == "url_verification":
            challenge = body.get("challenge")
            ack = {"challenge": challenge if isinstance(challenge, str) else ""}
            return Received(ignored="the address is verified", ack=HttpAnswer(body=orjson.dumps(ack)))
        try:
            return self._read(AsyncBoltRequest(body=body, mode="socket_mode"))
        except Exception:  # whatever the library and a wrong type make: to refuse it is to get it again
            return Received(ignored="nothing that can be read")

    def _check(self, request: WebhookRequest) -> None:
        """slack-sdk's verifier raises on odd stamps and on bytes that are no UTF-8, so the guard is ours."""
        given, stamp = request.headers.get(SIGNATURE, ""), request.headers.get(STAMP, "")
        if not given or not stamp:
            raise Forged("signature is missing", status=401)
        if not re.fullmatch(r"\d{1,12}", stamp, re.ASCII):
            raise Forged("the stamp is no time")
        if abs(self._house.now().timestamp() - int(stamp)) > MAX_AGE_S:
            raise Forged("the stamp is too old or too new")
        made = "v0=" + hmac.digest(self._secret, b"v0:%s:%s" % (stamp.encode(), request.body), "sha256").hex()
        if not hmac.compare_digest(made.encode(), given.encode("utf-8", "replace")):
            raise Forged("signature does not fit")

    def _read(self, asked: AsyncBoltRequest) -> Received:
        body, context = asked.body, asked.context
        team, user, room = (_known(one) for one in (context.team_id, context.user_id, context.channel_id))
        if body.get("type") == "app_rate_limited":
            key = f"limited:{int(body['minute_rate_limited'])}"
            told = _did("room", key, "", room=EVERYWHERE, action="limited", text="app_rate_limited")
            return told if self.rooms else Received(ignored="no rooms")
        if not team or (self._settings.team_id and team != self._settings.team_id):
            return Received(ignored="another workspace")
        if (event := to_event(body)) is not None:
            return self._event(body, _text(body["event_id"]), event, team, user, room)
        if not user:
            return Received(ignored="nobody did it")
        if (command := to_command(body)) is not None:
            word, _, rest = _text(command.get("text")).strip().partition(" ")
            trigger = _text(command["trigger_id"])
            values = {"action": word.lower(), "text": rest.strip(), "trigger": trigger, "room": room}
            return _did("command", f"c:{trigger}", f"{team}/{user}", **values)
        if is_view_submission(body) and (view := to_view(body)):
            return self._filled(view, f"v:{_text(body['trigger_id'])}", f"{team}/{user}")
        action = to_action(body) if body.get("type") == "block_actions" else None
        return self._pressed(body, action, team, user, room) if action else Received(ignored="an event of another kind")

    def _event(self, body: Any, key: str, event: Any, team: str, user: str, room: str) -> Received:
        kind = event["type"]
        if kind in ROOM_EVENTS and room in self._desk_rooms:
            return _did("room", key, "", room=room, action=ROOM_EVENTS[kind], text=kind)
        if kind in ("tokens_revoked", "app_uninstalled") and self.rooms:
            return _did("room", key, "", room=EVERYWHERE, action="gone", text=kind)
        if kind != "message" or event.get("bot_id") or event.get("app_id") or not (user and room):
            return Received(ignored="an event of another kind")
        if is_im_message_event(body):
            return _said(key, f"{team}:{room}/{user}", f"{team}/{user}", room, event)
        thread, subtype = event.get("thread_ts"), event.get("subtype")
        is_reply = isinstance(thread, str) and _TS.fullmatch(thread) and thread != event.get("ts")
        if room not in self._desk_rooms or not is_reply or subtype not in (None, "file_share", "thread_broadcast"):
            return Received(ignored="not said to us")
        raw = _text(event.get("text"))
        values = {"room": room, "thread": thread, "text": draw.plain(raw), "has_files": bool(event.get("files"))}
        return _did("reply", key, f"{team}/{user}", **values, is_aside=bool(re.search(r"<[@!]", raw)))

    def _pressed(self, body: Any, action: Any, team: str, user: str, room: str) -> Received:
        name, _, what = _text(action["action_id"]).partition(":")
        value, trigger = _text(action.get("value")), _text(body.get("trigger_id"))
        stamp = _stamp({"ts": body.get("container", {}).get("message_ts")})
        key = f"b:{trigger}" if trigger else f"b:{stamp}:{_text(action['action_ts'])}:{user}"
        if name == "staff" and self.rooms:
            place = {"room": room, "thread": stamp, "action": what, "value": value}
            return _did("button", key, f"{team}/{user}", **place, trigger=trigger)
        if name != "say" or not room.startswith("D") or not (value.isascii() and 0 < len(value) <= 64):
            return Received(ignored="a button that is not ours")
        return Received((IncomingMessage(_fits(key), f"{team}:{room}/{user}", "button", payload=value),))

    def _filled(self, view: Any, key: str, member: str) -> Received:
        name, _, what = _text(view["callback_id"]).partition(":")
        if name != "staff" or not self.rooms:
            return Received(ignored="a form that is not ours")
        values = {}
        for block, elements in view["state"]["values"].items():
            given: Any = next(iter(elements.values()), {})
            chosen = given.get("selected_option")
            values[_text(block)] = _text(chosen["value"] if chosen else given.get("value"))
        return _did("form", key, member, action=what, value=_text(view.get("private_metadata")), values=values)

    # -- out ----------------------------------------------------------------------------------------------------------

    async def send(self, message: OutgoingMessage) -> Sent:
        """One chat.postMessage (or chat.update). Slack takes no idempotency key: what broke off is `unknown`."""
        room = message.address.partition(":")[2].partition("/")[0]
        given = {"channel": room, **draw.said(draw.cut(message.text, draw.MAX_TEXT), message.buttons)}
        if message.replaces:
            found = await self._call(self._client.chat_update, ts=message.replaces, **given)
        else:
            found = await self._call(self._client.chat_postMessage, unfurl_links=False, unfurl_media=False, **given)
        return Sent(provider_id=_stamp(found))

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return [draw.cut(text, draw.MAX_TEXT) for text in texts]

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        return HttpAnswer()

    async def fetch(self, media: Media) -> bytes:
        """files.info, then the bytes from Slack's own host only, for the token goes with the request."""
        file = (await self._call(self._client.files_info, file=media.ref)).get("file")
        url = file.get("url_private_download") if isinstance(file, dict) else None
        if not isinstance(url, str) or not url.startswith(f"{self._settings.files_base_url}/"):
            raise SendFailed("파일이 없거나 슬랙의 주소가 아닙니다 (no file at Slack's own address)")
        found, head = bytearray(), {"authorization": f"Bearer {self._settings.bot_token}"}
        try:
            async with self._house.http.stream("GET", url, headers=head, timeout=self._settings.timeout_s) as answer:
                # Without files:read Slack answers 200 with its sign-in page.
                if not answer.is_success or answer.headers.get("content-type", "").startswith("text/html"):
                    again = answer.status_code >= 500 or answer.status_code == 429
                    raise SendFailed(f"파일을 받지 못했습니다 (fetch: HTTP {answer.status_code})", retry=again)
                async for part in answer.aiter_bytes():
                    found += part
                    if len(found) > MAX_FILE:
                        raise SendFailed("파일이 20 MB보다 큽니다 (file is over 20 MB)")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SendFailed(f"파일을 받지 못했습니다 (fetch: {type(error).__name__})", retry=True) from None
        return bytes(found)

    async def working(self, address: str) -> None:
        return None

    async def aclose(self) -> None:
        if self._client.session is not None:
            await self._client.session.close()

    # -- the staff room -----------------------------------------------------------------------------------------------

    async def post(self, room: str, card: StaffCard, *, key: UUID, thread: str = "") -> str:
        mark = {"event_type": KEY, "event_payload": {"key": str(key)}}
        said = {"channel": room, "metadata": mark, "thread_ts": thread or None, "unfurl_links": False}
        return _stamp(await self._call(self._client.chat_postMessage, **said, **draw.message(card)))

    async def find(self, room: str, key: UUID, since: datetime, *, thread: str = "") -> str:
        asked: dict[str, Any] = {"channel": room, "oldest": str((since - timedelta(minutes=1)).timestamp())}
        ask = self._client.conversations_replies if thread else self._client.conversations_history
        asked |= {"ts": thread} if thread else {}
        while True:
            page = await self._call(ask, **asked, limit=200, include_all_metadata=True)
            for one in page.get("messages") or ():
                if ((one.get("metadata") or {}).get("event_payload") or {}).get("key") == str(key):
                    return _stamp(one)
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor or cursor == asked.get("cursor"):
                return ""
            asked["cursor"] = cursor

    async def change(self, room: str, message_id: str, card: StaffCard) -> None:
        await self._call(self._client.chat_update, channel=room, ts=message_id, **draw.message(card))

    async def whisper(self, room: str, member: str, card: StaffCard, *, thread: str = "") -> None:
        said = {"channel": room, "thread_ts": thread or None, **draw.message(card)}
        if room.startswith("D"):  # nobody else is there
            await self._call(self._client.chat_postMessage, **said)
        else:
            await self._call(self._client.chat_postEphemeral, user=member.partition("/")[2], **said)

    async def open_form(self, trigger: str, form: StaffForm) -> None:
        await self._call(self._client.views_open, trigger_id=trigger, view=draw.view(form, self.lang).to_dict())

    def answer(self, event: StaffEvent, answer: StaffAnswer) -> HttpAnswer:
        said = draw.answered(event, answer, self.lang)
        return HttpAnswer(body=orjson.dumps(said)) if said else HttpAnswer()

    async def _call(self, ask: Callable[..., Awaitable[Any]], **given: Any) -> dict[str, Any]:
        if self._client.session is None:  # made where a loop runs
            limit = aiohttp.ClientTimeout(total=self._settings.timeout_s, connect=min(5, self._settings.timeout_s))
            self._client.session = aiohttp.ClientSession(timeout=limit, trust_env=False)
        try:
            found = (await ask(**given)).data
        except SlackApiError as error:
            raise _refused(error) from None
        except SlackObjectFormationError as error:
            raise RoomFailed(f"슬랙 메시지의 모양이 맞지 않습니다 ({type(error).__name__})") from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise RoomFailed(f"슬랙에 연결하지 못했습니다 (not sent: {type(error).__name__})", retry=True) from None
        except (aiohttp.ClientError, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            kind = type(error).__name__
            raise RoomFailed(
                f"보내는 중에 끊겨 도착했는지 알 수 없습니다 (may have been sent: {kind})", unknown=True
            ) from None
        return found if isinstance(found, dict) else {}


def build(settings: Settings, house: House) -> Channel:
    return Slack(settings, house)


def _document(request: WebhookRequest) -> dict[str, Any]:
    """What the call holds, whichever way Slack packed it. Raises Malformed."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        found: Any = request.body
        if kind == "application/x-www-form-urlencoded":
            form = dict(parse_qsl(found.decode(), keep_blank_values=True, max_num_fields=100, errors="strict"))
            found = form.get("payload", form)
        found = found if isinstance(found, dict) else orjson.loads(found)
    except ValueError:
        raise Malformed("neither JSON nor a form") from None
    if not isinstance(found, dict):
        raise Malformed("the body is no object")
    return found


def _did(kind: EventKind, key: str, member: str, **values: Any) -> Received:
    return Received(staff=(StaffEvent(_fits(key), kind, member, **values),))


def _said(key: str, address: str, member: str, room: str, event: Any) -> Received:
    """A direct message: a citizen's, or the code by which a member of staff says who he is."""
    text = draw.plain(_text(event.get("text")))
    if code := _CODE.fullmatch(text.strip()):
        return _did("command", key, member, action="link", text=code[1], room=room)
    media = tuple(found for one in event.get("files") or () if (found := _media(one)))
    kind: Any = "media" if any(one.kind == "photo" for one in media) else "text" if text else "other"
    if not text and not media:
        return Received(ignored="nothing said")
    at = datetime.fromtimestamp(float(event["ts"]), UTC) if _TS.fullmatch(_text(event.get("ts"))) else None
    return Received((IncomingMessage(_fits(key), address, kind, text, media=media, sent_at=at),))


def _media(file: Any) -> Media | None:
    ref, kind = _text(file["id"]), _text(file.get("mimetype"))
    if not _ID.fullmatch(ref) or not kind.isascii() or not kind.isprintable():
        return None
    size = file.get("size")
    what: Any = {"image": "photo", "audio": "voice", "video": "video"}.get(kind.partition("/")[0], "file")
    return Media(what, ref, kind, size if type(size) is int and size > 0 else 0)


def _known(value: object) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _fits(key: str) -> str:
    """Raises ValueError for what is no key of Slack's."""
    if not re.fullmatch(r"[\x21-\x7e]{1,150}", key) or key.endswith(":"):
        raise ValueError("not a key")
    return key


def _stamp(found: Mapping[str, Any]) -> str:
    stamp = found.get("ts")
    return stamp if isinstance(stamp, str) and _TS.fullmatch(stamp) else ""


def _refused(error: SlackApiError) -> RoomFailed:
    """What an answer that is no "ok" means; Slack's own word goes into the reason, and nothing else of it."""
    status, data = getattr(error.response, "status_code", 0), getattr(error.response, "data", None)
    said = data.get("error") if isinstance(data, dict) else None
    word = said if isinstance(said, str) and re.fullmatch(r"[a-z_]{1,60}", said) else f"HTTP {status}"
    if status == 429 or word in ("ratelimited", "rate_limited"):
        wait = (getattr(error.response, "headers", None) or {}).get("Retry-After", "")
        after = float(wait) if re.fullmatch(r"\d{1,5}", wait) else None
        return RoomFailed("슬랙이 천천히 보내라고 합니다 (rate limited)", retry=True, retry_after=after, is_whole=True)
    if word in NO_TOKEN:
        return RoomFailed(f"슬랙이 봇 토큰을 받지 않습니다. 앱의 설치와 권한을 확인하세요 ({word})", is_whole=True)
    if word in GONE:
        return RoomFailed(f"슬랙 채널이나 사람이 없거나 앱이 들어 있지 않습니다 ({word})", stopped=True)
    if word in LATE:
        return RoomFailed(f"단추를 누른 지 3초가 지났습니다 ({word})", is_late=True)
    if status >= 500 or word in BROKEN or not isinstance(data, dict) or "ok" not in data:
        return RoomFailed(f"도착했는지 알 수 없습니다 (may have been sent: {word})", unknown=True)
    return RoomFailed(f"슬랙이 거절했습니다 ({word})")
