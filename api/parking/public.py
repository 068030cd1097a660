"""The door of the feeds that anybody reads: how often, in whose name, and whether anything is new."""

import hashlib
import zlib
from collections.abc import AsyncIterator, Mapping

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from api.deps import House, client_ip
from civic.parking.feeds.publishing import Publisher
from civic.parking.feeds.reading import Edition
from core.errors import NotFound
from core.throttle import Throttle

OPEN: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, NGSILD-Results-Count",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=30",
}
"""Public data: any page may read it. No cookie is looked at here."""


def enter(request: Request, house: House) -> None:
    """Raises NotFound where the city publishes nothing, TooMany for a flood."""
    rules, state = house.settings.parking.feeds, request.app.state
    if not rules.enabled:
        raise NotFound("이 도시는 주차장 자료를 공개하지 않습니다.", "This city publishes no feed of lots.")
    if not hasattr(state, "parking_feed_reads"):
        state.parking_feed_reads = Throttle(rules.reads_per_minute, rules.reads_per_minute)
        state.parking_feed_files = Throttle(rules.files_per_minute, rules.files_per_minute)
    state.parking_feed_reads.take(client_ip(request, house.settings.web.trusted_proxies))


def take_file(request: Request, house: House) -> None:
    """A whole file is about to be written, which costs more than a page or "unchanged". Raises TooMany."""
    request.app.state.parking_feed_files.take(client_ip(request, house.settings.web.trusted_proxies))


def publisher(house: House) -> Publisher:
    """In whose name: the city's, with what its sources ask to be called."""
    city, rules = house.settings.city, house.settings.parking.feeds
    declared = {name: source.terms.attribution for name, source in house.sources.items()}
    return Publisher(
        city.id,
        rules.attribution or city.name.ko,
        licence=rules.licence,
        licence_url=rules.licence_url,
        attributions={**declared, **rules.attributions},
    )


def tag(form: str, publishing: Publisher, *parts: object) -> str:
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
    """A whole file, sent while it is written, packed where the reader takes gzip."""
    headers = {**OPEN, "ETag": etag, "Vary": "Accept-Encoding", "Content-Disposition": f'inline; filename="{name}"'}
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


def edition_parts(found: Edition, *, has_numbers: bool) -> tuple[object, ...]:
    """What of an edition a feed shows: lots alone do not change with their numbers."""
    lots = (found.lots, found.changed_at)
    return (*lots, found.told, found.counted_at) if has_numbers else lots
