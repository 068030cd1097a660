"""Bizgo's own OpenAPI document under Prism: what our channel sends is what the document asks for, a fault is not."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from bizgo import AsyncBizgo, SmsMessage

from core.contracts.channel import House, OutgoingMessage, Template
from integrations.channels.bizgo import Bizgo, Settings
from tests.counterparts.conftest import Prism

pytestmark = pytest.mark.counterpart
SPEC = "bizgo_openapi_1.2.0.yaml"
KEY = "test-api-key-not-real"
EXAMPLE = "20260424104234546POM101182450000"
"""The msgKey of the document's example; Prism always answers with it."""


async def publish(topic: str, payload: str) -> None:
    return None


@pytest.fixture
async def channel(prism: Prism, tmp_path: Path) -> AsyncIterator[Bizgo]:
    settings: dict[str, Any] = {
        "api_key": KEY,
        "sender": "0319802114",
        "webhook_secret": "not-used-here",
        "base_url": await prism(SPEC),
        "alimtalk": {"sender_key": "SENDER_KEY_EXAMPLE", "templates": {"case_received": "TEMPLATE_CODE_EXAMPLE"}},
    }
    async with httpx.AsyncClient(trust_env=False) as http:
        house = House(http, publish, b"s" * 32, tmp_path, "http://localhost", lambda: datetime.now(UTC))
        yield Bizgo(Settings.model_validate(settings), house)


def message(text: str, **values: Any) -> OutgoingMessage:
    return OutgoingMessage(UUID(int=7), "+821012345678", text, **values)


@pytest.mark.parametrize(
    "sent",
    [
        message("접수되었습니다."),
        message("가" * 1000),
        message("가" * 500, subject="민원 답변"),
        message("접수", template=Template("case_received", {"번호": "GP-1"})),
        message("접수", template=Template("case_received")),
    ],
    ids=["short", "long", "long with a subject", "alimtalk", "alimtalk without values"],
)
async def test_what_it_sends_is_what_the_document_asks_for(channel: Bizgo, sent: OutgoingMessage) -> None:
    assert (await channel.send(sent)).provider_id == EXAMPLE


async def test_reports_are_pulled_and_acknowledged_as_the_document_says(channel: Bizgo) -> None:
    """Prism makes the reports up from the schema, so only their door and their shape are shown here."""
    batch = await channel._client.reports.poll()
    for report in batch.reports:
        body = report.model_dump_json(by_alias=True, exclude_none=True).encode()
        received = channel.receive(channel._as_posted(body))
        assert received.reports or received.ignored
    await channel._client.reports.ack("REPORT_ID")


async def test_the_vendors_client_and_ours_are_answered_alike(channel: Bizgo, prism: Prism) -> None:
    async with AsyncBizgo(KEY, base_url=await prism(SPEC), max_retries=0, rate_limit=None) as theirs:
        result = await theirs.send.omni(
            to="01012345678",
            messages=[SmsMessage(from_="0319802114", text="접수되었습니다.")],
            idempotency_key=str(UUID(int=7)),
            idempotency_ttl=86400,
        )
    assert result.msg_keys == [(await channel.send(message("접수되었습니다."))).provider_id]


async def test_prism_refuses_what_the_document_does_not_allow(prism: Prism) -> None:
    """So that the tests above prove something: the same call without its key, or without anybody to send to."""
    url = await prism(SPEC) + "/api/comm/v1/send/omni"
    sms = {"sms": {"from": "0319802114", "text": "접수"}}
    async with httpx.AsyncClient(trust_env=False, headers={"authorization": KEY}) as http:
        assert (await http.post(url, json={"destinations": [{"to": "01012345678"}], "messageFlow": [sms]})).is_success
        assert (await http.post(url, json={"messageFlow": [sms]})).is_client_error
        assert (await http.post(url, json={"destinations": [], "messageFlow": [{"sms": {}}]})).is_client_error
