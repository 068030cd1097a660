"""LINE's OpenAPI document under Prism: what our channel sends is what the document asks for, a fault is not."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from linebot.v3.messaging import (  # type: ignore[import-untyped]
    AsyncApiClient,
    AsyncMessagingApi,
    Configuration,
    FlexMessage,
    PushMessageRequest,
    ReplyMessageRequest,
    TextMessage,
)

from core.contracts.channel import Button, Card, OutgoingMessage
from integrations.channels.line import Line, Settings
from integrations.outbound.line import shown
from tests.counterparts.conftest import NOW, Prism, Watched
from tests.integrations.channels.kits.line import KIT, signature

pytestmark = pytest.mark.counterpart
SPEC = "line_messaging-api.yml"
PERSON = "U206d25c2ea6bd87c17655609a1c37cb8"
FRESH = f"{int(NOW.timestamp() * 1000)}:nHuyWiB7yP5Zw52FIkcQobQuGDXCTA"
CARDS = (Card("구래 공영주차장", "12면 비었습니다", "https://minwon.example.go.kr/p/1"), Card("한강 주차장"))
MOST = tuple(Button(f"{index}번", f"b:{index}") for index in range(11))
SHAPES: dict[str, dict[str, Any]] = {
    "words": {"text": "접수했습니다."},
    "a long text": {"text": "가🚨" * 4000},
    "choices": {"text": "골라 주세요.", "buttons": MOST},
    "a place": {"text": "어디인가요?", "ask": "place", "buttons": MOST},
    "a photo": {"text": "사진을 보내 주세요.", "ask": "photo", "buttons": MOST, "lang": "en"},
    "cards": {"text": "가까운 주차장입니다.", "cards": CARDS, "buttons": MOST[:2]},
    "ten cards": {"text": "가까운 주차장입니다.", "cards": CARDS * 5},
}


def message(**values: Any) -> OutgoingMessage:
    return OutgoingMessage(id=UUID(int=7), address=PERSON, **values)


async def line(prism: Prism, watched: Watched) -> Line:
    url = await prism(SPEC)
    given = {"channel_secret": "0" * 32, "access_token": "token-of-the-counterparts"}
    return Line(Settings.model_validate(given | {"api_base_url": url, "data_base_url": url}), watched.house)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("token", [FRESH, ""], ids=["reply", "push"])
async def test_what_it_sends_is_what_the_document_asks_for(
    prism: Prism, watched: Watched, shape: str, token: str
) -> None:
    sent = await (await line(prism, watched)).send(message(**SHAPES[shape], reply_token=token))
    (answer,) = watched.answers
    assert watched.violations() == []
    assert answer.request.url.path == f"/v2/bot/message/{'reply' if token else 'push'}"
    assert sent.provider_id == answer.json()["sentMessages"][0]["id"]


async def test_the_other_calls_are_what_the_document_asks_for(prism: Prism, watched: Watched) -> None:
    channel = await line(prism, watched)
    await channel.working(PERSON)
    assert await channel.register("https://minwon.example.go.kr/channels/line")
    assert watched.violations() == []
    assert [one.request.method for one in watched.answers] == ["POST", "PUT", "GET"]


@pytest.mark.parametrize("shape", SHAPES)
async def test_the_vendors_own_models_take_what_we_make(shape: str) -> None:
    """line-bot-sdk's pydantic models check what the document leaves open: bubbles, actions, sizes."""
    made = shown(message(**SHAPES[shape]))
    ReplyMessageRequest.from_dict({"replyToken": "x", "messages": made})
    request = PushMessageRequest.from_dict({"to": PERSON, "messages": made})
    kinds = [type(one) for one in request.messages]
    assert kinds == [TextMessage, FlexMessage] if "cards" in shape else [TextMessage]
    assert request.to_dict()["messages"] == made


async def test_the_vendors_client_and_ours_are_answered_alike(prism: Prism, watched: Watched) -> None:
    sent = await (await line(prism, watched)).send(message(text="접수했습니다."))
    configuration = Configuration(access_token="x", host=await prism(SPEC))
    async with AsyncApiClient(configuration) as client:
        request = PushMessageRequest(to=PERSON, messages=[TextMessage(text="접수했습니다.")])
        theirs = await AsyncMessagingApi(client).push_message(request, x_line_retry_key=str(UUID(int=7)))
    assert theirs.sent_messages[0].id == sent.provider_id


async def test_the_events_of_the_suite_are_what_the_webhook_document_describes(prism: Prism) -> None:
    """What we read was written down from LINE's pages; its own document of the webhook must admit it."""
    url = f"{await prism('line_webhook.yml')}/callback"
    said = [KIT.text("안녕"), KIT.button("y"), KIT.place(37.6, 126.7), KIT.photo(""), KIT.call()]
    said += [KIT.call(KIT.event("unsend", unsend={"messageId": "1"})), KIT.call(KIT.event("unfollow"))]
    said += [KIT.call(KIT.event("follow", replyToken="x", follow={"isUnblocked": True}))]
    async with httpx.AsyncClient(trust_env=False) as http:
        for one in said:
            answer = await http.post(url, json=one, headers={"x-line-signature": signature(b"")})
            assert answer.is_success, answer.text
        assert (await http.post(url, json={"events": []}, headers={"x-line-signature": "x"})).is_client_error


async def test_prism_refuses_what_the_document_does_not_allow(prism: Prism) -> None:
    url = f"{await prism(SPEC)}/v2/bot/message/push"
    said = {"type": "text", "text": "네"}
    good = {"to": PERSON, "messages": [said]}
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(url, json=good)).status_code == 401, "no token"
        http.headers["authorization"] = "Bearer x"
        assert (await http.post(url, json=good)).is_success
        assert (await http.post(url, json=good | {"messages": [said] * 6})).is_client_error, "six messages"
        assert (await http.post(url, json=good, headers={"x-line-retry-key": "no uuid"})).is_client_error
