"""The virus scanner's protocol, against a counterpart on loopback that answers as clamd(8) does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.contracts.files import Verdict
from core.errors import Unavailable
from integrations.files.clamd import build

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


async def read_stream(reader: asyncio.StreamReader) -> bytes:
    """The command, then chunks with their length in four bytes, until an empty one."""
    assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
    data = b""
    while size := int.from_bytes(await reader.readexactly(4), "big"):
        data += await reader.readexactly(size)
    return data


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    data = await read_stream(reader)
    if b"TOO-LARGE" in data:
        said = b"INSTREAM size limit exceeded. ERROR\0"
    elif b"EICAR" in data:
        said = b"stream: Eicar-Test-Signature FOUND\0"
    else:
        said = b"stream: OK\0"
    writer.write(said)
    await writer.drain()
    writer.close()


@asynccontextmanager
async def daemon() -> AsyncIterator[str]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (b"", Verdict()),
        (b"%PDF-1.7", Verdict()),
        (bytes(1_000_000), Verdict()),
        (bytes(200_000) + EICAR, Verdict("Eicar-Test-Signature")),
    ],
)
async def test_a_verdict_is_what_the_daemon_said(data: bytes, verdict: Verdict) -> None:
    async with daemon() as address:
        assert await build(address).scan(data) == verdict


async def test_a_socket_file_serves_as_well(tmp_path: Path) -> None:
    path = str(tmp_path / "clamd.sock")
    async with await asyncio.start_unix_server(answer, path):
        assert await build(path).scan(EICAR) == Verdict("Eicar-Test-Signature")


async def test_an_error_of_the_daemon_is_no_verdict() -> None:
    async with daemon() as address:
        with pytest.raises(Unavailable):
            await build(address).scan(b"TOO-LARGE")


@pytest.mark.parametrize("address", ["127.0.0.1:9", "/nowhere/clamd.sock", "nonsense"])
async def test_a_daemon_that_is_away_is_no_verdict(address: str) -> None:
    with pytest.raises(Unavailable):
        await build(address).scan(b"x")
