"""The door that providers knock at: whose name, which methods, how much, and the answer as the channel gave it."""

from typing import Any

import httpx
import pytest

from api.webhooks import MAX_BYTES, MAX_PUT_BYTES, Webhooks
from core.contracts.channel import HttpAnswer, WebhookRequest


class Desk:
    def __init__(self) -> None:
        self.taken: list[tuple[str, WebhookRequest]] = []

    async def accept(self, channel_name: str, request: WebhookRequest) -> HttpAnswer:
        self.taken.append((channel_name, request))
        return HttpAnswer(200, b"{}")


async def rest(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def knocked(method: str, path: str, body: bytes = b"") -> tuple[int, list[tuple[str, WebhookRequest]]]:
    desk = Desk()
    transport = httpx.ASGITransport(app=Webhooks(desk, rest))
    async with httpx.AsyncClient(transport=transport, base_url="http://city.example") as client:
        answer = await client.request(method, path, content=body)
    return answer.status_code, desk.taken


async def test_a_path_behind_a_channels_name_reaches_the_channel_whole() -> None:
    path = "/channels/matrix/_matrix/app/v1/transactions/17?access_token=x"
    status, ((name, request),) = await knocked("PUT", path, b'{"events": []}')
    assert (status, name, request.method, request.body) == (200, "matrix", "PUT", b'{"events": []}')
    assert request.url == f"http://city.example{path}" and request.query == {"access_token": "x"}


@pytest.mark.parametrize(
    ("method", "status"), [("GET", 200), ("POST", 200), ("PUT", 200), ("PATCH", 405), ("DELETE", 405)]
)
async def test_only_what_providers_use_is_let_in(method: str, status: int) -> None:
    assert (await knocked(method, "/channels/line"))[0] == status


async def test_all_else_goes_to_the_house() -> None:
    assert await knocked("PUT", "/api/v1/cases") == (418, [])


async def test_a_homeservers_transaction_may_be_longer_than_a_webhook() -> None:
    """100 events of 64 KiB: refused for their size they would be offered for ever."""
    long = b"x" * (100 * 65_536)
    assert len(long) <= MAX_PUT_BYTES
    assert (await knocked("PUT", "/channels/matrix/_matrix/app/v1/transactions/1", long))[0] == 200
    assert await knocked("POST", "/channels/partner", b"x" * (MAX_BYTES + 1)) == (413, [])
    assert await knocked("PUT", "/channels/matrix", b"x" * (MAX_PUT_BYTES + 1)) == (413, [])
