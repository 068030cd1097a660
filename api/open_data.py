"""What every feed that anybody reads has in common: open headers, what is new since when, files sent while written."""

import hashlib
import zlib
from collections.abc import AsyncIterator, Mapping

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

OPEN: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, NGSILD-Results-Count",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=30",
}
"""Public data: any page may read it. No cookie is looked at here."""


def tag(form: str, publishing: object, *parts: object) -> str:
    """A weak ETag (RFC 9110 §8.8.3): the same edition is the same feed, though perhaps not byte for byte."""
    said = repr((form, publishing, parts))
    return f'W/"{hashlib.sha256(said.encode()).hexdigest()[:24]}"'


def is_known(request: Request, etag: str) -> bool:
    """Weak comparison, as RFC 9110 §13.1.2 wants it for If-None-Match."""
    asked = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    return "*" in asked or etag.removeprefix("W/") in asked


def unchanged(etag: str) -> Response:
    return Response(status_code=304, headers={**OPEN, "ETag": etag})


def file(request: Request, pieces: AsyncIterator[bytes], media_type: str, etag: str, name: str) -> StreamingResponse:
    """A whole file, sent while it is written, packed where the reader takes gzip. `etag` "": of no edition."""
    headers = {
        **OPEN,
        **({"ETag": etag} if etag else {}),
        "Vary": "Accept-Encoding",
        "Content-Disposition": f'inline; filename="{name}"',
    }
    if takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        pieces = _packed(pieces)
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


def takes_gzip(request: Request) -> bool:
    for one in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() in ("gzip", "*") and weight.strip() not in ("q=0", "q=0.0"):
            return True
    return False


async def _packed(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    packing = zlib.compressobj(level=5, wbits=31)
    async for piece in pieces:
        if made := packing.compress(piece):
            yield made
    yield packing.flush()
