"""The door of the feeds of lots that anybody reads: how often, in whose name, what makes an edition."""

from fastapi import Request

from api.deps import House, client_ip
from civic.parking.feeds.publishing import Publisher
from civic.parking.feeds.reading import Edition
from core.errors import NotFound
from core.throttle import Throttle


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


def edition_parts(found: Edition, *, has_numbers: bool) -> tuple[object, ...]:
    """What of an edition a feed shows: lots alone do not change with their numbers."""
    lots = (found.lots, found.changed_at)
    return (*lots, found.told, found.counted_at) if has_numbers else lots
