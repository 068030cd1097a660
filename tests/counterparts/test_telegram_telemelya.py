"""A citizen on a Telegram that others wrote, and the house as a process: a complaint from /start to its receipt."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from tests.counterparts.telemelya import Front, running
from tests.counterparts.test_matrix import command
from tests.crash.databases import own_database
from tests.crash.partner import Counterpart
from tests.crash.processes import City, write_config
from tests.journeys.conftest import NEVER_QUIET
from tests.journeys.house import Town
from tests.ports import free_port
from tests.waiting import until

pytestmark = [pytest.mark.counterpart, pytest.mark.timeout(600)]
TOKEN = "7000000001:AAF-telemelya_telemelya_telemelya_x"
SECRET = "webhook-secret-of-telemelya-0123456789"
_STATE = """
SELECT (SELECT count(*) FROM inbound WHERE conversation_id = c.id) AS heard,
  (SELECT count(*) FROM inbound WHERE conversation_id = c.id AND processed_at IS NULL)
   + (SELECT count(*) FROM outbound WHERE conversation_id = c.id AND status IN ('queued', 'sending')) AS left,
  (SELECT count(*) FROM outbound WHERE conversation_id = c.id AND status = 'sent') AS sent
FROM conversations c WHERE c.channel = 'telegram' AND c.address = %s
"""


@dataclass(slots=True)
class World:
    town: Town
    telegram: str
    front: Front
    config: Path


@dataclass(slots=True)
class Citizen:
    """One chat. `calls` is all that the bot did in it, as telemelya keeps it; `transcript` is for the guide."""

    world: World
    chat: int = field(default_factory=lambda: uuid4().int % 10**9)
    heard: int = 0
    read: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)

    async def _post(self, path: str, **values: Any) -> Any:
        url = f"{self.world.telegram}/api/v1/test/{path}"
        headers = {"Authorization": "Bearer any", "X-Test-Session": str(self.chat)}
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            answer = await client.request("POST" if values else "GET", url, headers=headers, **values)
        assert answer.is_success, answer.text
        return answer.json()

    async def update(self, shown: str, **values: Any) -> list[dict[str, Any]]:
        """One update, delivered to the webhook; the messages that came of it. `shown`: as the transcript has it."""
        body = {"chat_id": self.chat, "from_user": {"id": self.chat, "first_name": "하나"}, **values}
        done = await self._post(f"send_update?bot_token={TOKEN}", json=body)
        assert done["delivery"]["status_code"] == 200, done
        self.heard += 1
        said = await self.next()
        self.transcript.append(f"시민: {shown}")
        self.transcript += [f"신문고: {one['text']}" for one in said]
        return said

    async def say(self, text: str) -> list[dict[str, Any]]:
        return await self.update(text, text=text)

    async def press(self, label: str) -> list[dict[str, Any]]:
        """The latest inline button with this label."""
        for call in reversed(self.calls):
            rows = (call.get("reply_markup") or {}).get("inline_keyboard", [])
            data = next((one["callback_data"] for row in rows for one in row if one["text"] == label), None)
            if data and call["method"] == "sendMessage":
                return await self.update(f"[{label}]", callback_data=data, callback_message_id=call["message_id"])
        raise AssertionError(f"no button {label}")

    async def photo(self) -> list[dict[str, Any]]:
        picture = BytesIO()
        Image.new("RGB", (64, 48), "orange").save(picture, "JPEG")
        kept = await self._post("upload_media", files={"file": ("lamp.jpg", picture.getvalue(), "image/jpeg")})
        return await self.update("(사진)", photo_file_id=kept["file_id"], photo_caption="여기예요")

    async def next(self) -> list[dict[str, Any]]:
        """What came since the last look, once all is heard, answered and sent."""

        async def is_all_here() -> bool:
            rows = await self.world.town.rows(_STATE, str(self.chat))
            if not rows or rows[0]["heard"] < self.heard or rows[0]["left"]:
                return False
            self.calls = (await self._post("responses"))["responses"]
            return len(self.sent) >= int(rows[0]["sent"])

        await until(is_all_here, 90)
        fresh, self.read = self.sent[self.read :], len(self.sent)
        return fresh

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["method"] == "sendMessage"]


def words(messages: list[dict[str, Any]]) -> str:
    return "\n".join(one["text"] for one in messages)


@pytest.fixture(scope="module")
async def world(server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("telegram")
    async with running(folder) as telegram:
        front = Front(free_port(), SECRET, telegram, TOKEN)
        section = {"enabled": True, "token": TOKEN, "webhook_secret": SECRET, "api_base_url": telegram}
        config = write_config(
            folder, channels={"telegram": section}, web={"public_url": front.url}, messaging=NEVER_QUIET
        )
        with own_database(server_url, template_name) as database_url:
            async with front.serving(), httpx.AsyncClient(timeout=30) as client:
                city = City(config, database_url)
                try:
                    await city.up()
                    front.house = await city.base(0)
                    code, said = await command(config, database_url, "register", "telegram")
                    assert code == 0 and "@telemelya_bot" in said, said
                    yield World(Town(city, Counterpart(), database_url, client), telegram, front, config)
                finally:
                    city.close()


@pytest.fixture
def citizen(world: World) -> Citizen:
    return Citizen(world)


async def test_a_complaint_from_hello_to_its_receipt(citizen: Citizen) -> None:
    hello = await citizen.say("/start")
    assert "신문고" in words(hello)
    await citizen.say("집 앞 가로등이 며칠째 꺼져 있어요")
    await citizen.press("가로등·보안등")
    asked = citizen.sent[-1]["reply_markup"]
    assert asked["keyboard"][0][0]["request_location"] is True, "the place is asked for by Telegram's own key"
    await citizen.say("구래동 우체국 앞")
    await citizen.press("계속·매일")
    assert "어떻게 접수할까요?" in words(await citizen.photo()), "the photo was fetched and taken"
    await citizen.press("동의하고 민원")
    await citizen.say("홍길동입니다")
    summary = words(await citizen.say("01012345678"))
    assert "구래동 우체국 앞" in summary and "사진: 1장" in summary
    receipt = words(await citizen.press("접수"))
    number = re.search(r"[A-Z]+-\d{4}-\d{6}", receipt)
    assert number, receipt
    assert number[0] in words(await citizen.say(f"{number[0]} 조회"))
    citizen.world.config.with_name("transcript.txt").write_text("\n".join(citizen.transcript), "utf-8")


async def test_every_press_is_answered_and_its_question_closed(citizen: Citizen) -> None:
    await citizen.say("가로등이 고장났어요")
    question = citizen.sent[-1]["message_id"]
    await citizen.press("가로등·보안등")
    await until(lambda: _done(citizen, question), 30)
    assert any(call["method"] == "answerCallbackQuery" for call in citizen.calls)


async def _done(citizen: Citizen, question: int) -> bool:
    citizen.calls = (await citizen._post("responses"))["responses"]
    edits = [call for call in citizen.calls if call["method"].startswith("editMessage")]
    return [call["message_id"] for call in edits] == [question]


async def test_what_has_not_the_secret_is_refused(world: World) -> None:
    update = {
        "update_id": 1,
        "message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "x"},
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        for headers, status in (({}, 401), ({"x-telegram-bot-api-secret-token": "wrong"}, 403)):
            answer = await client.post(
                f"{world.front.house}/channels/telegram", content=json.dumps(update), headers=headers
            )
            assert answer.status_code == status
    assert await world.town.rows("SELECT 1 FROM conversations WHERE channel = 'telegram' AND address = %s", "1") == []


async def test_a_repeated_update_is_answered_once(citizen: Citizen) -> None:
    await citizen.say("안녕하세요")
    before = len(citizen.sent)
    chat = {"id": citizen.chat, "type": "private"}
    update = {
        "update_id": 9_999_000_001,
        "message": {
            "message_id": 77,
            "date": 1_790_000_000,
            "chat": chat,
            "from": {"id": citizen.chat, "is_bot": False, "first_name": "하나"},
            "text": "도움말",
        },
    }
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for _ in range(3):
            answer = await client.post(f"{citizen.world.front.url}/channels/telegram", json=update)
            assert answer.status_code == 200
    citizen.heard += 1
    await citizen.next()
    assert len(citizen.sent) == before + 1
