"""The channels' door: what a channel is handed of a request that nobody has checked yet."""

from typing import Any

import pytest

from api.webhooks import Webhooks
from core.contracts.channel import HttpAnswer, WebhookRequest


class Listening:
    """A desk that keeps what it was handed."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, WebhookRequest]] = []

    async def accept(self, channel_name: str, request: WebhookRequest) -> HttpAnswer:
        self.heard.append((channel_name, request))
        return HttpAnswer()


async def knock(path: str, host: str) -> tuple[str, WebhookRequest]:
    desk, sent = Listening(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    async def rest(*_: Any) -> None:
        raise AssertionError("not for the rest of the house")

    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "query_string": b"a=1",
        "headers": [(b"host", host.encode("latin-1"))],
    }
    await Webhooks(desk, rest)(scope, receive, send)
    assert sent[0]["status"] == 200
    return desk.heard[0]


@pytest.mark.parametrize("host", ["city.example", "city.example:8443", "127.0.0.1:8000", "[::1]:80"])
async def test_the_address_is_the_one_that_was_asked(host: str) -> None:
    name, request = await knock("/channels/kakao/blocks", host)
    assert (name, request.url) == ("kakao", f"https://{host}/channels/kakao/blocks?a=1")


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "x/../y", "user@evil.example", "\x00", "", "\xff", "a:99999999"])
async def test_a_host_that_is_none_is_left_out(host: str) -> None:
    """Channels take the address apart; "http://[/…" is none, and anybody may send it without any proof."""
    _, request = await knock("/channels/kakao", host)
    assert request.url == "https:///channels/kakao?a=1"
