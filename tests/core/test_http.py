"""The way out, against real servers on loopback: retries, deadlines, breaker, bound, and what must not be reached."""

import asyncio
import gzip
import io
import ipaddress
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from core import logs
from core.breaker import Breaker
from core.guarded import TooLarge, is_public
from core.http import Outside, OutsideFailed, guarded_client, retry_after

Answer = Callable[[int, bytes], bytes | Awaitable[bytes]]


class Server:
    """A real HTTP server that answers with raw bytes: `answer(number of the call from 1, the request)`."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(x.split(b":")[1]) for x in head.lower().split(b"\r\n") if x[:15] == b"content-length:"), 0
            )
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answer(len(self.requests), self.requests[-1])
            writer.write(answer if isinstance(answer, bytes) else await answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answer: Answer, host: str = "127.0.0.1") -> AsyncIterator[Server]:
    made = Server(answer)
    server = await asyncio.start_server(made.serve, host, 0)
    port = server.sockets[0].getsockname()[1]
    made.url = f"http://{host}:{port}/bot123:SECRET/x"
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()


def http(status: int, body: bytes = b"ok", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    made = Outside(["127.0.0.1"])
    yield made
    await made.aclose()


async def test_it_reads_an_answer(outside: Outside) -> None:
    async with serving(lambda n, r: http(200, "김포".encode())) as server:
        response = await outside.get(server.url, params={"q": "구래동"})
        assert (response.status_code, response.text) == (200, "김포")
        assert server.requests[0].startswith(b"GET /bot123:SECRET/x?q=%EA%B5%AC")


@pytest.mark.parametrize("status", [200, 204, 301, 400, 404, 422])
async def test_what_is_an_answer_is_not_tried_again(outside: Outside, status: int) -> None:
    async with serving(lambda n, r: http(status, b"")) as server:
        assert (await outside.get(server.url)).status_code == status
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_a_busy_system_is_asked_again(outside: Outside, status: int) -> None:
    async with serving(lambda n, r: http(status) if n < 3 else http(200)) as server:
        assert (await outside.get(server.url)).status_code == 200
        assert len(server.requests) == 3


async def test_a_broken_connection_is_tried_again(outside: Outside) -> None:
    async with serving(lambda n, r: b"" if n == 1 else http(200)) as server:
        assert (await outside.get(server.url)).status_code == 200


async def test_what_may_not_be_repeated_is_not(outside: Outside) -> None:
    async with serving(lambda n, r: http(503)) as server:
        with pytest.raises(OutsideFailed) as failed:
            await outside.request("POST", server.url, json={"a": 1})
        assert (failed.value.status, failed.value.is_unknown, len(server.requests)) == (503, False, 1)
    async with serving(lambda n, r: b"") as server:
        with pytest.raises(OutsideFailed) as failed:
            await outside.request("POST", server.url, json={"a": 1})
        assert (failed.value.is_unknown, len(server.requests)) == (True, 1)
    async with serving(lambda n, r: http(503) if n == 1 else http(200)) as server:
        assert (await outside.request("POST", server.url, json={}, is_idempotent=True)).status_code == 200


async def test_it_honours_retry_after(outside: Outside) -> None:
    async with serving(lambda n, r: http(429, b"", "Retry-After: 1") if n == 1 else http(200)) as server:
        began = time.monotonic()
        assert (await outside.get(server.url)).status_code == 200
        assert time.monotonic() - began >= 1


async def test_a_wait_beyond_the_deadline_is_handed_up(outside: Outside) -> None:
    async with serving(lambda n, r: http(429, b"", "Retry-After: 60")) as server:
        with pytest.raises(OutsideFailed) as failed:
            await outside.get(server.url, deadline_s=5)
        assert (failed.value.retry_after, failed.value.status, len(server.requests)) == (60.0, 429, 1)


async def test_the_deadline_counts_everything(outside: Outside) -> None:
    async def drip(n: int, r: bytes) -> bytes:
        await asyncio.sleep(1)
        return http(200)

    async with serving(drip) as server:
        began = time.monotonic()
        with pytest.raises(OutsideFailed, match="deadline"):
            await outside.get(server.url, deadline_s=0.2)
        assert time.monotonic() - began < 0.9


async def test_a_failing_host_is_left_alone_then_tried_once() -> None:
    now = 1000.0
    outside = Outside(["127.0.0.1"], clock=lambda: now)
    is_ill = True
    async with serving(lambda n, r: http(500) if is_ill else http(200)) as server:
        for _ in range(5):
            with pytest.raises(OutsideFailed, match="HTTP 500"):
                await outside.get(server.url, attempts=1)
        with pytest.raises(OutsideFailed, match="resting"):
            await outside.get(server.url)
        assert len(server.requests) == 5
        now, is_ill = now + 6, False
        assert (await outside.get(server.url)).status_code == 200
        assert (await outside.get(server.url)).status_code == 200
    await outside.aclose()


def test_the_rest_grows_and_one_call_tries() -> None:
    now = 0.0
    breaker = Breaker(lambda: now)
    for _ in range(5):
        assert breaker.may_call()
        breaker.failed()
    for rest in (5, 10, 20, 40, 80, 120, 120):
        now += rest - 1
        assert not breaker.may_call()
        now += 2
        assert breaker.may_call()
        assert not breaker.may_call()
        breaker.failed()
    now += 121
    assert breaker.may_call()
    breaker.succeeded()
    assert breaker.may_call() and breaker.may_call()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::1]",
                                  "[::ffff:127.0.0.1]", "0.0.0.0"])  # fmt: skip
async def test_inside_addresses_are_refused_however_written(host: str) -> None:
    async with serving(lambda n, r: http(200)) as server, Outside() as outside, guarded_client() as plain:
        url = f"http://{host}:{server.url.split(':')[2]}"
        with pytest.raises(OutsideFailed, match="inside address refused"):
            await outside.get(url)
        with pytest.raises(httpx.ConnectError):
            await plain.get(url)
        assert server.requests == []


@pytest.mark.parametrize("allowed", ["localhost", "127.0.0.0/8", "127.0.0.1"])
async def test_a_citys_own_network_can_be_allowed(allowed: str) -> None:
    async with serving(lambda n, r: http(200)) as server, Outside([allowed]) as outside:
        host = "localhost" if allowed == "localhost" else "127.0.0.1"
        assert (await outside.get(server.url.replace("127.0.0.1", host))).status_code == 200


async def test_a_redirect_inside_is_refused_too() -> None:
    async with serving(lambda n, r: http(200)) as inside:
        moved = f"Location: {inside.url.replace('127.0.0.1', '127.0.0.2')}"
        async with serving(lambda n, r: http(302, b"", moved)) as server, guarded_client(["127.0.0.1/32"]) as plain:
            with pytest.raises(httpx.ConnectError):
                await plain.get(server.url, follow_redirects=True)
        assert inside.requests == []


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.16.5.4", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "192.0.2.1", "198.18.0.1"],
)  # fmt: skip
def test_it_knows_what_is_inside(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "211.43.14.1", "2001:4860:4860::8888", "64:ff9b::808:808"])
def test_it_knows_what_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


async def test_too_long_an_answer_is_cut_off(outside: Outside) -> None:
    async with serving(lambda n, r: http(200, b"x" * 5000)) as server:
        with pytest.raises(OutsideFailed, match="TooLarge"):
            await outside.get(server.url, max_bytes=4999)
        assert len((await outside.get(server.url, max_bytes=5000)).content) == 5000
        with pytest.raises(TooLarge):
            await outside.client.get(server.url, extensions={"max_bytes": 10})
        assert len(server.requests) == 3


async def test_a_packed_answer_is_unpacked_within_the_bound(outside: Outside) -> None:
    packed = gzip.compress(b"0" * 50_000_000)
    async with serving(lambda n, r: http(200, packed, "Content-Encoding: gzip")) as server:
        with pytest.raises(OutsideFailed, match="TooLarge"):
            await outside.get(server.url)
    async with serving(lambda n, r: http(200, gzip.compress(b"fine"), "Content-Encoding: gzip")) as server:
        assert (await outside.get(server.url)).content == b"fine"
        assert b"accept-encoding: gzip\r\n" in server.requests[0].lower()


@pytest.mark.parametrize(
    ("body", "encoding"), [(b"no gzip", "gzip"), (gzip.compress(b"x" * 999, mtime=0)[:-9], "gzip"), (b"x", "br")]
)
async def test_broken_packing_is_a_failure(outside: Outside, body: bytes, encoding: str) -> None:
    async with serving(lambda n, r: http(200, body, f"Content-Encoding: {encoding}")) as server:
        with pytest.raises(OutsideFailed, match="DecodingError"):
            await outside.get(server.url)


async def test_the_log_names_the_host_and_no_secret(outside: Outside) -> None:
    root = logging.getLogger()
    before, level, stream = root.handlers[:], root.level, io.StringIO()
    logs.configure(stream=stream)
    try:
        async with serving(lambda n, r: http(200)) as server:
            await outside.get(server.url, params={"serviceKey": "KEY9"}, headers={"x-key": "KEY9"})
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.reset_defaults()
    assert '"host":"127.0.0.1"' in stream.getvalue()
    assert "SECRET" not in stream.getvalue() and "KEY9" not in stream.getvalue()


def test_retry_after_is_a_number_or_a_date() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert retry_after("120") == 120
    assert retry_after(format_datetime(now + timedelta(seconds=30), usegmt=True), now) == 30
    assert retry_after(format_datetime(now - timedelta(seconds=30), usegmt=True), now) == 0
    assert retry_after("soon") is None


@settings(deadline=None)
@given(st.text())
def test_retry_after_bears_anything(value: str) -> None:
    found = retry_after(value)
    assert found is None or found >= 0
