"""Twilio's OpenAPI document under Prism: what our channel sends is what the document asks for, a fault is not."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from core.contracts.channel import OutgoingMessage
from integrations.channels.twilio import Settings, Twilio
from tests.counterparts.conftest import Prism, Watched

pytestmark = pytest.mark.counterpart
SPEC = "twilio_messages_oas3.json"
ACCOUNT, SERVICE = "AC" + "5" * 32, "MG" + "5" * 32
GIVEN: dict[str, Any] = {
    "account_sid": ACCOUNT,
    "auth_token": "token-of-the-counterparts-0123",
    "sender": "+12025550123",
    "webhook_url": "https://minwon.example.go.kr/channels/twilio",
}


@pytest.mark.parametrize("text", ["접수했습니다.", "가" * 5000, "1. 네\n2. 아니요", "🚨 & + = %"])
@pytest.mark.parametrize("values", [{}, {"sender": "", "messaging_service_sid": SERVICE}], ids=["number", "service"])
async def test_what_it_sends_is_what_the_document_asks_for(
    prism: Prism, watched: Watched, text: str, values: dict[str, str]
) -> None:
    settings = Settings.model_validate(GIVEN | {"api_base_url": await prism(SPEC)} | values)
    sent = await Twilio(settings, watched.house).send(OutgoingMessage(UUID(int=7), "+821055501234", text))
    assert watched.violations() == []
    assert sent.provider_id == watched.answers[0].json()["sid"]


async def test_prism_refuses_what_the_document_does_not_allow(prism: Prism) -> None:
    url = f"{await prism(SPEC)}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    good = {"To": "+821055501234", "From": "+12025550123", "Body": "네"}
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(url, data=good)).status_code == 401, "no credentials"
        http.auth = httpx.BasicAuth(ACCOUNT, "x")
        assert (await http.post(url, data=good)).is_success
        assert (await http.post(url, data=good | {"MessagingServiceSid": "not one"})).is_client_error
        assert (await http.post(url, data={"From": "+12025550123"})).is_client_error, "nobody to send to"
