"""KakaoTalk skill (챗봇 관리자센터): the answer is the HTTP response within 5 s, a later one goes by one-time callback.

Kakao signs nothing, so a header of ours and the bot's id are the proof. Source: Kakao Business guide, "응답 타입별 JSON
포맷" and "AI 챗봇 콜백 개발 가이드"; field lengths and what is uncertain about them: docs/channels/kakao.md.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import logs
from core.contracts.channel import (
    Button,
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

MAX_TEXT = 1000
MAX_BUBBLES = 3
MAX_BUTTONS = 10
MAX_LABEL = 14
SHOW_PAYLOAD = "late:show"
"""What the "show the answer" button carries where buttons can carry something (`block_id` is set)."""
_WAIT = {
    "ko": "답변을 준비하고 있습니다. 잠시 뒤에 다시 확인해 주세요.",
    "en": "We are preparing the answer. Please check again in a moment.",
}
_SHOW = {"ko": "답변 보기", "en": "Show answer"}
_GOT = {"ko": "메시지를 받았습니다.", "en": "We have received your message."}
_TESTED = "신문고에 연결되었습니다. 관리자센터의 시험 호출을 잘 받았습니다."
_SENTENCE_END = re.compile(r"[.!?。…]\s|\n")


class Settings(BaseModel):
    """`secret` is the value of the header that the officer enters for the skill; `header` is its name.

    `block_id`: the block that the skill hangs on; with it buttons bring their payload back, without it their label.
    `callback_hosts`: hosts beside *.kakao.com that may get late answers (a test server; plain http is taken there).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    bot_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}!?$")]
    secret: Annotated[str, Field(min_length=16, pattern=r"^[\x21-\x7e]+$", repr=False)]
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "X-Sinmungo-Secret"
    block_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{0,64}$")] = ""
    callback_hosts: tuple[str, ...] = ()
    timeout_s: Annotated[float, Field(gt=0, le=15)] = 10


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Bot(_Part):
    id: Annotated[str, Field(max_length=128)]


class User(_Part):
    id: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]


class Block(_Part):
    name: str | None = None


class UserRequest(_Part):
    """`lang` is ko, kr or null; `params` may be null; only what is used here is checked."""

    user: User
    utterance: str | None = None
    lang: Any = None
    params: Any = None
    block: Block | None = None
    callback: Annotated[Any, Field(alias="callbackUrl")] = None
    is_slot_check: Annotated[Any, Field(alias="isInSlotFilling")] = None


class Action(_Part):
    """`clientExtra` is {}, null or the text "null" unless a button of ours was pressed."""

    extra: Annotated[Any, Field(alias="clientExtra")] = None


class Skill(_Part):
    bot: Bot
    request: Annotated[UserRequest, Field(alias="userRequest")]
    action: Action | None = None


class Entrance(_Part):
    """A group-chat bot was invited somewhere."""

    bot_id: Annotated[str, Field(alias="botId", max_length=128)]
    type: str


class Kakao:
    name = "kakao"
    replies: Literal["push", "in_response"] = "in_response"
    capabilities = Capabilities(
        max_text=MAX_TEXT, max_buttons=MAX_BUTTONS, max_label=MAX_LABEL, max_bubbles=MAX_BUBBLES, idempotent=False
    )

    def __init__(self, settings: Settings, house: House) -> None:
        logs.only_hosts()
        self._settings = settings
        self._house = house
        self._header = settings.header.lower()

    def receive(self, request: WebhookRequest) -> Received:
        """Secret header, bot id, then the utterance. `ack` is the answer for a turn that is not ready in time."""
        given = request.headers.get(self._header, "")
        if not given:
            raise Forged("secret header is missing", status=401)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self._settings.secret.encode()):
            raise Forged("secret header does not fit")
        try:
            raw = orjson.loads(request.body)
            if isinstance(raw, dict) and "botId" in raw:
                self._check(Entrance.model_validate(raw).bot_id)
                return Received(ignored="a group chat event", ack=_json({"version": "2.0"}))
            skill = Skill.model_validate(raw)
        except orjson.JSONDecodeError:
            raise Malformed("the body is not UTF-8 JSON") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            raise Malformed(f"{'.'.join(map(str, first['loc']))}: {first['type']}") from None
        self._check(skill.bot.id)
        return self._read(skill, request.headers.get("x-request-id", ""))

    def _check(self, bot_id: str) -> None:
        """A development bot has the same id with "!" behind it."""
        if bot_id.removesuffix("!") != self._settings.bot_id.removesuffix("!"):
            raise Forged("another bot's id")

    def _read(self, skill: Skill, request_id: str) -> Received:
        said = skill.request
        if said.is_slot_check is True:
            return Received(ignored="a slot-filling check", ack=_json({"status": "IGNORE"}))
        if isinstance(said.params, dict) and str(said.params.get("ignoreMe")).lower() == "true":
            return Received(ignored="the admin centre's test call", ack=_json(self._body([_TESTED], (), "ko")))
        payload = _payload(skill.action.extra if skill.action else None)
        kind: MessageKind = "button" if payload else "text" if (said.utterance or "").strip() else "other"
        if said.block and said.block.name == "웰컴 블록":
            kind, payload = "start", ""
        token = str(self._callback(said.callback) or "")
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
        return Received((message,), ack=_json(self._pending([], has_callback=bool(token), lang=message.lang_hint)))

    def _key(self, skill: Skill, payload: str, request_id: str) -> str:
        """Kakao's X-Request-Id. Where a proxy drops it: a keyed hash of who said what, and of the callback address,
        which is new for each call, or else of the minute (then the same word twice in a minute counts once)."""
        if re.fullmatch(r"[\x21-\x7e]{8,100}", request_id):
            return request_id
        said = skill.request
        callback = said.callback if isinstance(said.callback, str) else ""
        when = callback or f"{self._house.now():%Y-%m-%dT%H:%M}"
        parts = orjson.dumps([said.user.id, said.utterance, payload, when])
        return "hash-" + hmac.digest(self._house.secret, parts, hashlib.sha256).hex()

    def _callback(self, value: Any) -> httpx.URL | None:
        """The address as the client will read it, if a late answer may go there (no request to a foreign host)."""
        if not isinstance(value, str) or not 0 < len(value) <= 2000 or not value.isascii():
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
            return _json(self._pending(messages, has_callback=has_callback, lang=lang))
        return _json(self._body(_texts(messages) or [_GOT[_known(lang)]], _buttons(messages), lang))

    def _pending(self, messages: Sequence[OutgoingMessage], *, has_callback: bool, lang: str) -> dict[str, Any]:
        wait, texts = _WAIT[_known(lang)], _texts(messages)
        if has_callback:
            shown = "\n\n".join(texts) or wait
            return {"version": "2.0", "useCallback": True, "data": {"text": _bubbles([shown], 1)[0]}}
        show = Button(_SHOW[_known(lang)], SHOW_PAYLOAD)
        return self._body([*_bubbles(texts, MAX_BUBBLES - 1), wait], (show, *_buttons(messages)), lang)

    def _body(self, texts: Sequence[str], buttons: Sequence[Button], lang: str) -> dict[str, Any]:
        outputs = [{"simpleText": {"text": bubble}} for bubble in _bubbles(texts, MAX_BUBBLES)]
        template: dict[str, Any] = {"outputs": outputs}
        if buttons:
            template["quickReplies"] = [self._quick_reply(one) for one in buttons[:MAX_BUTTONS]]
        return {"version": "2.0", "template": template}

    def _quick_reply(self, button: Button) -> dict[str, Any]:
        """By "message" only the label comes back (the dialogue finds the button by it); by "block" the payload."""
        label = button.label if len(button.label) <= MAX_LABEL else button.label[: MAX_LABEL - 1] + "…"
        reply: dict[str, Any] = {"label": label, "action": "message", "messageText": button.label[:MAX_TEXT]}
        if self._settings.block_id:
            reply |= {"action": "block", "blockId": self._settings.block_id, "extra": {"payload": button.payload}}
        return reply

    async def send(self, message: OutgoingMessage) -> Sent:
        """One POST to the callback address, good once and for a minute (channel chat). Without one a skill is mute."""
        url = self._callback(message.reply_token)
        if url is None:
            raise SendFailed("카카오 스킬은 먼저 말을 걸 수 없습니다. 다음 대화 때 전합니다 (a skill cannot push)")
        body = orjson.dumps(
            self._body(_texts([message]) or [_GOT[_known(message.lang)]], message.buttons, message.lang)
        )
        try:
            answer = await self._house.http.post(
                url,
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

    async def fetch(self, media: Media) -> bytes:
        raise SendFailed("카카오 스킬로는 파일이 오지 않습니다 (a skill carries no files)")

    async def working(self, address: str) -> None:
        """A skill has no typing sign."""

    def bubbles(self, texts: Sequence[str]) -> list[str]:
        return _bubbles(texts, MAX_BUBBLES)

    async def aclose(self) -> None:
        """Nothing of its own: the house's client is the house's to close."""


def build(settings: Settings, house: House) -> Channel:
    return Kakao(settings, house)


def _json(body: dict[str, Any]) -> HttpAnswer:
    return HttpAnswer(body=orjson.dumps(body), content_type="application/json; charset=utf-8")


def _known(lang: str) -> Literal["ko", "en"]:
    return "ko" if lang in ("", "ko") else "en"


def _payload(extra: Any) -> str:
    """Ours, or "" when the call has none or a stranger's."""
    payload = extra.get("payload") if isinstance(extra, dict) else None
    is_ours = isinstance(payload, str) and len(payload) <= 64 and payload.isascii() and payload.isprintable()
    return str(payload) if is_ours else ""


def _texts(messages: Sequence[OutgoingMessage]) -> list[str]:
    return [message.text for message in messages if message.text.strip()]


def _buttons(messages: Sequence[OutgoingMessage]) -> tuple[Button, ...]:
    """Those of all messages, each label once: Kakao has one row of them under the whole answer."""
    return tuple({button.label: button for message in messages for button in message.buttons}.values())


def _bubbles(texts: Sequence[str], most: int) -> list[str]:
    """At most `most` bubbles: a text each, long ones split; packed together when they are too many; then cut."""
    pieces = [piece for text in texts for piece in _pieces(text)]
    if len(pieces) > most:
        pieces = _pieces("\n\n".join(texts))
    if len(pieces) > most:
        last = pieces[most - 1]
        pieces = [*pieces[: most - 1], last[: MAX_TEXT - 1] + "…"]
    return pieces


def _pieces(text: str) -> list[str]:
    """Split at the last sentence end of the second half of each 1000 characters, else at a space, else anywhere."""
    pieces = []
    while len(text) > MAX_TEXT:
        ends = [match.end() for match in _SENTENCE_END.finditer(text, MAX_TEXT // 2, MAX_TEXT)]
        at = ends[-1] if ends else text.rfind(" ", MAX_TEXT // 2, MAX_TEXT) + 1 or MAX_TEXT
        pieces.append(text[:at].rstrip() or "…")
        text = text[at:].lstrip()
    return [*pieces, text] if text else pieces


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
        raise SendFailed(f"콜백 주소가 이미 쓰였거나 시간이 지났습니다 (callback refused: HTTP {code})", retry=True)
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return Sent()
    if isinstance(said, dict) and said.get("status") in ("FAIL", "ERROR"):
        raise SendFailed(f"카카오가 콜백 답변을 거절했습니다 (callback status {said['status']})", retry=True)
    task = said.get("taskId") if isinstance(said, dict) else None
    return Sent(task if isinstance(task, str) and task.isascii() and task.isprintable() and len(task) <= 128 else "")
