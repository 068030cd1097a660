"""The way out of the house, guarded below httpx: whoever uses our client cannot reach inside addresses by a forged URL.

Names are looked up here, each address is judged, and the connection goes to the judged address, so that a name which
answers differently the second time gains nothing (DNS rebinding). TLS still checks the name.
"""

import asyncio
import ipaddress
import socket
import zlib
from collections.abc import AsyncIterator, Collection, Iterable
from typing import Any

import httpcore
import httpx

MAX_BYTES = 32 * 1024 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressRefused(httpcore.ConnectError):
    """The host leads to a private, loopback, link-local or otherwise inside address."""


class TooLarge(httpx.TransportError):
    """The answer is longer than the caller allows, packed or unpacked."""


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could reach it; an IPv4 address inside an IPv6 one is judged as itself."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


class _JudgingBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, allowed: Collection[str]) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._hosts = {each.lower().rstrip(".") for each in allowed}
        self._networks = [network for each in allowed if (network := _network(each)) is not None]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failed: Exception = AddressRefused("inside address refused")
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._judged(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("name lookup took too long") from error
        except OSError as error:
            raise httpcore.ConnectError("name lookup failed") from error
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _judged(self, host: str, port: int) -> list[str]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(info[4][0]) for info in found]
        if host.lower().rstrip(".") in self._hosts:
            return addresses
        return [each for each in addresses if self._is_fine(ipaddress.ip_address(each.partition("%")[0]))]

    def _is_fine(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self._networks)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry.strip("[]"))
    except ValueError:
        return None


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport with a judging network below it and a bound on what comes back.

    `allowed`: host names, addresses and networks that may be inside (a city's own systems, tests). The bound is
    `max_bytes`, or a request's extension "max_bytes". Proxies of the environment are not used: they would do the
    looking up themselves.
    """

    def __init__(self, allowed: Collection[str] = (), *, max_bytes: int = MAX_BYTES) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False)
        self._max_bytes = max_bytes
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=30.0,
            network_backend=_JudgingBackend(allowed),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["accept-encoding"] = "gzip"
        response = await super().handle_async_request(request)
        limit = int(request.extensions.get("max_bytes", self._max_bytes))
        encoding = response.headers.pop("content-encoding", "identity").lower()
        if encoding not in ("identity", "gzip", "x-gzip", "deflate", ""):
            await response.aclose()
            raise httpx.DecodingError("unasked content encoding", request=request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Bounded(response.stream, limit, is_packed=encoding not in ("identity", ""))
        return response


class _Bounded(httpx.AsyncByteStream):
    """Unpacks by itself, at most `limit` bytes: a small packed answer must not fill the memory."""

    def __init__(self, inner: httpx.AsyncByteStream, limit: int, *, is_packed: bool) -> None:
        self._inner = inner
        self._left = limit
        self._is_begun = False
        self._unpacker = zlib.decompressobj(47) if is_packed else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._is_begun = True
            plain = self._plain(chunk)
            self._left -= len(plain)
            if self._left < 0:
                raise TooLarge("the answer is too large")
            yield plain
        if self._unpacker is not None and self._is_begun and not self._unpacker.eof:
            raise httpx.DecodingError("compressed answer cut short")

    def _plain(self, chunk: bytes) -> bytes:
        if self._unpacker is None:
            return chunk
        try:
            return self._unpacker.decompress(chunk, self._left + 1)
        except zlib.error as error:
            raise httpx.DecodingError("broken compression") from error

    async def aclose(self) -> None:
        await self._inner.aclose()
