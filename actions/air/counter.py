"""What the air counter has at hand: the store of the air, what stands, the city's book, and his own places."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from actions.air.words import OWN_PLACE
from civic.air.alarms import Alarms
from civic.air.service import AirService
from civic.city.service import CityBook
from civic.parking.places import PlaceKind, PlacesService, SavedPlace
from core.air_rules import Air
from core.contracts.dialogue import Handler, Reply, Turn, Wordings
from core.settings import City


@dataclass(frozen=True, slots=True)
class Counter:
    """`own`: the home and the work that this conversation keeps, read only where the turn may mean one."""

    air: AirService
    alarms: Alarms
    book: CityBook
    city: City
    rules: Air
    texts: Wordings
    own: Mapping[PlaceKind, SavedPlace] = field(default_factory=dict)


Answer = Callable[[Turn, Counter], Awaitable[Reply]]


def served(answer: Answer, applies: Callable[[Turn], bool] = lambda turn: True) -> Handler:
    """An answer as a handler, whose services the house fills in by the names of its parameters.

    `applies`: whether the turn is its business at all; nothing is read and nothing said otherwise.
    """

    async def handler(
        turn: Turn,
        air: AirService,
        air_alarms: Alarms,
        air_rules: Air,
        book: CityBook,
        city: City,
        texts: Wordings,
        places: PlacesService,
    ) -> Reply:
        if not applies(turn):
            return Reply()
        own = await places.of(turn.conversation_id) if _may_mean_own(turn) else {}
        return await answer(turn, Counter(air, air_alarms, book, city, air_rules, texts, own))

    handler.__name__ = getattr(answer, "__name__", "handler")
    return handler


def _may_mean_own(turn: Turn) -> bool:
    place = turn.topic.memory.get("place") if turn.topic else None
    return bool(OWN_PLACE.search(turn.understanding.text)) or (isinstance(place, Mapping) and "own" in place)
