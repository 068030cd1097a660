"""How KakaoTalk's skill server talks to us and takes late answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from uuid import UUID

from core.contracts.channel import Channel, House, OutgoingMessage, WebhookRequest
from integrations.channels import kakao
from tests.integrations.channels.kits import Answer, Call, Failure, Kit, Sign

BOT = "64f0a1b2c3d4e5f600112233"
SECRET = "kakao-suite-secret-0123456789"
USER = "3f" * 33
TOKEN = "cb-suite-one-time-token"
ADMIN_KEY = "admin-key-of-the-suite-0123456789"
APP_USER = "3141592653"
BLOCK = {"id": "64f0a1b2c3d4e5f600112299", "name": "폴백 블록"}


class KakaoKit(Kit):
    secrets = (SECRET, TOKEN, ADMIN_KEY)
    limit = 1000
    most_bytes = 30_000
    address = USER
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": Answer(429, headers={"retry-after": "7"}),
        "error": Answer(500, b"oops"),
    }

    def build(self, house: House, url: str) -> Channel:
        settings = kakao.Settings(
            bot_id=BOT,
            secret=SECRET,
            callback_hosts=("127.0.0.1",),
            timeout_s=self.timeout_s,
            admin_key=ADMIN_KEY,
        )
        return kakao.build(settings, house)

    def sign(self, body: bytes) -> WebhookRequest:
        headers = {"x-sinmungo-secret": SECRET, "user-agent": "AHC/2.1", "content-type": "application/json"}
        return WebhookRequest("POST", headers, {}, body)

    def sign_friendship(self, body: bytes) -> WebhookRequest:
        """As developers.kakao.com tells of its channel webhook."""
        headers = {
            "authorization": f"KakaoAK {ADMIN_KEY}",
            "x-kakao-resource-id": "Rvy1c2dkzBAZ5hGD3rqYbxvr",
            "user-agent": "KakaoOpenAPI/1.0",
            "content-type": "application/json",
        }
        return WebhookRequest("POST", headers, {}, body, "https://city.example/channels/kakao/blocks")

    def friendship(self, event: str, user: Any = APP_USER, id_type: str = "app_user_id") -> Any:
        return {
            "event": event,
            "id": user,
            "id_type": id_type,
            "channel_public_id": "_ZeUTxl",
            "channel_uuid": "@gimpo",
            "updated_at": "2026-11-23T01:00:00Z",
        }

    def doors(self) -> Mapping[str, tuple[Sign, Any]]:
        return {"blocks": (self.sign_friendship, self.friendship("blocked"))}

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={"user-agent": "AHC/2.1"})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        wrong = {"another": "x" * len(SECRET), "a part": SECRET[:-1], "not ASCII": "비밀", "surrogate": "\udcff"}
        return {
            label: replace(request, headers=dict(request.headers) | {"x-sinmungo-secret": value})
            for label, value in wrong.items()
        }

    def skill(self, utterance: str, key: str = "1", extra: Any = None, **said: Any) -> Any:
        """As recorded calls look: both spellings of the keys, an empty clientExtra, no language."""
        keys = {"botUserKey": USER, "bot_user_key": USER, "plusfriendUserKey": "Abc12", "isFriend": "true"}
        user_request = {
            "block": BLOCK,
            "user": {"id": USER, "type": "botUserKey", "properties": keys},
            "utterance": utterance,
            "params": {"surface": "Kakaotalk.plusfriend"},
            "callbackUrl": f"https://bot-api.kakao.com/v1/bots/{BOT}/callback/{TOKEN}-{key}",
            "lang": "kr",
            "timezone": "Asia/Seoul",
        }
        return {
            "bot": {"id": f"{BOT}!", "name": "신문고 개발"},
            "intent": BLOCK | {"extra": {"reason": {"code": 1, "message": "OK"}}},
            "action": {"id": "a1", "name": "신문고", "params": {}, "detailParams": {}, "clientExtra": extra},
            "userRequest": user_request | said,
            "contexts": [],
        }

    def text(self, text: str, key: str = "1") -> Any:
        return self.skill(text, key, {})

    def button(self, payload: str) -> Any:
        return self.skill("네", extra={"payload": payload})

    def ignored(self) -> Mapping[str, Any]:
        entrance = {"botId": BOT, "type": "entrance", "timestamp": 1790000000000, "group": {"botGroupKey": "g"}}
        value = {"origin": "구래동", "resolved": "구래동"}
        return {
            "a group chat": entrance | {"payload": {"inviter": {"botUserKey": "u"}, "params": {"referer": "x"}}},
            "the admin centre's test": self.skill("시험", params={"ignoreMe": "true"}, lang=None),
            "a slot-filling check": self.skill("구래동", isInSlotFilling=True) | {"value": value},
        }

    def outgoing(self, url: str, text: str, **values: Any) -> OutgoingMessage:
        token = f"{url}/v1/bots/{BOT}/callback/{TOKEN}"
        return OutgoingMessage(id=UUID(int=7), address=USER, text=text, reply_token=token, **values)

    def ok(self, call: Call) -> Answer:
        return Answer(body=b'{"taskId": "t-1", "status": "SUCCESS", "message": "", "timestamp": 1790000000000}')

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        return [text for call in calls for text in shown(call.body)]


def shown(body: bytes) -> list[str]:
    """The bubbles of a skill answer, checked against the limits of the guide."""
    answer = json.loads(body)
    assert answer["version"] == "2.0"
    assert len(body) <= 30_000
    outputs, quick = answer["template"]["outputs"], answer["template"].get("quickReplies", [])
    assert 1 <= len(outputs) <= 3
    assert len(quick) <= 10
    assert all(0 < len(reply["label"]) <= 14 for reply in quick)
    return [output["simpleText"]["text"] for output in outputs]


KIT = KakaoKit()
