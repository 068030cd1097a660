"""The example assistant (deploy/rasa/assistant) in a real Rasa 3.6, with our processes as its action server."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from core.contracts.channel import Button, OutgoingMessage
from core.loading import ROOT
from integrations.channels import rasa
from integrations.language import rasa as language
from tests.crash.processes import City, write_config
from tests.integrations.channels.conftest import Lent, lent, serve  # noqa: F401 - fixtures
from tests.integrations.channels.counterpart import Counterpart, serving
from tests.integrations.channels.kits import Answer
from tests.integrations.language.light import NOW, Light
from tests.opened import said, vault_of_tests
from tests.rasa.conftest import RasaEnv, Started

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(1800)]
ASSISTANT = ROOT / "deploy/rasa/assistant"
TOKEN = "action-token-of-the-real-rasa-0123"
HTTP_TOKEN = "http-token-of-our-own-engine"
API_TOKEN = "api-token-of-the-real-rasa"


@pytest.fixture(scope="module")
async def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    config = write_config(
        tmp_path_factory.mktemp("city"),
        channels={"rasa": {"enabled": True, "token": TOKEN}},
        nlu={"http": {"enabled": True, "token": HTTP_TOKEN}},
    )
    made = City(config, database_url)
    try:
        await made.up()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
async def told() -> AsyncIterator[Counterpart]:
    """Where Rasa's callback channel speaks to."""
    async with serving(lambda call: Answer()) as counterpart:
        yield counterpart


@pytest.fixture(scope="module")
async def assistant(rasa_env: RasaEnv, city: City, told: Counterpart) -> AsyncIterator[Started]:
    """Trained from the files as they lie there; only where it speaks to is this test's own."""
    done = rasa_env.run(
        "exec", "train", "--domain", f"{ASSISTANT}/domain.yml", "--config", f"{ASSISTANT}/config.yml",
        "--data", f"{ASSISTANT}/nlu.yml", f"{ASSISTANT}/rules.yml",
        "--out", str(rasa_env.home / "models"), "--fixed-model-name", "assistant",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    credentials = rasa_env.home / "credentials.yml"
    credentials.write_text((ASSISTANT / "credentials.yml").read_text("utf-8") + f"callback:\n  url: {told.url}/said\n")
    with rasa_env.start(
        "exec", "run", "--enable-api", "--auth-token", API_TOKEN, "--interface", "127.0.0.1",
        "--model", str(rasa_env.home / "models/assistant.tar.gz"),
        "--endpoints", f"{ASSISTANT}/endpoints.yml", "--credentials", str(credentials),
        SINMUNGO_ACTION_URL=f"{await city.base(0)}/actions/webhook", SINMUNGO_ACTION_TOKEN=TOKEN,
    ) as started:  # fmt: skip
        yield started


@dataclass
class Chat:
    """One citizen at Rasa's REST channel."""

    client: httpx.AsyncClient
    sender: str = field(default_factory=lambda: f"citizen-{uuid4().hex[:8]}")
    buttons: list[dict[str, str]] = field(default_factory=list)

    async def say(self, text: str) -> str:
        answer = await self.client.post("/webhooks/rest/webhook", json={"sender": self.sender, "message": text})
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert all(one["recipient_id"] == self.sender for one in said)
        self.buttons = [button for one in said for button in one.get("buttons", ())] or self.buttons
        return "\n".join(one.get("text", "") for one in said)

    async def press(self, title: str) -> str:
        return await self.say(next(one["payload"] for one in self.buttons if one["title"] == title))

    async def slots(self) -> dict[str, Any]:
        path = f"/conversations/{self.sender}/tracker"
        slots: dict[str, Any] = (await self.client.get(path, params={"token": API_TOKEN})).json()["slots"]
        return slots


@pytest.fixture
async def chat(assistant: Started) -> AsyncIterator[Chat]:
    async with httpx.AsyncClient(base_url=assistant.url, timeout=60, trust_env=False) as client:
        yield Chat(client)


async def rows(url: str, query: Any, *values: Any) -> list[dict[str, Any]]:
    async with await psycopg.AsyncConnection.connect(url, row_factory=dict_row) as connection:
        return await (await connection.execute(query, values)).fetchall()


async def test_our_own_client_takes_us_for_a_rasa(city: City) -> None:
    """`nlu.engine: rasa` with another house of ours at the address."""
    settings = language.Settings(url=await city.base(0), token=HTTP_TOKEN)
    assert "3.6.21" in await language.probe(settings)
    reader = language.build(settings, Light(), {"parking_find", "office_info"})
    try:
        seen = await reader.hear(NOW)("구래역 근처 주차장 어디예요?")
        assert reader.health()["answered"] == 1
    finally:
        await reader.aclose()
    assert (seen.intent, [one.value for one in seen.entities]) == ("parking_find", ["구래역"])


async def test_rasa_gets_our_korean_answers(chat: Chat) -> None:
    assert "여권" in await chat.say("여권은 어디서 만들어요?")
    assert "신문고가 대신 답해" in await chat.say("너는 누구야")
    assert "주차장" in await chat.say("구래동 주차장 찾아요")


async def test_a_complaint_filed_through_rasa_stands_in_our_store(chat: Chat, database_url: str) -> None:
    await chat.say("구래동 공원 앞에 쓰레기가 며칠째 쌓여 있어요")
    assert (await chat.slots())["sinmungo_open_form"]
    for title in ("쓰레기·무단투기", "계속·매일", "사진 없음", "동의하고 민원"):
        await chat.press(title)
    await chat.say("홍길동입니다")
    assert "이대로 접수할까요" in await chat.say("01012345678")
    said = await chat.press("접수")
    filed = await rows(
        database_url,
        """SELECT k.receipt_no, k.category, k.channel FROM cases k JOIN conversations c ON c.id = k.conversation_id
           WHERE c.address = %s""",
        chat.sender,
    )
    assert [(one["category"], one["channel"]) for one in filed] == [("waste", "rasa")]
    assert filed[0]["receipt_no"] in said
    slots = await chat.slots()
    assert (slots["sinmungo_case_no"], slots["sinmungo_open_form"]) == (filed[0]["receipt_no"], None)


async def test_a_pressed_button_leads_on(chat: Chat, database_url: str) -> None:
    await chat.say("안녕하세요")
    assert "주차장" in await chat.press("주차장 찾기")
    stored = await rows(
        database_url,
        """SELECT i.id, i.kind, i.content, i.intent FROM inbound i
           JOIN conversations c ON c.id = i.conversation_id WHERE c.address = %s ORDER BY i.seq""",
        chat.sender,
    )
    last = said(await vault_of_tests(database_url), stored[-1])
    assert (last["kind"], last["content"]["payload"], last["intent"]) == ("button", "do:parking_find", "parking_find")


async def test_a_late_answer_is_said_on_the_channel_where_the_citizen_wrote(
    assistant: Started,
    told: Counterpart,
    lent: Lent,  # noqa: F811
) -> None:
    sender = f"late-{uuid4().hex[:8]}"
    async with httpx.AsyncClient(base_url=assistant.url, timeout=60, trust_env=False) as client:
        await client.post("/webhooks/callback/webhook", json={"sender": sender, "message": "안녕하세요"})
        settings = rasa.Settings(token=TOKEN, rasa_url=assistant.url, rasa_token=API_TOKEN)
        channel = rasa.build(settings, lent.house)
        late = OutgoingMessage(UUID(int=1), sender, "늦었지만 답입니다.", (Button("주차장", "do:parking_find"),))
        await channel.send(late)
    spoken = [json.loads(call.body) for call in told.calls if sender in call.body.decode()]
    assert spoken[-1]["text"] == "늦었지만 답입니다."
    assert spoken[-1]["buttons"] == [{"title": "주차장", "payload": '/sinmungo{"press": "do:parking_find"}'}]
