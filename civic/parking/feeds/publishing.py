"""In whose name lots are published: every feed names who counted and on which terms it may be used again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from civic.parking.lots import Lot
from civic.parking.numbers import Number


@dataclass(frozen=True, slots=True)
class Publisher:
    """The city and what its sources ask to be called. `attributions`: source to its words."""

    city_id: str
    name: str
    licence: str = ""
    licence_url: str = ""
    attributions: Mapping[str, str] = field(default_factory=dict)

    def attribution(self, lot: Lot) -> str:
        """The lot's own words, else its source's, else the city's."""
        return lot.attribution or self.attributions.get(lot.source) or self.name

    def owner(self, lot: Lot) -> str:
        return lot.owner or lot.operator or self.name


def ids_of(lot: Lot) -> tuple[str, ...]:
    """Every id under which the lot was ever published, each with its source, so that no two lots share one."""
    return tuple(dict.fromkeys(f"{lot.source}:{one}" for one in (lot.uid, *lot.external_ids)))


def told(number: Number | None) -> Number | None:
    """The number where something of it may be said: free places that are believed, or an open or closed gate."""
    if number is None or number.standing in {"withdrawn", "unlinked", "doubted"}:
        return None
    return number if number.free is not None or number.opening_status != "UNKNOWN" else None
