"""A parking counter on a test's own store, with the settings of the checkout and no source switched on."""

from actions.parking.counter import Counter
from civic.city.service import CityBook
from civic.parking.forecast.service import ForecastService
from civic.parking.service import ParkingService
from core.db import Database
from core.settings import read


def counter(database: Database, book: CityBook, city_id: str = "gimpo") -> Counter:
    settings = read()
    rules = settings.parking
    return Counter(
        ParkingService(database, city_id, rules.numbers),
        book,
        ForecastService(database, city_id, rules),
        settings.city,
        rules.chat,
        {},
    )
