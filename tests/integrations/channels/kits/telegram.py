"""How Telegram's Bot API talks to us and answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import parse_qs

from core.contracts.channel import Channel, House, WebhookRequest
from integrations.channels import telegram
from tests.integrations.channels.kits import Answer, Call, Failure, Kit

TOKEN = "7000000001:AAF-suite_suite_suite_suite_suite_x"
SECRET = "suite_webhook-secret_0123456789"
PERSON = {"id": 5550001, "is_bot": False, "first_name": "순신", "last_name": "이", "language_code": "ko"}
CHAT = {"id": 5550001, "type": "private", "first_name": "순신", "last_name": "이"}


def refusal(code: int, description: str, **parameters: Any) -> Answer:
    said = {"ok": False, "error_code": code, "description": description}
    return Answer(code, json.dumps(said | ({"parameters": parameters} if parameters else {})).encode())


def fields(call: Call) -> dict[str, str]:
    """The form of a Bot API call."""
    return {name: values[0] for name, values in parse_qs(call.body.decode()).items()}


def result(value: Any) -> Answer:
    return Answer(200, json.dumps({"ok": True, "result": value}).encode())


class TelegramKit(Kit):
    secrets = (TOKEN, TOKEN.partition(":")[2], SECRET)
    limit = 4096
    address = "5550001"
    file = b"\xff\xd8\xff\xe0 a photo of a streetlight"
    failures: ClassVar[Mapping[Failure, Answer]] = {
        "too_many": refusal(429, "Too Many Requests: retry after 7", retry_after=7),
        "error": refusal(502, "Bad Gateway"),
        "blocked": refusal(403, "Forbidden: bot was blocked by the user"),
        "refused": refusal(400, "Bad Request: chat not found"),
    }

    def build(self, house: House, url: str) -> Channel:
        settings = telegram.Settings(token=TOKEN, webhook_secret=SECRET, api_base_url=url, timeout_s=self.timeout_s)
        return telegram.build(settings, house)

    def sign(self, body: bytes) -> WebhookRequest:
        return WebhookRequest("POST", {telegram.HEADER: SECRET, "content-type": "application/json"}, {}, body)

    def unsigned(self, request: WebhookRequest) -> WebhookRequest:
        return replace(request, headers={"content-type": "application/json"})

    def forged(self, request: WebhookRequest) -> Mapping[str, WebhookRequest]:
        wrong = {
            "another": "x" * len(SECRET),
            "a part": SECRET[:-1],
            "the bot token": TOKEN,
            "not ASCII": "비밀",
            "surrogate": "\udcff",
            "spaces": f" {SECRET}",
        }
        return {label: replace(request, headers={telegram.HEADER: value}) for label, value in wrong.items()}

    def update(self, kind: str, content: Any, key: str = "1") -> Any:
        return {"update_id": 910000 + int(key), kind: content}

    def message(self, key: str = "1", **values: Any) -> Any:
        return self.update(
            "message", {"message_id": 17, "date": 1789990000, "chat": CHAT, "from": PERSON} | values, key
        )

    def text(self, text: str, key: str = "1") -> Any:
        return self.message(key, text=text)

    def button(self, payload: str) -> Any:
        asked = {"message_id": 16, "date": 1789980000, "chat": CHAT, "text": "맞습니까?"}
        pressed = {"id": "4400112233", "from": PERSON, "message": asked, "chat_instance": "-771", "data": payload}
        return self.update("callback_query", pressed)

    def place(self, lat: float, lon: float) -> Any:
        return self.message(location={"latitude": lat, "longitude": lon, "horizontal_accuracy": 20.5})

    def photo(self, url: str) -> Any:
        small = {"file_id": "AgAC-small", "file_unique_id": "s1", "width": 90, "height": 67, "file_size": 1200}
        large = {
            "file_id": "AgAC-large",
            "file_unique_id": "l1",
            "width": 1280,
            "height": 960,
            "file_size": len(self.file),
        }
        return self.message(photo=[small, large], caption="가로등이 꺼졌어요")

    def ignored(self) -> Mapping[str, Any]:
        group = {"id": -100200300, "type": "supergroup", "title": "구래동 주민"}
        added = {
            "chat": group,
            "from": PERSON,
            "date": 1789990000,
            "old_chat_member": {"user": PERSON, "status": "left"},
            "new_chat_member": {"user": PERSON, "status": "member"},
        }
        moved = {"latitude": 37.6, "longitude": 126.7, "live_period": 900}
        return {
            "moved on": self.update("edited_message", self.message(location=moved, edit_date=1789990001)["message"]),
            "words taken out": self.update("edited_message", self.message(photo=[], edit_date=1789990001)["message"]),
            "a group's correction": self.update("edited_message", self.message(text="고침", chat=group)["message"]),
            "in a group": self.message(text="안녕", chat=group),
            "a channel post": self.update("channel_post", {"message_id": 1, "date": 1, "chat": group, "text": "글"}),
            "a kind of the future": self.update("mind_reading", {"thought": "…"}),
            "no kind at all": {"update_id": 1},
            "pinned": self.message(pinned_message=self.message(text="x")["message"]),
            "a command in a group": self.message(text="/start@sinmungo_bot", chat=group),
            "added to a group": self.update("my_chat_member", added),
            "library refuses": self.update(
                "message", {"message_id": 1, "date": 1, "chat": {"id": 1}, "text": "no chat type"}
            ),
            "an inline button": self.update(
                "callback_query",
                {"id": "9", "from": PERSON, "chat_instance": "1", "data": "x", "inline_message_id": "7"},
            ),
        }

    def ok(self, call: Call) -> Answer:
        if call.method == "GET":
            return Answer(body=self.file) if call.path == f"/file/bot{TOKEN}/photos/file_1.jpg" else Answer(404)
        method = call.path.removeprefix(f"/bot{TOKEN}/")
        if method == "sendMessage":
            return result({"message_id": 31, "date": 1790000000, "chat": CHAT, "text": fields(call)["text"]})
        if method == "getFile":
            file = {"file_id": fields(call)["file_id"], "file_unique_id": "l1", "file_size": len(self.file)}
            return result(file | {"file_path": "photos/file_1.jpg"})
        if method == "editMessageText":
            said = {"message_id": int(fields(call)["message_id"]), "date": 1790000000, "chat": CHAT}
            return result(said | {"text": fields(call)["text"]})
        if method in ("sendChatAction", "answerCallbackQuery", "editMessageReplyMarkup", "setMyCommands"):
            return result(True)
        return refusal(404, "Not Found")

    def measure(self, text: str) -> int:
        """Telegram counts UTF-16 units."""
        return len(text.encode("utf-16-le")) // 2

    def texts(self, calls: Sequence[Call], published: Sequence[tuple[str, str]]) -> list[str]:
        return [fields(call)["text"] for call in calls if call.path.endswith("/sendMessage")]


KIT = TelegramKit()
