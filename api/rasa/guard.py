"""What a Rasa must bring with it: the shared token and a body of bounded length, unpacked no further than the bound."""

import hmac
import zlib
from typing import Literal

from fastapi import Request


def refusal(request: Request, token: str) -> Literal[0, 401, 403]:
    """0 when `Authorization: Bearer <token>` or `?token=<token>` fits, 401 when there is none, 403 for another."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer.strip() if scheme.lower() == "bearer" else request.query_params.get("token", "")
    if not given:
        return 401
    return 0 if hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()) else 403


class TooLong(Exception):
    """The body is longer than we read."""


async def body_of(request: Request, most: int) -> bytes:
    """At most `most` bytes, also after unpacking `Content-Encoding: deflate` (Rasa's COMPRESS_ACTION_SERVER_REQUEST).

    Raises TooLong, or ValueError where the packing is broken.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise TooLong
    if request.headers.get("content-encoding", "").lower() != "deflate":
        return bytes(body)
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(bytes(body), most + 1)
    except zlib.error as error:
        raise ValueError("broken deflate") from error
    if len(plain) > most or not unpacking.eof:
        raise TooLong if len(plain) > most else ValueError("deflate ends too early")
    return plain
