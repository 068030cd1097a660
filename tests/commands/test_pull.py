"""Channels that are pulled: nothing is passed over while the store is away, and a provider's wish to wait is obeyed."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from commands import serve
from core.contracts.channel import HttpAnswer, SendFailed, WebhookRequest


class Enough(Exception):
    """The test has seen what it came for."""


class Pulled:
    """Three updates, of which each is offered until it was taken; then the provider asks for a pause of 77 s."""

    def __init__(self) -> None:
        self.done = 0

    async def poll(self) -> AsyncIterator[WebhookRequest]:
        while self.done < 3:
            yield WebhookRequest("POST", {}, {}, str(self.done).encode())
            self.done += 1
        raise SendFailed("천천히", retry=True, retry_after=77)


async def test_an_update_is_offered_until_stored_and_a_pause_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    answers = [200, 503, 503, 200, 200]
    slept: list[float] = []

    async def accept(name: str, request: WebhookRequest) -> HttpAnswer:
        heard.append(request.body)
        return HttpAnswer(answers[len(heard) - 1])

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if seconds == 77:
            raise Enough

    monkeypatch.setattr(serve, "asyncio", SimpleNamespace(sleep=sleep, CancelledError=asyncio.CancelledError))
    house: Any = SimpleNamespace(channels={"mastodon": Pulled()}, desk=SimpleNamespace(accept=accept))
    with pytest.raises(Enough):
        await serve._pull(house, "mastodon")
    assert heard == [b"0", b"1", b"1", b"1", b"2"]
    assert slept == [serve.POLL_AGAIN_S, serve.POLL_AGAIN_S, 77]
