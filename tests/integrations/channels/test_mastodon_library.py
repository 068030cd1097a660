"""Mastodon held against its own Python library: the same calls, asked by code that nobody here wrote."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from mastodon import Mastodon as Library

from core.contracts.channel import SendFailed
from tests.integrations.channels.conftest import Lent, Serve
from tests.integrations.channels.kits import Answer, Call
from tests.integrations.channels.kits.mastodon import TOKEN, status
from tests.integrations.channels.test_mastodon import listed, made, outgoing


async def test_what_we_ask_an_instance_is_what_mastodons_own_library_asks(lent: Lent, serve: Serve) -> None:
    """Mastodon.py, which nobody here wrote, makes the same calls on a second server: paths, names, key, order."""

    def answer(call: Call) -> Answer:
        path = urlsplit(call.path).path
        return listed([]) if path in ("/api/v1/notifications", "/api/v1/conversations") else listed(status("", "99"))

    async with serve(answer) as ours, serve(answer) as theirs:
        channel = made(lent, ours.url)
        await channel._mentions("21")
        await channel.send(outgoing("네"))
        with pytest.raises(SendFailed):
            await channel._common("lee@far.example")
        await asyncio.to_thread(_by_library, theirs.url)
    assert [_asked(call) for call in ours.calls[:3]] == [_asked(call) for call in theirs.calls]


def _by_library(url: str) -> None:
    library = Library(access_token=TOKEN, api_base_url=url, version_check_mode="none", ratelimit_method="throw")
    library.notifications(types=["mention"], min_id="21", limit=40)
    library.status_post(
        "@kim@far.example 네",
        in_reply_to_id="11744081",
        visibility="direct",
        language="ko",
        idempotency_key=str(outgoing().id),
    )
    library.conversations(limit=40)
    library.session.close()


def _asked(call: Call) -> tuple[Any, ...]:
    """Method, path, fields and the two headers that matter. Mastodon takes forms (theirs) and JSON (ours) alike."""
    address, text = urlsplit(call.path), call.body.decode()
    fields = json.loads(text) if text.startswith("{") else {name: one for name, (one,) in parse_qs(text).items()}
    fields = {name: one for name, one in fields.items() if one not in ("", "0")}
    headers = call.headers.get("authorization"), call.headers.get("idempotency-key")
    return call.method, address.path.rstrip("/"), parse_qs(address.query), fields, headers
