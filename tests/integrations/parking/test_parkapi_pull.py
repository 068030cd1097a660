"""ParkAPI's public API over the loopback: pages, ETags, several sources, and answers that are none."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.contracts.parking import Mark, SourceFailed
from core.http import Outside, OutsideFailed
from integrations.parking import parkapi
from tests.integrations.parking.parkapi_items import NOW, without
from tests.integrations.parking.parkapi_server import Server, serving

PATH = "/api/public/v3/parking-sites"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[Outside]:
    async with Outside(["127.0.0.1"]) as found:
        yield found


def source(server: Server, **settings: Any) -> parkapi.Pull:
    made = parkapi.build("hub", parkapi.Settings(attribution="이웃 시", url=f"{server.url}{PATH}", **settings))
    assert isinstance(made, parkapi.Pull)
    return made


def public(number: int, source_id: int = 1, **changes: Any) -> dict[str, Any]:
    """The public API calls the uid `original_uid`, unique only within `source_id`."""
    return without("uid", id=number, source_id=source_id, original_uid=f"lot-{number}", **changes)


def page(*items: Any, total: int, onward: str = "") -> bytes:
    return json.dumps({"items": items, "total_count": total, **({"next_path": onward} if onward else {})}).encode()


async def test_it_reads_all_pages(server: Server, http: Outside) -> None:
    server.answers = {
        f"{PATH}?limit=2&source_uid=narae": (
            200,
            page(public(1), public(2), total=3, onward=f"{PATH}?limit=2&start=3"),
        ),
        f"{PATH}?limit=2&start=3": (200, page(public(3), total=3)),
    }
    pulled = await source(server, page_size=2, source_uids=["narae"]).pull(http, NOW, Mark(), wants_static=True)
    assert pulled.static is not None
    assert [one.uid for one in pulled.static] == ["lot-1", "lot-2", "lot-3"]
    assert {one.provider for one in pulled.static} == {"narae"}
    assert (pulled.is_complete, pulled.calls, len(pulled.realtime)) == (True, 2, 3)
    assert pulled.mark == Mark(), "the first page's ETag says nothing of the second"
    assert [note.line for note in pulled.report.skipped] == []


async def test_it_finds_the_next_page_behind_a_gateway(server: Server, http: Outside) -> None:
    server.answers = {
        f"/park-api{PATH}?limit=1000": (200, page(public(1), total=2, onward=f"{PATH}?start=2")),
        f"/park-api{PATH}?start=2": (200, page(public(2), total=2)),
    }
    hub = parkapi.build("hub", parkapi.Settings(attribution="이웃 시", url=f"{server.url}/park-api{PATH}"))
    assert isinstance(hub, parkapi.Pull)
    pulled = await hub.pull(http, NOW, Mark(), wants_static=True)
    assert (len(pulled.static or ()), pulled.is_complete) == (2, True)


async def test_lots_that_did_not_come_are_not_gone_when_pages_are_missing(server: Server, http: Outside) -> None:
    server.answers = {PATH: (200, page(public(1), total=9))}
    pulled = await source(server).pull(http, NOW, Mark(), wants_static=True)
    assert pulled.is_complete is False


async def test_an_unchanged_list_is_not_read_again(server: Server, http: Outside) -> None:
    server.answers = {PATH: (200, page(public(1), total=1))}
    hub = source(server)
    first = await hub.pull(http, NOW, Mark(), wants_static=True)
    again = await hub.pull(http, NOW, first.mark, wants_static=True)
    assert (first.static is None, again.static, again.realtime) == (False, None, ())
    assert again.mark == first.mark
    assert (again.report.rows, again.is_complete) == (0, True)
    server.answers = {PATH: (200, page(public(1, realtime_free_capacity=3), total=1))}
    changed = await hub.pull(http, NOW, again.mark, wants_static=False)
    assert (changed.static, [one.free for one in changed.realtime]) == (None, [3])


async def test_lots_are_had_although_their_numbers_came_with_the_same_etag(server: Server, http: Outside) -> None:
    server.answers = {PATH: (200, page(public(1), total=1))}
    hub = source(server)
    numbers = await hub.pull(http, NOW, Mark(), wants_static=False)
    assert numbers.static is None
    lots = await hub.pull(http, NOW, numbers.mark, wants_static=True)
    assert lots.static is not None, "a 304 would have hidden lots that were never taken"


async def test_sources_of_one_server_keep_their_uids_apart(server: Server, http: Outside) -> None:
    for name in ("narae", "garam"):
        server.answers[f"{PATH}?limit=1000&source_uid={name}"] = (200, page(public(1), total=1))
    both = await source(server, source_uids=["narae", "garam"]).pull(http, NOW, Mark(), wants_static=True)
    assert [one.uid for one in both.static or ()] == ["narae:lot-1", "garam:lot-1"]
    assert [one.uid for one in both.realtime] == ["narae:lot-1", "garam:lot-1"]
    server.answers = {PATH: (200, page(public(1, 1), public(1, 2), total=2))}
    every = await source(server).pull(http, NOW, Mark(), wants_static=True)
    assert [(one.uid, one.provider) for one in every.static or ()] == [("1:lot-1", "1"), ("2:lot-1", "2")]


async def test_a_token_goes_to_the_server_and_nowhere_else(server: Server, http: Outside) -> None:
    async with serving() as other:
        other.answers = {PATH: (200, page(public(2), total=2))}
        server.answers = {PATH: (200, page(public(1), total=2, onward=f"{other.url}{PATH}"))}
        with pytest.raises(SourceFailed) as failed:
            await source(server, token="token-of-the-hub").pull(http, NOW, Mark(), wants_static=True)
        assert server.asked[0].headers["authorization"].lower() == "bearer token-of-the-hub"
        assert (failed.value.kind, other.asked) == ("broken", [])
    assert "token-of-the-hub" not in str(failed.value) + repr(source(server, token="token-of-the-hub")._settings)


async def test_pages_that_go_round_end(server: Server, http: Outside) -> None:
    server.answers = {PATH: (200, page(public(1), total=9, onward=f"{PATH}?start=2"))}
    with pytest.raises(SourceFailed) as failed:
        await source(server).pull(http, NOW, Mark(), wants_static=True)
    assert failed.value.kind == "broken"
    assert len(server.asked) == 2


async def test_it_stops_at_the_most_pages(server: Server, http: Outside) -> None:
    for number in range(9):
        server.answers[f"{PATH}?start={number}"] = (
            200,
            page(public(number), total=99, onward=f"{PATH}?start={number + 1}"),
        )
    server.answers[PATH] = server.answers[f"{PATH}?start=0"]
    pulled = await source(server, most_pages=4).pull(http, NOW, Mark(), wants_static=True)
    assert (pulled.calls, pulled.is_complete) == (4, False)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (401, b"{}", "refused"),
        (403, b"{}", "refused"),
        (404, b"{}", "refused"),
        (302, b"", "refused"),
        (200, b"<html>", "broken"),
        (200, b'{"error": 1}', "broken"),
    ],
)
async def test_an_answer_that_is_no_list_says_what_to_do(
    server: Server, http: Outside, status: int, answer: bytes, kind: str
) -> None:
    server.answers = {PATH: (status, answer)}
    with pytest.raises(SourceFailed) as failed:
        await source(server).pull(http, NOW, Mark(), wants_static=True)
    assert failed.value.kind == kind


async def test_a_failing_server_is_left_to_the_rounds(server: Server, http: Outside) -> None:
    server.answers = {PATH: (503, b"")}
    with pytest.raises(OutsideFailed):
        await source(server).pull(http, NOW, Mark(), wants_static=True)


async def test_a_list_too_long_is_refused(server: Server, http: Outside) -> None:
    server.answers = {PATH: (200, b"[" + b" " * 1_100_000 + b"]")}
    with pytest.raises(OutsideFailed):
        await source(server, max_mb=1).pull(http, NOW, Mark(), wants_static=True)


async def test_an_old_server_is_asked_without_pages(server: Server, http: Outside) -> None:
    document = {
        "last_updated": "2026-11-23T02:59:00Z",
        "lots": [
            {"id": "g1", "name": "가람", "total": 50, "free": 7, "state": "open", "coords": {"lat": 37.6, "lng": 126.7}}
        ],
    }
    server.answers = {PATH: (200, json.dumps(document).encode())}
    pulled = await source(server, dialect="v1").pull(http, NOW, Mark(), wants_static=True)
    assert server.asked[0].query == {}
    assert [(one.uid, one.free) for one in pulled.realtime] == [("g1", 7)]
    assert (len(pulled.static or ()), pulled.is_complete) == (1, True)
