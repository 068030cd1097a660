"""ClamAV's daemon looks at what citizens send: the INSTREAM command of clamd(8), over TCP or a socket file."""

import asyncio
import re

from core.contracts.files import Scanner, Verdict
from core.errors import Unavailable

_CHUNK = 64 * 1024
_PATIENCE_S = 30.0
_FOUND = re.compile(r"stream: (.+) FOUND")


class Clamd:
    """`address`: host:port, or the path of clamd's socket."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def scan(self, data: bytes) -> Verdict:
        try:
            answer = await asyncio.wait_for(self._ask(data), _PATIENCE_S)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            raise _away(type(error).__name__) from None
        if answer == "stream: OK":
            return Verdict()
        if found := _FOUND.fullmatch(answer):
            return Verdict(found[1][:200])
        raise _away(answer[:80])

    async def _ask(self, data: bytes) -> str:
        reader, writer = await self._connect()
        try:
            writer.write(b"zINSTREAM\0")
            for start in range(0, len(data), _CHUNK):
                part = data[start : start + _CHUNK]
                writer.write(len(part).to_bytes(4, "big") + part)
                await writer.drain()
            writer.write(bytes(4))
            await writer.drain()
            return (await reader.readuntil(b"\0"))[:-1].decode("utf-8", "replace").strip()
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._address.startswith("/"):
            return await asyncio.open_unix_connection(self._address)
        host, _, port = self._address.rpartition(":")
        return await asyncio.open_connection(host, int(port))


def build(address: str) -> Scanner:
    return Clamd(address)


def _away(cause: str) -> Unavailable:
    return Unavailable("바이러스 검사기가 답하지 않습니다.", "The virus scanner does not answer.", cause=cause)
