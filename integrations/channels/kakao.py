"""KakaoTalk skill (챗봇 관리자센터): the answer is the HTTP response within 5 s, a later one goes by one-time callback.

Kakao signs nothing, so a header of ours and the bot's id are the proof. Source: Kakao Business guide, "응답 타입별 JSON
포맷" and "AI 챗봇 콜백 개발 가이드"; field lengths and what is uncertain about them: docs/channels/kakao.md.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field

from core import logs
from core.contracts.channel import (
    Capabilities,
    Channel,
    Forged,
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
from core.http import NEVER_LEFT
from core.secret import Secret
from integrations.inbound.kakao import FRIENDSHIP, Entrance, Friendship, Skill, parsed, payload_of, prove, valid
from integrations.outbound.kakao import (
    MAX_BUBBLES,
    MAX_BUTTONS,
    MAX_CARDS,
    MAX_LABEL,
    MAX_TEXT,
    Answers,
    Limits,
    fitted,
)

_BLOCKS = "/kakao/blocks"
_MOST_URL = 1980


class Settings(BaseModel):
    """`secret` is the value of the header that the officer enters for the skill; `header` is its name.

    `block_id`: the block that the skill hangs on; with it buttons bring their payload back, without it their label.
    `callback_hosts`: hosts beside *.kakao.com that may get late answers (a test server; plain http is taken there).
    `admin_key`: the Kakao developers app's, by which its channel webhook proves itself; without it that door is shut.
    `channel_public_id`: the channel that the bot hangs on ("_ZeUTxl"), where the app is connected to several.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bot_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}!?$")]
    secret: Annotated[str, Field(min_length=16, pattern=r"^[\x21-\x7e]+$", repr=False)]
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "X-Sinmungo-Secret"
    block_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{0,64}$")] = ""
    callback_hosts: tuple[str, ...] = ()
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10
    admin_key: Annotated[str, Field(pattern=r"^([\x21-\x7e]{16,128})?$", repr=False)] = ""
    channel_public_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{0,64}$")] = ""
    limits: Limits = Limits()


class Kakao:
    name = "kakao"
    replies: Literal["push", "in_response"] = "in_response"
    capabilities = Capabilities(
        max_text=MAX_TEXT,
        max_buttons=MAX_BUTTONS,
        max_label=MAX_LABEL,
        max_bubbles=MAX_BUBBLES,
        idempotent=False,
        cards=MAX_CARDS,
    )

    def __init__(self, settings: Settings, house: House) -> None:
        logs.only_hosts()
        self._settings = settings
        self._house = house
        self._header = settings.header.lower()
        self._answers = Answers(settings.block_id, settings.limits)

    def receive(self, request: WebhookRequest) -> Received:
        """Secret header, bot id, then the utterance. `ack` is the answer for a turn that is not ready in time.

        Behind `/blocks`: Kakao's word that somebody added or blocked the channel.
        """
        if request.url.partition("?")[0].rstrip("/").endswith(_BLOCKS):
            return self._friendship(request)
        prove(request.headers.get(self._header, ""), self._settings.secret)
        raw = parsed(request.body)
        if isinstance(raw, dict) and "botId" in raw:
            self._check(valid(Entrance, raw).bot_id)
            return Received(ignored="a group chat event", ack=_json({"version": "2.0"}))
        skill = valid(Skill, raw)
        self._check(skill.bot.id)
        return self._read(skill, request.headers.get("x-request-id", ""))

    def _friendship(self, request: WebhookRequest) -> Received:
        """Source: developers.kakao.com/docs/ko/kakaotalk-channel/callback. Whose conversation it is only a skill call
        can have told, by the same app user id (`_known_by`); an OpenID token's id never comes in one.
        """
        key = self._settings.admin_key
        if not key:
            raise Forged("no admin key is set")
        prove(request.headers.get("authorization", ""), f"KakaoAK {key}")
        said = valid(Friendship, parsed(request.body))
        event_id = request.headers.get("x-kakao-resource-id", "")
        if not re.fullmatch(r"[\x21-\x7e]{1,100}", event_id):
            raise Malformed("X-Kakao-Resource-ID is missing")
        kind = FRIENDSHIP.get(said.event)
        ours = self._settings.channel_public_id
        if kind is None or (ours and said.channel_public_id not in (None, ours)):
            return Received(ignored="not a change with our channel")
        known_by = self._known_by(said.id) if said.id_type == "app_user_id" else ""
        if not known_by:
            return Received(ignored="an id by which no conversation is known")
        message = IncomingMessage(f"friend-{event_id}", "", kind, is_event=True, known_by=known_by)
        return Received((message,))

    def _known_by(self, app_user_id: Any) -> str:
        """What the ids of a person's messages begin with, where the skill call tells his app user id: a keyed hash.

        Kakao gives it in skill calls of a bot that is connected to the app, once the citizen agreed; keys of another
        kind (botUserKey, plusfriendUserKey) are never joined with it.
        """
        told = str(app_user_id) if isinstance(app_user_id, str | int) and not isinstance(app_user_id, bool) else ""
        if not self._settings.admin_key or not re.fullmatch(r"[0-9]{1,20}", told):
            return ""
        return f"u{Secret(self._house.secret).keyed_hash(f'kakao-app-user:{told}')[:24]}-"

    def _check(self, bot_id: str) -> None:
        """A development bot has the same id with "!" behind it."""
        if bot_id.removesuffix("!") != self._settings.bot_id.removesuffix("!"):
            raise Forged("another bot's id")

    def _read(self, skill: Skill, request_id: str) -> Received:
        said = skill.request
        if said.is_slot_check is True:
            return Received(ignored="a slot-filling check", ack=_json({"status": "IGNORE"}))
        if isinstance(said.params, dict) and str(said.params.get("ignoreMe")).lower() == "true":
            return Received(ignored="the admin centre's test call", ack=_json(self._answers.tested()))
        payload = payload_of(skill.action.extra if skill.action else None)
        kind: MessageKind = "button" if payload else "text" if (said.utterance or "").strip() else "other"
        if said.block and said.block.name == "웰컴 블록":
            kind, payload = "start", ""
        url = self._callback(said.callback)
        token = str(url.copy_with(fragment=str(int(self._house.now().timestamp())))) if url else ""
        lang = {"kr": "ko"}.get(said.lang, said.lang) if isinstance(said.lang, str) else ""
        message = IncomingMessage(
            external_id=self._key(skill, payload, request_id),
            address=said.user.id,
            kind=kind,
            text=said.utterance or "",
            payload=payload,
            lang_hint=lang if re.fullmatch(r"[A-Za-z-]{2,16}", lang) else "",
            reply_token=token,
        )
        return Received(
            (message,), ack=_json(self._answers.pending([], has_callback=bool(token), lang=message.lang_hint))
        )

    def _key(self, skill: Skill, payload: str, request_id: str) -> str:
        """Kakao's X-Request-Id. Where a proxy drops it: a keyed hash of who said what, and of the callback address,
        which is new for each call, or else of the minute (then the same word twice in a minute counts once)."""
        said = skill.request
        told = said.user.properties if isinstance(said.user.properties, dict) else {}
        known_by = self._known_by(told.get("appUserId", told.get("app_user_id")))
        if re.fullmatch(r"[\x21-\x7e]{8,100}", request_id):
            return known_by + request_id
        callback = said.callback if isinstance(said.callback, str) else ""
        when = callback or f"{self._house.now():%Y-%m-%dT%H:%M}"
        parts = orjson.dumps([said.user.id, said.utterance, payload, when])
        return f"{known_by}hash-{hmac.digest(self._house.secret, parts, hashlib.sha256).hex()}"

    def _callback(self, value: Any) -> httpx.URL | None:
        """The address as the client will read it, if a late answer may go there (no request to a foreign host)."""
        if not isinstance(value, str) or not 0 < len(value) <= _MOST_URL or not value.isascii():
            return None
        try:
            url = httpx.URL(value)
        except httpx.InvalidURL:
            return None
        is_ours = url.host in self._settings.callback_hosts
        is_kakao = url.scheme == "https" and url.host.endswith(".kakao.com") and url.port is None
        return url if (is_kakao or is_ours) and not url.userinfo and url.scheme in ("http", "https") else None

    def render(self, messages: Sequence[OutgoingMessage], *, pending: bool, lang: str) -> HttpAnswer:
        """At most 3 bubbles of 1000 characters and 10 quick replies; what is beyond is cut with "…".

        Pending, and a message holds a callback address: `useCallback`, and the rest may be sent there once. Pending
        without one: what there is, a word that more is coming, and a button to ask for it.
        """
        has_callback = any(message.reply_token for message in messages)
        if pending:
            return _json(self._answers.pending(messages, has_callback=has_callback, lang=lang))
        return _json(self._answers.body(messages, lang))

    async def send(self, message: OutgoingMessage) -> Sent:
        """One POST to the callback address, good once and for a minute (channel chat). Without one a skill is mute."""
        url = self._callback(message.reply_token)
        if url is None:
            raise SendFailed("카카오 스킬은 먼저 말을 걸 수 없습니다. 다음 대화 때 전합니다 (a skill cannot push)")
        if self._is_over(url):
            reason = "콜백의 1분이 지났습니다. 다음 대화 때 전합니다 (callback expired)"
            raise SendFailed(reason, retry=True, outage=False)
        body = _json(self._answers.body([message], message.lang)).body
        try:
            answer = await self._house.http.post(
                url.copy_with(fragment=None),
                content=body,
                headers={"content-type": "application/json"},
                timeout=self._settings.timeout_s,
                follow_redirects=False,
            )
        except NEVER_LEFT as error:
            raise SendFailed(f"카카오에 연결하지 못했습니다 (not sent: {type(error).__name__})", retry=True) from None
        except httpx.HTTPError as error:
            kind = type(error).__name__
            raise SendFailed(
                f"보내는 중에 끊겨 도착했는지 알 수 없습니다 (may have been sent: {kind})", unknown=True
            ) from None
        return _outcome(answer)

    def _is_over(self, url: httpx.URL) -> bool:
        """Behind the address stands when Kakao gave it."""
        given = url.fragment
        age = self._house.now().timestamp() - int(given) if re.fullmatch(r"[0-9]{1,11}", given) else 0
        return age > self._settings.limits.callback_s

    async def fetch(self, media: Media) -> bytes:
        raise SendFailed("카카오 스킬로는 파일이 오지 않습니다 (a skill carries no files)")

    async def working(self, address: str) -> None:
        """A skill has no typing sign."""

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return fitted(texts, MAX_BUBBLES)

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return Kakao(settings, house)


def _json(body: dict[str, Any]) -> HttpAnswer:
    return HttpAnswer(body=_dumped(body), content_type="application/json; charset=utf-8")


def _dumped(body: dict[str, Any]) -> bytes:
    """As JSON; half a pair of surrogates cannot be written and gets a stand-in."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def _outcome(answer: httpx.Response) -> Sent:
    """Kakao answers a callback with {"taskId", "status"}; a FAIL or ERROR comes with HTTP 200 as well.

    A refused callback (used, older than a minute) is `retry`: nothing was shown, and the next answer can still hold it.
    """
    code = answer.status_code
    if code == 429:
        wait = answer.headers.get("retry-after", "")
        seconds = float(wait[:6]) if wait.isascii() and wait.isdigit() else None
        raise SendFailed("카카오가 천천히 보내라고 합니다 (HTTP 429)", retry=True, retry_after=seconds)
    if code >= 500:
        raise SendFailed(
            f"카카오 서버 오류로 도착했는지 알 수 없습니다 (may have been sent: HTTP {code})", unknown=True
        )
    if not answer.is_success:
        reason = f"콜백 주소가 이미 쓰였거나 시간이 지났습니다 (callback refused: HTTP {code})"
        raise SendFailed(reason, retry=True, outage=False)
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return Sent()
    if isinstance(said, dict) and said.get("status") in ("FAIL", "ERROR"):
        reason = f"카카오가 콜백 답변을 거절했습니다 (callback status {said['status']})"
        raise SendFailed(reason, retry=True, outage=False)
    task = said.get("taskId") if isinstance(said, dict) else None
    return Sent(task if isinstance(task, str) and task.isascii() and task.isprintable() and len(task) <= 128 else "")
