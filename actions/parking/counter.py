"""What the parking counter has at hand: the services, the settings of its answers, and whose data it shows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from actions.parking.words import ARRIVING, LEAVING
from civic.city.service import CityBook
from civic.parking.forecast.service import ForecastService
from civic.parking.places import PlaceKind, PlacesService, SavedPlace, kind_said
from civic.parking.service import ParkingService
from civic.parking.watching import WatchService
from core.contracts.dialogue import Handler, Reply, Turn
from core.contracts.parking import Terms
from core.parking_rules import Chat
from core.settings import City


@dataclass(frozen=True, slots=True)
class Counter:
    """`terms`: what each source that is switched on declares of itself, by its name. `own`: the home and the work that
    this conversation keeps, read only where the turn may mean one. `wait_minutes`: how long one waits for a place when
    nobody says; 0 where no word could be sent.
    """

    parking: ParkingService
    book: CityBook
    forecasts: ForecastService
    city: City
    chat: Chat
    terms: Mapping[str, Terms]
    own: Mapping[PlaceKind, SavedPlace] = field(default_factory=dict)
    wait_minutes: int = 0


Answer = Callable[[Turn, Counter], Awaitable[Reply]]


def served(answer: Answer) -> Handler:
    """An answer as a handler, whose services the house fills in by the names of its parameters."""

    async def handler(
        turn: Turn,
        parking: ParkingService,
        book: CityBook,
        forecasts: ForecastService,
        city: City,
        parking_chat: Chat,
        parking_terms: Mapping[str, Terms],
        places: PlacesService,
        watches: WatchService,
    ) -> Reply:
        own = await places.of(turn.conversation_id) if _may_mean_own(turn) else {}
        wait_minutes = watches.rules.minutes if watches.can_tell(turn.channel) else 0
        counter = Counter(parking, book, forecasts, city, parking_chat, parking_terms, own, wait_minutes)
        return await answer(turn, counter)

    handler.__name__ = getattr(answer, "__name__", "handler")
    return handler


def _may_mean_own(turn: Turn) -> bool:
    """His home or work is named, was the place talked about, or may be where he leaves from."""
    text, memory = turn.understanding.text, turn.topic.memory if turn.topic else {}
    is_remembered = any(isinstance(one := memory.get(name), Mapping) and "own" in one for name in ("place", "origin"))
    return is_remembered or kind_said(text) is not None or bool(LEAVING.search(text) or ARRIVING.search(text))
