"""What the parking counter has at hand: the services, the settings of its answers, and whose data it shows."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from civic.city.service import CityBook
from civic.parking.forecast.service import ForecastService
from civic.parking.service import ParkingService
from core.contracts.dialogue import Handler, Reply, Turn
from core.contracts.parking import Terms
from core.parking_rules import Chat
from core.settings import City


@dataclass(frozen=True, slots=True)
class Counter:
    """`terms`: what each source that is switched on declares of itself, by its name."""

    parking: ParkingService
    book: CityBook
    forecasts: ForecastService
    city: City
    chat: Chat
    terms: Mapping[str, Terms]


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
    ) -> Reply:
        return await answer(turn, Counter(parking, book, forecasts, city, parking_chat, parking_terms))

    handler.__name__ = getattr(answer, "__name__", "handler")
    return handler
