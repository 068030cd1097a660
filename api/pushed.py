"""The body of a call whose format is not ours: who sends it by which key, whole, unpacked, within bounds."""

import zlib

from fastapi import Request
from starlette.requests import ClientDisconnect

from core.errors import BadInput, SinmungoError

LARGE = 32 * 1024
"""A body from which on reading it would keep others waiting: read beside the loop."""
MOST_TOLD = 200
"""Rows left out that are named one by one; the rest is counted."""


class TooLargeBody(SinmungoError):
    status = 413
    code = "too_large"


def bearer(request: Request) -> str:
    """The key that the caller shows, "" for none."""
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


async def whole_body(request: Request, most: int) -> bytes:
    """The body as it is read, never more than `most` bytes of it once unpacked. Raises BadInput, TooLargeBody."""
    try:
        body = await request.body()
    except ClientDisconnect:
        raise BadInput("본문이 다 오지 않았습니다.", "The body was cut short.") from None
    return _unpacked(body, request.headers.get("content-encoding", ""), most)


def _unpacked(body: bytes, encoding: str, most: int) -> bytes:
    plain = body
    if encoding.strip().lower() in ("gzip", "x-gzip"):
        unpacker = zlib.decompressobj(31)
        try:
            plain = unpacker.decompress(body, most + 1)
        except zlib.error:
            raise BadInput("gzip을 풀 수 없습니다.", "The gzip cannot be unpacked.") from None
        if len(plain) <= most and (not unpacker.eof or unpacker.unused_data):
            raise BadInput("gzip이 온전하지 않습니다.", "The gzip is not whole.")
    elif encoding.strip().lower() not in ("", "identity"):
        raise BadInput("Content-Encoding은 gzip만 됩니다.", "The only Content-Encoding taken is gzip.")
    if len(plain) > most:
        raise TooLargeBody("보낸 내용이 너무 큽니다.", "The request body is too large.")
    return plain
