"""The way to a lot: links to the maps that config.yml names."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from actions.parking.counter import Counter
from civic.parking.search import Found
from core.contracts.channel import Card


def links(name: str, lat: float | None, lon: float | None, templates: Mapping[str, str]) -> list[dict[str, str]]:
    """Name and address of each map; none for a lot whose point is not known."""
    if lat is None or lon is None:
        return []
    filled: dict[str, Any] = {"name": quote(name.replace(",", " "), safe=""), "lat": f"{lat:.6f}", "lon": f"{lon:.6f}"}
    return [{"name": map_name, "url": template.format(**filled)} for map_name, template in templates.items()]


def cards(found: Sequence[Found], counter: Counter) -> tuple[Card, ...]:
    """A card a lot; where the channel's cards take a link, it leads to the first map."""
    made = []
    for one in found:
        maps = links(one.lot.name, one.lot.lat, one.lot.lon, counter.chat.map_links)
        made.append(Card(one.lot.name, url=maps[0]["url"] if maps else ""))
    return tuple(made)
