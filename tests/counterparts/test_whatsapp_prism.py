"""Meta's OpenAPI document under Prism: what our channel sends is what the document asks for, a fault is not."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from core.contracts.channel import Button, Media, OutgoingMessage, SendFailed, Template
from integrations.channels.whatsapp import Settings, WhatsApp
from tests.counterparts.conftest import Prism, Watched

pytestmark = pytest.mark.counterpart
SPEC = "whatsapp_messages_v23.json"
OURS = "106540352242922"
MOST = tuple(Button(f"{index}번 주차장 이름이 아주 길어도 됩니다", f"b:{index}") for index in range(11))
SHAPES: dict[str, dict[str, Any]] = {
    "words": {"text": "접수했습니다."},
    "a long text": {"text": "가🚨" * 4000},
    "one choice": {"text": "맞습니까?", "buttons": MOST[:1]},
    "three choices": {"text": "골라 주세요.", "buttons": MOST[:3]},
    "a list": {"text": "골라 주세요.", "buttons": MOST[:10]},
    "more than a list": {"text": "골라 주세요.", "buttons": MOST},
    "a template": {"text": "x", "template": Template("case_received", {"receipt_no": "GP-1"})},
    "a template without values": {"text": "x", "template": Template("hello")},
}


def message(**values: Any) -> OutgoingMessage:
    return OutgoingMessage(id=UUID(int=7), address="+821055501234", **values)


async def whatsapp(prism: Prism, watched: Watched) -> WhatsApp:
    given = {
        "phone_number_id": OURS,
        "access_token": "EAAGtokenOfTheCounterparts0123",
        "app_secret": "0" * 32,
        "verify_token": "verify-token-of-the-counterparts",
        "templates": {
            "case_received": {"name": "case_received", "variables": ["receipt_no"]},
            "hello": {"name": "hello_world", "language": "en_US"},
        },
        "api_base_url": await prism(SPEC),
    }
    return WhatsApp(Settings.model_validate(given), watched.house)


@pytest.mark.parametrize("shape", SHAPES)
async def test_what_it_sends_is_what_the_document_asks_for(prism: Prism, watched: Watched, shape: str) -> None:
    channel = await whatsapp(prism, watched)
    sent = await channel.send(message(**SHAPES[shape]))
    assert watched.violations() == []
    assert sent.provider_id == channel._named(watched.answers[0].json()["messages"][0]["id"])


async def test_the_address_of_a_file_is_asked_for_as_the_document_says(prism: Prism, watched: Watched) -> None:
    """The document's example has no address, so that the bytes are not asked for."""
    with pytest.raises(SendFailed, match="unknown host"):
        await (await whatsapp(prism, watched)).fetch(Media("photo", "2621233374848975"))
    assert watched.violations() == []


async def test_a_place_is_asked_for_although_the_document_forgot_it(prism: Prism, watched: Watched) -> None:
    """location_request_message is in Meta's pages and not in its document's list of kinds: nothing else is wrong."""
    with pytest.raises(SendFailed):
        await (await whatsapp(prism, watched)).send(message(text="어디인가요?", ask="place"))
    assert "interactive" in watched.violations()[0]


async def test_prism_refuses_what_the_document_does_not_allow(prism: Prism) -> None:
    url = f"{await prism(SPEC)}/v23.0/{OURS}/messages"
    good = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "821055501234", "type": "text"}
    good |= {"text": {"body": "네"}}  # type: ignore[dict-item]
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(url, json=good)).is_client_error, "no token"
        http.headers["authorization"] = "Bearer EAAG"
        assert (await http.post(url, json=good)).is_success
        assert (await http.post(url, json=good | {"text": {"body": 5}})).is_client_error
        assert (await http.post(url, json={"type": "text"})).is_client_error
